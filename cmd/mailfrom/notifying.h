/*
 * Notifications of a verb: what the options wish for is vetted and opened before the verb begins,
 * and a companion tells of the run: started, wave done, paused, goes on, ended; and its figures.
 */
#ifndef MF_NOTIFYING_H
#define MF_NOTIFYING_H

#include "notify/notify.h"
#include "options/options.h"
#include "run/publishing.h"
#include "run/run.h"

struct notifying {
    const struct options *options;
    const struct publishing *publishing; /* of publish and withdraw; NULL: identities */
    const struct run *run;               /* between begin and end */
    instant_us started;
    instant_us metrics_next;
    bool has_turned;     /* the waves are known */
    uint32_t waves_done; /* told */
    bool is_paused;      /* by a person; told */
    bool is_held;        /* by max_failures or a wave; told */
};

/* Vets what is wished, and opens it unless nothing is done (a dry run). Before any file of the
 * program is open: an option may name a descriptor. */
enum err notifying_open(struct options *o, option_set verb, struct why *why);
/* Waits a while for what is queued, and says what was lost. code: of the verb; returns that of the
 * process: a watch that could not tell what it found has not done its work. */
int notifying_close(struct options *o, option_set verb, int code);

/* Adds the companion to those of a run; *n and *o are borrowed for its life. */
void notifying_join(struct notifying *n, const struct options *o,
                    struct run_companions *companions);

#endif
