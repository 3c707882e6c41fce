/*
 * Sets a scheduler up, and restores a run begun by another process.
 */
#include "scheduler_internal.h"

#include "base/dname.h"
#include "step_internal.h"

#include <assert.h>
#include <string.h>

struct scheduler *scheduler_init(struct arena *memory, const struct fleet *fleet,
                                 const struct scheduler_options *options)
{
    assert(fleet->choices_len <= IDENTITIES_MAX);
    assert(fleet->lanes_len <= LANES_MAX);
    struct scheduler *d = ARENA_NEW(memory, struct scheduler);
    if (!d)
        return NULL;
    d->fleet = fleet;
    d->options = *options;
    d->jobs = ARENA_ARRAY(memory, struct job, fleet->choices_len + 1);
    d->lanes = ARENA_ARRAY(memory, struct lane_state, fleet->lanes_len + 1);
    d->lane_wake = ARENA_ARRAY(memory, instant_us, fleet->lanes_len + 1);
    d->survey_pool = ARENA_NEW(memory, struct survey_pool);
    d->dkim = ARENA_ARRAY(memory, uint8_t, fleet->choices_len + 1);
    d->records = ARENA_ARRAY(memory, struct record, RECORDS_PER_TURN_MAX);
    d->mail_from_uses = ARENA_ARRAY(memory, uint8_t, fleet->names.len + 1);
    if (!call_pool_init(&d->calls, memory, CALLS_IN_FLIGHT_MAX) ||
        !batch_reads_init(&d->reads, memory, READ_BATCHES_MAX, &d->calls) || !d->jobs ||
        !d->lanes || !d->lane_wake || !d->survey_pool || !d->records || !d->mail_from_uses ||
        !d->dkim || !scheduler_asks_init(d, memory) || !ways_init(d, memory) ||
        !lane_survey_init(d, memory) || !heap_init(&d->timers, fleet->choices_len))
        return NULL;
    if (!names_init(&d->seen, NAMES_BYTES_MAX)) {
        heap_clear(&d->timers);
        return NULL;
    }
    arena_init(&d->turn_text, SIZE_MAX);
    arena_init(&d->judging, JUDGEMENT_BYTES_MAX);
    for (uint32_t i = 0; i < d->fleet->lanes_len; i++) {
        double rate = fleet_rate(d->fleet, i, d->options.rate_per_s);
        for (int kind = 0; kind < CALL_KINDS; kind++)
            pace_init(&d->lanes[i].pace[kind], rate);
        d->lanes[i].read_api = d->options.read_api;
        d->lanes[i].dkim = d->options.dkim;
        d->lane_wake[i] = scheduler_carries(d, i) ? 0 : WHEN_NEVER;
    }
    for (uint32_t i = 0; i < d->fleet->choices_len; i++) {
        uint8_t *uses = &d->mail_from_uses[d->fleet->choices[i].mail_from];
        *uses = (uint8_t)(*uses + (*uses < UINT8_MAX));
    }
    const struct survey_options survey = {
        .mode = d->options.authority_dns ? INQUIRY_AUTHORITY : INQUIRY_RECURSIVE,
        .authority_port = d->options.authority_port,
        .suffixes = d->options.suffixes,
        .closer = d->options.looks_closer,
        .window = DNS_AUTHORITIES_WINDOW,
        .terse = true,
    };
    survey_pool_init(d->survey_pool, &survey, siphash_key_of_seed(d->options.rules.seed),
                     scheduler_survey_goes_on, d);
    for (uint32_t i = 0; i < d->fleet->choices_len; i++) {
        d->jobs[i].deadline = WHEN_NEVER;
        if (!scheduler_carries_row(d, i))
            continue;
        d->rows++;
        d->by_state[JOB_NEW]++;
        scheduler_lane_of(d, i)->by_state[JOB_NEW]++;
        scheduler_lane_of(d, i)->open++;
    }
    waves_init(&d->waves, fleet);
    if (options->rules.plan_only)
        waves_ignore_numbers(&d->waves);
    return d;
}

void scheduler_clear(struct scheduler *d)
{
    if (!d)
        return;
    call_pool_clear(&d->calls);
    survey_pool_clear(d->survey_pool);
    lane_survey_clear(d);
    heap_clear(&d->timers);
    names_clear(&d->seen);
    arena_clear(&d->turn_text);
    arena_clear(&d->judging);
}

static void row_restore(struct scheduler *d, uint32_t number, const struct job_row *row)
{
    struct job *job = &d->jobs[number];
    assert(row->action <= ACTION_RESTART);
    assert(row->status_seen <= MAIL_FROM_UNKNOWN);
    job->mx = (uint8_t)row->mx;
    job->spf = (uint8_t)row->spf;
    job->dmarc = (uint8_t)row->dmarc;
    job->findings = row->findings;
    job->action = (uint8_t)row->action;
    job->writes = (uint16_t)row->writes;
    job->calls = (uint16_t)row->calls;
    job->accepted = (uint8_t)(row->accepted < UINT8_MAX ? row->accepted : UINT8_MAX);
    job->wave = (uint16_t)(row->wave < UINT16_MAX ? row->wave : UINT16_MAX);
    job->restarts = row->restarts & 3u;
    job->before_known = row->before_known;
    job->behavior_before = row->behavior_before;
    job->seen_known = row->seen_known;
    job->behavior_seen = row->behavior_seen;
    job->status_seen = (uint8_t)row->status_seen;
    job->verification = row->verification;
    dkim_restore(d, number, row->dkim);
    job->mail_from_before = scheduler_name(d, row->mail_from_before);
    job->mail_from_seen = scheduler_name(d, row->mail_from_seen);
    job->deadline = row->deadline;
    job->first_seen = row->first_seen;
    job->lost = row->writes > 0 && row->accepted == 0; /* perhaps the answer to one write */
}

