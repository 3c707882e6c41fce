/*
 * What a URL or a form carries as "%XX", decoded. A "%" that is not followed by two hexadecimal
 * digits stays as it is. The other way: escape_percent().
 */
#ifndef MF_PERCENT_H
#define MF_PERCENT_H

#include "arena.h"

/* plus: "+" stands for a blank, as in forms. TEXT_NONE: no memory. The result may hold any byte,
 * NUL too. */
struct text percent_decode(struct text t, bool plus, struct arena *arena);

#endif
