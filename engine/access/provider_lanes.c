/*
 * Opens the lanes of the providers of DNS: the endpoint and the account's credentials for Route 53,
 * the API token for Cloudflare, the address and the TSIG key of a server. Files and environment
 * alone are read.
 */
#include "provider_lanes.h"

#include "lanes_internal.h"

#include "aws/credentials/secrets.h"
#include "dns/server_text.h"
#include "model/region.h"
#include "providers/providers.h"
#include "providers/tsig_key.h"

#include <stdio.h>
#include <stdlib.h>

#define REGION_OF_AWS "us-east-1" /* signs for Route 53 in the partition aws */

enum err provider_endpoint_vet(enum provider_kind kind, struct text url, struct why *why)
{
    struct endpoint e;
    const struct endpoint_settings settings = {.url = url};
    return kind == PROVIDER_CLOUDFLARE
               ? cloudflare_endpoint(&e, url, why)
               : endpoint_make(&e, TEXT("route53"), TEXT(REGION_OF_AWS), &settings, why);
}

/* A Region of the partition in which the account lives: of one of its lanes, or of its settings. */
static struct text region_of(const struct lane_opening *o, uint16_t account)
{
    const struct fleet *f = o->fleet;
    struct text region = text_of(o->settings.region);
    for (uint32_t i = 0; i < f->lanes_len; i++)
        if (f->lanes[i].account == account)
            return names_text(&f->names, f->lanes[i].region);
    return region_partition_of(region) ? region : TEXT(REGION_OF_AWS);
}

static enum err route53_open(struct lanes *l, struct wire_lane *lane, struct provider_at *at,
                             const struct provider *p, struct lane_opening *o, struct why *why)
{
    struct credential_request request;
    enum err err = lane_settings(o, p->account, &request, why);
    if (err != OK)
        return err;
    struct text region = region_of(o, p->account);
    request.region = region;
    err = aws_settings_endpoint(&o->settings, CLIENT_ROUTE53, region, p->endpoint_url,
                                &at->endpoint, why);
    if (err == OK)
        err =
            aws_settings_endpoint(&o->settings, CLIENT_STS, region, TEXT_NONE, &lane->at.sts, why);
    const struct endpoint *open = at->endpoint.is_open   ? &at->endpoint
                                  : lane->at.sts.is_open ? &lane->at.sts
                                                         : NULL;
    return err == OK ? lane_keys(l, lane, o, p->account, &request, open, why) : err;
}

/* The value of a variable that the manifest names. */
static enum err secret_of(struct text variable, const char *what, char **out, struct why *why)
{
    char name[256];
    if (variable.len >= sizeof name)
        return why_set(why, ERR_INPUT, "the name of the variable with %s is too long", what);
    snprintf(name, sizeof name, TEXT_FMT, TEXT_ARG(variable));
    *out = getenv(name);
    return *out && **out ? OK
                         : why_set(why, ERR_AUTH,
                                   "the environment variable %s is not set; the manifest says that "
                                   "it has %s",
                                   name, what);
}

static enum err cloudflare_open(struct lanes *l, struct provider_at *at, const struct provider *p,
                                struct why *why)
{
    char *token = NULL;
    enum err err = cloudflare_endpoint(&at->endpoint, p->endpoint_url, why);
    if (err == OK)
        err = secret_of(p->token_env, "the API token of Cloudflare", &token, why);
    if (err == OK)
        err = secrets_put(l->secrets, at, text_of(token), why);
    if (err == OK)
        at->token = arena_text(&l->arena, text_of(token));
    return err == OK && !at->token.at ? why_set(why, ERR_NOMEM, "out of memory") : err;
}

static enum err rfc2136_open(struct lanes *l, struct provider_at *at, const struct provider *p,
                             struct why *why)
{
    char *secret = NULL;
    if (!server_parse(&at->server, p->server))
        return why_set(why, ERR_INPUT, "the server \"" TEXT_FMT "\" is no address",
                       TEXT_ARG(p->server));
    if (p->key_file.len)
        return tsig_key_read(&at->key, p->key_file, l->secrets, why);
    enum err err = secret_of(p->key_secret_env, "the secret of a TSIG key", &secret, why);
    if (err == OK)
        err = tsig_key_set(&at->key, p->key_name, p->key_algorithm, text_of(secret), why);
    return err == OK ? tsig_key_hide(&at->key, l->secrets, why) : err;
}

enum err provider_lane_open(struct lanes *l, uint32_t row, struct lane_opening *o, struct why *why)
{
    const struct provider *p = &o->fleet->providers[row];
    struct wire_lane *lane = &l->list[o->fleet->lanes_len + row];
    struct provider_at *at = ARENA_NEW(&l->arena, struct provider_at);
    if (!at)
        return why_set(why, ERR_NOMEM, "out of memory");
    at->kind = p->kind;
    lane->provider = at;
    switch (p->kind) {
    case PROVIDER_ROUTE53: return route53_open(l, lane, at, p, o, why);
    case PROVIDER_CLOUDFLARE: return cloudflare_open(l, at, p, why);
    default: return rfc2136_open(l, at, p, why);
    }
}

void provider_lane_wipe(struct wire_lane *lane)
{
    if (lane->provider)
        tsig_key_wipe(&((struct provider_at *)(uintptr_t)lane->provider)->key);
}
