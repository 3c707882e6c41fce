/* The index is read whole, changed in memory, and written beside and renamed. After a kill the old
 * index stands: files that it does not name are asked about, and none is lost. */
#include "records_index.h"

#include "base/bounds.h"
#include "crypto/sha256.h"
#include "deliver.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define A_DAY SPAN_H(24)

static const char *const names[RECORDS_NEWS] = {"new", "changed", "open", "done", "stuck"};

static const char *name_of_file(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash ? slash + 1 : path;
}

static enum err path_make(const struct records_index *x, const char *below, struct text file,
                          char path[PATH_LEN_MAX], struct why *why)
{
    const char *slash = x->folder[strlen(x->folder) - 1] == '/' ? "" : "/";
    int len = snprintf(path, PATH_LEN_MAX, "%s%s%s%s" TEXT_FMT, x->folder, slash, below,
                       *below ? "/" : "", TEXT_ARG(file));
    return len > 0 && len < PATH_LEN_MAX
               ? OK
               : why_set(why, ERR_INPUT, "%s: %s", x->folder, strerror(ENAMETOOLONG));
}

static enum err no_memory(struct why *why)
{
    return why_set(why, ERR_NOMEM, "out of memory");
}

/* The bytes of a file, at most RECORDS_INDEX_MAX of them. *is_there: false, and nothing else. */
static enum err file_read(const char *path, struct buf *bytes, bool *is_there, struct why *why)
{
    char piece[8192];
    FILE *file = fopen(path, "re");
    *is_there = file != NULL;
    if (!file && errno == ENOENT)
        return OK;
    if (!file)
        return why_set(why, ERR_IO, "%s: %s", path, strerror(errno));
    for (size_t len; (len = fread(piece, 1, sizeof piece, file)) > 0;)
        buf_add(bytes, piece, len);
    bool failed = ferror(file) || bytes->failed;
    fclose(file);
    return failed ? why_set(why, ERR_IO, "%s cannot be read whole", path) : OK;
}

static struct records_indexed *find(const struct records_index *x, struct text file)
{
    for (uint32_t i = 0; i < x->len; i++)
        if (text_eq(x->list[i].file, file))
            return &x->list[i];
    return NULL;
}

static struct records_indexed *add(struct records_index *x, struct text file)
{
    if (x->len == x->cap) {
        struct records_indexed *more =
            arena_grow(&x->arena, x->list, sizeof *more, x->len, &x->cap);
        if (!more)
            return NULL;
        x->list = more;
    }
    struct records_indexed *e = &x->list[x->len];
    *e = (struct records_indexed){.file = arena_text(&x->arena, file)};
    x->len += e->file.at != NULL;
    return e->file.at ? e : NULL;
}

static struct text word_cut(struct text *line)
{
    *line = text_trim(*line);
    return text_cut(line, ' ');
}

/* A file of the folder itself, and none that leads out of it. */
static bool is_file_name(struct text t)
{
    return t.len && t.at[0] != '.' && text_find(t, '/') == t.len && text_is_visible(t);
}

static bool line_take(struct records_index *x, struct text line)
{
    struct text state = word_cut(&line), sets = word_cut(&line), since = word_cut(&line),
                changed = word_cut(&line), digest = word_cut(&line), file = text_trim(line);
    struct records_indexed read = {.news = RECORDS_NEWS};
    for (int n = 0; n < RECORDS_NEWS; n++)
        if (text_eq(state, text_of(names[n])))
            read.news = (uint8_t)n;
    if (read.news == RECORDS_NEWS || !text_to_u64(sets, &read.sets) ||
        !when_parse(since, &read.since) || !when_parse(changed, &read.changed) ||
        digest.len + 1 != sizeof read.digest || !is_file_name(file) || find(x, file))
        return false;
    struct records_indexed *e = add(x, file);
    if (!e)
        return false;
    read.file = e->file;
    memcpy(read.digest, digest.at, digest.len);
    *e = read;
    return true;
}

enum err records_index_open(struct records_index *x, const char *folder, instant_us now,
                            struct why *why)
{
    char path[PATH_LEN_MAX];
    struct buf bytes;
    bool is_there = false;
    *x = (struct records_index){.folder = folder, .now = now};
    arena_init(&x->arena, RECORDS_INDEX_MAX);
    buf_init(&bytes, RECORDS_INDEX_MAX);
    enum err err = path_make(x, "", TEXT(RECORDS_INDEX_FILE), path, why);
    if (err == OK)
        err = file_read(path, &bytes, &is_there, why);
    struct text rest = buf_text(&bytes);
    for (unsigned number = 1; err == OK && is_there && rest.len; number++) {
        struct text line = text_cut(&rest, '\n');
        if (line.len && line.at[0] != '#' && !line_take(x, line))
            err = why_set(why, ERR_INPUT,
                          "%s:%u is no line of an index of mailfrom records: move the file away, "
                          "or name another folder",
                          path, number);
    }
    buf_clear(&bytes);
    return err;
}

void records_index_clear(struct records_index *x)
{
    arena_clear(&x->arena);
}

enum err records_index_vet(const struct records_index *x, const char *path, bool force,
                           struct why *why)
{
    struct stat st;
    const struct records_indexed *e = find(x, text_of(name_of_file(path)));
    bool is_ours = e && e->news != RECORDS_SETTLED && e->news != RECORDS_STUCK;
    if (force || is_ours || lstat(path, &st) != 0)
        return OK;
    return why_set(why, ERR_INPUT,
                   "is there already, and the folder's " RECORDS_INDEX_FILE
                   " does not name it as written by mailfrom; --force overwrites it");
}

