/* The table of options, and a function for each that reads its value. */
#include "option_rows.h"

#include "base/bounds.h"
#include "base/count.h"
#include "inventory/discover_formats.h"
#include "model/fleet.h"
#include "option_readers.h"
#include "reports/evidence.h"
#include "reports/records.h"
#include "rules/feedback.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define STRING_OPTION_AT(name, field)                                                              \
    static enum err read_##name(struct options *o, const char *value, struct why *why)             \
    {                                                                                              \
        (void)why;                                                                                 \
        o->field = value;                                                                          \
        return OK;                                                                                 \
    }
#define SWITCH_OPTION_AT(name, field)                                                              \
    static enum err read_##name(struct options *o, const char *value, struct why *why)             \
    {                                                                                              \
        (void)why;                                                                                 \
        (void)value;                                                                               \
        o->field = true;                                                                           \
        return OK;                                                                                 \
    }
#define STRING_OPTION(field) STRING_OPTION_AT(field, field)
#define SWITCH_OPTION(field) SWITCH_OPTION_AT(field, field)

STRING_OPTION_AT(manifest, discover.manifest)
STRING_OPTION_AT(events, notify.events)
STRING_OPTION_AT(heartbeat, notify.heartbeat)
STRING_OPTION_AT(metrics, notify.metrics)
STRING_OPTION_AT(name, work.name)
SWITCH_OPTION_AT(once, work.once)
SWITCH_OPTION(submit)
STRING_OPTION(team)
STRING_OPTION_AT(mail_from, discover.mail_from)
SWITCH_OPTION_AT(replace, discover.replace)
SWITCH_OPTION_AT(all_profiles, discover.all_profiles)
STRING_OPTION_AT(profile, access.profile)
STRING_OPTION_AT(region, access.region)
STRING_OPTION_AT(endpoint_url, access.endpoint_url)
STRING_OPTION_AT(resolver, access.resolver)
STRING_OPTION(journal)
STRING_OPTION(listen)
STRING_OPTION(token_env)
STRING_OPTION(from)
STRING_OPTION(spf_check)
STRING_OPTION(sender)
STRING_OPTION(helo)
STRING_OPTION(out)
STRING_OPTION(plan)
STRING_OPTION(format)
STRING_OPTION(server)
STRING_OPTION(provider)
STRING_OPTION(octodns_escaped_semicolons)
SWITCH_OPTION(quiet)
SWITCH_OPTION_AT(verbose, access.verbose)
SWITCH_OPTION(no_color)
SWITCH_OPTION(yes)
SWITCH_OPTION(detailed_exitcode)
SWITCH_OPTION(retry_failed)
SWITCH_OPTION(give_up)
SWITCH_OPTION_AT(merge_spf, access.merges_spf)
SWITCH_OPTION(publish)
SWITCH_OPTION(now)
SWITCH_OPTION(dry_run)
SWITCH_OPTION(all)
SWITCH_OPTION(help)
SWITCH_OPTION(version)
SWITCH_OPTION(force)
SWITCH_OPTION(refresh)
SWITCH_OPTION(no_wait)
SWITCH_OPTION(watch)
SWITCH_OPTION(missing)
SWITCH_OPTION(live)
SWITCH_OPTION(allow_empty)

/* A file that a library opens by its name: one that is a FIFO would be waited for, for ever. */
static enum err read_file(const char *option, const char *value, const char **field,
                          struct why *why)
{
    struct stat st;
    if (stat(value, &st) != 0)
        return why_set(why, ERR_INPUT, "--%s %s: %s", option, value, strerror(errno));
    if (!S_ISREG(st.st_mode))
        return why_set(why, ERR_INPUT, "--%s %s: is not a regular file", option, value);
    *field = value;
    return OK;
}

static enum err read_ca_bundle(struct options *o, const char *value, struct why *why)
{
    return read_file("ca-bundle", value, &o->access.ca_bundle, why);
}

static enum err read_psl_file(struct options *o, const char *value, struct why *why)
{
    return read_file("psl-file", value, &o->access.psl_file, why);
}

static enum err read_tls_cert(struct options *o, const char *value, struct why *why)
{
    return read_file("tls-cert", value, &o->tls_cert, why);
}

static enum err read_tls_key(struct options *o, const char *value, struct why *why)
{
    return read_file("tls-key", value, &o->tls_key, why);
}

