/*
 * Where the page listens: --listen read strictly, and the socket. Names are not looked up, so what
 * others can reach is decided by what is written.
 */
#include "aws/url.h"
#include "page_internal.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define BACKLOG 512 /* all that may be served at once may come at once */

enum err page_address_read(struct page_address *a, const char *listen, struct why *why)
{
    struct text t = text_of(listen);
    size_t colon = text_rfind(t, ':');
    struct text digits = text_from(t, colon + 1);
    struct url url;
    char origin[URL_LEN_MAX];
    uint64_t port;
    *a = (struct page_address){0};
    if (colon >= t.len || colon == 0 || !text_to_u64(digits, &port) || port > UINT16_MAX)
        return why_set(
            why, ERR_INPUT,
            "--listen '%s': expected ADDRESS:PORT, such as 127.0.0.1:8080 or [::1]:8080; "
            "port 0 takes any free one",
            listen);
    snprintf(origin, sizeof origin, "http://%.*s", (int)(colon < 300 ? colon : 300), listen);
    struct text host = text_slice(t, 0, colon);
    if (text_starts(host, TEXT("[")) && text_ends(host, TEXT("]")))
        host = text_slice(host, 1, host.len - 1);
    if (url_parse_origin(text_of(origin), &url, NULL) != OK ||
        !text_eq_nocase(host, text_of(url.host)))
        return why_set(
            why, ERR_INPUT,
            "--listen '%s': the part before the port is no address; an IPv6 address stands "
            "in brackets, as in [::1]:8080",
            listen);
    a->port = (uint16_t)port;
    if (text_eq(text_of(url.host), TEXT("localhost")))
        snprintf(url.host, sizeof url.host, "127.0.0.1");
    a->family = url.is_ipv6 ? AF_INET6 : AF_INET;
    if (inet_pton(a->family, url.host, a->bytes) != 1)
        return why_set(why, ERR_INPUT,
                       "--listen '%s': '%s' is a name; expected the address to listen on, such as "
                       "127.0.0.1 or 0.0.0.0, for names are not looked up",
                       listen, url.host);
    inet_ntop(a->family, a->bytes, a->host, sizeof a->host);
    a->is_loopback = url.is_loopback || text_eq(text_of(a->host), TEXT("127.0.0.1"));
    static const uint8_t zero[16];
    a->is_any = memcmp(a->bytes, zero, sizeof zero) == 0;
    return OK;
}

enum err page_listen_vet(const char *listen, bool has_token, bool has_tls, struct why *why)
{
    struct page_address a;
    enum err err = page_address_read(&a, listen, why);
    if (err != OK || a.is_loopback || has_token || has_tls)
        return err;
    return why_set(
        why, ERR_INPUT,
        "--listen %s: others than this machine could read the page there; give a token "
        "(--token-env NAME) or TLS files (--tls-cert, --tls-key), or listen on 127.0.0.1",
        listen);
}

static socklen_t address_fill(const struct page_address *a, struct sockaddr_storage *out)
{
    memset(out, 0, sizeof *out);
    if (a->family == AF_INET6) {
        struct sockaddr_in6 *six = (struct sockaddr_in6 *)(void *)out;
        six->sin6_family = AF_INET6;
        six->sin6_port = htons(a->port);
        memcpy(&six->sin6_addr, a->bytes, sizeof six->sin6_addr);
        return sizeof *six;
    }
    struct sockaddr_in *four = (struct sockaddr_in *)(void *)out;
    four->sin_family = AF_INET;
    four->sin_port = htons(a->port);
    memcpy(&four->sin_addr, a->bytes, sizeof four->sin_addr);
    return sizeof *four;
}

int page_address_listen(struct page_address *a, struct why *why)
{
    struct sockaddr_storage where;
    socklen_t len = address_fill(a, &where);
    int yes = 1, no = 0;
    int fd = socket(a->family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    bool is_done = fd >= 0 && setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes) == 0;
    if (is_done && a->family == AF_INET6)
        is_done = setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &no, sizeof no) == 0;
    is_done = is_done && bind(fd, (const struct sockaddr *)(const void *)&where, len) == 0 &&
              listen(fd, BACKLOG) == 0 &&
              getsockname(fd, (struct sockaddr *)(void *)&where, &len) == 0;
    if (is_done) {
        a->port = ntohs(a->family == AF_INET6
                            ? ((const struct sockaddr_in6 *)(const void *)&where)->sin6_port
                            : ((const struct sockaddr_in *)(const void *)&where)->sin_port);
        return fd;
    }
    int error = errno;
    bool six = a->family == AF_INET6;
    why_set(why, ERR_IO, "--listen: cannot listen on %s%s%s:%u: %s%s", six ? "[" : "", a->host,
            six ? "]" : "", a->port, strerror(error),
            error == EADDRINUSE ? "; another program listens there, and port 0 takes any free one"
                                : "");
    if (fd >= 0)
        close(fd);
    return -1;
}
