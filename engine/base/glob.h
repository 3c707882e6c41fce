/*
 * Patterns over names, as shells have them (glob(7)): "*" is any run of characters, dots included,
 * "?" one character, "[a-c]" one of these, "[!a-c]" one of the others. Capitals do not count. No
 * locale, no backslash: a name holds neither.
 */
#ifndef MF_GLOB_H
#define MF_GLOB_H

#include "text.h"

bool glob_fits(struct text pattern, struct text name);
/* Does the text hold anything but itself? */
bool glob_is(struct text t);

#endif
