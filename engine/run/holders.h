/*
 * Who carries the lanes of a run in a shared journal, for people and for programs that ask: a copy
 * of what leases_each() and leases_run() tell, so that no callback is kept waiting for a terminal.
 */
#ifndef MF_HOLDERS_H
#define MF_HOLDERS_H

#include "journal/leases.h"

/* How a lane stands, the one that needs a person first. */
enum holder_state {
    HOLDER_NONE,    /* open, and those who have tried could not carry it */
    HOLDER_LAPSED,  /* its worker has not renewed it, and anybody may take it over */
    HOLDER_FREE,    /* open, and nobody has come for it yet */
    HOLDER_STOPPED, /* until resume */
    HOLDER_WAITS,   /* an earlier run has the lane */
    HOLDER_CARRIED,
    HOLDER_ENDED,
    HOLDER_STATES,
};

struct holders {
    struct shared_run run;
    struct lease_view *lanes; /* by lane; texts live in the arena */
    uint32_t lanes_len;
    uint32_t by_state[HOLDER_STATES];
    uint32_t workers; /* that carry one of them */
};

enum holder_state holder_state_of(const struct lease_view *view);
/* Of a run of a journal with journal_is_shared(). */
enum err holders_read(struct holders *out, struct journal *journal, uint64_t run,
                      struct arena *arena, struct why *why);
/* The lane of the run's fleet; NULL: this role may not see it. */
const struct lease_view *holders_lane(const struct holders *h, uint16_t lane);
/* The state of a run that is open, in the words of docs/progress.schema.json: "running", "paused",
 * "stopping", or "submitted" where no worker carries any lane of it. */
const char *holders_state_name(const struct holders *h);

#endif
