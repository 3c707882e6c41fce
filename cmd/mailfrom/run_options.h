/*
 * What a run must know again when it is resumed: kept as a JSON object in the head of the run.
 */
#ifndef MF_RUN_OPTIONS_H
#define MF_RUN_OPTIONS_H

#include "base/arena.h"
#include "options.h"

/* The options of *o that reach SES and DNS, as JSON in *arena; at == NULL when out of memory. */
struct text run_options_write(const struct options *o, struct arena *arena);
/* Fills in what *o leaves open from what was kept. Texts live in *arena. */
enum err run_options_read(struct options *o, struct text kept, struct arena *arena,
                          struct why *why);

#endif
