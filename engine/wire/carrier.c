/*
 * The loop of one carrier: mail in, requests and questions out, answers back in batches.
 *
 * Invariant: a call is in exactly one place: the call queue, a waiting list, out (https or
 * resolver), the list of answered ones, or the inbox. When it is too early for a call, the
 * transfers of a host or the window are full, or keys are being fetched, calls wait here: a started
 * request waits for the network alone, so a timeout means the network.
 */
#include "carrier.h"

#include "aws/credentials/secrets.h"
#include "aws/sign.h"
#include "base/escape.h"
#include "base/hash.h"
#include "calls/verdict.h"
#include "departures.h"
#include "dns_update.h"
#include "host_turns.h"
#include "providers/providers.h"
#include "servers.h"
#include "skew.h"
#include "thread.h"

#include <assert.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define TICK_US      SPAN_MS(50)
#define IDLE_POLL_MS 1000

struct carrier_lane {
    span_us skew_us; /* the service's clock minus the system's; 0 until known to be far off */
    char key_id[CREDENTIAL_ID_LEN]; /* signed with last; no secret */
};

struct carrier {
    struct carrier_config config;
    pthread_t thread;
    struct call_queue queue;
    atomic_bool ending;
    atomic_bool wakeup; /* the refresher's: keys have come, or have not */
    struct https *https;
    struct resolver *resolver;
    struct dns_updates *updates;
    struct departures early;
    struct host_turns waiting_https;
    struct call_list waiting_keys, waiting_dns, waiting_updates, answered;
    struct carrier_lane *lanes; /* as config.lanes */
    struct signer *signer;      /* likewise by lane */
    instant_us ticked_at;
};

static instant_us now(const struct carrier *k)
{
    return os_clock_now(k->config.clock);
}

/* Every answer passes here before any reader. */
static void reply_hide(const struct carrier *k, struct reply *r)
{
    secrets_hide_string(k->config.https.secrets, r->code);
    secrets_hide_string(k->config.https.secrets, r->message);
    secrets_hide_string(k->config.https.secrets, r->request_id);
}

static void call_answered(struct carrier *k, struct call *c)
{
    c->answered_at = now(k);
    /* The one line per call for --verbose: never a header, an address or a body, and no control
     * character of the server's. One write, so lines of carriers do not mix. */
    static const char *const hows[] = {"not sent", "lost", "HTTP", "garbled", "no keys"};
    const struct dns_reply *dns = &c->dns;
    long ms = (long)((c->answered_at - c->sent_at) / 1000);
    struct buf line;
    char server[SERVER_LEN];
    departures_done(&k->early, c);
    if (k->config.verbose) {
        buf_init(&line, LINE_LEN_MAX);
        if (c->kind == CALL_ASK) {
            buf_add_fmt(&line, "dns %s ", dns_type_name(c->question.type));
            escape_terminal(&line, c->question.name);
            buf_add_fmt(&line, ", %ld ms: ", ms);
            /* The sentence of a trouble names the server. */
            if (dns->outcome == DNS_ANSWERED)
                buf_add_fmt(&line, "%s: %s", server_format(&dns->by, server),
                            dns_rcode_name(dns->message.rcode));
            else
                escape_terminal(&line, text_of(dns->trouble));
        } else {
            const struct wire_lane *lane = &k->config.lanes[c->lane];
            const char *region = lane->at.ses.region;
            buf_add_fmt(&line, "%s%s", call_action(c->kind, c->api), lane->account.len ? " " : "");
            escape_terminal(&line, lane->account);
            buf_add_fmt(&line, "%s%s, attempt %u, %ld ms: %s %u ", *region ? " " : "", region,
                        (unsigned)c->attempt, ms, hows[c->reply.how],
                        (unsigned)c->reply.http_status);
            escape_terminal(&line, text_of(c->reply.code));
        }
        buf_add_char(&line, '\n');
        ssize_t written = write(STDERR_FILENO, line.at, line.len);
        (void)written; /* standard error may be closed */
        buf_clear(&line);
    }
    call_list_add(&k->answered, c);
}

