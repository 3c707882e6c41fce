/*
 * Manners towards name servers that belong to others: at most so many questions out at one of them,
 * and so many a second. The world's window (DNS_WINDOW) protects us from drops; this protects them
 * from us.
 *
 * Each server has an allowance of DNS_SERVER_OUT_MAX questions at once, which comes back at
 * DNS_SERVER_RATE_MAX a second. Two kinds are left to the window alone: family 0, the resolver of
 * the run, and the rate (not the number) of servers on loopback, which are the user's own.
 *
 *   if (manners_take(&m, &question.server, now, &again)) send it
 *   else keep it until `again`, or until an answer of that server has come (WHEN_NEVER)
 *   ... manners_give(&m, &question.server) with the answer
 *
 * Pure, without memory of its own making. One owner, one thread at a time.
 */
#ifndef MF_MANNERS_H
#define MF_MANNERS_H

#include "base/bounds.h"
#include "base/siphash.h"
#include "base/when.h"
#include "dns/question.h"

#define MANNERS_WAYS 8 /* servers that may share a row of the table */

struct manners_server {
    struct dns_server server;
    uint32_t out;
    instant_us paid_until; /* each question moves it on by 1/rate; the past counts as now */
};

struct manners {
    struct siphash_key key;
    struct manners_server rows[MANNERS_ROWS][MANNERS_WAYS];
};

/* Addresses are chosen by those who publish them, so rows are found with a key (siphash.h). */
void manners_init(struct manners *m, struct siphash_key key);
/* May one question go to this server now? True: it is counted. False: *again is the earliest
 * instant at which it is worth asking again. */
bool manners_take(struct manners *m, const struct dns_server *server, instant_us now,
                  instant_us *again);
/* A question that was counted has come back, with an answer or without. */
void manners_give(struct manners *m, const struct dns_server *server);

#endif
