/*
 * Who may do what in a journal in PostgreSQL: roles with no more rights than they need, teams that
 * do not see each other's runs, and functions of others that are not called.
 */
#include "postgres_journal.h"

static const char *role_made(const char *url, const char *name, const char *member_of)
{
    char statement[400];
    snprintf(statement, sizeof statement,
             "DROP ROLE IF EXISTS %s; CREATE ROLE %s LOGIN; GRANT %s TO %s", name, name, member_of,
             name);
    pg_server_sql(url, statement);
    return pg_server_url_of(url, name);
}

static bool may(const char *url, const char *statement)
{
    struct pg *pg;
    assert_int_equal(pg_new(&pg, url, PG_LIMIT, &why), OK);
    enum err err = pg_query(pg, statement, NULL, 0, NULL, &why);
    pg_free(pg);
    if (err != OK && err != ERR_AUTH)
        fail_msg("%s", why.text);
    return err == OK;
}

static const struct {
    const char *role, *statement;
    bool may;
} rights[] = {
    {"reader", "SELECT count(*) FROM mailfrom.record", true},
    {"reader", "INSERT INTO mailfrom.asked (name) VALUES ('a')", false},
    {"reader", "SELECT nextval('mailfrom.record_number')", false},
    {"submitter", "UPDATE mailfrom.run SET options = ''", false},
    {"submitter", "UPDATE mailfrom.record SET state = 0", false},
    {"submitter", "DELETE FROM mailfrom.run", false},
    {"submitter", "INSERT INTO mailfrom.carrier VALUES ('a', 'b')", false},
    {"submitter", "INSERT INTO mailfrom.control (run, kind) VALUES (1, 0)", true},
    {"submitter", "DROP TABLE mailfrom.record", false},
    {"worker", "INSERT INTO mailfrom.run (verb) VALUES (0)", false},
    {"worker", "INSERT INTO mailfrom.choice (run, place) VALUES (1, 99)", false},
    {"worker", "UPDATE mailfrom.record SET state = 0", false},
    {"worker", "DELETE FROM mailfrom.record", false},
    {"worker", "UPDATE mailfrom.lane SET account = 7", false},
    {"worker", "UPDATE mailfrom.run SET jobs = 7", false},
    {"worker", "UPDATE mailfrom.run SET state = state", true},
    {"worker", "UPDATE mailfrom.lane SET caller_arn = 'a'", true},
    {"worker", "CREATE TABLE mailfrom.more (a int)", false},
    {"worker", "INSERT INTO mailfrom.target (run, place) VALUES (1, 9)", false},
    {"worker", "UPDATE mailfrom.run_shared SET stops = 1", false},
    {"worker", "UPDATE mailfrom.run_shared SET is_paused = 1", false},
    {"worker", "UPDATE mailfrom.run_shared SET rate_per_s = 0", false},
    {"worker", "UPDATE mailfrom.run_shared SET failed_max = 9", false},
    {"worker", "UPDATE mailfrom.run_shared SET failed = failed", true},
    {"worker", "UPDATE mailfrom.run_lane SET lease = 1", false},
    {"worker", "UPDATE mailfrom.run_lane SET rest = rest", true},
    {"worker", "UPDATE mailfrom.lease SET number = ''", false},
    {"worker", "UPDATE mailfrom.lease SET epoch = epoch", true},
    {"worker", "INSERT INTO mailfrom.lease (number, region) VALUES ('1', '2')", false},
    {"worker", "UPDATE mailfrom.worker SET role = 'postgres'", false},
    {"worker", "SELECT nextval('mailfrom.run_number')", false},
    {"submitter", "UPDATE mailfrom.lease SET worker = NULL", true},
    {"submitter", "UPDATE mailfrom.lease SET expires = expires", false},
    {"submitter", "UPDATE mailfrom.run_lane SET lease = 1", false},
    {"submitter", "UPDATE mailfrom.run_shared SET stops = stops", true},
    {"submitter",
     "INSERT INTO mailfrom.worker (name, host, pid, version)"
     " VALUES ('a', 'b', 1, 'c')",
     false},
};

