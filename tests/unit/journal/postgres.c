/*
 * What only the store in PostgreSQL has: its name, its tables and roles, teams that do not see each
 * other's runs, pages of long runs, and that a connection that ends in the middle of a transaction
 * keeps all of it or nothing. What it has in common with other stores is in kept.c and its
 * neighbours, and its leases are in leases.c.
 */
#include "pg_server.h"
#include "stores.h"

#include "journal/inside.h"
#include "journal/store_postgres/postgres_inside.h"

#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

static struct why why;

static const char *journal_made(void)
{
    static char out[200];
    char made[POSTGRES_MADE_MAX];
    snprintf(out, sizeof out, "%s", pg_server_database());
    if (postgres_journal_init(out, NULL, made, &why) != OK)
        fail_msg("%s", why.text);
    assert_non_null(strstr(made, "made a journal in the schema mailfrom, with the roles"));
    return out;
}

static struct journal *opened(const char *url, enum journal_mode mode)
{
    struct journal *j;
    if (journal_open_postgres(&j, url, mode, NULL, &why) != OK)
        fail_msg("%s", why.text);
    return j;
}

/* A run of so many identities in one lane; the error of its beginning. */
static enum err begin(struct journal *j, uint32_t jobs, uint64_t *run)
{
    struct fleet f;
    struct run_head head = {.started = 1000, .seed = 7};
    struct choice c = {0};
    name_id region;
    uint16_t index;
    uint32_t row;
    fleet_init(&f);
    assert_true(names_init(&f.names, 1 << 22));
    struct account account = {0};
    assert_true(names_add(&f.names, TEXT("main"), &account.name));
    assert_true(names_add(&f.names, TEXT("us-east-1"), &region));
    assert_true(fleet_account(&f, account, &index));
    assert_true(fleet_lane(&f, 0, region, &index));
    assert_true(fleet_policy(&f, (struct policy){0}, &index));
    for (uint32_t i = 0; i < jobs; i++) {
        char name[32];
        int len = snprintf(name, sizeof name, "d%u.test", i);
        assert_true(names_add(&f.names, (struct text){name, (size_t)len}, &c.identity));
        assert_true(fleet_choice(&f, c, &row));
    }
    enum err err = journal_begin(j, &head, &f, &why);
    fleet_clear(&f);
    *run = head.id;
    return err;
}

static enum err keep(struct journal *j, uint64_t run, uint32_t from, uint32_t len)
{
    struct record *records = calloc(len, sizeof *records);
    assert_non_null(records);
    for (uint32_t i = 0; i < len; i++)
        records[i] = (struct record){.job = from + i, .at = 2000 + from + i};
    enum err err = journal_keep(j, run, records, len, &why);
    free(records);
    return err;
}

static bool count_one(void *ctx, const struct record *r)
{
    (void)r;
    ++*(uint32_t *)ctx;
    return true;
}

static uint32_t records_of(struct journal *j, uint64_t run)
{
    uint32_t len = 0;
    if (journal_replay(j, run, count_one, &len, &why) != OK)
        fail_msg("%s", why.text);
    return len;
}

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

/* Roles */

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
    bool lost;
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
        cmocka_unit_test(schemas_are_apart),
        cmocka_unit_test(an_answer_that_means_nothing_is_refused),
        cmocka_unit_test(commits_stay_durable_for_who_connects_again),
        cmocka_unit_test(roles_have_no_more_rights_than_they_need),
        cmocka_unit_test(a_second_init_changes_no_right),
        cmocka_unit_test(a_lease_is_held_only_by_whoever_may_carry_it),
        cmocka_unit_test(rules_that_cannot_be_read_are_no_damage),
        cmocka_unit_test(functions_of_others_are_not_called),
        cmocka_unit_test(a_team_sees_its_own_runs_and_those_of_nobody),
        cmocka_unit_test(a_long_run_is_read_as_it_was_at_one_instant),
        cmocka_unit_test(a_connection_that_ends_keeps_all_or_nothing),
        cmocka_unit_test(a_server_that_crashes_keeps_what_it_said),
        cmocka_unit_test(a_transaction_is_undone_with_its_connection),
        cmocka_unit_test(a_journal_is_the_same_through_a_pooler),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
