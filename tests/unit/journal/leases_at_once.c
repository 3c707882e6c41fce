/*
 * Several workers at once on one journal in PostgreSQL, each in a thread with a connection of its
 * own: claims, renewals, records, starts, orders and resignations in any order. No transaction
 * waits for another one in a circle, no epoch keeps anything after a later one has, and the waves
 * count what is kept.
 */
#include "shared.h"

#include "journal/inside.h"

#include <pthread.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

#define LANES  6
#define JOBS   600 /* of each lane */
#define ROUNDS 300

#define FREEZES_EVERY 60 /* rounds */

/* Leases end while they are used. */
static const struct lease_terms terms = {
    .ttl = SPAN_MS(150), .call_timeout = SPAN_MS(2), .margin = SPAN_MS(1)};

struct worker {
    struct shared *s;
    unsigned number;
    uint64_t seed, run;

    uint32_t kept, failed, fenced, claims, reopens;
    struct why why;
    enum err err;
};

/* What the workers have in common is the database, and which job is next: that is guarded by the
 * epoch, too, since only its holder keeps an end. */
static uint32_t next_job[LANES];

static bool is_fine(struct worker *w, enum err err)
{
    w->fenced += err == ERR_FENCED;
    if (err != OK && err != ERR_FENCED && w->err == OK)
        w->err = err;
    return err == OK;
}

static void ends_keep(struct worker *w, struct journal *j, uint16_t lane)
{
    const struct lease *lease = &w->s->held[w->number][lane];
    uint32_t granted = 0, nth = __atomic_fetch_add(&next_job[lane], 1, __ATOMIC_RELAXED);
    if (nth >= JOBS || !is_fine(w, leases_starts(j, lease, 1, &granted, &w->why)) || !granted)
        return;
    struct record intent = shared_intent(nth * LANES + lane, 1),
                  end = shared_end(nth * LANES + lane, 1, nth % 2 ? OUTCOME_FAILED : OUTCOME_DONE);
    intent.at = end.at = (instant_us)lease->epoch;
    if (!is_fine(w, journal_keep(j, w->run, &intent, 1, &w->why)))
        return;
    if (!is_fine(w, journal_keep(j, w->run, &end, 1, &w->why)))
        return;
    w->kept++;
    w->failed += nth % 2;
}

static void several_keep(struct worker *w, struct journal *j)
{
    struct record moves[LANES];
    uint32_t len = 0;
    for (uint16_t lane = 0; lane < LANES; lane++)
        if (w->s->held[w->number][lane].epoch) {
            moves[len] = shared_intent((JOBS - 1) * LANES + lane, 0);
            moves[len++].at = (instant_us)w->s->held[w->number][lane].epoch;
        }
    if (len)
        is_fine(w, journal_keep(j, w->run, moves, len, &w->why));
}

/* Mostly refused, after the locks were there: somebody holds a lane. */
static void person_reopens(struct worker *w, struct journal *j)
{
    enum err err = leases_reopen(j, w->run, false, &w->why);
    w->reopens += err == OK;
    if (err != ERR_BUSY)
        is_fine(w, err);
}

