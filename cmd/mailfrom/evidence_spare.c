/* Files are told by device and inode, folders likewise: no link and no mount hides one. */
#include "evidence_spare.h"

#include "reports/deliver.h"

#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static void target_add(struct evidence_targets *found, const char *option, const char *path)
{
    struct stat st;
    int stream = deliver_stream(path);
    if ((stream < 0 ? stat(path, &st) : fstat(stream, &st)) == 0 && S_ISREG(st.st_mode))
        found->list[found->len++] = (struct evidence_target){option, path, st.st_dev, st.st_ino};
}

/* Cuts the last part off. False: there is none. */
static bool parent_take(char place[PATH_MAX])
{
    char *slash = strrchr(place, '/');
    if (!slash || !place[1])
        return false;
    slash[slash == place] = '\0';
    return true;
}

static bool is_folder_of(const struct stat *folder, const char *path)
{
    char place[PATH_MAX];
    struct stat st;
    struct why none;
    if (deliver_stream(path) >= 0 || deliver_place(path, place, &none) != OK)
        return false;
    while (parent_take(place))
        if (stat(place, &st) == 0 && st.st_dev == folder->st_dev && st.st_ino == folder->st_ino)
            return true;
    return false;
}

enum err evidence_spare_folders(const struct options *o, const char *const *paths, uint32_t len,
                                struct evidence_targets *found, struct why *why)
{
    struct stat folder;
    found->len = 0;
    for (size_t i = 0; i < o->reports_len; i++)
        target_add(found, "--report", o->reports[i].path);
    target_add(found, "", "-");
    for (uint32_t k = 0; k < len; k++) {
        if (stat(paths[k], &folder) != 0 || !S_ISDIR(folder.st_mode))
            continue;
        for (size_t i = 0; i < o->reports_len; i++)
            if (is_folder_of(&folder, o->reports[i].path))
                return why_set(
                    why, ERR_INPUT,
                    "--report %s: lies in %s, where every later look would take it for a "
                    "report of a receiver: put it elsewhere",
                    o->reports[i].path, paths[k]);
    }
    return OK;
}

enum err evidence_spare_file(const struct evidence_targets *targets, int fd, struct text name,
                             struct why *why)
{
    struct stat st;
    if (!targets->len || fstat(fd, &st) != 0)
        return OK;
    for (size_t i = 0; i < targets->len; i++) {
        const struct evidence_target *t = &targets->list[i];
        if (t->device != st.st_dev || t->inode != st.st_ino)
            continue;
        if (!*t->option)
            return why_set(why, ERR_INPUT,
                           "standard output is " TEXT_FMT
                           ", a file to be read: send it to another file",
                           TEXT_ARG(name));
        return why_set(why, ERR_INPUT,
                       "%s %s: is a report to be read " TEXT_FMT
                       ", which would be overwritten: name another file",
                       t->option, t->path, TEXT_ARG(name));
    }
    return OK;
}
