/*
 * The live world: the operating system's clock and N carrier threads, each with one loop (a curl
 * multi handle, a c-ares channel, a call queue). Carriers carry questions and writes out and
 * answers in, decide nothing and repeat nothing.
 *
 * wire_now, wire_wait and wire_send are called by the deciding thread only. wire_interrupt may be
 * called from a signal handler.
 */
#ifndef MF_WIRE_H
#define MF_WIRE_H

#include "aws/aws_request.h"
#include "io.h"
#include "model/fleet.h"

struct provider_at; /* providers/providers.h */

/* How one lane is reached. Borrowed for the life of the wire. */
struct wire_lane {
    struct text account;     /* its name in the manifest, for --verbose */
    struct aws_endpoints at; /* of Route 53: sts alone, which is asked who owns new keys */
    struct credential_source *credentials; /* shared by the lanes of an account; has a lock of its
                                              own. NULL: the lane is never called, or is one of a
                                              provider that takes no keys of AWS */
    const char *ca_bundle;                 /* PEM file of the account; NULL: as the wire's */
    bool keeps_own_clock;                  /* signatures are never dated by the service's clock */
    const struct provider_at *provider; /* of DNS; NULL: the lane is one of SES. Lanes of providers
                                           come after those of the fleet */
};

struct wire_config {
    unsigned carriers;             /* 1 .. WIRE_CARRIERS_MAX */
    const struct wire_lane *lanes; /* as fleet.lanes, then as fleet.providers */
    uint32_t lanes_len;
    struct text resolvers;   /* "127.0.0.1:5353,[::1]:53"; empty: the system's */
    struct text ca_bundle;   /* PEM file; empty: the system's */
    struct secrets *secrets; /* hidden in all answers; outlive the wire. NULL: none */
    span_us call_timeout_us;
    instant_us not_before; /* a resumed run's last instant, where the clock starts until
                              wire_clock_set(): the system's may be years off; 0: none */
    bool verbose;          /* one line per call on standard error, without secrets */
};

#define WIRE_CARRIERS_MAX 64

struct wire;

enum err wire_open(struct wire **out, const struct wire_config *config, struct why *why);
/* Carriers and refreshers: fewer than there might be where threads are short. */
unsigned wire_threads(const struct wire *w);
/* By lane: which carrier has its calls. As long as the wire is open. */
const uint8_t *wire_carriers(const struct wire *w);
/* So many requests of one carrier are out at once; further ones wait inside. */
unsigned wire_transfers(const struct wire *w);
/* Waits for the carriers to end; calls still out are given back through the pool's owner. */
void wire_close(struct wire *w);

instant_us wire_now(struct wire *w);
uint32_t wire_wait(struct wire *w, instant_us until, struct event *events, uint32_t max);
void wire_send(struct wire *w, struct call **calls, uint32_t len);
/* The three functions as the engine's port, without keep. */
struct io wire_io(struct wire *w);
/* From now on the lane's calls are signed only with keys of this account (twelve digits): STS is
 * asked about new keys first, and keys of another account close the lane. signed_with: from the
 * CALL_CALLER answer with the account. Any thread. */
void wire_expect(struct wire *w, uint32_t lane, struct text account, uint64_t signed_with);
/* To be called once a service has accepted a signature dated so far from the system's clock (0: no
 * service can be asked). wire_now goes on from the corrected time, unless already past. Never while
 * the engine runs. */
void wire_clock_set(struct wire *w, span_us skew_us);
/* The first is told as EVENT_DRAIN, the second as EVENT_ABORT. Async-signal-safe. */
void wire_interrupt(struct wire *w);
/* A party allowed to interrupt a wire from another thread, such as the signal thread. The deciding
 * thread calls the functions. */
struct wire_owner {
    void *ctx;
    enum err (*opened)(void *ctx, struct wire *wire, struct why *why);
    void (*closing)(void *ctx); /* the wire is no longer to be used */
};

enum err wire_opened(const struct wire_owner *owner, struct wire *wire, struct why *why);
void wire_closing(const struct wire_owner *owner);

/* Where people's orders come from. take() gives the next one, NULL: there is none; wire_wait()
 * asks after each wake-up, so the giver calls wire_wake(). The order is borrowed until its event is
 * answered. Deciding thread; NULL orders: none from now on. */
struct wire_orders {
    void *ctx;
    struct order *(*take)(void *ctx);
};

void wire_take_orders(struct wire *w, const struct wire_orders *orders);

/* Ends a wait under way, without an event. Any thread. */
void wire_wake(struct wire *w);

#endif
