/*
 * The yardstick for the wire: MX and TXT of many names by a bare c-ares loop on one thread, window
 * 100, nothing parsed. Usage: ares_loop ADDRESS:PORT NAMES ZONES; asks dI.test, I below ZONES.
 */
#include <ares.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#define WINDOW     100
#define FDS_MAX    16
#define TYPE_MX    15
#define TYPE_TXT   16
#define TIMEOUT_MS 2000

struct loop {
    ares_channel channel;
    struct pollfd fds[FDS_MAX];
    unsigned fds_len, out;
    unsigned long answered, failed;
};

static void on_socket(void *data, ares_socket_t fd, int readable, int writable)
{
    struct loop *l = data;
    unsigned i = 0;
    while (i < l->fds_len && l->fds[i].fd != fd)
        i++;
    if (!readable && !writable) {
        if (i < l->fds_len)
            l->fds[i] = l->fds[--l->fds_len];
        return;
    }
    if (i == l->fds_len && ++l->fds_len > FDS_MAX)
        abort();
    short events = (short)((readable ? POLLIN : 0) | (writable ? POLLOUT : 0));
    l->fds[i] = (struct pollfd){fd, events, 0};
}

static void on_answer(void *data, int status, int timeouts, unsigned char *bytes, int len)
{
    struct loop *l = data;
    (void)bytes, (void)len, (void)timeouts;
    l->out--;
    l->answered++;
    l->failed += status != ARES_SUCCESS && status != ARES_ENODATA;
}

static void turn(struct loop *l)
{
    struct pollfd fds[FDS_MAX];
    unsigned len = l->fds_len;
    for (unsigned i = 0; i < len; i++)
        fds[i] = l->fds[i];
    if (poll(fds, len, 50) == 0)
        ares_process_fd(l->channel, ARES_SOCKET_BAD, ARES_SOCKET_BAD);
    for (unsigned i = 0; i < len; i++)
        if (fds[i].revents)
            ares_process_fd(l->channel, fds[i].fd,
                            fds[i].revents & POLLOUT ? fds[i].fd : ARES_SOCKET_BAD);
}

static double seconds(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

int main(int argc, char **argv)
{
    struct loop l = {0};
    if (argc != 4)
        return 2;
    unsigned long questions = 2 * strtoul(argv[2], NULL, 10), zones = strtoul(argv[3], NULL, 10);
    struct ares_options o = {.flags = ARES_FLAG_NOCHECKRESP | ARES_FLAG_STAYOPEN | ARES_FLAG_EDNS,
                             .timeout = TIMEOUT_MS,
                             .tries = 2,
                             .ednspsz = 1232,
                             .sock_state_cb = on_socket,
                             .sock_state_cb_data = &l};
    ares_library_init(ARES_LIB_INIT_ALL);
    if (ares_init_options(&l.channel, &o,
                          ARES_OPT_FLAGS | ARES_OPT_TIMEOUTMS | ARES_OPT_TRIES | ARES_OPT_EDNSPSZ |
                              ARES_OPT_SOCK_STATE_CB) != ARES_SUCCESS ||
        ares_set_servers_ports_csv(l.channel, argv[1]) != ARES_SUCCESS)
        return 1;
    double start = seconds();
    for (unsigned long asked = 0; l.answered < questions;) {
        for (; l.out < WINDOW && asked < questions; asked++) {
            char name[64];
            snprintf(name, sizeof name, "d%lu.test", asked / 2 % zones);
            l.out++;
            ares_query(l.channel, name, 1, asked % 2 ? TYPE_TXT : TYPE_MX, on_answer, &l);
        }
        turn(&l);
    }
    double took = seconds() - start;
    printf("c-ares: %lu questions in %.2f s: %.0f questions/s, %lu failed\n", questions, took,
           (double)questions / took, l.failed);
    ares_destroy(l.channel);
    ares_library_cleanup();
    return l.failed != 0;
}
