/*
 * What happens to a few identities over months of virtual time: owners who break and mend records,
 * servers that do not answer, operators of SES and of the manifest, and SES itself, which looks at
 * the MX by its own 72-hour machine (world/ses_model.h). Drawn from a seed.
 */
#ifndef MF_WATCH_STORY_H
#define MF_WATCH_STORY_H

#include "watch/memory.h"
#include "world/ses_model.h"

#define STORY_IDENTITIES 5
#define STORY_LANES      2
#define STORY_START      ((instant_us)1800000000000000)

/* A state that comes and goes. */
struct spell {
    uint64_t dice;
    instant_us next; /* when it changes; WHEN_NEVER: never */
    span_us gap;     /* about how long it stays away */
    bool on;
    bool is_long;  /* at times for longer than the memory lasts */
    unsigned form; /* drawn anew whenever it comes */
};

enum spell_kind {
    SPELL_MX,         /* the MX is not right; form: gone, or wrong in one of two ways */
    SPELL_MX_FORM,    /* and another form of it */
    SPELL_SPF,        /* likewise */
    SPELL_DMARC,      /* strict */
    SPELL_TROUBLE,    /* the servers do not answer */
    SPELL_ABSENT,     /* not in the manifest */
    SPELL_WISH,       /* the manifest wants the other name */
    SPELL_OBEYED,     /* SES has the other name */
    SPELL_REJECT,     /* an operator sets REJECT_MESSAGE */
    SPELL_DELETED,    /* from SES, which knows it again as it was */
    SPELL_UNVERIFIED, /* no more */
    SPELL_UNREAD,     /* SES does not answer about it */
    SPELL_ADVISED,    /* by the advisor */
    SPELLS,
};

enum lane_spell { LANE_UNREAD, LANE_STOPPED, LANE_ADVISED, LANE_SPELLS };

struct story_identity {
    char name[24], mail_from[2][32];
    struct lane_name lane;
    uint16_t lane_number;
    struct spell spells[SPELLS];
    instant_us restart_at;      /* when an operator sets up again what has failed; 0: it has not */
    instant_us temporary_since; /* by SES's own clock; 0: it is not */
    unsigned had;               /* what the operator had set: name and behavior */
};

struct story {
    uint64_t seed;
    uint32_t len; /* identities */
    struct story_identity identities[STORY_IDENTITIES];
    struct spell lanes[STORY_LANES][LANE_SPELLS];
    struct ses_model ses;
    instant_us now;
};

/* What a look finds, said for the judge of the simulation: bad, well, or nothing. */
enum truth { TRUTH_NOTHING, TRUTH_WELL, TRUTH_BAD };

void story_begin(struct story *s, uint64_t seed);
void story_end(struct story *s);
/* Up to an instant, in the order of time. */
void story_go(struct story *s, instant_us to);
bool story_is_wanted(const struct story *s, uint32_t i); /* in the manifest */
/* One look: what the program is handed, and the truth of every kind. */
void story_look(struct story *s, uint32_t i, struct watch_wanted *wanted, struct watch_seen *seen,
                enum truth truth[WATCH_KINDS]);
void story_look_lane(struct story *s, uint16_t lane, struct watch_lane_seen *seen,
                     enum truth truth[WATCH_KINDS]);
struct lane_name story_lane(uint16_t lane);

uint64_t story_roll(uint64_t *dice); /* the next of a stream */

#endif
