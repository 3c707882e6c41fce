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
 * Identities with a number (`wave: 1`) come first, each number a wave of its own, which ends when
 * all of them are final, also those that waited for DNS. When none of them has ended well the run
 * pauses, since nothing was proved.
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
    uint32_t index;               /* of the running wave */
    uint32_t numbered;            /* so many waves come first, of identities with a number */
    uint32_t left[WAVES_MAX + 1]; /* identities with this number that are not final */
    uint32_t good;                /* of a numbered wave: ended well */
    uint32_t size;                /* starts allowed in the wave */
    uint32_t started, open;       /* of the wave: with a first write sent, and not final */
    uint32_t expired;             /* of the wave */
    uint32_t failed, failed_max;
    bool paused; /* nothing new starts; reason says why */
    char reason[WAVES_REASON_LEN];
};

void waves_invariant(const struct waves *w);
/* Is there anything to count: waves, identities with a number, or max_failures? False: every first
 * write may start at once. */
bool waves_are_wanted(const struct fleet *f);
/* How many waves of identities with a number (manifest key wave) come before the others. */
uint32_t waves_numbered(const struct fleet *f);
/* How many identities without a number may start in a wave, counted from 0 after the numbered
 * ones. */
uint32_t waves_size(const struct fleet *f, uint32_t index);
void waves_init(struct waves *w, const struct fleet *fleet);
/* A plan starts nobody, so no wave comes before another. */
void waves_ignore_numbers(struct waves *w);
/* May one more identity get its first write? */
bool waves_may_start(const struct waves *w);
/* Has the wave come of identities with this number? 0: of those without one. */
bool waves_admit(const struct waves *w, uint64_t number);
void waves_start(struct waves *w);    /* the first write may be sent now */
void waves_call_off(struct waves *w); /* and was not, since the wave was paused */
/* Where starts are granted to lanes beforehand: one is given back unused, whether paused or not. An
 * end of the wave that only waited for it comes now. */
void waves_return(struct waves *w, const struct fleet *fleet);
/* So many identities are known to have failed, of which those counted here may be a part. */
void waves_failed_at_least(struct waves *w, uint32_t failed);
uint16_t waves_number(const struct waves *w); /* of the running wave, from 1; saturating */
/* An identity with this number (0: none) is final. started: the first write was sent, or could have
 * been. */
void waves_finish(struct waves *w, const struct fleet *fleet, enum outcome outcome, bool started,
                  uint64_t number);
/* A resumed run: each identity by its last record, and then, once, the resulting position of the
 * waves. wave: of the identity's first write; 0: not started. is_final: and not to begin again. */
void waves_restore(struct waves *w, uint16_t wave, bool is_final, enum outcome outcome,
                   uint64_t number);
void waves_resume(struct waves *w, const struct fleet *fleet);
/* Paused, and every started identity is final: the run may stop. */
bool waves_are_over(const struct waves *w);

#endif
