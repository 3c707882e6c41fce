/*
 * The file beside: what is written before it is renamed to the name that was asked for. It is
 * locked by whoever writes it, so one that nobody has locked was left by a process that is gone.
 */
#ifndef MF_DELIVER_PART_H
#define MF_DELIVER_PART_H

#include "base/error.h"

#include <linux/limits.h> /* PATH_MAX; <limits.h> would find our own */

struct part {
    int fd;
    char path[PATH_MAX];
};

/* A new file "PATH.part", or with a number where that one is taken; mode as the umask leaves it.
 * Never follows a link. *why does not name the path. */
enum err part_make(struct part *part, const char *path, struct why *why);
/* Renames it to path, over whatever is there, a link included, and closes it. */
enum err part_settle(struct part *part, const char *path, struct why *why);
void part_drop(struct part *part);
/* Removes files beside path that were left by processes that are gone. */
void part_read_batch(const char *path);

#endif
