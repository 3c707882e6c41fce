#include "power_vfs.h"

#include "base/hash.h"

#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FILES_MAX 8
#define SECTOR    512
#define NAME_ROOM 512

struct bytes {
    unsigned char *at;
    size_t len, cap;
};

/* A change that no sync has covered yet. */
struct change {
    struct change *next;
    size_t offset, len;
    bool truncates; /* to offset */
    unsigned char data[];
};

struct disk_file {
    char name[NAME_ROOM]; /* "": free */
    bool name_is_synced;
    struct bytes synced, now;
    struct change *changes, **last;
};

struct power {
    sqlite3_vfs vfs;
    sqlite3_vfs *real; /* for randomness and time */
    power_point *point;
    void *ctx;
    uint64_t points;
    bool is_out;
    struct disk_file files[FILES_MAX];
};

struct handle {
    sqlite3_file base;
    struct power *power;
    struct disk_file *file;
};

/* Bytes */

static bool bytes_size(struct bytes *b, size_t len)
{
    if (len > b->cap) {
        size_t cap = len < 65536 ? 65536 : len * 2;
        unsigned char *at = realloc(b->at, cap);
        if (!at)
            return false;
        b->at = at;
        b->cap = cap;
    }
    if (len > b->len)
        memset(b->at + b->len, 0, len - b->len);
    b->len = len;
    return true;
}

static bool bytes_write(struct bytes *b, size_t offset, const void *data, size_t len)
{
    if (offset + len > b->len && !bytes_size(b, offset + len))
        return false;
    memcpy(b->at + offset, data, len);
    return true;
}

static bool bytes_copy(struct bytes *to, const struct bytes *from)
{
    if (!bytes_size(to, from->len))
        return false;
    if (from->len)
        memcpy(to->at, from->at, from->len);
    return true;
}

/* Files */

static void changes_forget(struct disk_file *f)
{
    while (f->changes) {
        struct change *next = f->changes->next;
        free(f->changes);
        f->changes = next;
    }
    f->last = &f->changes;
}

static void file_remove(struct disk_file *f)
{
    changes_forget(f);
    free(f->synced.at);
    free(f->now.at);
    *f = (struct disk_file){.last = NULL};
}

static struct disk_file *file_find(struct power *p, const char *name)
{
    for (int i = 0; i < FILES_MAX; i++)
        if (strcmp(p->files[i].name, name) == 0)
            return &p->files[i];
    return NULL;
}

static bool file_change(struct disk_file *f, const void *data, size_t offset, size_t len,
                        bool truncates)
{
    struct change *c = malloc(sizeof *c + len);
    if (!c)
        return false;
    *c = (struct change){.offset = offset, .len = len, .truncates = truncates};
    if (len)
        memcpy(c->data, data, len);
    *f->last = c;
    f->last = &c->next;
    return truncates ? bytes_size(&f->now, offset) : bytes_write(&f->now, offset, data, len);
}

static void sectors_survive(struct bytes *b, const struct change *c, uint64_t seed)
{
    for (size_t done = 0; done < c->len;) {
        size_t at = c->offset + done, len = SECTOR - at % SECTOR;
        len = len > c->len - done ? c->len - done : len;
        seed = hash_mix(seed, at);
        if (seed & 1)
            bytes_write(b, at, c->data + done, len);
        done += len;
    }
}

static void change_survives(struct bytes *b, const struct change *c, enum tear tear, uint64_t seed)
{
    if (tear == TEAR_DROP || (tear == TEAR_REORDER && !(seed & 1)))
        return;
    if (c->truncates)
        bytes_size(b, c->offset);
    else if (tear == TEAR_SECTORS)
        sectors_survive(b, c, seed);
    else
        bytes_write(b, c->offset, c->data, c->len);
}

static void file_cut(struct disk_file *f, enum tear tear, uint64_t seed)
{
    for (const struct change *c = f->changes; c; c = c->next) {
        seed = hash_mix(seed, c->offset);
        change_survives(&f->synced, c, tear, seed);
    }
    changes_forget(f);
    bytes_copy(&f->now, &f->synced);
}

/* The power */

