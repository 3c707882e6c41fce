/*
 * The copy of a journal into another: row by row, each run in one transaction, so a run is there
 * whole or not at all, whatever ends the copy. Values go over as they are, also words that this
 * program does not know. What belongs to the journal is translated: see struct copying.
 */
#include "journal_copy.h"
#include "leases.h"
#include "run_pairs.h"

#include "model/policy.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct copying {
    struct journal *from, *to;
    struct run_pairs runs, others;
    unsigned char number_of[RULE_NUMBERS]; /* of a rule in `to`, by its number in `from` */
    void (*told)(void *ctx, const struct copy_told *told);
    void *ctx;
    /* The run under way. */
    uint64_t run, other;
    uint64_t rows;
    bool has_lanes; /* that workers may carry */
    enum store_table table;
    struct run_loss loss;       /* "": nothing is lost */
    char team[TEAM_LEN_MAX];    /* "": everybody's */
    uint64_t kept;              /* records of jobs so far */
    uint64_t record, digest;    /* the newest in `to` */
    struct publish_links links; /* published names of `from`, by the numbers of their records, */
    uint64_t *published;        /* and the numbers of those records in `to`; 0: it is lost */
    uint32_t published_at;
    size_t skipped; /* rows that `to` has already */
    enum err err;
    struct why *why;
};

static uint64_t rules_translate(const struct copying *c, uint64_t set)
{
    uint64_t out = 0;
    for (unsigned number = 0; number < RULE_NUMBERS && set; number++, set >>= 1)
        if (set & 1)
            out |= (uint64_t)1 << c->number_of[number];
    return out;
}

static bool rule_bring(void *ctx, const struct store_row *row)
{
    struct copying *c = ctx;
    assert(row->number < RULE_NUMBERS); /* rule_numbers_load() has looked */
    c->err =
        rule_numbers_name(c->to, value_text(&row->values[0]), &c->number_of[row->number], c->why);
    return c->err == OK;
}

/* Rules that the other journal has no number for, this program's or not, are given one. */
static enum err rules_bring(struct copying *c)
{
    enum err err = journal_enter(c->to, c->why);
    if (err != OK)
        return err;
    err = journal_each(c->from, TABLE_RULE, 0, rule_bring, c, c->why);
    return journal_leave(c->to, err == OK ? c->err : err, STORE_COMMIT, c->why);
}

static bool row_put(struct copying *c, const struct store_value *values, uint64_t *number)
{
    c->err = journal_put(c->to, c->table, c->other, values, number, c->why);
    c->rows++;
    return c->err == OK;
}

/* A row of the fleet, a target, a note or an order. */
static bool row_copy(void *ctx, const struct store_row *row)
{
    struct copying *c = ctx;
    struct store_value values[STORE_VALUES_MAX];
    uint64_t number = row->number;
    unsigned len = store_columns[c->table].len;
    memcpy(values, row->values, len * sizeof *values);
    for (unsigned i = 0; c->table == TABLE_POLICY && i < len; i++)
        if (policy_fields[i].type == POLICY_RULES)
            values[i] = store_int((int64_t)rules_translate(c, (uint64_t)value_int(&values[i])));
    return row_put(c, values, &number);
}

static enum err table_copy(struct copying *c, enum store_table table)
{
    c->table = table;
    enum err err = journal_each(c->from, table, c->run, row_copy, c, c->why);
    return err == OK ? c->err : err;
}

static enum err number_is_free(struct copying *c, uint64_t number, bool *is_free)
{
    struct head head;
    enum err err = head_find(c->to, number, &head, NULL, c->why);
    *is_free = err == ERR_GONE;
    return err == ERR_GONE ? OK : err;
}

/* The run that this one undoes; one that is lost keeps its number where that is free. */
static enum err parent_translate(struct copying *c, struct store_value *parent)
{
    uint64_t number = (uint64_t)value_int(parent);
    const struct run_pair *run = number ? run_pairs_find(&c->runs, number) : NULL;
    bool is_free = true;
    enum err err = number && !run ? number_is_free(c, number, &is_free) : OK;
    *parent = store_int(run ? (int64_t)run->other : is_free ? (int64_t)number : 0);
    return err;
}

