/*
 * The records of a run: appended, replayed, and folded to the last one per job. One table maps a
 * struct record to a row; writing and reading both walk the table, so the two cannot disagree.
 *
 * Only a judgement makes notes of findings, so most records have none (NULL): the notes of the
 * job's record before are still valid. Readers of rows get the notes filled in, at a cost of 8
 * bytes of memory per job (struct outline). A replay reads no notes.
 */
#include "inside.h"

#include "base/bounds.h"
#include "base/count.h"
#include "scheduler/record_digest.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

enum column_type {
    COLUMN_TEXT,
    COLUMN_NOTES, /* carried from one record of a job to the next, and read for rows only */
    COLUMN_U32,
    COLUMN_I64,
    COLUMN_SET,
    COLUMN_BOOL,
    COLUMN_ENUM,
    COLUMN_NAME, /* an enum, stored by its name */
};

struct record_column {
    enum column_type type;
    size_t offset; /* in struct record */
    uint32_t last; /* COLUMN_ENUM: the greatest number that means something; COLUMN_NAME: which */
};

enum name_kind { NAME_MX, NAME_SPF, NAME_DMARC, NAME_DKIM };

static_assert(sizeof(enum job_state) == sizeof(uint32_t), "enums are read and written as uint32_t");

/* Their numbers are held still, as head_rows.c says. Findings alone are numbered by the journal
 * itself (rule_rows.c), and what DNS is found to be like is kept by its name. */
static_assert(JOB_NEW == 0 && JOB_WAITING_DNS == 3 && JOB_FOLLOWING == 7 && JOB_DONE == 8, "job");
static_assert(ACTION_NONE == 0 && ACTION_TIGHTEN == 4 && ACTION_RESTART == 5, "action");
static_assert(OUTCOME_OPEN == 0 && OUTCOME_REFUSED == 6 && OUTCOME_DRIFTED == 9 &&
                  OUTCOME_SKIPPED == 10,
              "outcome");
static_assert(MAIL_FROM_NONE == 0 && MAIL_FROM_SUCCESS == 2 && MAIL_FROM_UNKNOWN == 5, "status");
static_assert(VERIFICATION_NONE == 0 && VERIFICATION_NOT_STARTED == 5, "verification");
static_assert(RECORD_MOVE == 0 && RECORD_INTENT == 1 && RECORD_ANSWER == 2 && RECORD_PUBLISH == 4,
              "kind");

#define AT(member) offsetof(struct record, member)
#define ENUM(member, last)                                                                         \
    {                                                                                              \
        COLUMN_ENUM, AT(member), (last)                                                            \
    }

/* In the order of store_columns[TABLE_RECORD], where the digest follows. */
static const struct record_column columns[] = {
    {COLUMN_U32, AT(job), 0},
    {COLUMN_I64, AT(at), 0},
    ENUM(kind, RECORD_PUBLISH),
    ENUM(from, JOB_STATES - 1),
    {COLUMN_TEXT, AT(write_mail_from), 0},
    ENUM(write_behavior, BEHAVIOR_REJECT_MESSAGE),
    ENUM(row.state, JOB_STATES - 1),
    ENUM(row.action, ACTION_RESTART),
    ENUM(row.outcome, OUTCOMES - 1),
    {COLUMN_TEXT, AT(row.reason), 0},
    {COLUMN_BOOL, AT(row.before_known), 0},
    {COLUMN_TEXT, AT(row.mail_from_before), 0},
    ENUM(row.behavior_before, BEHAVIOR_REJECT_MESSAGE),
    {COLUMN_BOOL, AT(row.seen_known), 0},
    {COLUMN_TEXT, AT(row.mail_from_seen), 0},
    ENUM(row.behavior_seen, BEHAVIOR_REJECT_MESSAGE),
    ENUM(row.status_seen, MAIL_FROM_UNKNOWN),
    {COLUMN_NAME, AT(row.mx), NAME_MX},
    {COLUMN_NAME, AT(row.spf), NAME_SPF},
    {COLUMN_NAME, AT(row.dmarc), NAME_DMARC},
    {COLUMN_SET, AT(row.findings), 0},
    {COLUMN_NOTES, AT(row.notes), 0},
    {COLUMN_U32, AT(row.writes), 0},
    {COLUMN_U32, AT(row.calls), 0},
    {COLUMN_U32, AT(row.restarts), 0},
    {COLUMN_U32, AT(row.attempts), 0},
    {COLUMN_I64, AT(row.first_seen), 0},
    {COLUMN_I64, AT(row.finished), 0},
    {COLUMN_I64, AT(row.deadline), 0},
    ENUM(row.verification, VERIFICATION_NOT_STARTED),
    {COLUMN_U32, AT(row.accepted), 0},
    {COLUMN_U32, AT(row.wave), 0},
    {COLUMN_NAME, AT(row.dkim), NAME_DKIM},
};

