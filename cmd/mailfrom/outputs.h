/*
 * What a verb will write for its user (--report, --out), vetted before the first call leaves: a run
 * of three days shall not end with "No such file".
 */
#ifndef MF_OUTPUTS_H
#define MF_OUTPUTS_H

#include "options.h"

/* "~/x" becomes the home's, as where a shell would have done it (not in csv:~/x, nor in --out=~/x).
 * Texts in the arena. ERR_INPUT: there is no home. */
enum err outputs_expand(struct options *o, struct arena *arena, struct why *why);
/* Every file can be written and no two are the same. may_be_folder: --out takes one. Leaves nothing
 * behind. */
enum err outputs_prove(const struct options *o, bool may_be_folder, struct why *why);

#endif
