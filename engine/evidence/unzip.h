/*
 * The members of a zip, in the order of its directory, unpacked in memory piece by piece: nothing
 * is written to disk, so names mean nothing but words in messages. Stored and deflated members
 * alone. Checks their sums.
 */
#ifndef MF_UNZIP_H
#define MF_UNZIP_H

#include "base/error.h"
#include "base/text.h"

struct unzip_sink {
    void *ctx;
    /* A member; not for folders. False: it is not wanted, nor is what follows. */
    bool (*begin)(void *ctx, struct text name);
    /* False: no more of this member is wanted. */
    bool (*piece)(void *ctx, struct text bytes);
    /* trouble: why it is damaged or cannot be read, or NULL. False: no further member is wanted. */
    bool (*end)(void *ctx, const char *trouble);
};

/* fd is a regular file, read by position, and stays the caller's. ERR_PROTO: no zip, or damaged as
 * a whole; ERR_LIMIT: too many members. */
enum err unzip_read(int fd, const struct unzip_sink *sink, struct why *why);

#endif