#define MX_COLUMN   17 /* spf and dmarc follow */
#define DKIM_COLUMN 32
#define COLUMNS_LEN ((unsigned)COUNT(columns))

static_assert(COUNT(columns) + 1 <= STORE_VALUES_MAX, "columns of a record");
static_assert(COUNT(columns) == RECORD_DIGEST, "the digest follows");

static const char *name_of(uint32_t kind, uint32_t value)
{
    assert(kind <= NAME_DKIM);
    switch ((enum name_kind)kind) {
    case NAME_MX: return mx_status_name((enum mx_status)value);
    case NAME_SPF: return spf_status_name((enum spf_status)value);
    case NAME_DKIM: return dkim_status_name((enum dkim_status)value);
    case NAME_DMARC: break;
    }
    return dmarc_status_name((enum dmarc_status)value);
}

/* A name unknown to this program is ignored. */
static uint32_t name_parse(uint32_t kind, struct text name)
{
    assert(kind <= NAME_DKIM);
    switch ((enum name_kind)kind) {
    case NAME_MX: return mx_status_parse(name);
    case NAME_SPF: return spf_status_parse(name);
    case NAME_DKIM: return dkim_status_parse(name);
    case NAME_DMARC: break;
    }
    return dmarc_status_parse(name);
}

/* The text lasts until the next record. */
static struct store_value notes_value(struct journal *j, const struct finding_notes *notes)
{
    buf_reset(&j->notes);
    if (!notes->known)
        return store_null();
    findings_write(notes, &j->notes);
    return store_text(buf_text(&j->notes));
}

/* The words of a row as its columns hold them. */
static struct record_words words_of(const struct journal *j, const struct store_value *values)
{
    return (struct record_words){
        .mx = value_text(&values[MX_COLUMN]),
        .spf = value_text(&values[MX_COLUMN + 1]),
        .dmarc = value_text(&values[MX_COLUMN + 2]),
        .dkim = value_text(&values[DKIM_COLUMN]),
        .notes = value_text(&values[RECORD_NOTES]),
        .rules = rule_numbers_digest(j, (uint64_t)value_int(&values[RECORD_FINDINGS]))};
}

enum err record_store(struct journal *j, uint64_t run, const struct record *record, struct why *why)
{
    struct store_value values[COLUMNS_LEN + 1];
    assert(COUNT(values) == store_columns[TABLE_RECORD].len);
    assert(columns[RECORD_NOTES].type == COLUMN_NOTES);
    assert(columns[RECORD_FINDINGS].type == COLUMN_SET);
    assert(columns[MX_COLUMN].type == COLUMN_NAME);
    assert(columns[DKIM_COLUMN].last == NAME_DKIM);
    assert(record->kind != RECORD_LANE && record->kind != RECORD_ORDER);
    assert(j->tail.run == run || journal_is_shared(j));
    for (unsigned c = 0; c < COLUMNS_LEN; c++) {
        /* Millions of these are made for a large fleet, each in its place. */
        const void *at = (const char *)record + columns[c].offset;
        uint32_t number = 0;
        values[c].type = STORE_INT;
        switch (columns[c].type) {
        case COLUMN_NOTES: values[c] = notes_value(j, at); break;
        case COLUMN_TEXT: values[c] = store_text(*(const struct text *)at); break;
        case COLUMN_I64: values[c].number = *(const int64_t *)at; break;
        case COLUMN_SET:
            values[c].number = (int64_t)rule_numbers_to_row(j, *(const finding_set *)at);
            break;
        case COLUMN_BOOL: values[c].number = *(const bool *)at; break;
        case COLUMN_U32: values[c].number = *(const uint32_t *)at; break;
        case COLUMN_ENUM:
            memcpy(&number, at, sizeof number);
            assert(number <= columns[c].last);
            values[c].number = number;
            break;
        case COLUMN_NAME:
            memcpy(&number, at, sizeof number);
            values[c] = store_text(text_of(name_of(columns[c].last, number)));
            break;
        }
    }
    if (j->notes.failed)
        return why_set(why, ERR_NOMEM, "out of memory");
    struct record_words words = words_of(j, values);
    if (record->kind == RECORD_PUBLISH)
        words.publish = publish_digest(record->publish);
    /* Of several writers none knows which record comes before its own. */
    bool is_shared = journal_is_shared(j);
    uint64_t number = 0;
    uint64_t digest = is_shared ? 0 : record_digest(j->tail.digest, record, &words);
    values[RECORD_DIGEST] = store_int((int64_t)digest);
    enum err err = journal_put(j, TABLE_RECORD, run, values, &number, why);
    if (err == OK && record->kind == RECORD_PUBLISH)
        err = publish_store(j, run, record->publish, number, why);
    if (is_shared)
        return err;
    assert(err != OK || number > j->tail.record); /* the store's promise, on which rows stand */
    j->tail.record = number;
    j->tail.digest = digest;
    return err;
}

