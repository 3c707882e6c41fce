/*
 * One run carried by several schedulers: each has some of the lanes, and the waves are a row that
 * all of them change, as the database has it. SES is a table here: rows have a MAIL FROM, which the
 * run clears.
 */
#include "unit.h"

#include "base/bounds.h"
#include "scheduler/scheduler.h"
#include "scheduler/waves.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LANES        4
#define LANE_ROWS    12
#define ROWS         (LANES * LANE_ROWS)
#define CALLS_A_TURN 64
#define LOOK         SPAN_MS(500)
#define TRIP         SPAN_MS(80)
#define BEGIN        SPAN_H(1)

enum trouble { NO_TROUBLE, UNSENT, READS_DENIED, SETS_DENIED };

/* What the run is, and what the row and SES say of it. */
struct shared {
    struct fleet fleet;
    struct waves waves;
    bool has_waves;
    uint32_t wishes;                /* that were told to the database */
    uint32_t granted[LANES], index; /* of the wave `index`, used and unused */
    struct job_row rows[ROWS];
    enum api read_api;
    enum trouble trouble[LANES];
    bool known[ROWS], is_set[ROWS], is_refused[ROWS];
    uint32_t sets[ROWS], reads; /* calls */
    uint32_t open, open_max;    /* first writes sent of identities that are not final */
    double rate_per_s;
    instant_us now, look_at, answered; /* answered: the last call */
};

/* One process; every call out is answered after TRIP. */
struct part {
    struct shared *of;
    struct scheduler *d;
    struct arena memory;
    bool lanes[LANES];
    struct call *out[CALLS_A_TURN];
    instant_us due[CALLS_A_TURN];
    uint32_t out_len;
    bool is_over;
};

static void row_add(struct fleet *f, uint32_t i, uint16_t lane, uint64_t wave)
{
    char name[32];
    uint32_t row;
    struct policy policy = {.timeout_us = SPAN_H(72), .wave = (uint8_t)wave};
    struct choice choice = {
        .type = IDENTITY_DOMAIN, .lane = lane, .mail_from = MAIL_FROM_DEFAULT, .line = i + 1};
    snprintf(name, sizeof name, "d%u.test", i);
    assert_true(names_add(&f->names, text_of(name), &choice.identity));
    assert_true(fleet_policy(f, policy, &choice.policy));
    assert_true(fleet_choice(f, choice, &row));
}

static struct shared *shared_new(const struct quota *waves, uint32_t len, double max_failures)
{
    struct shared *s = calloc(1, sizeof *s);
    struct fleet *f = &s->fleet;
    struct account account = {0};
    uint16_t index, lane;
    name_id region;
    fleet_init(f);
    assert_true(names_init(&f->names, 1u << 20));
    assert_true(names_add(&f->names, TEXT("main"), &account.name));
    assert_true(fleet_account(f, account, &index));
    for (uint32_t i = 0; i < LANES; i++) {
        char name[32];
        snprintf(name, sizeof name, "us-east-%u", i + 1);
        assert_true(names_add(&f->names, text_of(name), &region));
        assert_true(fleet_lane(f, index, region, &lane));
    }
    for (uint32_t i = 0; i < ROWS; i++) {
        row_add(f, i, (uint16_t)(i % LANES), 0);
        s->is_set[i] = true;
    }
    f->max_failures.value = max_failures;
    f->waves_len = len;
    if (len)
        memcpy(f->waves, waves, len * sizeof *waves);
    s->has_waves = waves_are_wanted(f);
    waves_init(&s->waves, f);
    s->now = s->look_at = BEGIN;
    s->rate_per_s = 2;
    s->read_api = API_V1;
    return s;
}

static void shared_free(struct shared *s)
{
    fleet_clear(&s->fleet);
    free(s);
}

static void is_between(int64_t value, int64_t low, int64_t high)
{
    if (value < low || value > high)
        fail_msg("%lld is not from %lld to %lld", (long long)value, (long long)low,
                 (long long)high);
}

/* --- the row of the waves --------------------------------------------------------------------- */

static void wave_follow(struct shared *s)
{
    if (s->waves.index == s->index)
        return;
    s->index = s->waves.index;
    memset(s->granted, 0, sizeof s->granted);
}

