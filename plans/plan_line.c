#include "plan_parts.h"

#include "limits.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum err plan_lines_open(struct plan_lines *l, const char *path, struct why *why)
{
    *l = (struct plan_lines){0};
    l->file = fopen(path, "rbe");
    if (!l->file)
        return why_set(why, errno == ENOENT ? ERR_GONE : ERR_IO, "%s", strerror(errno));
    l->seal = seal_new();
    l->line = malloc(PLAN_LINE_MAX + 1);
    return l->seal && l->line ? OK : why_set(why, ERR_NOMEM, "out of memory");
}

void plan_lines_close(struct plan_lines *l)
{
    if (l->file)
        fclose(l->file);
    seal_free(l->seal);
    free(l->line);
    *l = (struct plan_lines){0};
}

enum err plan_lines_next(struct plan_lines *l, struct text *line)
{
    seal_add(l->seal, (struct text){l->line, l->len});
    l->len = 0;
    l->number++;
    for (int c; (c = getc_unlocked(l->file)) != EOF;) {
        if (l->len == PLAN_LINE_MAX)
            return ERR_LIMIT;
        l->line[l->len++] = (char)c;
        if (c == '\n') {
            l->line[l->len] = '\0';
            *line = (struct text){l->line, l->len - 1};
            return OK;
        }
    }
    if (ferror(l->file))
        return ERR_IO;
    return l->len ? ERR_LIMIT : ERR_GONE;
}
