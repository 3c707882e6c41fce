/* Files into a folder: vetted, written, and removed again where the folder was made for them. */
#include "discover_folder.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum folder_step { FOLDER_VETS, FOLDER_WRITES, FOLDER_DROPS };

struct discover_folder {
    const char *path;
    enum folder_step step;
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
    struct discover_folder folder = {path, FOLDER_VETS};
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