static enum err read_feedback_host(struct options *o, const char *value, struct why *why)
{
    o->access.feedback_host = value;
    return feedback_pattern_is(text_of(value))
               ? OK
               : why_set(why, ERR_INPUT,
                         "--feedback-host takes a host name with {region}, not \"%s\"", value);
}

static enum err one_of(const char *option, const char *value, const char *a, const char *b,
                       const char **field, struct why *why)
{
    if (strcmp(value, a) != 0 && strcmp(value, b) != 0)
        return why_set(why, ERR_INPUT, "--%s takes %s or %s, not \"%s\"", option, a, b, value);
    *field = value;
    return OK;
}

static enum err read_write_api(struct options *o, const char *value, struct why *why)
{
    return one_of("write-api", value, "v1", "v2", &o->access.write_api, why);
}

static enum err read_read_api(struct options *o, const char *value, struct why *why)
{
    if (strcmp(value, "auto") != 0 && strcmp(value, "v1") != 0 && strcmp(value, "v2") != 0)
        return why_set(why, ERR_INPUT, "--read-api takes auto, v1 or v2, not \"%s\"", value);
    o->access.read_api = value;
    return OK;
}

static enum err read_dns(struct options *o, const char *value, struct why *why)
{
    return one_of("dns", value, "authority", "recursive", &o->access.dns, why);
}

static enum err read_to(struct options *o, const char *value, struct why *why)
{
    return one_of("to", value, "previous", "default", &o->to, why);
}

static enum err read_outcome(struct options *o, const char *value, struct why *why)
{
    o->outcome_given = true;
    if (*value && outcome_parse(text_of(value), &o->outcome))
        return OK;
    return why_set(why, ERR_INPUT,
                   "--outcome takes an outcome of a report, such as done or refused, not \"%s\"",
                   value);
}

static enum err read_through(struct options *o, const char *value, struct why *why)
{
    if (text_to_u64(text_of(value), &o->through) && o->through > 0)
        return OK;
    return why_set(why, ERR_INPUT, "--through takes the number of a run, not \"%s\"", value);
}

static enum err read_max_age(struct options *o, const char *value, struct why *why)
{
    if (span_parse(text_of(value), &o->max_age))
        return OK;
    return why_set(why, ERR_INPUT, "--max-age takes a span such as 24h or 7d, not \"%s\"", value);
}

static enum err read_call_timeout(struct options *o, const char *value, struct why *why)
{
    if (span_parse(text_of(value), &o->access.call_timeout_us) &&
        o->access.call_timeout_us >= SPAN_S(1) && o->access.call_timeout_us <= SPAN_M(15))
        return OK;
    return why_set(why, ERR_INPUT, "--call-timeout takes a span from 1s to 15m, not \"%s\"", value);
}

static enum err read_rate(struct options *o, const char *value, struct why *why)
{
    char *end;
    o->access.rate_per_s = strtod(value, &end);
    if (*end || end == value || !(o->access.rate_per_s > 0 && rate_fits(o->access.rate_per_s)))
        return why_set(why, ERR_INPUT,
                       "--rate takes requests per second, from 0.01 to 10000, not \"%s\"", value);
    return OK;
}

static enum err read_count(const char *option, const char *value, uint64_t max, uint64_t *out,
                           struct why *why)
{
    if (!text_to_u64(text_of(value), out) || *out < 1 || *out > max)
        return why_set(why, ERR_INPUT, "--%s takes a number from 1 to %llu, not \"%s\"", option,
                       (unsigned long long)max, value);
    return OK;
}

static enum err read_carriers(struct options *o, const char *value, struct why *why)
{
    uint64_t n = 0;
    enum err err = read_count("carriers", value, 64, &n, why);
    o->access.carriers = (unsigned)n;
    return err;
}

static enum err read_authority_port(struct options *o, const char *value, struct why *why)
{
    uint64_t n = 0;
    enum err err = read_count("authority-port", value, 65535, &n, why);
    o->access.authority_port = (uint16_t)n;
    return err;
}

