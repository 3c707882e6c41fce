/*
 * A shared journal in memory and a fleet of two accounts, one lane each, for tests of submitting
 * and of workers. Nobody has credentials for either.
 */
#ifndef MF_DESK_H
#define MF_DESK_H

#include "memory_store.h"
#include "run/run.h"
#include "unit.h"

#define DESK_NOW SPAN_H(500000)

struct desk {
    struct memory_rows *rows;
    struct run run; /* of the submitter */
    struct access access;
    struct why why;
};

struct desk *desk_new(bool is_shared);
void desk_free(struct desk *d);

#endif
