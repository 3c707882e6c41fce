/*
 * A log of SARIF 2.1.0 (OASIS) in the making, for all that writes one: begin, results, end. The
 * worst results come first, at most SARIF_RESULTS_MAX, GitHub's bound for one file; so a writer
 * goes over its results once for each level.
 */
#ifndef MF_SARIF_LOG_H
#define MF_SARIF_LOG_H

#include "base/json_out.h"
#include "model/finding.h"

#define SARIF_LEVELS      3
#define SARIF_PRINT_PARTS 4

struct sarif_log {
    struct json_out json;
    uint32_t results;
};

/* A rule beside those of findings. */
struct sarif_rule {
    const char *id, *summary, *help;
};

struct sarif_result {
    const char *rule;
    uint32_t rule_index; /* an enum finding, or FINDINGS_LEN for the rule beside */
    enum severity severity;
    bool accepted;
    struct text message, identity; /* identity: its U-labels stand behind the message; or empty */
    struct text file;
    uint32_t line, column;                /* 0: the file as a whole */
    struct text print[SARIF_PRINT_PARTS]; /* of the fingerprint: what stays when lines move */
};

/* The level of a severity: 0 is the worst. A wait for DNS is a warning: no fault yet, and no
 * progress. */
int sarif_level(enum severity severity);
/* To *out. more: a rule beside those of findings, or NULL. trouble: of the run as a whole, or
 * empty. */
void sarif_begin(struct sarif_log *log, struct buf *out, struct text version,
                 const struct sarif_rule *more, struct text trouble);
bool sarif_is_full(const struct sarif_log *log);
void sarif_result(struct sarif_log *log, const struct sarif_result *result);
void sarif_end(struct sarif_log *log);

#endif
