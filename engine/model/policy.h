/*
 * The settings of a policy as a table: one row for each member of struct policy. Whatever compares
 * policies, keeps them or reads them again goes by it, so a new setting is a member and a row here.
 */
#ifndef MF_POLICY_H
#define MF_POLICY_H

#include "fleet.h"

enum policy_type {
    POLICY_WORD,   /* an enum: a plan file has its word, the journal its number */
    POLICY_NUMBER, /* a span_us of 0 or more */
    POLICY_NAME,   /* a name_id of fleet.names */
    POLICY_RULES,  /* a finding_set */
};

struct policy_field {
    const char *key; /* in a plan file; NULL: the journal alone has it */
    enum policy_type type;
    size_t offset;                       /* in struct policy */
    uint64_t most;                       /* of words and numbers */
    const char *(*word)(unsigned value); /* of words, as in a manifest */
};

enum { POLICY_FIELDS = 8 };
extern const struct policy_field
    policy_fields[POLICY_FIELDS]; /* in the order of the journal's columns */

uint64_t policy_get(const struct policy *p, const struct policy_field *field);
void policy_put(struct policy *p, const struct policy_field *field, uint64_t value);
/* The value of a word, upper and lower case as it is written. */
bool policy_word_parse(const struct policy_field *field, struct text t, uint64_t *value);
bool policy_eq(const struct policy *a, const struct policy *b);

#endif
