/* An address, and the port behind it. */
#include "server_text.h"

#include <arpa/inet.h>
#include <string.h>

#define DNS_PORT 53

/* Cuts the port and the brackets off *entry. False: the text after the address is no port. */
static bool cut_port(struct text *entry, uint16_t *port)
{
    struct text digits;
    size_t colon = text_find(*entry, ':');
    bool bracketed = text_starts(*entry, TEXT("["));
    *port = DNS_PORT;
    if (bracketed) {
        size_t close = text_find(*entry, ']');
        if (close == entry->len)
            return false;
        digits = text_from(*entry, close + 1);
        *entry = text_slice(*entry, 1, close);
        if (digits.len == 0)
            return true;
        if (digits.at[0] != ':')
            return false;
        digits = text_from(digits, 1);
    } else if (colon < entry->len && colon == text_rfind(*entry, ':')) {
        digits = text_from(*entry, colon + 1);
        *entry = text_slice(*entry, 0, colon);
    } else {
        return true; /* no colon, or a plain IPv6 address */
    }
    uint64_t number;
    if (!text_to_u64(digits, &number) || number == 0 || number > UINT16_MAX)
        return false;
    *port = (uint16_t)number;
    return true;
}

bool server_parse(struct dns_server *out, struct text entry)
{
    char address[INET6_ADDRSTRLEN];
    bool six_only = text_starts(entry, TEXT("["));
    *out = (struct dns_server){0};
    if (!cut_port(&entry, &out->port) || entry.len == 0 || entry.len >= sizeof address)
        return false;
    memcpy(address, entry.at, entry.len);
    address[entry.len] = '\0';
    if (!six_only && inet_pton(AF_INET, address, out->address) == 1)
        out->family = 4;
    else if (inet_pton(AF_INET6, address, out->address) == 1)
        out->family = 6;
    return out->family != 0;
}
