/*
 * The live world's side of the port: clock, inbox, hand-over to the carriers, interruption.
 *
 * Invariant: the eventfd is readable while wire_wait has not seen some event: the eventfd is
 * written after a call enters an empty inbox and after each interruption, and read before the
 * inbox.
 */
#include "aws/credentials/secrets.h"
#include "base/hash.h"
#include "cares.h"
#include "carrier.h"
#include "descriptors.h"
#include "providers/providers.h"
#include "wire.h"

#include <assert.h>
#include <errno.h>
#include <poll.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

/* DNS: the second try waits twice as long, so a question takes at most three timeouts for each
 * server asked. */
#define DNS_TRY_MS_MAX 2000
#define DNS_TRY_MS_MIN 10

struct wire {
    struct os_clock clock;
    struct call_queue inbox;
    struct call_list arrived; /* taken from the inbox, not yet given to the engine */
    int eventfd;
    atomic_uint interrupts;
    unsigned interrupts_told;
    atomic_bool woken;
    struct wire_orders orders;
    char *ca_bundle;
    struct descriptor_share share;
    struct refresher *refresher;
    bool verbose;
    uint8_t *carriers_of; /* by lane: the carrier of its host */
    unsigned carriers_len;
    struct carrier *carriers[WIRE_CARRIERS_MAX];
};

/* "http://user:password@proxy": a proxy may repeat the password in an answer. */
static enum err proxy_hide(struct wire *w, struct secrets *secrets, const char *proxy,
                           struct why *why)
{
    struct text url = text_of(proxy);
    size_t scheme = text_find_text(url, TEXT("://"));
    url = scheme < url.len ? text_from(url, scheme + 3) : url;
    url = text_slice(url, 0, text_find(url, '/'));
    size_t end = text_rfind(url, '@');
    if (end == url.len)
        return OK;
    struct text user = text_slice(url, 0, end);
    struct text password = text_from(user, text_find(user, ':') + 1);
    enum err err = secrets_put(secrets, w, password, why);
    return err == OK && password.len ? secrets_put(secrets, w, user, why) : err;
}

static unsigned dns_try_ms(span_us call_timeout_us)
{
    int64_t ms = call_timeout_us / 3000;
    if (ms > DNS_TRY_MS_MAX)
        ms = DNS_TRY_MS_MAX;
    return (unsigned)(ms < DNS_TRY_MS_MIN ? DNS_TRY_MS_MIN : ms);
}

static enum err ca_bundle_set(struct wire *w, struct text path, struct why *why)
{
    if (path.len == 0)
        return OK;
    w->ca_bundle = strndup(path.at, path.len);
    if (!w->ca_bundle)
        return why_set(why, ERR_NOMEM, "out of memory");
    if (access(w->ca_bundle, R_OK) != 0)
        return why_set(why, ERR_INPUT, "CA bundle %s: %s", w->ca_bundle, strerror(errno));
    return OK;
}

static void on_wakeup(void *context)
{
    struct wire *w = context;
    for (unsigned i = 0; i < w->carriers_len; i++)
        carrier_wake(w->carriers[i]);
}

static enum err carriers_open(struct wire *w, const struct wire_config *config, struct why *why)
{
    struct carrier_config each = {
        .clock = &w->clock,
        .lanes = config->lanes,
        .lanes_len = config->lanes_len,
        .https = {.ca_bundle = w->ca_bundle, .timeout_us = config->call_timeout_us},
        .resolver = {.try_ms = dns_try_ms(config->call_timeout_us)},
        .inbox = &w->inbox,
        .inbox_eventfd = w->eventfd,
        .verbose = config->verbose,
    };
    https_proxy_take(&each.https);
    if (config->resolvers.len) {
        enum err err = servers_parse(&each.resolver.servers, config->resolvers, why);
        if (err != OK)
            return err;
    }
    enum err opened = proxy_hide(w, config->secrets, each.https.proxy, why);
    if (opened == OK) {
        /* Starts before the carriers; the refresher's threads have no work until carriers ask for
         * keys. */
        struct refresher_config refresher = {.clock = &w->clock,
                                             .lanes = config->lanes,
                                             .lanes_len = config->lanes_len,
                                             .https = each.https,
                                             .threads_max = w->share.refreshers,
                                             .wakeup = on_wakeup,
                                             .context = w};
        opened = refresher_open(&w->refresher, &refresher, why);
    }
    if (opened != OK)
        return opened;
    each.https.secrets = config->secrets;
    each.https.transfers = w->share.transfers;
    each.resolver.questions = w->share.questions;
    each.refresher = w->refresher;
    while (w->carriers_len < w->share.carriers) {
        enum err err = carrier_open(&w->carriers[w->carriers_len], &each, why);
        if (err == ERR_IO && w->carriers_len)
            return OK; /* fewer threads than wished can carry too */
        if (err != OK)
            return why_wrap(why, err, "carrier %u", w->carriers_len + 1);
        w->carriers_len++;
    }
    return OK;
}

