/*
 * A forecast as text and as JSON. The text tells spans as people do; the JSON has seconds.
 */
#include "forecast_text.h"

#include "access/lanes.h"
#include "messages.h"

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

static void print_rate(const struct rehearsal *r)
{
    double low = fleet_rate(&r->fleet, 0, r->access->rate_per_s), high = low;
    for (uint32_t i = 1; i < r->forecast.lanes; i++) {
        double rate = fleet_rate(&r->fleet, i, r->access->rate_per_s);
        low = rate < low ? rate : low;
        high = rate > high ? rate : high;
    }
    if (low < high)
        printf("%g to %g", low, high);
    else
        printf("%g", low);
}

static void print_assumptions(const struct rehearsal *r)
{
    const struct forecast_config *config = r->config;
    char low[WHEN_LEN], high[WHEN_LEN];
    printf("Rehearsal of %u identities in %u lane%s, ", r->forecast.identities, r->forecast.lanes,
           r->forecast.lanes == 1 ? "" : "s");
    print_rate(r);
    printf(" calls a second per account, Region and action.\nNothing was sent. Assumed: every "
           "identity exists, is verified and has no MAIL FROM yet;\n");
    if (r->published >= 1)
        printf("all DNS records are there; ");
    else if (config->delay_max == 0)
        printf("%g %% of the names have their DNS records, the others never get them;\n",
               r->published * 100);
    else
        printf("%g %% of the names have their DNS records, the others get them %s to %s after the "
               "start;\n",
               r->published * 100, span_format(config->delay_min, low),
               span_format(config->delay_max, high));
    printf("SES looks at an MX %s after the set; faults: %s; seed %llu.\n\n",
           span_format(r->detect_after, low), config->faults ? config->faults : "none",
           (unsigned long long)config->seed);
}

static void print_timeline(const struct forecast *f)
{
    char after[WHEN_LEN];
    printf("  %-6s %10s  %s\n", "final", "identities", "after");
    for (uint32_t i = 0; i < FORECAST_MARKS; i++)
        printf("  %3.0f %%  %10u  %s\n", forecast_shares[i] * 100, f->mark_at[i],
               span_or_never(f, i, after));
    printf("\n  earliest finish   %s, by the pace of the fullest lane alone\n",
           span_format(f->budget.earliest, after));
    printf("  expected finish   %s\n", span_or_never(f, FORECAST_MARKS - 1, after));
    if (f->totals.writes == 0) {
        printf("  no writes\n\n");
        return;
    }
    printf("  first write       %s\n", span_format(f->first_write, after));
    printf("  last write        %s\n", span_format(f->last_write, after));
    printf("  72-hour window    ends at %s for the first write",
           span_format(f->first_write + SPAN_H(72), after));
    printf(", at %s for the last\n\n", span_format(f->last_write + SPAN_H(72), after));
}

static bool is_told(const struct forecast *f, int kind)
{
    return f->totals.calls[kind] > 0;
}

static const char *action_of(const struct rehearsal *r, int kind)
{
    const struct access *a = r->access;
    enum api api =
        kind == CALL_SET ? access_api(a->write_api, API_V2) : access_api(a->read_api, API_V1);
    return call_action((enum call_kind)kind, api);
}

static void print_calls(const struct rehearsal *r)
{
    const struct forecast *f = &r->forecast;
    printf("  %-38s %10s %10s  %s\n", "calls to SES", "calls", "at least", "throttled");
    for (int kind = 0; kind < CALL_ASK; kind++)
        if (is_told(f, kind))
            printf("  %-38s %10llu %10llu  %.1f %%\n", action_of(r, kind),
                   (unsigned long long)f->totals.calls[kind],
                   (unsigned long long)f->budget.calls[kind],
                   100 * (double)f->totals.throttled[kind] / (double)f->totals.calls[kind]);
    printf("  %-38s %10llu to %llu\n\n", "per lane", (unsigned long long)f->lane_calls_min,
           (unsigned long long)f->lane_calls_max);
}

static void print_outcomes(const struct forecast *f)
{
    int n = 0;
    printf("Outcomes: ");
    for (int o = 0; o < OUTCOMES; o++)
        if (f->totals.by_outcome[o])
            printf("%s%u %s", n++ ? ", " : "", f->totals.by_outcome[o],
                   outcome_name((enum outcome)o));
    printf("%s\n", n ? "" : "none");
}

/* Those that are left when the rehearsal ends. */
static void print_unfinished(const struct forecast *f)
{
    uint32_t count = forecast_unfinished(f);
    char after[WHEN_LEN];
    if (f->paused[0])
        printf("%u identit%s left: %s.\n", count, count == 1 ? "y is" : "ies are", f->paused);
    else
        printf("%u identit%s never done: a rehearsal ends after %s.\n", count,
               count == 1 ? "y is" : "ies are", span_format(REHEARSAL_SPAN, after));
}

