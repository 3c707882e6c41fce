/* Two slots with a checksum each, written in turn: one of them is always whole. */
#include "high_water.h"

#include "base/text.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define SLOT_LEN 512  /* a sector: it is written whole or not at all */
#define SLOT_GAP 4096 /* disks whose sectors are larger tear that many bytes at once */
#define SLOTS    2
#define FORMAT                                                                                     \
    "mailfrom journal mark 1: turn %" PRIu64 " runs %" PRIu64 " run %" PRIu64 " record %" PRIu64   \
    " digest %016" PRIx64 " since %" PRIu64 " digest %016" PRIx64
#define SCAN                                                                                       \
    "mailfrom journal mark 1: turn %" SCNu64 " runs %" SCNu64 " run %" SCNu64 " record %" SCNu64   \
    " digest %" SCNx64 " since %" SCNu64 " digest %" SCNx64

/* FNV-1a. The file is a few lines that a person can read, so is its checksum. */
static uint64_t sum_of(const char *at, size_t len)
{
    uint64_t sum = 0xcbf29ce484222325u;
    for (size_t i = 0; i < len; i++)
        sum = (sum ^ (unsigned char)at[i]) * 0x100000001b3u;
    return sum;
}

static void path_of(char out[PATH_MAX], const char *journal_file)
{
    snprintf(out, PATH_MAX, "%s.mark", journal_file);
}

static enum err cannot(const char *what, struct why *why)
{
    return why_set(why, ERR_IO, "its high-water mark (.mark) cannot be %s: %s", what,
                   strerror(errno));
}

static void slot_print(const struct high_water *m, char slot[SLOT_LEN + 1])
{
    int len = snprintf(slot, SLOT_LEN, FORMAT, m->turn, m->runs, m->run, m->top.record,
                       m->top.digest, m->base.record, m->base.digest);
    snprintf(slot + len, SLOT_LEN + 1 - (size_t)len, " sum %016" PRIx64 "%*s\n",
             sum_of(slot, (size_t)len), SLOT_LEN - len - 22, "");
}

/* A slot is believed when it is, to the byte, what would be written for what it says. */
static bool slot_scan(struct high_water *m, char slot[SLOT_LEN + 1])
{
    char again[SLOT_LEN + 1];
    slot[SLOT_LEN] = '\0';
    if (sscanf(slot, SCAN, &m->turn, &m->runs, &m->run, &m->top.record, &m->top.digest,
               &m->base.record, &m->base.digest) != 7)
        return false;
    memset(again, 0, sizeof again);
    slot_print(m, again);
    return memcmp(again, slot, SLOT_LEN) == 0;
}

enum err high_water_read(struct high_water *mark, const char *journal_file, struct why *why)
{
    char path[PATH_MAX], slot[SLOT_LEN + 1];
    *mark = (struct high_water){0};
    path_of(path, journal_file);
    int fd = place_open(path, O_RDONLY);
    if (fd < 0)
        return errno == ENOENT ? OK : cannot("opened", why);
    for (int i = 0; i < SLOTS; i++) {
        struct high_water found;
        memset(slot, 0, sizeof slot);
        if (pread(fd, slot, SLOT_LEN, (off_t)i * SLOT_GAP) == SLOT_LEN && slot_scan(&found, slot) &&
            found.turn > mark->turn)
            *mark = found;
    }
    close(fd);
    return OK;
}

enum err high_water_open(int *fd, const char *journal_file, struct why *why)
{
    char path[PATH_MAX];
    path_of(path, journal_file);
    *fd = place_open(path, O_RDWR | O_CREAT);
    return *fd >= 0 ? OK : cannot("opened", why);
}

enum err high_water_write(struct high_water *mark, int fd, struct why *why)
{
    char slot[SLOT_LEN + 1];
    mark->turn++;
    slot_print(mark, slot);
    ssize_t len = pwrite(fd, slot, SLOT_LEN, (off_t)(mark->turn % SLOTS) * SLOT_GAP);
    if (len >= 0 && len != SLOT_LEN)
        errno = ENOSPC;
    return len == SLOT_LEN ? OK : cannot("written", why);
}

enum err high_water_sync(int fd, struct why *why)
{
    return fdatasync(fd) == 0 ? OK : cannot("written", why);
}

enum err high_water_begin(struct high_water *mark, int fd, const char *journal_file,
                          struct why *why)
{
    enum err err = OK;
    while (err == OK && mark->turn < SLOTS)
        err = high_water_write(mark, fd, why);
    if (err == OK)
        err = high_water_sync(fd, why);
    return err == OK ? place_sync(journal_file, why) : err;
}
