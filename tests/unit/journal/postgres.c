/*
 * What only the store in PostgreSQL has: its name, its tables, pages of long runs, and that a
 * connection that ends in the middle of a transaction keeps all of it or nothing. Its roles are in
 * postgres_rights.c. What it has in common with other stores is in kept.c and its neighbours, and
 * its leases are in leases.c.
 */
#include "postgres_journal.h"

#include <sys/wait.h>
#include <unistd.h>

/* Names */

static void a_url_loses_our_own_words(void **state)
{
    static const struct {
        const char *url, *conninfo, *schema, *team;
    } cases[] = {
        {"postgresql:///mailfrom", "postgresql:///mailfrom", "mailfrom", ""},
        {"postgres://h/d?schema=team_a", "postgres://h/d", "team_a", ""},
        {"postgresql://h/d?sslmode=verify-full&schema=a&sslrootcert=/ca&team=ops",
         "postgresql://h/d?sslmode=verify-full&sslrootcert=/ca", "a", "ops"},
        {"postgresql://h/d?team=t1&x=y", "postgresql://h/d?x=y", "mailfrom", "t1"},
    };
    static const char *const wrong[] = {"postgresql:///d?schema=",
                                        "postgresql:///d?schema=A",
                                        "postgresql:///d?schema=1a",
                                        "postgresql:///d?team=a%20b",
                                        "postgresql:///d?schema=pg_temp",
                                        "journal.db",
                                        "postgresql:///d?schema=a\"; DROP SCHEMA b; --"};
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct postgres_url u;
        assert_int_equal(postgres_url_read(&u, cases[i].url, &why), OK);
        assert_string_equal(u.conninfo, cases[i].conninfo);
        assert_string_equal(u.schema, cases[i].schema);
        assert_string_equal(u.team, cases[i].team);
    }
    for (size_t i = 0; i < COUNT(wrong); i++) {
        struct postgres_url u;
        assert_int_equal(postgres_url_read(&u, wrong[i], &why), ERR_INPUT);
    }
}

static void a_message_shows_no_user_and_no_options(void **state)
{
    char shown[POSTGRES_SHOWN_MAX];
    (void)state;
    assert_string_equal(postgres_journal_shown("postgresql://me:secret@h:5432/d?passfile=p", shown),
                        "postgresql://h:5432/d");
    assert_string_equal(postgres_journal_shown("postgres:///d", shown), "postgres:///d");
    assert_string_equal(postgres_journal_shown("postgres://u:sec?ret@h/d?a=b", shown),
                        "postgres://...");
    char bare[100];
    assert_string_equal(postgres_journal_bare("postgresql://me@h:1/d?user=u&schema=a&x=y", bare),
                        "postgresql://h:1/d?schema=a&x=y");
    assert_string_equal(postgres_journal_bare("postgres:///d?host=/a@b", bare),
                        "postgres:///d?host=/a@b");
    assert_true(journal_is_postgres("postgres://h/d"));
    assert_false(journal_is_postgres("./postgresql"));
}

static void a_url_with_a_slip_is_no_file(void **state)
{
    static const char *const wrong[] = {"postgresql:/mailfrom",
                                        "POSTGRESQL://h/x",
                                        "Postgres://u:secret@h/x",
                                        "postgresql:x",
                                        "mysql://u:secret@h/y",
                                        "http://x/y",
                                        "jdbc:postgresql://h/x?password=secret",
                                        " postgresql://u:secret@h/x",
                                        "host=/tmp dbname=mailfrom password=secret",
                                        "dbname = d",
                                        "service=mail"};
    static const char *const right[] = {
        "postgresql://h/x", "postgres:///x", "journal.db", ".mailfrom/journal.db", "./postgresql:x",
        "/a/http://b",      "a:b",           "a=b",        "postgresql",           "",
        "hosts=1"};
    (void)state;
    for (size_t i = 0; i < COUNT(wrong); i++) {
        assert_int_equal(journal_name_vet(wrong[i], &why), ERR_INPUT);
        assert_non_null(strstr(why.text, "expected postgresql://HOST/DATABASE"));
        assert_null(strstr(why.text, "secret"));
    }
    for (size_t i = 0; i < COUNT(right); i++)
        assert_int_equal(journal_name_vet(right[i], &why), OK);
}

