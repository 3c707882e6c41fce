/*
 * The comparison of two journals. Each row becomes a hash of what it says, without what belongs to
 * the journal that it lies in; the rows of both journals are read alike, so two runs are equal when
 * their hashes are. A run costs 8 bytes of memory for each of its rows.
 */
#include "journal_copy.h"
#include "run_pairs.h"

#include "base/bounds.h"
#include "base/hash.h"
#include "model/policy.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

struct summing {
    struct journal *j;
    struct run_sum *sum;
    enum store_table table;
    /* The numbers of the records of published names, and how far their rows have come. */
    uint64_t *published;
    size_t published_len, published_cap, published_at;
    bool fits;
};

/* A list of numbers grows by one. */
static bool number_add(uint64_t **list, size_t *len, size_t *cap, uint64_t number)
{
    if (*len == *cap) {
        size_t room = *cap ? 2 * *cap : 256;
        uint64_t *at = realloc(*list, room * sizeof *at);
        if (!at)
            return false;
        *list = at;
        *cap = room;
    }
    (*list)[(*len)++] = number;
    return true;
}

static bool sum_add(struct summing *s, uint64_t hash)
{
    s->fits = number_add(&s->sum->at, &s->sum->len, &s->sum->cap, hash);
    return s->fits;
}

/* A digest may come back as text, and a text that is left out as an empty one. */
static uint64_t value_fold(uint64_t hash, const struct store_value *v)
{
    uint64_t bits;
    switch (v->type) {
    case STORE_NULL: return hash_mix(hash, 1);
    case STORE_INT: return hash_mix(hash_mix(hash, 2), (uint64_t)v->number);
    case STORE_REAL: memcpy(&bits, &v->real, sizeof bits); return hash_mix(hash_mix(hash, 3), bits);
    case STORE_TEXT:
    case STORE_BYTES: break;
    }
    hash = hash_mix(hash_mix(hash, 4), v->text.len);
    return v->text.len ? hash_mix(hash, hash_bytes(v->text.at, v->text.len)) : hash;
}

static bool is_rules(enum store_table table, unsigned column)
{
    return (table == TABLE_RECORD && column == RECORD_FINDINGS) ||
           (table == TABLE_POLICY && policy_fields[column].type == POLICY_RULES);
}

/* Columns of the journal's own; those of a head that change as the run goes on are read as a head.
 */
static bool is_own(enum store_table table, unsigned column)
{
    bool changes = column == HEAD_STATE || column == HEAD_PARENT || column == HEAD_STOPPED ||
                   column == HEAD_LAST || column >= HEAD_UNDIGESTED;
    return (table == TABLE_RECORD && column == RECORD_DIGEST) || (table == TABLE_RUN && changes);
}

static uint64_t values_fold(const struct summing *s, uint64_t hash,
                            const struct store_value *values)
{
    for (unsigned i = 0; i < store_columns[s->table].len; i++) {
        if (is_rules(s->table, i))
            hash = hash_mix(hash, rule_numbers_digest(s->j, (uint64_t)value_int(&values[i])));
        else if (!is_own(s->table, i))
            hash = value_fold(hash, &values[i]);
    }
    return hash;
}

/* The place of the record that a row of a published name belongs to; 0: that record is lost. */
static uint64_t published_place(struct summing *s, uint64_t number)
{
    while (s->published_at < s->published_len && s->published[s->published_at] < number)
        s->published_at++;
    bool is_there = s->published_at < s->published_len && s->published[s->published_at] == number;
    return is_there ? s->published_at + 1 : 0;
}

static bool row_sum(void *ctx, const struct store_row *row)
{
    struct summing *s = ctx;
    bool is_kept_in_order = s->table == TABLE_LANE_NOTE || s->table == TABLE_ORDER ||
                            s->table == TABLE_ASKED || s->table == TABLE_RUN;
    uint64_t number = is_kept_in_order ? 0 : row->number;
    if (s->table == TABLE_PUBLISHED && (number = published_place(s, row->number)) == 0)
        return true;
    return sum_add(s, values_fold(s, hash_mix(s->table, number), row->values));
}

