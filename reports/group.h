/*
 * Rows that say the same, counted together: same account, Region, outcome and action, and the same
 * reason but for the names in it. A fleet of a hundred thousand has a handful of these, and they
 * are what a person reads.
 */
#ifndef MF_GROUP_H
#define MF_GROUP_H

#include "row.h"

/* The first rows of a group, for whoever wants to see one. */
#define GROUP_EXAMPLES 10

struct group {
    uint16_t lane;
    enum outcome outcome;
    enum action action;
    name_id reason; /* in groups.names; NAME_NONE: nothing to say */
    uint32_t count;
    uint32_t examples[GROUP_EXAMPLES]; /* rows of the fleet; as many as count says, at most */
};

struct groups {
    struct names names;
    struct group *list; /* owned; at most GROUPS_MAX */
    uint32_t len, cap;
    uint32_t *slots;        /* owned; index + 1, open addressing */
    uint32_t without_group; /* rows beyond the bound */
    struct buf scratch;
    bool failed; /* out of memory */
};

/* ERR_NOMEM. */
enum err groups_init(struct groups *g, struct why *why);
void groups_clear(struct groups *g);
void groups_add(struct groups *g, const struct report_row *row);
/* Worst outcome first, then the largest; equals as they came. */
void groups_sort(struct groups *g);
struct text group_reason(const struct groups *g, const struct group *group);

/* The reason of row with "{identity}", "{domain}" and "{mail_from}" for the row's own names. */
void reason_shape(const struct report_row *row, struct buf *out);
/* Where an outcome stands when the worst comes first: 0 for failed. */
int outcome_rank(enum outcome o);

#endif
