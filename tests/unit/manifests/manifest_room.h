/*
 * What the tests of manifests share: a folder of their own, and a load with all that it left.
 */
#ifndef MF_MANIFEST_ROOM_H
#define MF_MANIFEST_ROOM_H

#include "unit.h"

#include "base/buf.h"
#include "manifests/manifest.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

struct loaded {
    struct fleet fleet;
    struct complaints complaints;
    struct why why;
    enum err err;
    double seconds;  /* of processor time */
    struct buf said; /* "FILE:LINE:COLUMN: TEXT\n" of every complaint */
};

static inline double processor_seconds(void)
{
    struct timespec ts;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &ts);
    return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

/* Tests run inside a folder of their own under TMPDIR, which set_down() removes. */
static inline int set_up(void **state)
{
    const char *tmp = getenv("TMPDIR");
    char path[512];
    snprintf(path, sizeof path, "%s/manifest-XXXXXX", tmp && *tmp ? tmp : "/tmp");
    if (!mkdtemp(path) || chdir(path) != 0)
        return -1;
    *state = strdup(path);
    return 0;
}

static inline int set_down(void **state)
{
    char command[600];
    snprintf(command, sizeof command, "rm -rf '%s'", (char *)*state);
    free(*state);
    return chdir("/") == 0 ? system(command) : -1;
}

static inline void file_write_bytes(const char *path, const void *bytes, size_t len)
{
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(bytes, 1, len, file), len);
    assert_int_equal(fclose(file), 0);
}

static inline void file_write(const char *path, const char *text)
{
    file_write_bytes(path, text, strlen(text));
}

static inline void loaded_clear(struct loaded *l)
{
    fleet_clear(&l->fleet);
    complaints_clear(&l->complaints);
    buf_clear(&l->said);
}

static inline void load_by(struct loaded *l, struct manifest_options options,
                           const char *const *paths, size_t paths_len)
{
    *l = (struct loaded){.why = {""}};
    fleet_init(&l->fleet);
    complaints_init(&l->complaints);
    buf_init(&l->said, 16u << 20);
    double start = processor_seconds();
    l->err = manifest_load(&l->fleet, paths, paths_len, &options, &l->complaints, &l->why);
    l->seconds = processor_seconds() - start;
    for (uint32_t i = 0; i < l->complaints.len; i++) {
        const struct complaint *c = &l->complaints.list[i];
        buf_add_fmt(&l->said, TEXT_FMT ":%u:%u: " TEXT_FMT "\n", TEXT_ARG(c->file), c->line,
                    c->column, TEXT_ARG(c->text));
    }
}

static inline void load_with(struct loaded *l, const char *region, const char *const *paths,
                             size_t paths_len)
{
    load_by(l, (struct manifest_options){.region = text_of(region)}, paths, paths_len);
}

static inline void load(struct loaded *l, const char *path)
{
    load_with(l, NULL, &path, 1);
}

#define assert_loads(l)                                                                            \
    do {                                                                                           \
        if ((l)->err != OK)                                                                        \
            fail_msg("refused: %s\n" TEXT_FMT, (l)->why.text, TEXT_ARG(buf_text(&(l)->said)));     \
    } while (0)

/* A complaint, or what stopped the reading, has this in it. */
#define assert_says(l, piece)                                                                      \
    do {                                                                                           \
        assert_int_not_equal((l)->err, OK);                                                        \
        struct text said_ = buf_text(&(l)->said), why_ = text_of((l)->why.text);                   \
        if (text_find_text(said_, text_of(piece)) == said_.len &&                                  \
            text_find_text(why_, text_of(piece)) == why_.len)                                      \
            fail_msg("nobody says '%s' but:\n" TEXT_FMT "(%s)", piece, TEXT_ARG(said_),            \
                     (l)->why.text);                                                               \
    } while (0)

#endif
