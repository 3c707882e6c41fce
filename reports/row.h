/*
 * One row of a report, and the columns shared by all formats. For this room and its tests.
 */
#ifndef MF_REPORT_ROW_H
#define MF_REPORT_ROW_H

#include "dmarc_sum.h"
#include "report.h"
#include "scheduler/standing.h"
#include "scheduler/wave_tally.h"
#include "sink.h"

/* An alarm: trouble beside a good outcome. Alarms are listed before or beside the outcomes and need
 * a person, like bad outcomes. */
enum row_alarm {
    ALARM_NONE,
    ALARM_REJECTING, /* SES rejects mail of the identity now (rejects-mail) */
    ALARM_AILING,    /* as wanted, but DNS or SES is faulty */
    ALARMS,
};

const char *row_alarm_title(enum row_alarm a); /* "As wanted, but ..." */

/* Texts are borrowed for the length of one callback. */
struct report_row {
    uint32_t number; /* of the row in the fleet */
    uint16_t lane;
    enum job_state state;
    enum outcome outcome_kind;
    enum standing standing; /* the same in words for people, and finer */
    enum action action_kind;
    enum row_alarm alarm;
    struct text account, region, identity, identity_type;
    struct text action, outcome, reason;
    struct text mail_from_before, mail_from_after, behavior_before, behavior_after;
    struct text ses_status, mx, spf, dmarc;
    finding_set finding_bits;
    struct finding_notes notes; /* to be read with finding_walk_next() */
    uint32_t writes, calls;
    uint32_t accepted; /* of the writes, SES has taken */
    uint32_t wave;     /* of the first write, from 1; 0: not started */
    instant_us first_seen, finished;
    instant_us deadline; /* WHEN_NEVER: none */
    struct text source;  /* "fleet.yaml:12" */
    struct text dkim;    /* SES's word */
    struct row_dmarc dmarc_ready;
};

enum report_type { REPORT_TEXT, REPORT_COUNT, REPORT_INSTANT, REPORT_FINDINGS, REPORT_READY };

struct report_column {
    const char *name;
    enum report_type type;
    size_t offset; /* in struct report_row */
};

#define REPORT_COLUMNS 23
extern const struct report_column report_columns[REPORT_COLUMNS];
const void *report_cell(const struct report_row *row, const struct report_column *column);

/* The input of a writer. */
struct report {
    const struct report_head *head;
    const struct fleet *fleet;
    const struct report_source *source;
    struct sink *out;
};

/* A format: begin, every row in order, end. So one pass over the rows is for several reports. What
 * a report must know of all rows before it writes the first, it learns in that pass, and makes
 * passes of its own in end. */
struct report_format {
    const char *name;
    size_t state_size; /* begin finds so many bytes of zeroes */
    enum err (*begin)(void *state, const struct report *report, struct why *why);
    bool (*row)(void *state, const struct report_row *row); /* false: no more of them */
    enum err (*end)(void *state, struct why *why);
    void (*clear)(void *state); /* after begin, whatever came of it */
};

extern const struct report_format csv_format, json_format, markdown_format, junit_format,
    html_format, sarif_format;

/* The fold: every row of the fleet in order, rows without a record too. Every display takes rows
 * from here, so a state has one name everywhere. report needs fleet and source,
 * and a head when the run may go on. fn returns false to
 * end early. */
enum err report_rows(const struct report *report,
                     bool (*fn)(void *ctx, const struct report_row *row), void *ctx,
                     struct why *why);

/* The fold itself: job may be NULL. scratch holds the source column. */
void report_row_make(struct report_row *row, const struct fleet *fleet, uint32_t number,
                     const struct job_row *job, struct buf *scratch);
/* Of a run that goes on (head.goes_on): what was not begun is to come. */
void report_row_going(struct report_row *row);

/* Adds what people call an internationalized identity, "kim@bücher.example"; false: it has one
 * name only, and nothing is added. */
