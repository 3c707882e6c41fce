/*
 * The records of a run: appended, replayed, and folded to the last one per job. One table says how
 * a struct record lies in a row; binding and reading both walk it, so they cannot disagree.
 *
 * Only a judgement makes notes of findings, so most records leave them out (NULL) and mean those of
 * the job's record before. Whoever reads rows gets them filled in: two numbers per job, 8 bytes,
 * are all that is held in memory for it. A replay reads none.
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

enum name_kind { NAME_MX, NAME_SPF, NAME_DMARC };

static_assert(sizeof(enum job_state) == sizeof(uint32_t), "enums are read and written as uint32_t");

#define AT(member) offsetof(struct record, member)
#define ENUM(member, last)                                                                         \
    {                                                                                              \
        COLUMN_ENUM, AT(member), (last)                                                            \
    }

/* In the order of the table `record`, from `job` on. */
static const struct record_column columns[] = {
    {COLUMN_U32, AT(job), 0},
    {COLUMN_I64, AT(at), 0},
    ENUM(kind, RECORD_ANSWER),
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
};

#define MX_COLUMN    17 /* spf and dmarc follow */
#define SET_COLUMN   20
#define NOTES_COLUMN 21 /* the one that is carried */
#define COLUMNS_LEN  ((int)COUNT(columns))

#define RECORD_COLUMNS                                                                             \
    "job, at, kind, from_state, write_mail_from, write_behavior, state, action, outcome,"          \
    " reason, before_known, mail_from_before, behavior_before, seen_known, mail_from_seen,"        \
    " behavior_seen, status_seen, mx, spf, dmarc, findings, findings_json, writes, calls,"         \
    " restarts, attempts, first_seen, finished, deadline, verification, accepted, wave"

static const char *name_of(uint32_t kind, uint32_t value)
{
    switch ((enum name_kind)kind) {
    case NAME_MX: return mx_status_name((enum mx_status)value);
    case NAME_SPF: return spf_status_name((enum spf_status)value);
    case NAME_DMARC: break;
    }
    return dmarc_status_name((enum dmarc_status)value);
}

/* A name that this program does not know says nothing to it. */
static uint32_t name_parse(uint32_t kind, struct text name)
{
    switch ((enum name_kind)kind) {
    case NAME_MX: return mx_status_parse(name);
    case NAME_SPF: return spf_status_parse(name);
    case NAME_DMARC: break;
    }
    return dmarc_status_parse(name);
}

/* The text must last until the statement has run. */
static void notes_bind(struct journal *j, int place, const struct finding_notes *notes)
{
    buf_reset(&j->notes);
    if (notes->known) {
        findings_write(notes, &j->notes);
        sql_bind_text(j->append, place, buf_text(&j->notes));
    } else {
        sql_bind_null(j->append, place);
    }
}

static void column_bind(struct journal *j, int place, const struct record_column *c,
                        const struct record *record)
{
    struct sql_stmt *st = j->append;
    const void *at = (const char *)record + c->offset;
    switch (c->type) {
    case COLUMN_NOTES: notes_bind(j, place, at); break;
    case COLUMN_TEXT: sql_bind_text(st, place, *(const struct text *)at); break;
    case COLUMN_I64: sql_bind_int(st, place, *(const int64_t *)at); break;
    case COLUMN_SET:
        sql_bind_int(st, place, (int64_t)rule_numbers_to_row(j, *(const finding_set *)at));
        break;
    case COLUMN_BOOL: sql_bind_int(st, place, *(const bool *)at); break;
    case COLUMN_U32: sql_bind_int(st, place, *(const uint32_t *)at); break;
    case COLUMN_NAME:
    case COLUMN_ENUM: {
        uint32_t value;
        memcpy(&value, at, sizeof value);
        assert(c->type == COLUMN_NAME || value <= c->last);
        if (c->type == COLUMN_NAME)
            sql_bind_text(st, place, text_of(name_of(c->last, value)));
        else
            sql_bind_int(st, place, value);
    }
    }
}

