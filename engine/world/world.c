/* The simulated port. Answers lie in a heap, ordered by instant; the clock jumps to the next
   one. */
#include "world.h"

#include "base/hash.h"
#include "provider_door.h"
#include "ses_door.h"
#include "ses_past.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#define FLIGHTS_MAX (4 * CALLS_IN_FLIGHT_MAX) /* calls out, and effects after a crash; a client */
#define WRITES_KEPT 256                       /* recent writes hidden from a stale read */

enum phase { PHASE_FREE, PHASE_LEAVES, PHASE_ARRIVES, PHASE_RETURNS, PHASE_LATE_EFFECT };

struct write {
    uint16_t lane;
    struct text identity, mail_from;
    enum behavior behavior;
};

struct flight {
    enum phase phase;
    struct call *call;              /* NULL: the sender is gone */
    struct write write;             /* CALL_SET and late effects */
    struct provider_change *change; /* CALL_CHANGE, likewise; owned */
    struct world_client *client;    /* NULL: the only one */
    struct world_sent sent;         /* with a client */
    uint32_t next_free;             /* flight + 1 */
};

/* A process among several. Answers wait in its inbox until it takes them. */
struct world_client {
    struct world *world;
    uint64_t number;            /* from 1; no two have the same */
    instant_us frozen;          /* nothing of it leaves until then */
    struct call *first, **last; /* the inbox */
};

struct world {
    struct world_options options;
    const struct fleet *fleet;
    struct world_keeper keeper;
    struct ses_model ses;
    struct dns_model dns;
    struct operator operator;
    uint16_t *lanes; /* of the fleet -> of the model */
    instant_us now;
    struct flight *flights;
    uint32_t flights_len, free_flights;
    uint64_t clients;    /* so far */
    struct heap happens; /* flight -> instant of its next phase */
    struct ses_past past;
    bool stuck;
};

static bool lanes_make(struct world *w)
{
    const struct fleet *f = w->fleet;
    w->lanes = calloc(f->lanes_len + 1, sizeof *w->lanes);
    for (uint32_t i = 0; w->lanes && i < f->lanes_len; i++)
        if (!ses_model_lane(&w->ses, names_text(&f->names, f->accounts[f->lanes[i].account].name),
                            names_text(&f->names, f->lanes[i].region), &w->lanes[i]))
            return false;
    return w->lanes != NULL;
}

static bool flights_make(struct world *w)
{
    w->flights_len = FLIGHTS_MAX * (w->options.clients ? w->options.clients : 1);
    w->flights = calloc(w->flights_len, sizeof *w->flights);
    if (!w->flights || !heap_init(&w->happens, w->flights_len))
        return false;
    for (uint32_t i = w->flights_len; i > 0; i--) {
        w->flights[i - 1].next_free = w->free_flights;
        w->free_flights = i;
    }
    return true;
}

struct world *world_new(const struct world_options *options, const struct fleet *fleet,
                        struct world_keeper keeper, struct why *why)
{
    struct world *w = calloc(1, sizeof *w);
    if (!w) {
        why_set(why, ERR_NOMEM, "out of memory");
        return NULL;
    }
    w->options = *options;
    w->fleet = fleet;
    w->keeper = keeper;
    w->now = options->start;
    if (ses_model_init(&w->ses, &options->ses, options->identities_max, why) == OK &&
        ses_past_init(&w->past, WRITES_KEPT) && dns_model_init(&w->dns, &options->dns) &&
        lanes_make(w) && flights_make(w) &&
        operator_init(&w->operator, & options->operator, fleet, w->lanes))
        return w;
    why_set(why, ERR_NOMEM, "out of memory");
    world_free(w);
    return NULL;
}

void world_free(struct world *w)
{
    if (!w)
        return;
    ses_model_clear(&w->ses);
    ses_past_clear(&w->past);
    dns_model_clear(&w->dns);
    heap_clear(&w->happens);
    operator_clear(&w->operator);
    for (uint32_t f = 0; w->flights && f < w->flights_len; f++)
        provider_change_free(w->flights[f].change);
    free(w->flights);
    free(w->lanes);
    free(w);
}

struct ses_model *world_ses(struct world *w)
{
    return &w->ses;
}

uint16_t world_lane(const struct world *w, uint16_t lane)
{
    return w->lanes[lane];
}

struct dns_model *world_dns(struct world *w)
{
    return &w->dns;
}

instant_us world_now(const struct world *w)
{
    return w->now;
}

