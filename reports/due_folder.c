/*
 * A folder to be sent around: for each recipient a message and the files of the zones. Recipients
 * are texts of other people, so no name of a file and no line of a header has one of their
 * characters raw.
 */
#include "base/bounds.h"
#include "base/escape.h"
#include "base/plural.h"
#include "base/siphash.h"
#include "deliver.h"
#include "due_index.h"
#include "due_internal.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define SLUG_LEN      64 /* of a recipient's folder, without its digest */
#define SLUG_ROOM     (SLUG_LEN + 24)
#define ITEMS_TOLD    50 /* of a zone in a message; its file has all */
#define NOBODY_FOLDER "nobody"

/* The zones of one recipient: neighbours in a list sorted by recipient. */
struct parcel {
    const struct due_list *list;
    const struct due_style *style;
    struct text recipient; /* empty: nobody is known */
    const struct due_zone *const *zones;
    uint32_t zones_len;
    uint32_t counts[DUE_STATES];
    instant_us deadline;
    instant_us since;     /* the oldest of what is due; 0: not known */
    const uint32_t *sets; /* of the zone whose file is being written */
    struct due_index *index;
    struct text *files; /* of that zone, in index->arena */
    uint32_t files_len, files_cap;
};

/* ---- names of folders ---- */

static bool is_plain(char c)
{
    return char_is_digit(c) || (c >= 'a' && c <= 'z') || (c && strchr("@._+-", c));
}

/* Lower case, since some disks know no other; a recipient whose name had to change has a digest of
 * it, so that no two recipients share a folder. */
static void slug_make(struct text recipient, char out[SLUG_ROOM])
{
    static const struct siphash_key key = {{0}};
    size_t len = 0;
    bool is_same = recipient.len <= SLUG_LEN && recipient.at[0] != '.' &&
                   !text_eq(recipient, TEXT(NOBODY_FOLDER));
    for (; len < recipient.len && len < SLUG_LEN; len++) {
        char c = char_lower(recipient.at[len]);
        bool is_first_dot = len == 0 && (c == '.' || c == '-');
        out[len] = is_plain(c) && !is_first_dot ? c : '_';
        is_same &= out[len] == recipient.at[len];
    }
    out[len] = '\0';
    if (!is_same)
        snprintf(out + len, SLUG_ROOM - len, "-%016llx",
                 (unsigned long long)siphash(key, recipient.at, recipient.len));
}

/* ---- the message ---- */

static bool is_address(struct text t)
{
    size_t at = text_find(t, '@');
    if (at == 0 || at + 1 >= t.len || text_rfind(t, '@') != at)
        return false;
    for (size_t i = 0; i < t.len; i++)
        if (!char_is_alnum(t.at[i]) && (!t.at[i] || !strchr("!#$%&'*+-/=?^_`{|}~.@", t.at[i])))
            return false;
    return true;
}

static void subject_add(struct buf *out, const struct parcel *p)
{
    char when[WHEN_LEN];
    uint32_t due = p->counts[DUE_BLOCKED] + p->counts[DUE_WRONG] + p->counts[DUE_MISSING];
    buf_add_fmt(out, "Subject: %u DNS %s to publish in ", due, plural(due, "record", "records"));
    if (p->zones_len == 1)
        escape_terminal(out, p->zones[0]->zone);
    else
        buf_add_fmt(out, "%u zones", p->zones_len);
    if (p->deadline != WHEN_NEVER)
        buf_add_fmt(out, ", until %s", when_format(p->deadline, when));
    buf_add_char(out, '\n');
}

static struct text zone_format(const struct due_zone *zone, const struct due_style *style)
{
    struct text wished = style->format.len ? style->format : zone->format;
    return wished.len ? wished : text_of(records_format_name(0));
}

static void zone_told(struct sink *sink, const struct parcel *p, const struct due_zone *zone)
{
    struct buf *out = &sink->buf;
    buf_add_str(out, "\nZone ");
    escape_terminal(out, zone->zone);
    buf_add_str(out, ": ");
    due_counts_add(out, zone->counts);
    buf_add_str(out, zone->since || zone->deadline != WHEN_NEVER ? "; " : "");
    due_times_add(out, p->list, zone);
    buf_add_char(out, '\n');
    if (zone->hosts.len) {
        buf_add_str(out, "Name servers: ");
        escape_terminal(out, zone->hosts);
        buf_add_char(out, '\n');
    }
    uint32_t due = due_open(zone), told = due < ITEMS_TOLD ? due : ITEMS_TOLD;
    for (uint32_t i = 0; i < told && sink_turn(sink); i++) {
        const struct due_item *item = &p->list->items[zone->first + i];
        struct records_set set;
        due_set(p->list, item, &set);
        buf_add_fmt(out, "  %s %s ", due_state_name(item->state), records_type_name(set.type));
        escape_terminal(out, set.name);
        buf_add_str(out, item->state == DUE_BLOCKED ? ": " : " ");
        due_value_add(out, item, &set);
        buf_add_char(out, '\n');
    }
    if (told < due)
        buf_add_fmt(out, "  ... and %u more in the file\n", due - told);
}

