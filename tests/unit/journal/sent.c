/*
 * What other runs have sent, as a later run is told of it: a table of records of one identity.
 */
#include "stores.h"

#define WANTED "bounce.example.com"
#define OLD    "old.example.com"

/* One record of the identity, and what is told of it. */
struct told_row {
    enum record_kind kind;
    enum job_state state;
    enum outcome outcome;
    const char *seen;
    uint32_t accepted;
    bool is_told;
    enum journal_word word;
    const char *mail_from; /* that is told */
};

struct hearing {
    const struct told_row *rows;
    size_t len, at; /* the row that is heard next */
};

static bool hear(void *ctx, const struct journal_accepted *a)
{
    struct hearing *h = ctx;
    while (h->at < h->len && !h->rows[h->at].is_told)
        h->at++;
    assert_true(h->at < h->len);
    const struct told_row *row = &h->rows[h->at++];
    assert_int_equal(a->word, row->word);
    assert_true(text_eq(a->identity, TEXT("d0.test")));
    assert_true(a->word == JOURNAL_REFUSED || text_eq(a->mail_from, text_of(row->mail_from)));
    assert_true(text_eq(a->mail_from_before, TEXT(OLD)));
    return true;
}

static void keep(struct journal *j, uint64_t run, const struct told_row *row, struct why *why)
{
    struct record r = {.kind = row->kind, .at = 1000, .from = JOB_READY};
    r.row = (struct job_row){.state = row->state,
                             .outcome = row->outcome,
                             .before_known = true,
                             .mail_from_before = TEXT(OLD),
                             .seen_known = true,
                             .mail_from_seen = text_of(row->seen),
                             .accepted = row->accepted};
    if (row->state == JOB_WRITING || row->state == JOB_UNSURE)
        r.write_mail_from = TEXT(WANTED);
    assert_int_equal(journal_keep(j, run, &r, 1, why), OK);
}

static void hear_of(void **state, const struct told_row *rows, size_t len)
{
    struct stored *s = *state;
    struct hearing h = {.rows = rows, .len = len};
    stored_open(s, JOURNAL_WRITE);
    uint64_t run = stored_begin(s, 1);
    for (size_t i = 0; i < len; i++)
        keep(s->journal, run, &rows[i], &s->why);
    stored_open(s, JOURNAL_READ);
    assert_int_equal(journal_accepted(s->journal, hear, &h, &s->why), OK);
    while (h.at < h.len && !rows[h.at].is_told)
        h.at++;
    assert_int_equal(h.at, len);
}

static void an_answered_write_is_told_as_taken(void **state)
{
    static const struct told_row rows[] = {
        {RECORD_MOVE, JOB_READY, OUTCOME_OPEN, OLD, 0, false, 0, ""},
        {RECORD_INTENT, JOB_WRITING, OUTCOME_OPEN, OLD, 0, true, JOURNAL_SENT, WANTED},
        {RECORD_ANSWER, JOB_FOLLOWING, OUTCOME_OPEN, WANTED, 1, true, JOURNAL_TAKEN, WANTED},
        {RECORD_MOVE, JOB_DONE, OUTCOME_DONE, WANTED, 1, true, JOURNAL_TAKEN, WANTED},
    };
    hear_of(state, rows, COUNT(rows));
}

/* Its process was killed, or the answer was lost and a look does not show the write. */
static void an_unanswered_write_is_told_as_sent(void **state)
{
    static const struct told_row rows[] = {
        {RECORD_INTENT, JOB_WRITING, OUTCOME_OPEN, OLD, 0, true, JOURNAL_SENT, WANTED},
        {RECORD_ANSWER, JOB_UNSURE, OUTCOME_OPEN, OLD, 0, false, 0, ""},
        {RECORD_MOVE, JOB_READY, OUTCOME_OPEN, OLD, 0, false, 0, ""},
    };
    hear_of(state, rows, 1);
    stored_again(state);
    hear_of(state, rows, COUNT(rows));
}

static void a_refused_write_is_taken_back(void **state)
{
    static const struct told_row rows[] = {
        {RECORD_INTENT, JOB_WRITING, OUTCOME_OPEN, OLD, 0, true, JOURNAL_SENT, WANTED},
        {RECORD_ANSWER, JOB_READY, OUTCOME_OPEN, OLD, 0, true, JOURNAL_REFUSED, ""},
    };
    hear_of(state, rows, COUNT(rows));
}

static void what_has_drifted_is_another_operators(void **state)
{
    static const struct told_row rows[] = {
        {RECORD_MOVE, JOB_DONE, OUTCOME_DRIFTED, "theirs.example.com", 1, false, 0, ""},
    };
    hear_of(state, rows, 1);
}

struct written {
    uint32_t len;
    uint64_t of[8];
    struct buf told;
};

static bool written_hear(void *ctx, const struct lane_name *lane, struct text identity,
                         struct text mail_from)
{
    buf_add_fmt(ctx, TEXT_FMT "/" TEXT_FMT " " TEXT_FMT "=" TEXT_FMT ";", TEXT_ARG(lane->account),
                TEXT_ARG(lane->region), TEXT_ARG(identity), TEXT_ARG(mail_from));
    return true;
}

