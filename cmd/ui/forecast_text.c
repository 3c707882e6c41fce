/*
 * A forecast as text and as JSON. The text tells spans as people do; the JSON has seconds.
 */
#include "forecast_text.h"

#include "access/lanes.h"
#include "base/bounds.h"
#include "base/buf.h"
#include "base/json_out.h"
#include "base/plural.h"
#include "budget_text.h"
#include "messages.h"
#include "options/help.h"
#include "reports/need_json.h"
#include "scheduler/standing.h"

static const char *const cause_names[WAIT_CAUSES] = {"ses-rate", "dns-owners", "ses-detection"};

static const char *cause_sentence(enum wait_cause cause)
{
    switch (cause) {
    case WAIT_TURN:
        return "SES's rate decides the finish: a higher limit (and --rate) would bring it nearer.";
    case WAIT_DNS:
        return "The owners of the DNS decide the finish: a higher rate would hardly bring it "
               "nearer.";
    default:
        return "SES's own detection decides the finish: nothing on this side would bring it "
               "nearer.";
    }
}

static enum wait_cause dominant(const struct forecast *f)
{
    enum wait_cause most = WAIT_TURN;
    for (int cause = 1; cause < WAIT_CAUSES; cause++)
        if (f->tail_wait_us[cause] > f->tail_wait_us[most])
            most = (enum wait_cause)cause;
    return most;
}

static span_us mean(const double sums[WAIT_CAUSES], enum wait_cause cause, uint32_t count)
{
    return count ? (span_us)(sums[cause] / count) : 0;
}

static const char *span_or_never(const struct forecast *f, uint32_t mark, char out[WHEN_LEN])
{
    return mark < f->marks ? span_format(f->mark[mark], out) : "never";
}

/* "1 call"; "0.5 to 10 calls" */
static void rate_add(struct buf *out, const struct rehearsal *r)
{
    double low = fleet_rate(&r->fleet, 0, r->access->rate_per_s), high = low;
    for (uint32_t i = 1; i < r->forecast.lanes; i++) {
        double rate = fleet_rate(&r->fleet, i, r->access->rate_per_s);
        low = rate < low ? rate : low;
        high = rate > high ? rate : high;
    }
    if (low < high)
        buf_add_fmt(out, "%g to %g calls", low, high);
    else
        buf_add_fmt(out, "%g %s", low, low == 1 ? "call" : "calls");
}

/* Names in zones that some provider writes: each has a state. */
static uint32_t names_published(const struct forecast *f)
{
    uint32_t sum = 0;
    for (int state = 0; state < PUBLISH_STATES; state++)
        sum += f->published.by_state[state];
    return sum;
}

static void print_assumptions(const struct rehearsal *r)
{
    const struct forecast_config *config = r->config;
    char low[WHEN_LEN], high[WHEN_LEN];
    struct buf text;
    buf_init(&text, LINE_LEN_MAX);
    buf_add_fmt(
        &text, "Rehearsal of %u %s in %u %s; nothing was sent.\n", r->forecast.identities,
        plural(r->forecast.identities, "identity", "identities"), r->forecast.lanes,
        plural(r->forecast.lanes, "pair of account and Region", "pairs of account and Region"));
    buf_add_str(&text, "Assumed: SES takes ");
    rate_add(&text, r);
    buf_add_str(&text, " a second per account, Region and action; every identity exists, is "
                       "verified and has no MAIL FROM yet; ");
    if (r->publishing)
        buf_add_fmt(&text,
                    "%u of %u names are in %u %s under dns.publish, and their records are created "
                    "in the run, by providers that take calls at their documented rates; of other "
                    "names ",
                    names_published(&r->forecast), r->forecast.names, r->forecast.zones_ours,
                    plural(r->forecast.zones_ours, "zone", "zones"));
    if (r->published >= 1)
        buf_add_str(&text, "all DNS records are there; ");
    else if (config->delay_max == 0)
        buf_add_fmt(&text, "%g %% of the names have their DNS records, the others never get them; ",
                    r->published * 100);
    else
        buf_add_fmt(&text,
                    "%g %% of the names have their DNS records, the others get them %s to %s after "
                    "the start; ",
                    r->published * 100, span_format(config->delay_min, low),
                    span_format(config->delay_max, high));
    buf_add_fmt(&text, "SES reads an MX %s after the set; faults: %s; seed %llu.",
                span_format(r->detect_after, low), config->faults ? config->faults : "none",
                (unsigned long long)config->seed);
    help_print(stdout, 0, buf_text(&text));
    fputc('\n', stdout);
    buf_clear(&text);
}

