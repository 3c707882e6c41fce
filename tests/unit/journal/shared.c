/* A journal in a store that workers share, behind one set of functions. */
#include "shared.h"

#include "journal/inside.h"
#include "journal/store_postgres/store_postgres.h"
#include "memory_store.h"
#include "pg_server.h"

#include <stdio.h>
#include <time.h>

enum shared_kind shared_kinds[SHARED_KINDS] = {SHARED_IN_MEMORY, SHARED_IN_POSTGRES};

const struct lease_terms shared_terms = {
    .ttl = SPAN_S(30), .call_timeout = SPAN_S(10), .margin = SPAN_S(2)};

void shared_is(struct shared *s, enum err err, enum err want)
{
    if (err != want)
        fail_msg("error %d, expected %d: %s", err, want, s->why.text);
    s->why = (struct why){""};
}

/* It goes on by itself, as the database's does. */
static instant_us clock_of(void *ctx)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return ((struct shared *)ctx)->now + SPAN_S(now.tv_sec) + now.tv_nsec / 1000;
}

static void worker_open(struct shared *s, unsigned w)
{
    const struct worker_self self = {
        .name = "worker", .host = "host", .pid = 100 + w, .version = TEXT("1.0")};
    if (s->rows)
        assert_ok(journal_open_rows(&s->journals[w], s->rows, JOURNAL_WRITE, &s->why));
    else
        assert_ok(journal_open_postgres(&s->journals[w], s->url, JOURNAL_WRITE, NULL, &s->why));
    assert_true(journal_is_shared(s->journals[w]));
    assert_ok(leases_worker_begin(s->journals[w], &self, &s->workers[w], &s->why));
}

/* Each test has a schema of its own in one database. */
static void schema_make(struct shared *s)
{
    static const char *database;
    static unsigned schemas;
    char made[POSTGRES_MADE_MAX];
    database = database ? database : pg_server_database();
    snprintf(s->schema, sizeof s->schema, "shared%u", ++schemas);
    snprintf(s->url, sizeof s->url, "%s&schema=%s", database, s->schema);
    assert_ok(postgres_journal_init(s->url, NULL, made, &s->why));
}

int shared_set_up(void **state)
{
    enum shared_kind kind = *(enum shared_kind *)*state;
    struct shared *s = calloc(1, sizeof *s);
    assert_non_null(s);
    arena_init(&s->arena, 1 << 20);
    fleet_init(&s->fleet);
    s->now = SPAN_H(24 * 365 * 50);
    if (kind == SHARED_IN_POSTGRES) {
        schema_make(s);
    } else {
        s->rows = memory_rows_new();
        assert_non_null(s->rows);
        memory_share(s->rows, clock_of, s);
    }
    for (unsigned w = 0; w < SHARED_WORKERS; w++)
        worker_open(s, w);
    *state = s;
    return 0;
}

int shared_tear_down(void **state)
{
    struct shared *s = *state;
    for (unsigned w = 0; w < SHARED_WORKERS; w++)
        journal_close(s->journals[w]);
    if (s->rows)
        memory_rows_free(s->rows);
    fleet_clear(&s->fleet);
    arena_clear(&s->arena);
    free(s);
    return 0;
}

void shared_as(struct shared *s, unsigned worker, const char *role, const char *groups)
{
    char statement[300], url[260];
    snprintf(statement, sizeof statement,
             "DROP ROLE IF EXISTS %s; CREATE ROLE %s LOGIN; GRANT %s TO %s", role, role, groups,
             role);
    shared_sql(s, statement);
    snprintf(url, sizeof url, "%.*s", (int)(strstr(s->url, "&schema=") - s->url), s->url);
    const char *of_role = pg_server_url_of(url, role);
    snprintf(url, sizeof url, "%s&schema=%s", of_role, s->schema);
    journal_close(s->journals[worker]);
    s->journals[worker] = NULL;
    assert_ok(journal_open_postgres(&s->journals[worker], url, JOURNAL_WRITE, NULL, &s->why));
}

