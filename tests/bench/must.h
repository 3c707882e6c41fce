/* For measuring programs: without memory there is no figure. */
#ifndef MF_BENCH_MUST_H
#define MF_BENCH_MUST_H

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

static inline void must(bool held)
{
    if (held)
        return;
    fputs("out of memory\n", stderr);
    exit(2);
}

#endif
