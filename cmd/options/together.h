/*
 * Options that cannot matter together, or with these arguments: one that would be passed over in
 * silence is refused. Those that every verb takes are not among them (option_rows.h).
 */
#ifndef MF_TOGETHER_H
#define MF_TOGETHER_H

#include "options.h"

/* For a verb with these sets. ERR_INPUT: the sentence names both, and what would make sense. */
enum err options_together_vet(const struct options *o, option_set verb, struct why *why);

#endif
