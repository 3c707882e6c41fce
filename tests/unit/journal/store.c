/*
 * What goes into a journal comes out of it: fleets, heads, records; and what is damaged is said.
 */
#include "journal/journal.h"
#include "journal/store_sqlite/store_sqlite.h"

#include "base/count.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

struct bench {
    char folder[64], file[96];
    struct journal *journal;
    struct fleet fleet;
    struct why why;
};

static name_id name(struct fleet *f, const char *bytes, size_t len)
{
    name_id id;
    assert_true(names_add(&f->names, (struct text){bytes, len}, &id));
    return id;
}
#define NAME(f, literal) name((f), (literal), sizeof(literal) - 1)

/* Every member has a value of its own, and some of the texts are hostile. */
static void fleet_fill(struct fleet *f)
{
    uint16_t account, lane, policy, file;
    uint32_t row;
    fleet_init(f);
    assert_true(names_init(&f->names, 1 << 20));
    struct account main_account = {NAME(f, "main"),
                                   NAME(f, "p"),
                                   NAME(f, "arn:aws:iam::1:role/x"),
                                   NAME(f, "ext"),
                                   NAME(f, "source"),
                                   NAME(f, "111122223333"),
                                   2.5};
    assert_true(fleet_account(f, main_account, &account));
    assert_true(fleet_account(f, (struct account){.name = NAME(f, "other")}, &account));
    assert_true(fleet_lane(f, 1, NAME(f, "eu-west-1"), &lane));
    assert_true(fleet_lane(f, 0, NAME(f, "us-east-1"), &lane));
    f->lanes[1].caller =
        (struct caller){NAME(f, "111122223333"), NAME(f, "aws-cn"),
                        NAME(f, "arn:aws-cn:iam::111122223333:user/x"), NAME(f, "profile p")};
    assert_true(fleet_policy(f, (struct policy){.timeout_us = SPAN_H(72)}, &policy));
    assert_true(fleet_policy(
        f,
        (struct policy){BEHAVIOR_REJECT_MESSAGE, REQUIRE_NONE, NAME(f, "us-west-2"), SPAN_M(5),
                        FINDING_BIT(DNS_TROUBLE) | FINDING_BIT(SENDS_MAIL), UNTIL_SET},
        &policy));
    assert_true(fleet_file(f, TEXT("a file.yaml"), &file));
    assert_true(fleet_file(f, TEXT("x\n'\"--;\xff.csv"), &file));
    struct choice choices[] = {
        {NAME(f, "example.com"), NAME(f, "bounce.example.com"), 1, 0, 0, IDENTITY_DOMAIN, 0, 3, 5},
        {NAME(f, "a'b\"c\x01\xfe@example.net"), MAIL_FROM_DEFAULT, 0, 1, 1, IDENTITY_EMAIL_ADDRESS,
         1, 4000000000u, 17},
        {NAME(f, "nul\0inside.example"), NAME(f, "m.example"), 0, 0, 0, IDENTITY_DOMAIN, 1, 0, 0},
    };
    for (size_t i = 0; i < 3; i++)
        assert_true(fleet_choice(f, choices[i], &row));
    f->expected = calloc(3, sizeof *f->expected);
    f->expected[1] = (struct expectation){.mail_from = NAME(f, "old.example.net"),
                                          .behavior = BEHAVIOR_REJECT_MESSAGE,
                                          .or_mail_from = NAME(f, "older.example.net"),
                                          .or_behavior = BEHAVIOR_REJECT_MESSAGE,
                                          .status = MAIL_FROM_SUCCESS};
    f->expected[2] = (struct expectation){.status = MAIL_FROM_UNKNOWN};
    f->waves[0] = (struct quota){false, 10};
    f->waves[1] = (struct quota){true, 12.5};
    f->waves_len = 2;
    f->max_failures = (struct quota){true, 2};
    for (size_t i = 0; i < sizeof f->digest; i++)
        f->digest[i] = (unsigned char)(i * 9);
}

static int set_up(void **state)
{
    struct bench *b = calloc(1, sizeof *b);
    strcpy(b->folder, "/tmp/journal_store.XXXXXX");
    assert_non_null(mkdtemp(b->folder));
    snprintf(b->file, sizeof b->file, "%s/journal.db", b->folder);
    fleet_fill(&b->fleet);
    if (journal_open_file(&b->journal, b->file, JOURNAL_WRITE, &b->why) != OK)
        fail_msg("%s", b->why.text);
    *state = b;
    return 0;
}

