/*
 * Figures for Prometheus in its text format 0.0.4: of the watching, and of a run. There is no
 * series for an identity, and no more than METRICS_SERIES_MAX series in all: of more than
 * METRICS_LANES_MAX lanes the last ones are one, with account="other" and region="other".
 *
 * Sources: Prometheus, "Exposition formats" (0.0.4) and "Metric and label naming"; node_exporter,
 * "Textfile collector": no instants of samples, and one file does not repeat another's series.
 */
#ifndef MF_REPORTS_METRICS_H
#define MF_REPORTS_METRICS_H

#include "base/buf.h"
#include "base/error.h"
#include "model/ses.h"
#include "model/watch.h"
#include "rules/dmarc_ready.h"

#define METRICS_SERIES_MAX   100
#define METRICS_LANES_MAX    9 /* of six states each */
#define METRICS_ACTIONS_MAX  4 /* of three outcomes each; further ones are action="other" */
#define METRICS_CONTENT_TYPE "text/plain; version=0.0.4; charset=utf-8"
#define METRICS_BYTES_MAX    (64u << 10)

#define METRICS_STATUSES (MAIL_FROM_UNKNOWN + 1)

/* The identities of one lane by what SES says of them. MAIL_FROM_UNKNOWN: SES was not asked, or
 * did not answer. Labels: "none", "pending", "success", "failed", "temporary-failure", "unseen". */
struct metrics_lane {
    struct text account, region;
    uint32_t by_status[METRICS_STATUSES];
};

/* Calls since the start of the process. */
struct metrics_calls {
    struct text action; /* "GetIdentityMailFromDomainAttributes" */
    uint64_t ok, throttled, failed;
};

/* Texts and lists are borrowed. Instants of 0 or less and WHEN_NEVER, spans of 0 or less: not
 * known, and then the metric has no sample. */
struct watch_metrics {
    instant_us last_run;     /* the end of the last sweep, good or not */
    instant_us last_success; /* the end of the last sweep that could look */
    span_us duration;        /* of the last sweep */
    instant_us next_failed;  /* the earliest end of 72 hours in TemporaryFailure */
    const struct metrics_lane *lanes;
    uint32_t lanes_len;
    uint32_t problems[WATCH_KINDS];  /* told, by kind: of level warning and above */
    uint32_t by_level[WATCH_LEVELS]; /* the same by level; WATCH_WELL is not written */
    uint32_t dmarc[DMARC_BYS];       /* identities by what they pass DMARC by, as DNS told last */
    uint32_t dmarc_silent;           /* of these, DNS gave no verdict this time */
    const struct metrics_calls *calls;
    uint32_t calls_len;
};

/* Of a run: every sample has the label verb. */
struct run_metrics {
    const char *verb;
    uint64_t run;
    instant_us started, updated, ended; /* ended 0: it goes on */
    bool is_paused;                     /* a person has to decide */
    bool has_failed;                    /* ended, and could not go on */
    uint32_t rows, finished, bad;       /* identities; of publish and withdraw, names */
    uint32_t waiting_dns, waiting_ses;
    uint32_t wave, waves; /* 0: there are none */
    uint64_t writes;      /* sent to SES */
};

/* Whole texts, ready for a file or an HTTP answer. Failure sticks in *out. */
void watch_metrics_add(struct buf *out, const struct watch_metrics *m);
void run_metrics_add(struct buf *out, const struct run_metrics *m);

/* ERR_INPUT: path is a file with other things in it, which would be lost. One that is empty, or not
 * there, or is no plain file, is fine. The sentence does not name the path. */
enum err metrics_vet(const char *path, struct why *why);
/* Writes such a text to a file: beside, then renamed. Errors as of metrics_vet(), and of writing.
 */
enum err metrics_write(const char *path, struct text text, struct why *why);

#endif
