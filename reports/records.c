/*
 * From a list of record sets to files: chooses the format, and one file or one for each zone.
 */
#include "records.h"

#include "base/bounds.h"
#include "base/count.h"
#include "deliver.h"
#include "records_index.h"
#include "records_internal.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

static const struct records_format *const formats[] = {
    &records_bind,    &records_nsupdate,   &records_route53, &records_terraform,
    &records_octodns, &records_dnscontrol, &records_csv,     &records_json,
};

#define FORMATS_LEN (COUNT(formats))

const char *records_format_name(size_t i)
{
    return i < FORMATS_LEN ? formats[i]->name : NULL;
}

static const struct records_format *format_find(struct text name)
{
    for (size_t i = 0; i < FORMATS_LEN; i++)
        if (text_eq(name, text_of(formats[i]->name)))
            return formats[i];
    return NULL;
}

bool records_format_known(struct text format)
{
    return format_find(format) != NULL;
}

/* ---- for the writers ---- */

void records_count(struct records_out *o, const struct records_set *set)
{
    o->in_file++;
    o->sum->sets += set->action != RECORDS_BLOCKED;
}

void records_leave_out(struct records_out *o, const struct records_set *set)
{
    if (o->sum->left_out++ == 0)
        o->sum->left_out_name = set->name;
}

size_t records_each(struct records_out *o, size_t from, size_t to, records_set_add *set_add)
{
    for (; from < to && sink_turn(o->sink); from++) {
        struct records_set set;
        o->list->at(o->list->ctx, from, &set);
        if (set_add(o, &set))
            records_count(o, &set);
        else
            records_leave_out(o, &set);
    }
    return to;
}

/* ---- zones ---- */

static struct text run_take(struct text *t, bool digits)
{
    size_t len = 0;
    while (len < t->len && char_is_digit(t->at[len]) == digits)
        len++;
    struct text run = text_slice(*t, 0, len);
    *t = text_from(*t, len);
    return run;
}

static int number_cmp(struct text a, struct text b)
{
    while (a.len && a.at[0] == '0')
        a = text_from(a, 1);
    while (b.len && b.at[0] == '0')
        b = text_from(b, 1);
    return a.len != b.len ? (a.len < b.len ? -1 : 1) : text_cmp(a, b);
}

int records_name_cmp(struct text a, struct text b)
{
    struct text rest_a = a, rest_b = b;
    int order = 0;
    for (bool digits = false; order == 0 && rest_a.len && rest_b.len; digits = !digits) {
        struct text run_a = run_take(&rest_a, digits), run_b = run_take(&rest_b, digits);
        order = digits ? number_cmp(run_a, run_b) : text_cmp(run_a, run_b);
    }
    if (order == 0 && (rest_a.len == 0) != (rest_b.len == 0))
        order = rest_a.len == 0 ? -1 : 1;
    return order ? order : text_cmp(a, b);
}

/* The index after the last set of the zone that begins at from. *has_change: some set needs a
   change. */
static size_t zone_end(const struct records_list *list, size_t from, struct text *zone,
                       bool *has_change)
{
    struct records_set set;
    size_t at = from;
    *has_change = false;
    for (; at < list->len; at++) {
        list->at(list->ctx, at, &set);
        if (at == from)
            *zone = set.zone;
        else if (!text_eq(set.zone, *zone))
            break;
        *has_change |= set.action == RECORDS_ADD || set.action == RECORDS_REPLACE;
    }
    return at;
}

/* ---- files ---- */

struct file {
    const struct records_format *format;
    struct records_out out;
    struct records_index *index; /* NULL: the folder keeps none */
    size_t from, to; /* of one zone's file; from moves on to the first set of the next file */
};

static void file_begin(struct file *f, struct sink *sink)
{
    f->out.sink = sink;
    f->out.in_file = 0;
    if (f->format->begin)
        f->format->begin(&f->out);
}