enum err records_index_note(struct records_index *x, const char *path, uint64_t sets,
                            struct why *why)
{
    struct text file = text_of(name_of_file(path));
    struct buf bytes;
    bool is_there;
    char hex[SHA256_HEX_LEN] = "", away[PATH_LEN_MAX];
    buf_init(&bytes, RECORDS_INDEX_MAX);
    enum err err = file_read(path, &bytes, &is_there, why);
    if (err == OK && !sha256_hex(buf_text(&bytes), hex))
        err = no_memory(why);
    buf_clear(&bytes);
    struct records_indexed *e = find(x, file);
    bool was_away = e && (e->news == RECORDS_SETTLED || e->news == RECORDS_STUCK);
    if (err == OK && was_away && path_make(x, RECORDS_DONE_FOLDER, file, away, why) == OK)
        unlink(away); /* the zone asks again: what had been done is not */
    bool is_new = !e || was_away;
    if (err == OK && !e && !(e = add(x, file)))
        err = no_memory(why);
    if (err != OK)
        return err;
    hex[sizeof e->digest - 1] = '\0';
    if (is_new)
        e->since = x->now;
    if (is_new || strcmp(hex, e->digest) != 0)
        e->changed = x->now;
    memcpy(e->digest, hex, sizeof e->digest);
    e->sets = sets;
    e->written = true;
    e->news = e->since > x->now - A_DAY     ? RECORDS_NEW
              : e->changed > x->now - A_DAY ? RECORDS_CHANGED
                                            : RECORDS_OPEN;
    return OK;
}

static enum err move_away(struct records_index *x, struct records_indexed *e, bool is_stuck,
                          struct why *why)
{
    char from[PATH_LEN_MAX], to[PATH_LEN_MAX], done[PATH_LEN_MAX];
    enum err err = path_make(x, "", e->file, from, why);
    if (err == OK)
        err = path_make(x, RECORDS_DONE_FOLDER, e->file, to, why);
    if (err == OK)
        err = path_make(x, "", TEXT(RECORDS_DONE_FOLDER), done, why);
    if (err != OK)
        return err;
    if (mkdir(done, 0777) != 0 && errno != EEXIST)
        return why_set(why, ERR_IO, "%s: %s", done, strerror(errno));
    if (rename(from, to) != 0 && errno != ENOENT) /* somebody may have taken it away */
        return why_set(why, ERR_IO, "%s: %s", from, strerror(errno));
    e->news = is_stuck ? RECORDS_STUCK : RECORDS_SETTLED;
    e->changed = x->now;
    return OK;
}

void records_index_count(const struct records_index *x, uint32_t by_news[RECORDS_NEWS])
{
    memset(by_news, 0, RECORDS_NEWS * sizeof *by_news);
    for (uint32_t i = 0; i < x->len; i++) {
        const struct records_indexed *e = &x->list[i];
        bool is_old = e->news == RECORDS_SETTLED && e->changed <= x->now - A_DAY;
        by_news[e->news] += !is_old;
    }
}

static enum err index_write(void *ctx, struct sink *out, struct why *why)
{
    const struct records_index *x = ctx;
    uint32_t by_news[RECORDS_NEWS];
    char when[WHEN_LEN], changed[WHEN_LEN];
    (void)why;
    records_index_count(x, by_news);
    buf_add_fmt(&out->buf,
                "# mailfrom records: DNS records that are to be published, a file for each zone. "
                "Files named here are written,\n# moved to " RECORDS_DONE_FOLDER
                "/ and overwritten by mailfrom; others are left alone. Made %s\n",
                when_format(x->now, when));
    buf_add_fmt(&out->buf, "# since %s: %u new, %u changed, %u done, %u for a person to decide\n",
                when_format(x->now - A_DAY, when), by_news[RECORDS_NEW], by_news[RECORDS_CHANGED],
                by_news[RECORDS_SETTLED], by_news[RECORDS_STUCK]);
    buf_add_str(&out->buf, "# state  record sets  asked for since       changed               "
                           "digest            file\n");
    for (uint32_t i = 0; i < x->len && sink_turn(out); i++) {
        const struct records_indexed *e = &x->list[i];
        buf_add_fmt(&out->buf, "%-8s %11llu  %-20s  %-20s  %s  " TEXT_FMT "\n", names[e->news],
                    (unsigned long long)e->sets, when_format(e->since, when),
                    when_format(e->changed, changed), e->digest, TEXT_ARG(e->file));
    }
    return OK;
}

/* What was not written by this call, and could have been. */
static bool is_left(const struct records_index *x, const struct records_indexed *e,
                    const char *extension)
{
    return !x->is_part && !e->written && e->news != RECORDS_SETTLED && e->news != RECORDS_STUCK &&
           text_ends(e->file, text_of(extension));
}

enum err records_index_close(struct records_index *x, const char *extension,
                             bool (*is_stuck)(const void *ctx, struct text file), const void *ctx,
                             struct why *why)
{
    char path[PATH_LEN_MAX];
    enum err err = OK;
    for (uint32_t i = 0; err == OK && i < x->len; i++)
        if (is_left(x, &x->list[i], extension))
            err = move_away(x, &x->list[i], is_stuck(ctx, x->list[i].file), why);
    if (err == OK)
        err = path_make(x, "", TEXT(RECORDS_INDEX_FILE), path, why);
    return err == OK ? deliver_into(path, index_write, x, why) : err;
}
