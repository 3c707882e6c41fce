/*
 * Rows that say the same, counted together: same account, Region, outcome and action, and the same
 * reason but for the names in it. A fleet of a hundred thousand has a handful of these, and they
 * are what a person reads.
 */
#ifndef MF_GROUP_H
#define MF_GROUP_H

#include "row.h"

/* The first rows of a group, for whoever wants to see some. */
#define GROUP_EXAMPLES 10

struct group_example {
    uint32_t row;           /* of the fleet */
    name_id before, reason; /* its MAIL FROM before, and what is said of it, in groups.names */
};

struct group {
    uint16_t lane;
    enum outcome outcome;
    enum action action;
    enum row_alarm alarm;
    bool rejects;         /* REJECT_MESSAGE is wanted */
    finding_set warnings; /* of what is still to be done: to be read before it is */
    name_id reason;       /* the shape of it, in groups.names; NAME_NONE: nothing to say */
    uint32_t count;
    struct group_example examples[GROUP_EXAMPLES]; /* as many as count says, at most */
};

struct groups {
    struct names names;
    struct group *list; /* owned; at most GROUPS_MAX */
    uint32_t len, cap;
    uint32_t *slots;        /* owned; index + 1, open addressing */
    uint32_t without_group; /* rows beyond the bound */
    struct buf scratch, told;
    bool failed; /* out of memory */
};

/* ERR_NOMEM. */
enum err groups_init(struct groups *g, struct why *why);
void groups_clear(struct groups *g);
void groups_add(struct groups *g, const struct report_row *row);
/* Mail that is rejected first, then the worst outcome, then what replaces something before what
 * adds, then what has warnings, then REJECT_MESSAGE, then the largest; equals as they came. */
void groups_sort(struct groups *g);
/* What is said of all of them; of a single one in its own words. */
struct text group_reason(const struct groups *g, const struct group *group);
/* Warnings of a row that is still to be done. */
finding_set row_warnings(const struct report_row *row);
/* The names of its warnings, with commas between; nothing when there are none. */
void group_warnings(const struct group *group, struct buf *out);
/* How many of examples there are. */
uint32_t group_examples(const struct group *group);

/* A reason of row with "{identity}", "{domain}" and "{mail_from}" for the row's own names. */
void reason_shape(const struct report_row *row, struct text reason, struct buf *out);

#endif