static enum err message_write(void *ctx, struct sink *sink, struct why *why)
{
    const struct parcel *p = ctx;
    struct buf *out = &sink->buf;
    char when[WHEN_LEN];
    (void)why;
    if (is_address(p->recipient))
        buf_add_fmt(out, "To: " TEXT_FMT "\n", TEXT_ARG(p->recipient));
    subject_add(out, p);
    buf_add_str(out, "MIME-Version: 1.0\nContent-Type: text/plain; charset=utf-8\n"
                     "Content-Transfer-Encoding: 8bit\n\n");
    if (!p->recipient.len) {
        buf_add_str(out, "No owner is named for these zones, and no SOA contact is known.\n\n");
    } else if (!is_address(p->recipient)) {
        buf_add_str(out, "For ");
        escape_terminal(out, p->recipient);
        buf_add_str(out, ".\n\n");
    }
    buf_add_str(out,
                "Amazon SES sends mail with custom MAIL FROM domains, and each of them needs an MX "
                "record and an SPF record (TXT). The records below are not in DNS yet; the files "
                "beside this message have them, one file for each zone.\n");
    if (p->deadline != WHEN_NEVER)
        buf_add_fmt(out, "Please publish them before %s.\n", when_format(p->deadline, when));
    if (p->counts[DUE_BLOCKED])
        buf_add_str(out, "What is blocked is in no file: a person has to decide it first, for the "
                         "reason that is given.\n");
    if (p->list->since)
        buf_add_fmt(out, "Only what has changed since %s is listed.\n",
                    when_format(p->list->since, when));
    for (uint32_t i = 0; i < p->zones_len; i++)
        if (due_open(p->zones[i]))
            zone_told(sink, p, p->zones[i]);
    if (p->counts[DUE_PUBLISHED])
        buf_add_fmt(out, "\n%u %s been published since %s. Thank you.\n", p->counts[DUE_PUBLISHED],
                    plural(p->counts[DUE_PUBLISHED], "record has", "records have"),
                    when_format(p->list->since ? p->list->since : p->list->last_look, when));
    buf_add_fmt(out, "\nDNS was asked at %s.\n", when_format(p->list->now, when));
    return OK;
}

/* ---- files ---- */

/* To be freed; NULL: out of memory. Paths are large for a small stack. */
static char *path_join(const char *folder, const char *name)
{
    char *path;
    return asprintf(&path, "%s/%s", folder, name) < 0 ? NULL : path;
}

static void set_at(void *ctx, size_t i, struct records_set *set)
{
    const struct parcel *p = ctx;
    p->list->sets.at(p->list->sets.ctx, p->sets[i], set);
}

static int set_cmp(const void *a, const void *b)
{
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    return x < y ? -1 : x > y;
}

/* A path is asked about before the first file of a zone is written, and again when it is. */
static enum err file_note(void *ctx, const char *path, struct why *why)
{
    struct parcel *p = ctx;
    struct text name = text_of(strrchr(path, '/') + 1);
    struct arena *arena = &p->index->arena;
    if (p->files_len && text_eq(p->files[p->files_len - 1], name))
        return OK;
    struct text *more = p->files;
    if (p->files_len == p->files_cap)
        more = arena_grow(arena, p->files, sizeof *more, p->files_len, &p->files_cap);
    struct text kept = arena_text(arena, name);
    if (!more || !kept.at)
        return why_set(why, ERR_NOMEM, "out of memory");
    p->files = more;
    p->files[p->files_len++] = kept;
    return OK;
}

/* The zone from `first` on; a zone of two accounts, or of an owner who is the contact too, is one
 * file. *next: the first of another zone. */