static int tear_down(void **state)
{
    struct bench *b = *state;
    char command[128];
    journal_close(b->journal);
    fleet_clear(&b->fleet);
    snprintf(command, sizeof command, "rm -rf %s", b->folder);
    assert_int_equal(system(command), 0);
    free(b);
    return 0;
}

static void assert_text(struct text a, struct text b)
{
    assert_int_equal(a.len, b.len);
    if (a.len)
        assert_memory_equal(a.at, b.at, a.len);
}

static uint64_t begin(struct bench *b)
{
    struct run_head head = {.verb = RUN_ROLLBACK,
                            .parent = 7,
                            .started = 1000,
                            .seed = UINT64_MAX - 3,
                            .options = TEXT("{\"rate\":1}"),
                            .version = TEXT("0.1.0")};
    if (journal_begin(b->journal, &head, &b->fleet, &b->why) != OK)
        fail_msg("%s", b->why.text);
    return head.id;
}

static struct text text_of_name(const struct fleet *f, name_id id)
{
    return names_text(&f->names, id);
}

static void assert_accounts(const struct fleet *a, const struct fleet *b)
{
    assert_int_equal(a->accounts_len, b->accounts_len);
    for (uint32_t i = 0; i < a->accounts_len; i++) {
        const name_id *x = &a->accounts[i].name, *y = &b->accounts[i].name;
        for (int n = 0; n < 6; n++)
            assert_text(text_of_name(a, x[n]), text_of_name(b, y[n]));
        assert_true(a->accounts[i].rate_per_s == b->accounts[i].rate_per_s);
    }
}

static void assert_choices(const struct fleet *a, const struct fleet *b)
{
    assert_int_equal(a->choices_len, b->choices_len);
    for (uint32_t i = 0; i < a->choices_len; i++) {
        struct choice x = a->choices[i], y = b->choices[i];
        assert_text(fleet_identity(a, i), fleet_identity(b, i));
        assert_text(fleet_mail_from(a, i), fleet_mail_from(b, i));
        assert_text(text_of_name(a, a->expected[i].mail_from),
                    text_of_name(b, b->expected[i].mail_from));
        assert_int_equal(a->expected[i].behavior, b->expected[i].behavior);
        assert_int_equal(a->expected[i].status, b->expected[i].status);
        assert_text(text_of_name(a, a->expected[i].or_mail_from),
                    text_of_name(b, b->expected[i].or_mail_from));
        assert_int_equal(a->expected[i].or_behavior, b->expected[i].or_behavior);
        x.identity = y.identity = x.mail_from = y.mail_from = 0;
        assert_memory_equal(&x, &y, sizeof x);
    }
}

static void a_fleet_comes_back_as_it_was(void **state)
{
    struct bench *b = *state;
    struct fleet f, *g = &b->fleet;
    uint64_t run = begin(b);
    fleet_init(&f);
    if (journal_fleet(b->journal, run, &f, &b->why) != OK)
        fail_msg("%s", b->why.text);
    assert_accounts(&f, g);
    assert_choices(&f, g);
    assert_int_equal(f.lanes_len, g->lanes_len);
    for (uint32_t i = 0; i < f.lanes_len; i++) {
        assert_int_equal(f.lanes[i].account, g->lanes[i].account);
        assert_text(text_of_name(&f, f.lanes[i].region), text_of_name(g, g->lanes[i].region));
        const name_id *x = &f.lanes[i].caller.account, *y = &g->lanes[i].caller.account;
        for (int n = 0; n < 4; n++)
            assert_text(text_of_name(&f, x[n]), text_of_name(g, y[n]));
    }
    assert_int_equal(f.policies_len, g->policies_len);
    for (uint32_t i = 0; i < f.policies_len; i++) {
        struct policy x = f.policies[i], y = g->policies[i];
        assert_text(text_of_name(&f, x.mx_region), text_of_name(g, y.mx_region));
        assert_int_equal(x.behavior, y.behavior);
        assert_int_equal(x.require, y.require);
        assert_int_equal(x.timeout_us, y.timeout_us);
        assert_true(x.accept == y.accept);
    }
    assert_int_equal(f.files_len, g->files_len);
    for (uint32_t i = 0; i < f.files_len; i++)
        assert_text(f.files[i], g->files[i]);
    assert_int_equal(f.waves_len, 2);
    for (uint32_t i = 0; i < 2; i++) {
        assert_int_equal(f.waves[i].is_percent, g->waves[i].is_percent);
        assert_true(f.waves[i].value == g->waves[i].value);
    }
    assert_true(f.max_failures.is_percent && f.max_failures.value == 2);
    assert_memory_equal(f.digest, g->digest, sizeof f.digest);
    fleet_clear(&f);
}

