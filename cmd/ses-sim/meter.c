/*
 * Duty: how often one may call. Route 53: one token bucket for each account over all actions, five
 * seconds deep ("Throttling for Amazon Route 53 API requests", 2026: 10 a second, 50 at once).
 * Cloudflare: 1,200 calls in five minutes for each token, and whoever goes beyond is blocked for
 * five minutes ("API rate limits"). AWS Organizations: a bucket for each account and action, two
 * seconds deep. Its time is the scaled one, so that a test need not wait.
 */
#include "base/bounds.h"
#include "sim.h"

#define BURST_S           5
#define ORGANIZATION_S    2
#define CLOUDFLARE_CALLS  1200
#define CLOUDFLARE_WINDOW SPAN_M(5)
#define METERS_BYTES      (4u << 20)

static struct meter *meter_of(struct meters *m, struct text who, double tokens, instant_us now)
{
    if (!m->all) {
        arena_init(&m->arena, METERS_BYTES);
        m->all = ARENA_ARRAY(&m->arena, struct meter, SIM_METERS_MAX);
    }
    for (uint32_t i = 0; i < m->len; i++)
        if (text_eq(m->all[i].who, who))
            return &m->all[i];
    if (!m->all || m->len == SIM_METERS_MAX)
        return NULL;
    struct meter *one = &m->all[m->len++];
    *one = (struct meter){.who = arena_text(&m->arena, who), .tokens = tokens, .at = now};
    return one;
}

static bool bucket_admit(struct meter *one, double rate, double depth, instant_us now)
{
    one->tokens += (double)(now - one->at) / 1e6 * rate;
    if (one->tokens > depth)
        one->tokens = depth;
    one->at = now;
    if (one->tokens < 1)
        return false;
    one->tokens -= 1;
    return true;
}

static bool window_admit(struct meter *one, instant_us scaled)
{
    if (scaled < one->blocked)
        return false;
    if (one->blocked || scaled - one->window >= CLOUDFLARE_WINDOW) {
        one->blocked = 0;
        one->window = scaled;
        one->calls = 0;
    }
    if (++one->calls <= CLOUDFLARE_CALLS)
        return true;
    one->blocked = scaled + CLOUDFLARE_WINDOW;
    return false;
}

bool meter_admit(struct meters *m, struct exchange *x)
{
    bool is_bearer = x->protocol == PROTOCOL_CLOUDFLARE;
    bool is_organization = x->protocol == PROTOCOL_ORGANIZATIONS;
    double rate = is_organization ? m->organization_rate : m->rate;
    double depth = rate * (is_organization ? ORGANIZATION_S : BURST_S);
    struct text who = is_bearer ? x->key_id
                      : is_organization
                          ? arena_fmt(&x->arena, TEXT_FMT " %s", TEXT_ARG(x->account), x->action)
                          : x->account;
    struct meter *one = meter_of(m, who, depth, x->real);
    if (!one)
        exchange_trouble(x, TROUBLE_INTERNAL, "There is no room for another account.");
    else if (!is_bearer && !bucket_admit(one, rate, depth < 1 ? 1 : depth, x->real))
        exchange_trouble(x, TROUBLE_THROTTLED, NULL);
    else if (is_bearer && !window_admit(one, x->scaled)) {
        exchange_trouble(x, TROUBLE_THROTTLED, NULL);
        x->retry_after_s = (unsigned)((one->blocked - x->scaled) / SPAN_S(1)) + 1;
    }
    return !x->is_error;
}

void meters_clear(struct meters *m)
{
    arena_clear(&m->arena);
    m->all = NULL;
}
