/*
 * Duty: count what is out at each server, and when the next may go.
 *
 * Invariant: a server with questions out, or whose allowance is not whole yet, keeps its entry; all
 * others may be forgotten, for a fresh entry says the same. In a row full of such, a new server
 * waits for a moment: that is rare, as there are more entries than questions out.
 */
#include "manners.h"

#include <assert.h>
#include <string.h>

#define QUESTION_SPAN (SPAN_S(1) / DNS_SERVER_RATE_MAX)
#define ALLOWANCE     (DNS_SERVER_OUT_MAX * QUESTION_SPAN)

void manners_init(struct manners *m, struct siphash_key key)
{
    *m = (struct manners){.key = key};
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

static struct manners_server *row_of(struct manners *m, const struct dns_server *s)
{
    uint64_t hash = siphash_pair(m->key, siphash(m->key, s->address, sizeof s->address),
                                 (uint64_t)s->family << 16 | s->port);
    return m->rows[hash % MANNERS_ROWS];
}

static struct manners_server *server_find(struct manners *m, const struct dns_server *s)
{
    struct manners_server *row = row_of(m, s);
    for (unsigned i = 0; i < MANNERS_WAYS; i++)
        if (server_same(&row[i].server, s))
            return &row[i];
    return NULL;
}

static struct manners_server *server_add(struct manners *m, const struct dns_server *s,
                                         instant_us now)
{
    struct manners_server *row = row_of(m, s);
    for (unsigned i = 0; i < MANNERS_WAYS; i++) {
        if (row[i].out || row[i].paid_until > now)
            continue;
        row[i] = (struct manners_server){.server = *s, .paid_until = now};
        return &row[i];
    }
    return NULL;
}

bool manners_take(struct manners *m, const struct dns_server *server, instant_us now,
                  instant_us *again)
{
    if (server->family == 0)
        return true;
    struct manners_server *known = server_find(m, server);
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

void manners_give(struct manners *m, const struct dns_server *server)
{
    if (server->family == 0)
        return;
    struct manners_server *known = server_find(m, server);
    assert(known && known->out > 0);
    known->out--;
}
