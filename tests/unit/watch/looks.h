/*
 * A look at an identity, as what it shows beside what is well: for tests of the memory of watching.
 */
#ifndef MF_LOOKS_H
#define MF_LOOKS_H

#include "base/buf.h"
#include "rows_kept.h"

#define START ((instant_us)1800000000000000)
#define WELL  0

/* What a look shows beside what is well. */
enum sign {
    MX_NO = 1 << 0,
    MX_ODD = 1 << 1,
    MX_SERVFAIL = 1 << 2,
    SPF_NO = 1 << 3,
    SPF_ODD = 1 << 4,
    STRICT = 1 << 5,
    PENDING = 1 << 6,
    TEMPORARY = 1 << 7,
    FAILED = 1 << 8,
    REJECT = 1 << 9,
    MISSING = 1 << 10,
    UNVERIFIED = 1 << 11,
    OTHER_NAME = 1 << 12,
    UNREAD = 1 << 13,      /* SES did not answer about this identity */
    LANE_UNREAD = 1 << 14, /* nor about any other */
    NEW_WISH = 1 << 15,    /* the manifest wants another name */
    WANTS_REJECT = 1 << 16,
    ADVISED = 1 << 17,
    STRANGE = 1 << 18, /* a status that the program does not know */
    SPF_SERVFAIL = 1 << 19,
    NO_SPF_WANTED = 1 << 20,
    ACCEPTS_STRICT = 1 << 21,
    ABSENT = 1 << 22, /* not in the manifest of this sweep */
};

extern const struct lane_name looks_lane;

struct watch_seen seen_of(unsigned signs);
/* Of an identity that the manifest has; false: out of memory. */
bool look(struct watch_memory *m, struct text identity, unsigned signs, instant_us now);
/* "mx-gone well>warning; " */
void events_print(const struct watch_memory *m, struct buf *out);

#endif