bool record_is_intent(const struct record *r)
{
    assert((r->kind == RECORD_PUBLISH) == (r->publish != NULL));
    return r->kind == RECORD_INTENT || (r->publish && r->publish->kind == PUBLISH_INTENT);
}

enum err tail_of_run(struct journal *j, uint64_t run, struct why *why)
{
    struct head head;
    struct store_tail newest;
    bool is_shared = journal_is_shared(j); /* others keep records, too */
    assert(run > 0);
    if (j->tail.run == run && !is_shared)
        return OK;
    enum err err = head_of_run(j, run, &head, why);
    if (err == OK)
        err = j->store->ops->tail(j->store, run, &newest, why);
    if (err == OK)
        j->tail = (struct tail){run, newest.record,
                                is_shared       ? 0
                                : newest.digest ? newest.digest
                                                : head_digest(&head)};
    return err;
}

static enum err record_keep(struct journal *j, uint64_t run, const struct record *record,
                            struct why *why)
{
    if (journal_is_shared(j))
        fence_next(j, run, record);
    if (record->kind == RECORD_LANE)
        return lane_note_store(j, run, record, why);
    if (record->kind == RECORD_ORDER)
        return fence_is_of(j, run) ? OK : order_store(j, run, record->order, why);
    return record_store(j, run, record, why);
}

enum err journal_keep(struct journal *j, uint64_t run, const struct record *records, uint32_t len,
                      struct why *why)
{
    bool intends = false, is_shared = journal_is_shared(j);
    enum err err = journal_enter(j, why);
    if (err != OK)
        return err;
    err = is_shared ? fence_begin(j, run, records, len, why) : tail_of_run(j, run, why);
    for (uint32_t i = 0; err == OK && i < len; i++) {
        intends |= record_is_intent(&records[i]);
        err = record_keep(j, run, &records[i], why);
    }
    if (is_shared) {
        fence_next(j, run, NULL);
        err = err == OK ? shared_waves_count(j, run, records, len, why) : err;
    }
    return journal_leave(j, err, intends ? STORE_COMMIT_INTENT : STORE_COMMIT, why);
}

struct record_reader {
    struct journal *j;
    uint64_t run;
    uint32_t jobs;
    bool reads_notes;
    struct arena arena; /* the texts of *record; reset per record */
    struct record record;
    struct outline *outline; /* for rows only */
    /* Who is told. */
    bool (*walk)(void *ctx, const struct record *record, const struct kept *kept);
    bool (*fn)(void *ctx, const struct record *record);
    void *ctx;
    bool more;
    enum err err;
    struct why *why;
};

/* False: the number is none that this program writes, or r->err says what it is. */
static bool column_read(struct record_reader *r, const struct store_value *v,
                        const struct record_column *c, bool *fits)
{
    void *at = (char *)&r->record + c->offset;
    bool ok = true;
    assert(c->offset < sizeof r->record);
    if (c->type == COLUMN_ENUM || c->type == COLUMN_U32) { /* most of them */
        uint64_t last = c->type == COLUMN_ENUM ? c->last : UINT32_MAX;
        uint32_t value = (uint32_t)value_number(v, last, &ok);
        memcpy(at, &value, sizeof value);
    } else if (c->type == COLUMN_NOTES) {
        if (r->reads_notes)
            *fits &= findings_read(value_text(v), &r->arena, at);
    } else if (c->type == COLUMN_TEXT) {
        struct text t = value_text(v), copy = t.len ? arena_text(&r->arena, t) : TEXT_NONE;
        *fits &= t.len == 0 || copy.at;
        memcpy(at, &copy, sizeof copy);
    } else if (c->type == COLUMN_NAME) {
        uint32_t value = name_parse(c->last, value_text(v));
        memcpy(at, &value, sizeof value);
    } else if (c->type == COLUMN_I64) {
        *(int64_t *)at = value_int(v);
    } else if (c->type == COLUMN_SET) {
        r->err = rule_numbers_from_row(r->j, v, at, &ok, r->why);
        ok &= r->err == OK;
    } else {
        assert(c->type == COLUMN_BOOL);
        *(bool *)at = value_number(v, 1, &ok) == 1;
    }
    return ok;
}