/* Texts */

static void any_bytes_come_back(void **state)
{
    static const char *const plain[] = {"", "a", "\u00e9", "\u20ac", "\U0001f600", "\x7f", "\x02"};
    static const struct text odd[] = {{"\0", 1},
                                      {"a\0b", 3},
                                      {"\xff", 1},
                                      {"\xc0\x80", 2},
                                      {"\xe2\x82", 2},
                                      {"\xed\xa0\x80", 3},
                                      {"\xf5\x80\x80\x80", 4},
                                      {"\x01", 1},
                                      {"\x01"
                                       "6x",
                                       3}};
    struct arena a;
    uint64_t seed = 20;
    (void)state;
    arena_init(&a, SIZE_MAX);
    for (size_t i = 0; i < COUNT(plain); i++)
        assert_true(postgres_text_is_plain(text_of(plain[i])));
    for (size_t i = 0; i < COUNT(odd); i++) {
        assert_false(postgres_text_is_plain(odd[i]));
        assert_text(postgres_text_out(&a, postgres_text_in(&a, odd[i])), odd[i]);
    }
    for (int i = 0; i < 20000; i++) {
        char bytes[6];
        struct text t = {bytes, dice(&seed) % sizeof bytes};
        for (size_t k = 0; k < t.len; k++)
            bytes[k] = (char)(dice(&seed) >> 7);
        struct text in = postgres_text_in(&a, t);
        assert_true(in.at == t.at || in.len == 0 || postgres_text_is_plain(text_from(in, 1)));
        assert_text(postgres_text_out(&a, in), t);
        arena_reset(&a);
    }
    arena_clear(&a);
}

/* Tables */

static void a_journal_is_made_once(void **state)
{
    const char *url = pg_server_database();
    char made[POSTGRES_MADE_MAX];
    struct journal *j;
    uint64_t run;
    (void)state;
    for (int mode = JOURNAL_READ; mode <= JOURNAL_UPDATE; mode++) {
        assert_int_equal(journal_open_postgres(&j, url, (enum journal_mode)mode, NULL, &why),
                         ERR_GONE);
        assert_non_null(strstr(why.text, "mailfrom journal init"));
        assert_null(strstr(why.text, "user="));
    }
    assert_int_equal(postgres_journal_migrate(url, NULL, made, &why), ERR_GONE);
    assert_int_equal(postgres_journal_init(url, NULL, made, &why), OK);
    j = opened(url, JOURNAL_WRITE);
    assert_int_equal(begin(j, 3, &run), OK);
    journal_close(j);
    assert_int_equal(postgres_journal_init(url, NULL, made, &why), OK);
    assert_non_null(strstr(made, "is up to date"));
    assert_int_equal(postgres_journal_migrate(url, NULL, made, &why), OK);
    j = opened(url, JOURNAL_READ);
    assert_int_equal(records_of(j, run), 0);
    journal_close(j);
    pg_server_sql(url, "UPDATE mailfrom.version SET number = 99");
    assert_int_equal(journal_open_postgres(&j, url, JOURNAL_READ, NULL, &why), ERR_INPUT);
    assert_non_null(strstr(why.text, "newer mailfrom"));
    assert_int_equal(postgres_journal_init(url, NULL, made, &why), ERR_INPUT);
    pg_server_sql(url, "UPDATE mailfrom.version SET number = 0");
    assert_int_equal(journal_open_postgres(&j, url, JOURNAL_READ, NULL, &why), ERR_INPUT);
    assert_non_null(strstr(why.text, "mailfrom journal migrate"));
}