struct operator_trace world_operator(const struct world *w, uint32_t row)
{
    static const struct operator_trace nothing = {.next = WHEN_NEVER};
    return w->operator.traces ? w->operator.traces[row] : nothing;
}

bool world_is_stuck(const struct world *w)
{
    return w->stuck;
}

void world_heal(struct world *w)
{
    memset(w->options.faults.share, 0, sizeof w->options.faults.share);
}

static uint32_t flight_new(struct world *w)
{
    assert(w->free_flights);
    uint32_t i = w->free_flights - 1;
    w->free_flights = w->flights[i].next_free;
    w->flights[i] = (struct flight){0};
    return i;
}

static void flight_free(struct world *w, uint32_t i)
{
    provider_change_free(w->flights[i].change);
    w->flights[i] = (struct flight){.next_free = w->free_flights};
    w->free_flights = i + 1;
}

/* Of a call to a provider of DNS: its number. */
static uint32_t provider_of(const struct world *w, const struct call *call)
{
    return call->lane - w->fleet->lanes_len;
}

static bool hits(struct world *w, enum fault kind, const struct call *call)
{
    uint64_t number = hash_mix(call->ticket, (uint64_t)call->sent_at);
    return fault_hits(&w->options.faults, kind,
                      w->options.clients ? hash_mix(number, call->lane) : number);
}

/* Between half and one and a half of half a round trip. */
static span_us half_trip(const struct world *w, const struct call *call, unsigned leg)
{
    double unit = hash_unit(w->options.seed, call->ticket, leg);
    return (span_us)((double)w->options.round_trip / 2 * (0.5 + unit)) + 1;
}

/* A large fleet asks DNS millions of times; on a grid, many answers make one turn. */
static instant_us on_grid(const struct world *w, const struct call *call, instant_us at)
{
    span_us grain = call->kind == CALL_ASK ? w->options.dns_grain : 0;
    return grain ? (at + grain - 1) / grain * grain : at;
}

/* The request on the wire: a copy, since the request outlives the sender. */
static struct text stowed(struct world *w, struct text t)
{
    name_id id;
    bool added = names_add(&w->ses.names, t, &id);
    assert(added);
    return names_text(&w->ses.names, id);
}

/* The number of the flight. */
static uint32_t call_take(struct world *w, struct call *call)
{
    uint32_t f = flight_new(w);
    call_answer_reset(call);
    call->sent_at = when_later(w->now, call->departure.not_before);
    w->flights[f].phase = PHASE_ARRIVES;
    w->flights[f].call = call;
    if (call->kind == CALL_SET)
        w->flights[f].write = (struct write){w->lanes[call->lane], stowed(w, call->identities[0]),
                                             stowed(w, call->mail_from), call->behavior};
    if (call->kind == CALL_CHANGE)
        w->flights[f].change = provider_change_of(call, provider_of(w, call));
    return f;
}

/* How long a call of a client waits for its connection. */
static span_us held_up(const struct world *w, uint64_t client, const struct call *call)
{
    double late = w->options.leaves_late;
    double unit = hash_unit(w->options.seed, hash_mix(client, call->ticket), 17);
    return unit < late ? (span_us)((double)w->options.time_out * unit / late) : 0;
}

static void world_send(void *ctx, struct call **calls, uint32_t len)
{
    struct world *w = ctx;
    for (uint32_t i = 0; i < len; i++) {
        uint32_t f = call_take(w, calls[i]);
        span_us held = calls[i]->kind == CALL_ASK ? 0 : held_up(w, 0, calls[i]);
        if (held)
            w->flights[f].phase = PHASE_LEAVES;
        heap_set(
            &w->happens, f,
            on_grid(w, calls[i], calls[i]->sent_at + (held ? held : half_trip(w, calls[i], 0))));
    }
}

static void write_remember_old(struct world *w, const struct write *write)
{
    uint32_t id;
    if (ses_model_find(&w->ses, write->lane, write->identity, &id))
        ses_past_remember(&w->past, &w->ses, id, w->now);
}

static void write_apply(struct world *w, const struct write *write)
{
    struct why why;
    write_remember_old(w, write);
    ses_model_set(&w->ses, write->lane, write->identity, write->mail_from, write->behavior, w->now,
                  &why);
}

static void reply_lost(struct call *call)
{
    call->reply = (struct reply){.how = REPLY_LOST};
    memcpy(call->reply.message, "the answer was lost", sizeof "the answer was lost");
}

