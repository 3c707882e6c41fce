/*
 * The high-water mark of a journal, in the file "journal.db.mark": how far the journal had come
 * when it was last written to. To SQLite, a cut log or a log with a damaged end looks like a
 * shorter log; the mark is a second witness.
 *
 * The mark is written after its commit is durable, so the mark is never ahead of the disk, and a
 * journal behind its mark has lost records. The mark is not synced with each commit: a kill loses
 * nothing of it, and after a loss of power the mark may lag some seconds, proving less but never
 * accusing wrongly. Two slots, each a sector in a block of its own, are written in turn, so that
 * one is whole whatever happens to the other.
 *
 * A mark that has gone is missed: it is on the disk, in both slots and under its name, before the
 * tables of a journal are committed (high_water_begin), and never removed. So a journal with the
 * tables of version 3 or later has one, whenever its writer was killed or the power failed, and
 * where there is none it was taken away, emptied or overwritten, or the journal was copied without
 * it. Journals of older programs have none. For this room only.
 */
#ifndef MF_HIGH_WATER_H
#define MF_HIGH_WATER_H

#include "place.h"

#include <stdint.h>

/* A point in the journal: the greatest number of a record, and the digest kept with it. */
struct high_point {
    uint64_t record, digest; /* 0: before the first */
};

struct high_water {
    uint64_t turn;         /* counts the writes of the mark; 0: there is none */
    uint64_t runs;         /* the greatest number of a run */
    uint64_t run;          /* to which the newest record belongs; 0: to none that is known */
    struct high_point top; /* the newest record */
    /* The newest one when the writer of `run` opened the journal. Lost records that are newer than
     * this are records of `run`. */
    struct high_point base;
};

/* Reads the mark of a journal. OK with turn 0: there is none that can be read. */
enum err high_water_read(struct high_water *mark, const char *journal_file, struct why *why);

/* The writer's file; made, empty, where there is none. */
enum err high_water_open(int *fd, const char *journal_file, struct why *why);
/* A mark that proves nothing yet goes into both slots, where *mark is none; what is in the file is
 * on the disk then, and so is its name. */
enum err high_water_begin(struct high_water *mark, int fd, const char *journal_file,
                          struct why *why);
/* Writes the mark into the slot whose turn it is, and counts. No sync. */
enum err high_water_write(struct high_water *mark, int fd, struct why *why);
enum err high_water_sync(int fd, struct why *why);

#endif