static const char too_late[] = CALL_TOO_LATE;

static void call_failed(struct carrier *k, struct call *c, enum reply_how how, const char *trouble)
{
    c->reply = (struct reply){.how = how, .is_late = trouble == too_late};
    snprintf(c->reply.message, sizeof c->reply.message, "%.*s", REPLY_MESSAGE_LEN - 1, trouble);
    reply_hide(k, &c->reply);
    call_answered(k, c);
}

/* Cloudflare takes a token; all others take signatures. */
static bool is_signed(const struct wire_lane *lane)
{
    return !lane->provider || lane->provider->kind != PROVIDER_CLOUDFLARE;
}

static void on_https(void *context, struct call *c, const struct https_answer *answer)
{
    struct carrier *k = context;
    host_turns_done(&k->waiting_https, c);
    if (answer->how != REPLY_HTTP) {
        call_failed(k, c, answer->how, answer->trouble);
        return;
    }
    if (call_is_of_provider(c->kind))
        provider_reply_decode(c, &answer->reply);
    else
        aws_reply_decode(c, &answer->reply);
    reply_hide(k, &c->reply);
    /* Takes two facts for the next signature from an answer: the service's clock, and whether the
     * key is refused. */
    const struct wire_lane *lane = &k->config.lanes[c->lane];
    struct carrier_lane *state = &k->lanes[c->lane];
    if (!is_signed(lane)) {
        call_answered(k, c);
        return;
    }
    span_us skew, trip = now(k) - c->sent_at;
    instant_us utc = os_clock_utc(k->config.clock);
    if (skew_measure(utc - trip, utc, c->reply.server_date, &skew)) {
        refresher_clock(k->config.refresher, c->lane, skew);
        state->skew_us = lane->keeps_own_clock ? 0 : skew;
    }
    c->reply.clock_corrected = state->skew_us != c->skew_us;
    if (verdict_of(&c->reply, c->kind) == VERDICT_RENEW)
        credential_source_expired(lane->credentials, state->key_id);
    call_answered(k, c);
}

static void on_dns(void *context, struct call *c)
{
    struct carrier *k = context;
    if (c->dns.outcome == DNS_ANSWERED) {
        struct secrets *s = k->config.https.secrets;
        for (uint32_t i = 0; s && i < c->dns.message.records_len; i++) {
            struct dns_record *r = &c->dns.message.records[i];
            r->owner = secrets_hidden(s, r->owner, &c->arena);
            r->name = secrets_hidden(s, r->name, &c->arena);
            size_t len = r->txt.len;
            r->txt = secrets_hidden(s, r->txt, &c->arena);
            if (r->txt.len != len)
                r->txt_cuts = TEXT_NONE;
        }
    }
    call_answered(k, c);
}

static void on_update(void *context, struct call *c)
{
    struct carrier *k = context;
    reply_hide(k, &c->reply);
    call_answered(k, c);
}

/* Signs as late as possible. */
static enum err request_make(struct carrier *k, struct call *c, struct aws_request *request,
                             const struct credentials *cred, struct why *why)
{
    const struct wire_lane *lane = &k->config.lanes[c->lane];
    instant_us at = os_clock_utc(k->config.clock) + c->skew_us;
    if (call_is_of_provider(c->kind))
        return provider_request_make(request, c, lane->provider, cred, at, why);
    return aws_request_make(request, c, &lane->at, cred, at, why);
}

static enum err request_sign(struct carrier *k, struct call *c, struct aws_request *request,
                             struct why *why)
{
    struct carrier_lane *state = &k->lanes[c->lane];
    struct credentials credentials;
    enum err err = refresher_get(k->config.refresher, c->lane, &credentials, why);
    if (err != OK)
        return err;
    c->skew_us = state->skew_us;
    c->signed_with = hash_bytes(credentials.access_key_id, strlen(credentials.access_key_id));
    err = request_make(k, c, request, &credentials, why);
    if (err == OK)
        memcpy(state->key_id, credentials.access_key_id, sizeof state->key_id);
    credentials_wipe(&credentials);
    return err;
}

