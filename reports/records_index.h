/*
 * The index of a folder of DNS records: which files in it are ours, since when each of them is
 * there, and what has changed since yesterday. A text for people that the next call reads again:
 *
 *   # mailfrom records: DNS records that are to be published, a file for each zone. ...
 *   # since 2026-11-28T08:00:00Z: 1 new, 0 changed, 1 done
 *   # state  record sets  asked for since       changed               digest            file
 *   new                2  2026-11-29T07:00:00Z  2026-11-29T07:00:00Z  0123456789abcdef
 * example.com.zone done               2  2026-11-26T08:00:00Z  2026-11-29T07:30:00Z
 * fedcba9876543210  shop.example.zone
 *
 * A file whose zone needs nothing any more is moved to done/, so nothing in the folder is stale.
 * Files that the index does not name are nobody's business here.
 */
#ifndef MF_RECORDS_INDEX_H
#define MF_RECORDS_INDEX_H

#include "base/arena.h"
#include "base/error.h"
#include "base/when.h"

#define RECORDS_INDEX_FILE  "INDEX"
#define RECORDS_DONE_FOLDER "done"

enum records_news {
    RECORDS_NEW,     /* asked for since less than a day */
    RECORDS_CHANGED, /* within a day */
    RECORDS_OPEN,    /* as yesterday */
    RECORDS_SETTLED, /* DNS has all of it: in done/ */
    RECORDS_STUCK,   /* a person decides first: the file that was here is in done/ */
    RECORDS_NEWS,
};

struct records_indexed {
    struct text file; /* in the folder, or in done/ */
    uint64_t sets;
    instant_us since, changed;
    char digest[17];
    uint8_t news; /* enum records_news */
    bool written; /* by this call */
};

struct records_index {
    struct arena arena;
    const char *folder;
    instant_us now;
    struct records_indexed *list;
    uint32_t len, cap;
    bool is_part; /* other files of the folder are not judged by this call */
};

/* Reads the index of the folder, if there is one. ERR_INPUT: a file of that name is none. */
enum err records_index_open(struct records_index *x, const char *folder, instant_us now,
                            struct why *why);
void records_index_clear(struct records_index *x);
/* May the file be written? Yes where it is not there, or is ours, or with force. */
enum err records_index_vet(const struct records_index *x, const char *path, bool force,
                           struct why *why);
/* The file has been written. */
enum err records_index_note(struct records_index *x, const char *path, uint64_t sets,
                            struct why *why);
/* After the last file: what was not written and ends in extension is moved away, and the index is
 * written. is_stuck: has the zone of the file sets that a person decides about? */
enum err records_index_close(struct records_index *x, const char *extension,
                             bool (*is_stuck)(const void *ctx, struct text file), const void *ctx,
                             struct why *why);
/* Files by news. */
void records_index_count(const struct records_index *x, uint32_t by_news[RECORDS_NEWS]);

#endif
