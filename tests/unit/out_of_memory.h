/*
 * Memory that runs out at the n-th allocation, for every n until nothing fails. Whoever is told so
 * must still be whole: what was there stays, clear works, and the sanitizer finds no leak. Link
 * with the library `out_of_memory`, which puts itself in front of the allocator (--wrap).
 *
 * Scarce is the thread of the test alone; what others do at the same time always works.
 */
#ifndef MF_OUT_OF_MEMORY_H
#define MF_OUT_OF_MEMORY_H

#include "unit.h"

/* Does its work, or says that it could not; and puts everything away in either case. */
typedef bool work(void);

/* A failure is told, and told only when there was one. */
void fail_every_allocation(work *w);

/* For work that goes on without what it could not have: was there a failure in this round? */
bool memory_ran_out(void);

/* For what else may run out, and is wrapped by the test itself: is it this one's turn to fail? */
bool is_scarce(void);

#endif
