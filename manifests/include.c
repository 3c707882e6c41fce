/*
 * The files named by a manifest. A path is relative to the naming file and never leaves its folder:
 * no absolute path, no "..", and symbolic links only to below (source.c). Matches of a pattern are
 * read in bytewise order, so a fleet does not depend on the file system. Files are read in the
 * order of naming, a file before the files named inside.
 */
#include "raw.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define BELOW_LEN_MAX 1024 /* of a path below the manifest's folder, or a part of it */

static const char *path_fault(struct text path)
{
    if (path.len == 0)
        return "is empty";
    if (path.len > BELOW_LEN_MAX)
        return "is longer than 1024 bytes";
    if (path.at[0] == '/')
        return "is absolute, expected a path below this file's folder";
    for (size_t i = 0; i < path.len; i++)
        if ((unsigned char)path.at[i] < 0x20)
            return "has a control character in it";
    while (path.at) {
        struct text part = text_cut(&path, '/');
        if (text_eq(part, TEXT("..")))
            return "has .. in it, expected a path below this file's folder";
        if (part.len == 0 || part.len > 255)
            return "has an empty part, or one of more than 255 bytes";
    }
    return NULL;
}

static bool is_pattern(struct text path)
{
    for (size_t i = 0; i < path.len; i++)
        if (path.at[i] == '*' || path.at[i] == '?' || path.at[i] == '[')
            return true;
    return false;
}

static void file_add(struct raw *r, struct raw_file file, struct text shown)
{
    uint16_t index;
    if (r->files_len >= MANIFEST_INCLUDES_MAX) {
        raw_fail(r, ERR_LIMIT, "more than 1024 files");
        return;
    }
    struct raw_file *files = raw_grown(r, r->files, r->files_len, &r->files_cap, sizeof *files);
    if (!files)
        return;
    r->files = files;
    if (file.path.at && fleet_file(r->fleet, shown, &index))
        r->files[r->files_len++] = file;
    else
        raw_fail(r, ERR_NOMEM, "no memory for the names of files");
}

void include_root(struct raw *r, struct text path, struct text shown)
{
    struct raw_file file = {.kind = FILE_YAML,
                            .path = arena_text(&r->arena, path),
                            .is_stdin = text_eq(shown, TEXT("-"))};
    file_add(r, file, shown);
}

/* A file below the root folder, shown with the user's path to the root in front. */
static void file_add_nested(struct raw *r, struct raw_file file, struct text path)
{
    struct text shown = r->fleet->files[file.parent];
    size_t before = shown.len - r->files[file.parent].path.len;
    file.is_folder = file.kind == FILE_ROWS && folder_is_at(r, path);
    if (file.is_folder)
        path = arena_fmt(&r->arena, TEXT_FMT "/manifest.json", TEXT_ARG(path));
    file.path = arena_text(&r->arena, path);
    file_add(r, file,
             arena_fmt(&r->arena, TEXT_FMT TEXT_FMT, (int)before, shown.at, TEXT_ARG(path)));
}

struct search {
    struct raw *raw;
    const char *pattern_at; /* parts of the path before here are literal, even with wildcards */
    struct text *found;     /* in raw.arena */
    uint32_t len, cap, looked_at;
    bool is_too_wide;
};

static void search_below(struct search *s, int dir, struct text done, struct text pattern);

/* name matched one part of the pattern; rest has the parts after, or at == NULL. */
static void search_step(struct search *s, struct text done, const char *name, struct text rest)
{
    struct text path = done.len ? arena_fmt(&s->raw->arena, TEXT_FMT "/%s", TEXT_ARG(done), name)
                                : arena_text(&s->raw->arena, text_of(name));
    if (!path.at) {
        raw_fail(s->raw, ERR_NOMEM, "no memory for the names of files");
    } else if (!rest.at) {
        struct text *found = raw_grown(s->raw, s->found, s->len, &s->cap, sizeof *found);
        if (found) {
            s->found = found;
            found[s->len] = arena_text(&s->raw->arena, path);
            if (found[s->len].at)
                s->len++;
            else
                raw_fail(s->raw, ERR_NOMEM, "no memory for the names of files");
        }
    } else {
        int below = below_open(s->raw->folder, path, O_DIRECTORY);
        if (below >= 0)
            search_below(s, below, path, rest);
    }
}