static void file_end(struct file *f)
{
    if (f->format->end)
        f->format->end(&f->out);
    f->out.sum->files++;
}

static enum err zone_file_write(void *ctx, struct sink *sink, struct why *why)
{
    struct file *f = ctx;
    (void)why;
    file_begin(f, sink);
    f->from = f->format->zone(&f->out, f->from, f->to);
    file_end(f);
    return OK;
}

static enum err whole_write(void *ctx, struct sink *sink, struct why *why)
{
    struct file *f = ctx;
    const struct records_list *list = f->out.list;
    (void)why;
    file_begin(f, sink);
    for (size_t from = 0; from < list->len && sink_turn(sink);) {
        struct text zone;
        bool has_change;
        size_t to = zone_end(list, from, &zone, &has_change);
        f->out.sum->zones++;
        while (from < to && sink_turn(sink))
            from = f->format->zone(&f->out, from, to);
    }
    file_end(f);
    return OK;
}

/* "FOLDER/example.com.zone", then "FOLDER/example.com.2.json" for sets beyond the room of one
   file. */
static enum err zone_path(const struct file *f, const char *folder, struct text zone, unsigned part,
                          char path[PATH_LEN_MAX], struct why *why)
{
    const struct records_style *style = f->out.style;
    const char *slash = folder[strlen(folder) - 1] == '/' ? "" : "/";
    char number[16] = "";
    if (part > 1)
        snprintf(number, sizeof number, ".%u", part);
    int len = snprintf(path, PATH_LEN_MAX, "%s%s" TEXT_FMT "%s%s", folder, slash, TEXT_ARG(zone),
                       number, f->format->extension);
    if (len < 0 || (size_t)len >= PATH_LEN_MAX)
        return why_set(why, ERR_INPUT, "%s: %s", folder, strerror(ENAMETOOLONG));
    enum err err = style->vet ? style->vet(style->vet_ctx, path, why) : OK;
    if (err == OK && f->index)
        err = records_index_vet(f->index, path, style->force, why);
    return err == OK ? OK : why_wrap(why, err, "%s", path);
}

static enum err zone_files_write(struct file *f, const char *folder, struct text zone,
                                 struct why *why)
{
    for (unsigned part = 1; f->from < f->to; part++) {
        char path[PATH_LEN_MAX];
        enum err err = zone_path(f, folder, zone, part, path, why);
        if (err != OK)
            return err;
        uint64_t sets = f->out.sum->sets;
        err = deliver_into(path, zone_file_write, f, why);
        if (err == OK && f->index)
            err = records_index_note(f->index, path, f->out.sum->sets - sets, why);
        if (err != OK)
            return why_wrap(why, err, "%s", path);
    }
    return OK;
}

/* The first file of each zone; the number of further files is known after writing. */
static enum err zone_paths_vet(struct file *f, const char *folder, struct why *why)
{
    const struct records_list *list = f->out.list;
    enum err err = OK;
    for (size_t to, from = 0; err == OK && from < list->len; from = to) {
        struct text zone;
        bool has_change;
        char path[PATH_LEN_MAX];
        to = zone_end(list, from, &zone, &has_change);
        if (has_change || !f->format->changes)
            err = zone_path(f, folder, zone, 1, path, why);
    }
    return err;
}

/* "example.com.zone", "example.com.2.zone" */
static bool file_is_of_zone(struct text file, struct text zone, struct text extension)
{
    uint64_t number;
    if (!text_starts(file, zone) || !text_ends(file, extension) ||
        file.len < zone.len + extension.len)
        return false;
    struct text part = text_slice(file, zone.len, file.len - extension.len);
    return part.len == 0 || (part.at[0] == '.' && text_to_u64(text_from(part, 1), &number));
}

/* A zone of the list whose file was not written has sets for a person to decide. */
static bool file_is_stuck(const void *ctx, struct text name)
{
    const struct file *f = ctx;
    const struct records_list *list = f->out.list;
    bool found = false;
    for (size_t to, from = 0; !found && from < list->len; from = to) {
        struct text zone;
        bool has_change;
        to = zone_end(list, from, &zone, &has_change);
        found = file_is_of_zone(name, zone, text_of(f->format->extension)) && !has_change;
    }
    return found;
}

