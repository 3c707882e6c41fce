/*
 * Who still has to publish what: holds the sets that live DNS lacks against what earlier looks and
 * the run have found, and sorts them by zone. Pure.
 *
 *   records_gather_fleet(), due_init(), due_learn_*() for what is known, records_gather_live(),
 *   records_gather_arrange(), due_make()
 */
#ifndef MF_DUE_FIND_H
#define MF_DUE_FIND_H

#include "gather.h"
#include "journal/journal.h"
#include "reports/due.h"

struct due_age;

struct due {
    struct records_gather *gather;
    struct due_age *ages;              /* by records_entry.number, then by type */
    instant_us *deadlines, *run_asked; /* by records_entry.number; 0: not known */
    uint64_t run;
    instant_us last_look;
    struct due_zone *zones;
    struct due_item *items;
    struct journal_asked *changes; /* to be kept, the look itself at the end */
    uint32_t zones_len, items_len, changes_len;
};

/* *gather has gathered the fleet. run 0: of manifests. */
enum err due_init(struct due *d, struct records_gather *gather, uint64_t run, struct why *why);
void due_clear(struct due *d);
/* What an earlier look has found, in the order of keeping. Always true. */
bool due_learn_asked(void *due, const struct journal_asked *asked);
/* Of a row of the run: when it began to wait for DNS (0: it never did), and its deadline
 * (WHEN_NEVER: none). */
void due_learn_row(struct due *d, uint32_t row, instant_us asked, instant_us deadline);

struct due_wish {
    enum due_by by;
    instant_us now;
    instant_us since; /* only what has changed since then; 0: all */
};

/* The list is good for as long as *d and its gathering. */
enum err due_make(struct due *d, const struct due_wish *wish, struct due_list *list,
                  struct why *why);

#endif