bool identity_unicode_add(struct buf *out, struct text identity);
/* Has the fleet an identity with such a name? Its CSV has one column more then, the last one. */
bool fleet_is_international(const struct fleet *fleet);

/* Needs a person: refused, failed, expired, drifted, or an alarm. */
bool row_needs_care(const struct report_row *row);
/* The reason; for ALARM_REJECTING with a clause in front about SES rejecting mail meanwhile.
 */
void row_told(const struct report_row *row, struct buf *out);

struct lane_sum {
    uint32_t by_outcome[OUTCOMES], by_standing[STANDINGS];
};

/* Counts over all rows. */
struct report_sum {
    enum tense tense;
    uint32_t rows, bad;  /* bad: row_needs_care() */
    uint32_t unfinished; /* of the others */
    uint32_t by_alarm[ALARMS];
    uint32_t apart[STANDINGS]; /* of by_standing: rows with an alarm, which have a section of their
                                  own */
    uint32_t by_outcome[OUTCOMES], by_action[ACTION_RESTART + 1], by_finding[FINDINGS_LEN];
    uint32_t by_standing[STANDINGS];
    uint32_t by_state[JOB_STATES];
    uint64_t writes, calls, accepted;
    struct wave_tally wave;
    struct dmarc_sum dmarc;
    instant_us deadline;      /* the earliest deadline of open rows; WHEN_NEVER: none */
    struct lane_sum *by_lane; /* one per lane; owned */
};

enum err report_sum_init(struct report_sum *sum, const struct fleet *fleet, enum tense tense,
                         struct why *why);
void report_sum_clear(struct report_sum *sum);
void report_sum_add(struct report_sum *sum, const struct report_row *row);
/* A pass over all rows. */
enum err report_sum_make(struct report_sum *sum, const struct report *report, struct why *why);
/* Open outcomes: planned, waiting-dns, pending, skipped. */
bool outcome_is_unfinished(enum outcome o);
uint32_t report_unfinished(const struct report_sum *sum);
/* "apply, run 3"; "plan". For pages and comments. */
void report_title_add(const struct report_head *head, struct buf *out);
/* "3 done, 2 refused": the standings with rows. */
void report_counts(const struct report_sum *sum, struct buf *out);
/* "3 of 120 identities need attention: 2 failed, 1 refused." One line, no markup. */
void report_verdict(const struct report_sum *sum, struct buf *out);
/* How many pass DMARC, and by what (dmarc_sum_tell()); nothing where nothing is known of it. */
void report_dmarc(const struct report_sum *sum, struct buf *out);
void report_dmarc_json(const struct report_sum *sum, struct json_out *j);

/* Of the row's facts: outcome_kind and findings must be there. */
void row_alarm_find(struct report_row *row, const struct policy *policy, const struct job_row *job);

/* Appends the sentence of a finding of the row; without one, the rule's summary. */
void finding_tell(const struct report_row *row, enum finding finding, struct buf *out);

/* Warnings of an open row: those that its owner does not accept, with the severity that held for
 * the row. */
finding_set row_warnings(const struct report_row *row);
/* Their sentences, a line each: "overwrites-custom: the custom MAIL FROM ...". */
void row_warnings_tell(const struct report_row *row, struct buf *out);

/* The rule that made the row's reason, of a row that is refused or waits; FINDINGS_LEN: none did.
 */
enum finding row_rule(const struct report_row *row);

struct finding_walk {
    const struct report_row *row;
    uint32_t next;    /* note */
    finding_set bits; /* of the row's findings, the rules not given yet */
    finding_set told; /* of changing rules: the ones with a note */
};

/* Walks the notes of the row; without notes, the row's rules with usual severity and summary.
 * rejects-mail follows the row's bit. */
void finding_walk_init(struct finding_walk *walk, const struct report_row *row);
bool finding_walk_next(struct finding_walk *walk, struct finding_note *out);

#endif