static const char *host_of(const struct wire_lane *lane)
{
    return lane->provider ? lane->provider->endpoint.host : lane->at.ses.host;
}

/* All lanes of a host take one carrier, so its connections serve them all and have one bound. A
 * lane without a host (of RFC 2136, or never called) takes any. */
static enum err lanes_share(struct wire *w, const struct wire_lane *lanes, uint32_t len,
                            struct why *why)
{
    w->carriers_of = calloc(len + 1u, sizeof *w->carriers_of);
    if (!w->carriers_of)
        return why_set(why, ERR_NOMEM, "out of memory");
    for (uint32_t i = 0; i < len; i++) {
        const char *host = host_of(&lanes[i]);
        uint64_t key = *host ? hash_bytes(host, strlen(host)) : i;
        w->carriers_of[i] = (uint8_t)(key % w->carriers_len);
    }
    return OK;
}

static enum err libraries_open(struct why *why)
{
    enum err err = https_library_open(why);
    if (err != OK)
        return err;
    err = cares_library_open(why);
    if (err != OK)
        https_library_close();
    return err;
}

enum err wire_open(struct wire **out, const struct wire_config *config, struct why *why)
{
    assert(config->carriers >= 1 && config->carriers <= WIRE_CARRIERS_MAX);
    enum err err = libraries_open(why);
    if (err != OK)
        return err;
    struct wire *w = calloc(1, sizeof *w);
    if (!w) {
        cares_library_close();
        https_library_close();
        return why_set(why, ERR_NOMEM, "out of memory");
    }
    os_clock_open(&w->clock, config->not_before);
    call_queue_init(&w->inbox);
    w->verbose = config->verbose;
    w->eventfd = -1;
    w->share = (struct descriptor_share){config->carriers, REFRESHERS_MAX, HTTPS_TRANSFERS_MAX,
                                         DNS_CARRIER_WINDOW};
    err = descriptors_settle(&w->share, config->lanes_len > 0, why);
    if (err == OK)
        w->eventfd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (err == OK && w->eventfd < 0)
        err = why_set(why, ERR_IO, "eventfd: %s", strerror(errno));
    if (err == OK)
        err = ca_bundle_set(w, config->ca_bundle, why);
    if (err == OK)
        err = carriers_open(w, config, why);
    if (err == OK)
        err = lanes_share(w, config->lanes, config->lanes_len, why);
    if (err != OK) {
        wire_close(w);
        return err;
    }
    *out = w;
    return OK;
}

unsigned wire_threads(const struct wire *w)
{
    return w->carriers_len + refresher_threads(w->refresher);
}

const uint8_t *wire_carriers(const struct wire *w)
{
    return w->carriers_of;
}

unsigned wire_transfers(const struct wire *w)
{
    return w->share.transfers;
}

/* A line for --verbose, in one write like those of the carriers. */
static void connections_tell(const struct connections_seen *seen, unsigned bound)
{
    char line[128];
    int len = snprintf(line, sizeof line,
                       "connections: %llu opened, at most %u at once to one host (bound %u)\n",
                       (unsigned long long)seen->opened, seen->most, bound);
    ssize_t written = write(STDERR_FILENO, line, (size_t)len);
    (void)written; /* standard error may be closed */
}

void wire_close(struct wire *w)
{
    struct connections_seen seen = {0};
    if (!w)
        return;
    if (w->refresher)
        refresher_end(w->refresher); /* no more news, while there still are carriers to be told */
    for (unsigned i = 0; i < w->carriers_len; i++)
        carrier_close(w->carriers[i], &seen);
    if (w->verbose && seen.opened)
        connections_tell(&seen, w->share.transfers);
    refresher_close(w->refresher);
    if (w->eventfd >= 0)
        close(w->eventfd);
    call_queue_clear(&w->inbox);
    free(w->carriers_of);
    free(w->ca_bundle);
    free(w);
    cares_library_close();
    https_library_close();
}