/* Faults before service. True: a fault hit the call. */
static bool arrive_broken(struct world *w, struct flight *flight)
{
    struct call *call = flight->call;
    if (hits(w, FAULT_NOT_SENT, call)) {
        call->reply.how = REPLY_NOT_SENT;
        memcpy(call->reply.message, "connection refused", sizeof "connection refused");
    } else if (hits(w, FAULT_THROTTLE, call)) {
        ses_door_refuse(call, 400, "Throttling", "Rate exceeded");
    } else if (hits(w, FAULT_HTTP_500, call)) {
        ses_door_refuse(call, 503, "", "<html>Service Unavailable</html>");
    } else if (hits(w, FAULT_EXPIRED, call)) {
        ses_door_refuse(call, 403, "ExpiredToken", "The security token has expired");
    } else if (hits(w, FAULT_ODD, call)) {
        ses_door_refuse(call, 403, "", "<html>Forbidden by policy</html>");
    } else if (hits(w, FAULT_LOST_BEFORE, call)) {
        reply_lost(call);
    } else if (call_changes_world(call->kind) && hits(w, FAULT_LATE, call)) {
        uint32_t f = flight_new(w);
        double unit = hash_unit(w->options.seed, flight->call->ticket, 9);
        w->flights[f].phase = PHASE_LATE_EFFECT;
        w->flights[f].write = flight->write;
        w->flights[f].change = flight->change;
        w->flights[f].client = flight->client;
        w->flights[f].sent = flight->sent;
        flight->change = NULL;
        heap_set(&w->happens, f, w->now + 1 + (span_us)((double)w->options.faults.late_max * unit));
        reply_lost(call);
    } else {
        return false;
    }
    return true;
}

static void arrive_ses(struct world *w, struct flight *flight)
{
    struct call *call = flight->call;
    if (arrive_broken(w, flight)) {
        if (call->kind == CALL_SET)
            operator_provoke(&w->operator, call->owner, w->now);
        return;
    }
    bool by_v1 = call->kind == CALL_READ_VERIFICATION || call->kind == CALL_READ_MAIL_FROM ||
                 call->kind == CALL_READ_NOTIFICATION || call->kind == CALL_READ_DKIM ||
                 (call->kind == CALL_LIST && call->api == API_V1);
    bool refuses = call->lane < 64 && w->options.v1_refused >> call->lane & 1;
    bool is_dkim_refused = call->kind == CALL_READ_DKIM && call->lane < 64 &&
                           w->options.dkim_refused >> call->lane & 1;
    if ((by_v1 && refuses && w->now >= w->options.v1_refused_since) || is_dkim_refused) {
        ses_door_refuse(call, 403, "AccessDenied", "User is not authorized to perform this");
        return;
    }
    if (call->kind == CALL_SET)
        write_remember_old(w, &flight->write);
    ses_door_serve(&w->ses, w->lanes[call->lane], call, w->now);
    if (call->kind == CALL_READ_MAIL_FROM && hits(w, FAULT_STALE, call)) {
        /* Puts back an old value, as a read of an eventually consistent service may show. */
        for (uint32_t i = 0; i < call->count; i++) {
            uint32_t id;
            unsigned known = call->facts[i].known;
            if (ses_model_find(&w->ses, w->lanes[call->lane], call->identities[i], &id) &&
                ses_past_facts(&w->past, id, w->now - w->options.faults.stale_max, &call->facts[i]))
                call->facts[i].known = known;
        }
    }
    if (hits(w, FAULT_LOST_AFTER, call))
        reply_lost(call);
}

/* To a provider of DNS. */
static void arrive_provider(struct world *w, struct flight *flight)
{
    struct call *call = flight->call;
    enum door_share share = hits(w, FAULT_HOLLOW, call)    ? DOOR_NONE
                            : hits(w, FAULT_PARTIAL, call) ? DOOR_SOME
                                                           : DOOR_ALL;
    if (arrive_broken(w, flight))
        return;
    if (call->kind == CALL_CHANGE && call->api == API_ROUTE53 && hits(w, FAULT_BUSY, call)) {
        ses_door_refuse(call, 400, "PriorRequestNotComplete",
                        "The request was rejected because "
                        "Route 53 was still processing a prior request.");
        return;
    }
    provider_door_serve(w->options.providers, provider_of(w, call), call, flight->change, share,
                        hits(w, FAULT_STALE, call), w->now);
    if (hits(w, FAULT_LOST_AFTER, call))
        reply_lost(call);
}

static void effect(struct world *w, const struct flight *flight)
{
    if (flight->change)
        provider_door_change(w->options.providers, flight->change, w->now);
    else if (flight->write.identity.len)
        write_apply(w, &flight->write);
}

