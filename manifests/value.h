/*
 * What a value of a manifest must be: text in, verdict out. For whoever reads a manifest, and for
 * whoever writes one that will be read.
 */
#ifndef MF_MANIFEST_VALUE_H
#define MF_MANIFEST_VALUE_H

#include "base/bounds.h"
#include "model/fleet.h"

enum name_fault {
    NAME_OK,
    NAME_EMPTY,
    NAME_TOO_LONG,
    NAME_BLANK,
    NAME_CONTROL,
    NAME_UNSEEN,
    NAME_AT
};
const char *name_fault_text(enum name_fault fault);

/* Can t be a name at all, of a host or of an address? Says nothing about host name rules: those
 * are findings of a plan. */
enum name_fault name_check(struct text t);
enum name_fault identity_check(struct text t);
/* As SES stores it, in out or t itself: a domain in lower-case A-labels, an address as written but
 * for a domain part outside ASCII. What IDNA refuses stays as lower-case bytes. */
struct text identity_normal(struct text t, char out[NAME_LEN_MAX + 1]);
/* Lower-case A-labels without a final dot, in out or t itself. */
struct text host_normal(struct text t, char out[NAME_LEN_MAX + 1]);
/* The first brace that begins neither {domain} nor {region}, or t.len. */
size_t template_fault(struct text t);
bool template_is(struct text t); /* is there anything to fill in? */
/* False when the result is longer than NAME_LEN_MAX. */
bool template_fill(struct text t, struct text domain, struct text region,
                   char out[NAME_LEN_MAX + 1], struct text *result);

bool region_is(struct text t); /* the shape of a Region's name, not whether it exists */
bool rate_parse(struct text t, double *rate);
bool quota_parse(struct text t, struct quota *quota); /* "10" or "2.5%" */
bool require_parse(struct text t, enum dns_require *out);
const char *require_near(struct text t);
const char *behavior_near(struct text t);
/* The nearest of words, for "did you mean"; NULL when none is near. */
const char *word_near(struct text t, const char *const *words, size_t words_len);

#endif
