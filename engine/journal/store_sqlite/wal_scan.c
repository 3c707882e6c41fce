/* Follows checksums and salts of a log frame by frame. Source: SQLite, "WAL-mode file format". */
#include "wal_scan.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#define HEADER_LEN       32
#define FRAME_HEADER_LEN 24
#define MAGIC            0x377f0682u /* its last bit: words of the checksum are big-endian */
#define PAGE_MIN         512
#define PAGE_MAX         65536

struct wal_walk {
    const struct wal_reader *reader;
    unsigned char *frame; /* header and page */
    uint32_t page_len, salts[2], sum[2];
    bool big_endian, fits; /* fits: every frame up to here did */
    uint32_t ends;         /* transactions that end after the first frame that did not fit */
};

static uint32_t big(const unsigned char *at)
{
    return (uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 | (uint32_t)at[2] << 8 | at[3];
}

static uint32_t little(const unsigned char *at)
{
    return (uint32_t)at[3] << 24 | (uint32_t)at[2] << 16 | (uint32_t)at[1] << 8 | at[0];
}

/* len: a multiple of 8. */
static void sum_add(struct wal_walk *w, const unsigned char *at, size_t len)
{
    assert(len % 8 == 0);
    for (const unsigned char *end = at + len; at < end; at += 8) {
        w->sum[0] += (w->big_endian ? big(at) : little(at)) + w->sum[1];
        w->sum[1] += (w->big_endian ? big(at + 4) : little(at + 4)) + w->sum[0];
    }
}

static bool sum_is(const struct wal_walk *w, const unsigned char *at)
{
    return w->sum[0] == big(at) && w->sum[1] == big(at + 4);
}

/* An overwritten or torn first sector is an accident where the log held nothing that was synced:
 * then no frame fits to anything. Otherwise the second frame and the ones after it agree. */
static bool header_was_whole(const struct wal_reader *reader, uint32_t page_len, bool *readable)
{
    unsigned char two[2][FRAME_HEADER_LEN];
    uint64_t frame_len = FRAME_HEADER_LEN + (uint64_t)page_len;
    if (reader->size < HEADER_LEN + 3 * frame_len)
        return false;
    for (uint64_t i = 0; i < 2; i++)
        *readable &=
            reader->read(reader->ctx, HEADER_LEN + (i + 1) * frame_len, two[i], FRAME_HEADER_LEN);
    return *readable && big(two[0] + 8) && memcmp(two[0] + 8, two[1] + 8, 8) == 0;
}

static void frame_take(struct wal_walk *w, struct wal_scan *scan, uint32_t number)
{
    assert(number > 0);
    assert(number <= scan->frames);
    const unsigned char *f = w->frame;
    bool is_salted = big(f + 8) == w->salts[0] && big(f + 12) == w->salts[1];
    bool ends = big(f + 4) != 0; /* the last frame of a transaction has the pages of the file */
    if (w->fits && is_salted) {
        sum_add(w, f, 8);
        sum_add(w, f + FRAME_HEADER_LEN, w->page_len);
    }
    if (w->fits && is_salted && big(f) && sum_is(w, f + 16)) {
        scan->sound = ends ? number : scan->sound;
        return;
    }
    if (w->fits)
        scan->bad = number;
    w->fits = false;
    if (!is_salted)
        return;
    scan->damaged |= w->ends > 0; /* one transaction more was begun, or ended */
    w->ends += ends;
}

bool wal_scan(struct wal_scan *scan, const struct wal_reader *reader)
{
    unsigned char header[HEADER_LEN];
    bool readable = true;
    struct wal_walk w = {.reader = reader};
    *scan = (struct wal_scan){0};
    if (reader->size < HEADER_LEN)
        return true;
    if (!reader->read(reader->ctx, 0, header, sizeof header))
        return false;
    /* False: SQLite takes the log for an empty one. */
    uint32_t page_len = big(header + 8);
    w.big_endian = big(header) & 1;
    w.page_len = page_len;
    w.salts[0] = big(header + 16);
    w.salts[1] = big(header + 20);
    sum_add(&w, header, 24);
    if ((big(header) & ~1u) == MAGIC && page_len >= PAGE_MIN && page_len <= PAGE_MAX &&
        (page_len & (page_len - 1)) == 0 && sum_is(&w, header + 24)) {
        size_t frame_len = FRAME_HEADER_LEN + w.page_len;
        assert(w.page_len >= PAGE_MIN);
        assert(w.page_len <= PAGE_MAX);
        scan->frames = (uint32_t)((w.reader->size - HEADER_LEN) / frame_len);
        w.frame = malloc(frame_len);
        w.fits = true;
        for (uint32_t i = 0; w.frame && readable && i < scan->frames; i++) {
            readable = w.reader->read(w.reader->ctx, HEADER_LEN + (uint64_t)i * frame_len, w.frame,
                                      frame_len);
            if (readable)
                frame_take(&w, scan, i + 1);
        }
        readable &= w.frame != NULL;
        free(w.frame);
        assert(scan->sound <= scan->frames);
        assert(!scan->damaged || scan->bad > 0);
        return readable;
    }
    /* which pages it had is not known either; ours have 4096 bytes */
    scan->damaged = header_was_whole(reader, 4096, &readable);
    return readable;
}
