/*
 * The regular files below some paths, in the order of their names, each opened for reading. A path
 * that is given may be a link; below a folder no link is followed, and nothing is opened that is
 * neither a file nor a folder.
 */
#ifndef MF_REPORT_FILES_H
#define MF_REPORT_FILES_H

#include "base/error.h"
#include "base/text.h"

struct report_files_sink {
    void *ctx;
    /* fd is borrowed for the call. False: no more is wanted. */
    bool (*file)(void *ctx, int fd, int64_t size, struct text name);
    /* A path that cannot be read, and why: a clause without its name. */
    void (*pass)(void *ctx, struct text name, const char *why);
};

/* ERR_INPUT: a path is not there, and nothing was read; ERR_LIMIT; ERR_NOMEM. */
enum err report_files_each(const char *const *paths, uint32_t paths_len,
                           const struct report_files_sink *sink, struct why *why);

#endif