static void print_hold(const struct rehearsal *r)
{
    struct buf hold;
    if (!r->forecast.budget.held_calls)
        return;
    buf_init(&hold, LINE_LEN_MAX);
    buf_add_str(&hold, "  ");
    budget_hold_add(&hold, &r->forecast.budget, &r->fleet, r->access);
    printf(TEXT_FMT "\n", TEXT_ARG(buf_text(&hold)));
    buf_clear(&hold);
}

static void print_timeline(const struct rehearsal *r)
{
    const struct forecast *f = &r->forecast;
    char after[WHEN_LEN];
    printf("  %-6s %10s  %s\n", "ended", "identities", "after");
    for (uint32_t i = 0; i < FORECAST_MARKS; i++)
        printf("  %3.0f %%  %10u  %s\n", forecast_shares[i] * 100, f->mark_at[i],
               span_or_never(f, i, after));
    printf("\n  earliest finish   %s, by the pace of the fullest account and Region\n",
           span_format(f->budget.earliest, after));
    print_hold(r);
    printf("  expected finish   %s\n", span_or_never(f, FORECAST_MARKS - 1, after));
    if (f->totals.writes == 0) {
        printf("  no writes\n\n");
        return;
    }
    printf("  first write       %s\n", span_format(f->first_write, after));
    printf("  last write        %s\n", span_format(f->last_write, after));
    printf("  72-hour window    ends at %s for the first write",
           span_format(f->first_write + SPAN_H(72), after));
    printf(", %s for the last\n\n", span_format(f->last_write + SPAN_H(72), after));
}

static bool is_told(const struct forecast *f, int kind)
{
    return f->totals.calls[kind] > 0;
}

static const char *action_of(const struct rehearsal *r, int kind)
{
    return call_action((enum call_kind)kind, r->forecast.apis[kind]);
}

static const char *const provider_calls[CALL_KINDS] = {
    [CALL_ZONES] = "zones looked up",
    [CALL_ZONE] = "name servers of a zone asked for",
    [CALL_RECORDS] = "record sets of a name read",
    [CALL_CHANGE] = "changes, of up to 500 names each",
};

static void print_publishing(const struct forecast *f)
{
    const struct publisher_totals *t = &f->published;
    char after[WHEN_LEN];
    uint32_t done = t->by_state[PUBLISH_DONE], left = names_published(f) - done;
    printf("  %-38s %10s\n", "calls to providers of DNS", "calls");
    for (int kind = CALL_ZONES; kind <= CALL_CHANGE; kind++)
        if (t->calls[kind])
            printf("  %-38s %10llu\n", provider_calls[kind], (unsigned long long)t->calls[kind]);
    printf("  %-38s %10llu\n", "throttled", (unsigned long long)t->throttled);
    printf("  The record sets of %u %s in %u %s are created and seen at every authority after "
           "%s; %u %s.\n\n",
           done, plural(done, "name", "names"), f->zones_ours,
           plural(f->zones_ours, "zone", "zones"), span_format(f->published_at, after), left,
           plural(left, "name is not", "names are not"));
}

static void print_waits(const char *who, const double sums[WAIT_CAUSES], uint32_t count)
{
    char turn[WHEN_LEN], dns[WHEN_LEN], detect[WHEN_LEN];
    message_say(0, "%s: %s for its turn at SES, %s for DNS owners, %s for SES's detection.", who,
                span_format(mean(sums, WAIT_TURN, count), turn),
                span_format(mean(sums, WAIT_DNS, count), dns),
                span_format(mean(sums, WAIT_DETECT, count), detect));
}

