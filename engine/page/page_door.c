/*
 * Who may ask for what. A page on loopback is open to all users of the machine, so the danger there
 * is a site in the user's browser: it can reach loopback under a name of its own (DNS rebinding),
 * which the Host header tells, and it can send forms, which Origin and Sec-Fetch-Site tell. With a
 * token all but /healthz needs it. Pure.
 *
 * Sources: RFC 9110, section 7.2 (Host); Fetch Standard, "Origin"; Fetch Metadata Request Headers;
 * RFC 6750 (Bearer).
 */
#include "aws/url.h"
#include "page_internal.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

bool page_door_init(struct page_door *d, struct text token)
{
    d->has_token = token.len > 0;
    /* Cookies know no ports: two pages on one host would take each other's. */
    snprintf(d->cookie, sizeof d->cookie, "%smailfrom-%u", d->is_tls ? "__Host-" : "",
             d->address.port);
    return sha256_hex(token, d->token);
}

/* Digests are compared, so neither length nor place of a difference shows in the time. */
static bool secret_is(struct text given, const char digest[SHA256_HEX_LEN])
{
    char other[SHA256_HEX_LEN];
    return sha256_hex(given, other) && mac_is_equal(other, digest, SHA256_HEX_LEN - 1);
}

bool page_door_token_is(const struct page_door *d, struct text token)
{
    return d->has_token && secret_is(token, d->token);
}

static bool bearer_is_good(const struct page_door *d, struct text authorization)
{
    struct text scheme = text_cut(&authorization, ' ');
    return text_eq_nocase(scheme, TEXT("bearer")) &&
           page_door_token_is(d, text_trim(authorization));
}

static bool cookie_is_good(const struct page_door *d, struct text cookies)
{
    char digest[SHA256_HEX_LEN];
    if (!d->has_token || !sha256_hex(text_of(d->session), digest))
        return false;
    while (cookies.len) {
        struct text value = text_trim(text_cut(&cookies, ';'));
        struct text name = text_cut(&value, '=');
        if (text_eq(name, text_of(d->cookie)) && secret_is(value, digest))
            return true;
    }
    return false;
}

/* Is the page asked for under one of its names? Any port will do, since ports are forwarded. An
 * address cannot be rebound; only a name can. */
static bool host_is_ours(const struct page_door *d, struct text host)
{
    char origin[URL_LEN_MAX];
    struct url url;
    snprintf(origin, sizeof origin, "http://" TEXT_FMT, TEXT_ARG(text_slice(host, 0, 400)));
    if (url_parse_origin(text_of(origin), &url, NULL) != OK || text_ends(host, TEXT("/")))
        return false;
    struct text name = text_of(url.host);
    uint8_t bytes[16] = {0};
    bool is_four = inet_pton(AF_INET, url.host, bytes) == 1;
    if (is_four || url.is_ipv6) {
        char plain[INET6_ADDRSTRLEN];
        if (url.is_ipv6 && inet_pton(AF_INET6, url.host, bytes) != 1)
            return false;
        inet_ntop(url.is_ipv6 ? AF_INET6 : AF_INET, bytes, plain, sizeof plain);
        return d->address.is_any || text_eq(text_of(plain), text_of(d->address.host)) ||
               (d->address.is_loopback && url.is_loopback);
    }
    bool is_local = text_eq(name, TEXT("localhost")) || text_ends(name, TEXT(".localhost"));
    if (is_local)
        return d->address.is_loopback || d->address.is_any;
    for (size_t i = 0; i < d->names_len; i++)
        if (text_eq_nocase(name, text_of(d->names[i])))
            return true;
    return !d->address.is_loopback && *d->machine && text_eq_nocase(name, text_of(d->machine));
}

/* Browsers leave out the scheme's own port in both headers. A proxy in front may speak TLS for us.
 */
static bool origin_is_ours(const struct page_door *d, const struct page_request *r)
{
    bool is_https = text_starts(r->origin, TEXT("https://"));
    if (!is_https && (d->is_tls || !text_starts(r->origin, TEXT("http://"))))
        return false;
    return text_eq_nocase(text_from(r->origin, is_https ? 8 : 7), r->host);
}

enum page_admission page_door_vet(const struct page_door *d, const struct page_request *r,
                                  enum page_need need)
{
    if (r->is_twice)
        return PAGE_HEADER_TWICE;
    /* Who sends the token is a program: no page of another name knows it. */
    bool is_bearer = bearer_is_good(d, r->authorization);
    if (r->host.len && !is_bearer && !host_is_ours(d, r->host))
        return PAGE_OTHER_HOST;
    bool is_form = need == PAGE_NEEDS_LOGIN || need == PAGE_NEEDS_ORDER;
    bool is_same = text_eq(r->fetch_site, TEXT("same-origin"));
    if (r->origin.len && !origin_is_ours(d, r))
        return PAGE_OTHER_SITE;
    if (r->fetch_site.len && !is_same && need != PAGE_NEEDS_DOCUMENT &&
        !text_eq(r->fetch_site, TEXT("none")))
        return PAGE_OTHER_SITE;
    if (need == PAGE_NEEDS_ORDER && !d->has_token)
        return PAGE_TAKES_NONE;
    if (need == PAGE_NEEDS_NOTHING || need == PAGE_NEEDS_LOGIN || !d->has_token || is_bearer)
        return PAGE_ADMITTED;
    if (!cookie_is_good(d, r->cookie))
        return PAGE_NO_TOKEN;
    /* A browser says where a form comes from. */
    return is_form && !r->origin.len && !is_same ? PAGE_OTHER_SITE : PAGE_ADMITTED;
}