/* The written value of an unanswered write. */
static enum write_kind write_of(const struct scheduler *d, const struct record *record)
{
    assert(record->row.state == JOB_WRITING || record->row.state == JOB_UNSURE);
    struct text wanted = fleet_mail_from(d->fleet, record->job);
    if (wanted.len == 0)
        return WRITE_CLEAR;
    if (record->write_mail_from.len == 0) /* only a restart clears first */
        return record->row.restarts >= RESTARTS_MAX ? WRITE_CLEAR_FIRST : WRITE_NAME;
    if (record->write_behavior == BEHAVIOR_REJECT_MESSAGE)
        return WRITE_TIGHTEN;
    return dname_eq(record->write_mail_from, wanted) ? WRITE_NAME : WRITE_LOOSEN;
}

/* A final row counts, and nothing is done for it. */
static void job_settle(struct scheduler *d, const struct record *record)
{
    enum outcome outcome = record->row.outcome;
    scheduler_move(d, record->job, JOB_DONE);
    d->jobs[record->job].outcome = (uint8_t)outcome;
    scheduler_lane_of(d, record->job)->bad += outcome_is_bad(outcome);
    d->by_outcome[outcome]++;
    tighten_restore(d, record->job);
}

void scheduler_settle(struct scheduler *d, const struct record *verdict)
{
    if (!scheduler_carries_row(d, verdict->job))
        return;
    row_restore(d, verdict->job, &verdict->row);
    if (!d->options.shares_waves)
        waves_restore(&d->waves, 0, true, verdict->row.outcome,
                      fleet_policy_of(d->fleet, verdict->job)->wave);
    job_settle(d, verdict);
}

void scheduler_restore(struct scheduler *d, const struct record *record, bool reopen,
                       instant_us now)
{
    const struct job_row *row = &record->row;
    struct job *job = &d->jobs[record->job];
    struct lane_state *lane = scheduler_lane_of(d, record->job);
    bool is_final = row->state == JOB_DONE && !reopen;
    assert(record_is_of_job(record));
    assert(job->state == JOB_NEW);
    if (!scheduler_carries_row(d, record->job))
        return;
    row_restore(d, record->job, row);
    lane->worked = lane->worked || row->seen_known;
    lane->v1_returns = lane->worked; /* the version is not known */
    lane->write_worked = lane->write_worked || row->accepted > 0;
    if (!d->options.shares_waves)
        waves_restore(&d->waves, job->wave, is_final, row->outcome,
                      fleet_policy_of(d->fleet, record->job)->wave);
    if (is_final) {
        job_settle(d, record);
        return;
    }
    tighten_restore(d, record->job);
    if (row->state == JOB_READY && (row->accepted == 0 || row->wave == 0))
        job->deadline = WHEN_NEVER; /* the records were there: the job waited for its turn */
    if (row->state == JOB_DONE) {
        job->deadline = WHEN_NEVER;
        job->restarts = 0;
    }
    /* The state where a restored job goes on. */
    struct decision look = {.to = JOB_READING, .action = record->row.action};
    if (record->row.state == JOB_WRITING || record->row.state == JOB_UNSURE) {
        look.to = JOB_UNSURE;
        look.write = write_of(d, record);
        d->jobs[record->job].lost = true;
        if (record->row.writes == 0) /* a damaged record: there was one at least */
            d->jobs[record->job].writes = 1;
        d->jobs[record->job].stale_since_s = (uint32_t)(record->at / SPAN_S(1));
    } else if (record->row.accepted > 0) {
        look.to = JOB_FOLLOWING;
    }
    bool rejects = record->row.accepted > 0 && record->row.behavior_seen == BEHAVIOR_REJECT_MESSAGE;
    if (look.write == WRITE_TIGHTEN || (rejects && look.to == JOB_FOLLOWING))
        tighten_resume(scheduler_lane_of(d, record->job), record->job, now);
    scheduler_apply(d, record->job, &look, now, NULL);
}

void scheduler_adopt(struct scheduler *d, const struct record *plan, instant_us now)
{
    struct job *job = &d->jobs[plan->job];
    assert(record_is_of_job(plan));
    assert(job->state == JOB_NEW);
    if (!scheduler_carries_row(d, plan->job))
        return;
    row_restore(d, plan->job, &plan->row);
    job->deadline = WHEN_NEVER;
    job->restarts = 0;
    /* The next write of a planned row, as decided at its read. */
    struct situation s = scheduler_situation(d, plan->job, now);
    struct ses_facts ses = {.mail_from = s.mail_from_seen,
                            .status = (enum mail_from_status)s.job->status_seen,
                            .behavior = s.job->behavior_seen};
    enum write_kind write = step_need(&s, &ses).write;
    bool waits_for_nothing = write == WRITE_CLEAR || write == WRITE_LOOSEN;
    struct decision go = {.to = waits_for_nothing ? JOB_READY : JOB_JUDGING,
                          .action = plan->row.action,
                          .write = write,
                          .restart = plan->row.action == ACTION_RESTART};
    scheduler_lane_of(d, plan->job)->worked = true;
    scheduler_apply(d, plan->job, &go, now, NULL);
}

name_id scheduler_name(struct scheduler *d, struct text name)
{
    name_id id;
    if (!names_add(&d->seen, name, &id))
        d->out_of_memory = true;
    return id;
}

bool scheduler_is_out_of_memory(const struct scheduler *d)
{
    return d->out_of_memory;
}
