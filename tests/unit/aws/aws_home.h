/*
 * A home of one's own for tests of credentials: real files, a clean environment, no instance's
 * metadata service unless a test switches it on.
 */
#ifndef MF_TEST_AWS_HOME_H
#define MF_TEST_AWS_HOME_H

#include "aws/credentials/credentials.h"
#include "unit.h"

#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

struct home {
    char path[64];
};

static inline void environment_clean(void)
{
    for (char **at = environ; *at;) {
        char name[128];
        snprintf(name, sizeof name, "%.*s", (int)strcspn(*at, "="), *at);
        if (strncmp(name, "AWS_", 4) == 0 && unsetenv(name) == 0)
            at = environ;
        else
            at++;
    }
}

static inline int home_open(void **state)
{
    struct home *h = calloc(1, sizeof *h);
    char aws[96];
    strcpy(h->path, "/tmp/mailfrom-home-XXXXXX");
    if (!h || !mkdtemp(h->path))
        return -1;
    snprintf(aws, sizeof aws, "%s/.aws", h->path);
    mkdir(aws, 0700);
    environment_clean();
    setenv("HOME", h->path, 1);
    setenv("AWS_EC2_METADATA_DISABLED", "true", 1);
    *state = h;
    return 0;
}

static inline int path_remove(const char *path, const struct stat *st, int flag, struct FTW *ftw)
{
    (void)st, (void)flag, (void)ftw;
    return remove(path);
}

static inline int home_close(void **state)
{
    struct home *h = *state;
    nftw(h->path, path_remove, 16, FTW_DEPTH | FTW_PHYS);
    free(h);
    return 0;
}

static inline void file_write(const struct home *h, const char *name, const char *content)
{
    char path[128];
    snprintf(path, sizeof path, "%s/%s", h->path, name);
    FILE *f = fopen(path, "wb");
    assert_non_null(f);
    fputs(content, f);
    fclose(f);
}

#define KEYS(id) "aws_access_key_id = " id "\naws_secret_access_key = SECRET" id "\n"

#endif
