/*
 * From the records of a run to the fleet that takes it back: every identity that the run wrote to,
 * wanting what was there before the run's first write, and guarded by what the run left there.
 */
#ifndef MF_ROLLBACK_H
#define MF_ROLLBACK_H

#include "journal/journal.h"

struct rollback {
    bool to_default;  /* want no custom MAIL FROM, instead of what was there before */
    bool refresh;     /* the journal has lost records of the run: see rollback.c */
    uint64_t kept;    /* with refresh: how many records there were when that was found */
    bool forced;      /* also where SES holds something else by now */
    const char *only; /* pattern of identities (glob(7)); NULL: all */
    bool by_outcome;  /* only rows that ended as `outcome` */
    enum outcome outcome;
};

/* *fleet must be fresh from fleet_init(). It may come out empty: nothing is to be taken back. */
enum err rollback_fleet(struct fleet *fleet, struct journal *journal, uint64_t run,
                        const struct rollback *how, struct why *why);

#endif
