/* Folders are read as a whole, then sorted, so that a reading does not depend on the disk. */
#include "report_files.h"

#include "base/arena.h"
#include "base/bounds.h"
#include "base/buf.h"
#include "base/plural.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct walk {
    const struct report_files_sink *sink;
    struct arena names; /* of the folders on the way */
    struct buf path;
    uint32_t files;
    bool is_over;
};

static enum err folder_each(struct walk *w, int fd, unsigned depth, struct why *why);

static void pass(struct walk *w, const char *trouble)
{
    w->sink->pass(w->sink->ctx, buf_text(&w->path), trouble);
}

/* The fd becomes this function's. */
static enum err opened_each(struct walk *w, int fd, unsigned depth, struct why *why)
{
    struct stat st;
    enum err err = OK;
    if (fstat(fd, &st) != 0)
        pass(w, strerror(errno));
    else if (S_ISDIR(st.st_mode))
        return folder_each(w, fd, depth, why);
    else if (!S_ISREG(st.st_mode))
        pass(w, "it is neither a file nor a folder");
    else if (++w->files > EVIDENCE_FILES_MAX)
        err = why_set(why, ERR_LIMIT, "there are over %d files", EVIDENCE_FILES_MAX);
    else if (!w->sink->file(w->sink->ctx, fd, st.st_size, buf_text(&w->path)))
        w->is_over = true;
    close(fd);
    return err;
}

static const char *kind_trouble(mode_t mode)
{
    return S_ISLNK(mode)                    ? "it is a link, and links in a folder are not followed"
           : S_ISREG(mode) || S_ISDIR(mode) ? NULL
                                            : "it is neither a file nor a folder";
}

/* Looked at before it is opened: opening a device can do things. */
static enum err entry_each(struct walk *w, int folder, const char *name, unsigned depth,
                           struct why *why)
{
    struct stat st;
    int fd = -1;
    const char *trouble = NULL;
    size_t len = w->path.len;
    if (len && w->path.at[len - 1] != '/')
        buf_add_char(&w->path, '/');
    buf_add_str(&w->path, name);
    if (w->path.failed)
        return why_set(why, ERR_LIMIT, "the names of folders are too long");
    if (fstatat(folder, name, &st, AT_SYMLINK_NOFOLLOW) != 0)
        trouble = strerror(errno);
    else
        trouble = kind_trouble(st.st_mode);
    if (!trouble) {
        fd = openat(folder, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
        trouble = fd < 0 ? strerror(errno) : NULL;
    }
    if (trouble)
        pass(w, trouble);
    enum err err = fd >= 0 ? opened_each(w, fd, depth, why) : OK;
    w->path.len = len;
    return err;
}

static int name_cmp(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

/* In the arena; NULL with *len 0: out of memory or of bounds. */
static char **names_read(struct walk *w, DIR *dir, uint32_t *len)
{
    uint32_t cap = 0;
    char **list = NULL;
    struct dirent *e;
    *len = 0;
    while ((e = readdir(dir)) != NULL) {
        if (strcmp(e->d_name, ".") == 0 || strcmp(e->d_name, "..") == 0)
            continue;
        if (*len == cap)
            list = arena_grow(&w->names, list, sizeof *list, *len, &cap);
        struct text name = list ? arena_text(&w->names, text_of(e->d_name)) : TEXT_NONE;
        if (!name.at || *len >= EVIDENCE_FILES_MAX) {
            *len = 0;
            return NULL;
        }
        list[(*len)++] = (char *)(uintptr_t)name.at;
    }
    if (list)
        qsort(list, *len, sizeof *list, name_cmp);
    return list ? list : arena_take(&w->names, sizeof *list);
}

/* The fd becomes this function's. */
static enum err folder_each(struct walk *w, int fd, unsigned depth, struct why *why)
{
    uint32_t len;
    enum err err = OK;
    if (depth >= EVIDENCE_FOLDERS_MAX) {
        pass(w, "it is in too many folders");
        close(fd);
        return OK;
    }
    DIR *dir = fdopendir(fd);
    if (!dir) {
        pass(w, strerror(errno));
        close(fd);
        return OK;
    }
    char **names = names_read(w, dir, &len);
    if (!names)
        err = why_set(why, ERR_LIMIT, TEXT_FMT " has more files than are taken",
                      TEXT_ARG(buf_text(&w->path)));
    for (uint32_t i = 0; i < len && err == OK && !w->is_over; i++)
        err = entry_each(w, dirfd(dir), names[i], depth + 1, why);
    closedir(dir);
    return err;
}

/* A path of the user's own: a link is followed. */
static enum err path_each(struct walk *w, const char *path, struct why *why)
{
    struct stat st;
    buf_reset(&w->path);
    buf_add_str(&w->path, path);
    if (stat(path, &st) != 0) {
        pass(w, strerror(errno));
        return OK;
    }
    const char *trouble = kind_trouble(st.st_mode);
    int fd = trouble ? -1 : open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    if (fd < 0) {
        pass(w, trouble ? trouble : strerror(errno));
        return OK;
    }
    enum err err = opened_each(w, fd, 0, why);
    arena_reset(&w->names);
    return err;
}

static enum err paths_vet(const char *const *paths, uint32_t len, struct why *why)
{
    struct stat st;
    uint32_t missing = 0, first = 0;
    int error = 0;
    for (uint32_t i = 0; i < len; i++)
        if (stat(paths[i], &st) != 0 && missing++ == 0) {
            first = i;
            error = errno;
        }
    if (missing == 0)
        return OK;
    why_set(why, ERR_INPUT, "%s: %s", paths[first], strerror(error));
    if (missing > 1) {
        size_t used = strlen(why->text);
        snprintf(why->text + used, sizeof why->text - used, "; %u more %s not there", missing - 1,
                 plural(missing - 1, "path is", "paths are"));
    }
    return ERR_INPUT;
}

enum err report_files_each(const char *const *paths, uint32_t paths_len,
                           const struct report_files_sink *sink, struct why *why)
{
    struct walk w = {.sink = sink};
    enum err err = paths_vet(paths, paths_len, why);
    arena_init(&w.names, EVIDENCE_NAMES_BYTES);
    buf_init(&w.path, (size_t)PATH_LEN_MAX * 2);
    for (uint32_t i = 0; i < paths_len && err == OK && !w.is_over; i++)
        err = path_each(&w, paths[i], why);
    arena_clear(&w.names);
    buf_clear(&w.path);
    return err;
}
