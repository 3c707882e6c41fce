/*
 * Where a journal lies: its path made absolute and vetted. A journal decides what a rollback
 * writes, so a file another user could have made or can change is refused.
 */
#ifndef MF_PLACE_H
#define MF_PLACE_H

#include "base/error.h"

#include <linux/limits.h> /* PATH_MAX; <limits.h> would find our own */
#include <stdbool.h>
#include <stddef.h>
#include <sys/stat.h>

#define PLACE_LEN_MAX (PATH_MAX - 8) /* leaves room for ".lock" and "-wal" */

#define PLACE_LOCK_END ".lock"

/* What the names of a journal's files add to its path: "" first, which is the journal; NULL past
 * the last. */
const char *place_file_end(size_t i);

struct place {
    char file[PATH_MAX]; /* absolute; no part of it was a symbolic link when it was resolved */
};

/* For a writer: makes the folder (0700, one level) and the file (0600) when they are missing, and
 * refuses (ERR_INPUT) a folder or file that others can write to or own, a folder below one where
 * all may rename it away, a file system that reaches other machines, and anything but a plain file
 * under one name. */
/* All three, ERR_INPUT: the file is not there, but what it leaves beside it is (its log, say). It
 * was removed or renamed, and what it held is not to be forgotten in silence. */
enum err place_for_writing(struct place *place, const char *path, struct why *why);

/* As place_for_writing, but makes nothing: ERR_GONE where folder or file is not there. */
enum err place_for_update(struct place *place, const char *path, struct why *why);

/* For a reader: makes nothing and refuses anything but a plain file. ERR_GONE: not there. Whose it
 * is does not matter: reading decides nothing. */
enum err place_for_reading(struct place *place, const char *path, struct why *why);

/* Is the folder of a vetted place still what it was vetted for: a folder behind no symbolic link,
 * into which nobody else can write, and below none where all may rename it? ERR_IO, ERR_INPUT. */
enum err place_folder_vet(const struct place *place, struct stat *folder, struct why *why);
/* New names beside the file are on the disk only when its folder is. */
enum err place_sync(const char *file, struct why *why);

/* The name of a file system that reaches other machines, by the magic number of statfs(2); NULL: it
 * is local, or nobody can tell (FUSE). Locks and fsync there are as good as the other side. */
const char *place_network_name(unsigned long magic);

/* Opens file beside: never follows a link, never waits for a FIFO. fd or -1 (errno; ENOTSUP when
 * it is no plain file). */
int place_open(const char *file, int flags);

#endif