static void roles_have_no_more_rights_than_they_need(void **state)
{
    const char *url = journal_made();
    uint64_t run;
    (void)state;
    char urls[3][200], name[40], group[60];
    static const char *const roles[] = {"reader", "submitter", "worker"};
    for (int i = 0; i < 3; i++) {
        snprintf(name, sizeof name, "a_%s", roles[i]);
        snprintf(group, sizeof group, "mailfrom_%s", roles[i]);
        snprintf(urls[i], sizeof urls[i], "%s", role_made(url, name, group));
    }
    struct journal *j = opened(urls[1], JOURNAL_WRITE), *worker = opened(urls[2], JOURNAL_WRITE);
    assert_int_equal(begin(j, 3, &run), OK);
    assert_int_equal(keep(worker, run, 0, 3), OK);
    assert_int_equal(begin(worker, 3, &run), ERR_AUTH);
    assert_non_null(strstr(why.text, "permission denied"));
    journal_close(worker);
    journal_close(j);
    for (size_t i = 0; i < COUNT(rights); i++)
        for (int k = 0; k < 3; k++)
            if (strcmp(rights[i].role, roles[k]) == 0 &&
                may(urls[k], rights[i].statement) != rights[i].may)
                fail_msg("%s: %s", rights[i].role, rights[i].statement);
    j = opened(urls[0], JOURNAL_READ);
    assert_int_equal(records_of(j, 1), 3);
    journal_close(j);
    assert_int_equal(journal_open_postgres(&j, role_made(url, "a_stranger", "pg_monitor"),
                                           JOURNAL_READ, NULL, &why),
                     ERR_AUTH);
    assert_non_null(strstr(why.text, "GRANT mailfrom_worker"));
}

static uint32_t runs_of(const char *url)
{
    struct postgres_store *s;
    struct pg_rows rows;
    assert_int_equal(postgres_store_new(&s, url, NULL, &why), OK);
    assert_int_equal(postgres_ask(s,
                                  "SELECT (SELECT count(*) FROM @.run) * 100"
                                  " + (SELECT count(DISTINCT run) FROM @.choice) * 10"
                                  " + (SELECT count(DISTINCT run) FROM @.record)",
                                  NULL, 0, &rows, &why),
                     OK);
    int64_t n = pg_int(&rows, 0, 0);
    pg_rows_clear(&rows);
    postgres_store_free(s);
    return (uint32_t)n;
}

/* What an administrator has changed since stays. */
static void a_second_init_changes_no_right(void **state)
{
    const char *url = journal_made();
    char made[POSTGRES_MADE_MAX];
    (void)state;
    pg_server_sql(url, "REVOKE INSERT ON mailfrom.control FROM mailfrom_submitter;"
                       " DROP POLICY team ON mailfrom.control");
    assert_int_equal(postgres_journal_init(url, NULL, made, &why), OK);
    assert_int_equal(postgres_journal_migrate(url, NULL, made, &why), OK);
    assert_string_equal(pg_server_sql(url, "SELECT has_table_privilege('mailfrom_submitter',"
                                           " 'mailfrom.control', 'INSERT')"),
                        "f");
    assert_string_equal(pg_server_sql(url, "SELECT count(*) FROM pg_policy WHERE polrelid ="
                                           " 'mailfrom.control'::regclass"),
                        "0");
}

