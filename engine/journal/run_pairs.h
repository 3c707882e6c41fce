/*
 * Two journals of the same runs, for the copy and the comparison of journals (journal_copy.h):
 * which run of the one is which of the other, and what the rows of a run say in whichever journal
 * they lie.
 */
#ifndef MF_RUN_PAIRS_H
#define MF_RUN_PAIRS_H

#include "inside.h"

struct run_pair {
    uint64_t number; /* in its own journal */
    uint64_t other;  /* in the other; 0: it is not there */
    uint64_t key;    /* of what both know it by */
    enum run_state state;
};

struct run_pairs {
    struct run_pair *at; /* the oldest run first */
    uint32_t len;
};

/* The runs of a journal, none of which has another yet. */
enum err run_pairs_read(struct journal *j, struct run_pairs *list, struct why *why);
/* Finds for each run of `from` its other in `to`. Of runs with one key the nth is that of the nth.
 */
void run_pairs_match(struct run_pairs *from, struct run_pairs *to);
/* NULL: the list does not have it. */
const struct run_pair *run_pairs_find(const struct run_pairs *list, uint64_t number);
void run_pairs_clear(struct run_pairs *list);

/* What the rows of a run say: a hash of each row, in the order of keeping, without what belongs to
 * the journal: the numbers of runs, records and rules, and the running digest. */
struct run_sum {
    uint64_t *at;
    size_t len, cap;
    size_t begins[STORE_TABLES + 1]; /* by table: its first row */
    struct run_loss loss;
    bool has_team; /* the journal tells whose its runs are */
    char team[TEAM_LEN_MAX];
};

/* Reads all of the run, by way of journal.h too, so what cannot be read is an error here. */
enum err run_sum_read(struct journal *j, uint64_t run, struct run_sum *sum, struct why *why);
/* The hashes of a table of no run, beside one another. */
enum err table_sum_read(struct journal *j, enum store_table table, struct run_sum *sum,
                        struct why *why);
void run_sum_clear(struct run_sum *sum);

#endif
