/* Two slots with a checksum each, written in turn: one of them is always whole. */
#include "high_water.h"

#include "base/count.h"
#include "base/hash.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define SLOT_LEN 512  /* a sector: it is written whole or not at all */
#define SLOT_GAP 4096 /* disks whose sectors are larger tear that many bytes at once */
#define SLOTS    2

/* What a slot says, a word and a number of 16 digits each, then blanks to its end. The sum is the
 * last. */
static const char *const words[] = {"mailfrom journal mark 2: turn ",
                                    " runs ",
                                    " run ",
                                    " record ",
                                    " digest ",
                                    " since ",
                                    " digest ",
                                    " sum "};
#define NUMBERS COUNT(words)

static void path_of(char out[PATH_MAX], const char *journal_file)
{
    snprintf(out, PATH_MAX, "%s.mark", journal_file);
}

static enum err cannot(const char *what, struct why *why)
{
    return why_set(
        why, ERR_IO,
        "the file that tells how far it was written (its high-water mark, .mark) cannot be %s: %s",
        what, strerror(errno));
}

static void numbers_of(const struct high_water *m, uint64_t out[NUMBERS])
{
    const uint64_t numbers[NUMBERS - 1] = {
        m->turn, m->runs, m->run, m->top.record, m->top.digest, m->base.record, m->base.digest};
    uint64_t sum = NUMBERS;
    for (size_t i = 0; i < NUMBERS - 1; i++)
        sum = hash_mix(sum, numbers[i]);
    memcpy(out, numbers, sizeof numbers);
    out[NUMBERS - 1] = sum;
}

/* By hand: it is done once for each commit, and snprintf(3) took a fifth of what a commit costs. */
static void slot_print(const struct high_water *m, char slot[SLOT_LEN])
{
    uint64_t numbers[NUMBERS];
    char *at = slot;
    numbers_of(m, numbers);
    for (size_t i = 0; i < NUMBERS; i++) {
        size_t len = strlen(words[i]);
        memcpy(at, words[i], len);
        at += len;
        for (int shift = 60; shift >= 0; shift -= 4)
            *at++ = "0123456789abcdef"[numbers[i] >> shift & 15];
    }
    assert(at < slot + SLOT_LEN);
    memset(at, ' ', (size_t)(slot + SLOT_LEN - at));
    slot[SLOT_LEN - 1] = '\n';
}

/* A slot is believed when it is, to the byte, what would be written for what it says. */
static bool slot_scan(struct high_water *m, const char slot[SLOT_LEN])
{
    uint64_t numbers[NUMBERS] = {0};
    char again[SLOT_LEN];
    const char *at = slot;
    for (size_t i = 0; i < NUMBERS; i++) {
        at += strlen(words[i]);
        for (int digit = 0; digit < 16; digit++, at++)
            numbers[i] = numbers[i] << 4 | (uint64_t)(*at <= '9' ? *at - '0' : *at - 'a' + 10);
    }
    assert(at <= slot + SLOT_LEN);
    *m = (struct high_water){
        numbers[0], numbers[1], numbers[2], {numbers[3], numbers[4]}, {numbers[5], numbers[6]}};
    slot_print(m, again);
    return memcmp(again, slot, SLOT_LEN) == 0;
}

enum err high_water_read(struct high_water *mark, const char *journal_file, struct why *why)
{
    char path[PATH_MAX], slot[SLOT_LEN];
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
    assert(fd >= 0);
    char slot[SLOT_LEN];
    mark->turn++;
    slot_print(mark, slot);
    ssize_t len = pwrite(fd, slot, SLOT_LEN, (off_t)(mark->turn % SLOTS) * SLOT_GAP);
    if (len >= 0 && len != SLOT_LEN)
        errno = ENOSPC;
    return len == SLOT_LEN ? OK : cannot("written", why);
}

enum err high_water_sync(int fd, struct why *why)
{
    assert(fd >= 0);
    return fdatasync(fd) == 0 ? OK : cannot("written", why);
}

enum err high_water_begin(struct high_water *mark, int fd, const char *journal_file,
                          struct why *why)
{
    enum err err = OK;
    while (err == OK && mark->turn < SLOTS)
        err = high_water_write(mark, fd, why);
    assert(err != OK || mark->turn >= SLOTS);
    if (err == OK)
        err = high_water_sync(fd, why);
    return err == OK ? place_sync(journal_file, why) : err;
}
