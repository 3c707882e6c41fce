/*
 * The memory of watching from inside: identities and problems as two arrays of slots. A slot's
 * place is the number of its row in the journal, so a change is a row put again. A hash table finds
 * an identity, a list its problems.
 *
 * Invariant: a problem in a list is of one kind there; an untold problem at WELL has looked bad at
 * the last look that learned anything of it.
 */
#ifndef MF_MEMORY_INTERNAL_H
#define MF_MEMORY_INTERNAL_H

#include "memory.h"

#include "base/bounds.h"
#include "base/names.h"

#include <assert.h>

#define NO_SLOT 0 /* links are slots from 1 on, as the numbers of rows */

struct identity {
    name_id account, number, region; /* account NAME_NONE: the slot is free */
    name_id name;                    /* NAME_NONE: the lane itself */
    name_id mail_from;
    uint32_t problems; /* the first one's slot; of a free slot: the next free one */
    uint32_t tag;
    instant_us looked, looked_kept, verified, dkim_asked;
    bool was_success, is_changed, is_known; /* is_known: mail_from holds */
    uint8_t dkim;                           /* enum dkim_status */
    bool is_in_sweep;                       /* looked at since watch_sweep_begin() */
};

struct problem {
    uint32_t owner; /* slot; NO_SLOT: this one is free */
    uint32_t next;  /* of the same owner; of a free slot: the next free one */
    instant_us since, began, well_since;
    uint32_t looks;
    uint8_t kind, level, told; /* enums of watch.h */
    bool is_changed;
    bool may_repeat; /* another process may have told the present level */
};

struct watch_memory {
    struct watch_policy policy;
    struct names names;
    struct identity *identities; /* slot - 1 */
    struct problem *problems;
    uint32_t identities_len, identities_cap, identities_free;
    uint32_t problems_len, problems_cap, problems_free;
    uint32_t *table; /* open addressing: slots; at least a quarter is empty */
    uint32_t table_mask;
    uint32_t left_out;
    bool is_learned; /* gaps between the learned numbers are in the free lists */
    struct watch_event *events;
    uint32_t events_len, events_cap;
    struct watch_identity_record *identity_rows;
    struct watch_problem_record *problem_rows;
};

/* Of numbers in a journal: a greater one is damage. */
#define SLOTS_MAX (IDENTITIES_MAX + LANES_MAX)

static inline struct identity *identity_at(const struct watch_memory *m, uint32_t slot)
{
    assert(slot != NO_SLOT && slot <= m->identities_len);
    return &m->identities[slot - 1];
}

static inline struct problem *problem_at(const struct watch_memory *m, uint32_t slot)
{
    assert(slot != NO_SLOT && slot <= m->problems_len);
    return &m->problems[slot - 1];
}

/* slots.c. NO_SLOT: out of memory, or of bounds; or not there. */

/* The array with room for len elements, the new ones zero; NULL: out of memory. */
void *slots_grow(void *list, size_t size, uint32_t len, uint32_t *cap);
/* The names of a key in the memory. */
struct key_ids {
    name_id account, number, region, name;
};
bool key_add(struct watch_memory *m, const struct watch_key *key, struct key_ids *k);
struct watch_key slot_key(const struct watch_memory *m, const struct identity *i);
uint32_t slot_find(const struct watch_memory *m, const struct watch_key *key);
/* Of this key, new if need be. */
uint32_t identity_take(struct watch_memory *m, const struct key_ids *k);
/* With all its problems; the table must be made anew before the next search. */
void identity_forget(struct watch_memory *m, uint32_t slot);
bool table_make(struct watch_memory *m);
/* At the head of its owner's list. */
uint32_t problem_take(struct watch_memory *m, uint32_t owner, enum watch_kind kind);
void problem_remove(struct watch_memory *m, uint32_t slot);
struct problem *problem_find(const struct watch_memory *m, const struct identity *i,
                             enum watch_kind kind);
/* What was learned leaves gaps: they are free. */
void slots_learned(struct watch_memory *m);

#endif
