/*
 * Deals notifications out to the outlets of the config. An event is encoded once, and its bytes are
 * shared by all queues.
 */
#include "notify.h"

#include "base/plural.h"
#include "base/siphash.h"
#include "events_file.h"
#include "heartbeat.h"
#include "hook.h"
#include "outlet.h"
#include "reports/metrics.h"
#include "webhook.h"
#include "wire/https.h"

#include <assert.h>
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#define OUTLETS_MAX      (3 + NOTIFY_HOOKS_MAX + NOTIFY_HTTP_MAX)
#define NAME_LEN         400
#define CLOSE_LOOK_MS    20
#define CLOSE_SAID_AFTER SPAN_S(1)

struct notifier {
    struct notify_config config;
    struct sayings sayings;
    struct os_clock clock;
    int ending_fd;
    bool has_http; /* https_library_open() has succeeded */
    char names[OUTLETS_MAX][NAME_LEN];
    struct outlet *outlets[OUTLETS_MAX];
    bool takes_events[OUTLETS_MAX];
    uint32_t outlets_len;
    struct outlet *heartbeat, *metrics; /* among them; or NULL */
};

/* ---- opening ---- */

static enum err outlet_add(struct notifier *n, const struct outlet_config *config,
                           struct outlet **named, struct why *why)
{
    uint32_t i = n->outlets_len;
    struct outlet_config own = *config;
    assert(i < OUTLETS_MAX);
    own.name = n->names[i];
    own.sayings = &n->sayings;
    own.ending_fd = n->ending_fd;
    enum err err = outlet_open(&n->outlets[i], &own, why);
    if (err != OK)
        return err;
    n->takes_events[i] = own.takes_events;
    n->outlets_len++;
    if (named)
        *named = n->outlets[i];
    return OK;
}

static enum err events_add(struct notifier *n, struct why *why)
{
    struct events_file *file;
    const char *path = n->config.events;
    if (!path)
        return OK;
    snprintf(n->names[n->outlets_len], NAME_LEN, "--events %.300s", path);
    enum err err = events_file_new(&file, path, n->ending_fd, why);
    if (err != OK)
        return why_wrap(why, err, "%s", n->names[n->outlets_len]);
    return outlet_add(n,
                      &(struct outlet_config){.ctx = file,
                                              .deliver = events_file_deliver,
                                              .release = events_file_free,
                                              .takes_events = true},
                      NULL, why);
}

static enum err hook_add(struct notifier *n, const char *command, struct why *why)
{
    struct hook *hook;
    enum err err = hook_new(&hook, command, why);
    if (err != OK)
        return why_wrap(why, err, "--hook");
    /* The program alone: people put secrets among the arguments. */
    snprintf(n->names[n->outlets_len], NAME_LEN, "--hook %.300s", hook->line.argv[0]);
    hook->timeout = n->config.hook_timeout ? n->config.hook_timeout : HOOK_TIMEOUT_USUAL;
    hook->ending_fd = n->ending_fd;
    hook->sayings = &n->sayings;
    return outlet_add(
        n,
        &(struct outlet_config){
            .ctx = hook, .deliver = hook_deliver, .release = hook_free, .takes_events = true},
        NULL, why);
}

static uint64_t seed_of(const struct notifier *n)
{
    return siphash_pair(siphash_key_of_process(), (uint64_t)os_clock_now(&n->clock),
                        n->outlets_len);
}

static enum err webhook_add(struct notifier *n, size_t i, struct why *why)
{
    const char *secret = getenv(WEBHOOK_SECRET_VARIABLE);
    struct webhook *w = calloc(1, sizeof *w);
    if (!w)
        return why_set(why, ERR_NOMEM, "out of memory");
    w->clock = &n->clock;
    w->secret = secret && *secret ? secret : NULL;
    w->seed = seed_of(n);
    enum err err = target_read(&w->target, n->config.webhooks[i], why);
    if (err == OK)
        err = target_client_open(&w->client, n->config.ca_bundle, n->ending_fd, why);
    if (err != OK) {
        webhook_free(w);
        return why_wrap(why, err, "--webhook");
    }
    int len = snprintf(n->names[n->outlets_len], NAME_LEN, "--webhook %s", w->target.shown);
    if (n->config.webhooks_len > 1) /* several URLs of one host are common */
        snprintf(n->names[n->outlets_len] + len, NAME_LEN - (size_t)len, " (number %zu)", i + 1);
    return outlet_add(
        n,
        &(struct outlet_config){
            .ctx = w, .deliver = webhook_deliver, .release = webhook_free, .takes_events = true},
        NULL, why);
}

