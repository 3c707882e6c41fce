/*
 * Follows links. The kernel follows those of folders, since a folder is the user's choice. A link
 * at the end of a path may have been laid by another user where a file was expected, so that we
 * would put a report over a file of ours: such a link is not followed.
 */
#include "deliver_target.h"

#include "base/bounds.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Puts where the link at target leads into target. */
static enum err link_follow(char target[PATH_MAX], struct why *why)
{
    char leads_to[PATH_MAX];
    ssize_t len = readlink(target, leads_to, sizeof leads_to - 1);
    if (len < 0)
        return why_set(why, ERR_IO, "%s", strerror(errno));
    leads_to[len] = '\0';
    const char *slash = strrchr(target, '/');
    size_t folder = *leads_to == '/' || !slash ? 0 : (size_t)(slash - target) + 1;
    if (folder + (size_t)len >= PATH_MAX)
        return why_set(why, ERR_INPUT, "%s", strerror(ENAMETOOLONG));
    memcpy(target + folder, leads_to, (size_t)len + 1);
    return OK;
}

static enum err nothing_found(const char *target, int error, struct why *why)
{
    return error == ENOENT
               ? why_set(why, ERR_INPUT,
                         "is a link to %s, which is not there: make that file, or name it", target)
               : why_set(why, ERR_INPUT, "is a link to %s: %s", target, strerror(error));
}

enum err deliver_target(const char *path, char target[PATH_MAX], struct why *why)
{
    size_t len = strlen(path);
    struct stat st;
    enum err err = OK;
    if (len >= PATH_MAX)
        return why_set(why, ERR_INPUT, "%s", strerror(ENAMETOOLONG));
    memcpy(target, path, len + 1);
    for (int followed = 0; err == OK && followed <= LINKS_FOLLOWED_MAX; followed++) {
        if (lstat(target, &st) != 0)
            return followed ? nothing_found(target, errno, why) : OK;
        if (!S_ISLNK(st.st_mode))
            return OK;
        if (st.st_uid != 0 && st.st_uid != geteuid())
            return why_set(why, ERR_INPUT,
                           "is a link of another user (uid %u), which is not followed: name the "
                           "file that is meant",
                           (unsigned)st.st_uid);
        err = link_follow(target, why);
    }
    return err == OK ? why_set(why, ERR_INPUT,
                               "is a link that leads in a circle: remove it, or name another file")
                     : err;
}