static enum err read_report(struct options *o, const char *value, struct why *why)
{
    const char *colon = strchr(value, ':');
    if (!colon || colon == value || !colon[1])
        return why_set(why, ERR_INPUT,
                       "--report takes FORMAT:FILE, such as csv:fleet.csv, not \"%s\"", value);
    if (o->reports_len == REPORTS_MAX)
        return why_set(why, ERR_LIMIT, "--report can be given %d times at most", REPORTS_MAX);
    o->reports[o->reports_len++] =
        (struct report_wish){{value, (size_t)(colon - value)}, colon + 1};
    return OK;
}

static enum err read_faults(struct options *o, const char *value, struct why *why)
{
    (void)why; /* the world knows their names */
    o->rehearse.faults = value;
    return OK;
}

static enum err read_seed(struct options *o, const char *value, struct why *why)
{
    return read_count("seed", value, UINT32_MAX, &o->rehearse.seed, why);
}

static enum err read_text_or_json(struct options *o, const char *value, struct why *why)
{
    const char *format = "text";
    enum err err = one_of("format", value, "text", "json", &format, why);
    o->json = err == OK && strcmp(format, "json") == 0;
    return err;
}

static enum err read_check_format(struct options *o, const char *value, struct why *why)
{
    o->sarif = strcmp(value, "sarif") == 0;
    o->json = strcmp(value, "json") == 0;
    return o->sarif || o->json || strcmp(value, "text") == 0
               ? OK
               : why_set(why, ERR_INPUT, "--format takes text, json or sarif, not \"%s\"", value);
}

static enum err read_zone(struct options *o, const char *value, struct why *why)
{
    if (o->zones_len == RECORDS_ZONES_MAX)
        return why_set(why, ERR_LIMIT, "--zone can be given %d times at most", RECORDS_ZONES_MAX);
    o->zones[o->zones_len++] = value;
    return OK;
}

static enum err read_ttl(struct options *o, const char *value, struct why *why)
{
    uint64_t n = 0;
    enum err err = read_count("ttl", value, INT32_MAX, &n, why); /* RFC 2181, section 8 */
    o->ttl_s = (uint32_t)n;
    return err;
}

#define EVERY_VERB        OPTIONS_NONE
#define LIVE_OR_REHEARSED (OPTIONS_LIVE | OPTIONS_REHEARSE)
#define HANDS_OFF         (OPTIONS_RECORDS | OPTIONS_DUE)
#define ZONES             (HANDS_OFF | OPTIONS_PUBLISH)
#define WRITES_CSV        (OPTIONS_REPORT | HANDS_OFF | OPTIONS_DISCOVER | OPTIONS_EVIDENCE)
#define ASKS_DNS          (OPTIONS_LIVE | OPTIONS_INSPECT | HANDS_OFF)
#define ASKS_DKIM                                                                                  \
    (OPTIONS_PLAN | OPTIONS_APPLY | OPTIONS_RESUME | OPTIONS_WATCH | OPTIONS_DISCOVER |            \
     OPTIONS_REHEARSE)

static enum err list_add(struct discover_list *list, const char *option, const char *value,
                         struct why *why)
{
    if (list->len == DISCOVER_LIST_MAX)
        return why_set(why, ERR_LIMIT, "--%s can be given %d times at most", option,
                       DISCOVER_LIST_MAX);
    list->items[list->len++] = value;
    return OK;
}

/* "a,b": each of them a name. */
static enum err list_vet(const char *option, const char *value, struct why *why)
{
    struct text rest = text_of(value);
    while (rest.at)
        if (text_trim(text_cut(&rest, ',')).len == 0)
            return why_set(why, ERR_INPUT, "--%s: found an empty name in \"%s\"", option, value);
    return OK;
}

static enum err select_add(struct options *o, enum selection_kind kind, const char *value,
                           struct why *why)
{
    bool is_list = kind == SELECT_ACCOUNT || kind == SELECT_REGION;
    if (is_list && list_vet(selection_option(kind), value, why) != OK)
        return ERR_INPUT;
    return selection_add(&o->selection, kind, value)
               ? OK
               : why_set(why, ERR_LIMIT,
                         "--%s %s: selections have %d values at most; more belong into a manifest",
                         selection_option(kind), value, SELECTION_VALUES_MAX);
}

static enum err read_only(struct options *o, const char *value, struct why *why)
{
    return select_add(o, SELECT_ONLY, value, why);
}

static enum err read_exclude(struct options *o, const char *value, struct why *why)
{
    return select_add(o, SELECT_EXCLUDE, value, why);
}

