/* Moves are counted into steps of equal length, from the first record of a run to its last. */
#include "history.h"

#include <stdlib.h>

struct job_past {
    uint8_t band, state;
    uint16_t been; /* bit per state */
};

static_assert(JOB_STATES <= 16, "a bit for each state");

/* Where a row stands. A plan is done where the work would begin, and is shown there. */
static enum job_state stand_of(const struct job_row *row)
{
    if (row->state != JOB_DONE)
        return row->state;
    switch (row->outcome) {
    case OUTCOME_PLANNED: return JOB_READY;
    case OUTCOME_WAITING_DNS: return JOB_WAITING_DNS;
    case OUTCOME_PENDING: return JOB_FOLLOWING;
    case OUTCOME_SKIPPED: return JOB_READING;
    default: return JOB_DONE;
    }
}

static int step_of(const struct history *h, instant_us at)
{
    if (at <= h->from || h->until <= h->from)
        return 0;
    if (at >= h->until)
        return HISTORY_STEPS - 1;
    return (int)((double)(at - h->from) / (double)(h->until - h->from) * HISTORY_STEPS);
}

static void note_state(struct history *h, struct job_past *past, enum job_state state)
{
    uint16_t bit = (uint16_t)(1u << state);
    h->been[state] += !(past->been & bit);
    past->been |= bit;
}

void history_take(struct history_fold *f, const struct record *record)
{
    static const uint8_t of_stand[JOB_STATES] = {
        [JOB_NEW] = BAND_UNTOUCHED,    [JOB_READING] = BAND_UNTOUCHED,
        [JOB_JUDGING] = BAND_WAITING,  [JOB_WAITING_DNS] = BAND_WAITING,
        [JOB_READY] = BAND_READY,      [JOB_WRITING] = BAND_FOLLOWING,
        [JOB_UNSURE] = BAND_FOLLOWING, [JOB_FOLLOWING] = BAND_FOLLOWING,
        [JOB_DONE] = BAND_DONE,
    };
    struct history *h = f->h;
    if (record->job >= h->jobs)
        return; /* no row of the fleet */
    struct job_past *past = &f->past[record->job];
    enum job_state stand = stand_of(&record->row);
    bool bad = record->row.state == JOB_DONE && outcome_is_bad(record->row.outcome);
    enum history_band band = bad ? BAND_ATTENTION : of_stand[stand];
    int32_t *flow = f->flow[step_of(h, record->at)];
    flow[past->band]--;
    flow[band]++;
    h->attention -= past->band == BAND_ATTENTION;
    h->attention += band == BAND_ATTENTION;
    past->band = (uint8_t)band;
    note_state(h, past, JOB_READING); /* a read alone is no move, so the state is noted here */
    note_state(h, past, record->from);
    note_state(h, past, stand);
    h->here[past->state]--;
    h->here[stand]++;
    past->state = (uint8_t)stand;
    if (record->kind == RECORD_INTENT) {
        h->first_write = h->first_write ? h->first_write : record->at;
        h->last_write = record->at;
    }
}

enum err history_begin(struct history_fold *f, struct history *h, const struct report *report,
                       struct why *why)
{
    const struct report_head *head = report->head;
    *h = (struct history){.from = head->started,
                          .until = head->last > head->started ? head->last : head->started,
                          .jobs = report->fleet->choices_len};
    *f = (struct history_fold){.h = h, .past = calloc(h->jobs + 1u, sizeof *f->past)};
    if (!f->past)
        return why_set(why, ERR_NOMEM, "out of memory");
    for (uint32_t i = 0; i < h->jobs; i++)
        f->past[i].band = BAND_UNTOUCHED;
    h->here[JOB_NEW] = h->jobs;
    return OK;
}

void history_end(struct history_fold *f)
{
    struct history *h = f->h;
    for (uint32_t i = 0; f->past && i < h->jobs; i++)
        h->refused += f->past[i].band == BAND_ATTENTION && !(f->past[i].been & (1u << JOB_READY));
    /* Turns arrivals and departures of each step into counts at the end of the step. */
    int64_t now[BANDS] = {[BAND_UNTOUCHED] = h->jobs};
    for (int step = 0; step < HISTORY_STEPS; step++) {
        for (int band = 0; band < BANDS; band++) {
            now[band] += f->flow[step][band];
            h->stands[step][band] = (uint32_t)now[band];
        }
    }
    free(f->past);
    f->past = NULL;
}

static bool move_take(void *ctx, const struct record *record)
{
    history_take(ctx, record);
    return true;
}

enum err history_make(struct history *h, const struct report *report, struct why *why)
{
    struct history_fold f;
    enum err err = history_begin(&f, h, report, why);
    if (err == OK)
        err = report->source->moves(report->source->ctx, move_take, &f, why);
    history_end(&f);
    return err;
}
