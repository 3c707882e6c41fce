/*
 * Options and arguments of a verb. Texts are borrowed from argv and the environment.
 */
#ifndef MF_OPTIONS_H
#define MF_OPTIONS_H

#include "access/access.h"
#include "base/bounds.h"
#include "base/error.h"
#include "base/when.h"
#include "forecast/forecast.h"
#include "inventory/discover.h"
#include "reports/due.h"
#include "rules/selection.h"
#include "scheduler/job.h"

#include <stdio.h>

#define REPORTS_MAX          16
#define CARRIERS_DEFAULT     2
#define TTL_DEFAULT_S        300        /* of records: short, since slips are mended sooner */
#define CALL_TIMEOUT_DEFAULT SPAN_S(30) /* SES answers within a second; a proxy may wake up */

/* Groups of options; a verb accepts some of them. */
enum option_set {
    OPTIONS_NONE = 0,
    OPTIONS_LIVE = 1 << 0, /* how SES and DNS are reached */
    OPTIONS_JOURNAL = 1 << 1,
    OPTIONS_REPORT = 1 << 2,
    OPTIONS_PROGRESS = 1 << 3,
    OPTIONS_YES = 1 << 4,
    OPTIONS_PLAN = 1 << 5,
    OPTIONS_RESUME = 1 << 6,
    OPTIONS_ROLLBACK = 1 << 7,
    OPTIONS_STATUS = 1 << 8,
    OPTIONS_APPLY = 1 << 9,
    OPTIONS_DETACH = 1 << 10,
    OPTIONS_REHEARSE = 1 << 11,
    OPTIONS_PUBLISH = 1 << 12,
    OPTIONS_WITHDRAW = 1 << 13,
    OPTIONS_PACE = 1 << 14,
    OPTIONS_CHECK = 1 << 15,
    OPTIONS_INSPECT = 1 << 16,
    OPTIONS_RECORDS = 1 << 17,
    OPTIONS_VERSION = 1 << 18,
    OPTIONS_DISCOVER = 1 << 19,
    OPTIONS_STOP = 1 << 20,
    OPTIONS_WATCH = 1 << 21,
    OPTIONS_DUE = 1 << 22,
    OPTIONS_LISTEN = 1 << 23,        /* a live page */
    OPTIONS_MANIFEST = 1 << 24,      /* how manifests are read */
    OPTIONS_SELECT = 1 << 26,        /* a part of a fleet, and with the next ones ... */
    OPTIONS_SELECT_REGION = 1 << 27, /* ... Regions of those that the fleet has */
    OPTIONS_LIMIT_CHANGES = 1 << 28, /* ... so many changes */
    OPTIONS_LIMIT_ROWS = 1 << 29,    /* ... so many identities */
    OPTIONS_SHOW = 1 << 30,
    OPTIONS_COMPLAINTS = 1 << 25, /* manifests are read, and nothing else has an --all */
};

/* The verbs that send notifications. */
#define OPTIONS_NOTIFY                                                                             \
    (OPTIONS_APPLY | OPTIONS_RESUME | OPTIONS_ROLLBACK | OPTIONS_PUBLISH | OPTIONS_WITHDRAW |      \
     OPTIONS_WATCH)

enum progress_mode { PROGRESS_AUTO, PROGRESS_BAR, PROGRESS_LINES, PROGRESS_JSON, PROGRESS_NONE };

struct report_wish {
    struct text format;
    const char *path; /* "-": standard output */
};

struct notifier; /* notify/notify.h */

/* Where notifications go. */
struct notify_wish {
    const char *events, *heartbeat, *metrics;
    const char *hooks[NOTIFY_HOOKS_MAX], *webhooks[NOTIFY_HTTP_MAX];
    size_t hooks_len, webhooks_len;
    span_us hook_timeout;
    struct notifier *notifier; /* of the verb, opened before it begins; NULL: nothing is wished */
};

struct options {
    const char *const *arguments; /* what is not an option */
    size_t arguments_len;
    struct access access;
    const char *journal, *to;
    const char *listen, *token_env, *tls_cert, *tls_key; /* of a live page */
    const char *listen_names[PAGE_NAMES_MAX];            /* under which it is asked for, too */
    size_t listen_names_len;
    const char *out, *plan; /* plan files */
    span_us max_age;        /* of a plan file; 0: not given */
    struct selection selection;
    uint64_t through; /* the last of several runs to take back; 0: not given */
    bool outcome_given;
    enum outcome outcome;                         /* with outcome_given */
    const char *from, *spf_check, *sender, *helo; /* inspect */
    const char *zones[RECORDS_ZONES_MAX];
    size_t zones_len;
    const char *format, *server, *provider, *octodns_escaped_semicolons; /* records, due */
    uint32_t ttl_s;
    enum due_by by;       /* due */
    instant_us since_at;  /* due: an instant, */
    span_us since_before; /* or a span before now; both 0: not given */
    struct report_wish reports[REPORTS_MAX];
    size_t reports_len;
    enum progress_mode progress;
    struct notify_wish notify;
    span_us every;         /* watch: between the starts of two sweeps; 0: one sweep */
    bool every_as_written; /* watch: as the manifest says */
    struct forecast_config rehearse;
    struct discover_config discover;
    bool json, sarif; /* --format json, sarif */
    bool publish, now;
    bool quiet, no_color, yes, detailed_exitcode, retry_failed, dry_run, all, help, version;
    bool force, refresh, give_up, no_wait, watch, missing, live, allow_empty;
};

/* Options may stand before the verb: moves the first word that is none, and no value of one, to the
 * front of argv. false: there are only options. */
bool options_verb_first(int argc, char **argv);
/* Reads argv after the verb. Everything that is wrong is one sentence in *why. */
enum err options_read(struct options *o, enum option_set accepted, int argc, char **argv,
                      struct why *why);
/* The journal of looks at DNS lies beside the journal: a run may hold that for days. */
#define OPTIONS_LOOKS ".due"
/* Likewise what watching remembers. */
#define OPTIONS_WATCHED ".watch"
/* --journal, MAILFROM_JOURNAL, or the default. */
const char *options_journal(const struct options *o);
bool options_format_is(const struct options *o, const char *name); /* --format NAME was given */
/* The lines of --help for what a verb accepts. */
void options_print(FILE *out, enum option_set accepted);

#endif
