/*
 * The tables of a journal, version 1. For this room only.
 */
#ifndef MF_SCHEMA_H
#define MF_SCHEMA_H

#include "sql.h"

#define SCHEMA_VERSION 1

/* Makes the tables in an empty file, all or nothing. */
enum err schema_make(struct sql *s, struct why *why);

/* Is it a journal, and one that this program can read? ERR_GONE: an empty file, not yet a journal.
 * ERR_INPUT: something else, or the journal of a newer program. */
enum err schema_vet(struct sql *s, struct why *why);

#endif