/* Where a job's story stands: numbers of records, counted from the run's first_record; 0: none. */
struct mark {
    uint32_t last; /* its newest record */
    uint32_t said; /* the newest one that brought findings */
};

struct record_reader {
    struct journal *j;
    uint64_t run;
    struct mark *marks; /* one per job */
    uint32_t jobs;
    int64_t first;          /* the run's first_record */
    struct sql_stmt *notes; /* NULL: they are not read */
    struct arena arena;     /* the texts of *record; reset per record */
    struct record record;
};

/* False: the number is none that this program writes. */
static bool column_read(struct record_reader *r, struct sql_stmt *st, int i, bool *fits)
{
    const struct record_column *c = &columns[i];
    void *at = (char *)&r->record + c->offset;
    bool ok = true;
    if (c->type == COLUMN_NOTES) {
        if (r->notes)
            *fits &= findings_read(sql_col_text(st, i), &r->arena, at);
    } else if (c->type == COLUMN_TEXT) {
        struct text t = sql_col_text(st, i), copy = t.len ? arena_text(&r->arena, t) : TEXT_NONE;
        *fits &= t.len == 0 || copy.at;
        memcpy(at, &copy, sizeof copy);
    } else if (c->type == COLUMN_NAME) {
        uint32_t value = name_parse(c->last, sql_col_text(st, i));
        memcpy(at, &value, sizeof value);
    } else if (c->type == COLUMN_I64) {
        *(int64_t *)at = sql_col_int(st, i);
    } else if (c->type == COLUMN_SET) {
        *(finding_set *)at = rule_numbers_from_row(r->j, st, i, &ok);
    } else if (c->type == COLUMN_BOOL) {
        *(bool *)at = journal_number(st, i, 1, &ok) == 1;
    } else {
        uint64_t last = c->type == COLUMN_ENUM ? c->last : UINT32_MAX;
        uint32_t value = (uint32_t)journal_number(st, i, last, &ok);
        memcpy(at, &value, sizeof value);
    }
    return ok;
}

static void reader_clear(struct record_reader *r)
{
    sql_finish(r->notes);
    arena_clear(&r->arena);
    free(r->marks);
}

static enum err reader_init(struct record_reader *r, struct journal *j, uint64_t run,
                            struct why *why)
{
    struct sql_stmt *st;
    bool ok = true;
    *r = (struct record_reader){.j = j, .run = run};
    arena_init(&r->arena, RECORD_BYTES_MAX);
    enum err err =
        journal_select(j, &st, "SELECT jobs, first_record FROM run WHERE id = ?", run, why);
    if (err == OK && (err = sql_step(j->sql, st, why)) == OK) {
        r->jobs = (uint32_t)journal_number(st, 0, IDENTITIES_MAX, &ok);
        r->first = (int64_t)journal_number(st, 1, INT64_MAX, &ok);
    }
    sql_finish(st);
    if (err == ERR_GONE)
        return why_set(why, err, "has no run %llu", (unsigned long long)run);
    if (err != OK)
        return err;
    r->marks = calloc(r->jobs ? r->jobs : 1, sizeof *r->marks);
    if (!r->marks)
        return why_set(why, ERR_NOMEM, "out of memory");
    return ok ? OK : journal_damaged(why, "a run's head");
}

static enum err reader_mark(struct record_reader *r, uint64_t job, int64_t seq, bool says,
                            struct why *why)
{
    if (job >= r->jobs || seq - r->first > UINT32_MAX)
        return journal_damaged(why, "a record of no job");
    r->marks[job].last = (uint32_t)(seq - r->first);
    if (says)
        r->marks[job].said = r->marks[job].last;
    return OK;
}

/* The notes of a record that left them out. */
static enum err notes_fill(struct record_reader *r, struct why *why)
{
    uint32_t said = r->marks[r->record.job].said;
    if (!said)
        return OK;
    sql_bind_int(r->notes, 1, r->first + said);
    enum err err = sql_step(r->j->sql, r->notes, why);
    if (err != OK)
        return err == ERR_GONE ? journal_damaged(why, "a record is missing") : err;
    bool fits = findings_read(sql_col_text(r->notes, 0), &r->arena, &r->record.row.notes);
    sql_reset(r->notes);
    return fits ? OK : why_set(why, ERR_NOMEM, "out of memory");
}

