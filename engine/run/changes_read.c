/* Instants of writes come from a run's moves, everything else from its rows. */
#include "changes_read.h"

#include "model/fleet_index.h"
#include "rows.h"

#include <stdlib.h>

/* Of one row. A write counts from its intent on: its answer may have been lost, and SES may have
 * taken it at any time between. */
struct written {
    instant_us first_intent, last_answer; /* 0: none */
    instant_us next_sent, next_write;     /* of later runs: without an answer, and taken; 0: none */
};

struct reading {
    const struct run *run;
    struct changes *changes;
    struct written *written; /* by row */
    struct fleet_index index;
    bool out_of_memory;
};

static bool move_note(void *ctx, const struct record *record)
{
    struct reading *reading = ctx;
    if (record->job >= reading->run->fleet.choices_len)
        return true;
    struct written *w = &reading->written[record->job];
    if (record->kind == RECORD_INTENT && w->first_intent == 0)
        w->first_intent = record->at;
    if (record->kind == RECORD_ANSWER)
        w->last_answer = record->at;
    return true;
}

/* Success is seen when a row is done; a journal that has lost that instant has the last answer. */
static struct changed_identity identity_of(const struct report_row *row, const struct written *w)
{
    struct changed_identity i = {.identity = row->identity,
                                 .region = row->region,
                                 .first_write = WHEN_NEVER,
                                 .next_write = w->next_write ? w->next_write : WHEN_NEVER};
    if (row->accepted == 0)
        return i;
    i.wants_default = row->mail_from_after.len == 0;
    i.first_write = w->first_intent ? w->first_intent : row->first_seen;
    if (row->outcome_kind == OUTCOME_DONE)
        i.success = row->finished ? row->finished : w->last_answer;
    return i;
}

/* A later run, whatever it is of: what it has sent may stand there from its intent on, unless SES
 * refused it. */
static bool later_note(void *ctx, const struct journal_accepted *a)
{
    struct reading *reading = ctx;
    if (a->run <= reading->run->head.id)
        return true;
    uint32_t row = fleet_index_row(&reading->index, &a->lane, a->identity);
    if (row == 0)
        return true;
    struct written *w = &reading->written[row - 1];
    instant_us at = w->next_sent ? w->next_sent : a->at;
    if (a->word == JOURNAL_TAKEN && (w->next_write == 0 || at < w->next_write))
        w->next_write = at;
    w->next_sent = a->word == JOURNAL_SENT ? at : 0;
    return true;
}

static enum err later_read(struct reading *reading, struct why *why)
{
    const struct run *r = reading->run;
    struct arena memory;
    arena_init(&memory, SIZE_MAX);
    enum err err = fleet_index_init(&reading->index, &memory, &r->fleet)
                       ? journal_accepted(r->journal, later_note, reading, why)
                       : why_set(why, ERR_NOMEM, "out of memory");
    for (uint32_t row = 0; row < r->fleet.choices_len; row++) {
        struct written *w = &reading->written[row];
        if (w->next_sent && (w->next_write == 0 || w->next_sent < w->next_write))
            w->next_write = w->next_sent;
    }
    arena_clear(&memory);
    return err;
}

static bool row_take(void *ctx, const struct report_row *row)
{
    struct reading *reading = ctx;
    const struct changed_identity i = identity_of(row, &reading->written[row->number]);
    reading->out_of_memory = !changes_add(reading->changes, &i) ||
                             !changes_add_mail_from(reading->changes, row->mail_from_before) ||
                             !changes_add_mail_from(reading->changes, row->mail_from_after);
    return !reading->out_of_memory;
}

static bool sent_take(void *ctx, const struct lane_name *lane, struct text identity,
                      struct text mail_from)
{
    struct reading *reading = ctx;
    (void)lane;
    (void)identity;
    return changes_add_mail_from(reading->changes, mail_from);
}

enum err changes_read(struct run *r, struct changes *c, struct why *why)
{
    struct reading reading = {.run = r,
                              .changes = c,
                              .written = calloc(r->fleet.choices_len + 1u, sizeof(struct written))};
    struct report_source source = run_source(r);
    if (!reading.written)
        return why_set(why, ERR_NOMEM, "out of memory");
    if (r->head.verb != RUN_APPLY && r->head.verb != RUN_ROLLBACK) {
        free(reading.written);
        return why_set(why, ERR_INPUT,
                       "run %llu is a %s, which sets no MAIL FROM: name a run of apply or rollback",
                       (unsigned long long)r->head.id, journal_verb_name(r->head.verb));
    }
    enum err err = source.moves(source.ctx, move_note, &reading, why);
    if (err == OK)
        err = later_read(&reading, why);
    if (err == OK)
        err = run_rows(r, row_take, &reading, why);
    if (err == OK)
        err = journal_written(r->journal, sent_take, &reading, why);
    free(reading.written);
    return err == OK && reading.out_of_memory ? why_set(why, ERR_NOMEM, "out of memory") : err;
}