static uint32_t grant(struct shared *s, uint16_t lane, uint32_t wanted)
{
    uint32_t given = 0;
    s->wishes += wanted > 0;
    for (; given < wanted && waves_may_start(&s->waves); given++)
        waves_start(&s->waves);
    s->granted[lane] += given;
    return given;
}

static void give_back(struct shared *s, uint16_t lane, uint32_t starts)
{
    assert_true(starts <= s->granted[lane]);
    for (uint32_t i = 0; i < starts; i++)
        waves_return(&s->waves, &s->fleet);
    s->granted[lane] -= starts;
    wave_follow(s);
}

/* As the fence of the journal does: an end counts with its record. */
static void keep(struct shared *s, const struct record *r)
{
    if (!record_is_of_job(r))
        return;
    const struct job_row *before = &s->rows[r->job];
    bool begins = r->row.wave > 0 && !(s->known[r->job] && before->wave > 0);
    if (begins && s->has_waves)
        assert_int_equal(r->row.wave, waves_number(&s->waves));
    s->open += begins && r->row.state != JOB_DONE;
    s->open_max = s->open > s->open_max ? s->open : s->open_max;
    if (r->row.state == JOB_DONE && s->has_waves)
        waves_finish(&s->waves, &s->fleet, r->row.outcome, r->row.wave > 0,
                     fleet_policy_of(&s->fleet, r->job)->wave);
    if (r->row.state == JOB_DONE && r->row.wave > 0 && !begins)
        s->open--;
    wave_follow(s);
    s->rows[r->job] = r->row;
    s->rows[r->job].reason = TEXT_NONE; /* borrowed for the turn, as the names are */
    s->rows[r->job].notes = (struct finding_notes){0};
    s->rows[r->job].mail_from_before = r->row.mail_from_before.len ? TEXT("old.test") : TEXT_NONE;
    s->rows[r->job].mail_from_seen = r->row.mail_from_seen.len ? TEXT("old.test") : TEXT_NONE;
    s->known[r->job] = true;
}

/* --- SES -------------------------------------------------------------------------------------- */

static uint32_t row_of(const struct shared *s, struct text identity)
{
    uint32_t row = (uint32_t)strtoul(identity.at + 1, NULL, 10); /* d7.test */
    assert_true(text_eq(fleet_identity(&s->fleet, row), identity));
    return row;
}

static void answer(struct shared *s, struct call *call)
{
    call_answer_reset(call);
    call->reply = (struct reply){.how = REPLY_HTTP, .http_status = 200};
    call->answered_at = s->answered = s->now;
    enum trouble trouble = s->trouble[call->lane];
    bool is_denied = trouble == (call->kind == CALL_SET ? SETS_DENIED : READS_DENIED);
    if (trouble == UNSENT || is_denied) {
        call->reply.how = is_denied ? REPLY_HTTP : REPLY_NOT_SENT;
        call->reply.http_status = 403;
        strcpy(call->reply.code, "AccessDenied");
        return;
    }
    s->reads += call->kind != CALL_SET;
    for (uint32_t i = 0; i < call->count; i++) {
        uint32_t row = row_of(s, call->identities[i]);
        call->facts[i] = (struct ses_facts){
            .known = KNOWN_VERIFICATION | KNOWN_MAIL_FROM,
            .verification = VERIFICATION_SUCCESS,
            .mail_from = s->is_set[row] ? TEXT("old.test") : TEXT_NONE,
            .status = s->is_set[row] ? MAIL_FROM_SUCCESS : MAIL_FROM_NONE,
        };
    }
    if (call->kind != CALL_SET)
        return;
    uint32_t row = row_of(s, call->identities[0]);
    s->sets[row]++;
    if (s->is_refused[row]) {
        call->reply.http_status = 400;
        snprintf(call->reply.code, sizeof call->reply.code, "BadRequestException");
        return;
    }
    s->is_set[row] = false;
}

/* --- a process -------------------------------------------------------------------------------- */