static const char *on_leave(void *context, struct call *c)
{
    struct carrier *k = context;
    c->sent_at = now(k);
    if (call_is_too_late(c, c->sent_at))
        return too_late;
    departures_left(&k->early, c, c->sent_at);
    return NULL;
}

/* Sends. Without keys the call waits. */
static void request_start(struct carrier *k, struct call *c)
{
    assert(c->lane < k->config.lanes_len);
    const struct wire_lane *lane = &k->config.lanes[c->lane];
    struct aws_request request;
    struct why why = {""};
    call_answer_reset(c);
    c->sent_at = now(k);
    if (call_is_too_late(c, c->sent_at)) {
        host_turns_done(&k->waiting_https, c);
        call_failed(k, c, REPLY_NOT_SENT, too_late);
        return;
    }
    aws_request_init(&request);
    request.signer = k->signer;
    request.lane = c->lane;
    enum err err = is_signed(lane) ? request_sign(k, c, &request, &why)
                                   : request_make(k, c, &request, NULL, &why);
    if (err != OK)
        host_turns_done(&k->waiting_https, c);
    if (err == OK)
        https_start(k->https, c, &request, lane->ca_bundle, NULL);
    else if (err == ERR_BUSY)
        call_list_add(&k->waiting_keys, c);
    else
        call_failed(k, c, err == ERR_AUTH ? REPLY_NO_KEYS : REPLY_NOT_SENT, why.text);
    aws_request_clear(&request);
}

static void requests_start(struct carrier *k)
{
    struct call *c;
    while (https_has_room(k->https) &&
           (c = host_turns_next(&k->waiting_https, https_transfers(k->https), now(k))) != NULL)
        request_start(k, c);
}

static void mail_sort(struct carrier *k, struct call *c)
{
    if (c->kind == CALL_ASK)
        call_list_add(&k->waiting_dns, c);
    else if (c->api == API_RFC2136)
        call_list_add(&k->waiting_updates, c);
    else if (departures_is_free(c))
        host_turns_add(&k->waiting_https, c, now(k));
    else
        departures_add(&k->early, c);
}

/* Lets those go whose instant has come. */
static void departures_go(struct carrier *k)
{
    instant_us at = now(k);
    for (struct call *c; (c = departures_next(&k->early, at)) != NULL;)
        host_turns_add(&k->waiting_https, c, at);
}

/* Until the next one is to go; negative: it should have gone. WHEN_NEVER: none waits. */
static span_us departures_left_us(const struct carrier *k)
{
    instant_us due = departures_due(&k->early);
    return due == WHEN_NEVER ? WHEN_NEVER : due - now(k);
}

/* libcurl waits by the millisecond, which is too coarse for departures: the last part of one is
 * waited for here. */
static void departures_work(struct carrier *k)
{
    departures_go(k);
    span_us left = departures_left_us(k);
    if (left <= 0 || left >= SPAN_MS(1))
        return;
    clock_nanosleep(CLOCK_MONOTONIC, 0, &(struct timespec){0, (long)left * 1000}, NULL);
    departures_go(k);
}

/* How many milliseconds to wait for what comes from outside. */
static int wait_ms(const struct carrier *k, int most)
{
    span_us left = departures_left_us(k);
    return left >= SPAN_MS(most) ? most : left < 0 ? 0 : (int)(left / SPAN_MS(1));
}

static void answered_give(struct carrier *k)
{
    if (call_queue_put(k->config.inbox, &k->answered)) {
        uint64_t one = 1;
        ssize_t written = write(k->config.inbox_eventfd, &one, sizeof one);
        assert(written == sizeof one);
    }
}