static enum err read_account(struct options *o, const char *value, struct why *why)
{
    return select_add(o, SELECT_ACCOUNT, value, why);
}

static enum err read_regions(struct options *o, const char *value, struct why *why)
{
    return select_add(o, SELECT_REGION, value, why);
}

/* A single Region is that of identities without one, too. */
static enum err read_one_region(struct options *o, const char *value, struct why *why)
{
    bool is_first = !o->access.region && !selection_has(&o->selection, SELECT_REGION);
    o->access.region = is_first && !strchr(value, ',') ? value : NULL;
    return select_add(o, SELECT_REGION, value, why);
}

static enum err read_limit(struct options *o, const char *value, struct why *why)
{
    uint64_t n = 0;
    enum err err = read_count("limit", value, IDENTITIES_MAX, &n, why);
    o->selection.limit = (uint32_t)n;
    return err;
}

static enum err read_profile_any(struct options *o, const char *value, struct why *why)
{
    o->access.profile = value; /* of accounts of --manifest that name none */
    return list_vet("profile", value, why) == OK
               ? list_add(&o->discover.profiles, "profile", value, why)
               : ERR_INPUT;
}

static enum err read_tag(struct options *o, const char *value, struct why *why)
{
    if (*value == '\0' || *value == '=')
        return why_set(why, ERR_INPUT,
                       "--tag takes KEY or KEY=VALUE, such as team=shop, not "
                       "\"%s\"",
                       value);
    return list_add(&o->discover.tags, "tag", value, why);
}

/* A bound as text. */
#define DIGITS_OF(number) #number
#define DIGITS(number)    DIGITS_OF(number)

