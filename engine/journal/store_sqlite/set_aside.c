/* A damaged file makes room for a new one, and stays for whoever wants to look into it. */
#include "store_sqlite.h"

#include "base/bounds.h"
#include "base/count.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

enum err journal_set_aside(const char *path, struct why *why)
{
    static const char *const parts[] = {"-wal", "-shm", ".mark", ""};
    char from[PATH_LEN_MAX], to[PATH_LEN_MAX];
    for (size_t i = 0; i < COUNT(parts); i++) {
        int len = snprintf(to, sizeof to, "%s" JOURNAL_ASIDE "%s", path, parts[i]);
        if (len < 0 || (size_t)len >= sizeof to)
            return why_set(why, ERR_INPUT, "the path is too long");
        snprintf(from, sizeof from, "%s%s", path, parts[i]);
        if (rename(from, to) != 0 && errno != ENOENT)
            return why_set(why, ERR_IO, "%s cannot be renamed: %s", from, strerror(errno));
    }
    return OK;
}
