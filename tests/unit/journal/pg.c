/*
 * The connection to PostgreSQL: values, transactions, errors, and that every function comes back
 * within its limit, whatever the server does.
 */
#include "pg_server.h"

#include "unit.h"

#include "journal/store_postgres/pg.h"

#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define LIMIT SPAN_S(3)

static struct why why;

static struct pg *pg_made(const char *url, span_us limit)
{
    struct pg *pg = NULL;
    if (pg_new(&pg, url, limit, &why) != OK)
        fail_msg("%s", why.text);
    return pg;
}

static void ask(struct pg *pg, const char *sql, struct pg_rows *rows)
{
    if (pg_query(pg, sql, NULL, 0, rows, &why) != OK)
        fail_msg("%s: %s", sql, why.text);
}

static int64_t number(struct pg *pg, const char *sql)
{
    struct pg_rows rows;
    ask(pg, sql, &rows);
    assert_int_equal(rows.len, 1);
    int64_t n = pg_int(&rows, 0, 0);
    pg_rows_clear(&rows);
    return n;
}

static double seconds(void)
{
    struct timespec now;
    clock_gettime(CLOCK_BOOTTIME, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static void values_come_back_as_they_were(void **state)
{
    struct store_value in[] = {store_int(INT64_MIN),
                               store_int(INT64_MAX),
                               store_int(-1),
                               store_real(INFINITY),
                               store_real(-0.25),
                               store_text(TEXT("")),
                               store_text(TEXT("\u00e9")),
                               store_null(),
                               {.type = STORE_BYTES, .text = {"\0\xff", 2}}};
    struct pg *pg = pg_made(pg_server_database(), LIMIT);
    struct pg_rows rows;
    (void)state;
    assert_int_equal(pg_query(pg,
                              "SELECT $1, $2, $3, $4, $5, $6, $7, $8::bigint, $9, true, 7::int,"
                              " -7::smallint, 1.5::real, NULL::text",
                              in, COUNT(in), &rows, &why),
                     OK);
    for (unsigned i = 0; i < COUNT(in); i++) {
        struct store_value out = pg_value(&rows, 0, i);
        assert_int_equal(out.type, in[i].type);
        if (out.type == STORE_TEXT || out.type == STORE_BYTES)
            assert_text(out.text, in[i].text);
        else if (out.type != STORE_NULL)
            assert_int_equal(out.number, in[i].number);
    }
    assert_int_equal(pg_int(&rows, 0, 9), 1);
    assert_int_equal(pg_int(&rows, 0, 10), 7);
    assert_int_equal(pg_int(&rows, 0, 11), -7);
    assert_true(pg_real(&rows, 0, 12) == 1.5);
    assert_true(pg_is_null(&rows, 0, 13));
    pg_rows_clear(&rows);
    pg_free(pg);
}

static void a_transaction_is_kept_whole_or_undone(void **state)
{
    struct pg *pg = pg_made(pg_server_database(), LIMIT);
    struct store_value value = store_int(7);
    struct pg_statement list[] = {{"INSERT INTO public.t VALUES ($1)", &value, 1},
                                  {"INSERT INTO public.t VALUES (1 / ($1 - 7))", &value, 1},
                                  {"INSERT INTO public.t VALUES ($1)", &value, 1}};
    struct pg_rows rows[3];
    (void)state;
    ask(pg, "CREATE TABLE public.t (n bigint)", NULL);
    /* Outside of a transaction a batch is one. */
    assert_int_equal(pg_batch(pg, list, 3, rows, &why), ERR_IO);
    assert_non_null(strstr(why.text, "division by zero"));
    for (int i = 0; i < 3; i++)
        pg_rows_clear(&rows[i]);
    assert_int_equal(number(pg, "SELECT count(*) FROM public.t"), 0);
    assert_int_equal(pg_batch(pg, list, 1, NULL, &why), OK);
    assert_int_equal(pg_begin(pg, PG_WRITES, &why), OK);
    ask(pg, "INSERT INTO public.t VALUES (8), (9)", &rows[0]);
    assert_int_equal(rows[0].changed, 2);
    pg_rows_clear(&rows[0]);
    assert_int_equal(number(pg, "SELECT count(*) FROM public.t"), 3);
    pg_rollback(pg);
    assert_int_equal(number(pg, "SELECT count(*) FROM public.t"), 1);
    assert_int_equal(pg_begin(pg, PG_WRITES, &why), OK);
    assert_int_equal(pg_batch(pg, list, 2, NULL, &why), ERR_IO);
    assert_int_equal(pg_query(pg, "SELECT 1", NULL, 0, NULL, &why), ERR_AWAY);
    assert_int_equal(pg_commit(pg, &why), ERR_AWAY);
    assert_int_equal(number(pg, "SELECT count(*) FROM public.t"), 1);
    assert_int_equal(pg_begin(pg, PG_WRITES, &why), OK);
    ask(pg, "INSERT INTO public.t VALUES (8), (9)", NULL);
    assert_int_equal(pg_commit(pg, &why), OK);
    assert_int_equal(number(pg, "SELECT count(*) FROM public.t"), 3);
    assert_int_equal(pg_begin(pg, PG_SNAPSHOT, &why), OK);
    assert_int_equal(pg_query(pg, "DELETE FROM public.t", NULL, 0, NULL, &why),
                     ERR_AWAY); /* read-only */
    pg_rollback(pg);
    assert_int_equal(pg_begin(pg, PG_WRITES, &why), OK); /* without a statement */
    assert_int_equal(pg_commit(pg, &why), OK);
    pg_free(pg);
}

/* A script carries no settings of its own. */
static void session_is_clean(struct pg *pg)
{
    if (pg_script(pg,
                  "DO $$ BEGIN IF current_setting('search_path') NOT LIKE '%public'"
                  " OR current_setting('lock_timeout') <> '0'"
                  " OR current_setting('statement_timeout') <> '0'"
                  " OR current_setting('idle_in_transaction_session_timeout') <> '0'"
                  " THEN RAISE EXCEPTION 'something is left'; END IF; END $$",
                  &why) != OK)
        fail_msg("%s", why.text);
}

static void nothing_of_a_transaction_stays_with_the_session(void **state)
{
    struct pg *pg = pg_made(pg_server_database(), LIMIT);
    (void)state;
    assert_int_equal(pg_begin(pg, PG_WRITES, &why), OK);
    assert_int_equal(number(pg, "SELECT count(*) FROM pg_settings WHERE name IN ('lock_timeout',"
                                " 'statement_timeout', 'idle_in_transaction_session_timeout')"
                                " AND setting = '3000'"),
                     3);
    assert_int_equal(pg_commit(pg, &why), OK);
    session_is_clean(pg);
    assert_int_equal(number(pg, "SELECT 1"), 1);
    session_is_clean(pg);
    pg_free(pg);
}

/* Who is idle notices and connects anew; who is inside a transaction hears of it. */
static void a_backend_that_is_terminated(void **state)
{
    const char *url = pg_server_database();
    struct pg *pg = pg_made(url, LIMIT);
    (void)state;
    ask(pg, "CREATE TABLE public.t (n bigint)", NULL);
    pg_server_terminate(url);
    ask(pg, "INSERT INTO public.t VALUES (1)", NULL);
    assert_int_equal(pg_begin(pg, PG_WRITES, &why), OK);
    ask(pg, "INSERT INTO public.t VALUES (2)", NULL);
    pg_server_terminate(url);
    assert_int_equal(pg_query(pg, "INSERT INTO public.t VALUES (3)", NULL, 0, NULL, &why),
                     ERR_AWAY);
    assert_int_equal(pg_query(pg, "INSERT INTO public.t VALUES (4)", NULL, 0, NULL, &why),
                     ERR_AWAY);
    pg_rollback(pg);
    assert_int_equal(pg_begin(pg, PG_WRITES, &why), OK);
    ask(pg, "INSERT INTO public.t VALUES (5)", NULL);
    pg_server_terminate(url);
    assert_int_equal(pg_commit(pg, &why), ERR_AWAY);
    assert_int_equal(number(pg, "SELECT sum(n)::bigint FROM public.t"), 1);
    pg_free(pg);
}

/* Who wait for locks in the database; the server ends them a moment after their clients left. */
static void nobody_waits_on(const char *url)
{
    double until = seconds() + 10 * test_timeouts();
    const char *waiting;
    do
        waiting = pg_server_sql(url, "SELECT count(*) FROM pg_stat_activity"
                                     " WHERE wait_event_type = 'Lock'"
                                     " AND datname = current_database()");
    while (strcmp(waiting, "0") != 0 && seconds() < until);
    assert_string_equal(waiting, "0");
}

static void a_statement_that_waits_ends_within_the_limit(void **state)
{
    const char *url = pg_server_database();
    struct pg *holder = pg_made(url, SPAN_S(60)), *pg = pg_made(url, SPAN_S(1));
    (void)state;
    ask(holder, "CREATE TABLE public.t (n bigint)", NULL);
    assert_int_equal(pg_begin(holder, PG_WRITES, &why), OK);
    ask(holder, "LOCK TABLE public.t", NULL);
    for (int transaction = 0; transaction < 2; transaction++) {
        double begun = seconds();
        if (transaction)
            assert_int_equal(pg_begin(pg, PG_WRITES, &why), OK);
        assert_int_equal(pg_query(pg, "INSERT INTO public.t VALUES (1)", NULL, 0, NULL, &why),
                         ERR_AWAY);
        assert_between((seconds() - begun) * 1000, 900, 1000 + 4000 * test_timeouts());
        if (transaction)
            pg_rollback(pg);
        nobody_waits_on(url);
    }
    pg_rollback(holder);
    pg_free(pg);
    pg_free(holder);
}

/* Killed while their statements wait: the server does not look whether anybody still listens. */
static void a_client_that_is_killed_leaves_nobody_waiting(void **state)
{
    const char *url = pg_server_database();
    struct pg *holder = pg_made(url, SPAN_S(60));
    (void)state;
    ask(holder, "CREATE TABLE public.t (n bigint)", NULL);
    assert_int_equal(pg_begin(holder, PG_WRITES, &why), OK);
    ask(holder, "LOCK TABLE public.t", NULL);
    pid_t client = fork();
    if (client == 0) {
        struct pg *pg = pg_made(url, SPAN_S(2));
        pg_query(pg, "INSERT INTO public.t VALUES (1)", NULL, 0, NULL, &why);
        _exit(0);
    }
    const char *waiting = "0";
    for (int i = 0; i < 200 && strcmp(waiting, "0") == 0; i++)
        waiting = pg_server_sql(url, "SELECT count(*) FROM pg_stat_activity"
                                     " WHERE wait_event_type = 'Lock'");
    assert_int_equal(kill(client, SIGKILL), 0);
    assert_int_equal(waitpid(client, NULL, 0), client);
    assert_string_equal(waiting, "1");
    nobody_waits_on(url);
    pg_free(holder);
}

/* A process that is stopped inside a transaction must not hold what others wait for. */
static void a_silent_transaction_is_undone_by_the_server(void **state)
{
    const char *url = pg_server_database();
    struct pg *silent = pg_made(url, SPAN_S(1)), *pg = pg_made(url, SPAN_S(30));
    (void)state;
    ask(pg, "CREATE TABLE public.t (n bigint)", NULL);
    assert_int_equal(pg_begin(silent, PG_WRITES, &why), OK);
    ask(silent, "LOCK TABLE public.t", NULL);
    ask(pg, "INSERT INTO public.t VALUES (1)", NULL);
    assert_int_equal(pg_commit(silent, &why), ERR_AWAY);
    pg_free(pg);
    pg_free(silent);
}

static void a_server_that_stands_still_or_is_gone(void **state)
{
    const char *url = pg_server_database();
    struct pg *pg = pg_made(url, SPAN_S(1)), *late = pg_made(url, SPAN_S(1));
    (void)state;
    ask(pg, "CREATE TABLE public.t (n bigint)", NULL);
    pg_server_freeze(true);
    double begun = seconds();
    assert_int_equal(pg_query(pg, "SELECT 1", NULL, 0, NULL, &why), ERR_AWAY);
    assert_non_null(strstr(why.text, "within 1 s"));
    assert_int_equal(pg_connect(late, NULL, &why), ERR_AWAY);
    assert_non_null(strstr(why.text, "within 1 s"));
    assert_between((seconds() - begun) * 1000, 1900, 2000 + 6000 * test_timeouts());
    pg_server_freeze(false);
    ask(pg, "SELECT 1", NULL);
    pg_server_stop(true);
    assert_int_equal(pg_query(pg, "SELECT 1", NULL, 0, NULL, &why), ERR_AWAY);
    assert_int_equal(pg_query(pg, "SELECT 1", NULL, 0, NULL, &why), ERR_AWAY);
    pg_server_start();
    assert_int_equal(pg_begin(pg, PG_WRITES, &why), OK);
    ask(pg, "INSERT INTO public.t VALUES (1)", NULL);
    assert_int_equal(pg_commit(pg, &why), OK);
    pg_free(late);
    pg_free(pg);
}

static void errors_have_their_kind(void **state)
{
    static const struct {
        const char *sql;
        enum err err;
        const char *part;
    } cases[] = {
        {"SELECT * FROM nowhere.t", ERR_GONE, "nowhere.t"},
        {"SELECT pg_read_file('/etc/passwd')", ERR_AUTH, "permission denied"},
        {"DO $$ BEGIN RAISE EXCEPTION 'stale' USING ERRCODE = 'MF001'; END $$", ERR_FENCED,
         "stale"},
        {"SELECT 1 / 0", ERR_IO, "division by zero (SQLSTATE 22012)"},
        {"DO $$ BEGIN RAISE EXCEPTION E'two\\nlines' USING ERRCODE = '40001'; END $$", ERR_AWAY,
         "two; lines"},
    };
    const char *url = pg_server_database();
    (void)state;
    pg_server_sql(url, "DROP ROLE IF EXISTS guest; CREATE ROLE guest LOGIN");
    struct pg *pg = pg_made(pg_server_url_of(url, "guest"), LIMIT);
    for (size_t i = 0; i < COUNT(cases); i++) {
        assert_int_equal(pg_query(pg, cases[i].sql, NULL, 0, NULL, &why), cases[i].err);
        if (!strstr(why.text, cases[i].part))
            fail_msg("'%s' is not in '%s'", cases[i].part, why.text);
    }
    pg_free(pg);
    pg = pg_made(pg_server_url_of(url, "stranger"), LIMIT);
    assert_int_equal(pg_connect(pg, NULL, &why), ERR_AUTH);
    assert_non_null(strstr(why.text, "FATAL:  role \"stranger\" does not exist"));
    assert_null(strstr(why.text, "LOCATION"));
    pg_free(pg);
}

static void a_secret_in_the_url_is_refused(void **state)
{
    static const char *const urls[] = {"postgresql://me:secret@localhost/mailfrom",
                                       "postgresql:///mailfrom?sslpassword=secret",
                                       "host=localhost password=secret"};
    struct pg *pg;
    (void)state;
    for (size_t i = 0; i < COUNT(urls); i++) {
        assert_int_equal(pg_new(&pg, urls[i], LIMIT, &why), ERR_INPUT);
        assert_non_null(strstr(why.text, "passfile"));
        assert_null(strstr(why.text, "=secret"));
    }
    static const char *const unread[] = {"postgresql:///mailfrom?nonsense=1",
                                         "postgresql://me:secret%zz@h/d",
                                         "postgresql://h/?dbname=postgresql://me:secret@h/d",
                                         "postgresql://h/?db%6eame=postgresql%3a//me:secret@h/d",
                                         "postgresql://h/postgresql://me:secret@h/d",
                                         "postgresql:///?dbname=host%3Dh%20password%3Dsecret"};
    for (size_t i = 0; i < COUNT(unread); i++) {
        assert_int_equal(pg_new(&pg, unread[i], LIMIT, &why), ERR_INPUT);
        assert_null(strstr(why.text, "secret"));
    }
}

/* Two clients share backends, and neither leaves anything with them. */
static void a_pooler_may_lie_between(void **state)
{
    const char *direct = pg_server_database(), *url = pg_server_pooled(direct);
    struct pg *pg[2] = {pg_made(url, LIMIT), pg_made(url, LIMIT)};
    (void)state;
    ask(pg[0], "CREATE TABLE public.t (n bigint)", NULL);
    for (int i = 0; i < 20; i++) {
        assert_int_equal(pg_begin(pg[i % 2], PG_WRITES, &why), OK);
        ask(pg[i % 2], "INSERT INTO public.t VALUES (1)", NULL);
        assert_int_equal(number(pg[!(i % 2)], "SELECT count(*) FROM public.t"), i);
        assert_int_equal(pg_commit(pg[i % 2], &why), OK);
    }
    session_is_clean(pg[0]);
    assert_int_equal(pg_begin(pg[0], PG_WRITES, &why), OK);
    ask(pg[0], "INSERT INTO public.t VALUES (1)", NULL);
    pg_server_terminate(direct);
    assert_int_equal(pg_commit(pg[0], &why), ERR_AWAY);
    assert_int_equal(number(pg[1], "SELECT count(*) FROM public.t"), 20);
    pg_free(pg[0]);
    pg_free(pg[1]);
}

static void a_name_is_looked_up_before(void **state)
{
    (void)state;
    struct pg *pg = pg_made("postgresql://localhost:1/d", SPAN_S(20)); /* nobody listens there */
    assert_int_equal(pg_connect(pg, NULL, &why), ERR_AWAY);
    assert_non_null(strstr(why.text, "refused"));
    pg_free(pg);
}

/* The first of two hosts swallows everything; it has its share of the time, and no more. */
static void each_of_several_hosts_has_its_share(void **state)
{
    const char *url = pg_server_database();
    char two[300];
    (void)state;
    const char *database = strstr(url, "test"), *host = strstr(url, "host=") + 5;
    snprintf(two, sizeof two, "postgresql:///%.*s?host=/tmp/pg_server.none,%s",
             (int)strcspn(database, "?"), database, host);
    struct pg *pg = pg_made(two, LIMIT);
    ask(pg, "SELECT 1", NULL);
    pg_free(pg);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(values_come_back_as_they_were),
        cmocka_unit_test(a_transaction_is_kept_whole_or_undone),
        cmocka_unit_test(nothing_of_a_transaction_stays_with_the_session),
        cmocka_unit_test(a_backend_that_is_terminated),
        cmocka_unit_test(a_statement_that_waits_ends_within_the_limit),
        cmocka_unit_test(a_client_that_is_killed_leaves_nobody_waiting),
        cmocka_unit_test(a_silent_transaction_is_undone_by_the_server),
        cmocka_unit_test(a_server_that_stands_still_or_is_gone),
        cmocka_unit_test(errors_have_their_kind),
        cmocka_unit_test(a_secret_in_the_url_is_refused),
        cmocka_unit_test(a_pooler_may_lie_between),
        cmocka_unit_test(a_name_is_looked_up_before),
        cmocka_unit_test(each_of_several_hosts_has_its_share),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