static enum err zones_write(struct file *f, const char *folder, struct why *why)
{
    const struct records_list *list = f->out.list;
    enum err err = zone_paths_vet(f, folder, why);
    if (err != OK)
        return err;
    if (mkdir(folder, 0777) != 0 && errno != EEXIST)
        return why_set(why, ERR_IO, "%s: %s", folder, strerror(errno));
    for (size_t from = 0; err == OK && from < list->len; from = f->to) {
        struct text zone;
        bool has_change;
        f->from = from;
        f->to = zone_end(list, from, &zone, &has_change);
        f->out.sum->zones++;
        if (has_change || !f->format->changes)
            err = zone_files_write(f, folder, zone, why);
    }
    return err;
}

static enum err indexed_write(struct file *f, const char *folder, struct why *why)
{
    struct records_index index;
    uint32_t by_news[RECORDS_NEWS];
    struct records_sum *sum = f->out.sum;
    const struct records_style *style = f->out.style;
    enum err err = records_index_open(&index, folder, style->now, why);
    index.is_part = style->is_part;
    f->index = &index;
    if (err == OK)
        err = zones_write(f, folder, why);
    if (err == OK)
        err = records_index_close(&index, f->format->extension, file_is_stuck, f, why);
    records_index_count(&index, by_news);
    sum->fresh = by_news[RECORDS_NEW];
    sum->changed = by_news[RECORDS_CHANGED];
    sum->done = by_news[RECORDS_SETTLED];
    records_index_clear(&index);
    f->index = NULL;
    return err;
}

static enum err folder_write(struct file *f, const char *folder, struct why *why)
{
    enum err err = f->out.style->now ? indexed_write(f, folder, why) : zones_write(f, folder, why);
    if (err == OK && deliver_settle(folder, why) != OK)
        return why_wrap(why, ERR_IO, "%s", folder);
    return err;
}

bool records_path_is_folder(const char *path)
{
    struct stat st;
    size_t len = strlen(path);
    return (len && path[len - 1] == '/') || (stat(path, &st) == 0 && S_ISDIR(st.st_mode));
}

enum err records_folder_prove(const char *path, struct why *why)
{
    char probe[PATH_LEN_MAX], above[PATH_LEN_MAX];
    struct stat st;
    bool is_there = stat(path, &st) == 0;
    size_t len = strlen(path);
    while (!is_there && len > 1 && path[len - 1] == '/')
        len--;
    if (is_there && !S_ISDIR(st.st_mode))
        return why_set(why, ERR_INPUT, "%s", strerror(ENOTDIR));
    int above_len = snprintf(above, sizeof above, "%.*s", (int)len, path);
    int probe_len = snprintf(probe, sizeof probe, is_there ? "%s/records" : "%s", above);
    if (above_len < 0 || (size_t)above_len >= sizeof above || (size_t)probe_len >= sizeof probe)
        return why_set(why, ERR_INPUT, "%s", strerror(ENAMETOOLONG));
    return deliver_prove(probe, why);
}

enum err records_write(struct text format, const char *path, const struct records_list *list,
                       const struct records_style *style, struct records_sum *sum, struct why *why)
{
    struct file f = {.format = format_find(format),
                     .out = {.list = list, .style = style, .sum = sum}};
    *sum = (struct records_sum){0};
    if (!f.format)
        return why_set(why, ERR_INPUT, "unknown format \"" TEXT_FMT "\" of DNS records",
                       TEXT_ARG(format));
    if (records_path_is_folder(path))
        return folder_write(&f, path, why);
    enum err err = deliver(path, whole_write, &f, why);
    return err == OK ? OK : why_wrap(why, err, "%s", strcmp(path, "-") ? path : "standard output");
}
