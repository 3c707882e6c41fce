/*
 * Which run of one journal is which of another: they are known by verb, beginning and seed, which
 * no two runs of one program share, and not by their numbers.
 */
#include "run_pairs.h"

#include "base/hash.h"

#include <assert.h>
#include <stdlib.h>

struct listing {
    struct run_pairs *list;
    uint32_t cap;
    bool fits;
};

static bool run_list(void *ctx, const struct run_head *head)
{
    struct listing *l = ctx;
    struct run_pairs *list = l->list;
    if (list->len == l->cap) {
        uint32_t cap = l->cap ? 2 * l->cap : 64;
        struct run_pair *at = realloc(list->at, cap * sizeof *at);
        l->fits = at != NULL;
        if (!at)
            return false;
        list->at = at;
        l->cap = cap;
    }
    uint64_t key = hash_mix(hash_mix(head->verb, (uint64_t)head->started), head->seed);
    list->at[list->len++] = (struct run_pair){.number = head->id, .key = key, .state = head->state};
    return true;
}

enum err run_pairs_read(struct journal *j, struct run_pairs *list, struct why *why)
{
    struct listing l = {.list = list, .fits = true};
    *list = (struct run_pairs){.len = 0};
    enum err err = journal_runs(j, run_list, &l, why);
    if (err == OK && !l.fits)
        err = why_set(why, ERR_NOMEM, "out of memory");
    for (uint32_t i = 0; i < list->len / 2; i++) { /* they are told newest first */
        struct run_pair newer = list->at[i];
        list->at[i] = list->at[list->len - 1 - i];
        list->at[list->len - 1 - i] = newer;
    }
    return err;
}

void run_pairs_match(struct run_pairs *from, struct run_pairs *to)
{
    for (uint32_t i = 0; i < from->len; i++) {
        struct run_pair *run = &from->at[i];
        for (uint32_t k = 0; k < to->len && !run->other; k++) {
            if (to->at[k].other || to->at[k].key != run->key)
                continue;
            run->other = to->at[k].number;
            to->at[k].other = run->number;
        }
    }
}

const struct run_pair *run_pairs_find(const struct run_pairs *list, uint64_t number)
{
    assert(list->len == 0 || list->at);
    for (uint32_t i = 0; i < list->len; i++)
        if (list->at[i].number == number)
            return &list->at[i];
    return NULL;
}

void run_pairs_clear(struct run_pairs *list)
{
    free(list->at);
    *list = (struct run_pairs){.len = 0};
}
