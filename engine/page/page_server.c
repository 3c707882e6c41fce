/*
 * The owner's side of the page: opening and closing, and the hand-over of snapshots to the thread
 * that serves (page_http.c). Publishing changes one pointer, whoever reads and however slowly.
 */
#include "aws/url.h"
#include "page_internal.h"
#include "wire/thread.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <unistd.h>

#define OTHER_FILES 64 /* descriptors beside those of connections */

/* Connections in want of descriptors would wait silently, so the limit is raised, or fewer are
 * served. */
static unsigned connections_settle(void)
{
    struct rlimit limit;
    rlim_t wanted = PAGE_CONNECTIONS_MAX + PAGE_SPARE + OTHER_FILES;
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur == RLIM_INFINITY)
        return PAGE_CONNECTIONS_MAX;
    struct rlimit more = {limit.rlim_cur + wanted, limit.rlim_max};
    if (more.rlim_cur > more.rlim_max)
        more.rlim_cur = more.rlim_max;
    if (more.rlim_cur > limit.rlim_cur && setrlimit(RLIMIT_NOFILE, &more) == 0)
        limit = more;
    rlim_t half = limit.rlim_cur / 2; /* the rest is the run's */
    return half < PAGE_CONNECTIONS_MAX ? (unsigned)half : PAGE_CONNECTIONS_MAX;
}

static enum err door_make(struct page_server *s, struct why *why)
{
    const struct page_config *c = &s->config;
    struct page_door *d = &s->door;
    d->names = c->names;
    d->names_len = c->names_len;
    d->is_tls = c->cert_file || c->key_file;
    if (gethostname(d->machine, sizeof d->machine) != 0)
        d->machine[0] = '\0';
    d->machine[sizeof d->machine - 1] = '\0';
    for (size_t i = 0; i < c->names_len; i++) {
        char origin[URL_LEN_MAX];
        struct url url;
        snprintf(origin, sizeof origin, "http://%s", c->names[i]);
        if (url_parse_origin(text_of(origin), &url, NULL) != OK ||
            !text_eq_nocase(text_of(url.host), text_of(c->names[i])))
            return why_set(why, ERR_INPUT,
                           "--listen-name '%s': expected a host name alone, such as "
                           "watch.example.com",
                           c->names[i]);
    }
    enum err err = page_listen_vet(c->listen, c->token.len, d->is_tls, why);
    if (err == OK)
        err = page_address_read(&d->address, c->listen, why);
    if (err == OK)
        err = page_random(d->session, 32, why);
    if (err == OK)
        err = page_random(s->feed.instance, 8, why);
    return err;
}

static enum err parts_make(struct page_server *s, struct why *why)
{
    s->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    s->clients_max = connections_settle();
    s->opened_at = page_wall_clock(s);
    if (!page_feed_init(&s->feed) || s->wake_fd < 0 ||
        !page_policy_write(s->policy, s->config.script, s->config.style) ||
        !page_login_policy_write(s->login_policy))
        return why_set(why, ERR_NOMEM, "--listen: no memory for the HTTP server");
    s->listen_fd = page_address_listen(&s->door.address, why);
    if (s->listen_fd < 0)
        return ERR_IO;
    const struct page_address *a = &s->door.address;
    bool six = a->family == AF_INET6;
    snprintf(s->url, sizeof s->url, "%s://%s%s%s:%u/", s->door.is_tls ? "https" : "http",
             six ? "[" : "", a->host, six ? "]" : "", a->port);
    return page_door_init(&s->door, s->config.token)
               ? OK
               : why_set(why, ERR_NOMEM, "--listen: no memory for the HTTP server");
}

static void server_free(struct page_server *s)
{
    page_http_stop(s);
    if (s->listen_fd >= 0)
        close(s->listen_fd);
    if (s->wake_fd >= 0)
        close(s->wake_fd);
    page_snapshot_free(s->pending);
    page_snapshot_free(s->current);
    page_feed_clear(&s->feed);
    pthread_mutex_destroy(&s->lock);
    explicit_bzero(&s->door, sizeof s->door);
    free(s);
}

enum err page_server_open(struct page_server **out, const struct page_config *config,
                          struct why *why)
{
    struct page_server *s = calloc(1, sizeof *s);
    if (!s)
        return why_set(why, ERR_NOMEM, "--listen: no memory for the HTTP server");
    s->config = *config;
    s->listen_fd = s->wake_fd = -1;
    pthread_mutex_init(&s->lock, NULL);
    enum err err = door_make(s, why);
    if (err == OK)
        err = parts_make(s, why);
    if (err == OK)
        err = page_http_start(s, why);
    s->config.token = TEXT_NONE; /* borrowed for this call */
    if (err == OK && thread_start(&s->thread, page_http_thread, s) != 0)
        err = why_set(why, ERR_NOMEM, "--listen: no memory for the HTTP server");
    if (err != OK) {
        server_free(s);
        return err;
    }
    *out = s;
    return OK;
}

const char *page_server_url(const struct page_server *s)
{
    return s->url;
}

static void server_wake(struct page_server *s)
{
    uint64_t one = 1;
    (void)!write(s->wake_fd, &one, sizeof one);
}

void page_server_publish(struct page_server *s, struct page_snapshot *snapshot)
{
    pthread_mutex_lock(&s->lock);
    struct page_snapshot *unseen = s->pending;
    s->pending = snapshot;
    pthread_mutex_unlock(&s->lock);
    if (!unseen)
        server_wake(s);
    page_snapshot_free(unseen);
}

unsigned page_server_clients(const struct page_server *s)
{
    return atomic_load(&s->streams);
}

void page_server_close(struct page_server *s)
{
    if (!s)
        return;
    pthread_mutex_lock(&s->lock);
    s->is_closing = true;
    pthread_mutex_unlock(&s->lock);
    server_wake(s);
    pthread_join(s->thread, NULL);
    server_free(s);
}