static bool head_count(void *ctx, const struct run_head *head)
{
    uint64_t *next = ctx;
    assert_int_equal(head->id, *next);
    return --*next > 1;
}

static void heads_come_back_and_the_newest_is_first(void **state)
{
    struct bench *b = *state;
    struct run_head head;
    struct arena arena;
    arena_init(&arena, 1 << 20);
    for (uint64_t i = 1; i <= 3; i++)
        assert_int_equal(begin(b), i);
    struct record r = {.job = 1, .at = 5555};
    assert_int_equal(journal_keep(b->journal, 2, &r, 1, &b->why), OK);
    assert_int_equal(journal_run(b->journal, 0, &head, &arena, &b->why), OK);
    assert_int_equal(head.id, 3);
    assert_int_equal(head.last, 1000);
    assert_int_equal(journal_run(b->journal, 2, &head, &arena, &b->why), OK);
    assert_int_equal(head.last, 5555);
    assert_int_equal(head.verb, RUN_ROLLBACK);
    assert_int_equal(head.state, RUN_OPEN);
    assert_int_equal(head.parent, 7);
    assert_true(head.seed == UINT64_MAX - 3);
    assert_int_equal(head.jobs, 3);
    assert_text(head.options, TEXT("{\"rate\":1}"));
    assert_text(head.version, TEXT("0.1.0"));
    assert_int_equal(journal_stop(b->journal, 2, RUN_STOPPED, 6000, &b->why), OK);
    assert_int_equal(journal_run(b->journal, 2, &head, &arena, &b->why), OK);
    assert_int_equal(head.state, RUN_STOPPED);
    assert_int_equal(head.stopped, 6000);
    assert_int_equal(head.last, 5555);
    uint64_t next = 3;
    assert_int_equal(journal_runs(b->journal, head_count, &next, &b->why), OK);
    assert_int_equal(next, 1);
    assert_int_equal(journal_run(b->journal, 9, &head, &arena, &b->why), ERR_GONE);
    assert_non_null(strstr(b->why.text, "has no run 9"));
    arena_clear(&arena);
}

static const struct finding_note full_notes[] = {
    {DNS_TROUBLE, SEVERITY_WAIT, true, TEXT("a\0b\"\\\n\xc3\xa9")},
    {NOT_A_SUBDOMAIN, SEVERITY_ERROR, false, TEXT("")}};

static const struct record full = {.job = 2,
                                   .kind = RECORD_INTENT,
                                   .at = 1234567890123456,
                                   .from = JOB_READY,
                                   .write_mail_from = TEXT("bounce.example.com"),
                                   .write_behavior = BEHAVIOR_REJECT_MESSAGE,
                                   .row = {.state = JOB_WRITING,
                                           .action = ACTION_RESTART,
                                           .outcome = OUTCOME_EXPIRED,
                                           .reason = TEXT("a\0b'\";DROP TABLE record;--\xff\n"),
                                           .before_known = true,
                                           .mail_from_before = TEXT("old.example.com"),
                                           .behavior_before = BEHAVIOR_REJECT_MESSAGE,
                                           .seen_known = true,
                                           .mail_from_seen = TEXT("seen.example.com"),
                                           .behavior_seen = BEHAVIOR_REJECT_MESSAGE,
                                           .status_seen = MAIL_FROM_UNKNOWN,
                                           .verification = VERIFICATION_NOT_STARTED,
                                           .mx = MX_STATUS_OK,
                                           .spf = SPF_STATUS_MISSING,
                                           .dmarc = DMARC_STATUS_DIFFERS,
                                           .findings = FINDING_BIT(DNS_TROUBLE) | 1,
                                           .notes = {full_notes, COUNT(full_notes), true},
                                           .writes = 7,
                                           .accepted = 5,
                                           .wave = 64,
                                           .calls = UINT32_MAX,
                                           .restarts = 3,
                                           .attempts = 4,
                                           .first_seen = 5,
                                           .finished = 6,
                                           .deadline = WHEN_NEVER}};

