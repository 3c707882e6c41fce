/*
 * --terraform-state: the settings that Terraform manages, for the finding managed-elsewhere.
 */
#ifndef MF_MANAGING_H
#define MF_MANAGING_H

#include "model/managed_index.h"
#include "options/options.h"

/* Reads every state of the options; prints what is wrong with any. *index stays NULL without the
 * option; the caller frees it, after an error too. */
enum err managing_load(const struct options *o, struct managed_index **index, struct why *why);

#endif
