/* Values of options that have bounds or words of their own, room by room as option_readers.h says.
 */
#include "option_readers.h"

#include "base/bounds.h"
#include "base/count.h"
#include "inventory/discover_formats.h"
#include "model/watch.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum err read_progress(struct options *o, const char *value, struct why *why)
{
    static const char *const modes[] = {"auto", "bar", "lines", "json", "none"};
    for (size_t i = 0; i < COUNT(modes); i++) {
        if (strcmp(value, modes[i]) == 0) {
            o->progress = (enum progress_mode)i;
            return OK;
        }
    }
    return why_set(why, ERR_INPUT, "--progress takes auto, bar, lines, json or none, not \"%s\"",
                   value);
}

/* A ticker has one line, for people. */
enum err read_ticker(struct options *o, const char *value, struct why *why)
{
    if (strcmp(value, "json") == 0)
        return why_set(why, ERR_INPUT, "--progress takes auto, bar, lines or none here");
    return read_progress(o, value, why);
}

enum err read_by(struct options *o, const char *value, struct why *why)
{
    for (int by = 0; by < DUE_BYS; by++) {
        o->by = (enum due_by)by;
        if (strcmp(value, due_by_name(o->by)) == 0)
            return OK;
    }
    return why_set(why, ERR_INPUT, "--by takes zone, owner or account, not \"%s\"", value);
}

enum err read_hook(struct options *o, const char *value, struct why *why)
{
    if (o->notify.hooks_len == NOTIFY_HOOKS_MAX)
        return why_set(why, ERR_LIMIT, "--hook can be given %d times at most", NOTIFY_HOOKS_MAX);
    o->notify.hooks[o->notify.hooks_len++] = value;
    return OK;
}

enum err read_webhook(struct options *o, const char *value, struct why *why)
{
    if (o->notify.webhooks_len == NOTIFY_HTTP_MAX)
        return why_set(why, ERR_LIMIT, "--webhook can be given %d times at most", NOTIFY_HTTP_MAX);
    o->notify.webhooks[o->notify.webhooks_len++] = value;
    return OK;
}

enum err read_hook_timeout(struct options *o, const char *value, struct why *why)
{
    if (span_parse(text_of(value), &o->notify.hook_timeout) &&
        o->notify.hook_timeout >= SPAN_S(1) && o->notify.hook_timeout <= SPAN_M(15))
        return OK;
    return why_set(why, ERR_INPUT, "--hook-timeout takes a span from 1s to 15m, not \"%s\"", value);
}

enum err read_watch_format(struct options *o, const char *value, struct why *why)
{
    o->format = value;
    o->json = strcmp(value, "json") == 0;
    return o->json || strcmp(value, "text") == 0 || strcmp(value, "nagios") == 0
               ? OK
               : why_set(why, ERR_INPUT, "--format takes text, json or nagios, not \"%s\"", value);
}

enum err read_every(struct options *o, const char *value, struct why *why)
{
    o->every_as_written = strcmp(value, "manifest") == 0;
    if (o->every_as_written || (span_parse(text_of(value), &o->every) &&
                                o->every >= WATCH_EVERY_MIN && o->every <= MANIFEST_TIMEOUT_MAX))
        return OK;
    return why_set(why, ERR_INPUT,
                   "--every takes a span from 1s to 365d, such as 15m, or manifest, not \"%s\"",
                   value);
}

/* An account and a Region, each a pattern. */
enum err read_lanes(struct options *o, const char *value, struct why *why)
{
    struct text rest = text_of(value), account = text_cut(&rest, '/');
    if (!account.len || !rest.len || text_find(rest, '/') < rest.len)
        return why_set(why, ERR_INPUT,
                       "--lanes takes ACCOUNT/REGION with * and ?, such as 'team-a/*' or "
                       "'*/eu-west-1', not \"%s\"",
                       value);
    if (o->work.lanes_len == OPTIONS_LANES_MAX)
        return why_set(why, ERR_LIMIT, "--lanes can be given %d times at most", OPTIONS_LANES_MAX);
    o->work.lanes[o->work.lanes_len++] = value;
    return OK;
}

enum err read_max_lanes(struct options *o, const char *value, struct why *why)
{
    uint64_t n;
    if (!text_to_u64(text_of(value), &n) || n < 1 || n > UINT16_MAX)
        return why_set(why, ERR_INPUT, "--max-lanes takes a number from 1 to %d, not \"%s\"",
                       UINT16_MAX, value);
    o->work.lanes_max = (uint32_t)n;
    return OK;
}

/* A day is its beginning in UTC. */
static bool day_parse(const char *value, instant_us *at)
{
    char midnight[WHEN_LEN];
    snprintf(midnight, sizeof midnight, "%.10sT00:00:00Z", value);
    return when_parse(text_of(strlen(value) == 10 ? midnight : value), at);
}

enum err read_since(struct options *o, const char *value, struct why *why)
{
    o->since_before = o->since_at = 0;
    if (strcmp(value, "yesterday") == 0)
        o->since_before = SPAN_H(24);
    if (o->since_before || span_parse(text_of(value), &o->since_before) ||
        day_parse(value, &o->since_at))
        return OK;
    return why_set(why, ERR_INPUT,
                   "--since takes yesterday, a date such as 2026-05-20 or 2026-05-20T08:30:00Z, or "
                   "a span such as 24h, not \"%s\"",
                   value);
}

