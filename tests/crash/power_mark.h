/*
 * The high-water mark on the disk that can lose its power (power_vfs.h). The journal writes it
 * without SQLite, so the linker puts this in front of the calls that it makes for that (--wrap):
 * each is a point at which the power may fail, and what no sync has covered may be lost.
 */
#ifndef MF_POWER_MARK_H
#define MF_POWER_MARK_H

#include "power_vfs.h"

/* From here on; NULL: no more. */
void power_mark_watch(struct power *p);
/* The power has failed, or (TEAR_KILL) only the process has ended. */
void power_mark_cut(enum tear tear, uint64_t seed);
/* Lays what the cut has left into a folder. newest: what was last written instead. */
void power_mark_back(const char *folder, bool newest);

#endif
