/*
 * Internationalized domain names: U-labels to A-labels and back, by IDNA 2008 with the mappings of
 * UTS #46, non-transitional (RFC 5891; as in browsers). Pure; safe from any thread.
 */
#ifndef MF_IDNA_H
#define MF_IDNA_H

#include "base/arena.h"
#include "base/dname.h"

#define IDNA_UNICODE_LEN_MAX 1024 /* 253 characters of A-labels are fewer as UTF-8, with room */

/* name, UTF-8 of any case, becomes lower-case A-labels without a final dot, in out; *result points
 * there. An ASCII name is only folded and may still be no host name (dname_check tells), but its
 * "xn--" labels must be real ones. False: *fault is a constant clause for a person, such as
 * "it has a character that IDNA forbids", and *result is empty. */
bool idna_to_ascii(struct text name, char out[DNAME_LEN_MAX + 1], struct text *result,
                   const char **fault);

/* For showing: "xn--bcher-kva.example" becomes "bücher.example". A name without valid A-labels
 * comes back unchanged. False only when out is too small; then *result is empty. The text may hold
 * look-alikes: show the text beside the A-labels, never instead. */
bool idna_to_unicode(struct text name, char out[IDNA_UNICODE_LEN_MAX + 1], struct text *result);

/* Converts a typed name into A-labels in the arena. Underscores are allowed, since DNS names have
 * underscores. False: *fault says why the text is no name. */
bool idna_name_read(struct arena *arena, struct text given, struct text *name, const char **fault);

#endif
