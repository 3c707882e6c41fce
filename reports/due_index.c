/* The index is made by ages, so it does not depend on the folder that it replaces. A file of
 * somebody else keeps a folder from being made anew. */
#include "due_index.h"

#include "base/bounds.h"
#include "base/count.h"
#include "base/escape.h"
#include "deliver.h"
#include "records_index.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define A_DAY SPAN_H(24)
#define TITLE "# mailfrom due:"

static const char *const names[DUE_NEWS] = {"new", "changed", "open", "done", "stuck"};

void due_index_init(struct due_index *x)
{
    *x = (struct due_index){.list = NULL};
    arena_init(&x->arena, SIZE_MAX);
}

void due_index_clear(struct due_index *x)
{
    arena_clear(&x->arena);
}

static void add(struct due_index *x, struct due_indexed line)
{
    if (x->len == x->cap) {
        struct due_indexed *more = arena_grow(&x->arena, x->list, sizeof *more, x->len, &x->cap);
        x->no_memory |= !more;
        if (!more)
            return;
        x->list = more;
    }
    x->no_memory |= !line.file.at;
    x->list[x->len] = line;
    x->len += line.file.at != NULL;
}

/* ---- what became of a zone ---- */

static enum due_news news_of(const struct due_list *list, const struct due_indexed *zone,
                             uint32_t open, uint32_t blocked)
{
    instant_us yesterday = list->now - A_DAY;
    if (open == 0)
        return DUE_DONE;
    if (open == blocked)
        return DUE_STUCK;
    if (!zone->since || zone->since > yesterday)
        return DUE_NEW;
    return zone->changed > yesterday ? DUE_CHANGED : DUE_OPEN;
}

void due_index_zone(struct due_index *x, const struct due_list *list,
                    const struct due_zone *const *zones, uint32_t len, const char *slug,
                    const struct text *files, uint32_t files_len)
{
    struct due_indexed line = {.is_file = files_len > 0};
    uint32_t open = 0, blocked = 0, all = 0;
    for (uint32_t z = 0; z < len; z++) {
        const struct due_zone *zone = zones[z];
        open += due_open(zone);
        blocked += zone->counts[DUE_BLOCKED];
        all += zone->len;
        if (zone->since && (!line.since || zone->since < line.since))
            line.since = zone->since;
        line.changed = when_later(line.changed, zone->changed);
    }
    enum due_news news = news_of(list, &line, open, blocked);
    line.state = names[news];
    line.sets = news == DUE_DONE ? all : open;
    x->by_news[news]++;
    for (uint32_t i = 0; i < files_len; i++) {
        line.file = arena_fmt(&x->arena, "%s/" TEXT_FMT, slug, TEXT_ARG(files[i]));
        add(x, line);
    }
    if (files_len)
        return;
    line.file = arena_fmt(&x->arena, "%s " TEXT_FMT, slug, TEXT_ARG(zones[0]->zone));
    add(x, line);
}

void due_index_message(struct due_index *x, const char *slug, uint32_t sets, instant_us since)
{
    add(x, (struct due_indexed){.state = "message",
                                .sets = sets,
                                .since = since,
                                .file = arena_fmt(&x->arena, "%s/message.txt", slug),
                                .is_file = true});
}

/* ---- to be written ---- */

struct index_writing {
    const struct due_index *index;
    const struct due_list *list;
};

static enum err index_write(void *ctx, struct sink *out, struct why *why)
{
    const struct index_writing *w = ctx;
    const uint32_t *by_news = w->index->by_news;
    char when[WHEN_LEN], changed[WHEN_LEN];
    (void)why;
    buf_add_fmt(&out->buf,
                TITLE " DNS records that are to be published, a folder for each owner. The whole "
                      "folder is made anew\n# by the next mailfrom due --out; a file that is not "
                      "named here keeps it from that. Made %s\n",
                when_format(w->list->now, when));
    if (w->list->since)
        buf_add_fmt(&out->buf, "# only what has changed since %s is in it\n",
                    when_format(w->list->since, when));
    buf_add_fmt(&out->buf,
                "# since %s: %u new, %u changed; %u done since the last look; %u for a person to "
                "decide\n",
                when_format(w->list->now - A_DAY, when), by_news[DUE_NEW], by_news[DUE_CHANGED],
                by_news[DUE_DONE], by_news[DUE_STUCK]);
    buf_add_str(&out->buf,
                "# state  record sets  asked for since       changed               file\n");
    for (uint32_t i = 0; i < w->index->len && sink_turn(out); i++) {
        const struct due_indexed *e = &w->index->list[i];
        buf_add_fmt(&out->buf, "%-8s %11u  %-20s  %-20s  ", e->state, e->sets,
                    e->since ? when_format(e->since, when) : "-",
                    e->changed ? when_format(e->changed, changed) : "-");
        escape_terminal(&out->buf, e->file);
        buf_add_char(&out->buf, '\n');
    }
    return OK;
}

/* To be freed; NULL: out of memory. Paths are large for a small stack. */
static char *path_of(const char *folder, struct text file)
{
    char *path;
    return asprintf(&path, "%s/" TEXT_FMT, folder, TEXT_ARG(file)) < 0 ? NULL : path;
}

