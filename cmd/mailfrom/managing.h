/*
 * --terraform-state: the settings that Terraform manages, for the finding managed-elsewhere.
 */
#ifndef MF_MANAGING_H
#define MF_MANAGING_H

#include "model/fleet.h"
#include "model/managed_index.h"
#include "options/options.h"

/* Reads every state of the options; prints what is wrong with any. *index stays NULL without the
 * option; the caller frees it, after an error too. */
enum err managing_load(const struct options *o, struct managed_index **index, struct why *why);
/* Which rows of the fleet a state sets otherwise, in a few lines: for verbs that show no plan. Says
 * nothing without the option, or with --quiet. accepted_too: a rollback, which accepts all
 * findings, says nothing of what owners of manifests accept. */
void managing_tell(const struct options *o, const struct managed_index *index,
                   const struct fleet *f, bool accepted_too);

#endif