static enum err zone_files(struct parcel *p, uint32_t first, uint32_t *next, const char *folder,
                           const char *slug, struct due_sum *sum, struct why *why)
{
    uint32_t len = 0, room = 1;
    struct records_style style = {.ttl_s = p->style->ttl_s,
                                  .server = p->style->server,
                                  .csv = p->style->csv,
                                  .vet = file_note,
                                  .vet_ctx = p};
    struct records_sum written;
    for (*next = first; *next < p->zones_len; ++*next) {
        if (!text_eq(p->zones[*next]->zone, p->zones[first]->zone))
            break;
        room += due_open(p->zones[*next]);
    }
    uint32_t *sets = calloc(room, sizeof *sets);
    if (!sets)
        return why_set(why, ERR_NOMEM, "out of memory");
    for (uint32_t z = first; z < *next; z++)
        for (uint32_t i = 0; i < due_open(p->zones[z]); i++)
            sets[len++] = p->list->items[p->zones[z]->first + i].set;
    qsort(sets, len, sizeof *sets, set_cmp);
    p->sets = sets;
    p->files_len = 0;
    const struct records_list list = {.ctx = p, .len = len, .at = set_at};
    enum err err = len ? records_write(zone_format(p->zones[first], p->style), folder, &list,
                                       &style, &written, why)
                       : OK;
    free(sets);
    if (err == OK && len) {
        sum->files += (uint32_t)written.files;
        sum->left_out += written.left_out;
    }
    if (err == OK)
        due_index_zone(p->index, p->list, p->zones + first, *next - first, slug, p->files,
                       p->files_len);
    return err;
}

static enum err parcel_write(struct parcel *p, const char *folder, struct due_sum *sum,
                             struct why *why)
{
    char slug[SLUG_ROOM] = NOBODY_FOLDER;
    if (p->recipient.len)
        slug_make(p->recipient, slug);
    char *own = path_join(folder, slug), *message = own ? path_join(own, "message.txt") : NULL;
    enum err err = message ? OK : why_set(why, ERR_NOMEM, "out of memory");
    if (err == OK && mkdir(own, 0777) != 0)
        err = why_set(why, ERR_IO, "%s: %s", own, strerror(errno));
    for (uint32_t i = 0; err == OK && i < p->zones_len;)
        err = zone_files(p, i, &i, own, slug, sum, why);
    if (err == OK && deliver_into(message, message_write, p, why) != OK)
        err = why_wrap(why, ERR_IO, "%s", message);
    if (err == OK && deliver_settle(own, why) != OK)
        err = why_wrap(why, ERR_IO, "%s", own);
    if (err == OK)
        due_index_message(p->index, slug,
                          p->counts[DUE_BLOCKED] + p->counts[DUE_WRONG] + p->counts[DUE_MISSING],
                          p->since);
    free(message);
    free(own);
    sum->messages += p->recipient.len > 0;
    sum->nobody += p->recipient.len ? 0 : p->zones_len;
    return err;
}

/* ---- recipients ---- */

static int recipient_cmp(const void *left, const void *right)
{
    const struct due_zone *const *a = left, *const *b = right;
    int order = text_cmp(due_recipient(*a), due_recipient(*b));
    return order ? order : records_name_cmp((*a)->zone, (*b)->zone);
}

/* The recipient's zones from `from` on; p->zones points to the first. */
static void parcel_make(struct parcel *p, const struct due_zone **zones, uint32_t len)
{
    p->zones = zones;
    p->zones_len = 0;
    p->recipient = due_recipient(zones[0]);
    p->deadline = WHEN_NEVER;
    p->since = 0;
    memset(p->counts, 0, sizeof p->counts);
    while (p->zones_len < len && text_eq(due_recipient(zones[p->zones_len]), p->recipient)) {
        const struct due_zone *zone = zones[p->zones_len++];
        p->deadline = when_earlier(p->deadline, zone->deadline);
        if (zone->since && (!p->since || zone->since < p->since))
            p->since = zone->since;
        for (int s = 0; s < DUE_STATES; s++)
            p->counts[s] += zone->counts[s];
    }
}

static bool is_due(const struct parcel *p)
{
    return p->counts[DUE_BLOCKED] + p->counts[DUE_WRONG] + p->counts[DUE_MISSING] > 0;
}

/* A recipient with nothing left to publish gets nothing, and a line of the index for each zone. */
static void parcel_settle(const struct parcel *p)
{
    char slug[SLUG_ROOM] = NOBODY_FOLDER;
    if (p->recipient.len)
        slug_make(p->recipient, slug);
    for (uint32_t i = 0; i < p->zones_len; i++)
        due_index_zone(p->index, p->list, p->zones + i, 1, slug, NULL, 0);
}

static enum err parcels_write(const char *folder, const struct due_list *list,
                              const struct due_style *style, struct due_index *index,
                              struct due_sum *sum, struct why *why)
{
    enum err err = OK;
    const struct due_zone **zones = calloc(list->zones_len + 1u, sizeof *zones);
    if (!zones)
        return why_set(why, ERR_NOMEM, "out of memory");
    for (uint32_t i = 0; i < list->zones_len; i++)
        zones[i] = &list->zones[i];
    qsort(zones, list->zones_len, sizeof *zones, recipient_cmp);
    for (uint32_t i = 0; err == OK && i < list->zones_len;) {
        struct parcel p = {.list = list, .style = style, .index = index};
        parcel_make(&p, zones + i, list->zones_len - i);
        if (is_due(&p))
            err = parcel_write(&p, folder, sum, why);
        else
            parcel_settle(&p);
        i += p.zones_len;
    }
    free(zones);
    return err;
}

