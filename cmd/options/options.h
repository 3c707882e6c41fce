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
#define OPTIONS_LANES_MAX    32 /* patterns of a worker */
#define CARRIERS_DEFAULT     2
#define TTL_DEFAULT_S        300        /* of records: short, since slips are mended sooner */
#define CALL_TIMEOUT_DEFAULT SPAN_S(30) /* SES answers within a second; a proxy may wake up */

/* Groups of options; a verb accepts some of them. */
typedef uint64_t option_set;
#define OPTIONS_NONE     ((option_set)0)
#define OPTIONS_LIVE     ((option_set)1 << 0) /* how SES and DNS are reached */
#define OPTIONS_JOURNAL  ((option_set)1 << 1)
#define OPTIONS_REPORT   ((option_set)1 << 2)
#define OPTIONS_PROGRESS ((option_set)1 << 3)
#define OPTIONS_YES      ((option_set)1 << 4)
#define OPTIONS_PLAN     ((option_set)1 << 5)
#define OPTIONS_RESUME   ((option_set)1 << 6)
#define OPTIONS_ROLLBACK ((option_set)1 << 7)
#define OPTIONS_STATUS   ((option_set)1 << 8)
#define OPTIONS_APPLY    ((option_set)1 << 9)
#define OPTIONS_DETACH   ((option_set)1 << 10)
#define OPTIONS_REHEARSE ((option_set)1 << 11)
#define OPTIONS_PUBLISH  ((option_set)1 << 12)
#define OPTIONS_WITHDRAW ((option_set)1 << 13)
#define OPTIONS_PACE     ((option_set)1 << 14)
#define OPTIONS_CHECK    ((option_set)1 << 15)
#define OPTIONS_INSPECT  ((option_set)1 << 16)
#define OPTIONS_RECORDS  ((option_set)1 << 17)
#define OPTIONS_VERSION  ((option_set)1 << 18)
#define OPTIONS_DISCOVER ((option_set)1 << 19)
#define OPTIONS_STOP     ((option_set)1 << 20)
#define OPTIONS_WATCH    ((option_set)1 << 21)
#define OPTIONS_DUE      ((option_set)1 << 22)
#define OPTIONS_LISTEN   ((option_set)1 << 23) /* a live page */
#define OPTIONS_MANIFEST ((option_set)1 << 24) /* how manifests are read */
#define OPTIONS_COMPLAINTS                                                                         \
    ((option_set)1 << 25) /* manifests are read, and nothing else has an --all */
#define OPTIONS_SELECT        ((option_set)1 << 26) /* a part of a fleet, and with the next ones ... */
#define OPTIONS_SELECT_REGION ((option_set)1 << 27) /* ... Regions of those that the fleet has */
#define OPTIONS_LIMIT_CHANGES ((option_set)1 << 28) /* ... so many changes */
#define OPTIONS_LIMIT_ROWS    ((option_set)1 << 29) /* ... so many identities */
#define OPTIONS_SHOW          ((option_set)1 << 30)
#define OPTIONS_SUBMIT        ((option_set)1 << 31) /* a run can be left to workers */
#define OPTIONS_WORK          ((option_set)1 << 32)
#define OPTIONS_EVIDENCE      ((option_set)1 << 33)

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

/* Which lanes a worker carries. */
struct work_wish {
    const char *lanes[OPTIONS_LANES_MAX]; /* "ACCOUNT/REGION", with * and ?; none: all */
    uint32_t lanes_len;
    uint32_t lanes_max; /* at a time; 0: no limit */
    const char *name;   /* NULL: not given */
    bool once;
};

struct options {
    const char *const *arguments; /* what is not an option */
    size_t arguments_len;
    struct access access;
    const char *journal, *to;
    const char *team; /* whose run it is, in a shared journal; NULL: everybody's */
    const char *listen, *token_env, *tls_cert, *tls_key; /* of a live page */
    const char *listen_names[PAGE_NAMES_MAX];            /* under which it is asked for, too */
    size_t listen_names_len;
    const char *out, *plan;         /* plan files */
    span_us max_age;                /* of a plan file; 0: not given */
    const char *states[STATES_MAX]; /* of Terraform */
    size_t states_len;
    struct selection selection;
    uint64_t through; /* the last of several runs to take back; 0: not given */
    bool outcome_given;
    enum outcome outcome;                         /* with outcome_given */
    const char *from, *spf_check, *sender, *helo; /* inspect */
    const char *zones[RECORDS_ZONES_MAX];
    size_t zones_len;
    const char *format, *server, *provider, *octodns_escaped_semicolons; /* records, due */
    uint32_t ttl_s;
    enum due_by by;                                /* due */
    instant_us since_at;                           /* due, evidence: an instant, */
    span_us since_before;                          /* or a span before now; both 0: not given */
    instant_us until_at;                           /* evidence; 0: not given */
    const char *dmarc_reports[EVIDENCE_PATHS_MAX]; /* evidence: files and folders */
    size_t dmarc_reports_len;
    struct report_wish reports[REPORTS_MAX];
    size_t reports_len;
    struct csv_dialect csv;    /* of every CSV that is written; discover has the same */
    bool csv_dialect_is_given; /* by either option */
    enum progress_mode progress;
    struct notify_wish notify;
    struct work_wish work;
    span_us every;         /* watch: between the starts of two sweeps; 0: one sweep */
    bool every_as_written; /* watch: as the manifest says */
    struct forecast_config rehearse;
    struct discover_config discover;
    bool json, sarif; /* --format json, sarif */
    bool publish, now;
    bool quiet, no_color, yes, detailed_exitcode, retry_failed, dry_run, all, help, version;
    bool submit; /* leave the run to workers */
    bool force, refresh, give_up, no_wait, watch, missing, live, allow_empty;
};

/* Options may stand before the verb: moves the first word that is none, and no value of one, to the
 * front of argv. false: there are only options. */
bool options_verb_first(int argc, char **argv);
/* Reads argv after the verb. Everything that is wrong is one sentence in *why. */
enum err options_read(struct options *o, option_set accepted, int argc, char **argv,
                      struct why *why);
/* The journal of looks at DNS lies beside the journal: a run may hold that for days. */
#define OPTIONS_LOOKS ".due"
/* Likewise what watching remembers. */
#define OPTIONS_WATCHED ".watch"
/* --journal, MAILFROM_JOURNAL, or the default. */
const char *options_journal(const struct options *o);
/* Is that a database that workers share, and no file? */
bool options_journal_is_shared(const struct options *o);
bool options_format_is(const struct options *o, const char *name); /* --format NAME was given */
/* The lines of --help for what a verb accepts. */
void options_print(FILE *out, option_set accepted);

#endif
