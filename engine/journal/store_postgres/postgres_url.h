/*
 * The name of a journal in PostgreSQL, taken apart. Pure.
 */
#ifndef MF_POSTGRES_URL_H
#define MF_POSTGRES_URL_H

#include "base/error.h"
#include "journal/leases.h"

#define URL_LEN_MAX    2048
#define SCHEMA_LEN_MAX 48 /* NAMEDATALEN is 64, and roles are called NAME_submitter */
#define SCHEMA_DEFAULT "mailfrom"

struct postgres_url {
    char conninfo[URL_LEN_MAX];  /* what libpq is told: without our own words */
    char schema[SCHEMA_LEN_MAX]; /* lower-case letters, digits and "_", so it needs no quotes */
    char team[TEAM_LEN_MAX];     /* the role whose runs others do not see; "": none */
};

/* ERR_INPUT: no URL of PostgreSQL, or one with a schema or a team that is no name. */
enum err postgres_url_read(struct postgres_url *out, const char *url, struct why *why);

#endif