static void print_waits(const char *who, const double sums[WAIT_CAUSES], uint32_t count)
{
    char turn[WHEN_LEN], dns[WHEN_LEN], detect[WHEN_LEN];
    printf("%s: %s for its turn at SES, %s for DNS owners, %s for SES's detection.\n", who,
           span_format(mean(sums, WAIT_TURN, count), turn),
           span_format(mean(sums, WAIT_DNS, count), dns),
           span_format(mean(sums, WAIT_DETECT, count), detect));
}

void forecast_print_text(const struct rehearsal *r)
{
    const struct forecast *f = &r->forecast;
    print_assumptions(r);
    print_timeline(f);
    print_calls(r);
    print_outcomes(f);
    if (f->finals)
        print_waits("An identity waits on average", f->wait_us, f->finals);
    if (forecast_unfinished(f)) {
        print_unfinished(f);
        return;
    }
    print_waits("One of the last hundredth", f->tail_wait_us, f->tail);
    printf("%s\n", cause_sentence(dominant(f)));
}

static double seconds(span_us span)
{
    return (double)span * 1e-6;
}

/* null: never. */
static void json_mark(const struct forecast *f, const char *name, uint32_t mark)
{
    if (mark < f->marks)
        printf("\"%s\": %.3f", name, seconds(f->mark[mark]));
    else
        printf("\"%s\": null", name);
}

static void json_timeline(const struct forecast *f)
{
    printf("  \"timeline\": [");
    for (uint32_t i = 0; i < FORECAST_MARKS; i++) {
        printf("%s\n    {\"share\": %g, \"identities\": %u, ", i ? "," : "", forecast_shares[i],
               f->mark_at[i]);
        json_mark(f, "after_s", i);
        printf("}");
    }
    printf("\n  ],\n  \"earliest_finish_s\": %.3f,\n  ", seconds(f->budget.earliest));
    json_mark(f, "expected_finish_s", FORECAST_MARKS - 1);
    printf(",\n");
    if (f->totals.writes)
        printf("  \"first_write_s\": %.3f,\n  \"last_write_s\": %.3f,\n  \"window_end_s\": %.3f,\n",
               seconds(f->first_write), seconds(f->last_write),
               seconds(f->last_write + SPAN_H(72)));
}

static void json_calls(const struct rehearsal *r)
{
    const struct forecast *f = &r->forecast;
    printf("  \"calls\": [");
    for (int kind = 0, n = 0; kind < CALL_ASK; kind++)
        if (is_told(f, kind))
            printf("%s\n    {\"action\": \"%s\", \"calls\": %llu, \"at_least\": %llu, "
                   "\"throttled\": %llu}",
                   n++ ? "," : "", action_of(r, kind), (unsigned long long)f->totals.calls[kind],
                   (unsigned long long)f->budget.calls[kind],
                   (unsigned long long)f->totals.throttled[kind]);
    printf("\n  ],\n  \"lane_calls\": {\"min\": %llu, \"max\": %llu},\n",
           (unsigned long long)f->lane_calls_min, (unsigned long long)f->lane_calls_max);
}

static void json_outcomes(const struct forecast *f)
{
    printf("  \"outcomes\": {");
    for (int o = 0, n = 0; o < OUTCOMES; o++)
        if (f->totals.by_outcome[o])
            printf("%s\"%s\": %u", n++ ? ", " : "", outcome_name((enum outcome)o),
                   f->totals.by_outcome[o]);
    printf("},\n  \"never_done\": %u,\n", forecast_unfinished(f));
}

static void json_waits(const char *name, const double sums[WAIT_CAUSES], uint32_t count)
{
    printf("  \"%s\": {", name);
    for (int cause = 0; cause < WAIT_CAUSES; cause++)
        printf("%s\"%s\": %.3f", cause ? ", " : "", cause_names[cause],
               seconds(mean(sums, (enum wait_cause)cause, count)));
    printf("},\n");
}

void forecast_print_json(const struct rehearsal *r)
{
    const struct forecast *f = &r->forecast;
    printf("{\n  \"format_version\": 1,\n  \"identities\": %u,\n  \"lanes\": %u,\n  \"seed\": "
           "%llu,\n",
           f->identities, f->lanes, (unsigned long long)r->config->seed);
    json_timeline(f);
    json_calls(r);
    json_outcomes(f);
    json_waits("mean_wait_s", f->wait_us, f->finals);
    json_waits("last_hundredth_wait_s", f->tail_wait_us, f->tail);
    if (forecast_unfinished(f))
        printf("  \"dominates\": null\n}\n");
    else
        printf("  \"dominates\": \"%s\"\n}\n", cause_names[dominant(f)]);
}