static enum err heartbeat_add(struct notifier *n, struct why *why)
{
    if (!n->config.heartbeat)
        return OK;
    struct heartbeat *h = calloc(1, sizeof *h);
    if (!h)
        return why_set(why, ERR_NOMEM, "out of memory");
    h->seed = seed_of(n);
    enum err err = target_read(&h->target, n->config.heartbeat, why);
    if (err == OK)
        err = target_client_open(&h->client, n->config.ca_bundle, n->ending_fd, why);
    if (err != OK) {
        heartbeat_free(h);
        return why_wrap(why, err, "--heartbeat");
    }
    snprintf(n->names[n->outlets_len], NAME_LEN, "--heartbeat %s", h->target.shown);
    return outlet_add(n,
                      &(struct outlet_config){.ctx = h,
                                              .deliver = heartbeat_deliver,
                                              .release = heartbeat_free,
                                              .wants_newest = true},
                      &n->heartbeat, why);
}

static enum delivery metrics_deliver(void *ctx, struct outlet *o, const struct message *m,
                                     struct text bytes, struct why *why)
{
    (void)o, (void)m;
    return metrics_write(((const struct notifier *)ctx)->config.metrics, bytes, why) == OK
               ? DELIVERY_DONE
               : DELIVERY_LOST;
}

static enum err metrics_add(struct notifier *n, struct why *why)
{
    if (!n->config.metrics)
        return OK;
    snprintf(n->names[n->outlets_len], NAME_LEN, "--metrics %.300s", n->config.metrics);
    return outlet_add(
        n, &(struct outlet_config){.ctx = n, .deliver = metrics_deliver, .wants_newest = true},
        &n->metrics, why);
}

enum err notify_vet(const struct notify_config *c, struct why *why)
{
    struct target target;
    enum err err = OK;
    if (c->hooks_len > NOTIFY_HOOKS_MAX)
        return why_set(why, ERR_INPUT, "--hook is given %zu times, and at most %d are possible",
                       c->hooks_len, NOTIFY_HOOKS_MAX);
    if (c->webhooks_len > NOTIFY_HTTP_MAX)
        return why_set(why, ERR_INPUT, "--webhook is given %zu times, and at most %d are possible",
                       c->webhooks_len, NOTIFY_HTTP_MAX);
    for (size_t i = 0; err == OK && i < c->hooks_len; i++)
        if ((err = hook_vet(c->hooks[i], why)) != OK)
            why_wrap(why, err, "--hook");
    for (size_t i = 0; err == OK && i < c->webhooks_len; i++)
        if ((err = target_read(&target, c->webhooks[i], why)) != OK)
            why_wrap(why, err, "--webhook");
    if (err == OK && c->heartbeat && (err = target_read(&target, c->heartbeat, why)) != OK)
        why_wrap(why, err, "--heartbeat");
    explicit_bzero(&target, sizeof target);
    return err;
}

static enum err outlets_open(struct notifier *n, struct why *why)
{
    const struct notify_config *c = &n->config;
    enum err err = OK;
    if (c->webhooks_len || c->heartbeat) {
        err = https_library_open(why);
        n->has_http = err == OK;
    }
    if (err == OK)
        err = events_add(n, why);
    for (size_t i = 0; err == OK && i < c->hooks_len; i++)
        err = hook_add(n, c->hooks[i], why);
    for (size_t i = 0; err == OK && i < c->webhooks_len; i++)
        err = webhook_add(n, i, why);
    if (err == OK)
        err = heartbeat_add(n, why);
    return err == OK ? metrics_add(n, why) : err;
}

static void notifier_free(struct notifier *n)
{
    if (n->has_http)
        https_library_close();
    if (n->ending_fd >= 0)
        close(n->ending_fd);
    sayings_clear(&n->sayings);
    free(n);
}

