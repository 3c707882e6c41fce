/*
 * Groups of similar rows: equal account, Region, outcome, action and rule, and equal reason except
 * for the names inside. A fleet of a hundred thousand has a handful of groups for a person to read.
 * Groups that are alike but for account and Region are neighbours: one kind.
 */
#ifndef MF_GROUP_H
#define MF_GROUP_H

#include "row.h"

/* The first rows of a group, as examples. */
#define GROUP_EXAMPLES 10

struct group_example {
    uint32_t row;           /* of the fleet */
    name_id before, reason; /* the MAIL FROM before and the reason, in groups.names */
    name_id warned;         /* row_warnings_tell() */
};

struct group {
    uint16_t lane;
    enum outcome outcome;
    enum standing standing;
    enum action action;
    enum row_alarm alarm;
    bool rejects;         /* REJECT_MESSAGE is wanted */
    enum finding rule;    /* row_rule() */
    finding_set warnings; /* of open rows: to be read before the work */
    name_id reason;       /* the reason without names, in groups.names; NAME_NONE: no reason */
    name_id account, region;
    uint32_t count;
    uint32_t kind_count;                           /* of all groups of the kind; groups_sort() */
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
/* Rejected mail first, then the worst outcome, then replacing before adding, then rows with
 * warnings, then REJECT_MESSAGE, then by rule, then the largest kind; within a kind by account. */
void groups_sort(struct groups *g);
/* How many groups from the i-th on are of its kind. After groups_sort(). */
uint32_t groups_of_kind(const struct groups *g, uint32_t i);
/* Where the rows of a kind are, in words: "prod", "us-east-1"; "6 accounts", "3 Regions". */
void kind_accounts_add(const struct groups *g, uint32_t i, struct buf *out);
void kind_regions_add(const struct groups *g, uint32_t i, struct buf *out);
/* "receives-mail", or nothing. */
struct text group_rule(const struct group *group);
/* The common reason of the kind; for a single row the row's own reason. */
struct text group_reason(const struct groups *g, const struct group *group);
/* The names of the warnings, separated by commas; empty without warnings. */
void group_warnings(const struct group *group, struct buf *out);
/* How many of examples there are. */
uint32_t group_examples(const struct group *group);

/* A reason of row with "the identity", "its domain", "its MAIL FROM", "its account" and "its
 * Region" for the row's own names. */
void reason_shape(const struct report_row *row, struct text reason, struct buf *out);

#endif
