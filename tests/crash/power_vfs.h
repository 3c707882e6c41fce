/*
 * A disk that can lose its power: a VFS for SQLite that keeps every file in memory as two things,
 * what was synced and what was only written since. A cut keeps the first and lets the second
 * survive as a real disk might: not at all, in another order, or torn into sectors.
 *
 * After a cut every operation fails until the power is back: the program that runs on it can
 * neither read nor write, and what it does then changes nothing.
 *
 * Source: sqlite.org/vfs.html; sector and device characteristics are those of SQLite's own unix
 * VFS.
 */
#ifndef MF_POWER_VFS_H
#define MF_POWER_VFS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum tear {
    TEAR_DROP,    /* nothing that was not synced is there */
    TEAR_REORDER, /* each write is there or not, whatever came after it */
    TEAR_SECTORS, /* each sector of each write is there or not */
    TEAR_KILL,    /* the power stays: only the process ends, and the next one finds it all */
    TEARS,
};

struct power;

/* Called before each write, truncation, sync and removal; numbers count from 1. */
typedef void power_point(void *ctx, uint64_t number);

/* Becomes SQLite's default VFS. NULL: out of memory. */
struct power *power_new(power_point *point, void *ctx);
void power_free(struct power *p);

void power_cut(struct power *p, enum tear tear, uint64_t seed);
/* The files of one folder are in the other now, and can be used again. */
void power_back(struct power *p, const char *from, const char *to);
/* The bytes of a file as they are now; NULL: there is none. Borrowed until it changes. */
const unsigned char *power_file(struct power *p, const char *name, size_t *len);
bool power_is_out(const struct power *p);
uint64_t power_points(const struct power *p);
/* One point more, of a file that SQLite does not know; false: the power is out. */
bool power_pass(struct power *p);

#endif
