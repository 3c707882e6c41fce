/*
 * Settings without secrets, from environment and profile, in botocore's order. Invariant: an
 * unreadable value stops the account and never counts as "not set", since the default would be real
 * AWS.
 */
#include "settings.h"

#include "aws/credentials/profile.h"
#include "aws/credentials/profile_missing.h"
#include "base/count.h"
#include "model/region.h"
#include "slip.h"
#include "variables.h"

#include <stdio.h>

static const struct {
    const char *service; /* of endpoint_make() */
    enum aws_variable variable;
    const char *section; /* key of a [services NAME] section */
} clients[CLIENTS] = {
    [CLIENT_SES] = {"ses", AWS_ENDPOINT_URL_SES, "ses"},
    [CLIENT_SESV2] = {"ses", AWS_ENDPOINT_URL_SESV2, "sesv2"},
    [CLIENT_STS] = {"sts", AWS_ENDPOINT_URL_STS, "sts"},
    [CLIENT_SSO] = {"sso", AWS_ENDPOINT_URL_SSO, "sso"},
    [CLIENT_SSO_OIDC] = {"sso-oidc", AWS_ENDPOINT_URL_SSO_OIDC, "sso_oidc"},
    [CLIENT_ROUTE53] = {"route53", AWS_ENDPOINT_URL_ROUTE_53, "route_53"},
    [CLIENT_ORGANIZATIONS] = {"organizations", AWS_ENDPOINT_URL_ORGANIZATIONS, "organizations"},
};

/* The variable, or else the profile's key; *from names the source. */
static struct text setting(const struct profile *p, enum aws_variable variable, const char *key,
                           char from[SETTING_FROM_MAX])
{
    struct text value = text_of(aws_variable_value(variable));
    if (value.len)
        snprintf(from, SETTING_FROM_MAX, "%s", aws_variable_name(variable));
    else
        snprintf(from, SETTING_FROM_MAX, "%s of profile \"%s\"", key, p->name);
    return value.len ? value : profile_get(p, key);
}

static enum err switch_read(const struct profile *p, enum aws_variable variable, const char *key,
                            bool *out, struct why *why)
{
    char from[SETTING_FROM_MAX];
    struct text value = setting(p, variable, key, from);
    *out = text_eq_nocase(value, TEXT("true"));
    if (*out || value.len == 0 || text_eq_nocase(value, TEXT("false")))
        return OK;
    return why_set(why, ERR_INPUT, "%s takes true or false%s%s", from, slip_of(value) ? ": " : "",
                   slip_of(value) ? slip_of(value) : "");
}

static enum err text_keep(struct text value, const char *from, char *out, size_t out_len,
                          struct why *why)
{
    if (value.len >= out_len || text_find(value, '\0') < value.len)
        return why_set(why, ERR_INPUT, "%s is longer than %zu characters", from, out_len - 1);
    snprintf(out, out_len, TEXT_FMT, TEXT_ARG(value));
    return OK;
}

/* endpoint_url among the indented lines below a service of the profile's services section. */
static struct text section_url(const struct profile *p, enum aws_client client)
{
    struct text name = profile_get(p, "services");
    struct text lines =
        ini_get(&p->files[PROFILE_IN_CONFIG], "services", name, clients[client].section);
    while (name.len && lines.len) {
        struct text value = text_cut(&lines, '\n'), key = text_cut(&value, '=');
        if (text_eq_nocase(text_trim(key), TEXT("endpoint_url")))
            return text_trim(value);
    }
    return TEXT_NONE;
}

static struct text url_of(const struct profile *p, enum aws_client client,
                          char from[SETTING_FROM_MAX])
{
    const enum aws_variable variables[] = {clients[client].variable, AWS_ENDPOINT_URL};
    for (size_t i = 0; i < COUNT(variables); i++) {
        const char *value = aws_variable_value(variables[i]);
        snprintf(from, SETTING_FROM_MAX, "%s", aws_variable_name(variables[i]));
        if (value)
            return text_of(value);
    }
    struct text url = section_url(p, client);
    snprintf(from, SETTING_FROM_MAX, "endpoint_url of %s in the services of profile \"%s\"",
             clients[client].section, p->name);
    if (url.len)
        return url;
    snprintf(from, SETTING_FROM_MAX, "endpoint_url of profile \"%s\"", p->name);
    return profile_get(p, "endpoint_url");
}

