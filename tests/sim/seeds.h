/*
 * The command line that every simulation has: which seeds, and how much is said of each.
 *
 *   --first N --count N   the seeds (from 1, a hundred)
 *   --seed N              this one, with every step
 *   --terse               the number of each seed before it begins: should it abort, the last line
 *                         says where
 *   --digest              what the runs amounted to, at the end
 */
#ifndef MF_SIM_SEEDS_H
#define MF_SIM_SEEDS_H

#include <stdbool.h>
#include <stdint.h>

enum talk { TALK_NORMAL, TALK_LOUD, TALK_TERSE };

struct seeds {
    uint64_t first, count;
    enum talk talk;
    bool prints_digest;
};

/* What it does not know is the simulation's own. */
void seeds_read(struct seeds *s, int argc, char **argv);

#endif
