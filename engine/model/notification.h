/*
 * A notification: one change that a person or a program outside wants to hear of. Of an identity
 * that is watched: a problem came, got worse, got better or went. Of a run: it began, a wave is
 * done, it waits for a person, it ended. docs/event.schema.json is how it is written.
 */
#ifndef MF_NOTIFICATION_H
#define MF_NOTIFICATION_H

#include "watch.h"

enum notification_type {
    NOTE_PROBLEM,     /* of an identity or a lane: kind, from and to hold */
    NOTE_RUN_STARTED, /* began, or goes on */
    NOTE_WAVE_DONE,
    NOTE_RUN_PAUSED,   /* a person has to decide: max_failures, a failed wave; or a person paused it
                        */
    NOTE_RUN_RESUMED,  /* goes on after a pause, in the same process */
    NOTE_RUN_ENDED,    /* ended, stopped or failed: reason says which */
    NOTE_SWEEP_FAILED, /* a sweep could not look */
    NOTE_TYPES,
};

/* Texts are borrowed for one call; empty: not of this notification. Instants of 0 and WHEN_NEVER:
 * not known. */
struct notification {
    enum notification_type type;
    instant_us at;
    enum watch_kind kind;      /* NOTE_PROBLEM */
    enum watch_level from, to; /* NOTE_PROBLEM; of a run, `to` says how much a person is needed */
    struct text identity, account, account_number, region; /* account: by the manifest */
    struct text reason;                                    /* one sentence: what was found */
    struct text mend;             /* the command or the step that mends it; may be empty */
    instant_us since;             /* of the problem: when a look first saw it */
    instant_us deadline;          /* of the 72 hours */
    uint64_t run;                 /* 0: none */
    struct text verb;             /* "apply", "watch" */
    uint32_t wave, waves;         /* NOTE_WAVE_DONE */
    uint32_t rows, finished, bad; /* of a run, or of a sweep */
};

const char *notification_type_name(enum notification_type t); /* "problem", "run-started", ... */

#endif
