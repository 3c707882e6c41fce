/*
 * What one look says of each kind of problem, and how bad a problem is that looks have shown for so
 * long: the rules of watching, as functions of numbers.
 */
#ifndef MF_WATCH_SIGHT_H
#define MF_WATCH_SIGHT_H

#include "memory.h"

enum sight {
    SIGHT_NOTHING, /* nothing was learned */
    SIGHT_WELL,
    SIGHT_BAD,
};

/* Of every kind. */
void sights_of_identity(const struct watch_wanted *wanted, const struct watch_seen *seen,
                        enum sight out[WATCH_KINDS]);
void sights_of_lane(const struct watch_lane_seen *seen, enum sight out[WATCH_KINDS]);

/* A problem that looks show. */
struct ill {
    enum watch_kind kind;
    bool is_of_lane;
    bool was_success; /* WATCH_STATUS_PENDING */
    instant_us began; /* when looks began to show it */
    uint32_t looks;   /* that have shown it, in a row */
};
enum watch_level level_of(const struct watch_policy *policy, const struct ill *ill, instant_us now);

/* The other form of the same fault: MX gone and wrong, SPF gone and wrong. Or k itself. */
enum watch_kind kind_twin(enum watch_kind k);
/* A word on what the manifest wants, so another MAIL FROM there ends it. */
bool kind_is_of_name(enum watch_kind k);

#endif