static struct part *part_new(struct shared *s, unsigned lanes)
{
    struct part *p = calloc(1, sizeof *p);
    p->of = s;
    for (uint32_t i = 0; i < LANES; i++)
        p->lanes[i] = lanes & 1u << i;
    struct scheduler_options options = {.read_api = s->read_api,
                                        .write_api = API_V2,
                                        .lanes = p->lanes,
                                        .shares_waves = s->has_waves,
                                        .leaves_lanes = true,
                                        .rate_per_s = s->rate_per_s};
    arena_init(&p->memory, SIZE_MAX);
    p->d = scheduler_init(&p->memory, &s->fleet, &options);
    assert_non_null(p->d);
    if (s->has_waves)
        scheduler_waves_set(p->d, &s->waves, s->now);
    for (uint32_t i = 0; i < ROWS; i++) {
        struct record r = {.job = i, .at = s->now, .row = s->rows[i]};
        if (s->known[i])
            scheduler_restore(p->d, &r, false, s->now);
    }
    for (uint16_t i = 0; i < LANES; i++)
        if (p->lanes[i] && s->has_waves)
            scheduler_grant(p->d, i, s->granted[i], s->now);
    scheduler_start(p->d, s->now);
    scheduler_audit(p->d);
    return p;
}

/* Killed, or at its end: what it has not kept is forgotten. */
static void part_free(struct part *p)
{
    scheduler_clear(p->d);
    arena_clear(&p->memory);
    free(p);
}

static void answers_take(struct part *p)
{
    for (uint32_t i = 0; i < p->out_len;) {
        if (p->due[i] > p->of->now) {
            i++;
            continue;
        }
        struct call *call = p->out[i];
        p->out[i] = p->out[--p->out_len];
        p->due[i] = p->due[p->out_len];
        answer(p->of, call);
        scheduler_event(p->d, &(struct event){.kind = EVENT_ANSWER, .call = call}, p->of->now);
    }
}

static void part_turn(struct part *p)
{
    uint32_t records_len;
    answers_take(p);
    uint32_t len =
        scheduler_decide(p->d, p->of->now, p->out + p->out_len, CALLS_A_TURN - p->out_len);
    const struct record *records = scheduler_records(p->d, &records_len);
    for (uint32_t i = 0; i < records_len; i++)
        keep(p->of, &records[i]);
    scheduler_turn_end(p->d);
    for (uint32_t i = 0; i < len; i++) {
        p->out[p->out_len]->sent_at = p->of->now;
        p->due[p->out_len++] = p->of->now + TRIP;
    }
    scheduler_audit(p->d);
    p->is_over = scheduler_is_finished(p->d);
}

/* A look at the row: what is not needed goes back, what is wanted is granted, all is told. */
static void part_look(struct part *p)
{
    struct shared *s = p->of;
    uint32_t given[LANES] = {0};
    for (uint16_t i = 0; i < LANES && s->has_waves; i++) {
        if (!p->lanes[i])
            continue;
        give_back(s, i, scheduler_starts_return(p->d, i, s->now));
        given[i] = grant(s, i, scheduler_starts_wanted(p->d, i, s->now));
    }
    if (s->has_waves)
        scheduler_waves_set(p->d, &s->waves, s->now);
    for (uint16_t i = 0; i < LANES; i++)
        if (given[i])
            scheduler_grant(p->d, i, given[i], s->now);
    scheduler_audit(p->d);
}

static instant_us part_wake(const struct part *p)
{
    instant_us wake = scheduler_wake(p->d, p->of->now);
    for (uint32_t i = 0; i < p->out_len; i++)
        wake = when_earlier(wake, p->due[i]);
    return wake;
}

/* All processes until each has come to its end, or `turns` are over. */
static bool carry(struct shared *s, struct part **parts, uint32_t len, uint32_t turns)
{
    bool is_over = false;
    for (uint32_t turn = 0; turn < turns && !is_over; turn++) {
        instant_us next = s->look_at;
        bool looks = s->now >= s->look_at;
        is_over = true;
        for (uint32_t i = 0; i < len; i++) {
            struct part *p = parts[i];
            if (!p->is_over)
                part_turn(p);
            if (looks || p->is_over) /* what it has left over goes back before its lanes do */
                part_look(p);
            is_over = is_over && p->is_over;
            if (!p->is_over)
                next = when_earlier(next, part_wake(p));
        }
        s->look_at = looks ? s->now + LOOK : s->look_at;
        s->now = next > s->now ? next : s->now;
    }
    return is_over;
}

