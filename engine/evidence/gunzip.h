/*
 * gzip in pieces (RFC 1952), several members too. Checks the sums of each member.
 */
#ifndef MF_GUNZIP_H
#define MF_GUNZIP_H

#include "base/error.h"
#include "base/text.h"

struct gunzip;

/* False: no more is wanted. The piece is borrowed for the call. */
typedef bool (*gunzip_piece)(void *ctx, struct text bytes);

struct gunzip *gunzip_new(gunzip_piece piece, void *ctx); /* NULL: out of memory */
void gunzip_free(struct gunzip *g);                       /* accepts NULL */
/* ERR_PROTO: damaged; ERR_NOMEM. OK too when no more is wanted: nothing is done then. */
enum err gunzip_add(struct gunzip *g, struct text bytes, struct why *why);
enum err gunzip_end(const struct gunzip *g, struct why *why); /* ERR_PROTO: it breaks off */

#endif
