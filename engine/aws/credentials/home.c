/* Asks the environment for the home folder, then the user database. */
#include "home.h"

#include <pwd.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define ENTRY_MAX                                                                                  \
    16384 /* one line of passwd, as sysconf(_SC_GETPW_R_SIZE_MAX) suggests at most                 \
           */

const char *home_folder(char *out, size_t out_len)
{
    struct passwd user, *found = NULL;
    const char *home = getenv("HOME");
    bool asks = !(home && *home);
    char *entry = asks ? malloc(ENTRY_MAX) : NULL; /* too large for a small stack */
    if (entry && getpwuid_r(getuid(), &user, entry, ENTRY_MAX, &found) == 0 && found)
        home = found->pw_dir;
    int len = snprintf(out, out_len, "%s", home ? home : "");
    if (len < 0 || (size_t)len >= out_len)
        out[0] = '\0';
    free(entry);
    return out;
}