/* Lane i goes to the process i % len. */
static void parts_begin(struct shared *s, struct part **parts, uint32_t len)
{
    for (uint32_t k = 0; k < len; k++) {
        unsigned lanes = 0;
        for (uint32_t i = k; i < LANES; i += len)
            lanes |= 1u << i;
        parts[k] = part_new(s, lanes);
    }
}

static uint32_t rows_of(const struct shared *s, enum outcome outcome)
{
    uint32_t rows = 0;
    for (uint32_t i = 0; i < ROWS; i++)
        rows += s->rows[i].outcome == outcome;
    return rows;
}

/* --- tests ------------------------------------------------------------------------------------ */

static void rows_of_other_lanes_stay_where_they_are(void **state)
{
    (void)state;
    struct shared *s = shared_new(NULL, 0, -1);
    struct part *parts[1] = {part_new(s, 1u << 2)};
    struct scheduler_totals totals;
    struct scheduler_lane_totals lane;
    assert_true(carry(s, parts, 1, 10000));
    scheduler_totals(parts[0]->d, &totals);
    assert_int_equal(totals.jobs, ROWS);
    assert_int_equal(totals.by_state[JOB_DONE], LANE_ROWS);
    assert_int_equal(totals.by_state[JOB_NEW], 0);
    assert_int_equal(totals.by_outcome[OUTCOME_DONE], LANE_ROWS);
    assert_false(scheduler_is_draining(parts[0]->d));
    scheduler_lane_totals(parts[0]->d, 0, &lane);
    assert_int_equal(lane.calls + lane.by_state[JOB_NEW], 0);
    for (uint32_t i = 0; i < ROWS; i++) {
        assert_int_equal(s->sets[i], i % LANES == 2);
        assert_int_equal(scheduler_job(parts[0]->d, i)->state, i % LANES == 2 ? JOB_DONE : JOB_NEW);
    }
    /* An order, a record and the end of a publication of another lane's row change nothing. */
    struct order order = {.kind = ORDER_PACE, .rate_per_s = 5};
    struct record r = {.job = 1, .row = s->rows[2]};
    scheduler_event(parts[0]->d, &(struct event){.kind = EVENT_CONTROL, .order = &order}, s->now);
    scheduler_restore(parts[0]->d, &r, false, s->now);
    scheduler_adopt(parts[0]->d, &r, s->now);
    scheduler_settle(parts[0]->d, &r);
    scheduler_publishing(parts[0]->d, 1);
    part_turn(parts[0]);
    assert_true(scheduler_wake(parts[0]->d, s->now) > s->now);
    scheduler_audit(parts[0]->d);
    assert_true(scheduler_is_finished(parts[0]->d));
    part_free(parts[0]);
    shared_free(s);
}

static void a_wave_is_as_large_however_many_carry_it(void **state)
{
    (void)state;
    static const struct quota waves[] = {{false, 5}, {true, 25}, {true, 100}};
    for (uint32_t len = 1; len <= LANES; len++) {
        struct shared *s = shared_new(waves, 3, -1);
        struct part *parts[LANES];
        uint32_t of_wave[4] = {0};
        parts_begin(s, parts, len);
        assert_true(carry(s, parts, len, 100000));
        for (uint32_t i = 0; i < ROWS; i++) {
            assert_int_equal(s->sets[i], 1);
            assert_int_equal(s->rows[i].outcome, OUTCOME_DONE);
            is_between(s->rows[i].wave, 1, 3);
            of_wave[s->rows[i].wave]++;
        }
        assert_int_equal(of_wave[1], 5);
        assert_int_equal(of_wave[2], 12);
        assert_int_equal(of_wave[3], ROWS - 17);
        assert_int_equal(s->waves.open, 0);
        for (uint32_t k = 0; k < len; k++)
            part_free(parts[k]);
        shared_free(s);
    }
}

