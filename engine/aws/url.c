/*
 * Finds the destination of a URL, or refuses the URL as ambiguous. Invariant: an accepted URL has
 * one meaning for every URL parser; dotted numbers are IPv4 addresses or refused.
 */
#include "url.h"

#include "base/dname.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

#define PORT_HTTP  80u
#define PORT_HTTPS 443u

/* "[::1]:8080" -> "::1"; "host:8080" -> "host"; the rest stays in *t. */
static bool take_host(struct text *t, struct url *url)
{
    size_t end, start = t->len && t->at[0] == '[';
    url->is_ipv6 = start;
    if (url->is_ipv6) {
        end = text_find(*t, ']');
        if (end == t->len)
            return false;
    } else {
        end = 0;
        while (end < t->len && t->at[end] != ':' && t->at[end] != '/')
            end++;
    }
    struct text host = text_slice(*t, start, end);
    if (host.len == 0 || host.len >= sizeof url->host)
        return false;
    for (size_t i = 0; i < host.len; i++)
        url->host[i] = char_lower(host.at[i]);
    url->host[host.len] = '\0';
    *t = text_from(*t, end + start);
    return strlen(url->host) == host.len;
}

static bool take_port(struct text *t, struct url *url)
{
    uint64_t port;
    url->port = url->is_https ? PORT_HTTPS : PORT_HTTP;
    if (t->len == 0 || t->at[0] != ':')
        return true;
    size_t end = text_find(*t, '/');
    struct text digits = text_slice(*t, 1, end);
    if (digits.len == 0 || digits.len > 5 || digits.at[0] == '0')
        return false;
    if (!text_to_u64(digits, &port) || port > 65535)
        return false;
    url->port = (unsigned)port;
    *t = text_from(*t, end);
    return true;
}

/* A name or an address. Refuses texts readable as both: "127.1", "0x7f.0.0.1", "2130706433". */
static bool host_vet(struct url *url)
{
    struct in_addr v4;
    struct in6_addr v6;
    struct text host = text_of(url->host);
    if (url->is_ipv6) {
        url->is_loopback = inet_pton(AF_INET6, url->host, &v6) == 1 && IN6_IS_ADDR_LOOPBACK(&v6);
        return inet_pton(AF_INET6, url->host, &v6) == 1;
    }
    if (inet_pton(AF_INET, url->host, &v4) == 1) {
        url->is_loopback = ntohl(v4.s_addr) >> 24 == 127;
        return true;
    }
    url->is_loopback = text_eq(host, TEXT("localhost"));
    if (text_starts(host, TEXT("0x")) || text_ends(host, TEXT(".")))
        return false;
    /* Names of containers may have underscores; no URL parser reads them otherwise. */
    char plain[sizeof url->host];
    for (size_t i = 0; i <= host.len; i++)
        plain[i] = url->host[i] == '_' ? 'a' : url->host[i];
    enum dname_fault fault = dname_check(text_of(plain));
    return fault == DNAME_OK || (fault == DNAME_SINGLE_LABEL && char_is_alpha(host.at[0]));
}

enum err url_parse_origin(struct text t, struct url *url, struct why *why)
{
    *url = (struct url){0};
    if (t.len >= URL_LEN_MAX)
        return why_set(why, ERR_INPUT, "longer than %d characters", URL_LEN_MAX - 1);
    url->is_https = text_starts(t, TEXT("https://"));
    if (!url->is_https && !text_starts(t, TEXT("http://")))
        return why_set(why, ERR_INPUT, "must begin with https:// or http://");
    t = text_from(t, url->is_https ? 8 : 7);
    if (!take_host(&t, url) || !host_vet(url))
        return why_set(why, ERR_INPUT, "the host is neither a host name nor an IP address");
    if (!take_port(&t, url))
        return why_set(why, ERR_INPUT, "the port is not a number from 1 to 65535");
    if (t.len && !text_eq(t, TEXT("/")))
        return why_set(why, ERR_INPUT, "must end after host and port");
    return OK;
}

char *url_authority(const struct url *url, char *out, size_t out_len)
{
    const char *open = url->is_ipv6 ? "[" : "", *close = url->is_ipv6 ? "]" : "";
    if (url->port == (url->is_https ? PORT_HTTPS : PORT_HTTP))
        snprintf(out, out_len, "%s%s%s", open, url->host, close);
    else
        snprintf(out, out_len, "%s%s%s:%u", open, url->host, close, url->port);
    return out;
}

char *url_origin(const struct url *url, char *out, size_t out_len)
{
    char authority[URL_LEN_MAX];
    snprintf(out, out_len, "%s://%.300s", url->is_https ? "https" : "http",
             url_authority(url, authority, sizeof authority));
    return out;
}