static bool same_as_full(void *ctx, const struct record *r)
{
    const struct job_row *a = &r->row, *b = &full.row;
    const struct text x[] = {r->write_mail_from, a->reason, a->mail_from_before, a->mail_from_seen};
    const struct text y[] = {full.write_mail_from, b->reason, b->mail_from_before,
                             b->mail_from_seen};
    for (size_t i = 0; i < COUNT(x); i++)
        assert_text(x[i], y[i]);
    if (a->notes.known) { /* a row, not a replay */
        assert_int_equal(a->notes.len, b->notes.len);
        for (uint32_t i = 0; i < a->notes.len; i++) {
            assert_int_equal(a->notes.at[i].rule, b->notes.at[i].rule);
            assert_int_equal(a->notes.at[i].severity, b->notes.at[i].severity);
            assert_int_equal(a->notes.at[i].accepted, b->notes.at[i].accepted);
            assert_text(a->notes.at[i].text, b->notes.at[i].text);
        }
        ++*(int *)ctx;
    }
    assert_true(a->mx == b->mx && a->spf == b->spf && a->dmarc == b->dmarc);
    assert_int_equal(r->job, full.job);
    assert_int_equal(r->kind, full.kind);
    assert_int_equal(r->at, full.at);
    assert_int_equal(r->from, full.from);
    assert_int_equal(r->write_behavior, full.write_behavior);
    assert_int_equal(a->state, b->state);
    assert_int_equal(a->action, b->action);
    assert_int_equal(a->outcome, b->outcome);
    assert_true(a->before_known && a->seen_known);
    assert_int_equal(a->behavior_before, b->behavior_before);
    assert_int_equal(a->behavior_seen, b->behavior_seen);
    assert_int_equal(a->status_seen, b->status_seen);
    assert_int_equal(a->verification, b->verification);
    assert_true(a->findings == b->findings);
    assert_int_equal(a->writes, b->writes);
    assert_true(a->accepted == b->accepted && a->wave == b->wave);
    assert_int_equal(a->calls, b->calls);
    assert_int_equal(a->restarts, b->restarts);
    assert_int_equal(a->attempts, b->attempts);
    assert_int_equal(a->first_seen, b->first_seen);
    assert_int_equal(a->finished, b->finished);
    assert_true(a->deadline == b->deadline);
    ++*(int *)ctx;
    return true;
}

static void a_record_comes_back_with_every_member(void **state)
{
    struct bench *b = *state;
    int seen = 0;
    uint64_t run = begin(b);
    assert_int_equal(journal_keep(b->journal, run, &full, 1, &b->why), OK);
    assert_int_equal(journal_replay(b->journal, run, same_as_full, &seen, &b->why), OK);
    assert_int_equal(journal_rows(b->journal, run, same_as_full, &seen, &b->why), OK);
    assert_int_equal(seen, 3); /* the row brings its notes as well */
}

struct seen {
    uint32_t len, job[8];
    instant_us at[8];
    char notes[8][16]; /* the sentence of the first; "-": not known */
};

static bool see(void *ctx, const struct record *r)
{
    struct seen *s = ctx;
    s->job[s->len] = r->job;
    s->at[s->len] = r->at;
    const struct finding_notes *notes = &r->row.notes;
    struct text told = !notes->known ? TEXT("-") : notes->len ? notes->at[0].text : TEXT("none");
    snprintf(s->notes[s->len], sizeof s->notes[0], TEXT_FMT, TEXT_ARG(told));
    return ++s->len < 8;
}

