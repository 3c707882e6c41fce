/*
 * Where an identity stands, in the words that every person reads: on the terminal, in pages and
 * comments, in sentences of CSV, JSON and JUnit. Programs read outcomes (job.h), whose names never
 * change; docs/states has a page for each.
 */
#ifndef MF_STANDING_H
#define MF_STANDING_H

#include "job.h"

enum standing {
    STANDING_NONE,
    STANDING_UNCHANGED,
    STANDING_IN_PROGRESS,
    STANDING_FOR_WAVE, /* could be written; its wave has not come */
    STANDING_DONE,
    STANDING_FOR_DNS,
    STANDING_FOR_SES,
    STANDING_REFUSED,
    STANDING_FAILED,
    STANDING_EXPIRED,
    STANDING_DRIFTED,
    STANDING_SKIPPED,
    STANDINGS,
};

/* What is told of: a run, what a plan would do, what the dry run of a rollback would do. */
enum tense { TENSE_RUN, TENSE_PLAN, TENSE_ROLLBACK, TENSES };

enum standing outcome_standing(enum outcome o); /* by the outcome alone: never STANDING_FOR_WAVE */
enum outcome standing_outcome(enum standing s); /* the name that programs have for it */
/* "waiting for DNS"; of a plan "would wait for DNS". */
const char *standing_words(enum standing s, enum tense tense);
/* The same behind a number: "2 waiting for their wave". */
const char *standing_counted(uint32_t count, enum standing s, enum tense tense);
/* One word for style sheets: "waiting-dns". */
const char *standing_class(enum standing s);

#endif