static bool head_copy(void *ctx, const struct store_row *row)
{
    struct copying *c = ctx;
    struct store_value values[STORE_VALUES_MAX];
    c->table = TABLE_RUN;
    c->other = 0;
    memcpy(values, row->values, store_columns[TABLE_RUN].len * sizeof *values);
    uint64_t number = c->run;
    values[HEAD_STATE] = store_int(RUN_OPEN);
    values[HEAD_STOPPED] = store_int(0);
    values[HEAD_DIGEST].type = STORE_BYTES; /* it may have come as text */
    values[HEAD_UNDIGESTED] = store_int(journal_is_shared(c->to) ? INT64_MAX : 0);
    values[HEAD_LAST_RECORD] = values[HEAD_LAST_DIGEST] = store_int(0);
    c->err = parent_translate(c, &values[HEAD_PARENT]);
    c->to->store->team = c->team;
    if (c->err == OK && row_put(c, values, &number))
        c->other = number;
    c->to->store->team = NULL;
    return false;
}

static enum err loss_copy(struct copying *c)
{
    if (!*c->loss.what)
        return OK;
    struct text what = text_of(c->loss.what);
    enum err err = c->to->store->ops->add_loss(c->to->store, c->other, what, c->why);
    *c->loss.what = '\0';
    return err;
}

/* What a record says of a published name; NULL: nothing. */
static const struct publish_link *link_find(struct copying *c, uint64_t number)
{
    while (c->published_at < c->links.len && c->links.at[c->published_at].number < number)
        c->published_at++;
    bool is_there = c->published_at < c->links.len && c->links.at[c->published_at].number == number;
    return is_there ? &c->links.at[c->published_at] : NULL;
}

/* What was lost is said at the same place among the records as in `from`. */
static bool record_copy(void *ctx, const struct record *record, const struct kept *kept)
{
    struct copying *c = ctx;
    struct store_value values[STORE_VALUES_MAX];
    struct record_words words = kept->words;
    memcpy(values, kept->values, store_columns[TABLE_RECORD].len * sizeof *values);
    const struct publish_link *link = link_find(c, kept->number);
    words.publish = link ? link->digest : 0;
    if (*c->loss.what && c->kept == c->loss.kept && (c->err = loss_copy(c)) != OK)
        return false;
    uint64_t set = (uint64_t)value_int(&values[RECORD_FINDINGS]);
    values[RECORD_FINDINGS] = store_int((int64_t)rules_translate(c, set));
    c->digest = journal_is_shared(c->to) ? 0 : record_digest(c->digest, record, &words);
    values[RECORD_DIGEST] = store_int((int64_t)c->digest);
    c->kept += record_is_of_job(record);
    if (!row_put(c, values, &c->record))
        return false;
    if (link)
        c->published[c->published_at] = c->record;
    return true;
}

/* A row whose record is lost is lost as well. */
static bool published_copy(void *ctx, const struct store_row *row)
{
    struct copying *c = ctx;
    assert(c->published_at < c->links.len);
    uint64_t number = c->published[c->published_at++];
    return number == 0 || row_put(c, row->values, &number);
}

static enum err records_copy(struct copying *c)
{
    c->record = c->kept = 0;
    c->published_at = 0;
    struct head head;
    enum err err = head_of_run(c->to, c->other, &head, c->why);
    c->digest = err == OK ? head_digest(&head) : 0;
    c->published = calloc(c->links.len ? c->links.len : 1, sizeof *c->published);
    if (err == OK && !c->published)
        err = why_set(c->why, ERR_NOMEM, "out of memory");
    c->table = TABLE_RECORD;
    if (err == OK)
        err = record_walk(c->from, c->run, record_copy, c, c->why);
    err = err == OK ? c->err : err;
    c->table = TABLE_PUBLISHED;
    c->published_at = 0;
    if (err == OK)
        err = journal_each(c->from, TABLE_PUBLISHED, c->run, published_copy, c, c->why);
    free(c->published);
    c->published = NULL;
    err = err == OK ? c->err : err;
    return err == OK ? loss_copy(c) : err;
}

/* A run that was cut off is stopped: whoever opens the copy goes on with it by `resume`. */
static enum err state_copy(struct copying *c, const struct run_head *head)
{
    bool is_open = head->state == RUN_OPEN;
    struct store_state to = {.state = is_open ? RUN_STOPPED : head->state,
                             .stopped = is_open ? head->last : head->stopped,
                             .last = head->last,
                             .last_record = c->record,
                             .last_digest = c->record ? c->digest : 0};
    return c->to->store->ops->set_state(c->to->store, c->other, &to, c->why);
}