static enum err record_read(struct record_reader *r, const struct store_row *row)
{
    bool fits = true;
    r->err = OK;
    r->record = (struct record){0};
    arena_reset(&r->arena);
    for (unsigned i = 0; i < COLUMNS_LEN; i++)
        if (!column_read(r, &row->values[i], &columns[i], &fits))
            return r->err == OK ? journal_damaged(r->why, "a record") : r->err;
    if (!fits)
        return why_set(r->why, ERR_NOMEM, "out of memory");
    bool is_of_target = r->record.kind == RECORD_PUBLISH;
    if (!record_is_of_job(&r->record) && !is_of_target)
        return journal_damaged(r->why, "a record");
    return is_of_target || r->record.job < r->jobs ? OK
                                                   : journal_damaged(r->why, "a record of no job");
}

static enum err reader_init(struct record_reader *r)
{
    struct head head;
    arena_init(&r->arena, RECORD_BYTES_MAX);
    enum err err = head_of_run(r->j, r->run, &head, r->why);
    r->jobs = err == OK ? head.head.jobs : 0;
    return err;
}

static bool walk_one(void *ctx, const struct store_row *row)
{
    assert(((const struct record_reader *)ctx)->walk);
    struct record_reader *r = ctx;
    r->err = record_read(r, row);
    struct kept kept = {.number = row->number,
                        .digest = (uint64_t)value_int(&row->values[RECORD_DIGEST]),
                        .words = words_of(r->j, row->values),
                        .values = row->values};
    return r->err == OK && r->walk(r->ctx, &r->record, &kept);
}

enum err record_walk(struct journal *j, uint64_t run,
                     bool (*fn)(void *ctx, const struct record *record, const struct kept *kept),
                     void *ctx, struct why *why)
{
    struct record_reader r = {.j = j, .run = run, .walk = fn, .ctx = ctx, .why = why};
    enum err err = reader_init(&r);
    if (err == OK)
        err = journal_each(j, TABLE_RECORD, run, walk_one, &r, why);
    arena_clear(&r.arena);
    err = err == OK ? r.err : err;
    return err == OK ? OK : journal_wrap(j, err, why);
}

struct replaying {
    bool (*fn)(void *ctx, const struct record *record);
    void *ctx;
};

static bool replay_one(void *ctx, const struct record *record, const struct kept *kept)
{
    struct replaying *to = ctx;
    (void)kept;
    return !record_is_of_job(record) || to->fn(to->ctx, record);
}

enum err journal_replay(struct journal *j, uint64_t run,
                        bool (*fn)(void *ctx, const struct record *record), void *ctx,
                        struct why *why)
{
    struct replaying to = {fn, ctx};
    return record_walk(j, run, replay_one, &to, why);
}

static bool move_one(void *ctx, const struct store_row *row)
{
    struct record_reader *r = ctx;
    const struct store_value *v = row->values;
    bool ok = true;
    r->record =
        (struct record){.job = (uint32_t)value_number(&v[0], UINT32_MAX, &ok),
                        .at = value_int(&v[1]),
                        .kind = (enum record_kind)value_number(&v[2], RECORD_ANSWER, &ok),
                        .from = (enum job_state)value_number(&v[3], JOB_STATES - 1, &ok),
                        .row = {.state = (enum job_state)value_number(&v[4], JOB_STATES - 1, &ok),
                                .outcome = (enum outcome)value_number(&v[5], OUTCOMES - 1, &ok)}};
    if (!ok || r->record.job >= r->jobs) {
        r->err = journal_damaged(r->why, ok ? "a record of no job" : "a record");
        return false;
    }
    return r->fn(r->ctx, &r->record);
}

