/*
 * Not a test: what a fenced intent costs in a shared journal, beside bare libpq. Usage:
 * shared_bench INTENTS. Starts a server of its own. Each intent is one commit:
 *
 *   bare     PQexecParams, a small row: INSERT ... SELECT ... FROM lane ... FOR SHARE
 *   same     PQexecParams, the statement and the row of the journal's own intent
 *   journal  journal_keep() of an intent, with its lease
 *   fleet    journal_keep() of many records in one commit
 */
#include "shared.h"

#include "journal/inside.h"
#include "pg_server.h"

#include <libpq-fe.h>
#include <stdio.h>
#include <time.h>

#define SAMPLES_MAX 200000

static unsigned numbers;
static double samples[SAMPLES_MAX];

static double seconds(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static int by_size(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static void tell(const char *what, unsigned len, double took)
{
    qsort(samples, len, sizeof *samples, by_size);
    printf("%-8s %8.0f/s  median %.3f ms  p99 %.3f ms\n", what, len / took, samples[len / 2] * 1e3,
           samples[len - 1 - len / 100] * 1e3);
}

static void exec(PGconn *conn, const char *sql)
{
    PGresult *result = PQexec(conn, sql);
    if (PQresultStatus(result) != PGRES_COMMAND_OK)
        fail_msg("%s: %s", sql, PQerrorMessage(conn));
    PQclear(result);
}

static void loop(PGconn *conn, const char *what, const char *sql, const char *epoch, unsigned len)
{
    double begun = seconds();
    for (unsigned i = 0; i < len; i++) {
        double at = seconds();
        char number[16];
        snprintf(number, sizeof number, "%u", 1000000 + numbers++);
        const char *values[] = {number, "1", epoch};
        PGresult *result = PQexecParams(conn, sql, 3, NULL, values, NULL, NULL, 1);
        if (strcmp(PQcmdTuples(result), "1") != 0)
            fail_msg("%s: %s", sql, PQerrorMessage(conn));
        PQclear(result);
        samples[i] = seconds() - at;
    }
    tell(what, len, seconds() - begun);
}

static void bare(const char *url, unsigned len)
{
    PGconn *conn = PQconnectdb(url);
    exec(conn, "DROP TABLE IF EXISTS lane, intent");
    exec(conn, "CREATE TABLE lane (id bigint PRIMARY KEY, epoch bigint, expires timestamptz)");
    exec(conn, "INSERT INTO lane VALUES (1, 1, now() + interval '1 h')");
    exec(conn, "CREATE TABLE intent (seq bigint PRIMARY KEY, lane bigint, job bigint, at bigint,"
               " what text)");
    loop(conn, "bare",
         "INSERT INTO intent SELECT $1, id, 7, 1000, 'bounce.example.com' FROM lane"
         " WHERE id = $2 AND epoch = $3 AND expires > clock_timestamp() FOR SHARE",
         "1", len);
    PQfinish(conn);
}

/* The row of an intent, put by the statement of a store that keeps one. */
static void same(const struct shared *s, const char *url, unsigned len)
{
    PGconn *conn = PQconnectdb(url);
    char epoch[24], sql[2000];
    snprintf(epoch, sizeof epoch, "%llu", (unsigned long long)s->held[0][0].epoch);
    snprintf(
        sql, sizeof sql,
        "INSERT INTO %1$s.record SELECT v.* FROM (SELECT $2::bigint AS run, $1::bigint,"
        " 0::bigint, 5000::bigint, 1::bigint, 4::bigint, 'bounce.example.com', 0::bigint,"
        " 5::bigint, 0::bigint, 0::bigint, '', 0::bigint, '', 0::bigint, 0::bigint, '', 0::bigint,"
        " 0::bigint, 'none', 'none', 'none', 0::bigint, NULL::text, 1::bigint, 0::bigint,"
        " 0::bigint, 0::bigint, 0::bigint, 0::bigint, 0::bigint, 0::bigint, 0::bigint,"
        " 1::bigint, 0::bigint) v JOIN %1$s.run_lane held ON held.run = v.run"
        " AND held.lane = 0 JOIN %1$s.lease ON lease.id = held.lease AND lease.epoch = $3"
        " AND lease.worker IS NOT NULL AND lease.run = v.run AND lease.lane = 0"
        " AND lease.expires > clock_timestamp() FOR SHARE OF lease",
        s->schema);
    loop(conn, "same", sql, epoch, len);
    PQfinish(conn);
}

static void journal_loop(struct shared *s, uint64_t run, unsigned len)
{
    struct record r = shared_intent(0, 0);
    r.write_mail_from = TEXT("bounce.example.com");
    double begun = seconds();
    for (unsigned i = 0; i < len; i++) {
        double at = seconds();
        assert_ok(shared_keep(s, 0, run, &r));
        samples[i] = seconds() - at;
    }
    tell("journal", len, seconds() - begun);
}

static void fleet_loop(struct shared *s, uint64_t run, unsigned len)
{
    struct record *records = calloc(len, sizeof *records);
    for (unsigned i = 0; i < len; i++)
        records[i] = shared_intent(0, 0);
    double begun = seconds();
    assert_ok(journal_keep(s->journals[0], run, records, len, &s->why));
    printf("%-8s %8.0f/s in one commit\n", "fleet", len / (seconds() - begun));
    free(records);
}

static unsigned intents = 2000;

static void measure(void **state)
{
    struct shared *s = *state;
    char url[200];
    snprintf(url, sizeof url, "%.*s", (int)(strstr(s->url, "&schema=") - s->url), s->url);
    uint64_t run = shared_begin(s, &(struct shared_fleet){.lanes = 1, .jobs = 10});
    for (int round = 0; round < 3; round++) {
        bare(url, intents);
        assert_true(shared_claim(s, 0, run, 0).lease.epoch > 0);
        same(s, url, intents);
        assert_true(shared_claim(s, 0, run, 0).lease.epoch > 0);
        journal_loop(s, run, intents);
    }
    assert_true(shared_claim(s, 0, run, 0).lease.epoch > 0);
    fleet_loop(s, run, 10000);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {ON_SHARED_STORE(SHARED_IN_POSTGRES, "postgres", measure)};
    intents = argc > 1 ? (unsigned)atoi(argv[1]) : intents;
    return intents > 0 && intents <= SAMPLES_MAX ? cmocka_run_group_tests(tests, NULL, NULL) : 2;
}
