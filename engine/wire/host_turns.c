/* A ring of hosts, each with its calls. */
#include "host_turns.h"

#include "base/bounds.h"
#include "base/names.h"
#include "providers/providers.h"

#include <assert.h>
#include <stdlib.h>

#define CONNECTION_KEPT_US SPAN_S(15) /* as https.c keeps an idle one */
#define COUNT_EVERY_US     SPAN_S(1)

static struct text host_of(const struct wire_lane *lane)
{
    return text_of(lane->provider ? lane->provider->endpoint.url : lane->at.ses.url);
}

bool host_turns_init(struct host_turns *t, const struct wire_lane *lanes, uint32_t lanes_len)
{
    struct names names;
    *t = (struct host_turns){.of_lane = calloc(lanes_len + 1u, sizeof *t->of_lane)};
    bool good = names_init(&names, NAMES_BYTES_MAX);
    for (uint32_t i = 0; i < lanes_len && good && t->of_lane; i++)
        good = names_add(&names, host_of(&lanes[i]), &t->of_lane[i]);
    t->hosts_len = names.len + 1; /* the first is that of lanes without a URL */
    names_clear(&names);
    t->hosts = calloc(t->hosts_len, sizeof *t->hosts);
    return good && t->of_lane && t->hosts;
}

void host_turns_clear(struct host_turns *t)
{
    free(t->hosts);
    free(t->of_lane);
    *t = (struct host_turns){0};
}

static void ring_add(struct host_turns *t, uint32_t host)
{
    struct host_turn *h = &t->hosts[host];
    if (h->is_listed)
        return;
    h->is_listed = true;
    h->next = 0;
    if (t->ring_last)
        t->hosts[t->ring_last - 1].next = host + 1;
    else
        t->ring_first = host + 1;
    t->ring_last = host + 1;
    t->ring_len++;
}

static uint32_t ring_pop(struct host_turns *t)
{
    assert(t->ring_first);
    uint32_t host = t->ring_first - 1;
    t->ring_first = t->hosts[host].next;
    if (!t->ring_first)
        t->ring_last = 0;
    t->ring_len--;
    t->hosts[host].is_listed = false;
    return host;
}

void host_turns_add(struct host_turns *t, struct call *c, instant_us now)
{
    uint32_t host = t->of_lane[c->lane];
    c->sent_at = now;
    call_list_add(&t->hosts[host].waiting, c);
    ring_add(t, host);
}

void host_turns_again(struct host_turns *t, struct call_list *calls, instant_us now)
{
    for (struct call *c; (c = call_list_pop(calls)) != NULL;) {
        uint32_t host = t->of_lane[c->lane];
        c->sent_at = now;
        call_list_add(&t->hosts[host].first, c);
        ring_add(t, host);
    }
}

bool host_turns_wait(const struct host_turns *t)
{
    return t->ring_len > 0;
}

static bool is_recent(const struct host_turn *h, instant_us now)
{
    return h->is_listed || h->out > 0 || (h->used_at && now - h->used_at < CONNECTION_KEPT_US);
}

static unsigned share_of(struct host_turns *t, unsigned transfers, instant_us now)
{
    if (now - t->counted_at >= COUNT_EVERY_US || t->counted_at == 0) {
        t->counted_at = now;
        t->recent = 0;
        for (uint32_t i = 0; i < t->hosts_len; i++)
            t->recent += is_recent(&t->hosts[i], now);
    }
    uint32_t hosts = t->recent > t->ring_len ? t->recent : t->ring_len;
    unsigned share = hosts ? transfers / hosts : transfers;
    return share > HTTPS_SHARE_MIN ? share : HTTPS_SHARE_MIN;
}

static struct call_list *list_of(struct host_turn *h)
{
    return h->first.first ? &h->first : &h->waiting;
}

static bool has_waited(struct host_turn *h, instant_us now)
{
    return now - list_of(h)->first->sent_at >= HOST_WAIT_US;
}

/* The first host in the ring that may send; it goes behind the others. */
static struct call *ring_take(struct host_turns *t, unsigned share, bool waited, instant_us now)
{
    for (uint32_t left = t->ring_len; left > 0; left--) {
        uint32_t host = ring_pop(t);
        struct host_turn *h = &t->hosts[host];
        struct call *c = NULL;
        if (h->out < share || (waited && has_waited(h, now))) {
            c = call_list_pop(list_of(h));
            h->out++;
            t->out++;
            h->used_at = now;
        }
        if (list_of(h)->first)
            ring_add(t, host);
        if (c)
            return c;
    }
    return NULL;
}

struct call *host_turns_next(struct host_turns *t, unsigned transfers, instant_us now)
{
    if (t->ring_len == 0)
        return NULL;
    unsigned share = share_of(t, transfers, now);
    struct call *c = ring_take(t, share, false, now);
    uint32_t kept = t->recent > 1 ? HTTPS_SHARE_MIN : 0;
    return c || t->out + kept >= transfers ? c : ring_take(t, share, true, now);
}

void host_turns_done(struct host_turns *t, const struct call *c)
{
    struct host_turn *h = &t->hosts[t->of_lane[c->lane]];
    assert(h->out > 0 && t->out > 0);
    h->out--;
    t->out--;
}