static void arrive_dns(struct world *w, struct call *call)
{
    if (hits(w, FAULT_DNS_TIMEOUT, call)) {
        call->dns = (struct dns_reply){.outcome = DNS_TIMED_OUT, .trouble = "timed out"};
        return;
    }
    if (!w->options.providers || !provider_dns_answer(w->options.providers, &call->question, w->now,
                                                      &call->arena, &call->dns))
        dns_model_answer(&w->dns, &call->question, w->now, &call->arena, &call->dns);
    if (call->dns.outcome == DNS_ANSWERED && hits(w, FAULT_DNS_SERVFAIL, call)) {
        call->dns.message.rcode = DNS_RCODE_SERVFAIL;
        call->dns.message.records_len = 0;
        call->dns.same_until = 0;
    }
}

static void tell(struct world *w, const struct flight *flight)
{
    if (flight->sent.client && w->options.arrived)
        w->options.arrived(w->options.arrived_ctx, &flight->sent, w->now);
}

static void arrive(struct world *w, uint32_t f)
{
    struct flight *flight = &w->flights[f];
    struct call *call = flight->call;
    tell(w, flight);
    if (!call) { /* sent before a crash: the request arrives even so */
        effect(w, flight);
        flight_free(w, f);
        return;
    }
    if (call->kind == CALL_ASK)
        arrive_dns(w, call);
    else if (call_is_of_provider(call->kind))
        arrive_provider(w, flight);
    else
        arrive_ses(w, flight);
    bool lost = call->kind != CALL_ASK && call->reply.how == REPLY_LOST;
    flight->phase = PHASE_RETURNS;
    span_us leg = lost ? w->options.time_out : half_trip(w, call, 1);
    heap_set(&w->happens, f, on_grid(w, call, w->now + leg));
}

/* A client's request goes out now, unless the client is frozen, or it is too late for it. */
static void leave(struct world *w, uint32_t f)
{
    struct flight *flight = &w->flights[f];
    struct call *call = flight->call;
    if (!call) {
        flight_free(w, f);
    } else if (flight->client && w->now < flight->client->frozen) {
        heap_set(&w->happens, f, flight->client->frozen);
    } else if (call->not_after && w->now > call->not_after) {
        call->reply = (struct reply){.how = REPLY_NOT_SENT, .is_late = true};
        memcpy(call->reply.message, "too late to be sent", sizeof "too late to be sent");
        flight->phase = PHASE_RETURNS;
        heap_set(&w->happens, f, w->now + 1);
    } else {
        call->sent_at = flight->sent.at = w->now;
        flight->phase = PHASE_ARRIVES;
        if (w->options.left)
            w->options.left(w->options.arrived_ctx, &flight->sent, call);
        heap_set(&w->happens, f, on_grid(w, call, w->now + half_trip(w, call, 0)));
    }
}

static void inbox_put(struct world_client *c, struct call *call)
{
    call->next = NULL;
    *c->last = call;
    c->last = &call->next;
}

/* Does every step due at this instant; returns the number of events made. */
static uint32_t happen(struct world *w, struct event *events, uint32_t max)
{
    uint32_t len = 0, f;
    assert(max > 0);
    while (operator_act(&w->operator, & w->ses, w->now))
        continue;
    while (w->options.providers && provider_model_act(w->options.providers, w->now))
        continue;
    struct ses_check check;
    while (ses_model_next_check(&w->ses, w->now, &check)) {
        struct mx_fact mx;
        bool is_there;
        if (!w->options.providers ||
            !provider_dns_mx(w->options.providers, check.mail_from, w->now, &mx, &is_there))
            is_there = dns_model_mx(&w->dns, check.mail_from, w->now, &mx);
        ses_model_mx_result(&w->ses, &check, is_there ? ses_mx_judge(&mx, 1) : SES_MX_NONE, w->now);
    }
    while (len < max && heap_pop_due(&w->happens, w->now, &f)) {
        struct flight *flight = &w->flights[f];
        if (flight->phase == PHASE_LEAVES) {
            leave(w, f);
        } else if (flight->phase == PHASE_ARRIVES) {
            arrive(w, f);
        } else if (flight->phase == PHASE_LATE_EFFECT) {
            tell(w, flight);
            effect(w, flight);
            flight_free(w, f);
        } else {
            struct call *call = flight->call;
            if (call)
                call->answered_at = w->now;
            if (call && flight->client)
                inbox_put(flight->client, call);
            else if (call)
                events[len++] = (struct event){.kind = EVENT_ANSWER, .call = call};
            flight_free(w, f);
        }
    }
    return len;
}

