/*
 * Duty: the addresses that ses-sim listens on and sends to. It speaks to nobody but this machine.
 */
#include "sim.h"

#include <arpa/inet.h>
#include <string.h>

bool address_is_loopback(const struct sockaddr_storage *address)
{
    if (address->ss_family == AF_INET)
        return ntohl(((const struct sockaddr_in *)(const void *)address)->sin_addr.s_addr) >> 24 ==
               127;
    const struct sockaddr_in6 *six = (const struct sockaddr_in6 *)(const void *)address;
    return IN6_IS_ADDR_LOOPBACK(&six->sin6_addr);
}

bool address_parse(const char *written, struct sockaddr_storage *address,
                   char host[ADDRESS_HOST_LEN])
{
    struct text t = text_of(written);
    size_t colon = text_rfind(t, ':');
    struct text name = text_slice(t, 0, colon), inner = text_slice(name, 1, name.len - 1);
    bool six = text_starts(name, TEXT("[")) && text_ends(name, TEXT("]"));
    uint64_t port;
    if (!text_to_u64(text_from(t, colon + 1), &port) || port > 65535 || name.len > 40)
        return false;
    memset(address, 0, sizeof *address);
    if (text_eq(name, TEXT("localhost")))
        name = TEXT("127.0.0.1");
    snprintf(host, ADDRESS_HOST_LEN, TEXT_FMT, TEXT_ARG(six ? inner : name));
    if (six) {
        struct sockaddr_in6 *a = (struct sockaddr_in6 *)(void *)address;
        *a = (struct sockaddr_in6){.sin6_family = AF_INET6, .sin6_port = htons((uint16_t)port)};
        return inet_pton(AF_INET6, host, &a->sin6_addr) == 1;
    }
    struct sockaddr_in *a = (struct sockaddr_in *)(void *)address;
    *a = (struct sockaddr_in){.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    return inet_pton(AF_INET, host, &a->sin_addr) == 1;
}
