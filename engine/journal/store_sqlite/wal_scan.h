/*
 * Reads a write-ahead log of SQLite as SQLite's recovery does, and says whether it is damaged.
 *
 * Recovery takes frames up to the first one whose checksum or salt does not fit, and drops all that
 * follow without a word: one flipped bit in the first half of a log loses the second half. After a
 * kill or a loss of power nothing but the last transaction can be torn, since each is synced before
 * the next begins. So where frames of the log's present salts show that a transaction was begun
 * after the one that does not fit, what does not fit had been synced: damage, not an accident.
 *
 * Of a log that was cut, or whose last transaction was damaged, this knows nothing: see
 * high_water.h. Format: sqlite.org/fileformat2.html#the_write_ahead_log. For this room only.
 */
#ifndef MF_WAL_SCAN_H
#define MF_WAL_SCAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct wal_reader {
    void *ctx;
    uint64_t size; /* of the file, in bytes */
    /* False: these bytes cannot be read. */
    bool (*read)(void *ctx, uint64_t offset, void *out, size_t len);
};

struct wal_scan {
    bool damaged;
    uint32_t frames; /* whole frames in the file */
    uint32_t sound;  /* up to the end of the last whole transaction: what SQLite sees */
    uint32_t bad;    /* damaged: the first one that does not fit, from 1; 0: the log's header */
};

/* False: no memory, or the file cannot be read. */
bool wal_scan(struct wal_scan *scan, const struct wal_reader *reader);

#endif
