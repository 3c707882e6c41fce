/*
 * The file beside: written first, then renamed to the final name. The writer holds a lock on the
 * file, so an unlocked one was left by a dead process.
 */
#ifndef MF_DELIVER_PART_H
#define MF_DELIVER_PART_H

#include "base/error.h"

#include <linux/limits.h> /* PATH_MAX; <limits.h> would find our own */

struct part {
    int fd;
    char path[PATH_MAX];
    struct part *next; /* of this process's parts */
};

/* A new file "PATH.mailfrom-part", with a number if the name is taken; mode by the umask. Never
 * follows a link. *why does not name the path. The part stays where it is in memory until it is
 * settled or dropped. */
enum err part_make(struct part *part, const char *path, struct why *why);
/* Renames the part to path, over any file or link, and closes the part. */
enum err part_settle(struct part *part, const char *path, struct why *why);
void part_drop(struct part *part);
/* Removes files beside path left by dead processes. */
void part_sweep(const char *path);
/* Removes every part of this process, from any thread and inside a signal handler, just before the
 * process ends. */
void parts_abandon(void);

#endif
