/* Lines of a plan file, read one after the other. */
#include "plan_internal.h"

#include "base/bounds.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* O_NONBLOCK: a FIFO in the place of the file is refused, not waited for. */
static FILE *file_open(const char *path)
{
    struct stat st;
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    if (fd < 0)
        return NULL;
    bool is_regular = fstat(fd, &st) == 0 && S_ISREG(st.st_mode);
    FILE *file = is_regular ? fdopen(fd, "rb") : NULL;
    if (file)
        return file;
    close(fd);
    errno = is_regular ? ENOMEM : ENOTSUP;
    return NULL;
}

enum err plan_lines_open(struct plan_lines *l, const char *path, struct why *why)
{
    *l = (struct plan_lines){0};
    l->file = file_open(path);
    if (!l->file)
        return why_set(why, errno == ENOENT ? ERR_GONE : ERR_IO, "%s",
                       errno == ENOTSUP || strcmp(path, "-") == 0
                           ? "is not a regular file, and a plan is read from one only: keep it in "
                             "a file"
                           : strerror(errno));
    l->hash = sha256_new();
    l->line = malloc(PLAN_LINE_MAX + 1);
    return l->hash && l->line ? OK : why_set(why, ERR_NOMEM, "out of memory");
}

void plan_lines_close(struct plan_lines *l)
{
    if (l->file)
        fclose(l->file);
    sha256_free(l->hash);
    free(l->line);
    *l = (struct plan_lines){0};
}

enum err plan_lines_next(struct plan_lines *l, struct text *line)
{
    sha256_add(l->hash, (struct text){l->line, l->len});
    l->len = 0;
    l->number++;
    for (int c; (c = getc_unlocked(l->file)) != EOF;) {
        if (l->len == PLAN_LINE_MAX)
            return ERR_LIMIT;
        l->line[l->len++] = (char)c;
        if (c == '\n') {
            if (l->len > 1 && l->line[l->len - 2] == '\r') /* an editor or a checkout added it */
                l->line[--l->len - 1] = '\n';
            l->line[l->len] = '\0';
            *line = (struct text){l->line, l->len - 1};
            return OK;
        }
    }
    if (ferror(l->file))
        return ERR_IO;
    return l->len ? ERR_LIMIT : ERR_GONE;
}
