/*
 * The yardstick for the wire: MX and TXT of many names by a bare loop over one channel of c-ares on
 * one thread, window 100, nothing parsed. Usage: ares_loop ADDRESS:PORT NAMES ZONES; asks dI.test,
 * I below ZONES.
 */
#include "wire/cares.h"

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#define WINDOW     100
#define FDS_MAX    (WINDOW + 2)
#define TYPE_MX    15
#define TYPE_TXT   16
#define TIMEOUT_MS 2000

struct loop {
    struct cares *channel;
    struct pollfd fds[FDS_MAX];
    struct cares_question questions[WINDOW];
    unsigned idle[WINDOW];
    unsigned fds_len, idle_len;
    unsigned long answered, failed;
};

/* A question's context: which one it is. */
struct slot {
    struct loop *loop;
    unsigned number;
};

static void on_socket(void *context, int fd, short events)
{
    struct loop *l = context;
    unsigned i = 0;
    while (i < l->fds_len && l->fds[i].fd != fd)
        i++;
    if (!events) {
        if (i < l->fds_len)
            l->fds[i] = l->fds[--l->fds_len];
        return;
    }
    if (i == l->fds_len && ++l->fds_len > FDS_MAX)
        abort();
    l->fds[i] = (struct pollfd){fd, events, 0};
}

static void on_answer(void *context, const struct cares_answer *answer)
{
    struct slot *slot = context;
    struct loop *l = slot->loop;
    l->idle[l->idle_len++] = slot->number;
    l->answered++;
    l->failed += answer->outcome != CARES_ANSWERED;
}

static void turn(struct loop *l)
{
    struct pollfd fds[FDS_MAX];
    unsigned len = l->fds_len;
    for (unsigned i = 0; i < len; i++)
        fds[i] = l->fds[i];
    if (poll(fds, len, 50) == 0)
        cares_work(l->channel, -1, 0);
    for (unsigned i = 0; i < len; i++)
        if (fds[i].revents)
            cares_work(l->channel, fds[i].fd, fds[i].revents);
}

static double seconds(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void questions_ask(struct loop *l, unsigned long questions, unsigned long zones)
{
    struct slot slots[WINDOW];
    for (unsigned i = 0; i < WINDOW; i++) {
        slots[i] = (struct slot){l, i};
        l->questions[i] = (struct cares_question){.on_answer = on_answer, .context = &slots[i]};
        l->idle[l->idle_len++] = i;
    }
    for (unsigned long asked = 0; l->answered < questions;) {
        for (; l->idle_len && asked < questions; asked++) {
            char name[64];
            snprintf(name, sizeof name, "d%lu.test", asked / 2 % zones);
            cares_ask(l->channel, &l->questions[l->idle[--l->idle_len]], name,
                      asked % 2 ? TYPE_TXT : TYPE_MX, false);
        }
        turn(l);
    }
}

int main(int argc, char **argv)
{
    static struct loop l;
    struct cares_config config = {
        .recurse = true, .timeout_ms = TIMEOUT_MS, .on_socket = on_socket, .context = &l};
    struct servers servers;
    struct why why = {""};
    if (argc != 4)
        return 2;
    unsigned long questions = 2 * strtoul(argv[2], NULL, 10), zones = strtoul(argv[3], NULL, 10);
    if (servers_parse(&servers, text_of(argv[1]), &why) != OK || cares_library_open(&why) != OK)
        return 1;
    config.server = servers.at[0];
    if (cares_open(&l.channel, &config, &why) != OK)
        return 1;
    double start = seconds();
    questions_ask(&l, questions, zones);
    double took = seconds() - start;
    printf("c-ares: %lu questions in %.2f s: %.0f questions/s, %lu failed\n", questions, took,
           (double)questions / took, l.failed);
    cares_close(l.channel);
    cares_library_close();
    return l.failed != 0;
}
