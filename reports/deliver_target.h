/*
 * The file that a path leads to: links at the end of the path are followed, as a shell's
 * redirection follows them, so a link stays and its file is replaced.
 */
#ifndef MF_DELIVER_TARGET_H
#define MF_DELIVER_TARGET_H

#include "base/error.h"

#include <linux/limits.h> /* PATH_MAX; <limits.h> would find our own */

/* Without a link at its end, target is path, whether there is a file or not. ERR_INPUT: the links
 * lead to nothing or in a circle, or another user than root made one. The sentence does not name
 * path. */
enum err deliver_target(const char *path, char target[PATH_MAX], struct why *why);

#endif