static bool runs_hear(void *ctx, const struct journal_accepted *a)
{
    struct written *w = ctx;
    w->of[w->len] = a->run;
    return ++w->len < COUNT(w->of);
}

static void intend(struct stored *s, uint64_t run, uint32_t job, struct text mail_from)
{
    struct record r = {.kind = RECORD_INTENT,
                       .job = job,
                       .at = 1000,
                       .write_mail_from = mail_from,
                       .row.state = JOB_WRITING};
    assert_int_equal(journal_keep(s->journal, run, &r, 1, &s->why), OK);
}

/* Of all runs, in the order of keeping, though a run that was resumed goes on behind a later one.
 */
static void what_was_sent_comes_in_the_order_of_keeping(void **state)
{
    struct stored *s = *state;
    struct written w = {.len = 0};
    static const uint64_t order[] = {1, 2, 1, 1};
    stored_open(s, JOURNAL_WRITE);
    stored_begin(s, 2);
    stored_begin(s, 2);
    intend(s, 1, 0, TEXT("a.test"));
    intend(s, 2, 1, TEXT("b.test"));
    intend(s, 1, 1, TEXT(""));
    intend(s, 1, 0, TEXT("c.test"));
    buf_init(&w.told, 1 << 16);
    assert_int_equal(journal_written(s->journal, written_hear, &w.told, &s->why), OK);
    assert_text(buf_text(&w.told), TEXT("main/us-east-1 d0.test=a.test;main/us-east-1 d1.test="
                                        "b.test;main/us-east-1 d0.test=c.test;"));
    buf_clear(&w.told);
    assert_int_equal(journal_accepted(s->journal, runs_hear, &w, &s->why), OK);
    assert_int_equal(w.len, COUNT(order));
    for (size_t i = 0; i < COUNT(order); i++)
        assert_int_equal(w.of[i], order[i]);
}

static bool asked_tell(void *ctx, const struct journal_asked *asked)
{
    buf_add_fmt(ctx, TEXT_FMT "/%u/%d/%lld ", TEXT_ARG(asked->name), asked->type, asked->state,
                (long long)asked->at);
    return true;
}

/* Since when a record has been asked for belongs to no run, and is told in the order of keeping. */
static void what_was_asked_for_comes_back(void **state)
{
    struct stored *s = *state;
    const struct journal_asked first[] = {{TEXT("b.a.test"), 0, ASKED_MISSING, 5},
                                          {TEXT("b.a.test"), 1, ASKED_BLOCKED, 5},
                                          {TEXT_NONE, 0, ASKED_LOOK, 6}};
    const struct journal_asked second[] = {{TEXT("b.a.test"), 1, ASKED_PUBLISHED, 9},
                                           {TEXT_NONE, 0, ASKED_LOOK, 9}};
    struct buf told;
    buf_init(&told, 1 << 12);
    stored_open(s, JOURNAL_WRITE);
    assert_int_equal(journal_asked_keep(s->journal, first, 3, &s->why), OK);
    stored_begin(s, 2);
    assert_int_equal(journal_asked_keep(s->journal, second, 2, &s->why), OK);
    stored_open(s, JOURNAL_READ);
    assert_int_equal(journal_asked_each(s->journal, asked_tell, &told, &s->why), OK);
    buf_add_char(&told, '\0');
    assert_string_equal(told.at, "b.a.test/0/0/5 b.a.test/1/2/5 /0/4/6 b.a.test/1/3/9 /0/4/9 ");
    buf_clear(&told);
}

static void a_damaged_age_is_said(void **state)
{
    static const struct {
        const char *column;
        int64_t value;
    } damage[] = {{"type", 2}, {"state", 5}, {"state", 4}, {"at", 0}, {"at", -5}};
    const struct journal_asked one = {TEXT("b.a.test"), 1, ASKED_WRONG, 5};
    struct buf told;
    buf_init(&told, 1 << 12);
    for (size_t i = 0; i < sizeof damage / sizeof *damage; i++) {
        stored_again(state);
        struct stored *s = *state;
        stored_open(s, JOURNAL_WRITE);
        assert_int_equal(journal_asked_keep(s->journal, &one, 1, &s->why), OK);
        stored_close(s);
        stored_set(s, TABLE_ASKED, stored_number(s, 1), damage[i].column,
                   store_int(damage[i].value));
        stored_open(s, JOURNAL_READ);
        assert_int_equal(journal_asked_each(s->journal, asked_tell, &told, &s->why), ERR_IO);
        assert_non_null(strstr(s->why.text, "since when a record has been asked for"));
    }
    buf_clear(&told);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        ON_STORES(an_answered_write_is_told_as_taken),
        ON_STORES(an_unanswered_write_is_told_as_sent),
        ON_STORES(a_refused_write_is_taken_back),
        ON_STORES(what_has_drifted_is_another_operators),
        ON_STORES(what_was_sent_comes_in_the_order_of_keeping),
        ON_STORES(what_was_asked_for_comes_back),
        ON_STORES(a_damaged_age_is_said),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