/* Takes dir over and closes dir. */
static void search_below(struct search *s, int dir, struct text done, struct text pattern)
{
    char part[256];
    struct text rest = pattern, first = text_cut(&rest, '/');
    memcpy(part, first.at, first.len); /* path_fault() has bounded the length */
    part[first.len] = '\0';
    if (first.at < s->pattern_at || !is_pattern(first)) {
        search_step(s, done, part, rest);
        close(dir);
        return;
    }
    DIR *listing = fdopendir(dir);
    if (!listing) {
        close(dir);
        return;
    }
    for (struct dirent *e = readdir(listing); e && s->raw->err == OK; e = readdir(listing)) {
        s->is_too_wide |= ++s->looked_at > MANIFEST_PATTERN_MAX || s->len > MANIFEST_INCLUDES_MAX;
        if (s->is_too_wide)
            break;
        if (fnmatch(part, e->d_name, FNM_PERIOD) == 0)
            search_step(s, done, e->d_name, rest);
    }
    closedir(listing);
}

static int by_bytes(const void *a, const void *b)
{
    return text_cmp(*(const struct text *)a, *(const struct text *)b);
}

static void pattern_add(struct raw *r, struct raw_file file, struct text path, struct text pattern)
{
    char q[QUOTE_LEN];
    struct search s = {.raw = r, .pattern_at = path.at + path.len - pattern.len};
    /* Not dup(): copies of a descriptor share the position of a listing. */
    int fresh = openat(r->folder, ".", O_RDONLY | O_CLOEXEC | O_DIRECTORY);
    if (fresh < 0)
        raw_fail(r, ERR_IO, "the folder of a manifest cannot be opened again");
    else
        search_below(&s, fresh, TEXT_NONE, path);
    if (s.is_too_wide)
        complain(r, file.from, "%s looks at more than %d files: name a folder further down",
                 quote(pattern, q), MANIFEST_PATTERN_MAX);
    else if (s.len == 0 && r->err == OK)
        complain(r, file.from, "%s matches no file, expected one at least below this file's folder",
                 quote(pattern, q));
    else if (s.len > 0)
        qsort(s.found, s.len, sizeof *s.found, by_bytes);
    for (uint32_t i = 0; i < s.len && !s.is_too_wide; i++)
        file_add_nested(r, file, s.found[i]);
    free(s.found);
}

/* A descriptor's name in /dev or /proc may lead to a file, but the shell opened that one. */
static bool has_no_folder(const struct raw *r, uint16_t parent)
{
    struct text shown = r->fleet->files[parent];
    return r->files[parent].is_stream || r->files[parent].is_stdin ||
           text_starts(shown, TEXT("/dev/")) || text_starts(shown, TEXT("/proc/"));
}

void include_add(struct raw *r, uint16_t parent, enum file_kind kind, struct text pattern,
                 struct source_place at)
{
    char q[QUOTE_LEN];
    while (text_starts(pattern, TEXT("./")))
        pattern = text_from(pattern, 2);
    if (kind == FILE_ROWS && pattern.len > 1 && text_ends(pattern, TEXT("/")))
        pattern.len--; /* of a folder */
    const char *fault = path_fault(pattern);
    if (has_no_folder(r, parent))
        fault = "cannot be found from a manifest that comes through a pipe or from standard input, "
                "which has no folder: keep the manifest in a file beside it";
    struct text above = r->files[parent].path;
    above.len = text_rfind(above, '/') == above.len ? 0 : text_rfind(above, '/') + 1;
    if (!fault && above.len + pattern.len > BELOW_LEN_MAX)
        fault = "is longer than 1024 bytes below the first manifest's folder";
    if (fault) {
        complain(r, at, "the path %s %s", quote(pattern, q), fault);
        return;
    }
    struct text path = arena_fmt(&r->arena, TEXT_FMT TEXT_FMT, TEXT_ARG(above), TEXT_ARG(pattern));
    struct raw_file file = {.kind = kind, .nested = true, .parent = parent, .from = at};
    if (!path.at)
        raw_fail(r, ERR_NOMEM, "no memory for the names of files");
    else if (is_pattern(pattern))
        pattern_add(r, file, path, pattern);
    else
        file_add_nested(r, file, path);
}
