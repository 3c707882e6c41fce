/*
 * Accounts of AWS Organizations: what a manifest wishes for, and what an organization has.
 *
 * Sources: AWS Organizations API Reference (2016-11-28), Account, Root, OrganizationalUnit; of
 * 2025: Account.State beside Account.Status.
 */
#ifndef MF_ORGANIZATION_H
#define MF_ORGANIZATION_H

#include "base/error.h"
#include "facts.h"

/* AWS makes it in each account that it creates in an organization, but not in those invited, nor in
 * the management account. */
#define ORGANIZATION_ROLE "OrganizationAccountAccessRole"

/* A root, a unit or an account, as a page lists it. Texts are borrowed from the answer. */
struct organization_item {
    struct text id;   /* "r-abcd", "ou-abcd-11111111", "111122223333" */
    struct text name; /* any characters at all */
    bool is_active;   /* of an account: its state, or where there is none its status */
};

/* Which accounts are meant. Texts are borrowed from the asking party. */
struct organization_wish {
    struct text profile;        /* whose credentials ask; empty: the ordinary chain */
    struct text region;         /* of the partition that is meant; empty: the usual one */
    const struct text *units;   /* ids, or paths of names below the root: "Workloads/Mail" */
    uint32_t units_len;         /* 0: every account */
    const struct ses_tag *tags; /* all of them */
    uint32_t tags_len;
    const struct text *excluded; /* account numbers, or patterns of names */
    uint32_t excluded_len;
};

struct organization_member {
    struct text number, name;
    bool is_own; /* the account of the credentials that asked: no role leads there */
};

/* Why an account that is there is not taken. */
enum organization_left { ORGANIZATION_INACTIVE, ORGANIZATION_EXCLUDED, ORGANIZATION_UNTAGGED };

struct organization_left_out {
    struct text number;
    enum organization_left why;
};

struct organization_found {
    struct text partition;               /* of ARNs: "aws" */
    struct organization_member *members; /* by number */
    uint32_t len;
    uint32_t listed, inactive, excluded, untagged; /* listed: all, with those that were left out */
    struct organization_left_out *left;            /* those, in no order */
    uint32_t left_len;
    uint32_t unit_missing; /* of the wish: number + 1 of a unit that is not there; 0: none */
};

/* Asks an organization. Texts live as long as the asking party says. ERR_INPUT with unit_missing:
 * *why is about that unit. Other errors: the organization cannot be read. */
typedef enum err organization_ask(void *ctx, const struct organization_wish *wish,
                                  struct organization_found *found, struct why *why);

/* Is t a root's or a unit's id rather than a path of names? */
bool organization_unit_is_id(struct text t);

#endif