static void numbered_identities_go_first_in_every_lane(void **state)
{
    (void)state;
    for (uint32_t len = 1; len <= LANES; len++) {
        struct shared *s = shared_new(NULL, 0, -1);
        struct part *parts[LANES];
        for (uint32_t i = 0; i < ROWS; i++) {
            struct policy policy = {.timeout_us = SPAN_H(72), .wave = i % 3 == 0 ? 1 : 0};
            assert_true(fleet_policy(&s->fleet, policy, &s->fleet.choices[i].policy));
        }
        s->has_waves = waves_are_wanted(&s->fleet);
        assert_true(s->has_waves);
        waves_init(&s->waves, &s->fleet);
        parts_begin(s, parts, len);
        assert_true(carry(s, parts, len, 100000));
        for (uint32_t i = 0; i < ROWS; i++)
            assert_int_equal(s->rows[i].wave, i % 3 == 0 ? 1 : 2);
        for (uint32_t k = 0; k < len; k++)
            part_free(parts[k]);
        shared_free(s);
    }
}

static void failures_of_all_lanes_are_one_budget(void **state)
{
    (void)state;
    for (uint32_t len = 1; len <= LANES; len++) {
        struct shared *s = shared_new(NULL, 0, 3);
        struct part *parts[LANES];
        uint32_t sets = 0;
        for (uint32_t i = 0; i < ROWS; i++)
            s->is_refused[i] = true;
        parts_begin(s, parts, len);
        assert_true(carry(s, parts, len, 100000));
        for (uint32_t k = 0; k < len; k++) {
            assert_true(scheduler_is_draining(parts[k]->d));
            assert_non_null(strstr(scheduler_pause_reason(parts[k]->d), "max_failures allows 3"));
            part_free(parts[k]);
        }
        for (uint32_t i = 0; i < ROWS; i++)
            sets += s->sets[i];
        assert_true(rows_of(s, OUTCOME_FAILED) > 3);
        assert_int_equal(rows_of(s, OUTCOME_FAILED), sets);
        is_between(sets, 4, 4 + 2 * LANES); /* and what others begin until they hear of it */
        assert_int_equal(s->waves.open, 0);
        shared_free(s);
    }
}

/* A look that is older than a failure here does not let another write begin. */
static void a_failure_here_is_not_forgotten_over_an_older_look(void **state)
{
    (void)state;
    struct shared *s = shared_new(NULL, 0, 0);
    struct part *p = part_new(s, 1);
    struct waves before = s->waves;
    for (uint32_t i = 0; i < ROWS; i++)
        s->is_refused[i] = true;
    while (!rows_of(s, OUTCOME_FAILED))
        carry(s, &p, 1, 1);
    uint32_t sets = 0;
    for (uint32_t i = 0; i < ROWS; i++)
        sets += s->sets[i];
    assert_int_equal(sets, 1);
    scheduler_waves_set(p->d, &before, s->now);
    assert_non_null(scheduler_pause_reason(p->d));
    assert_int_equal(scheduler_starts_wanted(p->d, 0, s->now), 0);
    assert_false(scheduler_is_draining(p->d)); /* whether all is over is for the row to say */
    assert_true(carry(s, &p, 1, 100000));
    for (uint32_t i = 0; i < ROWS; i++)
        sets -= s->sets[i];
    assert_int_equal(sets, 0);
    part_free(p);
    shared_free(s);
}

/* Whoever takes a lane over has the starts that were granted to it, less those used. */
static void starts_outlive_the_process_that_had_them(void **state)
{
    (void)state;
    static const struct quota waves[] = {{false, 7}, {true, 50}};
    for (uint32_t turns = 1; turns < 60; turns += 9) {
        struct shared *s = shared_new(waves, 2, -1);
        struct part *parts[2];
        parts_begin(s, parts, 2);
        bool is_over = carry(s, parts, 2, turns);
        for (uint32_t kills = 0; !is_over; kills++) {
            uint32_t k = kills % 2;
            unsigned lanes = k ? 0xau : 5u;
            part_free(parts[k]);
            parts[k] = part_new(s, lanes);
            is_over = carry(s, parts, 2, kills < 12 ? turns + 20 : 100000);
            assert_true(is_over || kills < 12);
        }
        uint32_t of_wave[8] = {0};
        for (uint32_t i = 0; i < ROWS; i++) {
            assert_int_equal(s->rows[i].outcome, OUTCOME_DONE);
            is_between(s->rows[i].wave, 1, 7);
            of_wave[s->rows[i].wave]++;
        }
        assert_int_equal(of_wave[1], 7);
        assert_int_equal(of_wave[2], 24);
        assert_int_equal(s->waves.open, 0);
        assert_true(s->open_max <= 24);
        part_free(parts[0]);
        part_free(parts[1]);
        shared_free(s);
    }
}

