/*
 * Waves and the budget of failures (manifest keys waves, max_failures).
 *
 * A wave is a number of identities (or a share of the fleet) whose first write may start. The next
 * wave starts when every identity of the last one is final and none has failed beyond the budget. A
 * finished wave has one of three results:
 *
 *   it succeeded        the next one starts
 *   it failed           more than max_failures of the whole fleet: no further write starts
 *   it is inconclusive  some owner's DNS was slower than the deadline: neither success nor failure.
 *                       The run pauses for a person, and `resume` goes on with the next wave
 *
 * A started identity is always followed to its end. Example, waves [10, 10%, 100%] of 1,000: ten
 * identities, then a hundred, then the other 890. Waves that sum to less than the fleet repeat the
 * last one. The position of a run is in its records: a resumed run goes on in the same wave, with
 * the same budget. Two exceptions: resume ends an inconclusive wave, since a person has decided to
 * go on; and identities tried again no longer count as failures.
 */
#ifndef MF_WAVES_H
#define MF_WAVES_H

#include "job.h"
#include "model/fleet.h"

#define WAVES_REASON_LEN 256

struct waves {
    uint32_t index;         /* of the running wave */
    uint32_t size;          /* starts allowed in the wave */
    uint32_t started, open; /* of the wave: with a first write sent, and not final */
    uint32_t expired;       /* of the wave */
    uint32_t failed, failed_max;
    bool paused; /* nothing new starts; reason says why */
    char reason[WAVES_REASON_LEN];
};

void waves_invariant(const struct waves *w);
/* How many identities may start in a wave, counted from 0. */
uint32_t waves_size(const struct fleet *f, uint32_t index);
void waves_init(struct waves *w, const struct fleet *fleet);
/* May one more identity get its first write? */
bool waves_may_start(const struct waves *w);
void waves_start(struct waves *w);            /* the first write may be sent now */
void waves_call_off(struct waves *w);         /* and was not, since the wave was paused */
uint16_t waves_number(const struct waves *w); /* of the running wave, from 1; saturating */
/* An identity is final. started: the first write was sent, or could have been. */
void waves_finish(struct waves *w, const struct fleet *fleet, enum outcome outcome, bool started);
/* A resumed run: each identity by its last record, and then, once, the resulting position of the
 * waves. number: the identity's wave; 0: not started. is_final: and not to begin again. */
void waves_restore(struct waves *w, uint16_t number, bool is_final, enum outcome outcome);
void waves_resume(struct waves *w, const struct fleet *fleet);
/* Paused, and every started identity is final: the run may stop. */
bool waves_are_over(const struct waves *w);

#endif
