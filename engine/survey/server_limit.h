/*
 * The limit for one authoritative name server: so many questions at once, and so many a second.
 * DNS_WINDOW bounds all questions and protects us from drops; this limit protects other people's
 * servers.
 *
 * Each server has a token bucket: DNS_SERVER_OUT_MAX tokens, refilled at DNS_SERVER_RATE_MAX a
 * second; a question takes one. Two kinds of servers have no bucket: family 0, the resolver of the
 * run, bounded by DNS_WINDOW alone; and servers on loopback, the user's own, bounded by the number
 * of questions out alone.
 *
 *   if (server_limit_take(&m, &question.server, now, &again)) send it
 *   else keep it until `again`, or until an answer of that server has come (WHEN_NEVER)
 *   ... server_limit_give(&m, &question.server) with the answer
 *
 * Pure, without memory of its own making. One owner, one thread at a time.
 */
#ifndef MF_SERVER_LIMIT_H
#define MF_SERVER_LIMIT_H

#include "base/bounds.h"
#include "base/siphash.h"
#include "base/when.h"
#include "dns/question.h"

#define SERVER_LIMIT_WAYS 8 /* servers in one row of the table */

struct limited_server {
    struct dns_server server;
    uint32_t out;
    instant_us paid_until; /* each question adds 1/rate; the past counts as now */
};

struct server_limit {
    struct siphash_key key;
    struct limited_server rows[SERVER_LIMIT_ROWS][SERVER_LIMIT_WAYS];
};

/* Publishers choose the addresses, so rows are found with a key (siphash.h). */
void server_limit_init(struct server_limit *m, struct siphash_key key);
/* May one question go to this server now? True: the question is counted. False: *again is the
 * earliest instant at which the caller should ask again. */
bool server_limit_take(struct server_limit *m, const struct dns_server *server, instant_us now,
                       instant_us *again);
/* A counted question has come back, with an answer or without. True: as many as may be were out, so
 * that others may have waited for this. */
bool server_limit_give(struct server_limit *m, const struct dns_server *server);

#endif