void forecast_print_text(const struct rehearsal *r)
{
    const struct forecast *f = &r->forecast;
    if (f->identities == 0) {
        printf("No identities: nothing would be sent.\n");
        return;
    }
    print_assumptions(r);
    print_timeline(r);
    printf("  %-38s %10s %10s  %s\n", "calls to SES", "calls", "at least", "throttled");
    for (int kind = 0; kind < CALL_ASK; kind++)
        if (is_told(f, kind))
            printf("  %-38s %10llu %10llu  %.1f %%\n", action_of(r, kind),
                   (unsigned long long)f->totals.calls[kind],
                   (unsigned long long)f->budget.calls[kind],
                   100 * (double)f->totals.throttled[kind] / (double)f->totals.calls[kind]);
    printf("  %-38s %10llu to %llu\n\n", "of an account in a Region",
           (unsigned long long)f->lane_calls_min, (unsigned long long)f->lane_calls_max);
    if (r->publishing)
        print_publishing(f);
    int n = 0;
    printf("Outcomes: ");
    for (int o = 0; o < OUTCOMES; o++)
        if (f->totals.by_outcome[o])
            printf("%s%u %s", n++ ? ", " : "", f->totals.by_outcome[o],
                   standing_words(outcome_standing((enum outcome)o), TENSE_RUN));
    printf("%s\n", n ? "" : "none");
    if (f->finals)
        print_waits("An identity waits on average", f->wait_us, f->finals);
    if (forecast_unfinished(f)) {
        /* Those that are left when the rehearsal ends. */
        uint32_t count = forecast_unfinished(f);
        char after[WHEN_LEN];
        if (f->paused[0])
            printf("%u %s left: %s.\n", count, plural(count, "identity is", "identities are"),
                   f->paused);
        else
            printf("%u %s never done: a rehearsal ends after %s.\n", count,
                   plural(count, "identity is", "identities are"),
                   span_format(REHEARSAL_SPAN, after));
        return;
    }
    print_waits("One of the last hundredth waits", f->tail_wait_us, f->tail);
    if (f->totals.writes)
        printf("%s\n", cause_sentence(dominant(f)));
}

#define FORECAST_JSON_MAX (64u << 10) /* a dozen calls and as many marks are far below */

static double seconds(span_us span)
{
    return (double)span * 1e-6;
}

/* null: never. */
static void json_mark(struct json_out *j, const struct forecast *f, const char *key, uint32_t mark)
{
    if (mark < f->marks)
        json_add_fixed(j, key, seconds(f->mark[mark]), 3);
    else
        json_add_null(j, key);
}

/* Each member has a line of its own. */
static void json_seconds(struct json_out *j, const char *key, span_us span)
{
    json_line(j, "\n  ");
    json_add_fixed(j, key, seconds(span), 3);
}

static void json_hold(struct json_out *j, const struct rehearsal *r)
{
    const struct budget *b = &r->forecast.budget;
    struct report_need need;
    if (!b->held_calls)
        return;
    budget_hold(b, &r->fleet, r->access, &need);
    json_line(j, "\n  ");
    need_held_json(j, &need);
}

static void json_timeline(struct json_out *j, const struct rehearsal *r)
{
    const struct forecast *f = &r->forecast;
    json_line(j, "\n  ");
    json_add_array(j, "timeline");
    for (uint32_t i = 0; i < FORECAST_MARKS; i++) {
        json_line(j, "\n    ");
        json_add_object(j, NULL);
        json_add_number(j, "share", forecast_shares[i]);
        json_add_u64(j, "identities", f->mark_at[i]);
        json_mark(j, f, "after_s", i);
        json_end(j);
    }
    json_end_line(j, "\n  ");
    json_seconds(j, "earliest_finish_s", f->budget.earliest);
    json_hold(j, r);
    json_line(j, "\n  ");
    json_mark(j, f, "expected_finish_s", FORECAST_MARKS - 1);
    if (!f->totals.writes)
        return;
    json_seconds(j, "first_write_s", f->first_write);
    json_seconds(j, "last_write_s", f->last_write);
    json_seconds(j, "window_end_s", f->last_write + SPAN_H(72));
}

