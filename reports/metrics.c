/*
 * The text format of Prometheus, written by hand: HELP, TYPE, then all samples of the metric, and a
 * newline behind the last one.
 */
#include "metrics.h"

#include "deliver.h"

#include <assert.h>
#include <string.h>

static const char *const status_labels[METRICS_STATUSES] = {
    [MAIL_FROM_NONE] = "none",       [MAIL_FROM_PENDING] = "pending",
    [MAIL_FROM_SUCCESS] = "success", [MAIL_FROM_FAILED] = "failed",
    [MAIL_FROM_UNKNOWN] = "unseen",  [MAIL_FROM_TEMPORARY_FAILURE] = "temporary-failure",
};

static_assert(METRICS_LANES_MAX * METRICS_STATUSES + WATCH_KINDS + (WATCH_LEVELS - 1) +
                      METRICS_ACTIONS_MAX * 3 + DMARC_BYS + 5 <=
                  METRICS_SERIES_MAX,
              "more kinds of problems: fewer lanes or actions");

static void head_add(struct buf *out, const char *name, const char *type, const char *help)
{
    buf_add_fmt(out, "# HELP mailfrom_%s %s\n# TYPE mailfrom_%s %s\n", name, help, name, type);
}

/* Seconds with as many digits as an instant has. */
static void seconds_add(struct buf *out, int64_t us)
{
    assert(us > 0);
    buf_add_fmt(out, "%lld.%06lld\n", (long long)(us / 1000000), (long long)(us % 1000000));
}

static void label_add(struct buf *out, const char *before, const char *name, struct text value)
{
    buf_add_fmt(out, "%s%s=\"", before, name);
    for (size_t i = 0; i < value.len; i++) {
        char c = value.at[i];
        if (c == '\\' || c == '"')
            buf_add_char(out, '\\');
        if (c == '\n')
            buf_add_str(out, "\\n");
        else
            buf_add_char(out, c);
    }
    buf_add_char(out, '"');
}

/* ---- of the watching ---- */

static void instant_add(struct buf *out, const char *name, const char *help, instant_us at)
{
    head_add(out, name, "gauge", help);
    if (at <= 0 || at == WHEN_NEVER)
        return;
    buf_add_fmt(out, "mailfrom_%s ", name);
    seconds_add(out, at);
}

static void lane_add(struct buf *out, const struct metrics_lane *lane)
{
    for (int s = 0; s < METRICS_STATUSES; s++) {
        label_add(out, "mailfrom_identities{", "account", lane->account);
        label_add(out, ",", "region", lane->region);
        label_add(out, ",", "status", text_of(status_labels[s]));
        buf_add_fmt(out, "} %u\n", lane->by_status[s]);
    }
}

static void lanes_add(struct buf *out, const struct watch_metrics *m)
{
    struct metrics_lane other = {.account = TEXT("other"), .region = TEXT("other")};
    uint32_t whole = m->lanes_len > METRICS_LANES_MAX ? METRICS_LANES_MAX - 1 : m->lanes_len;
    head_add(out, "identities", "gauge",
             "Identities by what SES says of their MAIL FROM; unseen: SES was not asked or did not "
             "answer. Lanes beyond the first nine of more than ten are account=\"other\".");
    for (uint32_t i = 0; i < m->lanes_len; i++) {
        if (i < whole)
            lane_add(out, &m->lanes[i]);
        for (int s = 0; i >= whole && s < METRICS_STATUSES; s++)
            other.by_status[s] += m->lanes[i].by_status[s];
    }
    if (whole < m->lanes_len)
        lane_add(out, &other);
}

static void problems_add(struct buf *out, const struct watch_metrics *m)
{
    head_add(out, "problems", "gauge", "Problems of level warning and above, by kind.");
    for (int k = 0; k < WATCH_KINDS; k++)
        buf_add_fmt(out, "mailfrom_problems{kind=\"%s\"} %u\n", watch_kind_name((enum watch_kind)k),
                    m->problems[k]);
    head_add(out, "problems_by_level", "gauge", "The same problems, by level.");
    for (int l = WATCH_WELL + 1; l < WATCH_LEVELS; l++)
        buf_add_fmt(out, "mailfrom_problems_by_level{level=\"%s\"} %u\n",
                    watch_level_name((enum watch_level)l), m->by_level[l]);
}

static void dmarc_add(struct buf *out, const struct watch_metrics *m)
{
    head_add(out, "identities_dmarc_ready", "gauge",
             "Identities by what their mail passes DMARC by, as DNS told last; each counts once.");
    for (int by = 0; by < DMARC_BYS; by++)
        buf_add_fmt(out, "mailfrom_identities_dmarc_ready{by=\"%s\"} %u\n",
                    dmarc_by_name((enum dmarc_by)by), m->dmarc[by]);
    head_add(out, "identities_dmarc_not_known", "gauge",
             "Identities of which DNS gave no verdict at the last look.");
    buf_add_fmt(out, "mailfrom_identities_dmarc_not_known %u\n", m->dmarc_silent);
}