/* As version 1 had it: leases knew no action of DKIM, whose place among the others is the fourth.
 */
static void leases_and_records_of_version_1_are_brought_along(void **state)
{
    const char *url = journal_made();
    char made[POSTGRES_MADE_MAX];
    struct journal *j = opened(url, JOURNAL_WRITE);
    uint64_t run;
    (void)state;
    assert_int_equal(begin(j, 3, &run), OK);
    assert_int_equal(keep(j, run, 0, 2), OK);
    journal_close(j);
    pg_server_sql(url, "ALTER TABLE mailfrom.record DROP COLUMN dkim;"
                       "ALTER TABLE mailfrom.watched DROP COLUMN dkim, DROP COLUMN dkim_asked;"
                       "INSERT INTO mailfrom.lease (number, region, next_call, rate_per_s) VALUES"
                       " ('1', 'full', '{1,2,3,4,5}', '{1.5,2,3,4,5}'), ('1', 'short', '{1,2}', "
                       "'{1,2}'),"
                       " ('1', 'empty', '{}', '{}');"
                       "UPDATE mailfrom.version SET number = 1");
    assert_int_equal(postgres_journal_migrate(url, NULL, made, &why), OK);
    assert_non_null(strstr(made, "from version 1 to 2"));
    assert_string_equal(pg_server_sql(url, "SELECT string_agg(next_call::text || rate_per_s::text,"
                                           " ' ' ORDER BY region) FROM mailfrom.lease"
                                           " WHERE number = '1'"),
                        "{}{} {1,2,3,0,4,5}{1.5,2,3,0,4,5} {1,2}{1,2}");
    j = opened(url, JOURNAL_WRITE);
    assert_int_equal(records_of(j, run), 2);
    assert_int_equal(keep(j, run, 0, 1), OK);
    journal_close(j);
}

/* Two fleets in one database know nothing of each other. */
static void schemas_are_apart(void **state)
{
    const char *database = pg_server_database();
    char url[2][200], made[POSTGRES_MADE_MAX];
    struct journal *j[2];
    uint64_t run;
    (void)state;
    for (int i = 0; i < 2; i++) {
        snprintf(url[i], sizeof url[i], "%s&schema=fleet_%d", database, i);
        assert_int_equal(postgres_journal_init(url[i], NULL, made, &why), OK);
        j[i] = opened(url[i], JOURNAL_WRITE);
        assert_int_equal(begin(j[i], 3, &run), OK);
        assert_int_equal(run, 1);
        assert_int_equal(keep(j[i], 1, 0, 1 + (uint32_t)i), OK);
    }
    for (int i = 0; i < 2; i++) {
        assert_int_equal(records_of(j[i], 1), 1 + i);
        journal_close(j[i]);
    }
}

static void an_answer_that_means_nothing_is_refused(void **state)
{
    const char *url = journal_made();
    struct journal *j;
    (void)state;
    pg_server_sql(url, "ALTER ROLE postgres SET synchronous_commit = off");
    assert_int_equal(journal_open_postgres(&j, url, JOURNAL_WRITE, NULL, &why), ERR_INPUT);
    assert_non_null(strstr(why.text, "synchronous_commit"));
    journal_close(opened(url, JOURNAL_READ));
    pg_server_sql(url, "ALTER ROLE postgres RESET synchronous_commit");
}