void shared_restart(struct shared *s, unsigned worker)
{
    journal_close(s->journals[worker]);
    memset(s->held[worker], 0, sizeof s->held[worker]);
    worker_open(s, worker);
}

void shared_sql(struct shared *s, const char *statement)
{
    char line[1000] = "", *out = line, *end = line + sizeof line;
    if (s->rows)
        return;
    for (const char *at = statement; *at; at++)
        out += snprintf(out, (size_t)(end - out), *at == '@' ? "%s" : "%.1s",
                        *at == '@' ? s->schema : at);
    char url[200];
    snprintf(url, sizeof url, "%.*s", (int)(strstr(s->url, "&schema=") - s->url), s->url);
    pg_server_sql(url, line);
}

/* What lies in the past of the database lies further back. */
void shared_pass(struct shared *s, span_us span)
{
    char statement[400];
    s->now += span;
    snprintf(statement, sizeof statement,
             "WITH t AS (SELECT interval '%lld microseconds' AS us), a AS (UPDATE @.worker SET"
             " seen = seen - us FROM t), b AS (UPDATE @.run_lane SET tried_at = tried_at - us"
             " FROM t) UPDATE @.lease SET expires = expires - us, claimed = claimed - us,"
             " quiet_until = quiet_until - us, next_call_told = next_call_told - us FROM t",
             (long long)span);
    shared_sql(s, statement);
}

static void waves_read(struct fleet *f, const char *waves)
{
    for (char *end; waves && *waves; waves = *end == ',' ? end + 1 : end)
        f->waves[f->waves_len++] = (struct quota){.value = strtod(waves, &end)};
}

static void fleet_make(struct fleet *f, const struct shared_fleet *from)
{
    uint16_t index, policy[2];
    uint32_t row;
    fleet_init(f);
    assert_true(names_init(&f->names, 1 << 20));
    waves_read(f, from->waves);
    f->max_failures.value = from->max_failures > 0 ? from->max_failures : NO_BOUND;
    assert_true(fleet_policy(f, (struct policy){0}, &policy[0]));
    assert_true(fleet_policy(f, (struct policy){.wave = from->is_numbered}, &policy[1]));
    for (uint32_t i = 0; i < from->lanes; i++) {
        char name[32];
        struct account account = {0};
        name_id region;
        int len = snprintf(name, sizeof name, "team-%u", i);
        assert_true(names_add(&f->names, (struct text){name, (size_t)len}, &account.name));
        len = snprintf(name, sizeof name, "%012u", 1000 + i);
        assert_true(names_add(&f->names, (struct text){name, (size_t)len}, &account.account_id));
        assert_true(names_add(&f->names, TEXT("us-east-1"), &region));
        assert_true(fleet_account(f, account, &index));
        assert_true(fleet_lane(f, index, region, &index));
    }
    for (uint32_t i = 0; i < from->jobs; i++) {
        char name[32];
        int len = snprintf(name, sizeof name, "d%u.test", i);
        struct choice c = {.lane = (uint16_t)(i % from->lanes),
                           .policy = policy[i % from->lanes == 0]};
        assert_true(names_add(&f->names, (struct text){name, (size_t)len}, &c.identity));
        assert_true(fleet_choice(f, c, &row));
    }
}

uint64_t shared_begin(struct shared *s, const struct shared_fleet *f)
{
    struct run_head head = {.verb = f->verb, .started = s->now, .seed = 7};
    fleet_clear(&s->fleet);
    fleet_make(&s->fleet, f);
    journal_together(s->journals[0]);
    assert_ok(journal_begin(s->journals[0], &head, &s->fleet, &s->why));
    assert_ok(leases_open_run(s->journals[0], head.id, &s->fleet, &s->why));
    assert_ok(journal_apart(s->journals[0], &s->why));
    return head.id;
}

