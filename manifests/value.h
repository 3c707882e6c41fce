/*
 * Checks of the values of a manifest: text in, verdict out. For readers of manifests, and for
 * writers of manifests such as discover.
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

/* Can t be a name at all, of a host or of an address? Host name rules are not checked here: a plan
 * reports faults as findings. */
enum name_fault name_check(struct text t);
enum name_fault identity_check(struct text t);
/* Is t a domain in normal form, without a fault? One pass says so of nearly every identity. False:
 * look closer. */
bool domain_is_plain(struct text t);
/* SES's spelling, in out or t itself: a domain in lower-case A-labels, an address as written except
 * for a domain part outside ASCII. A name refused by IDNA stays as lower-case bytes. */
struct text identity_normal(struct text t, char out[NAME_LEN_MAX + 1]);
/* Lower-case A-labels without a final dot, in out or t itself. */
struct text host_normal(struct text t, char out[NAME_LEN_MAX + 1]);
/* The first brace outside {domain} and {region}, or t.len. */
size_t template_fault(struct text t);
bool template_is(struct text t); /* is there anything to fill in? */
/* False when the result is longer than NAME_LEN_MAX. */
bool template_fill(struct text t, struct text domain, struct text region,
                   char out[NAME_LEN_MAX + 1], struct text *result);

bool region_is(struct text t); /* checks the shape of a Region's name, not its existence */
bool rate_parse(struct text t, double *rate);
bool quota_parse(struct text t, struct quota *quota); /* "10" or "2.5%" */
/* The nearest of words, for "did you mean"; NULL when none is near. */
const char *word_near(struct text t, const char *const *words, size_t words_len);

#endif