/* The role of a worker that may not carry a lane cannot take its lease by hand either. */
static void a_lease_is_held_only_by_whoever_may_carry_it(void **state)
{
    const char *url = journal_made();
    (void)state;
    const char *worker = role_made(url, "a_worker", "mailfrom_worker, mailfrom_submitter");
    pg_server_sql(url, "INSERT INTO mailfrom.lease (number, region) VALUES ('1', 'r'), ('2', 'r'),"
                       " ('3', 'r'); INSERT INTO mailfrom.carrier VALUES ('postgres', '1/*'),"
                       " ('a_worker', '2/*')");
    assert_false(may(worker, "UPDATE mailfrom.lease SET worker = 7 WHERE number = '1'"));
    assert_true(may(worker, "UPDATE mailfrom.lease SET worker = 7 WHERE number <> '1'"));
    assert_true(may(worker, "UPDATE mailfrom.lease SET worker = NULL"));
    assert_false(may(worker, "INSERT INTO mailfrom.lease (number, region, worker)"
                             " VALUES ('4', 'r', 7)"));
    assert_true(may(url, "UPDATE mailfrom.lease SET worker = 7"));
    assert_false(may(worker, "UPDATE mailfrom.lease SET expires = expires WHERE number = '1'"));
}

/* Numbers of rules that could not be read are no damage, and what was known stays. */
static void rules_that_cannot_be_read_are_no_damage(void **state)
{
    const char *url = journal_made();
    struct journal *j = opened(url, JOURNAL_WRITE);
    uint64_t run;
    uint32_t len = 0;
    (void)state;
    assert_int_equal(begin(j, 3, &run), OK);
    assert_int_equal(keep(j, run, 0, 3), OK);
    journal_close(j);
    j = opened(role_made(url, "a_reader", "mailfrom_reader"), JOURNAL_READ);
    pg_server_sql(url, "UPDATE mailfrom.record SET findings = 1::bigint << 62 WHERE job = 2");
    pg_server_sql(url, "REVOKE SELECT ON mailfrom.rule FROM mailfrom_reader");
    assert_int_equal(journal_replay(j, run, count_one, &len, &why), ERR_AUTH);
    assert_null(strstr(why.text, "damaged"));
    pg_server_sql(url, "GRANT SELECT ON mailfrom.rule TO mailfrom_reader");
    assert_int_not_equal(journal_replay(j, run, count_one, &len, &why), OK);
    assert_non_null(strstr(why.text, "damaged"));
    pg_server_sql(url, "INSERT INTO mailfrom.rule VALUES (62, 'rule-of-tomorrow')");
    assert_int_equal(records_of(j, run), 3);
    journal_close(j);
}

/* In a database where everybody may create functions, and operators, as it was usual before
 * PostgreSQL 15: each of these fits the arguments better than the server's own. */
static void functions_of_others_are_not_called(void **state)
{
    const char *database = pg_server_database();
    char made[POSTGRES_MADE_MAX];
    struct journal *j;
    uint64_t run, worker;
    (void)state;
    pg_server_sql(database, "GRANT CREATE ON SCHEMA public TO PUBLIC");
    const char *planter = role_made(database, "a_planter", "pg_monitor");
#define PLANTED(name, args, returns)                                                               \
    "CREATE FUNCTION public." name "(" args ") RETURNS " returns                                   \
    " LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'planted " name "'; END $$;"
    pg_server_sql(
        planter,
        PLANTED("nextval", "text", "bigint") PLANTED("setval", "text, bigint", "bigint")
            PLANTED("generate_series", "integer, bigint", "SETOF bigint")
                PLANTED("times", "a bigint, b interval", "interval") PLANTED(
                    "times", "a numeric, b integer",
                    "numeric") "CREATE OPERATOR public.* (LEFTARG = bigint, RIGHTARG = interval,"
                               " FUNCTION = public.times);"
                               "CREATE OPERATOR public.* (LEFTARG = numeric, RIGHTARG = integer,"
                               " FUNCTION = public.times)");
#undef PLANTED
    if (postgres_journal_init(database, NULL, made, &why) != OK)
        fail_msg("%s", why.text);
    j = opened(database, JOURNAL_WRITE);
    const struct worker_self self = {.name = "w", .host = "h", .pid = 1, .version = TEXT("1")};
    const struct lease held = {1, 0, 1};
    const struct lease_terms terms = {.ttl = SPAN_S(30), .call_timeout = 1, .margin = 1};
    bool lost = false;
    if (begin(j, 3, &run) != OK || keep(j, run, 0, 3) != OK ||
        leases_worker_begin(j, &self, &worker, &why) != OK ||
        leases_renew(j, worker, &held, 1, &terms, NULL, &lost, &why) != OK)
        fail_msg("%s", why.text);
    assert_true(lost);
    journal_close(j);
}

