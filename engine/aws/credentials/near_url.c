/* Checks URLs of metadata services: plain http only to loopback and to AWS's own addresses. */
#include "near_url.h"

static bool is_allowed(const struct url *url, const char *const *hosts, size_t hosts_len)
{
    if (url->is_https || url->is_loopback)
        return true;
    for (size_t i = 0; i < hosts_len; i++)
        if (text_eq(text_of(url->host), text_of(hosts[i])))
            return true;
    return false;
}

enum err near_url_parse(struct text t, const char *const *hosts, size_t hosts_len,
                        struct near_url *url, struct why *why)
{
    size_t start = text_find_text(t, TEXT("://"));
    size_t end = start < t.len ? start + 3 : t.len;
    while (end < t.len && t.at[end] != '/' && t.at[end] != '?')
        end++;
    *url = (struct near_url){.origin = text_slice(t, 0, end), .path = text_from(t, end)};
    enum err err = url_parse_origin(url->origin, &url->at, why);
    if (err)
        return ERR_AUTH;
    if (!text_is_visible(url->path) || text_find(url->path, '#') < url->path.len ||
        (url->path.len && url->path.at[0] != '/'))
        return why_set(why, ERR_AUTH, "the path is malformed");
    url_authority(&url->at, url->host, sizeof url->host);
    if (is_allowed(&url->at, hosts, hosts_len))
        return OK;
    return why_set(why, ERR_AUTH,
                   "http://%s is not allowed: plain http is only for this machine and the "
                   "addresses of AWS's metadata services. Use https",
                   url->at.host);
}
