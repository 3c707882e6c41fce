/* Reads names from arguments, files and standard input; complains of every invalid one. */
#include "inspect_names.h"

#include "reports/deliver.h"

#include "base/bounds.h"
#include "base/plural.h"
#include "messages.h"
#include "rules/idna.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define COMPLAINTS_MAX 100 /* printed; a file of something else would fill the screen */

void inspect_names_init(struct inspect_names *names)
{
    *names = (struct inspect_names){0};
    arena_init(&names->arena, NAMES_BYTES_MAX);
}

void inspect_names_clear(struct inspect_names *names)
{
    free(names->list);
    arena_clear(&names->arena);
    inspect_names_init(names);
}

static enum err name_add(struct inspect_names *names, struct text given, const char *file,
                         unsigned line, struct why *why)
{
    const char *fault;
    char where[64] = "";
    struct buf shown;
    if (names->len == INSPECT_NAMES_MAX)
        return why_set(why, ERR_LIMIT, "more than %d names: split them over several calls",
                       INSPECT_NAMES_MAX);
    if (names->len == names->cap) {
        size_t cap = names->cap ? 2 * names->cap : 64;
        struct text *list = realloc(names->list, cap * sizeof *list);
        if (!list)
            return why_set(why, ERR_NOMEM, "out of memory");
        names->list = list;
        names->cap = cap;
    }
    if (idna_name_read(&names->arena, given, &names->list[names->len], &fault)) {
        names->len++;
        return OK;
    }
    if (line)
        snprintf(where, sizeof where, ":%u", line);
    buf_init(&shown, LINE_LEN_MAX);
    if (names->faults++ < COMPLAINTS_MAX)
        message_error("%s%s%s\"%s\" is not a name: %s", file ? file : "", where, file ? ": " : "",
                      message_value(&shown, given), fault);
    buf_clear(&shown);
    return OK;
}

static enum err lines_read(struct inspect_names *names, FILE *in, const char *file, struct why *why)
{
    char *line = malloc(LINE_LEN_MAX); /* too large for a small stack */
    unsigned number = 0;
    enum err err = line ? OK : why_set(why, ERR_NOMEM, "out of memory");
    while (err == OK && fgets(line, LINE_LEN_MAX, in)) {
        size_t len = strcspn(line, "\r\n");
        struct text name = text_trim((struct text){line, len});
        number++;
        if (name.len && name.at[0] != '#')
            err = name_add(names, name, file, number, why);
    }
    if (err == OK && ferror(in))
        err = why_set(why, ERR_IO, "%s: %s", file, strerror(errno));
    free(line);
    return err;
}

/* What the shell has opened (/dev/stdin, <(...)) may be a pipe; a FIFO by its own name would be
 * waited for, for ever. NULL with errno; ENOTSUP: it is no regular file. */
static FILE *names_open(const char *path)
{
    struct stat st;
    bool given = strcmp(path, "/dev/stdin") == 0 || deliver_stream(path) >= 0;
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | (given ? 0 : O_NONBLOCK));
    if (fd < 0)
        return NULL;
    if (!given && (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode))) {
        close(fd);
        errno = ENOTSUP;
        return NULL;
    }
    FILE *in = fdopen(fd, "r");
    if (!in)
        close(fd);
    return in;
}

static enum err file_read(struct inspect_names *names, const char *path, struct why *why)
{
    FILE *in = names_open(path);
    if (!in)
        return why_set(why, ERR_INPUT, "%s: %s", path,
                       errno == ENOTSUP ? "is not a regular file" : strerror(errno));
    enum err err = lines_read(names, in, path, why);
    fclose(in);
    return err;
}

enum err inspect_names_read(struct inspect_names *names, const char *const *arguments, size_t len,
                            struct why *why)
{
    enum err err = OK;
    for (size_t i = 0; err == OK && i < len; i++) {
        if (strcmp(arguments[i], "-") == 0)
            err = lines_read(names, stdin, "standard input", why);
        else if (arguments[i][0] == '@')
            err = file_read(names, arguments[i] + 1, why);
        else
            err = name_add(names, text_of(arguments[i]), NULL, 0, why);
    }
    if (err == OK && names->faults)
        err = why_set(why, ERR_INPUT, "%u of the names given %s valid; DNS was not asked",
                      names->faults, plural(names->faults, "is not", "are not"));
    if (err == OK && names->len == 0)
        err = why_set(why, ERR_INPUT,
                      "no name given: give one or more names, @FILE, or - for standard input");
    return err;
}
