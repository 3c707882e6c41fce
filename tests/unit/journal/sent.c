/*
 * What other runs have sent, as a later run is told of it: a table of records of one identity.
 */
#include "base/count.h"
#include "journal/journal.h"
#include "journal/store_sqlite/store_sqlite.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

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
    assert_true(text_eq(a->identity, TEXT("example.com")));
    assert_true(a->word == JOURNAL_REFUSED || text_eq(a->mail_from, text_of(row->mail_from)));
    assert_true(text_eq(a->mail_from_before, TEXT(OLD)));
    return true;
}

static name_id name(struct fleet *f, const char *word)
{
    name_id id;
    assert_true(names_add(&f->names, text_of(word), &id));
    return id;
}

static void fleet_make(struct fleet *f)
{
    uint16_t account, lane, policy, file;
    uint32_t row;
    fleet_init(f);
    assert_true(names_init(&f->names, 1 << 16));
    assert_true(fleet_account(f, (struct account){.name = name(f, "default")}, &account));
    assert_true(fleet_lane(f, 0, name(f, "us-east-1"), &lane));
    assert_true(fleet_policy(f, (struct policy){.timeout_us = SPAN_H(72)}, &policy));
    assert_true(fleet_file(f, TEXT("fleet.yaml"), &file));
    struct choice choice = {.identity = name(f, "example.com"), .mail_from = name(f, WANTED)};
    assert_true(fleet_choice(f, choice, &row));
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

static void hear_of(const struct told_row *rows, size_t len)
{
    char folder[] = "/tmp/journal_sent.XXXXXX", file[64], command[64];
    struct journal *journal;
    struct fleet fleet;
    struct why why = {""};
    struct run_head head = {.verb = RUN_APPLY, .options = TEXT("{}"), .version = TEXT("0.1.0")};
    struct hearing h = {.rows = rows, .len = len};
    assert_non_null(mkdtemp(folder));
    snprintf(file, sizeof file, "%s/journal.db", folder);
    fleet_make(&fleet);
    assert_int_equal(journal_open_file(&journal, file, JOURNAL_WRITE, &why), OK);
    assert_int_equal(journal_begin(journal, &head, &fleet, &why), OK);
    for (size_t i = 0; i < len; i++)
        keep(journal, head.id, &rows[i], &why);
    assert_int_equal(journal_accepted(journal, hear, &h, &why), OK);
    while (h.at < h.len && !rows[h.at].is_told)
        h.at++;
    assert_int_equal(h.at, len);
    journal_close(journal);
    fleet_clear(&fleet);
    snprintf(command, sizeof command, "rm -rf %s", folder);
    assert_int_equal(system(command), 0);
}

static void an_answered_write_is_told_as_taken(void **state)
{
    (void)state;
    static const struct told_row rows[] = {
        {RECORD_MOVE, JOB_READY, OUTCOME_OPEN, OLD, 0, false, 0, ""},
        {RECORD_INTENT, JOB_WRITING, OUTCOME_OPEN, OLD, 0, true, JOURNAL_SENT, WANTED},
        {RECORD_ANSWER, JOB_FOLLOWING, OUTCOME_OPEN, WANTED, 1, true, JOURNAL_TAKEN, WANTED},
        {RECORD_MOVE, JOB_DONE, OUTCOME_DONE, WANTED, 1, true, JOURNAL_TAKEN, WANTED},
    };
    hear_of(rows, COUNT(rows));
}

/* Its process was killed, or the answer was lost and a look does not show the write. */
static void an_unanswered_write_is_told_as_sent(void **state)
{
    (void)state;
    static const struct told_row rows[] = {
        {RECORD_INTENT, JOB_WRITING, OUTCOME_OPEN, OLD, 0, true, JOURNAL_SENT, WANTED},
        {RECORD_ANSWER, JOB_UNSURE, OUTCOME_OPEN, OLD, 0, false, 0, ""},
        {RECORD_MOVE, JOB_READY, OUTCOME_OPEN, OLD, 0, false, 0, ""},
    };
    hear_of(rows, 1);
    hear_of(rows, COUNT(rows));
}

static void a_refused_write_is_taken_back(void **state)
{
    (void)state;
    static const struct told_row rows[] = {
        {RECORD_INTENT, JOB_WRITING, OUTCOME_OPEN, OLD, 0, true, JOURNAL_SENT, WANTED},
        {RECORD_ANSWER, JOB_READY, OUTCOME_OPEN, OLD, 0, true, JOURNAL_REFUSED, ""},
    };
    hear_of(rows, COUNT(rows));
}

static void what_has_drifted_is_another_operators(void **state)
{
    (void)state;
    static const struct told_row rows[] = {
        {RECORD_MOVE, JOB_DONE, OUTCOME_DRIFTED, "theirs.example.com", 1, false, 0, ""},
    };
    hear_of(rows, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_answered_write_is_told_as_taken),
        cmocka_unit_test(an_unanswered_write_is_told_as_sent),
        cmocka_unit_test(a_refused_write_is_taken_back),
        cmocka_unit_test(what_has_drifted_is_another_operators),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
