/*
 * Counts the questions out at each server, and tells when the next one may go.
 *
 * Invariant: a server with questions out, or with a bucket not yet full, keeps its entry. Every
 * other entry may be dropped, since a fresh entry is equal. In a row full of kept entries a new
 * server waits for a moment. Such a row is rare: there are more entries than questions out.
 */
#include "server_limit.h"

#include <assert.h>
#include <string.h>

#define QUESTION_SPAN (SPAN_S(1) / DNS_SERVER_RATE_MAX)
#define ALLOWANCE     (DNS_SERVER_OUT_MAX * QUESTION_SPAN)

void server_limit_init(struct server_limit *m, struct siphash_key key)
{
    *m = (struct server_limit){.key = key};
}

static bool server_same(const struct dns_server *a, const struct dns_server *b)
{
    return a->family == b->family && a->port == b->port &&
           memcmp(a->address, b->address, sizeof a->address) == 0;
}

static bool is_own(const struct dns_server *s)
{
    static const uint8_t loopback6[16] = {[15] = 1};
    return s->family == 4 ? s->address[0] == 127
                          : memcmp(s->address, loopback6, sizeof loopback6) == 0;
}

static struct limited_server *row_of(struct server_limit *m, const struct dns_server *s)
{
    uint64_t hash = siphash_pair(m->key, siphash(m->key, s->address, sizeof s->address),
                                 (uint64_t)s->family << 16 | s->port);
    return m->rows[hash % SERVER_LIMIT_ROWS];
}

static struct limited_server *server_find(struct server_limit *m, const struct dns_server *s)
{
    struct limited_server *row = row_of(m, s);
    for (unsigned i = 0; i < SERVER_LIMIT_WAYS; i++)
        if (server_same(&row[i].server, s))
            return &row[i];
    return NULL;
}

static struct limited_server *server_add(struct server_limit *m, const struct dns_server *s,
                                         instant_us now)
{
    struct limited_server *row = row_of(m, s);
    for (unsigned i = 0; i < SERVER_LIMIT_WAYS; i++) {
        if (row[i].out || row[i].paid_until > now)
            continue;
        row[i] = (struct limited_server){.server = *s, .paid_until = now};
        return &row[i];
    }
    return NULL;
}

bool server_limit_take(struct server_limit *m, const struct dns_server *server, instant_us now,
                       instant_us *again)
{
    if (server->family == 0)
        return true;
    struct limited_server *known = server_find(m, server);
    if (!known)
        known = server_add(m, server, now);
    *again = now + QUESTION_SPAN;
    if (!known)
        return false;
    if (known->paid_until < now)
        known->paid_until = now;
    *again = known->out >= DNS_SERVER_OUT_MAX ? WHEN_NEVER
                                              : known->paid_until + QUESTION_SPAN - ALLOWANCE;
    if (known->out >= DNS_SERVER_OUT_MAX || *again > now)
        return false;
    known->out++;
    if (!is_own(server))
        known->paid_until += QUESTION_SPAN;
    return true;
}

bool server_limit_give(struct server_limit *m, const struct dns_server *server)
{
    if (server->family == 0)
        return false;
    struct limited_server *known = server_find(m, server);
    assert(known && known->out > 0);
    return known->out-- >= DNS_SERVER_OUT_MAX;
}
