/*
 * Arguments that are files of another kind than the verb reads: one line says so.
 */
#ifndef MF_KINDS_H
#define MF_KINDS_H

#include "options/options.h"

/* Each of the arguments must be able to be a manifest. */
enum err kinds_manifests_vet(const struct options *o, struct why *why);
/* word is not what is expected ("the number of a run"): says what it is, where it is a file. */
enum err kinds_not(const char *word, const char *expected, struct why *why);
/* A name that DNS is to be asked of must not be a file of ours. */
enum err kinds_names_vet(const struct options *o, struct why *why);
/* The file of --plan must be able to be a plan. */
enum err kinds_plan_vet(const struct options *o, struct why *why);

#endif
