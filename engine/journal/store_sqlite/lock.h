/*
 * The lock file beside a journal, "journal.db.lock". The lock file is never removed: a lock on a
 * replaced file protects nothing.
 *
 * Two open-file-description locks (fcntl(2), F_OFD_SETLK) on single bytes of it; both die with
 * their holder, whatever kills it:
 *   byte 0, the writer:   held by the one process that may append.
 *   byte 1, the readers:  held shared by whoever reads or copies the main file, and exclusively by
 *                         the writer for the moments in which it moves the log into the main file.
 * So while a reader holds byte 1 the main file stands still and the log only grows.
 */
#ifndef MF_LOCK_H
#define MF_LOCK_H

#include "base/error.h"

#include <stdbool.h>

#define LOCK_HOLDER_MAX 320 /* "pid 4194304 on " and a host name of at most 253 */

struct lock {
    int fd; /* -1: none */
};

#define LOCK_NONE ((struct lock){-1})

/* ERR_BUSY within 200 ms when another process writes: the sentence names its pid and host. */
enum err lock_for_writing(struct lock *lock, const char *journal_file, struct why *why);
/* Takes the readers' byte, shared. ERR_GONE: no lock file, so no writer has ever been here.
 * ERR_BUSY: a checkpoint goes on and did not end within 200 ms. */
enum err lock_for_reading(struct lock *lock, const char *journal_file, struct why *why);
void lock_release(struct lock *lock);
/* The writer: does this process alone still hold the writer's byte? */
bool lock_is_ours(struct lock *lock);
/* Does a process hold the writer's byte now? Neither takes nor awaits a lock. Its name goes to
 * holder: "pid 4194304 on host", or "". */
bool lock_is_held(const char *journal_file, char holder[LOCK_HOLDER_MAX]);
/* There is no lock file: a holder of its lock cannot be seen. */
bool lock_is_gone(const char *journal_file);

/* The writer: may the main file change now? Never waits. */
bool lock_readers_out(struct lock *lock);
void lock_readers_in(struct lock *lock);

#endif
