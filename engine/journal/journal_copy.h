/*
 * Copies the runs of one journal into another, whatever stores the two have, and compares them row
 * by row afterwards.
 *
 * A run is known again by its verb, its beginning and its seed, so a run that was copied before is
 * not copied twice, and a copy that was cut off goes on where it was. A run keeps its number where
 * the other journal has given none that is as great. Each run is one transaction. What belongs to a
 * journal and not to its runs is translated: numbers of runs, of records and of finding rules, and
 * the running digest. A run that was cut off is a stopped one in the copy, for `resume`.
 *
 * Threads: both journals are used by one thread. Errors: of the store that takes the rows, and
 * ERR_BUSY where the run to be copied may change meanwhile. What one run has wrong is told of it,
 * and the others are copied.
 */
#ifndef MF_JOURNAL_COPY_H
#define MF_JOURNAL_COPY_H

#include "journal.h"

enum copy_word {
    COPY_NEW,     /* copied now, or equal in both */
    COPY_THERE,   /* it was copied before, and is left as it is */
    COPY_DAMAGED, /* it cannot be read, so it is not copied */
    COPY_DIFFERS, /* the two are not equal */
    COPY_MISSING, /* the other journal does not have it */
    COPY_GONE,    /* a run of this number is lost, with its head */
};

/* What has become of a run; texts are borrowed for one callback. */
struct copy_told {
    enum copy_word word;
    uint64_t from, to; /* numbers of the run in both; 0: it has none */
    uint64_t rows;     /* that were copied or compared */
    bool is_closed;    /* workers cannot go on with it: the number of an account is not known */
    struct text bared; /* the team whose run it is, where the other journal has no teams */
    struct text what;  /* part of a sentence: what is wrong, or what is lost */
};

/* `from` is open for reading, `to` for writing; they are different journals. Oldest runs first.
 * ERR_BUSY, before anything is copied: a process carries out a run of `from`, or may begin to. */
enum err journal_copy_runs(struct journal *from, struct journal *to,
                           void (*told)(void *ctx, const struct copy_told *told), void *ctx,
                           struct why *why);
/* Every run of `from` against `to`, both read anew: each row of each table, and the running digest
 * of both. */
enum err journal_compare_runs(struct journal *from, struct journal *to,
                              void (*told)(void *ctx, const struct copy_told *told), void *ctx,
                              struct why *why);

/* What belongs to no run. */
enum copy_part {
    COPY_LOOKS,   /* since when records of DNS have been asked for */
    COPY_WATCHED, /* what watching remembers */
};
enum err journal_part_rows(struct journal *j, enum copy_part part, uint64_t *rows, struct why *why);
/* Into a journal that has none of it, or the beginning of the same; checked row by row. *rows: how
 * many there are now. ERR_INPUT: it has others, which are left as they are. */
enum err journal_copy_part(struct journal *from, struct journal *to, enum copy_part part,
                           uint64_t *rows, struct why *why);

#endif
