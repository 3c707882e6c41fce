/*
 * The noun behind a count, for sentences: "1 identity", "2 identities". No other function chooses.
 */
#ifndef MF_PLURAL_H
#define MF_PLURAL_H

#include <stdint.h>

static inline const char *plural(uint64_t count, const char *one, const char *many)
{
    return count == 1 ? one : many;
}

#endif
