/*
 * Are the files of a journal (main file, log, lock file, high-water mark) and their folder still
 * those that were opened? Another program may remove, rename, replace or link a file during a run,
 * and commits would still succeed, into a file never found again; or the folder may become writable
 * for others. For the writer.
 */
#ifndef MF_PRESENCE_H
#define MF_PRESENCE_H

#include "lock.h"
#include "place.h"

#include <sys/types.h>

struct file_id {
    dev_t device;
    ino_t inode; /* 0: not noted, and not looked for */
};

struct presence {
    struct file_id folder, file, log, lock, mark;
};

/* Notes the folder, the main file, the lock file and the mark. Called once they are open. ERR_IO:
 * they are not there. */
enum err presence_begin(struct presence *p, const struct place *place, const struct lock *lock,
                        struct why *why);
/* Notes the log, which SQLite makes at the first commit. */
void presence_log(struct presence *p, const struct place *place);
/* ERR_IO: a file is gone, was replaced or has a second name; or others may change the folder; or
 * the lock is lost. */
enum err presence_check(struct presence *p, const struct place *place, struct lock *lock,
                        struct why *why);

#endif