/* A record by its columns, and as the program reads it. */
static bool record_sum(void *ctx, const struct record *record, const struct kept *kept)
{
    struct summing *s = ctx;
    uint64_t hash = values_fold(s, TABLE_RECORD, kept->values);
    s->fits = record->kind != RECORD_PUBLISH ||
              number_add(&s->published, &s->published_len, &s->published_cap, kept->number);
    return s->fits && sum_add(s, record_digest(hash, record, &kept->words));
}

/* A run that was cut off is as one that was stopped after its newest record. */
static enum err head_sum(struct summing *s, uint64_t run, struct why *why)
{
    struct run_head head;
    struct head parent;
    struct arena arena;
    arena_init(&arena, LINE_LEN_MAX * 16);
    enum err err = journal_run(s->j, run, &head, &arena, why);
    arena_clear(&arena);
    if (err != OK)
        return err;
    bool is_open = head.state == RUN_OPEN;
    uint64_t hash = hash_mix(TABLE_RUN, is_open ? RUN_STOPPED : head.state);
    hash = hash_mix(hash, (uint64_t)(is_open ? head.last : head.stopped));
    hash = hash_mix(hash, (uint64_t)head.last);
    err = head.parent ? head_find(s->j, head.parent, &parent, NULL, why) : ERR_GONE;
    if (err == OK)
        hash = hash_mix(hash_mix(hash, (uint64_t)parent.head.started), parent.head.seed);
    else if (err != ERR_GONE)
        return err;
    return sum_add(s, hash) ? OK : why_set(why, ERR_NOMEM, "out of memory");
}

static enum err table_sum(struct summing *s, uint64_t run, struct why *why)
{
    enum err err = OK;
    s->sum->begins[s->table] = s->sum->len;
    if (s->table == TABLE_RUN)
        err = head_sum(s, run, why);
    if (err == OK && s->table == TABLE_RECORD)
        err = record_walk(s->j, run, record_sum, s, why);
    else if (err == OK)
        err = journal_each(s->j, s->table, run, row_sum, s, why);
    return err == OK && !s->fits ? why_set(why, ERR_NOMEM, "out of memory") : err;
}

static bool target_pass(void *ctx, const struct publish_target *target)
{
    (void)ctx, (void)target;
    return true;
}

static bool published_pass(void *ctx, const struct publish_record *record)
{
    (void)ctx, (void)record;
    return true;
}

static bool note_pass(void *ctx, const struct lane_note *note)
{
    (void)ctx, (void)note;
    return true;
}

static bool order_pass(void *ctx, const struct order *order)
{
    (void)ctx, (void)order;
    return true;
}

/* Everything of the run can be read as its readers do. */
static enum err run_pass(struct journal *j, uint64_t run, struct why *why)
{
    struct fleet fleet;
    fleet_init(&fleet);
    enum err err = journal_fleet(j, run, &fleet, why);
    fleet_clear(&fleet);
    if (err == OK)
        err = journal_targets(j, run, target_pass, NULL, why);
    if (err == OK)
        err = journal_publish_rows(j, run, published_pass, NULL, why);
    if (err == OK)
        err = journal_lane_notes(j, run, note_pass, NULL, why);
    if (err == OK)
        err = journal_orders(j, run, order_pass, NULL, why);
    return err;
}

enum err run_sum_read(struct journal *j, uint64_t run, struct run_sum *sum, struct why *why)
{
    struct summing s = {.j = j, .sum = sum, .fits = true};
    *sum = (struct run_sum){.len = 0};
    assert(run > 0);
    enum err err = run_pass(j, run, why);
    if (err == OK)
        err = journal_vet(j, run, &sum->loss, why);
    sum->has_team = journal_is_shared(j);
    if (err == OK && sum->has_team)
        err = leases_team(j, run, sum->team, why);
    for (int t = TABLE_RUN; err == OK && t <= TABLE_ORDER; t++) {
        s.table = (enum store_table)t;
        err = table_sum(&s, run, why);
    }
    sum->begins[TABLE_ORDER + 1] = sum->len;
    free(s.published);
    return err;
}