/* Workers know a lane by the number of its account. */
static bool lanes_are_known(const struct run_head *head, const struct fleet *fleet)
{
    bool is_known = true;
    for (uint32_t i = 0; i < fleet->lanes_len && !journal_verb_publishes(head->verb); i++)
        is_known &= names_text(&fleet->names, fleet_account_number(fleet, i)).len > 0;
    return is_known;
}

/* Lanes that nobody carries, so that `resume` can open them to workers. */
static enum err lanes_copy(struct copying *c, const struct run_head *head,
                           const struct fleet *fleet)
{
    struct shared_run view;
    struct journal *to = c->to;
    enum lease_rest rest = run_is_over(head->state) ? LEASE_ENDED : LEASE_STOPPED;
    assert(to->together);
    to->begun = c->other;
    enum err err = leases_open_run(to, c->other, fleet, c->why);
    if (err == OK)
        err = to->store->leases->lock_run(to->store, c->other, &view, c->why);
    if (err == OK)
        err = to->store->leases->rest_lanes(to->store, c->other, 1u << LEASE_OPEN, false, rest,
                                            c->why);
    return err;
}

/* Inside a transaction. */
static enum err rows_copy(struct copying *c, const struct run_head *head, const struct fleet *fleet)
{
    enum err err = journal_each(c->from, TABLE_RUN, c->run, head_copy, c, c->why);
    err = err == OK ? c->err : err;
    for (int t = TABLE_WAVE; err == OK && t <= TABLE_TARGET; t++)
        err = table_copy(c, (enum store_table)t);
    if (err == OK)
        err = records_copy(c);
    if (err == OK)
        err = table_copy(c, TABLE_LANE_NOTE);
    if (err == OK)
        err = table_copy(c, TABLE_ORDER);
    if (err == OK && c->has_lanes)
        err = lanes_copy(c, head, fleet);
    return err == OK ? state_copy(c, head) : err;
}

/* A run of `from`, read to its end before anything of it is copied. */
struct original {
    struct run_head head;
    struct fleet fleet;
    struct arena arena;
    struct run_loss loss;
    char team[TEAM_LEN_MAX];
};

static enum err original_read(struct copying *c, struct original *o, struct why *why)
{
    struct run_sum sum;
    enum err err = run_sum_read(c->from, c->run, &sum, why);
    o->loss = sum.loss;
    snprintf(o->team, sizeof o->team, "%s", sum.team);
    run_sum_clear(&sum);
    if (err == OK)
        err = journal_run(c->from, c->run, &o->head, &o->arena, why);
    if (err == OK)
        err = journal_fleet(c->from, c->run, &o->fleet, why);
    if (err == OK)
        err = publish_links_read(c->from, c->run, &c->links, why);
    return err;
}

static enum err original_copy(struct copying *c, const struct original *o)
{
    struct why unheard;
    c->rows = 0;
    c->loss = o->loss;
    memcpy(c->team, o->team, sizeof c->team);
    c->has_lanes = journal_is_shared(c->to) && lanes_are_known(&o->head, &o->fleet);
    journal_together(c->to);
    enum err err = journal_enter(c->to, c->why);
    if (err == OK)
        err = journal_leave(c->to, rows_copy(c, &o->head, &o->fleet), STORE_COMMIT, c->why);
    enum err end = journal_apart(c->to, err == OK ? c->why : &unheard);
    return err == OK ? end : err;
}

