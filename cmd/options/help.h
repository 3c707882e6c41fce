/*
 * Help texts are as wide as a terminal is at the least; tables hold them without line breaks.
 */
#ifndef MF_HELP_H
#define MF_HELP_H

#include "base/text.h"

#include <stdio.h>

#define HELP_WIDTH 80 /* columns */

/* Prints a text over as many lines as it takes. The first one begins where the caller is, at column
 * `indent`, and the others are indented likewise. A '\n' in the text begins a new line. */
void help_print(FILE *out, size_t indent, struct text t);

#endif
