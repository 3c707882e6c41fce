/* The sockets of a carrier, asked by poll(2) whether the other side has closed one. */
#include "sockets.h"

#include <linux/sockios.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

int sockets_open(struct sockets *list, int family, int type, int protocol)
{
    int fd = socket(family, type | SOCK_CLOEXEC, protocol);
    if (fd >= 0 && list->timeout_ms) /* what is no TCP refuses it */
        setsockopt(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, &list->timeout_ms, sizeof list->timeout_ms);
    if (fd >= 0 && list->len < SOCKETS_MAX)
        list->at[list->len++] = (struct pollfd){.fd = fd, .events = POLLRDHUP};
    return fd;
}

int sockets_close(struct sockets *list, int fd)
{
    for (uint32_t i = 0; i < list->len; i++)
        if (list->at[i].fd == fd) {
            list->at[i] = list->at[--list->len];
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