static void call_add(struct buf *out, struct text action, const char *outcome, uint64_t count)
{
    label_add(out, "mailfrom_api_calls_total{", "action", action);
    buf_add_fmt(out, ",outcome=\"%s\"} %llu\n", outcome, (unsigned long long)count);
}

static void calls_add(struct buf *out, const struct watch_metrics *m)
{
    struct metrics_calls other = {.action = TEXT("other")};
    bool folds = m->calls_len > METRICS_ACTIONS_MAX;
    uint32_t whole = folds ? METRICS_ACTIONS_MAX - 1 : m->calls_len;
    head_add(out, "api_calls_total", "counter", "Calls to AWS since the process began.");
    for (uint32_t i = whole; i < m->calls_len; i++) {
        other.ok += m->calls[i].ok;
        other.throttled += m->calls[i].throttled;
        other.failed += m->calls[i].failed;
    }
    for (uint32_t i = 0; i < whole + folds; i++) {
        const struct metrics_calls *c = i < whole ? &m->calls[i] : &other;
        call_add(out, c->action, "ok", c->ok);
        call_add(out, c->action, "throttled", c->throttled);
        call_add(out, c->action, "failed", c->failed);
    }
}

void watch_metrics_add(struct buf *out, const struct watch_metrics *m)
{
    instant_add(out, "watch_last_run_timestamp_seconds", "When the last sweep ended, good or not.",
                m->last_run);
    instant_add(out, "watch_last_success_timestamp_seconds",
                "When the last sweep ended that could look.", m->last_success);
    head_add(out, "watch_duration_seconds", "gauge", "How long the last sweep took.");
    if (m->duration > 0) {
        buf_add_str(out, "mailfrom_watch_duration_seconds ");
        seconds_add(out, m->duration);
    }
    instant_add(out, "next_failed_timestamp_seconds",
                "When SES gives up the first identity in TemporaryFailure; no sample: none is.",
                m->next_failed);
    lanes_add(out, m);
    dmarc_add(out, m);
    problems_add(out, m);
    calls_add(out, m);
}

/* ---- of a run ---- */

static void sample_add(struct buf *out, const struct run_metrics *m, const char *name,
                       const char *help, uint64_t value)
{
    head_add(out, name, "gauge", help);
    buf_add_fmt(out, "mailfrom_%s{verb=\"%s\"} %llu\n", name, m->verb, (unsigned long long)value);
}

static void moment_add(struct buf *out, const struct run_metrics *m, const char *name,
                       const char *help, instant_us at)
{
    head_add(out, name, "gauge", help);
    if (at <= 0 || at == WHEN_NEVER)
        return;
    buf_add_fmt(out, "mailfrom_%s{verb=\"%s\"} ", name, m->verb);
    seconds_add(out, at);
}

void run_metrics_add(struct buf *out, const struct run_metrics *m)
{
    assert(m->verb && m->finished <= m->rows && m->bad <= m->finished);
    sample_add(out, m, "run_number", "The run's number in its journal.", m->run);
    moment_add(out, m, "run_started_timestamp_seconds", "When this process began with the run.",
               m->started);
    moment_add(out, m, "run_updated_timestamp_seconds", "When these figures were so.", m->updated);
    moment_add(out, m, "run_ended_timestamp_seconds",
               "When it ended, stopped or failed; no sample: it goes on.", m->ended);
    sample_add(out, m, "run_paused", "1: it waits for a person.", m->is_paused);
    sample_add(out, m, "run_failed", "1: it ended because it could not go on.", m->has_failed);
    sample_add(out, m, "run_rows", "Identities; of publish and withdraw, names.", m->rows);
    sample_add(out, m, "run_finished", "Rows that have come to an end.", m->finished);
    sample_add(out, m, "run_bad", "Rows that need a person.", m->bad);
    sample_add(out, m, "run_waiting_dns", "Rows that wait for DNS.", m->waiting_dns);
    sample_add(out, m, "run_waiting_ses", "Rows that wait for SES.", m->waiting_ses);
    sample_add(out, m, "run_wave", "The running wave, from 1; 0: there are none.", m->wave);
    sample_add(out, m, "run_waves", "How many waves there are; 0: none.", m->waves);
    sample_add(out, m, "run_writes", "Changes sent to SES by this process.", m->writes);
}

/* ---- to a file ---- */

static enum err text_write(void *ctx, struct sink *out, struct why *why)
{
    (void)why;
    buf_add_text(&out->buf, *(const struct text *)ctx);
    sink_turn(out);
    return OK;
}

enum err metrics_vet(const char *path, struct why *why)
{
    return deliver_vet(path, TEXT("# HELP mailfrom_"), why);
}

enum err metrics_write(const char *path, struct text text, struct why *why)
{
    enum err err = metrics_vet(path, why); /* a manifest that includes it may be newer than it */
    return err == OK ? deliver(path, text_write, &text, why) : err;
}