/* ---- the folder as a whole ---- */

/* Removes what a call that failed has made: folders of files. */
static void folder_drop(const char *folder, bool is_top)
{
    DIR *dir = opendir(folder);
    for (struct dirent *e; dir && (e = readdir(dir)) != NULL;) {
        if (strcmp(e->d_name, ".") == 0 || strcmp(e->d_name, "..") == 0)
            continue;
        char *path = path_join(folder, e->d_name);
        if (path && is_top)
            folder_drop(path, false);
        else if (path)
            unlink(path);
        free(path);
    }
    if (dir)
        closedir(dir);
    rmdir(folder);
}

/* The folder, without slashes at its end, and where a link leads; to be freed. A link stays one. */
static enum err folder_name(const char *folder, char **out, struct why *why)
{
    size_t len = strlen(folder);
    while (len > 1 && folder[len - 1] == '/')
        len--;
    *out = NULL;
    if (len == 0 || len + 32 >= PATH_LEN_MAX)
        return why_set(why, ERR_INPUT, "%s", strerror(len ? ENAMETOOLONG : ENOENT));
    *out = strndup(folder, len);
    char *place = *out ? realpath(*out, NULL) : NULL;
    if (place) {
        free(*out);
        *out = place;
    }
    return *out ? OK : why_set(why, ERR_NOMEM, "out of memory");
}

/* *before: the names of what a folder holds that is to be made anew. */
static enum err folder_vet(const char *folder, struct due_index *before, struct why *why)
{
    char *name;
    enum err err = folder_name(folder, &name, why);
    if (err != OK)
        return err;
    DIR *dir = opendir(name);
    int error = errno;
    size_t files = 0;
    while (dir && readdir(dir))
        files++;
    if (dir)
        closedir(dir);
    if (!dir && error != ENOENT)
        err = why_set(why, ERR_INPUT, "%s", strerror(error));
    else if (files > 2)
        err = due_index_read(before, name, why);
    else if (!dir)
        err = records_folder_prove(name, why);
    free(name);
    return err;
}

enum err due_folder_prove(const char *folder, struct why *why)
{
    struct due_index before;
    due_index_init(&before);
    enum err err = folder_vet(folder, &before, why);
    due_index_clear(&before);
    return err;
}

/* What was made beside takes its place at once; beside is then what was there before. */
static enum err folder_put(const char *beside, const char *name, const struct due_index *before,
                           struct why *why)
{
    unsigned how = before->is_there ? RENAME_EXCHANGE : 0;
    return renameat2(AT_FDCWD, beside, AT_FDCWD, name, how) == 0
               ? OK
               : why_set(why, ERR_IO, "%s: %s", name, strerror(errno));
}

enum err due_folder_write(const char *folder, const struct due_list *list,
                          const struct due_style *style, struct due_sum *sum, struct why *why)
{
    char *name, *beside = NULL;
    bool is_made = false;
    struct due_index index, before;
    *sum = (struct due_sum){0};
    due_index_init(&index);
    due_index_init(&before);
    enum err err = folder_name(folder, &name, why);
    if (err == OK && asprintf(&beside, "%s.part-%ld", name, (long)getpid()) < 0) {
        beside = NULL;
        err = why_set(why, ERR_NOMEM, "out of memory");
    }
    if (err == OK && !(is_made = mkdir(beside, 0777) == 0))
        err = why_set(why, ERR_IO, "%s: %s", beside, strerror(errno));
    if (err == OK)
        err = parcels_write(beside, list, style, &index, sum, why);
    if (err == OK)
        err = due_index_write(&index, beside, list, why);
    if (err == OK && deliver_settle(beside, why) != OK)
        err = why_wrap(why, ERR_IO, "%s", beside);
    if (err == OK)
        err = folder_vet(name, &before, why); /* somebody may have put a file there meanwhile */
    if (err == OK)
        err = folder_put(beside, name, &before, why);
    if (err == OK && before.is_there)
        err = due_index_remove(&before, beside, why);
    else if (err != OK && is_made)
        folder_drop(beside, true);
    sum->fresh = index.by_news[DUE_NEW];
    sum->changed = index.by_news[DUE_CHANGED];
    sum->done = index.by_news[DUE_DONE];
    due_index_clear(&index);
    due_index_clear(&before);
    free(beside);
    free(name);
    return err;
}
