/*
 * How many identities pass DMARC, and by what: before and after a run, now and after a plan. The
 * figures and the one sentence about them, for every display. Pure.
 */
#ifndef MF_REPORTS_DMARC_SUM_H
#define MF_REPORTS_DMARC_SUM_H

#include "base/json_out.h"
#include "model/fleet.h"
#include "rules/dmarc_ready.h"
#include "scheduler/record.h"
#include "scheduler/standing.h"

/* One row. What is not the present is a sketch: by what mail would pass, and no more. */
struct row_dmarc {
    struct dmarc_ready now;  /* what SES and DNS have shown */
    uint8_t before;          /* enum dmarc_by: before the first write of the run */
    uint8_t planned;         /* once what is planned is written and at Success */
    uint8_t finished;        /* the same, and DNS has the records that are waited for */
    bool before_is_unlooked; /* dmarc_ready_is_unlooked(), before the first write of the run */
    bool now_is_unlooked;    /* the same, now */
    bool record_is_unknown;  /* !dmarc_record_is_known() */
};

/* The row's records say what is there; outcome: the row's in the report. job may be NULL. */
struct row_dmarc row_dmarc_of(const struct fleet *fleet, uint32_t row, const struct job_row *job,
                              enum outcome outcome);
/* "SPF and DKIM", "SPF alone", "neither", "not known": for cells that people read. */
const char *dmarc_by_words(enum dmarc_by by);

/* Is SPF neither a pass nor a failure, since DNS gave no verdict? It may pass by DKIM still. */
bool row_dmarc_is_silent(const struct row_dmarc *row);

/* What to do about a lack: a sentence without a full stop. */
const char *dmarc_lack_help(enum dmarc_lack bit);

/* Of all rows; a pass by DKIM counts as not known where the DMARC record is not. before and after
 * are, by tense: before the run's writes, and now; or now, and once what is planned is written. */
struct dmarc_sum {
    uint32_t rows, addresses; /* addresses: of the rows */
    uint32_t before[DMARC_BYS], after[DMARC_BYS], finished[DMARC_BYS];
    uint32_t unlooked;           /* of before: as dmarc_ready_is_unlooked() */
    uint32_t silent;             /* of now, without those: DNS gave no verdict on SPF */
    uint32_t lacks[DMARC_LACKS]; /* of now, by bit of enum dmarc_lack */
    uint32_t dkim_known;
};

void dmarc_sum_add(struct dmarc_sum *sum, const struct row_dmarc *row, enum identity_type type,
                   enum tense tense);
/* Is anything known of any row? */
bool dmarc_sum_is_known(const struct dmarc_sum *sum);
/* "2412 of 3000 domains pass DMARC by SPF after this run (before: 311), 2950 by DKIM, 2400 by both,
 * 38 by neither." Nothing where nothing is known. is_open: rows of the run are not at their end. */
void dmarc_sum_tell(struct buf *out, const struct dmarc_sum *sum, enum tense tense, bool is_open);
/* The object "dmarc". */
void dmarc_sum_json(struct json_out *j, const struct dmarc_sum *sum, enum tense tense,
                    bool is_open);

/* Of a look, which has neither a before nor an after. */
struct row_dmarc dmarc_sum_see(struct dmarc_sum *sum, const struct dmarc_ready_facts *facts,
                               enum identity_type type);
/* "2412 of 3000 domains pass DMARC by SPF, without 2 of which DNS gave no verdict, 2950 by DKIM,
 * 2400 by both, 38 by neither." */
void dmarc_seen_tell(struct buf *out, const struct dmarc_sum *sum);
void dmarc_seen_json(struct json_out *j, const struct dmarc_sum *sum);

#endif