static enum err record_read(struct record_reader *r, struct sql_stmt *st, struct why *why)
{
    bool fits = true;
    r->record = (struct record){0};
    arena_reset(&r->arena);
    for (int i = 0; i < COLUMNS_LEN; i++)
        if (!column_read(r, st, i, &fits))
            return journal_damaged(why, "a record");
    if (!fits)
        return why_set(why, ERR_NOMEM, "out of memory");
    if (r->record.job >= r->jobs)
        return journal_damaged(why, "a record of no job");
    return r->notes && sql_col_is_null(st, NOTES_COLUMN) ? notes_fill(r, why) : OK;
}

static enum err append_prepare(struct journal *j, struct why *why)
{
    if (j->append)
        return OK;
    return sql_prepare(j->sql, &j->append,
                       TEXT("INSERT INTO record VALUES (NULL,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,"
                            "?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)"),
                       why);
}

/* The words of a row as its columns hold them; its notes are bound already. */
static struct record_words words_of(struct journal *j, const struct job_row *row)
{
    struct record_words words = {.mx = text_of(mx_status_name(row->mx)),
                                 .spf = text_of(spf_status_name(row->spf)),
                                 .dmarc = text_of(dmarc_status_name(row->dmarc))};
    if (row->notes.known)
        words.notes = buf_text(&j->notes);
    if (row->findings)
        words.rules = rule_numbers_digest(j, rule_numbers_to_row(j, row->findings));
    return words;
}

static enum err record_store(struct journal *j, uint64_t run, const struct record *record,
                             struct why *why)
{
    sql_bind_int(j->append, 1, (int64_t)run);
    for (int c = 0; c < COLUMNS_LEN; c++)
        column_bind(j, c + 2, &columns[c], record);
    if (j->notes.failed)
        return why_set(why, ERR_NOMEM, "out of memory");
    struct record_words words = words_of(j, &record->row);
    j->tail.digest = record_digest(j->tail.digest, record, &words);
    sql_bind_int(j->append, COLUMNS_LEN + 2, (int64_t)j->tail.digest);
    enum err err = sql_run(j->sql, j->append, why);
    j->tail.record = (uint64_t)sql_last_id(j->sql);
    return err;
}

enum err journal_keep(struct journal *j, uint64_t run, const struct record *records, uint32_t len,
                      struct why *why)
{
    bool intends = false;
    enum err err = journal_enter(j, why);
    if (err != OK)
        return err;
    err = append_prepare(j, why);
    if (err == OK)
        err = tail_of_run(j, run, why);
    for (uint32_t i = 0; err == OK && i < len; i++) {
        intends |= records[i].kind == RECORD_INTENT;
        err = records[i].kind == RECORD_LANE ? lane_note_store(j, run, &records[i], why)
                                             : record_store(j, run, &records[i], why);
    }
    err = journal_leave(j, err, why);
    if (err == OK)
        err = mark_advance(j, why);
    return err == OK && intends ? journal_stand(j, why) : err;
}

/* Steps through `SELECT ..., seq, digest` in the order of keeping. */
static enum err replay_step(struct record_reader *r, struct sql_stmt *st, struct kept *kept,
                            struct why *why)
{
    enum err err = sql_step(r->j->sql, st, why);
    if (err == OK)
        err = record_read(r, st, why);
    if (err != OK)
        return err;
    *kept = (struct kept){
        .seq = (uint64_t)sql_col_int(st, COLUMNS_LEN),
        .digest = (uint64_t)sql_col_int(st, COLUMNS_LEN + 1),
        .words = {.mx = sql_col_text(st, MX_COLUMN),
                  .spf = sql_col_text(st, MX_COLUMN + 1),
                  .dmarc = sql_col_text(st, MX_COLUMN + 2),
                  .notes = sql_col_text(st, NOTES_COLUMN),
                  .rules = rule_numbers_digest(r->j, (uint64_t)sql_col_int(st, SET_COLUMN))}};
    return reader_mark(r, r->record.job, (int64_t)kept->seq, !sql_col_is_null(st, NOTES_COLUMN),
                       why);
}

