/*
 * Duty: to look up the MX of every set-up that is due and tell the model what DNS said. One thread,
 * up to SIM_LOOKUPS_MAX questions out. Invariant: each check that was taken from the model is
 * answered once, except when the program stops. The lock is never held while c-ares is called.
 */
#include "limits.h"
#include "sim.h"

#include <ares.h>
#include <arpa/nameser.h>
#include <errno.h>
#include <poll.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>
#include <unistd.h>

#define TRY_MS      2000
#define TRIES       2
#define MX_MAX      8 /* more than one is already too many */
#define WAIT_MS_MAX 60000

struct lookup {
    struct mx_lookup *owner;
    struct lookup *next_free;
    struct ses_check check;
};

struct mx_lookup {
    struct sim *sim;
    pthread_t thread;
    ares_channel channel;
    struct lookup lookups[SIM_LOOKUPS_MAX];
    struct lookup *free;
    atomic_bool stopping;
};

void sim_wake(struct sim *s)
{
    uint64_t one = 1;
    if (write(s->wake_fd, &one, sizeof one) < 0)
        return; /* only when 2^64 - 2 wakes are pending, which wakes as well */
}

/* Answers */

static enum ses_mx answer_judge(int status, unsigned char *bytes, int len)
{
    struct ares_mx_reply *list = NULL;
    struct mx_fact mx[MX_MAX];
    uint32_t count = 0;
    if (status == ARES_SUCCESS)
        status = ares_parse_mx_reply(bytes, len, &list);
    for (struct ares_mx_reply *m = list; m && count < MX_MAX; m = m->next)
        mx[count++] = (struct mx_fact){m->priority, text_of(m->host)};
    enum ses_mx judged = ses_mx_judge(mx, count);
    ares_free_data(list);
    bool silent = status == ARES_ENODATA || status == ARES_ENOTFOUND;
    return status == ARES_SUCCESS || silent ? judged : SES_MX_TROUBLE;
}

static void lookup_answered(void *arg, int status, int timeouts, unsigned char *bytes, int len)
{
    struct lookup *l = arg;
    struct mx_lookup *owner = l->owner;
    struct sim *s = owner->sim;
    (void)timeouts;
    if (status != ARES_EDESTRUCTION) {
        enum ses_mx found = answer_judge(status, bytes, len);
        pthread_mutex_lock(&s->lock);
        ses_model_mx_result(&s->model, &l->check, found, clock_scaled(&s->clock));
        pthread_mutex_unlock(&s->lock);
    }
    l->next_free = owner->free;
    owner->free = l;
}

/* Questions. The name lies in the model's names, which never move. */

static instant_us questions_send(struct mx_lookup *l)
{
    struct sim *s = l->sim;
    while (l->free) {
        struct lookup *one = l->free;
        pthread_mutex_lock(&s->lock);
        bool due = ses_model_next_check(&s->model, clock_scaled(&s->clock), &one->check);
        instant_us next = ses_model_next_due(&s->model);
        pthread_mutex_unlock(&s->lock);
        if (!due)
            return next;
        l->free = one->next_free;
        ares_query(l->channel, one->check.mail_from.at, ns_c_in, ns_t_mx, lookup_answered, one);
    }
    return WHEN_NEVER; /* an answer comes before there is room for a question */
}

/* Waiting */

static int wait_ms(struct mx_lookup *l, instant_us due)
{
    struct timeval longest = {WAIT_MS_MAX / 1000, 0}, left;
    struct timeval *tv = ares_timeout(l->channel, &longest, &left);
    double ms = (double)tv->tv_sec * 1e3 + (double)tv->tv_usec / 1e3;
    if (due != WHEN_NEVER) {
        struct sim_clock *clock = &l->sim->clock;
        double until = (double)(due - clock_scaled(clock)) / clock->scale / 1e3;
        ms = until < ms ? until : ms;
    }
    return ms < 0 ? 0 : (int)ms + 1;
}

static void wait_for_news(struct mx_lookup *l, instant_us due)
{
    ares_socket_t sockets[ARES_GETSOCK_MAXNUM];
    struct pollfd fds[ARES_GETSOCK_MAXNUM + 1];
    /* Bit i: wants to read; bit i + 16: to write. The macros of ares.h shift into the sign. */
    unsigned bits = (unsigned)ares_getsock(l->channel, sockets, ARES_GETSOCK_MAXNUM);
    nfds_t len = 0;
    fds[len++] = (struct pollfd){.fd = l->sim->wake_fd, .events = POLLIN};
    for (int i = 0; i < ARES_GETSOCK_MAXNUM; i++) {
        unsigned readable = bits >> i & 1, writable = bits >> (i + 16) & 1;
        short events = (short)((readable ? POLLIN : 0) | (writable ? POLLOUT : 0));
        if (events)
            fds[len++] = (struct pollfd){.fd = sockets[i], .events = events};
    }
    poll(fds, len, wait_ms(l, due));
    uint64_t wakes;
    if (fds[0].revents & POLLIN && read(fds[0].fd, &wakes, sizeof wakes) < 0)
        return;
    for (nfds_t i = 1; i < len; i++)
        ares_process_fd(l->channel, fds[i].revents & ~POLLOUT ? fds[i].fd : ARES_SOCKET_BAD,
                        fds[i].revents & POLLOUT ? fds[i].fd : ARES_SOCKET_BAD);
    ares_process_fd(l->channel, ARES_SOCKET_BAD, ARES_SOCKET_BAD); /* time-outs */
}

static void *lookup_loop(void *arg)
{
    struct mx_lookup *l = arg;
    while (!atomic_load(&l->stopping))
        wait_for_news(l, questions_send(l));
    return NULL;
}

/* Start and stop */

static enum err channel_open(struct mx_lookup *l, const char *resolver, struct why *why)
{
    struct ares_options options = {
        .flags = ARES_FLAG_NOSEARCH | ARES_FLAG_NOALIASES, .timeout = TRY_MS, .tries = TRIES};
    int mask = ARES_OPT_FLAGS | ARES_OPT_TIMEOUTMS | ARES_OPT_TRIES;
    int status = ares_init_options(&l->channel, &options, mask);
    if (status != ARES_SUCCESS)
        return why_set(why, ERR_NOMEM, "c-ares does not start: %s", ares_strerror(status));
    if (resolver && ares_set_servers_ports_csv(l->channel, resolver) != ARES_SUCCESS) {
        ares_destroy(l->channel);
        return why_set(why, ERR_INPUT, "--resolver: '%s' is not HOST:PORT", resolver);
    }
    return OK;
}

enum err mx_lookup_start(struct mx_lookup **out, struct sim *s, const char *resolver,
                         struct why *why)
{
    struct mx_lookup *l = calloc(1, sizeof *l);
    if (!l || ares_library_init(ARES_LIB_INIT_ALL) != ARES_SUCCESS) {
        free(l);
        return why_set(why, ERR_NOMEM, "no memory for look-ups");
    }
    l->sim = s;
    for (size_t i = 0; i < SIM_LOOKUPS_MAX; i++) {
        l->lookups[i] = (struct lookup){.owner = l, .next_free = l->free};
        l->free = &l->lookups[i];
    }
    enum err err = channel_open(l, resolver, why);
    if (err == OK && pthread_create(&l->thread, NULL, lookup_loop, l) != 0) {
        ares_destroy(l->channel);
        err = why_set(why, ERR_NOMEM, "no thread for look-ups");
    }
    if (err != OK) {
        ares_library_cleanup();
        free(l);
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
    ares_destroy(l->channel);
    ares_library_cleanup();
    free(l);
}