/* Somebody else clears what the run is about to clear: a row that has a place in the wave ends
 * without a write, and counts as started. */
static void a_row_that_ends_with_its_place_belongs_to_the_wave(void **state)
{
    (void)state;
    static const struct quota waves[] = {{true, 100}};
    struct shared *s = shared_new(waves, 1, -1);
    uint32_t ended = 0;
    s->rate_per_s = 0.1; /* the last ones are read again before their turn */
    struct part *p = part_new(s, 15);
    bool is_over = carry(s, &p, 1, 200);
    for (uint32_t i = 0; i < ROWS; i++)
        s->is_set[i] = false;
    assert_true(is_over || carry(s, &p, 1, 100000));
    for (uint32_t i = 0; i < ROWS; i++) {
        bool ends = s->rows[i].outcome == OUTCOME_UNCHANGED;
        ended += ends && s->rows[i].wave == 1;
        assert_true(ends || s->rows[i].wave == 1);
        assert_int_equal(s->sets[i], !ends);
    }
    assert_true(ended > 0);
    assert_int_equal(s->waves.open, 0);
    part_free(p);
    shared_free(s);
}

/* Each wish is a transaction: a lane asks for as many as it will write within a read's time. */
static void starts_are_asked_for_by_the_dozen(void **state)
{
    (void)state;
    static const struct quota waves[] = {{true, 100}};
    struct shared *s = shared_new(waves, 1, -1);
    s->rate_per_s = 0.2;
    struct part *p = part_new(s, 1);
    assert_true(carry(s, &p, 1, 100000));
    assert_int_equal(rows_of(s, OUTCOME_DONE), LANE_ROWS);
    is_between(s->wishes, 1, 3);
    part_free(p);
    shared_free(s);
}

/* Asked to stop, a process leaves no start behind: neither granted ones nor places of rows that
 * were read for a write. */
static void a_drained_process_gives_its_starts_back(void **state)
{
    (void)state;
    static const struct quota waves[] = {{false, 9}};
    for (uint32_t turns = 1; turns < 40; turns += 3) {
        struct shared *s = shared_new(waves, 1, -1);
        struct part *p = part_new(s, 15);
        carry(s, &p, 1, turns);
        scheduler_event(p->d, &(struct event){.kind = EVENT_DRAIN}, s->now);
        assert_true(carry(s, &p, 1, 1000));
        assert_int_equal(s->waves.open, s->open);
        part_free(p);
        p = part_new(s, 15);
        assert_true(carry(s, &p, 1, 100000));
        assert_int_equal(rows_of(s, OUTCOME_DONE), ROWS);
        part_free(p);
        shared_free(s);
    }
}

static void a_paused_lane_wants_no_starts(void **state)
{
    (void)state;
    static const struct quota waves[] = {{false, 20}};
    struct shared *s = shared_new(waves, 1, -1);
    struct part *p = part_new(s, 15);
    while (scheduler_starts_wanted(p->d, 0, s->now) == 0) {
        part_turn(p);
        s->now += TRIP;
    }
    assert_true(scheduler_starts_wanted(p->d, 0, s->now) <= LANE_ROWS);
    struct order order = {.kind = ORDER_PAUSE};
    scheduler_event(p->d, &(struct event){.kind = EVENT_CONTROL, .order = &order}, s->now);
    assert_int_equal(scheduler_starts_wanted(p->d, 0, s->now), 0);
    scheduler_grant(p->d, 0, grant(s, 0, 4), s->now);
    assert_int_equal(scheduler_starts_return(p->d, 0, s->now), 4);
    give_back(s, 0, 4);
    part_free(p);
    shared_free(s);
}