enum err read_until(struct options *o, const char *value, struct why *why)
{
    if (day_parse(value, &o->until_at) && o->until_at > 0)
        return OK;
    return why_set(why, ERR_INPUT, "--until takes a date such as 2026-05-20, not \"%s\"", value);
}

enum err read_dmarc_reports(struct options *o, const char *value, struct why *why)
{
    if (o->dmarc_reports_len == EVIDENCE_PATHS_MAX)
        return why_set(why, ERR_LIMIT,
                       "--dmarc-reports can be given %d times at most; a folder may hold any "
                       "number of reports",
                       EVIDENCE_PATHS_MAX);
    o->dmarc_reports[o->dmarc_reports_len++] = value;
    return OK;
}

enum err read_dns_delay(struct options *o, const char *value, struct why *why)
{
    struct text rest = text_of(value);
    size_t dots = text_find_text(rest, TEXT(".."));
    bool is_range = dots < rest.len;
    struct text low = text_slice(rest, 0, dots), high = text_from(rest, is_range ? dots + 2 : 0);
    bool read = span_parse(high, &o->rehearse.delay_max) &&
                (text_eq(low, TEXT("0")) || span_parse(low, &o->rehearse.delay_min));
    if (!read || o->rehearse.delay_max < o->rehearse.delay_min ||
        o->rehearse.delay_max > MANIFEST_TIMEOUT_MAX)
        return why_set(why, ERR_INPUT,
                       "--dns-delay takes a span or a range, such as 1h..2d, not \"%s\"", value);
    return OK;
}

enum err read_dns_published(struct options *o, const char *value, struct why *why)
{
    char *end;
    o->rehearse.published = strtod(value, &end);
    if (end == value || (*end && strcmp(end, "%") != 0) ||
        !(o->rehearse.published >= 0 && o->rehearse.published <= 100))
        return why_set(why, ERR_INPUT, "--dns-published takes per cent from 0 to 100, not \"%s\"",
                       value);
    return OK;
}

enum err read_detect_after(struct options *o, const char *value, struct why *why)
{
    if (!span_parse(text_of(value), &o->rehearse.detect_after) ||
        o->rehearse.detect_after > MANIFEST_TIMEOUT_MAX)
        return why_set(why, ERR_INPUT, "--detect-after takes a span such as 2h, not \"%s\"", value);
    return OK;
}

static void csv_set(struct options *o, struct csv_dialect dialect)
{
    o->csv = o->discover.csv = dialect;
    o->csv_dialect_is_given = true;
}

enum err read_csv_dialect(struct options *o, const char *value, struct why *why)
{
    bool is_excel = strcmp(value, "excel") == 0;
    csv_set(o, (struct csv_dialect){is_excel, o->csv.separator});
    return is_excel || strcmp(value, "rfc4180") == 0
               ? OK
               : why_set(why, ERR_INPUT, "--csv-dialect takes excel or rfc4180, not \"%s\"", value);
}

enum err read_csv_separator(struct options *o, const char *value, struct why *why)
{
    static const struct {
        const char *name;
        char separator;
    } separators[] = {{"comma", ','}, {"semicolon", ';'}, {"tab", '\t'}};
    for (size_t i = 0; i < COUNT(separators); i++) {
        if (strcmp(value, separators[i].name) == 0) {
            csv_set(o, (struct csv_dialect){o->csv.is_marked, separators[i].separator});
            return OK;
        }
    }
    return why_set(why, ERR_INPUT, "--csv-separator takes comma, semicolon or tab, not \"%s\"",
                   value);
}

enum err read_discover_format(struct options *o, const char *value, struct why *why)
{
    char names[LINE_LEN_MAX] = "";
    size_t len = 0;
    for (size_t i = 0; discover_format_name(i); i++) {
        bool is_last = !discover_format_name(i + 1);
        if (strcmp(value, discover_format_name(i)) == 0) {
            o->discover.format = i;
            return OK;
        }
        len += (size_t)snprintf(names + len, sizeof names - len, "%s%s",
                                i == 0    ? ""
                                : is_last ? " or "
                                          : ", ",
                                discover_format_name(i));
    }
    return why_set(why, ERR_INPUT, "--format takes %s, not \"%s\"", names, value);
}

/* Both say how DKIM is read. */
static enum err dkim_wish(struct options *o, const char *wish, struct why *why)
{
    if (o->access.dkim && strcmp(o->access.dkim, wish) != 0)
        return why_set(why, ERR_INPUT,
                       "--dkim asks for DKIM one by one, and --no-dkim not at all: leave one out");
    o->access.dkim = wish;
    return OK;
}

enum err read_dkim(struct options *o, const char *value, struct why *why)
{
    (void)value;
    return dkim_wish(o, "each", why);
}

enum err read_no_dkim(struct options *o, const char *value, struct why *why)
{
    (void)value;
    return dkim_wish(o, "none", why);
}

enum err read_terraform_state(struct options *o, const char *value, struct why *why)
{
    if (o->states_len == STATES_MAX)
        return why_set(why, ERR_LIMIT, "--terraform-state can be given %d times at most",
                       STATES_MAX);
    o->states[o->states_len++] = value;
    return OK;
}

enum err read_listen_name(struct options *o, const char *value, struct why *why)
{
    if (o->listen_names_len == PAGE_NAMES_MAX)
        return why_set(why, ERR_LIMIT, "--listen-name can be given %d times at most",
                       PAGE_NAMES_MAX);
    o->listen_names[o->listen_names_len++] = value;
    return OK;
}