/* What cannot be read is told, and the next run is copied; what cannot be written is an error. */
static enum err run_copy(struct copying *c, struct run_pair *run)
{
    struct why wrong = {""};
    struct original o;
    struct copy_told told = {.word = COPY_NEW, .from = run->number};
    c->run = run->number;
    c->links = (struct publish_links){.len = 0};
    arena_init(&c->links.arena, SIZE_MAX);
    arena_init(&o.arena, LINE_LEN_MAX * 16);
    fleet_init(&o.fleet);
    enum err err = original_read(c, &o, &wrong);
    if (err == OK) {
        err = original_copy(c, &o);
        run->other = told.to = c->other;
        told.rows = c->rows;
        told.is_closed = journal_is_shared(c->to) && !c->has_lanes && !run_is_over(o.head.state);
        told.what = text_of(o.loss.what);
        told.bared = text_of(journal_is_shared(c->to) ? "" : o.team);
    } else if (journal_is_damaged(text_of(wrong.text))) {
        told.word = COPY_DAMAGED;
        told.what = text_of(wrong.text);
        err = OK;
    } else {
        why_set(c->why, err, "%s", wrong.text);
    }
    if (err == OK)
        c->told(c->ctx, &told);
    fleet_clear(&o.fleet);
    arena_clear(&o.arena);
    arena_clear(&c->links.arena);
    return err;
}

/* A number without a head in `from`, or 0: what is lost of it stays known, where the number is not
 * that of another run. */
static enum err gone_copy(struct copying *c, uint64_t number)
{
    struct run_loss lost, known;
    enum err err = loss_of_run(c->from, number, &lost, c->why);
    if (err == OK)
        err = loss_of_run(c->to, number, &known, c->why);
    if (err != OK || !*lost.what || *known.what)
        return err;
    struct store *store = c->to->store;
    bool is_free = true;
    if (number && (err = number_is_free(c, number, &is_free)) != OK)
        return err;
    struct copy_told told = {
        .word = COPY_GONE, .from = number, .to = is_free ? number : 0, .what = text_of(lost.what)};
    if (is_free && (err = journal_enter(c->to, c->why)) == OK)
        err = journal_leave(c->to, store->ops->add_loss(store, number, told.what, c->why),
                            STORE_COMMIT, c->why);
    if (err == OK)
        c->told(c->ctx, &told);
    return err;
}

static bool number_max(void *ctx, const struct store_row *row)
{
    uint64_t *max = ctx;
    *max = row->number > *max ? row->number : *max;
    return true;
}

/* Oldest first, so that numbers grow in `to` as they did in `from`. */
static enum err runs_copy(struct copying *c)
{
    const struct store_loss *found = &c->from->store->loss;
    uint64_t newest = found->found ? found->runs : 0;
    uint32_t at = 0;
    enum err err = journal_each(c->from, TABLE_LOST, 0, number_max, &newest, c->why);
    if (c->runs.len && c->runs.at[c->runs.len - 1].number > newest)
        newest = c->runs.at[c->runs.len - 1].number;
    for (uint64_t number = 1; err == OK && number <= newest; number++) {
        struct run_pair *run =
            at < c->runs.len && c->runs.at[at].number == number ? &c->runs.at[at] : NULL;
        at += run != NULL;
        if (run && run->other)
            c->told(c->ctx, &(const struct copy_told){
                                .word = COPY_THERE, .from = number, .to = run->other});
        else
            err = run ? run_copy(c, run) : gone_copy(c, number);
    }
    return err == OK ? gone_copy(c, 0) : err;
}

/* May this run be read while nobody goes on with it? */
static enum err run_is_quiet(struct copying *c, const struct run_pair *run)
{
    unsigned long long id = run->number;
    char holder[JOURNAL_HOLDER_MAX] = "";
    if (run->other || run->state != RUN_OPEN)
        return OK;
    if (journal_is_shared(c->from))
        return why_set(c->why, ERR_BUSY,
                       "run %llu is open to workers, which may go on with it while it is copied: "
                       "stop it first with mailfrom stop %llu",
                       id, id);
    switch (journal_writer(c->from, run->number, holder)) {
    case JOURNAL_NO_WRITER: return OK;
    case JOURNAL_HAS_WRITER:
        return why_set(c->why, ERR_BUSY,
                       "run %llu is carried out by %s: let it end, or stop it first with mailfrom "
                       "stop %llu",
                       id, *holder ? holder : "another process", id);
    case JOURNAL_WRITER_UNKNOWN: break;
    }
    return why_set(
        c->why, ERR_BUSY,
        "whether a process carries out run %llu is not known, for the lock file of its "
        "journal is gone: mailfrom resume %llu, or resume --give-up %llu, makes it known",
        id, id, id);
}