static void rows_are_the_last_of_each_job_with_the_notes_that_it_left_out(void **state)
{
    struct bench *b = *state;
    struct seen s = {0};
    static const struct finding_note old = {SANDBOX, SEVERITY_INFO, false, TEXT("old")},
                                     new = {SANDBOX, SEVERITY_INFO, false, TEXT("new")};
    struct record r[] = {
        {.job = 2, .at = 10, .row.notes = {&old, 1, true}},
        {.job = 0, .at = 20},
        {.job = 2, .at = 30, .row.notes = {&new, 1, true}},
        {.job = 2, .at = 40},
    };
    uint64_t run = begin(b), other = begin(b);
    assert_int_equal(journal_keep(b->journal, run, r, 3, &b->why), OK);
    assert_int_equal(journal_keep(b->journal, other, r, 1, &b->why), OK);
    assert_int_equal(journal_keep(b->journal, run, r + 3, 1, &b->why), OK);
    assert_int_equal(journal_rows(b->journal, run, see, &s, &b->why), OK);
    assert_int_equal(s.len, 2);
    assert_int_equal(s.job[0], 0);
    assert_int_equal(s.job[1], 2);
    assert_int_equal(s.at[1], 40);
    assert_string_equal(s.notes[0], "-");
    assert_string_equal(s.notes[1], "new");
    s = (struct seen){0};
    assert_int_equal(journal_replay(b->journal, run, see, &s, &b->why), OK);
    assert_int_equal(s.len, 4);
    assert_string_equal(s.notes[0], "-"); /* a replay reads none */
    assert_string_equal(s.notes[3], "-");
    assert_int_equal(s.at[2], 30);
}

static void a_closed_journal_is_one_file_and_opens_again(void **state)
{
    struct bench *b = *state;
    struct seen s = {0};
    char wal[128];
    uint64_t run = begin(b);
    assert_int_equal(journal_keep(b->journal, run, &full, 1, &b->why), OK);
    journal_close(b->journal);
    snprintf(wal, sizeof wal, "%s-wal", b->file);
    assert_int_equal(access(wal, F_OK), -1);
    assert_int_equal(journal_open_file(&b->journal, b->file, JOURNAL_WRITE, &b->why), OK);
    assert_int_equal(journal_replay(b->journal, run, see, &s, &b->why), OK);
    assert_int_equal(s.len, 1);
    assert_int_equal(journal_keep(b->journal, run, &full, 1, &b->why), OK);
}

static void damage_is_said_and_never_followed(void **state)
{
    static const char *const harm[] = {
        "UPDATE choice SET lane = 99",
        "UPDATE choice SET lane = -1",
        "UPDATE choice SET identity = zeroblob(0)",
        "UPDATE lane SET account = 7",
        "DELETE FROM choice WHERE place = 1",
        "UPDATE choice SET file = 3",
        "UPDATE policy SET behavior = 2",
        "UPDATE run SET digest = zeroblob(3)",
        "UPDATE expected SET place = place+50",
        "DELETE FROM lane",
        "UPDATE wave SET value = 9e999",
        "UPDATE wave SET value = -1",
        "UPDATE account SET rate = 1e-300",
        "UPDATE run SET max_failures = 9e999",
        "UPDATE policy SET timeout = 9223372036854775807",
        "DELETE FROM rule",
        "UPDATE policy SET accept = -1",
    };
    struct bench *b = *state;
    char command[256];
    begin(b);
    journal_close(b->journal);
    b->journal = NULL;
    for (size_t i = 0; i < COUNT(harm); i++) {
        struct journal *j;
        struct fleet f;
        snprintf(command, sizeof command,
                 "cd %s && cp journal.db bad.db && /usr/bin/python3 -c \"import sqlite3;"
                 "c=sqlite3.connect('bad.db',isolation_level=None);"
                 "c.execute('''%s''')\" && rm -f bad.db-wal bad.db-shm",
                 b->folder, harm[i]);
        assert_int_equal(system(command), 0);
        snprintf(command, sizeof command, "%s/bad.db", b->folder);
        assert_int_equal(journal_open_file(&j, command, JOURNAL_READ, &b->why), OK);
        fleet_init(&f);
        if (journal_fleet(j, 1, &f, &b->why) != ERR_IO || !strstr(b->why.text, "damaged") ||
            !strstr(b->why.text, "put back a copy of it"))
            fail_msg("%s: %s", harm[i], b->why.text);
        fleet_clear(&f);
        journal_close(j);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_fleet_comes_back_as_it_was, set_up, tear_down),
        cmocka_unit_test_setup_teardown(heads_come_back_and_the_newest_is_first, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_record_comes_back_with_every_member, set_up, tear_down),
        cmocka_unit_test_setup_teardown(
            rows_are_the_last_of_each_job_with_the_notes_that_it_left_out, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_closed_journal_is_one_file_and_opens_again, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(damage_is_said_and_never_followed, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