enum err notifier_open(struct notifier **out, const struct notify_config *c, struct why *why)
{
    *out = NULL;
    enum err err = notify_vet(c, why);
    if (err != OK)
        return err;
    struct notifier *n = calloc(1, sizeof *n);
    if (!n)
        return why_set(why, ERR_NOMEM, "out of memory");
    n->config = *c;
    sayings_init(&n->sayings);
    os_clock_open(&n->clock, 0);
    n->ending_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    err = n->ending_fd >= 0 ? outlets_open(n, why)
                            : why_set(why, ERR_IO, "eventfd: %s", strerror(errno));
    if (err == OK) {
        *out = n;
        return OK;
    }
    notifier_close(n, 0, NULL);
    return err;
}

/* ---- telling ---- */

void notifier_tell(struct notifier *n, const struct notification *what)
{
    struct buf line;
    char id[EVENT_ID_LEN] = "";
    buf_init(&line, EVENT_LINE_MAX + 256);
    struct message *m = event_line_add(&line, what, id) ? message_new(buf_text(&line)) : NULL;
    if (m) {
        memcpy(m->id, id, sizeof id);
        m->type = notification_type_name(what->type);
        m->told_at = os_clock_now(&n->clock);
    } else {
        sayings_add(&n->sayings, NOTICE_ERROR, "an event was lost: out of memory");
    }
    for (uint32_t i = 0; m && i < n->outlets_len; i++)
        if (n->takes_events[i])
            outlet_push(n->outlets[i], m);
    message_drop(m);
    buf_clear(&line);
    notifier_say(n);
}

/* For the one outlet that takes such a text. */
static void text_push(struct notifier *n, struct outlet *o, struct text text)
{
    struct message *m = o ? message_new(text) : NULL;
    if (m)
        outlet_push(o, m);
    message_drop(m);
    notifier_say(n);
}

void notifier_beat(struct notifier *n, enum notify_beat beat)
{
    text_push(n, n->heartbeat, text_of(heartbeat_path(beat)));
}

void notifier_metrics(struct notifier *n, struct text text)
{
    text_push(n, n->metrics, text);
}

bool notifier_is_idle(const struct notifier *n, uint64_t *lost)
{
    bool are_idle = true;
    *lost = 0;
    for (uint32_t i = 0; i < n->outlets_len; i++) {
        uint64_t own;
        if (!n->takes_events[i])
            continue;
        are_idle &= outlet_is_idle(n->outlets[i], &own);
        *lost += own;
    }
    return are_idle;
}

void notifier_say(struct notifier *n)
{
    sayings_tell(&n->sayings, &n->config.notices);
}

/* ---- the end ---- */

static bool have_finished(const struct notifier *n)
{
    for (uint32_t i = 0; i < n->outlets_len; i++)
        if (!outlet_has_finished(n->outlets[i]))
            return false;
    return true;
}

static void finish_wait(const struct notifier *n, span_us patience)
{
    char span[WHEN_LEN];
    bool is_said = false;
    instant_us begun = os_clock_now(&n->clock);
    for (span_us waited = 0; waited < patience && !have_finished(n);
         waited = os_clock_now(&n->clock) - begun) {
        if (waited > CLOSE_SAID_AFTER && !is_said)
            notice_note(&n->config.notices,
                        "waiting up to %s for notifications that are not delivered yet",
                        span_format(patience, span));
        is_said = waited > CLOSE_SAID_AFTER;
        poll(NULL, 0, CLOSE_LOOK_MS);
    }
}

enum err notifier_close(struct notifier *n, span_us patience, struct why *why)
{
    struct buf told;
    const uint64_t one = 1;
    if (!n)
        return OK;
    buf_init(&told, WHY_LEN_MAX - 1);
    for (uint32_t i = 0; i < n->outlets_len; i++)
        outlet_finish(n->outlets[i]);
    finish_wait(n, patience);
    if (n->ending_fd >= 0 && write(n->ending_fd, &one, sizeof one) != sizeof one)
        assert(false && "an eventfd takes a one");
    for (uint32_t i = 0; i < n->outlets_len; i++) {
        uint64_t late, lost = outlet_close(n->outlets[i], &late);
        if (lost && n->takes_events[i])
            buf_add_fmt(&told, "%s%llu %s not reach %s", told.len ? "; " : "",
                        (unsigned long long)lost, plural(lost, "event did", "events did"),
                        n->names[i]);
        else if (late)
            buf_add_fmt(&told, "%sthe last word did not reach %s", told.len ? "; " : "",
                        n->names[i]);
    }
    notifier_say(n);
    enum err err = told.len ? why_set(why, ERR_IO, "%s", told.at) : OK;
    buf_clear(&told);
    notifier_free(n);
    return err;
}