enum err table_sum_read(struct journal *j, enum store_table table, struct run_sum *sum,
                        struct why *why)
{
    struct summing s = {.j = j, .sum = sum, .table = table, .fits = true};
    assert(table > TABLE_ORDER && table < TABLE_LOST);
    return table_sum(&s, 0, why);
}

void run_sum_clear(struct run_sum *sum)
{
    free(sum->at);
    *sum = (struct run_sum){.len = 0};
}

/* False: out is where the two begin to differ, as part of a sentence. */
static bool run_sum_equal(const struct run_sum *a, const struct run_sum *b, struct why *out)
{
    if (strcmp(a->loss.what, b->loss.what) != 0) {
        why_set(out, ERR_INPUT, "what is lost of it is said differently (\"%s\", \"%s\")",
                a->loss.what, b->loss.what);
        return false;
    }
    if (a->has_team && b->has_team && strcmp(a->team, b->team) != 0) {
        why_set(out, ERR_INPUT, "it is of different teams (\"%s\", \"%s\")", a->team, b->team);
        return false;
    }
    for (int t = TABLE_RUN; t <= TABLE_ORDER; t++) {
        const char *name = store_columns[t].name;
        size_t a_len = a->begins[t + 1] - a->begins[t], b_len = b->begins[t + 1] - b->begins[t];
        for (size_t i = 0; i < a_len && i < b_len; i++) {
            if (a->at[a->begins[t] + i] == b->at[b->begins[t] + i])
                continue;
            why_set(out, ERR_INPUT, "row %zu of its table %s is not the same", i + 1, name);
            return false;
        }
        if (a_len != b_len) {
            why_set(out, ERR_INPUT, "its table %s has %zu rows, and %zu in the other journal", name,
                    a_len, b_len);
            return false;
        }
    }
    assert(a->len == b->len);
    return true;
}

/* What cannot be read of one of them is told of the run. */
static enum err run_compare(struct journal *from, struct journal *to, struct copy_told *told,
                            struct why *wrong)
{
    struct run_sum a, b = {.len = 0};
    enum err err = run_sum_read(from, told->from, &a, wrong);
    told->word = COPY_DAMAGED;
    told->rows = a.len;
    if (err == OK)
        err = run_sum_read(to, told->to, &b, wrong);
    if (err == OK)
        told->word = run_sum_equal(&a, &b, wrong) ? COPY_NEW : COPY_DIFFERS;
    run_sum_clear(&a);
    run_sum_clear(&b);
    return err == OK || journal_is_damaged(text_of(wrong->text)) ? OK : err;
}

enum err journal_compare_runs(struct journal *from, struct journal *to,
                              void (*told)(void *ctx, const struct copy_told *told), void *ctx,
                              struct why *why)
{
    struct run_pairs runs, others = {.len = 0};
    enum err err = run_pairs_read(from, &runs, why);
    if (err == OK)
        err = run_pairs_read(to, &others, why);
    run_pairs_match(&runs, &others);
    for (uint32_t i = 0; err == OK && i < runs.len; i++) {
        struct why wrong = {""};
        struct copy_told t = {
            .word = COPY_MISSING, .from = runs.at[i].number, .to = runs.at[i].other};
        if (t.to)
            err = run_compare(from, to, &t, &wrong);
        t.what = text_of(wrong.text);
        if (err == OK)
            told(ctx, &t);
        else
            why_set(why, err, "%s", wrong.text);
    }
    run_pairs_clear(&runs);
    run_pairs_clear(&others);
    return err;
}