static void json_publishing(struct json_out *j, const struct forecast *f)
{
    const struct publisher_totals *t = &f->published;
    json_line(j, "\n  ");
    json_add_object(j, "publishing");
    json_add_u64(j, "names", f->names);
    json_add_u64(j, "names_in_zones_of_providers", names_published(f));
    json_add_u64(j, "zones", f->zones_ours);
    json_add_u64(j, "created", t->by_state[PUBLISH_DONE]);
    json_add_u64(j, "calls_zones", t->calls[CALL_ZONES] + t->calls[CALL_ZONE]);
    json_add_u64(j, "calls_records", t->calls[CALL_RECORDS]);
    json_add_u64(j, "calls_change", t->calls[CALL_CHANGE]);
    json_add_u64(j, "throttled", t->throttled);
    json_add_fixed(j, "finish_s", seconds(f->published_at), 3);
    json_end(j);
}

static void json_waits(struct json_out *j, const char *key, const double sums[WAIT_CAUSES],
                       uint32_t count)
{
    json_line(j, "\n  ");
    json_add_object(j, key);
    for (int cause = 0; cause < WAIT_CAUSES; cause++)
        json_add_fixed(j, cause_names[cause], seconds(mean(sums, (enum wait_cause)cause, count)),
                       3);
    json_end(j);
}

void forecast_print_json(const struct rehearsal *r)
{
    const struct forecast *f = &r->forecast;
    const char *cause = forecast_unfinished(f) ? NULL : cause_names[dominant(f)];
    struct json_out j;
    struct buf out;
    buf_init(&out, FORECAST_JSON_MAX);
    json_init(&j, &out);
    j.spaced = true;
    json_add_object(&j, NULL);
    json_line(&j, "\n  ");
    json_add_u64(&j, "format_version", 1);
    json_line(&j, "\n  ");
    json_add_u64(&j, "identities", r->forecast.identities);
    json_line(&j, "\n  ");
    json_add_u64(&j, "lanes", r->forecast.lanes);
    json_line(&j, "\n  ");
    json_add_u64(&j, "seed", r->config->seed);
    json_timeline(&j, r);
    json_line(&j, "\n  ");
    json_add_array(&j, "calls");
    for (int kind = 0; kind < CALL_ASK; kind++) {
        if (!is_told(f, kind))
            continue;
        json_line(&j, "\n    ");
        json_add_object(&j, NULL);
        json_add_word(&j, "action", action_of(r, kind));
        json_add_u64(&j, "calls", f->totals.calls[kind]);
        json_add_u64(&j, "at_least", f->budget.calls[kind]);
        json_add_u64(&j, "throttled", f->totals.throttled[kind]);
        json_end(&j);
    }
    json_end_line(&j, "\n  ");
    if (r->publishing)
        json_publishing(&j, f);
    json_line(&j, "\n  ");
    json_add_object(&j, "lane_calls");
    json_add_u64(&j, "min", f->lane_calls_min);
    json_add_u64(&j, "max", f->lane_calls_max);
    json_end(&j);
    json_line(&j, "\n  ");
    json_add_object(&j, "outcomes");
    for (int o = 0; o < OUTCOMES; o++)
        if (f->totals.by_outcome[o])
            json_add_u64(&j, outcome_name((enum outcome)o), f->totals.by_outcome[o]);
    json_end(&j);
    json_line(&j, "\n  ");
    json_add_u64(&j, "never_done", forecast_unfinished(f));
    json_waits(&j, "mean_wait_s", f->wait_us, f->finals);
    json_waits(&j, "last_hundredth_wait_s", f->tail_wait_us, f->tail);
    json_line(&j, "\n  ");
    json_add_text_or_null(&j, "dominates", text_of(cause));
    json_end_line(&j, "\n");
    buf_add_char(&out, '\n');
    fwrite(out.at, 1, out.len, stdout);
    buf_clear(&out);
}