/* Two teams and what belongs to neither. */
static void a_team_sees_its_own_runs_and_those_of_nobody(void **state)
{
    const char *url = journal_made();
    char urls[2][200], of_team[260];
    struct journal *j;
    uint64_t run;
    (void)state;
    pg_server_sql(url, "DROP ROLE IF EXISTS team_0; DROP ROLE IF EXISTS team_1; CREATE ROLE team_0;"
                       " CREATE ROLE team_1");
    for (int i = 0; i < 2; i++) {
        char name[20], groups[80];
        snprintf(name, sizeof name, "member_%d", i);
        snprintf(groups, sizeof groups, "mailfrom_submitter, mailfrom_worker, team_%d", i);
        snprintf(urls[i], sizeof urls[i], "%s", role_made(url, name, groups));
        snprintf(of_team, sizeof of_team, "%.200s&team=team_%d", urls[i], i);
        j = opened(of_team, JOURNAL_WRITE);
        assert_int_equal(begin(j, 3, &run), OK);
        assert_int_equal(keep(j, run, 0, 1), OK);
        journal_close(j);
    }
    j = opened(urls[0], JOURNAL_WRITE); /* of no team */
    assert_int_equal(begin(j, 3, &run), OK);
    assert_int_equal(keep(j, run, 0, 1), OK);
    assert_int_equal(keep(j, 2, 0, 1), ERR_GONE); /* of the other team */
    journal_close(j);
    for (int i = 0; i < 2; i++) {
        struct run_head head;
        struct arena arena;
        arena_init(&arena, SIZE_MAX);
        assert_int_equal(runs_of(urls[i]), 222);
        j = opened(urls[i], JOURNAL_READ);
        assert_int_equal(journal_run(j, 1 + (uint64_t)i, &head, &arena, &why), OK);
        assert_int_equal(journal_run(j, 2 - (uint64_t)i, &head, &arena, &why), ERR_GONE);
        journal_close(j);
        arena_clear(&arena);
    }
    assert_int_equal(runs_of(url), 333); /* the owner of the tables */
    assert_false(may(urls[0], "INSERT INTO mailfrom.record (run, seq) VALUES (2, 999)"));
    snprintf(of_team, sizeof of_team, "%s&team=team_1", urls[0]);
    assert_int_equal(journal_open_postgres(&j, of_team, JOURNAL_WRITE, NULL, &why), ERR_AUTH);
    snprintf(of_team, sizeof of_team, "%s&team=nobody_at_all", urls[0]);
    assert_int_equal(journal_open_postgres(&j, of_team, JOURNAL_WRITE, NULL, &why), ERR_INPUT);
    pg_server_sql(url, "DROP ROLE team_1"); /* its runs are hidden, and nothing else breaks */
    assert_int_equal(runs_of(urls[1]), 111);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(roles_have_no_more_rights_than_they_need),
        cmocka_unit_test(a_second_init_changes_no_right),
        cmocka_unit_test(a_lease_is_held_only_by_whoever_may_carry_it),
        cmocka_unit_test(rules_that_cannot_be_read_are_no_damage),
        cmocka_unit_test(functions_of_others_are_not_called),
        cmocka_unit_test(a_team_sees_its_own_runs_and_those_of_nobody),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