enum err journal_moves(struct journal *j, uint64_t run,
                       bool (*fn)(void *ctx, const struct record *record), void *ctx,
                       struct why *why)
{
    struct record_reader r = {.j = j, .run = run, .fn = fn, .ctx = ctx, .why = why};
    enum err err = reader_init(&r);
    if (err == OK)
        err = journal_each(j, VIEW_MOVES, run, move_one, &r, why);
    arena_clear(&r.arena);
    err = err == OK ? r.err : err;
    return err == OK ? OK : journal_wrap(j, err, why);
}

enum err outline_begin(struct outline *o, uint64_t run, uint32_t jobs, struct why *why)
{
    assert(run > 0);
    *o = (struct outline){.run = run, .jobs = jobs};
    o->marks = calloc(jobs ? jobs : 1, sizeof *o->marks);
    return o->marks ? OK : why_set(why, ERR_NOMEM, "out of memory");
}

void outline_clear(struct outline *o)
{
    free(o->marks);
    *o = (struct outline){.run = 0};
}

bool outline_take(struct outline *o, uint64_t job, uint64_t number, bool has_notes)
{
    if (!o->first)
        o->first = number;
    if (job >= o->jobs || number - o->first >= UINT32_MAX)
        return false;
    struct mark *m = &o->marks[job];
    m->last = (uint32_t)(number - o->first) + 1;
    m->said = has_notes ? m->last : m->said;
    return true;
}

static bool mark_one(void *ctx, const struct store_row *row)
{
    struct record_reader *r = ctx;
    bool ok = true;
    uint64_t job = value_number(&row->values[0], UINT32_MAX, &ok);
    ok = ok && outline_take(r->outline, job, row->number, value_int(&row->values[1]));
    if (!ok)
        r->err = journal_damaged(r->why, "a record of no job");
    return ok;
}

static uint64_t number_of(const struct outline *o, uint32_t place)
{
    assert(!place || o->first > 0);
    return place ? o->first + place - 1 : 0;
}

static bool row_one(void *ctx, const struct store_row *row)
{
    struct record_reader *r = ctx;
    r->err = record_read(r, row);
    r->more = r->err == OK && r->fn(r->ctx, &r->record);
    return r->more;
}

static enum err picks_read(struct record_reader *r, const struct store_pick *picks, uint32_t len)
{
    assert(len > 0);
    assert(len <= JOURNAL_FETCH_ROWS);
    enum err err = r->j->store->ops->fetch(r->j->store, r->run, picks, len, row_one, r, r->why);
    if (err == ERR_GONE)
        return journal_damaged(r->why, "a record is missing");
    return err == OK ? r->err : err;
}

static enum err rows_read(struct record_reader *r)
{
    const struct outline *o = r->outline;
    struct store_pick picks[JOURNAL_FETCH_ROWS];
    uint32_t len = 0;
    enum err err = OK;
    r->more = true;
    for (uint32_t i = 0; err == OK && r->more && i < r->jobs; i++) {
        struct mark m = o->marks[i];
        if (m.last)
            picks[len++] = (struct store_pick){number_of(o, m.last), number_of(o, m.said)};
        assert(m.said <= m.last);
        if (len == COUNT(picks)) {
            err = picks_read(r, picks, len);
            len = 0;
        }
    }
    return err == OK && r->more && len ? picks_read(r, picks, len) : err;
}

static enum err outline_read(struct record_reader *r)
{
    enum err err = outline_begin(r->outline, r->run, r->jobs, r->why);
    if (err == OK)
        err = journal_each(r->j, VIEW_OUTLINE, r->run, mark_one, r, r->why);
    return err == OK ? r->err : err;
}

enum err journal_rows(struct journal *j, uint64_t run,
                      bool (*fn)(void *ctx, const struct record *record), void *ctx,
                      struct why *why)
{
    struct outline own = {.run = 0};
    bool is_outlined = run > 0 && j->outline.run == run;
    struct record_reader r = {.j = j,
                              .run = run,
                              .reads_notes = true,
                              .outline = is_outlined ? &j->outline : &own,
                              .fn = fn,
                              .ctx = ctx,
                              .why = why};
    enum err err = reader_init(&r);
    if (err == OK && !is_outlined)
        err = outline_read(&r);
    if (err == OK)
        err = rows_read(&r);
    arena_clear(&r.arena);
    outline_clear(&own);
    return err == OK ? OK : journal_wrap(j, err, why);
}
