/*
 * A scene: a fleet and a world drawn from a seed, small enough to be run thousands of times and
 * mixed enough that every branch of the engine has its chance.
 */
#ifndef MF_SCENE_H
#define MF_SCENE_H

#include "model/fleet.h"
#include "rules/suffix.h"
#include "world/world.h"

/* What is peculiar about a job, and so what must become of it. */
enum part {
    PART_SET,       /* nothing set yet */
    PART_TIGHT,     /* the same, REJECT_MESSAGE wanted */
    PART_CHANGE,    /* another custom MAIL FROM stands */
    PART_AS_WANTED, /* Success already */
    PART_FAILED,    /* set, but SES has given up */
    PART_CLEAR,     /* the default is wanted, a custom one stands */
    PART_DEFAULT,   /* the default is wanted and stands */
    PART_MISSING,   /* not in SES */
    PART_UNVERIFIED,
    PART_NOT_BELOW, /* the MAIL FROM is not below the identity */
    PART_GUARDED,   /* expects what is not there: drifted */
    PART_REVIEWED,  /* another custom MAIL FROM stands, and a reviewed plan says so */
    PART_LOOSE,     /* the wanted one is set, Pending, and rejects mail; it is not to */
    PARTS,
};

struct scene_options {
    uint64_t seed;
    uint32_t jobs; /* 0: drawn */
    bool faults;   /* false: a world without trouble */
    bool crashes;
    bool waves;      /* in waves, or no more than some failures: a run pauses and is resumed */
    bool orders;     /* people pause the run and change its pace */
    bool others;     /* another operator works on some of the identities */
    unsigned spared; /* bits of enum fault: kinds that are drawn and do not happen */
    struct suffix_list *suffixes;
};

struct scene {
    struct scene_options options;
    struct fleet fleet;
    uint8_t *parts; /* enum part of each job */
    double rate_per_s;
    bool slow_dns; /* some names appear only after the deadline */
    bool authority_dns;
    enum api read_api, write_api;
    enum dkim_wish dkim;  /* what SES has of it never changes */
    bool read_falls_back; /* IAM of some lanes refuses version 1, from the start or from later on */
    struct world_options world;
    instant_us heal_at; /* after this nothing goes wrong any more */
    instant_us end_by;  /* every job must be final by then */
};

#define SCENE_START ((instant_us)1770000000 * 1000000)

bool scene_make(struct scene *s, const struct scene_options *options);
void scene_clear(struct scene *s);
/* Puts the identities into SES; strangers too, which the run must not touch. */
bool scene_populate(const struct scene *s, struct world *w);
/* Did the strangers stay as they were? */
bool scene_strangers_untouched(const struct scene *s, struct world *w);

#endif
