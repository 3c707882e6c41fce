/* Files into a folder: vetted, written, and removed again where the folder was made for them;
 * and which of an earlier time are left. */
#include "discover_folder.h"

#include "base/bounds.h"
#include "base/escape.h"

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

enum err discover_file(struct discover_folder *folder, const struct discover_file *file,
                       struct why *why)
{
    char path[PATH_MAX];
    enum err err = OK;
    int len = snprintf(path, sizeof path, "%s/%s", folder->path, file->name);
    if (len < 0 || (size_t)len >= sizeof path)
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

static bool begins_as(const char *path, const char *const *beginnings)
{
    char bytes[BEGINNING_MAX];
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY | O_NOFOLLOW);
    ssize_t n = fd < 0 ? -1 : read(fd, bytes, sizeof bytes);
    if (fd >= 0)
        close(fd);
    for (; n > 0 && *beginnings; beginnings++)
        if (text_starts((struct text){bytes, (size_t)n}, text_of(*beginnings)))
            return true;
    return false;
}

static uint32_t others_add(const struct discover_folder *folder, const char *const *beginnings,
                           struct buf *out)
{
    struct dirent **entries;
    uint32_t others = 0;
    int len = scandir(folder->path, &entries, NULL, alphasort);
    for (int i = 0; i < len; i++) {
        char path[PATH_MAX];
        int n = snprintf(path, sizeof path, "%s/%s", folder->path, entries[i]->d_name);
        if (n > 0 && (size_t)n < sizeof path &&
            names_find(folder->names, text_of(entries[i]->d_name)) == NAME_NONE &&
            begins_as(path, beginnings)) {
            buf_add_char(out, ' ');
            escape_shell(out, text_of(path));
            others++;
        }
        free(entries[i]);
    }
    if (len >= 0)
        free(entries);
    return others;
}

uint32_t discover_folder_stale(const struct discover *d, discover_files *files,
                               const char *const *beginnings, const char *path, struct buf *out)
{
    struct names names;
    struct why none = {""};
    uint32_t others = 0;
    struct discover_folder folder = {.path = path, .step = FOLDER_NAMES, .names = &names};
    if (names_init(&names, NAMES_BYTES_MAX) && files(d, &folder, &none) == OK)
        others = others_add(&folder, beginnings, out);
    names_clear(&names);
    return others;
}