/* The server may be told so while a worker writes, and tells a new connection. */
static void commits_stay_durable_for_who_connects_again(void **state)
{
    const char *url = journal_made();
    struct postgres_store *s;
    struct pg_rows rows;
    (void)state;
    assert_int_equal(postgres_store_new(&s, url, NULL, &why), OK);
    pg_server_sql(url, "ALTER ROLE postgres SET synchronous_commit = off;"
                       " ALTER ROLE postgres SET standard_conforming_strings = off;"
                       " SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                       " WHERE pid <> pg_backend_pid() AND backend_type = 'client backend'");
    enum err err = ERR_AWAY;
    for (int tries = 0; err == ERR_AWAY && tries < 5; tries++)
        err = postgres_ask(s,
                           "SELECT (current_setting('synchronous_commit') = 'on')::int"
                           " + length('\\')",
                           NULL, 0, &rows, &why);
    assert_int_equal(err, OK);
    assert_int_equal(pg_int(&rows, 0, 0), 2);
    pg_rows_clear(&rows);
    postgres_store_free(s);
    pg_server_sql(url, "ALTER ROLE postgres RESET ALL");
}

/* Long runs */

struct reading {
    struct journal *writer;
    uint64_t run;
    uint32_t len;
};

/* While others keep, and while the reader asks for more. */
static bool read_one(void *ctx, const struct record *r)
{
    struct reading *reading = ctx;
    (void)r;
    if (reading->len % 1000 == 0)
        assert_int_equal(keep(reading->writer, reading->run, 0, 1), OK);
    reading->len++;
    return true;
}

static void a_long_run_is_read_as_it_was_at_one_instant(void **state)
{
    const uint32_t jobs = 9000;
    const char *url = journal_made();
    struct journal *j = opened(url, JOURNAL_WRITE), *reader = opened(url, JOURNAL_READ);
    struct reading reading = {.writer = j};
    struct fleet f;
    (void)state;
    assert_int_equal(begin(j, jobs, &reading.run), OK);
    assert_int_equal(keep(j, reading.run, 0, jobs), OK);
    assert_int_equal(journal_replay(reader, reading.run, read_one, &reading, &why), OK);
    assert_int_equal(reading.len, jobs);
    assert_int_equal(records_of(reader, reading.run), jobs + jobs / 1000);
    reading.len = 0;
    assert_int_equal(journal_rows(reader, reading.run, count_one, &reading.len, &why), OK);
    assert_int_equal(reading.len, jobs);
    fleet_init(&f);
    assert_int_equal(journal_fleet(reader, reading.run, &f, &why), OK);
    assert_int_equal(f.choices_len, jobs);
    fleet_clear(&f);
    journal_close(reader);
    journal_close(j);
}

/* Connections that end */

/* Keeps until the server has ended the connection so often, and holds what came back as kept
 * against what is there. */
static void a_connection_that_ends_keeps_all_or_nothing(void **state)
{
    const char *url = journal_made();
    struct journal *j = opened(url, JOURNAL_WRITE), *reader = opened(url, JOURNAL_READ);
    uint32_t kept = 0, unknown = 0;
    uint64_t run;
    (void)state;
    assert_int_equal(begin(j, 100, &run), OK);
    for (int i = 0; i < 30; i++) {
        if (i % 5 == 4)
            pg_server_terminate(url);
        /* An end is known before anything is sent, so what comes back as away is rare. */
        enum err err = keep(j, run, 0, 10);
        kept += err == OK ? 10 : 0;
        unknown += err == OK ? 0 : 10;
        if (err == OK)
            continue;
        assert_int_equal(err, ERR_AWAY);
        journal_close(j);
        j = opened(url, JOURNAL_WRITE);
    }
    uint32_t len = records_of(reader, run);
    assert_between(len, kept, kept + unknown);
    assert_int_equal(len % 10, 0);
    journal_close(reader);
    journal_close(j);
}

static void a_server_that_crashes_keeps_what_it_said(void **state)
{
    const char *url = journal_made();
    struct journal *j = opened(url, JOURNAL_WRITE);
    uint64_t run;
    (void)state;
    assert_int_equal(begin(j, 100, &run), OK);
    assert_int_equal(keep(j, run, 0, 100), OK);
    pg_server_stop(true);
    assert_int_equal(keep(j, run, 0, 1), ERR_AWAY);
    assert_non_null(strstr(why.text, "postgresql:///"));
    journal_close(j);
    assert_int_equal(journal_open_postgres(&j, url, JOURNAL_READ, NULL, &why), ERR_AWAY);
    pg_server_start();
    j = opened(url, JOURNAL_WRITE);
    assert_int_equal(records_of(j, run), 100);
    assert_int_equal(keep(j, run, 0, 1), OK);
    assert_int_equal(records_of(j, run), 101);
    journal_close(j);
}

/* A statement in the middle of which the server ends the connection: it waits for a lock. */
static void a_transaction_is_undone_with_its_connection(void **state)
{
    const char *url = journal_made();
    struct journal *j = opened(url, JOURNAL_WRITE);
    struct pg *holder;
    uint64_t run;
    (void)state;
    assert_int_equal(begin(j, 10, &run), OK);
    assert_int_equal(pg_new(&holder, url, PG_LIMIT, &why), OK);
    assert_int_equal(pg_begin(holder, PG_WRITES, &why), OK);
    assert_int_equal(pg_query(holder, "LOCK TABLE mailfrom.lane_note IN ACCESS EXCLUSIVE MODE",
                              NULL, 0, NULL, &why),
                     OK);
    struct record records[] = {{.job = 1, .at = 5},
                               {.kind = RECORD_LANE, .job = 0, .at = 6, .row.reason = TEXT("x")}};
    pid_t killer = fork();
    if (killer == 0) {
        char command[400];
        snprintf(command, sizeof command,
                 "for i in $(seq 100); do n=$(psql -XqAtc \"SELECT count(pg_terminate_backend(pid))"
                 " FROM pg_stat_activity WHERE wait_event_type = 'Lock'\" '%s');"
                 " [ \"$n\" != 0 ] && exit; sleep 0.05; done",
                 url);
        execl("/bin/sh", "sh", "-c", command, (char *)NULL);
        _exit(127);
    }
    assert_int_equal(journal_keep(j, run, records, 2, &why), ERR_AWAY);
    assert_int_equal(waitpid(killer, NULL, 0), killer);
    pg_free(holder);
    journal_close(j);
    j = opened(url, JOURNAL_READ);
    assert_int_equal(records_of(j, run), 0);
    journal_close(j);
}

static void a_journal_is_the_same_through_a_pooler(void **state)
{
    const char *direct = journal_made();
    char url[240];
    struct journal *j[2];
    uint64_t run[2];
    (void)state;
    snprintf(url, sizeof url, "%s", pg_server_pooled(direct));
    for (int i = 0; i < 2; i++)
        j[i] = opened(url, JOURNAL_WRITE);
    for (int i = 0; i < 2; i++)
        assert_int_equal(begin(j[i], 3000, &run[i]), OK);
    for (int k = 0; k < 10; k++)
        for (int i = 0; i < 2; i++)
            assert_int_equal(keep(j[i], run[i], 0, 1 + 500 * (uint32_t)i), OK);
    assert_int_equal(records_of(j[0], run[0]), 10);
    assert_int_equal(records_of(j[0], run[1]), 5010);
    for (int i = 0; i < 2; i++)
        journal_close(j[i]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_url_loses_our_own_words),
        cmocka_unit_test(a_message_shows_no_user_and_no_options),
        cmocka_unit_test(a_url_with_a_slip_is_no_file),
        cmocka_unit_test(any_bytes_come_back),
        cmocka_unit_test(a_journal_is_made_once),
        cmocka_unit_test(leases_and_records_of_version_1_are_brought_along),
        cmocka_unit_test(schemas_are_apart),
        cmocka_unit_test(an_answer_that_means_nothing_is_refused),
        cmocka_unit_test(commits_stay_durable_for_who_connects_again),
        cmocka_unit_test(a_long_run_is_read_as_it_was_at_one_instant),
        cmocka_unit_test(a_connection_that_ends_keeps_all_or_nothing),
        cmocka_unit_test(a_server_that_crashes_keeps_what_it_said),
        cmocka_unit_test(a_transaction_is_undone_with_its_connection),
        cmocka_unit_test(a_journal_is_the_same_through_a_pooler),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
