/*
 * What happened when: every move of the run folded into a few hundred steps of time, and into what
 * each state of a job's life has seen. For the pictures of html.c and for the tests.
 */
#ifndef MF_HISTORY_H
#define MF_HISTORY_H

#include "row.h"

#define HISTORY_STEPS 240

/* Where a job stands, as the timeline stacks it, from the bottom up. */
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
    uint32_t here[JOB_STATES];             /* jobs that are in that state now */
    uint32_t been[JOB_STATES];             /* jobs that ever were */
    uint32_t attention;                    /* of here[JOB_DONE], those that are bad */
    uint32_t refused;                      /* of these, those that never were READY */
    instant_us first_write, last_write;    /* 0: none */
};

/* A pass over all moves. ERR_NOMEM; or what the source says. */
enum err history_make(struct history *h, const struct report *report, struct why *why);

#endif
