/* From a run's scheduler or publisher to notifications; from options to a notifier. */
#include "notifying.h"

#include "options/advice.h"
#include "reports/metrics.h"
#include "scheduler/wave_tally.h"
#include "scheduler/waves.h"
#include "ui/exit_codes.h"
#include "ui/messages.h"

#define METRICS_EVERY SPAN_S(15)

/* ---- the notifier ---- */

enum err notifying_open(struct options *o, option_set verb, struct why *why)
{
    struct notify_wish *w = &o->notify;
    const struct notify_config config = {.events = w->events,
                                         .hooks = w->hooks,
                                         .hooks_len = w->hooks_len,
                                         .webhooks = w->webhooks,
                                         .webhooks_len = w->webhooks_len,
                                         .heartbeat = w->heartbeat,
                                         .metrics = w->metrics,
                                         .ca_bundle = o->access.ca_bundle,
                                         .hook_timeout = w->hook_timeout,
                                         .notices = message_notices()};
    bool is_wished = w->events || w->hooks_len || w->webhooks_len || w->heartbeat || w->metrics;
    bool only_shows = o->dry_run || ((verb & OPTIONS_PUBLISH) && o->out);
    if (!is_wished)
        return OK;
    if (w->webhooks_len && notify_secret_vet(why) != OK)
        return ERR_INPUT;
    return only_shows ? notify_vet(&config, why) : notifier_open(&w->notifier, &config, why);
}

int notifying_close(struct options *o, option_set verb, int code)
{
    struct why why = {""};
    bool is_nagios = options_format_is(o, "nagios"); /* whose codes are others */
    enum err err = notifier_close(o->notify.notifier, NOTIFY_PATIENCE, &why);
    o->notify.notifier = NULL;
    if (err == OK)
        return code;
    message_error("%s", why.text);
    return (verb & OPTIONS_WATCH) && (code == EXIT_OK || code == EXIT_TROUBLE) && !is_nagios
               ? EXIT_CANNOT_RUN
               : code;
}

/* ---- what is told of a run ---- */

/* Identities; of publish and withdraw, names. */
static void counts_read(const struct notifying *n, struct run_metrics *m)
{
    const struct run *r = n->run;
    if (r->scheduler) {
        struct scheduler_totals totals;
        scheduler_totals(r->scheduler, &totals);
        m->rows = totals.jobs;
        m->finished = totals.by_state[JOB_DONE];
        for (int i = 0; i < OUTCOMES; i++)
            m->bad += outcome_is_bad((enum outcome)i) ? totals.by_outcome[i] : 0;
        m->waiting_dns = totals.by_state[JOB_WAITING_DNS];
        m->waiting_ses = totals.by_state[JOB_FOLLOWING];
        m->writes = totals.writes;
    } else if (n->publishing && n->publishing->publisher) {
        struct publisher_totals totals;
        publisher_totals(n->publishing->publisher, &totals);
        for (int i = 0; i < PUBLISH_STATES; i++) {
            enum publish_state state = (enum publish_state)i;
            m->rows += totals.by_state[i];
            m->finished += publish_state_is_final(state) ? totals.by_state[i] : 0;
            m->bad += publish_state_is_bad(state) ? totals.by_state[i] : 0;
        }
        m->waiting_dns = totals.by_state[PUBLISH_VERIFYING];
    }
}

static uint32_t waves_of(const struct run *r, uint32_t number)
{
    struct wave_tally tally;
    wave_tally_begin(&tally, &r->fleet);
    tally.number = number;
    return wave_tally_of(&tally);
}

/* After the start. */
static bool has_waves(const struct run *r)
{
    return r->scheduler && (r->fleet.waves_len || scheduler_waves(r->scheduler)->numbered);
}

static void metrics_tell(struct notifying *n, instant_us now, instant_us ended, bool failed)
{
    const struct run *r = n->run;
    struct buf text;
    struct run_metrics m = {.verb = journal_verb_name(r->head.verb),
                            .run = r->head.id,
                            .started = n->started,
                            .updated = now,
                            .ended = ended,
                            .is_paused = (n->is_paused || n->is_held) && !ended,
                            .has_failed = failed};
    n->metrics_next = now + METRICS_EVERY;
    if (!n->options->notify.metrics)
        return;
    counts_read(n, &m);
    if (n->has_turned && has_waves(r)) {
        m.wave = waves_number(scheduler_waves(r->scheduler));
        m.waves = waves_of(r, m.wave);
        m.wave = m.wave < m.waves ? m.wave : m.waves;
    }
    buf_init(&text, METRICS_BYTES_MAX);
    run_metrics_add(&text, &m);
    if (!text.failed)
        notifier_metrics(n->options->notify.notifier, buf_text(&text));
    buf_clear(&text);
}

