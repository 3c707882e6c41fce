/*
 * A private copy of a journal to read: main file and log as they were at one instant.
 */
#ifndef MF_COPY_H
#define MF_COPY_H

#include "base/error.h"

#include "sql.h"

#include <stdbool.h>

bool copy_has_log(const char *journal_file); /* is there anything in "journal.db-wal"? */
/* The copies lie in $TMPDIR and have no names, so a reader leaves nothing behind, at whatever
 * moment it is killed. Owned by the caller; both are -1 after an error. */
enum err copy_make(struct sql_files *copy, const char *journal_file, struct why *why);

/* Keeps a damaged log as "journal.db-wal.damaged-1" (or the next number that is free), before
 * SQLite drops what it cannot use. OK where there is no log. */
enum err copy_log_aside(const char *journal_file, struct why *why);

#endif
