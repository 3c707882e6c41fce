#include "power_mark.h"

#include "base/hash.h"
#include "journal/store_sqlite/place.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define SLOTS     2
#define SLOT_LEN  512
#define SLOT_GAP  4096
#define PENDING   3 /* writes of a slot that are remembered; older ones are like these */
#define MARK_NAME "journal.db.mark"

struct slot {
    bool is_there; /* the file reaches this far */
    char bytes[SLOT_LEN];
};

static struct mark {
    struct power *power;
    int fd;            /* of the writer; -1 */
    bool there, named; /* is there such a file; would its name survive */
    struct slot synced[SLOTS], now[SLOTS];
    struct slot pending[SLOTS][PENDING];
    uint32_t pending_len[SLOTS];
} mark = {.fd = -1};

int __real_place_open(const char *file, int flags);
int __wrap_place_open(const char *file, int flags);
ssize_t __real_pwrite(int fd, const void *bytes, size_t len, off_t at);
ssize_t __wrap_pwrite(int fd, const void *bytes, size_t len, off_t at);
int __real_fdatasync(int fd);
int __wrap_fdatasync(int fd);
enum err __real_place_sync(const char *file, struct why *why);
enum err __wrap_place_sync(const char *file, struct why *why);

static bool is_mark(const char *file)
{
    const char *name = strrchr(file, '/');
    return mark.power && name && strcmp(name + 1, MARK_NAME) == 0;
}

static bool point_passed(void)
{
    if (power_pass(mark.power))
        return true;
    errno = EIO;
    return false;
}

int __wrap_place_open(const char *file, int flags)
{
    if (!is_mark(file) || !(flags & O_CREAT))
        return __real_place_open(file, flags);
    if (!point_passed())
        return -1;
    bool was_there = access(file, F_OK) == 0;
    mark.fd = __real_place_open(file, flags);
    if (mark.fd >= 0 && !was_there)
        mark = (struct mark){.power = mark.power, .fd = mark.fd};
    mark.there = mark.fd >= 0;
    return mark.fd;
}

ssize_t __wrap_pwrite(int fd, const void *bytes, size_t len, off_t at)
{
    if (!mark.power || fd != mark.fd || len != SLOT_LEN)
        return __real_pwrite(fd, bytes, len, at);
    if (!point_passed())
        return -1;
    uint32_t i = (uint32_t)(at / SLOT_GAP);
    struct slot *written = &mark.pending[i][mark.pending_len[i]++ % PENDING];
    written->is_there = true;
    memcpy(written->bytes, bytes, SLOT_LEN);
    mark.now[i] = *written;
    return __real_pwrite(fd, bytes, len, at);
}

int __wrap_fdatasync(int fd)
{
    if (!mark.power || fd != mark.fd)
        return __real_fdatasync(fd);
    if (!point_passed())
        return -1;
    memcpy(mark.synced, mark.now, sizeof mark.synced);
    memset(mark.pending_len, 0, sizeof mark.pending_len);
    return 0;
}

enum err __wrap_place_sync(const char *file, struct why *why)
{
    if (mark.power && !point_passed())
        return why_set(why, ERR_IO, "the power is out");
    mark.named = true;
    return __real_place_sync(file, why);
}

/* A sector is written whole or not at all. */
static void slot_cut(uint32_t i, enum tear tear, uint64_t roll)
{
    uint32_t len = mark.pending_len[i] < PENDING ? mark.pending_len[i] : PENDING;
    uint32_t kept = tear == TEAR_DROP ? len : (uint32_t)(roll % (len + 1));
    if (kept < len)
        mark.synced[i] = mark.pending[i][kept];
}

void power_mark_cut(enum tear tear, uint64_t seed)
{
    mark.fd = -1;
    if (tear == TEAR_KILL)
        return;
    for (uint32_t i = 0; i < SLOTS; i++)
        slot_cut(i, tear, hash_mix(seed, i));
    mark.there = mark.there && (mark.named || (tear != TEAR_DROP && hash_mix(seed, 91) & 1));
    mark.named = true; /* or there is none */
    memset(mark.pending_len, 0, sizeof mark.pending_len);
    memcpy(mark.now, mark.synced, sizeof mark.now);
}

void power_mark_watch(struct power *p)
{
    mark = (struct mark){.power = p, .fd = -1};
}

void power_mark_back(const char *folder, bool newest)
{
    char path[128];
    const struct slot *slots = newest ? mark.now : mark.synced;
    snprintf(path, sizeof path, "%s/" MARK_NAME, folder);
    FILE *file = mark.there ? fopen(path, "w") : NULL;
    for (int i = 0; file && i < SLOTS; i++)
        if (slots[i].is_there && fseek(file, (long)i * SLOT_GAP, SEEK_SET) == 0)
            fwrite(slots[i].bytes, 1, SLOT_LEN, file);
    if (file)
        fclose(file);
}
