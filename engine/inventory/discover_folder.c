/* Files into a folder: vetted, written, and removed again where the folder was made for them;
 * and which of an earlier time are left. */
#include "discover_folder.h"

#include "base/bounds.h"
#include "base/escape.h"
#include "discover_code.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define BEGINNING_MAX 64

enum folder_step { FOLDER_VETS, FOLDER_WRITES, FOLDER_DROPS, FOLDER_NAMES };

struct discover_folder {
    const char *path;
    enum folder_step step;
    struct names *names; /* of FOLDER_NAMES */
};

static bool path_make(char path[PATH_MAX], const char *folder, struct text name)
{
    int n = snprintf(path, PATH_MAX, "%s/" TEXT_FMT, folder, TEXT_ARG(name));
    return n > 0 && n < PATH_MAX;
}

enum err discover_file(struct discover_folder *folder, const struct discover_file *file,
                       struct why *why)
{
    char path[PATH_MAX];
    enum err err = OK;
    if (!path_make(path, folder->path, text_of(file->name)))
        return why_set(why, ERR_INPUT, "%s", strerror(ENAMETOOLONG));
    switch (folder->step) {
    case FOLDER_VETS: err = deliver_vet(path, file->beginning, why); break;
    case FOLDER_WRITES: err = deliver_into(path, file->write, file->ctx, why); break;
    case FOLDER_DROPS: unlink(path); break;
    case FOLDER_NAMES: {
        name_id id;
        if (!names_add(folder->names, text_of(file->name), &id))
            err = why_set(why, ERR_NOMEM, "out of memory");
        break;
    }
    }
    return err == OK ? OK : why_wrap(why, err, "%s", file->name);
}

const char *discover_folder_path(const struct discover_folder *folder)
{
    return folder->path;
}

enum err discover_folder_vet(const char *path, bool is_forced, struct why *why)
{
    struct text name = text_of(path);
    size_t names = 0;
    DIR *dir = opendir(path);
    if (!dir && errno == ENOENT)
        return text_ends(name, TEXT(".tf")) || text_ends(name, TEXT(".json"))
                   ? why_set(why, ERR_INPUT,
                             "is the name of a file, and this format writes a folder: name a "
                             "folder")
                   : OK;
    if (!dir)
        return why_set(why, ERR_INPUT, "%s",
                       errno == ENOTDIR ? "is a file, and this format writes a folder: name another"
                                        : strerror(errno));
    while (readdir(dir))
        names++;
    closedir(dir);
    return names <= 2 || is_forced /* "." and ".." */
               ? OK
               : why_set(why, ERR_INPUT,
                         "there are files in it already; --force replaces those that an earlier "
                         "discover wrote, and leaves the others");
}

enum err discover_folder_write(const struct discover *d, discover_files *files, const char *path,
                               bool is_forced, struct why *why)
{
    struct discover_folder folder = {.path = path, .step = FOLDER_VETS};
    struct why none = {""};
    enum err err = discover_folder_vet(path, is_forced, why);
    if (err == OK)
        err = files(d, &folder, why);
    bool is_made = err == OK && mkdir(path, 0777) == 0;
    if (err == OK && !is_made && errno != EEXIST)
        err = why_set(why, ERR_IO, "%s", strerror(errno));
    folder.step = FOLDER_WRITES;
    if (err == OK)
        err = files(d, &folder, why);
    if (err == OK)
        return deliver_settle(path, why);
    if (is_made) {
        folder.step = FOLDER_DROPS;
        files(d, &folder, &none);
        rmdir(path);
    }
    return err;
}

/* ---- what an earlier discover has left ---- */

/* The file at path, opened where it begins as one of beginnings; or NULL. */
static FILE *begun_open(const char *path, const char *const *beginnings)
{
    char bytes[BEGINNING_MAX];
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY | O_NOFOLLOW);
    ssize_t n = fd < 0 ? -1 : pread(fd, bytes, sizeof bytes, 0);
    for (; n > 0 && *beginnings; beginnings++)
        if (text_starts((struct text){bytes, (size_t)n}, text_of(*beginnings)))
            break;
    FILE *file = n > 0 && *beginnings ? fdopen(fd, "r") : NULL;
    if (!file && fd >= 0)
        close(fd);
    return file;
}

bool discover_folder_names(const char *path, const char *const *beginnings, discover_name *name,
                           void *ctx)
{
    struct dirent **entries;
    int len = scandir(path, &entries, NULL, alphasort);
    for (int i = 0; i < len; i++) {
        char file_path[PATH_MAX];
        struct text entry = text_of(entries[i]->d_name);
        FILE *file = path_make(file_path, path, entry) ? begun_open(file_path, beginnings) : NULL;
        if (file) {
            fclose(file);
            name(ctx, entry);
        }
        free(entries[i]);
    }
    if (len >= 0)
        free(entries);
    return len >= 0;
}

bool discover_folder_lines(const char *path, struct text name, const char *const *beginnings,
                           discover_line *line, void *ctx)
{
    char file_path[PATH_MAX], *bytes = NULL;
    size_t cap = 0;
    ssize_t len;
    FILE *file = path_make(file_path, path, name) ? begun_open(file_path, beginnings) : NULL;
    if (!file)
        return true;
    while ((len = getline(&bytes, &cap, file)) > 0)
        line(ctx, (struct text){bytes, (size_t)len - (bytes[len - 1] == '\n')});
    bool is_whole = !ferror(file) && feof(file);
    free(bytes);
    fclose(file);
    return is_whole;
}

struct stale {
    const struct discover *d;
    const char *path;
    const struct names *names; /* of this discover */
    struct buf *out;
    uint32_t len;
};

static void stale_add(void *ctx, struct text name)
{
    struct stale *s = ctx;
    char path[PATH_MAX];
    if (names_find(s->names, name) != NAME_NONE || code_keeps_file(s->d, name) ||
        !path_make(path, s->path, name))
        return;
    buf_add_char(s->out, ' ');
    escape_shell(s->out, text_of(path));
    s->len++;
}

uint32_t discover_folder_stale(const struct discover *d, discover_files *files,
                               const char *const *beginnings, const char *path, struct buf *out)
{
    struct names names;
    struct why none = {""};
    struct discover_folder folder = {.path = path, .step = FOLDER_NAMES, .names = &names};
    struct stale s = {d, path, &names, out, 0};
    if (names_init(&names, NAMES_BYTES_MAX) && files(d, &folder, &none) == OK)
        discover_folder_names(path, beginnings, stale_add, &s);
    names_clear(&names);
    return s.len;
}