static enum err no_memory(struct why *why)
{
    return why_set(why, ERR_NOMEM, "out of memory");
}

enum err due_index_write(const struct due_index *x, const char *folder, const struct due_list *list,
                         struct why *why)
{
    struct index_writing w = {x, list};
    char *path = x->no_memory ? NULL : path_of(folder, TEXT(RECORDS_INDEX_FILE));
    enum err err = path ? deliver_into(path, index_write, &w, why) : no_memory(why);
    free(path);
    return err;
}

/* ---- of a folder that is there ---- */

/* "owner/file": below the folder, and no other way. */
static bool is_path(struct text t)
{
    size_t slash = text_find(t, '/');
    struct text file = text_from(t, slash < t.len ? slash + 1 : t.len);
    return slash > 0 && file.len && t.at[0] != '.' && file.at[0] != '.' &&
           text_find(file, '/') == file.len && text_is_visible(t);
}

static void line_take(struct due_index *x, struct text line)
{
    struct text file = text_from(line, text_rfind(line, ' ') + 1);
    if (line.len && line.at[0] != '#' && is_path(file))
        add(x, (struct due_indexed){.file = arena_text(&x->arena, file), .is_file = true});
}

static int file_cmp(const void *a, const void *b)
{
    return text_cmp(((const struct due_indexed *)a)->file, ((const struct due_indexed *)b)->file);
}

static enum err lines_read(struct due_index *x, const char *folder, struct why *why)
{
    char *path = path_of(folder, TEXT(RECORDS_INDEX_FILE)), *line = NULL;
    size_t room = 0;
    ssize_t len;
    if (!path)
        return no_memory(why);
    FILE *file = fopen(path, "re");
    free(path);
    for (bool first = true; file && (len = getline(&line, &room, file)) > 0; first = false) {
        struct text t = text_trim((struct text){line, (size_t)len - (line[len - 1] == '\n')});
        if (first && !(x->is_there = text_starts(t, TEXT(TITLE))))
            break;
        line_take(x, t);
    }
    free(line);
    if (file)
        fclose(file);
    if (x->len)
        qsort(x->list, x->len, sizeof *x->list, file_cmp);
    return x->no_memory ? no_memory(why) : OK;
}

static bool is_named(const struct due_index *x, struct text file)
{
    const struct due_indexed key = {.file = file};
    return x->len && bsearch(&key, x->list, x->len, sizeof key, file_cmp);
}

static bool is_dots(const char *name)
{
    return strcmp(name, ".") == 0 || strcmp(name, "..") == 0;
}

static enum err stranger(const char *name, struct why *why)
{
    return why_set(why, ERR_INPUT,
                   "has a file that its " RECORDS_INDEX_FILE
                   " does not name, %s: move it away, or name a new folder",
                   name);
}

/* The files of one owner's folder; a folder in it is nobody's of ours. */
static enum err owner_vet(const struct due_index *x, const char *folder, const char *owner,
                          struct why *why)
{
    char *path = path_of(folder, text_of(owner));
    enum err err = path ? OK : no_memory(why);
    DIR *dir = path ? opendir(path) : NULL;
    for (struct dirent *e; err == OK && dir && (e = readdir(dir)) != NULL;) {
        char file[2 * NAME_MAX + 2];
        snprintf(file, sizeof file, "%s/%s", owner, e->d_name);
        if (!is_dots(e->d_name) && !is_named(x, text_of(file)))
            err = stranger(file, why);
    }
    if (err == OK && !dir)
        err = stranger(owner, why);
    if (dir)
        closedir(dir);
    free(path);
    return err;
}

enum err due_index_read(struct due_index *x, const char *folder, struct why *why)
{
    enum err err = lines_read(x, folder, why);
    if (err == OK && !x->is_there)
        return why_set(why, ERR_INPUT,
                       "has files in it, and no " RECORDS_INDEX_FILE
                       " of mailfrom due: name a new folder, such as due/2026-05-20");
    DIR *dir = err == OK ? opendir(folder) : NULL;
    for (struct dirent *e; err == OK && dir && (e = readdir(dir)) != NULL;)
        if (!is_dots(e->d_name) && strcmp(e->d_name, RECORDS_INDEX_FILE) != 0)
            err = owner_vet(x, folder, e->d_name, why);
    if (dir)
        closedir(dir);
    return err;
}

enum err due_index_remove(const struct due_index *x, const char *folder, struct why *why)
{
    enum err err = OK;
    for (uint32_t i = 0; err == OK && i < x->len; i++) {
        struct text file = x->list[i].file;
        struct text owner = text_slice(file, 0, text_find(file, '/'));
        char *path = path_of(folder, file), *above = path_of(folder, owner);
        if (!path || !above)
            err = no_memory(why);
        else
            unlink(path);
        if (err == OK)
            rmdir(above); /* with its last file */
        free(path);
        free(above);
    }
    char *index = err == OK ? path_of(folder, TEXT(RECORDS_INDEX_FILE)) : NULL;
    if (index)
        unlink(index);
    free(index);
    if (err == OK && rmdir(folder) != 0)
        err = why_set(why, ERR_IO, "%s, which holds what was there before: %s", folder,
                      strerror(errno));
    return err;
}