static void round_do(struct worker *w)
{
    struct journal *j = w->s->journals[w->number];
    struct lease *held = w->s->held[w->number];
    uint16_t lanes[LANES], lane = (uint16_t)(dice(&w->seed) % LANES);
    struct lease_claim claims[LANES];
    struct lease_left left = {.rest = LEASE_OPEN};
    struct shared_run view;
    bool lost[LANES];
    uint32_t len = 0;
    switch (dice(&w->seed) % 8) {
    case 0: /* any of them, in any order; own ones by a new epoch */
        for (uint16_t i = 0; i < LANES; i++)
            lanes[i] = (uint16_t)((lane + i * 5) % LANES);
        if (is_fine(w, leases_claim(j, w->s->workers[w->number], w->run, lanes, 3, &terms, claims,
                                    &len, &w->why)))
            for (uint32_t i = 0; i < len; i++, w->claims++)
                held[claims[i].lease.lane] = claims[i].lease;
        break;
    case 1:
        for (uint16_t i = 0; i < LANES; i++)
            held[i] = held[i].epoch ? held[i] : (struct lease){w->run, i, 0};
        is_fine(
            w, leases_renew(j, w->s->workers[w->number], held, LANES, &terms, NULL, lost, &w->why));
        break;
    case 2:
        if (held[lane].epoch)
            is_fine(w, leases_resign(j, w->s->workers[w->number], &held[lane], &left, 1, &w->why));
        held[lane].epoch = 0;
        break;
    case 3:
        if (w->number == 0)
            person_reopens(w, j);
        is_fine(w, leases_run(j, w->run, &view, &w->why));
        break;
    case 4: several_keep(w, j); break;
    default:
        if (held[lane].epoch)
            ends_keep(w, j, lane);
    }
}

static void *work(void *ctx)
{
    struct worker *w = ctx;
    for (int i = 0; i < ROUNDS && w->err == OK; i++) {
        if (i % FREEZES_EVERY == FREEZES_EVERY / 2 + (int)w->number)
            usleep(2 * (useconds_t)terms.ttl); /* and others take over what it goes on with */
        round_do(w);
    }
    return NULL;
}

struct epochs {
    instant_us newest[LANES];
    uint32_t ends, failed;
    bool grow;
};

static bool epoch_see(void *ctx, const struct record *record)
{
    struct epochs *e = ctx;
    uint16_t lane = (uint16_t)(record->job % LANES);
    e->grow &= record->at >= e->newest[lane];
    e->newest[lane] = record->at;
    e->ends += record->row.state == JOB_DONE;
    e->failed += record->row.outcome == OUTCOME_FAILED;
    return true;
}

static void workers_at_once_keep_what_their_epochs_may(void **state)
{
    struct shared *s = *state;
    const struct shared_fleet f = {
        .lanes = LANES, .jobs = LANES * JOBS, .waves = "100000", .max_failures = 100000};
    struct worker w[SHARED_WORKERS];
    pthread_t threads[SHARED_WORKERS];
    uint32_t kept = 0, failed = 0, fenced = 0, claims = 0, reopens = 0;
    uint64_t run = shared_begin(s, &f);
    memset(next_job, 0, sizeof next_job);
    for (unsigned i = 0; i < SHARED_WORKERS; i++) {
        const struct fence fence = {run, &s->fleet, s->held[i]};
        w[i] = (struct worker){.s = s, .number = i, .seed = 77 + i, .run = run};
        for (uint16_t lane = 0; lane < LANES; lane++)
            s->held[i][lane] = (struct lease){run, lane, 0};
        assert_ok(journal_fence(s->journals[i], &fence, &s->why));
    }
    for (unsigned i = 0; i < SHARED_WORKERS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, work, &w[i]), 0);
    for (unsigned i = 0; i < SHARED_WORKERS; i++) {
        pthread_join(threads[i], NULL);
        if (w[i].err != OK)
            fail_msg("worker %u: error %d: %s", i, w[i].err, w[i].why.text);
        kept += w[i].kept;
        failed += w[i].failed;
        fenced += w[i].fenced;
        claims += w[i].claims;
        reopens += w[i].reopens;
    }
    print_message("%u ends, %u claims, %u fenced, opened anew %u times\n", kept, claims, fenced,
                  reopens);
    struct epochs e = {.grow = true};
    assert_ok(journal_replay(s->journals[0], run, epoch_see, &e, &s->why));
    assert_true(e.grow);
    assert_int_equal(e.ends, kept);
    struct waves waves = shared_look(s, run).waves;
    assert_int_equal(waves.failed, failed);
    assert_int_equal(waves.started - waves.open, kept);
    assert_true(claims > 0 && kept > 0 && (fenced > 0 || s->rows));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        ON_SHARED_STORES(workers_at_once_keep_what_their_epochs_may),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