static void event_tell(const struct notifying *n, struct notification *what, instant_us now)
{
    const struct run *r = n->run;
    struct run_metrics counts = {.rows = 0};
    counts_read(n, &counts);
    what->at = now;
    what->run = r->head.id;
    what->verb = text_of(journal_verb_name(r->head.verb));
    what->rows = counts.rows;
    what->finished = counts.finished;
    what->bad = counts.bad;
    notifier_tell(n->options->notify.notifier, what);
}

static enum err companion_begin(void *ctx, struct run *r, struct wire *wire, instant_us now,
                                struct why *why)
{
    struct notifying *n = ctx;
    struct notification what = {.type = NOTE_RUN_STARTED};
    (void)wire, (void)why;
    n->run = r;
    n->started = now;
    n->has_turned = n->is_paused = n->is_held = false;
    n->waves_done = 0;
    if (r->resumes)
        what.reason = TEXT("a run that was interrupted goes on");
    notifier_beat(n->options->notify.notifier, BEAT_START);
    event_tell(n, &what, now);
    metrics_tell(n, now, 0, false);
    return OK;
}

static struct text resume_advice(const struct notifying *n, struct advice *a)
{
    return text_of(advice_run(a, n->options, "resume", n->run->head.id, ""));
}

/* A wave that failed or was inconclusive is a pause. */
static void waves_tell(struct notifying *n, instant_us now)
{
    const struct waves *w = scheduler_waves(n->run->scheduler);
    if (!n->has_turned)
        n->waves_done = w->index;
    n->has_turned = true;
    while (n->waves_done < w->index && has_waves(n->run)) {
        struct notification what = {.type = NOTE_WAVE_DONE, .wave = ++n->waves_done};
        what.waves = waves_of(n->run, what.wave);
        event_tell(n, &what, now);
    }
}

/* max_failures, or a wave that failed or is inconclusive: the run will end so. */
static void held_tell(struct notifying *n, instant_us now)
{
    struct advice a;
    const char *reason = scheduler_pause_reason(n->run->scheduler);
    struct notification what = {.type = NOTE_RUN_PAUSED, .to = WATCH_CRITICAL};
    if (!reason || n->is_held)
        return;
    n->is_held = true;
    what.reason = text_of(reason);
    what.mend = resume_advice(n, &a);
    event_tell(n, &what, now);
}

/* A person's order, which a person's order ends. */
static void pause_tell(struct notifying *n, instant_us now)
{
    struct advice a;
    char giver[ORDER_GIVER_MAX], reason[ORDER_GIVER_MAX + 16];
    const struct order *by = NULL;
    struct notification what = {.type = NOTE_RUN_RESUMED};
    if (n->run->scheduler)
        by = scheduler_paused_by(n->run->scheduler);
    else if (n->publishing)
        by = publisher_paused_by(n->publishing->publisher);
    if (n->is_paused == (by != NULL))
        return;
    n->is_paused = by != NULL;
    if (by) {
        snprintf(reason, sizeof reason, "paused by %s", order_giver(by, giver));
        what = (struct notification){.type = NOTE_RUN_PAUSED,
                                     .to = WATCH_WARNING,
                                     .reason = text_of(reason),
                                     .mend = resume_advice(n, &a)};
    }
    event_tell(n, &what, now);
}

static void companion_turn(void *ctx, instant_us now)
{
    struct notifying *n = ctx;
    if (n->run->scheduler) {
        waves_tell(n, now);
        held_tell(n, now);
    }
    pause_tell(n, now);
    if (now >= n->metrics_next) {
        metrics_tell(n, now, 0, false);
        notifier_say(n->options->notify.notifier);
    }
}

static instant_us companion_wake(void *ctx, instant_us now)
{
    const struct notifying *n = ctx;
    (void)now;
    return n->metrics_next;
}

static void companion_end(void *ctx, const struct run *r, bool failed, instant_us now)
{
    struct advice a;
    struct notifying *n = ctx;
    struct run_metrics counts = {.rows = 0};
    struct notification what = {.type = NOTE_RUN_ENDED};
    bool is_whole = !failed && r->end == ENGINE_ENDED;
    counts_read(n, &counts);
    what.to = failed ? WATCH_CRITICAL : is_whole && !counts.bad ? WATCH_WELL : WATCH_WARNING;
    if (failed)
        what.reason = TEXT("it could not go on; its standard error says why");
    else if (!is_whole)
        what.reason = TEXT("it was stopped before its end");
    if (!is_whole)
        what.mend = resume_advice(n, &a);
    event_tell(n, &what, now);
    metrics_tell(n, now, now, failed);
    notifier_beat(n->options->notify.notifier, is_whole ? BEAT_GOOD : BEAT_FAILED);
    n->run = NULL;
    n->publishing = NULL;
}

void notifying_join(struct notifying *n, const struct options *o, struct run_companions *companions)
{
    *n = (struct notifying){.options = o};
    if (!o->notify.notifier)
        return;
    companions->at[companions->len++] = (struct run_companion){.ctx = n,
                                                               .begin = companion_begin,
                                                               .turn = companion_turn,
                                                               .wake = companion_wake,
                                                               .end = companion_end};
}
