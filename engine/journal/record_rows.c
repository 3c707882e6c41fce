/*
 * The records of a run: appended, replayed, and folded to the last one per job. One table says how
 * a struct record lies in a row; binding and reading both walk it, so they cannot disagree.
 *
 * Only a judgement makes findings, so most records leave that text out (NULL) and mean the one of
 * the job's record before. Whoever reads gets it filled in: two numbers per job, 8 bytes, are all
 * that is held in memory for it.
 */
#include "inside.h"

#include "base/bounds.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

enum column_type {
    COLUMN_TEXT,
    COLUMN_CARRIED,
    COLUMN_U32,
    COLUMN_I64,
    COLUMN_SET,
    COLUMN_BOOL,
    COLUMN_ENUM
};

struct column {
    enum column_type type;
    size_t offset; /* in struct record */
    uint32_t last; /* COLUMN_ENUM: the greatest number that means something */
};

_Static_assert(sizeof(enum job_state) == sizeof(uint32_t),
               "enums are read and written as uint32_t");

#define AT(member) offsetof(struct record, member)
#define ENUM(member, last)                                                                         \
    {                                                                                              \
        COLUMN_ENUM, AT(member), (last)                                                            \
    }

/* In the order of the table `record`, from `job` on. */
static const struct column columns[] = {
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
    {COLUMN_TEXT, AT(row.mx), 0},
    {COLUMN_TEXT, AT(row.spf), 0},
    {COLUMN_TEXT, AT(row.dmarc), 0},
    {COLUMN_SET, AT(row.findings), 0},
    {COLUMN_CARRIED, AT(row.findings_json), 0},
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

#define FINDINGS_COLUMN 21 /* the one that is carried */
#define COLUMNS_LEN     ((int)(sizeof columns / sizeof columns[0]))

#define RECORD_COLUMNS                                                                             \
    "job, at, kind, from_state, write_mail_from, write_behavior, state, action, outcome,"          \
    " reason, before_known, mail_from_before, behavior_before, seen_known, mail_from_seen,"        \
    " behavior_seen, status_seen, mx, spf, dmarc, findings, findings_json, writes, calls,"         \
    " restarts, attempts, first_seen, finished, deadline, verification, accepted, wave"

static void column_bind(const struct journal *j, int place, const struct column *c,
                        const struct record *record)
{
    struct sql_stmt *st = j->append;
    const void *at = (const char *)record + c->offset;
    switch (c->type) {
    case COLUMN_CARRIED:
        if (!((const struct text *)at)->at) {
            sql_bind_null(st, place);
            break;
        }
        /* fall through */
    case COLUMN_TEXT: sql_bind_text(st, place, *(const struct text *)at); break;
    case COLUMN_I64: sql_bind_int(st, place, *(const int64_t *)at); break;
    case COLUMN_SET:
        sql_bind_int(st, place, (int64_t)rule_numbers_to_row(j, *(const finding_set *)at));
        break;
    case COLUMN_BOOL: sql_bind_int(st, place, *(const bool *)at); break;
    case COLUMN_U32: sql_bind_int(st, place, *(const uint32_t *)at); break;
    case COLUMN_ENUM: {
        uint32_t value;
        memcpy(&value, at, sizeof value);
        assert(value <= c->last);
        sql_bind_int(st, place, value);
    }
    }
}

/* Where a job's story stands: numbers of records, counted from the run's first_record; 0: none. */
struct mark {
    uint32_t last; /* its newest record */
    uint32_t said; /* the newest one that brought findings */
};

struct reader {
    struct journal *j;
    uint64_t run;
    struct mark *marks; /* one per job */
    uint32_t jobs;
    int64_t first; /* the run's first_record */
    struct sql_stmt *findings;
    struct arena arena; /* the texts of *record; reset per record */
    struct record record;
};

/* False: the number is none that this program writes. */
static bool column_read(struct reader *r, struct sql_stmt *st, int i, bool *fits)
{
    const struct column *c = &columns[i];
    void *at = (char *)&r->record + c->offset;
    bool ok = true;
    if (c->type == COLUMN_TEXT || c->type == COLUMN_CARRIED) {
        struct text t = sql_col_text(st, i), copy = t.len ? arena_text(&r->arena, t) : TEXT_NONE;
        *fits &= t.len == 0 || copy.at;
        memcpy(at, &copy, sizeof copy);
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

static void reader_clear(struct reader *r)
{
    sql_finish(r->findings);
    arena_clear(&r->arena);
    free(r->marks);
}

static enum err reader_init(struct reader *r, struct journal *j, uint64_t run, struct why *why)
{
    struct sql_stmt *st;
    bool ok = true;
    *r = (struct reader){.j = j, .run = run};
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
    if (!ok)
        return journal_damaged(why, "a run's head");
    return sql_prepare(j->sql, &r->findings, TEXT("SELECT findings_json FROM record WHERE seq = ?"),
                       why);
}

static enum err reader_mark(struct reader *r, uint64_t job, int64_t seq, bool says, struct why *why)
{
    if (job >= r->jobs || seq - r->first > UINT32_MAX)
        return journal_damaged(why, "a record of no job");
    r->marks[job].last = (uint32_t)(seq - r->first);
    if (says)
        r->marks[job].said = r->marks[job].last;
    return OK;
}

/* The findings of a record that left them out. */
static enum err findings_fill(struct reader *r, struct why *why)
{
    uint32_t said = r->marks[r->record.job].said;
    if (!said)
        return OK;
    sql_bind_int(r->findings, 1, r->first + said);
    enum err err = sql_step(r->j->sql, r->findings, why);
    if (err != OK)
        return err == ERR_GONE ? journal_damaged(why, "a record is missing") : err;
    struct text found = sql_col_text(r->findings, 0);
    r->record.row.findings_json = found.len ? arena_text(&r->arena, found) : TEXT_NONE;
    bool fits = found.len == 0 || r->record.row.findings_json.at;
    sql_reset(r->findings);
    return fits ? OK : why_set(why, ERR_NOMEM, "out of memory");
}

static enum err record_read(struct reader *r, struct sql_stmt *st, struct why *why)
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
    return sql_col_is_null(st, FINDINGS_COLUMN) ? findings_fill(r, why) : OK;
}

static enum err append_prepare(struct journal *j, struct why *why)
{
    if (j->append)
        return OK;
    return sql_prepare(j->sql, &j->append,
                       TEXT("INSERT INTO record VALUES (NULL,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,"
                            "?,?,?,?,?,?,?,?,?,?,?,?,?,?)"),
                       why);
}

static enum err record_store(struct journal *j, uint64_t run, const struct record *record,
                             struct why *why)
{
    sql_bind_int(j->append, 1, (int64_t)run);
    for (int c = 0; c < COLUMNS_LEN; c++)
        column_bind(j, c + 2, &columns[c], record);
    return sql_run(j->sql, j->append, why);
}

enum err journal_keep(struct journal *j, uint64_t run, const struct record *records, uint32_t len,
                      struct why *why)
{
    bool intends = false;
    enum err err = journal_enter(j, why);
    if (err != OK)
        return err;
    err = append_prepare(j, why);
    for (uint32_t i = 0; err == OK && i < len; i++) {
        intends |= records[i].kind == RECORD_INTENT;
        err = records[i].kind == RECORD_LANE ? lane_note_store(j, run, &records[i], why)
                                             : record_store(j, run, &records[i], why);
    }
    err = journal_leave(j, err, why);
    return err == OK && intends ? journal_stand(j, why) : err;
}

/* Steps through `SELECT ..., seq, says` in the order of keeping. */
static enum err replay_step(struct reader *r, struct sql_stmt *st, struct why *why)
{
    enum err err = sql_step(r->j->sql, st, why);
    if (err == OK)
        err = record_read(r, st, why);
    if (err == OK)
        err = reader_mark(r, r->record.job, sql_col_int(st, COLUMNS_LEN),
                          !sql_col_is_null(st, FINDINGS_COLUMN), why);
    return err;
}

enum err journal_replay(struct journal *j, uint64_t run,
                        bool (*fn)(void *ctx, const struct record *record), void *ctx,
                        struct why *why)
{
    struct reader r;
    struct sql_stmt *st = NULL;
    bool more = true;
    enum err err = reader_init(&r, j, run, why);
    bool found = err != ERR_GONE;
    if (err == OK)
        err = journal_select(j, &st,
                             "SELECT " RECORD_COLUMNS ", seq FROM record WHERE run = ?1"
                             " AND seq > ?2 ORDER BY seq",
                             run, why);
    if (err == OK)
        sql_bind_int(st, 2, r.first);
    while (err == OK && more && (err = replay_step(&r, st, why)) == OK)
        more = fn(ctx, &r.record);
    sql_finish(st);
    reader_clear(&r);
    if (err == OK || (err == ERR_GONE && found))
        return OK;
    return why_wrap(why, err, "journal %s", j->place.file);
}

static enum err marks_read(struct reader *r, struct why *why)
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

static enum err last_record_read(struct reader *r, struct sql_stmt *st, uint32_t job,
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
    struct reader r;
    struct sql_stmt *st = NULL;
    bool more = true;
    enum err err = reader_init(&r, j, run, why);
    if (err == OK)
        err = marks_read(&r, why);
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

enum err journal_written(struct journal *j,
                         bool (*fn)(void *ctx, struct text account, struct text region,
                                    struct text identity, struct text mail_from),
                         void *ctx, struct why *why)
{
    struct sql_stmt *st = NULL;
    bool more = true;
    enum err err =
        sql_prepare(j->sql, &st,
                    TEXT("SELECT a.name, l.region, c.identity, r.write_mail_from FROM record r"
                         " CROSS JOIN choice c ON c.run = r.run AND c.place = r.job"
                         " CROSS JOIN lane l ON l.run = r.run AND l.place = c.lane"
                         " CROSS JOIN account a ON a.run = r.run AND a.place = l.account"
                         " WHERE r.kind = 1 AND r.write_mail_from <> '' ORDER BY r.seq"),
                    why);
    while (err == OK && more && (err = sql_step(j->sql, st, why)) == OK)
        more = fn(ctx, sql_col_text(st, 0), sql_col_text(st, 1), sql_col_text(st, 2),
                  sql_col_text(st, 3));
    sql_finish(st);
    if (!more)
        return why_set(why, ERR_NOMEM, "out of memory");
    return err == ERR_GONE ? OK : why_wrap(why, err, "journal %s", j->place.file);
}

static enum journal_word word_of(struct sql_stmt *st)
{
    if (sql_col_int(st, 9) == RECORD_INTENT)
        return JOURNAL_SENT;
    return sql_col_int(st, 10) > 0 ? JOURNAL_TAKEN : JOURNAL_REFUSED;
}

static struct journal_accepted accepted_of(struct sql_stmt *st)
{
    return (struct journal_accepted){.word = word_of(st),
                                     .run = (uint64_t)sql_col_int(st, 0),
                                     .account = sql_col_text(st, 1),
                                     .region = sql_col_text(st, 2),
                                     .identity = sql_col_text(st, 3),
                                     .mail_from = sql_col_text(st, 4),
                                     .behavior = (enum behavior)(sql_col_int(st, 5) != 0),
                                     .mail_from_before = sql_col_text(st, 6),
                                     .behavior_before = (enum behavior)(sql_col_int(st, 7) != 0),
                                     .at = sql_col_int(st, 8)};
}

/* A row that has drifted saw what is another operator's. An answer that leaves a row unsure is
 * none: 1 and 2 are intents and answers, 6 is JOB_UNSURE. */
enum err journal_accepted(struct journal *j,
                          bool (*fn)(void *ctx, const struct journal_accepted *accepted), void *ctx,
                          struct why *why)
{
    struct sql_stmt *st = NULL;
    bool more = true;
    enum err err =
        sql_prepare(j->sql, &st,
                    TEXT("SELECT r.run, a.name, l.region, c.identity,"
                         " iif(r.kind = 1, r.write_mail_from, r.mail_from_seen),"
                         " iif(r.kind = 1, r.write_behavior, r.behavior_seen),"
                         " r.mail_from_before, r.behavior_before, r.at, r.kind, r.accepted"
                         " FROM record r"
                         " CROSS JOIN choice c ON c.run = r.run AND c.place = r.job"
                         " CROSS JOIN lane l ON l.run = r.run AND l.place = c.lane"
                         " CROSS JOIN account a ON a.run = r.run AND a.place = l.account"
                         " WHERE (r.accepted > 0 OR r.kind IN (1, 2)) AND r.outcome <> 9"
                         " AND NOT (r.kind = 2 AND r.state = 6)"
                         " ORDER BY r.seq"),
                    why);
    while (err == OK && more && (err = sql_step(j->sql, st, why)) == OK) {
        struct journal_accepted accepted = accepted_of(st);
        more = fn(ctx, &accepted);
    }
    sql_finish(st);
    if (!more)
        return why_set(why, ERR_NOMEM, "out of memory");
    return err == ERR_GONE ? OK : why_wrap(why, err, "journal %s", j->place.file);
}
