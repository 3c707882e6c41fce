/*
 * A private copy of a journal to read: main file and log as they were at one instant.
 */
#ifndef MF_COPY_H
#define MF_COPY_H

#include "base/error.h"

#include <linux/limits.h> /* PATH_MAX; <limits.h> would find our own */
#include <stdbool.h>

struct copy {
    char folder[PATH_MAX]; /* under $TMPDIR, 0700; "" when there is none */
    char file[PATH_MAX + 16];
};

bool copy_has_log(const char *journal_file); /* is there anything in "journal.db-wal"? */
enum err copy_make(struct copy *copy, const char *journal_file, struct why *why);
/* Removes the names. Whoever has the copy open keeps it: so a killed reader leaves nothing. */
void copy_unlink(struct copy *copy);

/* Keeps a damaged log as "journal.db-wal.damaged-1" (or the next number that is free), before
 * SQLite drops what it cannot use. OK where there is no log. */
enum err copy_log_aside(const char *journal_file, struct why *why);

#endif
