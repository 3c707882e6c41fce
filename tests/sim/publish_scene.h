/*
 * A scene for the publisher: targets in zones of every kind at providers of every kind, and a world
 * drawn from a seed.
 */
#ifndef MF_PUBLISH_SCENE_H
#define MF_PUBLISH_SCENE_H

#include "model/fleet.h"
#include "model/publish_record.h"
#include "world/world.h"

/* What is peculiar about a zone, and so what must become of its names. */
enum zone_part {
    ZONE_PLAIN,       /* in force, and the provider's */
    ZONE_TWINS,       /* the same, beside a private and an orphan zone of its name */
    ZONE_ORPHAN,      /* nobody delegates to the provider's */
    ZONE_PARTLY,      /* one of the servers in force is somebody else's */
    ZONE_IS_PRIVATE,  /* the provider's is private, another is in force */
    ZONE_IS_LOCKED,   /* in force and locked */
    ZONE_REFUSED,     /* the credentials may not change it */
    ZONE_SILENT,      /* no server answers */
    ZONE_HALF_SILENT, /* one does not */
    ZONE_ELSEWHERE,   /* no provider writes it */
    ZONE_DELETED,     /* while the run goes on */
    ZONE_PARTS,
};

/* What stands at a name before the run. */
enum name_part {
    NAME_FREE,
    NAME_EQUAL, /* both sets */
    NAME_HAS_MX,
    NAME_HAS_TXT,
    NAME_FOREIGN_MX,
    NAME_FOREIGN_SPF,
    NAME_OTHER_TXT,
    NAME_ALIAS,
    NAME_WILDCARD,
    NAME_APEX,    /* a zone of its own */
    NAME_REFUSED, /* the provider refuses the name always */
    NAME_PARTS,
};

#define SCENE_PROVIDERS 5
#define SCENE_ZONES     40

struct scene_zone {
    enum zone_part part;
    uint32_t provider; /* MODEL_NOBODY: no one's */
    uint32_t own;      /* of the model: the one that may be changed; MODEL_NOBODY: none */
};

struct publish_scene_options {
    uint64_t seed;
    uint32_t names; /* 0: drawn */
    bool faults, crashes, writers;
    bool is_plain;   /* every zone plain, every name free */
    unsigned spared; /* bits of enum fault: kinds that are drawn and do not happen */
};

struct publish_scene {
    struct publish_scene_options options;
    struct fleet fleet;
    struct arena texts;
    struct publish_target *targets;
    uint32_t targets_len;
    uint8_t *parts;    /* enum name_part of each target */
    uint32_t *zone_of; /* of each target: index of zones */
    struct scene_zone zones[SCENE_ZONES];
    uint32_t zones_len;
    uint8_t bucket[MODEL_PROVIDERS]; /* as in struct provider_model_options */
    struct provider_model model;
    struct world_options world;
    bool merges_spf, is_dry, withdraws;
    instant_us heal_at; /* after this nothing goes wrong any more */
    instant_us end_by;  /* every target must be final by then */
};

#define PUBLISH_START ((instant_us)1770000000 * 1000000)

bool publish_scene_make(struct publish_scene *s, const struct publish_scene_options *options);
void publish_scene_clear(struct publish_scene *s);
enum provider_kind publish_scene_kind(const struct publish_scene *s, uint32_t target);
/* Undisturbed, the end of a target. */
enum publish_state publish_scene_end(const struct publish_scene *s, uint32_t target);

#endif