static instant_us next_instant(const struct world *w, instant_us until)
{
    instant_us flight = heap_first(&w->happens), check = ses_model_next_due(&w->ses);
    instant_us next = flight < check ? flight : check;
    next = when_earlier(next, operator_next(&w->operator));
    if (w->options.providers)
        next = when_earlier(next, provider_model_next(w->options.providers));
    return next < until ? next : until;
}

static uint32_t world_wait(void *ctx, instant_us until, struct event *events, uint32_t max)
{
    struct world *w = ctx;
    for (;;) {
        uint32_t len = happen(w, events, max);
        if (len || w->now >= until)
            return len;
        if (until == WHEN_NEVER && heap_first(&w->happens) == WHEN_NEVER) {
            w->stuck = true;
            events[0] = (struct event){.kind = EVENT_ABORT};
            return 1;
        }
        instant_us next = next_instant(w, until);
        w->now = next > w->now ? next : w->now;
    }
}

static instant_us clock_read(void *ctx)
{
    return ((struct world *)ctx)->now;
}

struct io world_io(struct world *w)
{
    return (struct io){w, clock_read, world_wait, world_send, w->keeper.keep, w->keeper.ctx};
}

void world_crash(struct world *w)
{
    for (uint32_t f = 0; f < w->flights_len; f++) {
        struct flight *flight = &w->flights[f];
        if (flight->phase == PHASE_RETURNS || flight->phase == PHASE_ARRIVES ||
            flight->phase == PHASE_LEAVES)
            flight->call = NULL;
    }
}

struct world_client *world_join(struct world *w)
{
    struct world_client *c = calloc(1, sizeof *c);
    assert(w->options.clients);
    if (c)
        *c = (struct world_client){.world = w, .number = ++w->clients, .last = &c->first};
    return c;
}

uint64_t world_client_number(const struct world_client *c)
{
    return c->number;
}

static instant_us client_clock(void *ctx)
{
    return ((struct world_client *)ctx)->world->now;
}

static void client_send(void *ctx, struct call **calls, uint32_t len)
{
    struct world_client *c = ctx;
    struct world *w = c->world;
    for (uint32_t i = 0; i < len; i++) {
        struct call *call = calls[i];
        uint32_t f = call_take(w, call);
        struct flight *flight = &w->flights[f];
        flight->phase = PHASE_LEAVES;
        flight->client = c;
        flight->sent = (struct world_sent){
            .client = c->number, .lane = call->lane, .kind = call->kind, .row = call->owner};
        heap_set(&w->happens, f, on_grid(w, call, call->sent_at + held_up(w, c->number, call)));
    }
}

static uint32_t client_wait(void *ctx, instant_us until, struct event *events, uint32_t max)
{
    struct world_client *c = ctx;
    uint32_t len = 0;
    (void)until;
    while (len < max && c->first) {
        struct call *call = c->first;
        c->first = call->next;
        if (!c->first)
            c->last = &c->first;
        events[len++] = (struct event){.kind = EVENT_ANSWER, .call = call};
    }
    return len;
}

struct io world_client_io(struct world_client *c)
{
    return (struct io){c, client_clock, client_wait, client_send, NULL, NULL};
}

bool world_client_has_answers(const struct world_client *c)
{
    return c->first != NULL;
}

void world_client_freeze(struct world_client *c, instant_us until)
{
    c->frozen = when_later(c->frozen, until);
}

void world_leave(struct world_client *c)
{
    if (!c)
        return;
    struct world *w = c->world;
    for (uint32_t f = 0; f < w->flights_len; f++) {
        struct flight *flight = &w->flights[f];
        if (flight->phase == PHASE_FREE || flight->client != c)
            continue;
        flight->call = NULL;
        flight->client = NULL;
        if (flight->phase == PHASE_LEAVES) { /* nothing of it has left */
            heap_drop(&w->happens, f);
            flight_free(w, f);
        }
    }
    free(c);
}

instant_us world_next(const struct world *w)
{
    return next_instant(w, WHEN_NEVER);
}

void world_go(struct world *w, instant_us until)
{
    struct event none[1];
    assert(w->options.clients);
    for (;;) {
        uint32_t len = happen(w, none, 1);
        assert(len == 0);
        if (w->now >= until)
            return;
        w->now = when_later(w->now, next_instant(w, until));
    }
}
