/*
 * Outputs of evidence and what it reads kept apart, before anything is written: a report of a
 * receiver comes once, and what lies in a folder of reports is taken for one by every later look.
 */
#ifndef MF_EVIDENCE_SPARE_H
#define MF_EVIDENCE_SPARE_H

#include "options/options.h"

#include <sys/types.h>

/* A file that is there and would be written. */
struct evidence_target {
    const char *option, *path; /* "--report"; standard output has "" */
    dev_t device;
    ino_t inode;
};

struct evidence_targets {
    struct evidence_target list[REPORTS_MAX + 1];
    size_t len;
};

/* Finds the outputs that are there. ERR_INPUT: one lies in or below a folder of paths. */
enum err evidence_spare_folders(const struct options *o, const char *const *paths, uint32_t len,
                                struct evidence_targets *found, struct why *why);
/* fd is about to be read. ERR_INPUT: it is one of the targets, under whatever name. */
enum err evidence_spare_file(const struct evidence_targets *targets, int fd, struct text name,
                             struct why *why);

#endif
