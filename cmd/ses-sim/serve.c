/*
 * Duty: the way of a request: route, authenticate, meet its faults, take a token, act, log.
 * Invariant: an effect happens under the lock and at most once; a fault called "before" comes
 * before it, one called "after" behind it.
 */
#include "base/hash.h"
#include "sim.h"

#include <stdio.h>

static enum protocol protocol_of(const struct exchange *x)
{
    struct text header = exchange_header(x, "authorization");
    if (text_starts(exchange_header(x, "x-amz-target"), TEXT(ORGANIZATION_TARGET)))
        return PROTOCOL_ORGANIZATIONS;
    if (text_starts(x->path, TEXT("/v2/")))
        return PROTOCOL_V2;
    if (text_starts(x->path, TEXT("/2013-04-01/")))
        return PROTOCOL_ROUTE53;
    if (text_starts(x->path, TEXT("/client/v4/")))
        return PROTOCOL_CLOUDFLARE;
    bool sts = text_find_text(header, TEXT("/sts/aws4_request")) < header.len;
    return sts ? PROTOCOL_STS : PROTOCOL_V1;
}

static const struct route *route_of(struct exchange *x)
{
    switch (x->protocol) {
    case PROTOCOL_V2: return v2_route(x);
    case PROTOCOL_STS: return sts_route(x);
    case PROTOCOL_ROUTE53: return route53_route(x);
    case PROTOCOL_CLOUDFLARE: return cloudflare_route(x);
    case PROTOCOL_ORGANIZATIONS: return organization_route(x);
    default: return v1_route(x);
    }
}

/* What a proxy or load balancer in front of a service says, which is neither XML nor JSON. */
static void fail_html(struct exchange *x)
{
    exchange_fail(x, 503, "http500", "fault");
    buf_reset(&x->out);
    x->content_type = "text/html";
    buf_add_str(&x->out, "<html><head><title>503 Service Unavailable</title></head>\n"
                         "<body><h1>503 Service Unavailable</h1></body></html>\n");
}

/* Did something happen to the request before it could have an effect? */
static bool meet_before(struct exchange *x, const struct misfortune *bad)
{
    if (bad->outage && (x->protocol == PROTOCOL_V1 || x->protocol == PROTOCOL_V2)) {
        /* SES serves nobody, whatever is asked. */
        if (bad->outage == OUTAGE_ERRORS) {
            fail_html(x);
        } else {
            exchange_fail(x, 0, "outage", "fault");
            x->leaving = LEAVES_RESET;
        }
        x->fault = "outage";
    } else if (bad->reset_before) {
        exchange_fail(x, 0, "reset-before", "fault");
        x->leaving = LEAVES_RESET;
        x->fault = "reset-before";
    } else if (bad->http500) {
        fail_html(x);
        x->fault = "http500";
    } else if (bad->expired) {
        exchange_trouble(x, TROUBLE_TOKEN_EXPIRED, NULL);
        x->fault = "expired";
    } else if (bad->throttle) {
        exchange_trouble(x, TROUBLE_THROTTLED, NULL);
        x->fault = "throttle";
    }
    return x->fault != NULL;
}

static bool is_of_zones(const struct exchange *x)
{
    return x->protocol == PROTOCOL_ROUTE53 || x->protocol == PROTOCOL_CLOUDFLARE;
}

/* Is there a token in the bucket of whoever asks? False with the error in x. */
static bool admit(struct sim *s, struct exchange *x, const struct route *route)
{
    if (is_of_zones(x) || x->protocol == PROTOCOL_ORGANIZATIONS)
        return meter_admit(&s->meters, x);
    if (route->bucket >= SES_ACTIONS || ses_model_admit(&s->model, x->lane, route->bucket, x->real))
        return true;
    exchange_trouble(x, TROUBLE_THROTTLED, NULL);
    return false;
}

static bool is_known(struct sim *s, struct exchange *x)
{
    return x->protocol == PROTOCOL_CLOUDFLARE ? bearer_check(s, x) : auth_check(s, x);
}

void sim_serve(struct sim *s, struct exchange *x)
{
    pthread_mutex_lock(&s->lock);
    x->number = s->calls++;
    pthread_mutex_unlock(&s->lock);
    x->real = clock_real(&s->clock);
    x->scaled = clock_scaled(&s->clock);
    x->delay_ms = s->faults.delay_ms;
    unsigned long long a = hash_mix((uint64_t)x->real, x->number), b = hash_mix(a, 1);
    snprintf(x->request_id, sizeof x->request_id, "%08llx-%04llx-4%03llx-8%03llx-%012llx",
             a & 0xffffffff, a >> 32 & 0xffff, a >> 52, b & 0xfff, b >> 16);
    x->protocol = protocol_of(x);
    const struct route *route = route_of(x);
    struct misfortune bad = sim_faults_draw(&s->faults, x->number, x->real);
    x->is_stale = bad.stale;
    x->is_busy = bad.busy;
    x->is_silent = bad.silent;
    x->is_partial = bad.partial;
    x->is_meddled = bad.writer;
    if (is_known(s, x) && iam_check(x) && !meet_before(x, &bad)) {
        if (route) {
            pthread_mutex_lock(&s->lock);
            if (admit(s, x, route))
                route->handle(s, x);
            pthread_mutex_unlock(&s->lock);
        }
        if (bad.reset_after) {
            x->leaving = LEAVES_RESET;
            x->fault = "reset-after";
        } else if (bad.cut) {
            x->leaving = LEAVES_CUT;
            x->fault = "cut";
        }
    }
    if (x->out.failed)
        exchange_trouble(x, TROUBLE_INTERNAL, NULL);
    log_write(s->log, x);
}
