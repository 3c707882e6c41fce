/*
 * What pg.c needs and what is not about libpq: waiting with an end, the meaning of an SQLSTATE, the
 * parts of a connection string, and values in the binary form of the protocol.
 *
 * Sources: PostgreSQL 15, appendix A (SQLSTATE), pg_type.dat (types), 34.1.1 (several hosts).
 */
#ifndef MF_PG_PARTS_H
#define MF_PG_PARTS_H

#include "pg.h"

instant_us pg_now(void); /* CLOCK_BOOTTIME */
/* False: the instant has come. What is ready is told even then: a process that was stopped for a
 * while still hears the answer that lies there. */
bool pg_ready_wait(int fd, short events, instant_us until);

#define PG_SAID_MAX 512
/* What libpq says, in one line. */
void pg_said(const char *message, char out[PG_SAID_MAX]);
enum err pg_err_of(const char *state); /* five characters */
/* A sentence of libpq about a connection that failed, in *said, has the SQLSTATE in it when a
 * server spoke: "FATAL:  28P01: password authentication failed". Takes it out. */
enum err pg_connect_err(char said[PG_SAID_MAX]);

/* Lists with commas between their parts: hosts, addresses, ports. */
unsigned pg_parts(const char *list);
void pg_part(const char *list, unsigned nth, char *out, size_t size);

#define PG_ADDRESSES 8
struct pg_addresses {
    char at[PG_ADDRESSES][64]; /* numeric */
    unsigned len;
    int error; /* of getaddrinfo() */
};
bool pg_is_name(const char *host); /* neither an address nor a folder of sockets */
enum err pg_lookup(const char *host, struct pg_addresses *out, instant_us until, struct why *why);

/* The values of a statement, as libpq takes them. */
struct pg_params {
    unsigned *types;
    const char **at;
    int *lens, *formats;
    uint64_t *numbers; /* in the order of the network */
    void *block;       /* owned: free() */
};
/* False: out of memory. Texts are borrowed. */
bool pg_params_make(struct pg_params *p, const struct pg_statement *statement);
/* A value that is not NULL, of the type with this number. */
struct store_value pg_value_read(unsigned type, struct text bytes);

#endif
