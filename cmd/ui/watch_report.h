/*
 * What a sweep of watching found: for people, as JSON (docs/watch.schema.json), or as the one line
 * of a plugin of Nagios. Named is only what is wrong, worst first, with since when, the end of the
 * 72 hours, and the command that mends it.
 *
 * Source: Monitoring Plugins Development Guidelines (exit codes 0 to 3; TEXT | perfdata).
 */
#ifndef MF_WATCH_REPORT_H
#define MF_WATCH_REPORT_H

#include "base/json_out.h"
#include "options/options.h"
#include "reports/deliver.h"
#include "run/watching.h"

/* All borrowed. */
struct watch_report {
    const struct options *options;
    const struct watching *watching; /* after a sweep */
};

struct watch_counts {
    uint32_t problems, by_level[WATCH_LEVELS]; /* WELL: seen, and not told yet */
    uint32_t shown;                            /* by the look itself: not well again */
    uint32_t by_kind[WATCH_KINDS];             /* of those told */
    instant_us next_failed;                    /* the earliest end of 72 hours; WHEN_NEVER: none */
};

struct watch_counts watch_count(const struct watching *w);
/* 0: the look showed all well; 3: it did not, told yet or not; 1: it could not look. */
int watch_exit_code(const struct watch_report *r);

/* The command or the step that mends a problem, as text for people; "" where waiting does. of_one:
 * for this identity alone. Failure sticks in *out. */
void watch_mend(struct buf *out, const struct watch_report *r, const struct watching_problem *p,
                bool of_one);

void watch_text_print(const struct watch_report *r);
/* deliver_writer: one object and a newline. ctx: struct watch_report. */
enum err watch_json(void *ctx, struct sink *out, struct why *why);
/* Prints the line and returns the plugin's exit code. blind: why nothing was seen, or NULL. */
int watch_nagios_print(const struct watch_report *r, const char *blind);

#endif
