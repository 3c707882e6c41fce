/*
 * A run of another process, watched through its journal: what `status --watch` shows, and `status
 * --format json`.
 *
 * The run never waits for a watcher, since a journal that is being written is read from a copy
 * (engine/journal/store_sqlite/copy.h). Nor is the disk kept busy: a large journal is read less
 * often, so that reading takes a fifth of the time at most.
 */
#ifndef MF_STATUS_WATCH_H
#define MF_STATUS_WATCH_H

#include "base/error.h"
#include "options/options.h"

/* Until the run has ended or stopped. id 0: the newest run. */
enum err watch_run(const struct options *o, uint64_t id, struct why *why);
/* One line of JSON. */
enum err watch_once(const struct options *o, uint64_t id, struct why *why);

#endif
