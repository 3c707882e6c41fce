/*
 * A journal in a file of SQLite, or in memory. The first store (store.h); nothing is linked with
 * SQLite but this room.
 */
#ifndef MF_STORE_SQLITE_H
#define MF_STORE_SQLITE_H

#include "journal/journal.h"

/* For a writer: the folder is made (0700, one level) and the file (0600) when they are missing.
 * ERR_GONE: there is no such file (JOURNAL_READ, JOURNAL_UPDATE). ERR_BUSY: another process writes;
 * *why names its pid and host. */
enum err journal_open_file(struct journal **out, const char *path, enum journal_mode mode,
                           struct why *why);
/* Renames a file that nothing has open, with its log and mark, to FILE.damaged; one of that name is
 * replaced. For a journal that may begin anew, such as the memory of watching. */
#define JOURNAL_ASIDE ".damaged"
enum err journal_set_aside(const char *path, struct why *why);
/* Written and read like any other, but gone when it is closed: for plans. */
enum err journal_open_memory(struct journal **out, struct why *why);

#endif