void wire_expect(struct wire *w, uint32_t lane, struct text account, uint64_t signed_with)
{
    refresher_expect(w->refresher, lane, account, signed_with);
}

void wire_clock_set(struct wire *w, span_us skew_us)
{
    os_clock_advance(&w->clock, os_clock_utc(&w->clock) + skew_us);
}

instant_us wire_now(struct wire *w)
{
    return os_clock_now(&w->clock);
}

static unsigned carrier_of(const struct wire *w, const struct call *c)
{
    return c->kind == CALL_ASK ? (unsigned)(c->ticket % w->carriers_len) : w->carriers_of[c->lane];
}

void wire_send(struct wire *w, struct call **calls, uint32_t len)
{
    struct call_list lists[WIRE_CARRIERS_MAX] = {0};
    for (uint32_t i = 0; i < len; i++)
        call_list_add(&lists[carrier_of(w, calls[i])], calls[i]);
    for (unsigned i = 0; i < w->carriers_len; i++)
        if (lists[i].first)
            carrier_send(w->carriers[i], &lists[i]);
}

static void eventfd_write_one(int fd)
{
    uint64_t one = 1;
    ssize_t written = write(fd, &one, sizeof one);
    (void)written; /* fails only when full, and a full eventfd is readable */
}

void wire_interrupt(struct wire *w)
{
    int before = errno;
    atomic_fetch_add(&w->interrupts, 1);
    eventfd_write_one(w->eventfd);
    errno = before;
}

void wire_take_orders(struct wire *w, const struct wire_orders *orders)
{
    w->orders = orders ? *orders : (struct wire_orders){.ctx = NULL};
}

void wire_wake(struct wire *w)
{
    atomic_store(&w->woken, true);
    eventfd_write_one(w->eventfd);
}

static uint32_t events_collect(struct wire *w, struct event *events, uint32_t max)
{
    uint32_t len = 0;
    unsigned interrupts = atomic_load(&w->interrupts);
    while (len < max && w->interrupts_told < 2 && w->interrupts_told < interrupts)
        events[len++] =
            (struct event){.kind = w->interrupts_told++ == 0 ? EVENT_DRAIN : EVENT_ABORT};
    struct order *order;
    while (len < max && w->orders.take && (order = w->orders.take(w->orders.ctx)) != NULL)
        events[len++] = (struct event){.kind = EVENT_CONTROL, .order = order};
    call_queue_take(&w->inbox, &w->arrived);
    while (len < max && w->arrived.first)
        events[len++] = (struct event){.kind = EVENT_ANSWER, .call = call_list_pop(&w->arrived)};
    return len;
}

uint32_t wire_wait(struct wire *w, instant_us until, struct event *events, uint32_t max)
{
    for (;;) {
        uint32_t len = events_collect(w, events, max);
        bool woken = atomic_exchange(&w->woken, false);
        if (len > 0 || max == 0 || woken || wire_now(w) >= until)
            return len;
        /* Until the eventfd is readable or the instant has come; leaves the eventfd unreadable. */
        struct pollfd fd = {.fd = w->eventfd, .events = POLLIN};
        instant_us now = wire_now(w);
        span_us left = until > now ? until - now : 0;
        struct timespec timeout = {left / 1000000, left % 1000000 * 1000};
        ppoll(&fd, 1, until == WHEN_NEVER ? NULL : &timeout, NULL);
        uint64_t count;
        ssize_t got = read(w->eventfd, &count, sizeof count);
        (void)got; /* nothing there: woken by the time or by a signal */
    }
}

static instant_us io_now(void *world)
{
    return wire_now(world);
}

static uint32_t io_wait(void *world, instant_us until, struct event *events, uint32_t max)
{
    return wire_wait(world, until, events, max);
}

static void io_send(void *world, struct call **calls, uint32_t len)
{
    wire_send(world, calls, len);
}

struct io wire_io(struct wire *w)
{
    return (struct io){.world = w, .now = io_now, .wait = io_wait, .send = io_send};
}

enum err wire_opened(const struct wire_owner *owner, struct wire *wire, struct why *why)
{
    return owner->opened ? owner->opened(owner->ctx, wire, why) : OK;
}

void wire_closing(const struct wire_owner *owner)
{
    if (owner->closing)
        owner->closing(owner->ctx);
}