void power_cut(struct power *p, enum tear tear, uint64_t seed)
{
    p->is_out = true;
    for (int i = 0; i < FILES_MAX && tear != TEAR_KILL; i++) {
        struct disk_file *f = &p->files[i];
        if (!f->name[0])
            continue;
        bool name_survives = f->name_is_synced || (tear != TEAR_DROP && hash_mix(seed, 77) & 1);
        file_cut(f, tear, hash_mix(seed, (uint64_t)i));
        f->name_is_synced = true;
        if (!name_survives)
            file_remove(f);
    }
}

void power_back(struct power *p, const char *from, const char *to)
{
    size_t len = strlen(from);
    p->is_out = false;
    for (int i = 0; i < FILES_MAX; i++) {
        struct disk_file *f = &p->files[i];
        char name[NAME_ROOM];
        if (strncmp(f->name, from, len) != 0)
            continue;
        snprintf(name, sizeof name, "%.200s%.300s", to, f->name + len);
        memcpy(f->name, name, sizeof name);
    }
}

const unsigned char *power_file(struct power *p, const char *name, size_t *len)
{
    const struct disk_file *f = file_find(p, name);
    *len = f ? f->now.len : 0;
    return f ? f->now.at : NULL;
}

bool power_is_out(const struct power *p)
{
    return p->is_out;
}

uint64_t power_points(const struct power *p)
{
    return p->points;
}

/* Whoever watches may cut the power right here, before the change. */
bool power_pass(struct power *p)
{
    if (!p->is_out && p->point)
        p->point(p->ctx, ++p->points);
    return !p->is_out;
}

/* What SQLite calls on a file. */

static struct handle *handle_of(sqlite3_file *file)
{
    return (struct handle *)(void *)file;
}

static int file_close(sqlite3_file *file)
{
    handle_of(file)->base.pMethods = NULL;
    return SQLITE_OK;
}

static int file_read(sqlite3_file *file, void *out, int len, sqlite3_int64 offset)
{
    const struct handle *h = handle_of(file);
    const struct bytes *b = &h->file->now;
    size_t at = (size_t)offset, want = (size_t)len;
    size_t have = at < b->len ? b->len - at : 0;
    have = have > want ? want : have;
    if (h->power->is_out)
        return SQLITE_IOERR_READ;
    if (have)
        memcpy(out, b->at + at, have);
    memset((char *)out + have, 0, want - have);
    return have < want ? SQLITE_IOERR_SHORT_READ : SQLITE_OK;
}

static int file_write(sqlite3_file *file, const void *data, int len, sqlite3_int64 offset)
{
    struct handle *h = handle_of(file);
    if (!power_pass(h->power))
        return SQLITE_IOERR_WRITE;
    return file_change(h->file, data, (size_t)offset, (size_t)len, false) ? SQLITE_OK
                                                                          : SQLITE_NOMEM;
}

static int file_truncate(sqlite3_file *file, sqlite3_int64 size)
{
    struct handle *h = handle_of(file);
    if (!power_pass(h->power))
        return SQLITE_IOERR_TRUNCATE;
    return file_change(h->file, NULL, (size_t)size, 0, true) ? SQLITE_OK : SQLITE_NOMEM;
}

static int file_sync(sqlite3_file *file, int flags)
{
    struct handle *h = handle_of(file);
    (void)flags;
    if (!power_pass(h->power))
        return SQLITE_IOERR_FSYNC;
    changes_forget(h->file);
    h->file->name_is_synced = true; /* the unix VFS syncs the folder of a new file as well */
    return bytes_copy(&h->file->synced, &h->file->now) ? SQLITE_OK : SQLITE_NOMEM;
}

static int file_size(sqlite3_file *file, sqlite3_int64 *size)
{
    const struct handle *h = handle_of(file);
    *size = (sqlite3_int64)h->file->now.len;
    return h->power->is_out ? SQLITE_IOERR_FSTAT : SQLITE_OK;
}

static int file_lock(sqlite3_file *file, int level)
{
    (void)file, (void)level;
    return SQLITE_OK;
}

static int file_reserved(sqlite3_file *file, int *out)
{
    (void)file;
    *out = 0;
    return SQLITE_OK;
}

static int file_control(sqlite3_file *file, int op, void *arg)
{
    (void)file, (void)op, (void)arg;
    return SQLITE_NOTFOUND;
}

static int file_sector(sqlite3_file *file)
{
    (void)file;
    return 4096;
}

static int file_traits(sqlite3_file *file)
{
    (void)file;
    return SQLITE_IOCAP_POWERSAFE_OVERWRITE;
}

