/*
 * What the running wave of a run has come to, for a person: a tally over the rows of a journal or
 * the jobs of a scheduler, and one sentence.
 *
 *     wave 2 of 3: 25 of 30 at Success, waits for 5 at SES, oldest 2h10m; 270 wait for later waves
 */
#ifndef MF_WAVE_TALLY_H
#define MF_WAVE_TALLY_H

#include "base/json_out.h"
#include "job.h"
#include "model/fleet.h"

struct wave_tally {
    const struct fleet *fleet;
    uint32_t numbered;                 /* so many waves are of identities with a number */
    uint32_t pending[WAVES_MAX + 1];   /* open and in no wave yet, by their number; 0: none */
    uint32_t number;                   /* of the newest wave; 0: none has begun */
    uint32_t started, good, bad;       /* of this wave: begun, at Success, ended badly */
    uint32_t expired;                  /* of the bad ones: the deadline came first */
    uint32_t at_ses, for_dns, in_turn; /* of this wave, open: by what each waits for */
    uint32_t held;                     /* ready, and waiting for a place in a wave */
    uint32_t unstarted;                /* open and in no wave yet; held ones too */
    instant_us since;     /* when the oldest that waits for SES or DNS began to; WHEN_NEVER: none */
    instant_us any_since; /* likewise of all rows, of any wave or none */
};

void wave_tally_begin(struct wave_tally *t, const struct fleet *fleet);
/* wave: of the row's first write; 0: not started. */
void wave_tally_add(struct wave_tally *t, uint32_t row, enum job_state state, enum outcome outcome,
                    uint32_t wave, instant_us deadline);
/* How many waves the fleet has, should every identity need a write; 0: the manifest has none. */
uint32_t wave_tally_of(const struct wave_tally *t);
/* How many identities the wave is for. */
uint32_t wave_tally_size(const struct wave_tally *t);
/* Does the fleet have waves, and is some identity still open? Otherwise there is nothing to tell.
 */
bool wave_tally_goes_on(const struct wave_tally *t);
/* Appends the sentence, without a full stop, or nothing. now:
 * 0 gives an instant in place of an age, for what must not change by being read later. */
void wave_tally_told(const struct wave_tally *t, instant_us now, struct buf *out);
/* The tally as a member of a JSON object; null where the sentence says nothing. */
void wave_tally_json(const struct wave_tally *t, struct json_out *j);

#endif