/* More than there are rows for it goes back. */
static void what_cannot_start_goes_back(void **state)
{
    (void)state;
    static const struct quota waves[] = {{true, 100}};
    struct shared *s = shared_new(waves, 1, -1);
    struct part *p = part_new(s, 1);
    while (scheduler_starts_wanted(p->d, 0, s->now) < LANE_ROWS) {
        part_turn(p);
        s->now += TRIP;
    }
    scheduler_grant(p->d, 0, grant(s, 0, LANE_ROWS + 5), s->now);
    assert_int_equal(scheduler_starts_return(p->d, 0, s->now), 5);
    assert_int_equal(scheduler_starts_wanted(p->d, 0, s->now), 0);
    give_back(s, 0, 5);
    assert_true(carry(s, &p, 1, 100000));
    assert_int_equal(rows_of(s, OUTCOME_DONE), LANE_ROWS);
    part_free(p);
    shared_free(s);
}

/* The pace of whoever carried the lane before goes on. */
static void the_next_call_waits_as_long_as_it_would_have(void **state)
{
    (void)state;
    struct shared *s = shared_new(NULL, 0, -1);
    struct part *p = part_new(s, 1);
    scheduler_hold(p->d, 0, CALL_READ_VERIFICATION, s->now + SPAN_S(7));
    scheduler_hold(p->d, 0, CALL_READ_MAIL_FROM, s->now + SPAN_S(7));
    scheduler_hold(p->d, 0, CALL_SET, s->now + SPAN_S(20));
    scheduler_hold(p->d, 0, CALL_SET, s->now); /* an earlier instant changes nothing */
    scheduler_teach(p->d, 0, CALL_SET, 0.5, s->now);
    scheduler_teach(p->d, 0, CALL_GET, 100, s->now); /* no more than is wanted */
    assert_true(scheduler_pace(p->d, 0, CALL_GET)->load.rate_per_s <= 2);
    while (s->reads == 0)
        carry(s, &p, 1, 1);
    assert_int_equal(s->answered, BEGIN + SPAN_S(7) + TRIP);
    while (s->sets[0] == 0)
        carry(s, &p, 1, 1);
    assert_int_equal(s->answered, BEGIN + SPAN_S(20) + TRIP);
    while (s->sets[LANES] == 0)
        carry(s, &p, 1, 1);
    is_between(s->answered, BEGIN + SPAN_S(22), BEGIN + SPAN_S(23));
    part_free(p);
    shared_free(s);
}

/* What this process must not, or cannot, do another one may: no row fails of it. */
static void a_lane_that_cannot_be_carried_from_here_is_left_to_others(void **state)
{
    (void)state;
    for (unsigned i = 0; i < 6; i++) {
        struct shared *s = shared_new(NULL, 0, -1);
        s->read_api = i % 2 ? API_V1 : API_V2;
        s->trouble[1] = (enum trouble)(UNSENT + i / 2);
        struct part *p = part_new(s, 15);
        assert_true(carry(s, &p, 1, 100000));
        assert_true(scheduler_lane_left(p->d, 1) && !scheduler_lane_left(p->d, 0));
        assert_int_equal(rows_of(s, OUTCOME_FAILED) + rows_of(s, OUTCOME_SKIPPED), 0);
        s->trouble[1] = NO_TROUBLE;
        part_free(p);
        p = part_new(s, 15);
        assert_true(carry(s, &p, 1, 100000) && rows_of(s, OUTCOME_DONE) == ROWS);
        part_free(p);
        shared_free(s);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rows_of_other_lanes_stay_where_they_are),
        cmocka_unit_test(a_wave_is_as_large_however_many_carry_it),
        cmocka_unit_test(numbered_identities_go_first_in_every_lane),
        cmocka_unit_test(failures_of_all_lanes_are_one_budget),
        cmocka_unit_test(a_failure_here_is_not_forgotten_over_an_older_look),
        cmocka_unit_test(starts_outlive_the_process_that_had_them),
        cmocka_unit_test(a_row_that_ends_with_its_place_belongs_to_the_wave),
        cmocka_unit_test(starts_are_asked_for_by_the_dozen),
        cmocka_unit_test(a_drained_process_gives_its_starts_back),
        cmocka_unit_test(a_paused_lane_wants_no_starts),
        cmocka_unit_test(what_cannot_start_goes_back),
        cmocka_unit_test(the_next_call_waits_as_long_as_it_would_have),
        cmocka_unit_test(a_lane_that_cannot_be_carried_from_here_is_left_to_others),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