static const sqlite3_io_methods methods = {
    .iVersion = 1, /* no shared memory: the journal's index of the log is in the heap */
    .xClose = file_close,
    .xRead = file_read,
    .xWrite = file_write,
    .xTruncate = file_truncate,
    .xSync = file_sync,
    .xFileSize = file_size,
    .xLock = file_lock,
    .xUnlock = file_lock,
    .xCheckReservedLock = file_reserved,
    .xFileControl = file_control,
    .xSectorSize = file_sector,
    .xDeviceCharacteristics = file_traits,
};

/* What SQLite calls on the disk. */

static struct power *power_of(sqlite3_vfs *vfs)
{
    return vfs->pAppData;
}

static int disk_open(sqlite3_vfs *vfs, const char *name, sqlite3_file *file, int flags, int *out)
{
    struct power *p = power_of(vfs);
    struct handle *h = handle_of(file);
    h->base.pMethods = NULL;
    if (p->is_out || !name || strlen(name) >= NAME_ROOM)
        return SQLITE_CANTOPEN;
    struct disk_file *f = file_find(p, name);
    if (!f) {
        f = file_find(p, "");
        if (!f)
            return SQLITE_CANTOPEN;
        snprintf(f->name, sizeof f->name, "%s", name);
        f->last = &f->changes;
        f->name_is_synced = flags & SQLITE_OPEN_MAIN_DB; /* the journal made and synced that one */
    }
    *h = (struct handle){.base.pMethods = &methods, .power = p, .file = f};
    if (out)
        *out = flags;
    return SQLITE_OK;
}

static int disk_delete(sqlite3_vfs *vfs, const char *name, int sync)
{
    struct power *p = power_of(vfs);
    struct disk_file *f = file_find(p, name);
    (void)sync;
    if (!power_pass(p))
        return SQLITE_IOERR_DELETE;
    if (!f)
        return SQLITE_IOERR_DELETE_NOENT;
    file_remove(f);
    return SQLITE_OK;
}

static int disk_access(sqlite3_vfs *vfs, const char *name, int flags, int *out)
{
    struct power *p = power_of(vfs);
    (void)flags;
    *out = file_find(p, name) != NULL;
    return p->is_out ? SQLITE_IOERR_ACCESS : SQLITE_OK;
}

static int disk_path(sqlite3_vfs *vfs, const char *name, int room, char *out)
{
    (void)vfs;
    snprintf(out, (size_t)room, "%s", name);
    return SQLITE_OK;
}

static int disk_randomness(sqlite3_vfs *vfs, int len, char *out)
{
    sqlite3_vfs *real = power_of(vfs)->real;
    return real->xRandomness(real, len, out);
}

static int disk_sleep(sqlite3_vfs *vfs, int us)
{
    (void)vfs;
    return us;
}

static int disk_time(sqlite3_vfs *vfs, double *out)
{
    sqlite3_vfs *real = power_of(vfs)->real;
    return real->xCurrentTime(real, out);
}

static int disk_error(sqlite3_vfs *vfs, int len, char *out)
{
    (void)vfs, (void)len, (void)out;
    return 0;
}

struct power *power_new(power_point *point, void *ctx)
{
    struct power *p = calloc(1, sizeof *p);
    if (!p)
        return NULL;
    p->real = sqlite3_vfs_find(NULL);
    p->point = point;
    p->ctx = ctx;
    p->vfs = (sqlite3_vfs){.iVersion = 1,
                           .szOsFile = sizeof(struct handle),
                           .mxPathname = NAME_ROOM,
                           .zName = "power",
                           .pAppData = p,
                           .xOpen = disk_open,
                           .xDelete = disk_delete,
                           .xAccess = disk_access,
                           .xFullPathname = disk_path,
                           .xRandomness = disk_randomness,
                           .xSleep = disk_sleep,
                           .xCurrentTime = disk_time,
                           .xGetLastError = disk_error};
    if (sqlite3_vfs_register(&p->vfs, 1) == SQLITE_OK)
        return p;
    free(p);
    return NULL;
}

void power_free(struct power *p)
{
    if (!p)
        return;
    sqlite3_vfs_unregister(&p->vfs);
    for (int i = 0; i < FILES_MAX; i++)
        file_remove(&p->files[i]);
    free(p);
}