static void *carrier_run(void *data)
{
    struct carrier *k = data;
    while (!atomic_load(&k->ending)) {
        struct call_list mail = {0};
        call_queue_take(&k->queue, &mail);
        for (struct call *c; (c = call_list_pop(&mail)) != NULL;)
            mail_sort(k, c);
        departures_work(k);
        if (atomic_exchange(&k->wakeup, false))
            host_turns_again(&k->waiting_https, &k->waiting_keys, now(k));
        while (k->waiting_dns.first && resolver_has_room(k->resolver)) {
            struct call *c = call_list_pop(&k->waiting_dns);
            call_answer_reset(c);
            c->sent_at = now(k);
            resolver_ask(k->resolver, c);
        }
        resolver_send(k->resolver);
        while (k->waiting_updates.first && dns_updates_have_room(k->updates)) {
            struct call *c = call_list_pop(&k->waiting_updates);
            call_answer_reset(c);
            c->sent_at = now(k);
            dns_update_start(k->updates, c, k->config.lanes[c->lane].provider);
        }
        requests_start(k);
        answered_give(k);
        struct pollfd fds[RESOLVER_FDS_MAX + UPDATES_OUT_MAX];
        uint32_t len = resolver_fds(k->resolver, fds);
        uint32_t more = dns_updates_fds(k->updates, fds + len);
        bool busy = resolver_is_busy(k->resolver) || dns_updates_are_out(k->updates) ||
                    host_turns_wait(&k->waiting_https);
        https_poll(k->https, fds, len + more,
                   wait_ms(k, busy ? (int)(TICK_US / 1000) : IDLE_POLL_MS));
        resolver_work(k->resolver, fds, len);
        dns_updates_work(k->updates, fds + len, more);
        instant_us at = now(k);
        if (busy && at - k->ticked_at >= TICK_US) {
            resolver_tick(k->resolver);
            k->ticked_at = at;
        }
        https_work(k->https);
        answered_give(k);
    }
    return NULL;
}

static void carrier_free(struct carrier *k)
{
    https_close(k->https);
    resolver_close(k->resolver);
    dns_updates_close(k->updates);
    call_queue_clear(&k->queue);
    signer_free(k->signer);
    host_turns_clear(&k->waiting_https);
    departures_clear(&k->early);
    free(k->lanes);
    free(k);
}

enum err carrier_open(struct carrier **out, const struct carrier_config *config, struct why *why)
{
    struct carrier *k = calloc(1, sizeof *k);
    if (!k)
        return why_set(why, ERR_NOMEM, "out of memory");
    k->config = *config;
    k->config.https.refuse = on_leave;
    call_queue_init(&k->queue);
    k->lanes = calloc(config->lanes_len + 1u, sizeof *k->lanes);
    k->signer = signer_new(config->lanes_len);
    bool has_hosts = host_turns_init(&k->waiting_https, config->lanes, config->lanes_len);
    bool has_departures = departures_init(&k->early, config->lanes_len);
    bool has_memory = k->lanes && k->signer && has_hosts && has_departures;
    enum err err = has_memory ? OK : why_set(why, ERR_NOMEM, "out of memory");
    if (err == OK)
        err = https_open(&k->https, &k->config.https, on_https, k, why);
    if (err == OK)
        err = resolver_open(&k->resolver, &config->resolver, on_dns, k, why);
    if (err == OK)
        err = dns_updates_open(&k->updates, config->clock, config->https.timeout_us, on_update, k,
                               why);
    int failed = err == OK ? thread_start(&k->thread, carrier_run, k) : 0;
    if (failed)
        err = why_set(why, ERR_IO, "cannot start a thread: %s", strerror(failed));
    if (err != OK) {
        carrier_free(k);
        return err;
    }
    *out = k;
    return OK;
}

void carrier_close(struct carrier *k, struct connections_seen *seen)
{
    if (!k)
        return;
    atomic_store(&k->ending, true);
    https_wake(k->https);
    pthread_join(k->thread, NULL);
    struct connections_seen own = https_connections(k->https);
    seen->opened += own.opened;
    seen->most = own.most > seen->most ? own.most : seen->most;
    carrier_free(k);
}

void carrier_send(struct carrier *k, struct call_list *calls)
{
    if (call_queue_put(&k->queue, calls))
        https_wake(k->https);
}

void carrier_wake(struct carrier *k)
{
    atomic_store(&k->wakeup, true);
    https_wake(k->https);
}