const struct option_row option_rows[] = {
    {"profile", OPTIONS_LIVE | OPTIONS_CHECK, "NAME", "AWS profile; goes before the environment",
     read_profile, .is_common = true},
    {"only", OPTIONS_SELECT, "PATTERN", "only identities like '*.example.com'; repeatable",
     read_only, .repeats = true},
    {"exclude", OPTIONS_SELECT, "PATTERN", "not these identities; repeatable", read_exclude,
     .repeats = true},
    {"account", OPTIONS_SELECT, "NAME[,NAME...]",
     "only these accounts (name or digits); repeatable", read_account, .repeats = true},
    {"region", OPTIONS_SELECT_REGION, "REGION[,...]",
     "Region of identities without one; if none lacks one, only these Regions", read_one_region,
     .is_common = true, .repeats = true},
    {"region", OPTIONS_RESUME | OPTIONS_INSPECT, "REGION", "Region of identities without one",
     read_region, .is_common = true},
    {"regions", OPTIONS_SELECT_REGION, "REGION[,...]", "only these Regions; repeatable",
     read_regions, .repeats = true},
    {"limit", OPTIONS_LIMIT_CHANGES, "N", "only the first N changes of the manifest", read_limit},
    {"limit", OPTIONS_LIMIT_ROWS, "N", "only the first N identities of those", read_limit},
    {"endpoint-url", OPTIONS_LIVE | OPTIONS_DISCOVER, "URL",
     "endpoint for SES instead of AWS's, both protocols", read_endpoint_url, .is_common = true},
    {"resolver", ASKS_DNS, "HOST:PORT[,...]", "DNS resolvers; default: the system's", read_resolver,
     .is_common = true},
    {"dns", ASKS_DNS, "authority|recursive",
     "ask authoritative servers or the resolver (default authority; with --resolver, recursive)",
     read_dns, .is_common = true},
    {"authority-port", ASKS_DNS, "PORT", "port of authoritative servers (default 53)",
     read_authority_port},
    {"psl-file", LIVE_OR_REHEARSED | OPTIONS_CHECK | OPTIONS_INSPECT | HANDS_OFF, "FILE",
     "a newer Public Suffix List than the built-in one", read_psl_file},
    {"feedback-host", LIVE_OR_REHEARSED | OPTIONS_CHECK | OPTIONS_INSPECT | HANDS_OFF, "PATTERN",
     "host that MX records must name; default " FEEDBACK_PATTERN, read_feedback_host},
    {"ca-bundle", OPTIONS_LIVE | OPTIONS_DISCOVER, "FILE",
     "PEM file of trust anchors; also AWS_CA_BUNDLE", read_ca_bundle, .is_common = true},
    {"call-timeout", OPTIONS_LIVE | OPTIONS_DISCOVER, "SPAN",
     "time for one request, from DNS lookup to last byte (default 30s)", read_call_timeout},
    {"rate", LIVE_OR_REHEARSED | OPTIONS_DISCOVER, "N",
     "requests per second, per account, Region and action (default 1)", read_rate,
     .is_common = true},
    {"rate", OPTIONS_PACE, "N", "requests per second, per account, Region and action", read_rate},
    {"carriers", OPTIONS_LIVE | OPTIONS_DISCOVER, "N",
     "threads that carry requests (default " DIGITS(CARRIERS_DEFAULT) ")", read_carriers,
     .is_common = true},
    {"read-api", LIVE_OR_REHEARSED | OPTIONS_DISCOVER, "auto|v1|v2",
     "identities a call: v1 a hundred, v2 one; auto: v1, or v2 where IAM refuses", read_read_api},
    {"dkim", ASKS_DKIM, NULL,
     "DKIM by GetEmailIdentity, a call for each identity; default: a hundred a call", read_dkim},
    {"no-dkim", ASKS_DKIM, NULL, "ask SES nothing about DKIM", read_no_dkim},
    {"write-api", LIVE_OR_REHEARSED, "v1|v2", "v2 (default): IAM can confine it to identities",
     read_write_api},
    {"journal", OPTIONS_JOURNAL, "FILE|URL",
     "default .mailfrom/journal.db, or MAILFROM_JOURNAL; postgresql://... is one that workers "
     "share",
     read_journal, .is_common = true},
    {"submit", OPTIONS_SUBMIT, NULL, "only put the run into the shared journal, for workers",
     read_submit},
    {"team", OPTIONS_APPLY | OPTIONS_ROLLBACK | OPTIONS_PUBLISH | OPTIONS_WITHDRAW, "ROLE",
     "in a shared journal: only members of this role of the database see the run", read_team},
    {"lanes", OPTIONS_WORK, "PATTERN", "only lanes (ACCOUNT/REGION) like 'team-a/*'; repeatable",
     read_lanes, .repeats = true},
    {"max-lanes", OPTIONS_WORK, "N", "so many lanes at a time (default: no limit)", read_max_lanes},
    {"name", OPTIONS_WORK, "NAME", "of this worker, for people (default: its host)", read_name},
    {"once", OPTIONS_WORK, NULL, "end when there is nothing left that it could carry", read_once},
    {"report", OPTIONS_REPORT, "FORMAT:FILE", "csv, html, ...; - is standard output; repeatable",
     read_report, .is_common = true, .repeats = true},
    {"csv-dialect", WRITES_CSV, "excel|rfc4180",
     "excel: CSV begins with a byte order mark, so that Excel reads UTF-8 (default rfc4180)",
     read_csv_dialect},
    {"csv-separator", WRITES_CSV, "comma|semicolon|tab",
     "of the cells of CSV (default comma; Excel wants the one of its country)", read_csv_separator},
    {"progress", OPTIONS_PROGRESS, "auto|bar|lines|json|none", "on standard error", read_progress,
     .is_common = true},
    {"progress", OPTIONS_DISCOVER | OPTIONS_WATCH, "auto|bar|lines|none", "on standard error",
     read_ticker},
    {"listen", OPTIONS_LISTEN, "ADDRESS:PORT",
     "serve a live page there, such as 127.0.0.1:8080; port 0: any", read_listen},
    {"listen-name", OPTIONS_LISTEN, "NAME",
     "a host name under which browsers ask for the page; repeatable", read_listen_name,
     .repeats = true},
    {"token-env", OPTIONS_LISTEN, "NAME",
     "the environment variable NAME holds the token that the page asks for", read_token_env},
    {"tls-cert", OPTIONS_LISTEN, "FILE", "PEM file: serve the page by HTTPS", read_tls_cert},
    {"tls-key", OPTIONS_LISTEN, "FILE", "PEM file of its private key", read_tls_key},
    {"yes", OPTIONS_YES, NULL, "do not ask before the first write", read_yes, .letter = 'y',
     .is_common = true},
    {"detailed-exitcode", OPTIONS_PLAN, NULL, "exit with code 2 when there are changes",
     read_detailed_exitcode},
    {"out", OPTIONS_PLAN, "FILE", "write the plan to FILE, for apply --plan FILE", read_out,
     .letter = 'o'},
    {"plan", OPTIONS_APPLY, "FILE", "carry out exactly this reviewed plan", read_plan},
    {"max-age", OPTIONS_APPLY, "SPAN", "greatest age of a plan file (default 24h)", read_max_age},
    {"no-wait", OPTIONS_DETACH, NULL, "end once all writes are confirmed; resume follows",
     read_no_wait},
    {"retry-failed", OPTIONS_RESUME, NULL, "try refused, failed, expired and drifted ones again",
     read_retry_failed},
    {"give-up", OPTIONS_RESUME, NULL, "end it as it stands; its rows are free for others",
     read_give_up},
    {"to", OPTIONS_ROLLBACK, "previous|default",
     "restore the values before the run (default), or remove the custom MAIL FROM", read_to},
    {"through", OPTIONS_ROLLBACK, "RUN", "take back the runs after it too, up to this one",
     read_through},
    {"dry-run", OPTIONS_ROLLBACK, NULL, "show what would be put back, write nothing", read_dry_run,
     .letter = 'n'},
    {"dry-run", OPTIONS_APPLY, NULL, "show what would be done now, write nothing", read_dry_run,
     .letter = 'n'},
    {"terraform-state",
     OPTIONS_CHECK | OPTIONS_PLAN | OPTIONS_APPLY | OPTIONS_RESUME | OPTIONS_ROLLBACK |
         OPTIONS_REHEARSE,
     "FILE", "warn of changes that terraform apply would undo; repeatable", read_terraform_state,
     .repeats = true},
    {"outcome", OPTIONS_ROLLBACK, "OUTCOME", "only rows with this outcome, such as failed",
     read_outcome},
    {"force", OPTIONS_ROLLBACK | OPTIONS_APPLY | OPTIONS_RESUME, NULL,
     "overwrite values that another operator has set since, and report them", read_force,
     .letter = 'f'},
    {"refresh", OPTIONS_ROLLBACK | OPTIONS_RESUME, NULL,
     "after a loss of journal records: read every identity of the run from SES first",
     read_refresh},
    {"force", OPTIONS_PLAN | OPTIONS_DISCOVER | OPTIONS_RECORDS | OPTIONS_PUBLISH, NULL,
     "overwrite the file of --out", read_force, .letter = 'f'},
    {"watch", OPTIONS_STATUS, NULL,
     "follow the run to its end: a progress view, or lines without a terminal", read_watch},
    {"all", OPTIONS_PLAN | OPTIONS_ROLLBACK | OPTIONS_SHOW, NULL,
     "show every row, also similar ones", read_all},
    {"all", OPTIONS_COMPLAINTS, NULL,
     "show every finding and the first " DIGITS(
         MANIFEST_COMPLAINTS_MAX) " complaints, not only " DIGITS(COMPLAINTS_SHOWN),
     read_all},
    {"all", OPTIONS_STATUS, NULL, "list every run of the journal", read_all},
    {"all", OPTIONS_RESUME, NULL, "with --no-wait: every unfinished run, oldest first", read_all},
    {"allow-empty", OPTIONS_MANIFEST, NULL, "a manifest without identities is fine",
     read_allow_empty},
    {"every", OPTIONS_WATCH, "SPAN|manifest",
     "look again and again, from start to start of a look; manifest: watch.every (15m)",
     read_every},
    {"all", OPTIONS_WATCH, NULL, "show every identity of a group of equal problems", read_all},
    {"dry-run", OPTIONS_WATCH, NULL, "remember nothing of this look, and tell nobody", read_dry_run,
     .letter = 'n'},
    {"format", OPTIONS_WATCH, "text|json|nagios",
     "json: one object; nagios: one line, and exit codes 0 to 3 of plugins (default text)",
     read_watch_format},
    {"events", OPTIONS_NOTIFY, "FILE|-", "append each event to FILE, as a line of JSON",
     read_events},
    {"hook", OPTIONS_NOTIFY, "COMMAND",
     "run this for each event, the event on its input; repeatable", read_hook, .repeats = true},
    {"hook-timeout", OPTIONS_NOTIFY, "SPAN", "time for one run of a hook (default 30s)",
     read_hook_timeout},
    {"webhook", OPTIONS_NOTIFY, "URL|env:NAME", "POST each event to this URL; repeatable",
     read_webhook, .repeats = true},
    {"heartbeat", OPTIONS_NOTIFY, "URL|env:NAME",
     "GET this URL after each success, URL/fail after a failure", read_heartbeat},
    {"metrics", OPTIONS_NOTIFY, "FILE", "write figures for Prometheus into FILE", read_metrics},
    {"dns-delay", OPTIONS_REHEARSE, "SPAN|MIN..MAX",
     "time until DNS owners publish their records (default: at once)", read_dns_delay},
    {"dns-published", OPTIONS_REHEARSE, "PERCENT",
     "share of names with records at the start; without --dns-delay the others get none",
     read_dns_published},
    {"detect-after", OPTIONS_REHEARSE, "SPAN", "from a set to SES's first MX lookup (default 60s)",
     read_detect_after},
    {"faults", OPTIONS_REHEARSE, "NAME=SHARE[,...]",
     "throttle, http500, lost-after, dns-timeout, ...: shares from 0 to 1", read_faults},
    {"seed", OPTIONS_REHEARSE, "N", "seed of all random draws (default 1)", read_seed},
    {"format", OPTIONS_REHEARSE | OPTIONS_INSPECT | OPTIONS_STATUS | OPTIONS_VERSION, "text|json",
     "format of the result (default text)", read_text_or_json},
    {"format", OPTIONS_CHECK, "text|json|sarif",
     "json and sarif (2.1.0, for code hosts) have every complaint and finding (default text)",
     read_check_format},
    {"format", OPTIONS_RECORDS, "FORMAT", "format of the records (default bind)", read_format,
     .word = records_format_name},
    {"missing", OPTIONS_RECORDS, NULL, "only records missing in live DNS", read_missing},
    {"live", OPTIONS_RECORDS, NULL, "all records, compared with live DNS", read_live},
    {"zone", ZONES, "NAME", "the owner's zone of names below it; repeatable", read_zone,
     .repeats = true},
    {"ttl", ZONES | OPTIONS_APPLY | OPTIONS_PLAN, "SECONDS",
     "TTL of the records (default " DIGITS(TTL_DEFAULT_S) ")", read_ttl},
    {"server", HANDS_OFF, "ADDRESS[:PORT]", "DNS server for nsupdate to send to", read_server},
    {"provider", OPTIONS_RECORDS, "route53|cloudflare|google|azure",
     "whose resources --format terraform writes (default route53)", read_provider},
    {"octodns-escaped-semicolons", OPTIONS_RECORDS, "yes|no",
     "escaped_semicolons of the YamlProvider, for --format octodns (default yes)",
     read_octodns_escaped_semicolons},
    {"out", OPTIONS_RECORDS, "FILE",
     "output file (default standard output); FOLDER/ gets a file for each zone", read_out,
     .letter = 'o'},
    {"publish", OPTIONS_APPLY | OPTIONS_PLAN | OPTIONS_REHEARSE, NULL,
     "create missing DNS records, too, as mailfrom publish does", read_publish},
    {"merge-spf", OPTIONS_PUBLISH | OPTIONS_APPLY | OPTIONS_PLAN, NULL,
     "add Amazon SES to an SPF record that is there, by compare and swap", read_merge_spf},
    {"out", OPTIONS_PUBLISH, "FILE", "only write the plan to FILE, for publish --plan FILE",
     read_out, .letter = 'o'},
    {"plan", OPTIONS_PUBLISH, "FILE", "create exactly what this reviewed plan has", read_plan},
    {"now", OPTIONS_WITHDRAW, NULL, "do not wait until five days after the last use of a name",
     read_now},
    {"now", OPTIONS_STOP, NULL, "leave at once, as at a second Ctrl-C; calls may be on their way",
     read_now},
    {"dry-run", OPTIONS_PUBLISH, NULL, "show what would be created, write nothing", read_dry_run,
     .letter = 'n'},
    {"dry-run", OPTIONS_WITHDRAW, NULL, "show what would be taken back, write nothing",
     read_dry_run, .letter = 'n'},
    {"by", OPTIONS_DUE, "zone|owner|account", "what the list is grouped by (default zone)",
     read_by},
    {"since", OPTIONS_DUE, "yesterday|DATE|SPAN", "only what has changed since then", read_since},
    {"format", OPTIONS_DUE, "text|csv|json|html|bind|nsupdate|route53|terraform|octodns|dnscontrol",
     "of the list (default text); with --out of the zones' files (default: by the manifest, or "
     "bind)",
     read_format},
    {"out", OPTIONS_DUE, "FOLDER",
     "a folder made anew, with an INDEX, and for each owner a message and the zones' files",
     read_out, .letter = 'o'},
    {"dry-run", OPTIONS_DUE, NULL, "do not remember this look", read_dry_run, .letter = 'n'},
    {"from", OPTIONS_INSPECT, "DOMAIN", "domain of the From header: DMARC is checked too",
     read_from},
    {"spf-check", OPTIONS_INSPECT, "IP", "does mail from this IP address pass SPF?",
     read_spf_check},
    {"sender", OPTIONS_INSPECT, "ADDRESS", "sender of --spf-check (default postmaster@NAME)",
     read_sender, .may_be_empty = true},
    {"helo", OPTIONS_INSPECT, "NAME", "HELO name for --spf-check (default NAME)", read_helo},
    {"dmarc-reports", OPTIONS_EVIDENCE, "DIR|FILE",
     "aggregate reports as they come, XML, gzip or zip, or a folder of them; repeatable",
     read_dmarc_reports, .repeats = true},
    {"since", OPTIONS_EVIDENCE, "yesterday|DATE|SPAN", "only reports from that day on", read_since},
    {"until", OPTIONS_EVIDENCE, "DATE", "only reports up to that day", read_until},
    {"format", OPTIONS_EVIDENCE, "FORMAT", "of the result (default text)", read_format,
     .word = evidence_format_name},
    {"all", OPTIONS_EVIDENCE, NULL,
     "show every complaint, not only the first " DIGITS(EVIDENCE_COMPLAINTS_SHOWN), read_all},
    {"manifest", OPTIONS_DISCOVER, "FILE", "take accounts and Regions from this manifest",
     read_manifest},
    {"profile", OPTIONS_DISCOVER, "NAME[,NAME...]",
     "AWS profiles, one for each account; repeatable; default: the AWS credential chain",
     read_profile_any, .repeats = true},
    {"all-profiles", OPTIONS_DISCOVER, NULL, "every profile of the AWS configuration",
     read_all_profiles},
    {"regions", OPTIONS_DISCOVER, "REGION[,...]|all",
     "default: the manifest's, AWS_REGION, or the profile's own; repeatable", read_regions,
     .repeats = true},
    {"region", OPTIONS_DISCOVER, "REGION", "the same", read_regions, .repeats = true},
    {"tag", OPTIONS_DISCOVER, "KEY[=VALUE]",
     "only identities with all given tags; costs one call for each identity", read_tag,
     .repeats = true},
    {"mail-from", OPTIONS_DISCOVER, "TEMPLATE",
     "propose this MAIL FROM, such as bounce.{domain}, where none is set", read_mail_from},
    {"replace", OPTIONS_DISCOVER, NULL, "propose it also where a custom MAIL FROM is set",
     read_replace},
    {"out", OPTIONS_DISCOVER, "FILE|FOLDER",
     "default: standard output; terraform and cloudformation write a folder", read_out,
     .letter = 'o'},
    {"format", OPTIONS_DISCOVER, "FORMAT",
     "manifest (default), identities_from, all facts, or code that takes over what is there",
     read_discover_format, .word = discover_format_name},
    {"quiet", EVERY_VERB, NULL, "no progress, no summary", read_quiet, .letter = 'q'},
    {"verbose", EVERY_VERB, NULL, "every row; a line per call on standard error", read_verbose,
     .letter = 'v'},
    {"no-color", EVERY_VERB, NULL, "also NO_COLOR", read_no_color},
    {"help", EVERY_VERB, NULL, "this page", read_help, .letter = 'h'},
    {"version", EVERY_VERB, NULL, "of the program and its libraries", read_version, .letter = 'V'},
    {NULL, OPTIONS_NONE, NULL, NULL, NULL},
};

static_assert(COUNT(option_rows) <= OPTIONS_MAX, "each row has a place of its own");
