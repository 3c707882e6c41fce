/* The sockets of a carrier, asked by poll(2) whether the other side has closed one. */
#include "sockets.h"

#include <linux/sockios.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

static void socket_watch(struct sockets *list, int fd, uint64_t host)
{
    uint32_t of_host = 0;
    list->at[list->len] = (struct pollfd){.fd = fd, .events = POLLRDHUP};
    list->hosts[list->len++] = host;
    for (uint32_t i = 0; i < list->len; i++)
        of_host += list->hosts[i] == host;
    list->seen.opened++;
    if (of_host > list->seen.most)
        list->seen.most = of_host;
}

int sockets_open(struct sockets *list, uint64_t host, int family, int type, int protocol)
{
    int fd = socket(family, type | SOCK_CLOEXEC, protocol);
    if (fd >= 0 && list->timeout_ms) /* what is no TCP refuses it */
        setsockopt(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, &list->timeout_ms, sizeof list->timeout_ms);
    if (fd >= 0 && list->len < SOCKETS_MAX)
        socket_watch(list, fd, host);
    return fd;
}

int sockets_close(struct sockets *list, int fd)
{
    for (uint32_t i = 0; i < list->len; i++)
        if (list->at[i].fd == fd) {
            list->at[i] = list->at[--list->len];
            list->hosts[i] = list->hosts[list->len];
            break;
        }
    return socket_close(fd);
}

int socket_close(int fd)
{
    int left = 0;
    const struct linger at_once = {.l_onoff = 1, .l_linger = 0};
    if (ioctl(fd, SIOCOUTQ, &left) == 0 && left > 0)
        setsockopt(fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
    return close(fd);
}

bool sockets_any_is_dead(struct sockets *list)
{
    return poll(list->at, list->len, 0) > 0;
}