enum err record_walk(struct journal *j, uint64_t run,
                     bool (*fn)(void *ctx, const struct record *record, const struct kept *kept),
                     void *ctx, struct why *why)
{
    struct record_reader r;
    struct kept kept;
    struct sql_stmt *st = NULL;
    bool more = true;
    enum err err = reader_init(&r, j, run, why);
    bool found = err != ERR_GONE;
    if (err == OK)
        err = journal_select(j, &st,
                             "SELECT " RECORD_COLUMNS ", seq, digest FROM record WHERE run = ?1"
                             " AND seq > ?2 ORDER BY seq",
                             run, why);
    if (err == OK)
        sql_bind_int(st, 2, r.first);
    while (err == OK && more && (err = replay_step(&r, st, &kept, why)) == OK)
        more = fn(ctx, &r.record, &kept);
    sql_finish(st);
    reader_clear(&r);
    if (err == OK || (err == ERR_GONE && found))
        return OK;
    return why_wrap(why, err, "journal %s", j->place.file);
}

struct replaying {
    bool (*fn)(void *ctx, const struct record *record);
    void *ctx;
};

static bool replay_one(void *ctx, const struct record *record, const struct kept *kept)
{
    struct replaying *to = ctx;
    (void)kept;
    return to->fn(to->ctx, record);
}

enum err journal_replay(struct journal *j, uint64_t run,
                        bool (*fn)(void *ctx, const struct record *record), void *ctx,
                        struct why *why)
{
    struct replaying to = {fn, ctx};
    return record_walk(j, run, replay_one, &to, why);
}

static enum err marks_read(struct record_reader *r, struct why *why)
{
    struct sql_stmt *st;
    bool ok = true;
    enum err err = journal_select(r->j, &st,
                                  "SELECT seq, job, findings_json IS NOT NULL FROM record"
                                  " WHERE run = ?1 AND seq > ?2 ORDER BY seq",
                                  r->run, why);
    if (err == OK)
        sql_bind_int(st, 2, r->first);
    while (err == OK && (err = sql_step(r->j->sql, st, why)) == OK) {
        uint64_t job = journal_number(st, 1, UINT32_MAX, &ok);
        err = ok ? reader_mark(r, job, sql_col_int(st, 0), sql_col_int(st, 2) == 1, why)
                 : journal_damaged(why, "a record of no job");
    }
    sql_finish(st);
    return err == ERR_GONE ? OK : err;
}

static enum err last_record_read(struct record_reader *r, struct sql_stmt *st, uint32_t job,
                                 struct why *why)
{
    sql_bind_int(st, 1, r->first + r->marks[job].last);
    enum err err = sql_step(r->j->sql, st, why);
    if (err != OK)
        return err == ERR_GONE ? journal_damaged(why, "a record is missing") : err;
    err = record_read(r, st, why);
    sql_reset(st);
    return err;
}

enum err journal_rows(struct journal *j, uint64_t run,
                      bool (*fn)(void *ctx, const struct record *record), void *ctx,
                      struct why *why)
{
    struct record_reader r;
    struct sql_stmt *st = NULL;
    bool more = true;
    enum err err = reader_init(&r, j, run, why);
    if (err == OK)
        err = marks_read(&r, why);
    if (err == OK)
        err = sql_prepare(j->sql, &r.notes, TEXT("SELECT findings_json FROM record WHERE seq = ?"),
                          why);
    if (err == OK)
        err = sql_prepare(j->sql, &st, TEXT("SELECT " RECORD_COLUMNS " FROM record WHERE seq = ?"),
                          why);
    for (uint32_t i = 0; err == OK && more && i < r.jobs; i++) {
        if (!r.marks[i].last)
            continue;
        err = last_record_read(&r, st, i, why);
        more = err == OK && fn(ctx, &r.record);
    }
    sql_finish(st);
    reader_clear(&r);
    return err == OK ? OK : why_wrap(why, err, "journal %s", j->place.file);
}