static enum err endpoints_read(struct aws_settings *s, const struct profile *p, struct why *why)
{
    bool ignored;
    enum err err = switch_read(p, AWS_IGNORE_CONFIGURED_ENDPOINT_URLS,
                               "ignore_configured_endpoint_urls", &ignored, why);
    for (unsigned i = 0; i < CLIENTS && err == OK && !ignored; i++) {
        char *from = s->endpoints[i].from;
        err = text_keep(url_of(p, (enum aws_client)i, from), from, s->endpoints[i].url,
                        sizeof s->endpoints[i].url, why);
    }
    return err;
}

static enum err region_read(struct aws_settings *s, const struct profile *p, struct why *why)
{
    char *from = s->region_from;
    struct text region = text_of(aws_variable_value(AWS_REGION));
    snprintf(from, SETTING_FROM_MAX, "%s", aws_variable_name(AWS_REGION));
    if (region.len == 0)
        region = setting(p, AWS_DEFAULT_REGION, "region", from);
    return text_keep(region, from, s->region, sizeof s->region, why);
}

enum err aws_settings_read(struct aws_settings *s, const struct credential_request *request,
                           struct why *why)
{
    struct profile profile;
    *s = (struct aws_settings){.use_fips = false};
    enum err err = profile_open(&profile, request, why);
    if (err == OK) {
        char from[SETTING_FROM_MAX];
        err = region_read(s, &profile, why);
        if (err == OK)
            err = text_keep(setting(&profile, AWS_CA_BUNDLE, "ca_bundle", from), from, s->ca_bundle,
                            sizeof s->ca_bundle, why);
        if (err == OK)
            err = switch_read(&profile, AWS_USE_FIPS_ENDPOINT, "use_fips_endpoint", &s->use_fips,
                              why);
        if (err == OK)
            err = switch_read(&profile, AWS_USE_DUALSTACK_ENDPOINT, "use_dualstack_endpoint",
                              &s->use_dual_stack, why);
        if (err == OK)
            err = switch_read(&profile, AWS_DISABLE_CLOCK_SKEW_CORRECTION,
                              "disable_clock_skew_correction", &s->keeps_own_clock, why);
        err = err == OK ? endpoints_read(s, &profile, why) : err;
    }
    s->unread = profile.unread;
    profile_close(&profile);
    return err;
}

static enum err region_vet(const struct aws_settings *s, struct why *why)
{
    struct text region = text_of(s->region);
    const char *slip = slip_of(region), *near = region_near(slip_mended(region));
    if (region.len == 0 || region_partition_of(region))
        return OK;
    return why_set(why, ERR_INPUT, "%s is '%s', which is not a Region%s%s%s%s%s", s->region_from,
                   s->region, slip ? ": " : "", slip ? slip : "", near ? "; did you mean " : "",
                   near ? near : "", near ? "?" : "");
}

enum err aws_settings_region(struct aws_settings *s, const struct credential_request *request,
                             struct why *why)
{
    struct profile profile;
    *s = (struct aws_settings){.use_fips = false};
    enum err err = profile_open(&profile, request, why);
    if (err == OK)
        err = region_read(s, &profile, why);
    if (err == OK)
        err = region_vet(s, why);
    if (err == OK && !s->region[0] && profile.is_named && !profile.is_found)
        err = profile_missing(&profile, "", why);
    else if (err == OK && !s->region[0] && profile_misspelt(&profile, why))
        err = ERR_AUTH;
    else if (err == OK && !s->region[0] && profile.unread.text[0])
        err = why_set(why, ERR_AUTH, "no Region: %s; set AWS_REGION", profile.unread.text);
    profile_close(&profile);
    return err;
}

enum err aws_settings_endpoint(const struct aws_settings *s, enum aws_client client,
                               struct text region, struct text url, struct endpoint *e,
                               struct why *why)
{
    bool is_option = url.len > 0;
    struct endpoint_settings settings = {
        .url = is_option ? url : text_of(s->endpoints[client].url),
        .use_fips = s->use_fips,
        .use_dual_stack = s->use_dual_stack,
    };
    enum err err = endpoint_make(e, text_of(clients[client].service), region, &settings, why);
    if (err != OK && settings.url.len && slip_of(settings.url))
        why_set(why, err, "endpoint URL: %s", slip_of(settings.url));
    if (err != OK && settings.url.len && !is_option)
        why_wrap(why, err, "%s", s->endpoints[client].from);
    return err;
}
