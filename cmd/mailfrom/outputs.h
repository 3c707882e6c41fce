/*
 * The output files of a verb (--report, --out, --events, --metrics), vetted before the first call
 * leaves: a run of three days shall not end with "No such file".
 */
#ifndef MF_OUTPUTS_H
#define MF_OUTPUTS_H

#include "model/fleet.h"
#include "options/options.h"

/* Puts --team into the name of a shared journal, and expands "~/x", in places where a shell does
 * not (csv:~/x, --out=~/x). Texts in the arena. ERR_INPUT: there is no home. */
enum err outputs_expand(struct options *o, struct arena *arena, struct why *why);
/* Every file can be written, no two are the same, and none is a file of the journal or one that an
 * option names to be read. may_be_folder: --out takes one. Leaves nothing behind. Of several
 * complaints all but the last are told, behind the name of the verb. */
enum err outputs_prove(const struct options *o, const char *verb, bool may_be_folder,
                       struct why *why);
/* No output is a manifest or CSV file of f, just read. */
enum err outputs_spare(const struct options *o, const struct fleet *f, struct why *why);
/* The file of --out is not there yet, or --force is given. A folder, a device and standard output
 * may be there. */
enum err outputs_fresh(const struct options *o, struct why *why);
/* Checks one more file, in a folder: no input of the run, and no file of the journal. f may be
 * NULL. The sentence does not name path. */
enum err outputs_spare_file(const struct options *o, const struct fleet *f, const char *path,
                            struct why *why);

#endif