enum err journal_copy_runs(struct journal *from, struct journal *to,
                           void (*told)(void *ctx, const struct copy_told *told), void *ctx,
                           struct why *why)
{
    struct copying c = {.from = from, .to = to, .told = told, .ctx = ctx, .why = why};
    assert(from != to);
    assert(from->store->is_read_only && !to->store->is_read_only);
    enum err err = run_pairs_read(from, &c.runs, why);
    if (err == OK)
        err = run_pairs_read(to, &c.others, why);
    run_pairs_match(&c.runs, &c.others);
    for (uint32_t i = 0; err == OK && i < c.runs.len; i++)
        err = run_is_quiet(&c, &c.runs.at[i]);
    if (err == OK)
        err = rules_bring(&c);
    if (err == OK)
        err = runs_copy(&c);
    run_pairs_clear(&c.runs);
    run_pairs_clear(&c.others);
    return err;
}

static bool part_row_copy(void *ctx, const struct store_row *row)
{
    struct copying *c = ctx;
    uint64_t number = row->number;
    if (c->skipped > 0) {
        c->skipped--;
        return true;
    }
    return row_put(c, row->values, &number);
}

/* Inside a transaction: what `to` does not have of a table. */
static enum err part_table_copy(struct copying *c, enum store_table table)
{
    struct run_sum a = {.len = 0}, b = {.len = 0};
    c->table = table;
    c->other = 0;
    enum err err = table_sum_read(c->from, table, &a, c->why);
    if (err == OK)
        err = table_sum_read(c->to, table, &b, c->why);
    bool is_beginning = err == OK && b.len <= a.len &&
                        (b.len == 0 || memcmp(a.at, b.at, b.len * sizeof *b.at) == 0);
    c->skipped = b.len;
    /* What watching remembers is put again and again: the beginning of it is another memory. */
    if (err == OK && (!is_beginning || (table != TABLE_ASKED && b.len && b.len < a.len)))
        err = why_set(c->why, ERR_INPUT, "has %zu rows of its own in its table %s", b.len,
                      store_columns[table].name);
    if (err == OK)
        err = journal_each(c->from, table, 0, part_row_copy, c, c->why);
    run_sum_clear(&a);
    run_sum_clear(&b);
    return err == OK ? c->err : err;
}

/* Reads both once more. */
static enum err part_table_check(struct copying *c, enum store_table table, uint64_t *rows)
{
    struct run_sum a = {.len = 0}, b = {.len = 0};
    enum err err = table_sum_read(c->from, table, &a, c->why);
    if (err == OK)
        err = table_sum_read(c->to, table, &b, c->why);
    if (err == OK && (a.len != b.len || (a.len && memcmp(a.at, b.at, a.len * sizeof *a.at) != 0)))
        err = why_set(c->why, ERR_IO, "its table %s has not become the same",
                      store_columns[table].name);
    *rows += b.len;
    run_sum_clear(&a);
    run_sum_clear(&b);
    return err;
}

static const struct {
    enum store_table first, last;
} parts[] = {
    [COPY_LOOKS] = {TABLE_ASKED, TABLE_ASKED},
    [COPY_WATCHED] = {TABLE_WATCHED, TABLE_WATCH_PROBLEM},
};

static bool row_count(void *ctx, const struct store_row *row)
{
    (void)row;
    ++*(uint64_t *)ctx;
    return true;
}

enum err journal_part_rows(struct journal *j, enum copy_part part, uint64_t *rows, struct why *why)
{
    enum err err = OK;
    *rows = 0;
    for (int t = (int)parts[part].first; err == OK && t <= (int)parts[part].last; t++)
        err = journal_each(j, (enum store_table)t, 0, row_count, rows, why);
    return err == OK ? OK : journal_wrap(j, err, why);
}

enum err journal_copy_part(struct journal *from, struct journal *to, enum copy_part part,
                           uint64_t *rows, struct why *why)
{
    struct copying c = {.from = from, .to = to, .why = why};
    int first = (int)parts[part].first, last = (int)parts[part].last;
    *rows = 0;
    assert(from != to);
    enum err err = journal_enter(to, why);
    if (err != OK)
        return err;
    for (int t = first; err == OK && t <= last; t++)
        err = part_table_copy(&c, (enum store_table)t);
    err = journal_leave(to, err, STORE_COMMIT, why);
    for (int t = first; err == OK && t <= last; t++)
        err = part_table_check(&c, (enum store_table)t, rows);
    return err == OK ? OK : journal_wrap(to, err, why);
}
