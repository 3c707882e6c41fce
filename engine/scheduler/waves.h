/*
 * Waves and the budget of failures (manifest keys waves, max_failures).
 *
 * A wave is a number of identities (or a share of the fleet) whose first write may start. The next
 * wave starts when every identity of the last one is final and none has failed beyond the budget.
 * Three things can be said of a finished wave:
 *
 *   it succeeded        the next one starts
 *   it failed           more than max_failures of the whole fleet: no further write starts
 *   it is inconclusive  somebody's DNS was slower than the deadline: neither success nor failure.
 *                       The run pauses for a person, and `resume` goes on with the next wave
 *
 * What was started is always followed to its end. Example, waves [10, 10%, 100%] of 1,000: ten
 * identities, then a hundred, then the other 890. Waves that sum to less than the fleet repeat the
 * last one. Where a run stands is a fact of its records: a resumed one goes on in the same wave,
 * with the same budget. Only an inconclusive wave is over then, since whoever resumes has looked at
 * it, and identities that are to begin again are no failures any more.
 */
#ifndef MF_DESK_WAVES_H
#define MF_DESK_WAVES_H

#include "job.h"
#include "model/fleet.h"

#define WAVES_REASON_LEN 256

struct waves {
    uint32_t index;         /* of the wave that runs */
    uint32_t size;          /* how many may start in it */
    uint32_t started, open; /* of it: first write sent, not final */
    uint32_t expired;       /* of it */
    uint32_t failed, failed_max;
    bool paused; /* nothing new starts; reason says why */
    char reason[WAVES_REASON_LEN];
};

void waves_init(struct waves *w, const struct fleet *fleet);
/* May one more identity get its first write? */
bool waves_may_start(const struct waves *w);
void waves_start(struct waves *w);            /* its first write may be sent now */
void waves_call_off(struct waves *w);         /* and was not, since the wave was paused */
uint16_t waves_number(const struct waves *w); /* of the one that runs, from 1; saturating */
/* It is final. started: its first write was sent, or could have been. */
void waves_finish(struct waves *w, const struct fleet *fleet, enum outcome outcome, bool started);
/* A resumed run: an identity as its last record has it, and then, once, where that leaves the
 * waves. number: its wave; 0: it was not started. is_final: and not to begin again. */
void waves_restore(struct waves *w, uint16_t number, bool is_final, enum outcome outcome);
void waves_resume(struct waves *w, const struct fleet *fleet);
/* Paused, and everything that was started is final: the run may stop. */
bool waves_are_over(const struct waves *w);

#endif
