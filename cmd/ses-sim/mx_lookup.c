/*
 * Duty: to look up the MX of every set-up that is due and tell the model what DNS said. One thread,
 * up to SIM_LOOKUPS_MAX questions out. Invariant: each check that was taken from the model is
 * answered once, except when the program stops. The lock is never held while DNS is asked.
 */
#include "base/bounds.h"
#include "dns/answer.h"
#include "sim.h"
#include "wire/cares.h"
#include "wire/resolver.h"

#include <assert.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <unistd.h>

#define TRY_MS       2000
#define TICK_MS      50 /* while questions are out: time-outs */
#define WAIT_MS_MAX  60000
#define ANSWER_BYTES (1u << 18) /* a message of 64 KB, and what is read out of it */

struct mx_lookup_slot {
    struct call call; /* first: the resolver hands it back */
    struct mx_lookup_slot *next_free;
    struct ses_check check;
};

struct mx_lookup {
    struct sim *sim;
    pthread_t thread;
    struct resolver *resolver;
    struct mx_lookup_slot lookups[SIM_LOOKUPS_MAX];
    struct mx_lookup_slot *free;
    atomic_bool stopping;
};

static_assert(SIM_LOOKUPS_MAX <= DNS_CARRIER_WINDOW, "the resolver has room for each look-up");

void sim_wake(struct sim *s)
{
    uint64_t one = 1;
    if (write(s->wake_fd, &one, sizeof one) < 0)
        return; /* only when 2^64 - 2 wakes are pending, which wakes as well */
}

/* Answers */

static enum ses_mx answer_judge(struct call *c)
{
    struct answer a;
    if (answer_read(&a, &c->question, &c->dns, &c->arena) != OK || a.kind != ANSWER_SPOKE)
        return SES_MX_TROUBLE;
    return ses_mx_judge(a.mx, a.mx_len);
}

static void lookup_answered(void *context, struct call *call)
{
    struct mx_lookup *owner = context;
    struct mx_lookup_slot *l = (struct mx_lookup_slot *)call;
    struct sim *s = owner->sim;
    enum ses_mx found = answer_judge(call);
    pthread_mutex_lock(&s->lock);
    ses_model_mx_result(&s->model, &l->check, found, clock_scaled(&s->clock));
    pthread_mutex_unlock(&s->lock);
    l->next_free = owner->free;
    owner->free = l;
}

/* Questions. The name lies in the model's names, which never move. */

static instant_us questions_send(struct mx_lookup *l)
{
    struct sim *s = l->sim;
    bool due = true;
    instant_us next = WHEN_NEVER;
    while (l->free && due) {
        struct mx_lookup_slot *one = l->free;
        pthread_mutex_lock(&s->lock);
        due = ses_model_next_check(&s->model, clock_scaled(&s->clock), &one->check);
        next = ses_model_next_due(&s->model);
        pthread_mutex_unlock(&s->lock);
        if (!due)
            break;
        l->free = one->next_free;
        call_answer_reset(&one->call);
        one->call.question = (struct dns_question){
            .name = one->check.mail_from, .type = DNS_TYPE_MX, .recurse = true};
        resolver_ask(l->resolver, &one->call);
    }
    resolver_send(l->resolver);
    return due ? WHEN_NEVER : next; /* an answer comes before there is room for a question */
}

/* Waiting */

static int wait_ms(struct mx_lookup *l, instant_us due)
{
    double ms = resolver_is_busy(l->resolver) ? TICK_MS : WAIT_MS_MAX;
    if (due != WHEN_NEVER) {
        struct sim_clock *clock = &l->sim->clock;
        double until = (double)(due - clock_scaled(clock)) / clock->scale / 1e3;
        ms = until < ms ? until : ms;
    }
    return ms < 0 ? 0 : (int)ms + 1;
}

static void wait_for_news(struct mx_lookup *l, instant_us due)
{
    struct pollfd fds[RESOLVER_FDS_MAX + 1];
    uint64_t wakes;
    fds[0] = (struct pollfd){.fd = l->sim->wake_fd, .events = POLLIN};
    uint32_t len = resolver_fds(l->resolver, fds + 1);
    if (poll(fds, len + 1, wait_ms(l, due)) < 0)
        return; /* a signal; what is due is due still */
    if (fds[0].revents & POLLIN && read(fds[0].fd, &wakes, sizeof wakes) < 0)
        return;
    resolver_work(l->resolver, fds + 1, len);
    resolver_tick(l->resolver);
}

static void *lookup_loop(void *arg)
{
    struct mx_lookup *l = arg;
    while (!atomic_load(&l->stopping))
        wait_for_news(l, questions_send(l));
    return NULL;
}

/* Start and stop */

static enum err resolver_start(struct mx_lookup *l, const char *resolver, struct why *why)
{
    struct resolver_config config = {.try_ms = TRY_MS};
    enum err err = resolver ? servers_parse(&config.servers, text_of(resolver), why) : OK;
    if (err != OK)
        return why_wrap(why, err, "--resolver");
    return resolver_open(&l->resolver, &config, lookup_answered, l, why);
}

static void lookup_free(struct mx_lookup *l)
{
    resolver_close(l->resolver);
    for (size_t i = 0; i < SIM_LOOKUPS_MAX; i++)
        arena_clear(&l->lookups[i].call.arena);
    free(l);
    cares_library_close();
}

enum err mx_lookup_start(struct mx_lookup **out, struct sim *s, const char *resolver,
                         struct why *why)
{
    enum err err = cares_library_open(why);
    if (err != OK)
        return err;
    struct mx_lookup *l = calloc(1, sizeof *l);
    if (!l) {
        cares_library_close();
        return why_set(why, ERR_NOMEM, "no memory for DNS lookups");
    }
    l->sim = s;
    for (size_t i = 0; i < SIM_LOOKUPS_MAX; i++) {
        arena_init(&l->lookups[i].call.arena, ANSWER_BYTES);
        l->lookups[i].next_free = l->free;
        l->free = &l->lookups[i];
    }
    err = resolver_start(l, resolver, why);
    if (err == OK && pthread_create(&l->thread, NULL, lookup_loop, l) != 0)
        err = why_set(why, ERR_NOMEM, "cannot start the thread for DNS lookups");
    if (err != OK) {
        lookup_free(l);
        return err;
    }
    *out = l;
    return OK;
}

void mx_lookup_stop(struct mx_lookup *l)
{
    if (!l)
        return;
    atomic_store(&l->stopping, true);
    sim_wake(l->sim);
    pthread_join(l->thread, NULL);
    lookup_free(l);
}