struct lease_claim shared_claim(struct shared *s, unsigned worker, uint64_t run, uint16_t lane)
{
    struct lease_claim claim = {.quiet = 0};
    uint32_t claimed;
    assert_ok(leases_claim(s->journals[worker], s->workers[worker], run, &lane, 1, &shared_terms,
                           &claim, &claimed, &s->why));
    assert_true(claimed <= 1);
    if (claimed)
        s->held[worker][lane == LEASE_RUN ? 0 : lane] = claim.lease;
    return claimed ? claim : (struct lease_claim){.quiet = 0};
}

enum err shared_keep(struct shared *s, unsigned worker, uint64_t run, const struct record *r)
{
    struct journal *j = s->journals[worker];
    const struct fence fence = {run, &s->fleet, s->held[worker]};
    if (j->fence.run != run) {
        free(
            j->fences); /* a carriage has a journal of its own for each run, the test one for all */
        j->fences = NULL;
        j->fence = (struct fence){.run = 0};
        assert_ok(journal_fence(j, &fence, &s->why));
    }
    return journal_keep(j, run, r, 1, &s->why);
}

struct record shared_intent(uint32_t job, uint32_t wave)
{
    return (struct record){.kind = RECORD_INTENT,
                           .job = job,
                           .at = 5000,
                           .from = JOB_READY,
                           .row = {.state = JOB_WRITING, .wave = wave, .writes = 1}};
}

struct record shared_end(uint32_t job, uint32_t wave, enum outcome outcome)
{
    return (struct record){.kind = RECORD_MOVE,
                           .job = job,
                           .at = 6000,
                           .from = JOB_FOLLOWING,
                           .row = {.state = JOB_DONE, .outcome = outcome, .wave = wave}};
}

struct shared_run shared_look(struct shared *s, uint64_t run)
{
    struct shared_run view;
    assert_ok(leases_run(s->journals[0], run, &view, &s->why));
    return view;
}

struct finding_lane {
    struct shared *s;
    uint16_t lane;
    struct lease_view view;
    bool found;
};

static bool view_find(void *ctx, const struct lease_view *view)
{
    struct finding_lane *f = ctx;
    if (view->lane != f->lane)
        return true;
    f->found = true;
    f->view = *view;
    struct text *texts[] = {&f->view.name.account, &f->view.name.number, &f->view.name.region,
                            &f->view.worker_name,  &f->view.worker_host, &f->view.tried_by,
                            &f->view.tried_why};
    for (size_t i = 0; i < COUNT(texts); i++)
        *texts[i] = texts[i]->len ? arena_text(&f->s->arena, *texts[i]) : TEXT_NONE;
    return false;
}

struct lease_view shared_view(struct shared *s, uint64_t run, uint16_t lane)
{
    struct finding_lane f = {.s = s, .lane = lane};
    assert_ok(leases_each(s->journals[0], run, view_find, &f, &s->why));
    assert_true(f.found);
    return f.view;
}

const struct shared_fleet shared_two_lanes = {.lanes = 2, .jobs = 4};

enum err shared_resign(struct shared *s, unsigned worker, const struct lease *lease,
                       enum lease_rest rest)
{
    const struct lease_left left = {.rest = rest};
    return leases_resign(s->journals[worker], s->workers[worker], lease, &left, 7000, &s->why);
}

bool shared_renew(struct shared *s, unsigned worker, const struct lease *lease)
{
    bool lost = true;
    assert_ok(leases_renew(s->journals[worker], s->workers[worker], lease, 1, &shared_terms, NULL,
                           &lost, &s->why));
    return !lost;
}

uint32_t shared_starts(struct shared *s, unsigned worker, const struct lease *lease, int32_t wanted)
{
    uint32_t granted = 99;
    assert_ok(leases_starts(s->journals[worker], lease, wanted, &granted, &s->why));
    return granted;
}
