/*
 * The history of a run: every move folded into a few hundred steps of time, and into counts for
 * each state of a job. For the pictures of html.c and for the tests.
 */
#ifndef MF_HISTORY_H
#define MF_HISTORY_H

#include "row.h"

#define HISTORY_STEPS 240

/* The bands of the timeline, from the bottom up. */
enum history_band {
    BAND_ATTENTION, /* refused, failed, expired, drifted */
    BAND_DONE,      /* final, and well */
    BAND_FOLLOWING, /* written; SES looks for the records */
    BAND_READY,     /* may be written, or is planned */
    BAND_WAITING,   /* for DNS */
    BAND_UNTOUCHED, /* nothing known yet */
    BANDS,
};

struct history {
    instant_us from, until; /* the first and the last step; equal: nothing to draw */
    uint32_t jobs;
    uint32_t stands[HISTORY_STEPS][BANDS]; /* at the end of each step */
    uint32_t here[JOB_STATES];             /* jobs in the state now */
    uint32_t been[JOB_STATES];             /* jobs ever in the state */
    uint32_t attention;                    /* of here[JOB_DONE], rows with a bad outcome */
    uint32_t refused;                      /* of these, rows never READY */
    instant_us first_write, last_write;    /* 0: none */
};

/* The fold under way, for callers that make a pass over all moves anyway. */
struct history_fold {
    struct history *h;
    struct job_past *past; /* one per job; owned */
    int32_t flow[HISTORY_STEPS][BANDS];
};

/* ERR_NOMEM. *fold is to be ended in every case: that makes the history. */
enum err history_begin(struct history_fold *fold, struct history *h, const struct report *report,
                       struct why *why);
void history_take(struct history_fold *fold, const struct record *move);
void history_end(struct history_fold *fold);

/* A pass over all moves. ERR_NOMEM, or the error of the source. */
enum err history_make(struct history *h, const struct report *report, struct why *why);

#endif
