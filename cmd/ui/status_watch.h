/*
 * A run of another process, watched through its journal: what `status --watch` shows, and `status
 * --format json`.
 *
 * The run never waits for a watcher, since a journal that is being written is read from a copy
 * (engine/journal/store_sqlite/copy.h). Nor is the disk kept busy: a large journal is read less
 * often, so that reading takes a fifth of the time at most.
 *
 * A run of a shared journal is followed until it is over, whoever carries it, and also while nobody
 * does. While the database cannot be reached, the watcher says so once and tries again.
 */
#ifndef MF_STATUS_WATCH_H
#define MF_STATUS_WATCH_H

#include "base/error.h"
#include "options/options.h"
#include "run/run.h"

/* Who else is shown what a look has found. state: "running"; goes_on: another process carries it
 * out. */
struct watch_viewer {
    void *ctx;
    /* r->journal is open meanwhile; an error ends the watching. NULL: there is no viewer. */
    enum err (*look)(void *ctx, struct run *r, const char *state, bool goes_on, struct why *why);
    void (*end)(void *ctx); /* before the run is freed */
    /* Of who has workers in this process: the picture goes to standard error as --progress says,
     * and the watching lasts as long as they do. Sleeps for so long at most; false: they are done.
     * NULL: the picture is the result, and lasts as long as the run. */
    bool (*rest)(void *ctx, span_us span);
    /* Was something printed on standard error since the last picture? NULL: nothing is. */
    bool (*is_spoilt)(void *ctx);
};

/* Until the run has ended or stopped. id 0: the newest run. */
enum err watch_run(const struct options *o, uint64_t id, const struct watch_viewer *viewer,
                   struct why *why);
/* One line of JSON. */
enum err watch_once(const struct options *o, uint64_t id, struct why *why);

#endif
