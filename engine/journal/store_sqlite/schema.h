/*
 * The tables of a journal, and the way from an older journal's tables to them. For this room only.
 */
#ifndef MF_SCHEMA_H
#define MF_SCHEMA_H

#include "sql.h"

#define SCHEMA_VERSION 9
#define SCHEMA_MARKED  3 /* from here on a high-water mark is made before the tables */

/* Is it a journal, and one that this program can read? *version: 0 to SCHEMA_VERSION, where less
 * than SCHEMA_VERSION needs schema_migrate() first. ERR_GONE: an empty file (version 0), not yet a
 * journal. ERR_INPUT: something else, or the journal of a newer program. */
enum err schema_vet(struct sql *s, int *version, struct why *why);

/* Brings the tables from a version to SCHEMA_VERSION; from 0 it makes them. One transaction: after
 * an error, or a crash, the file is as it was. Only by the holder of the writer's lock, or on a
 * copy. */
enum err schema_migrate(struct sql *s, int version, struct why *why);

#endif
