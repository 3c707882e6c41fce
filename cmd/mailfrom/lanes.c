#include "lanes.h"

#include "say.h"

#include <stdlib.h>

static struct text first_of(const char *option, const char *const *variables, size_t len)
{
    if (option && *option)
        return text_of(option);
    for (size_t i = 0; i < len; i++) {
        const char *value = getenv(variables[i]);
        if (value && *value)
            return text_of(value);
    }
    return TEXT_NONE;
}

double lanes_rate(const struct fleet *f, const struct options *o, uint32_t lane)
{
    double own = f->accounts[f->lanes[lane].account].rate_per_s;
    return o->rate_per_s > 0 ? o->rate_per_s : own > 0 ? own : 1;
}

struct text lanes_default_region(const struct options *o)
{
    static const char *const variables[] = {"AWS_REGION", "AWS_DEFAULT_REGION"};
    return first_of(o->region, variables, 2);
}

struct text lanes_ca_bundle(const struct options *o)
{
    static const char *const variables[] = {"AWS_CA_BUNDLE"};
    return first_of(o->ca_bundle, variables, 1);
}

static struct text ses_override(const struct options *o)
{
    static const char *const variables[] = {"AWS_ENDPOINT_URL_SESV2", "AWS_ENDPOINT_URL_SES",
                                            "AWS_ENDPOINT_URL"};
    return first_of(o->endpoint_url, variables, 3);
}

static struct text sts_override(void)
{
    static const char *const variables[] = {"AWS_ENDPOINT_URL_STS", "AWS_ENDPOINT_URL"};
    return first_of(NULL, variables, 2);
}

/* An account that names a profile or a role means it; --profile means it for all others. */
static enum err account_open(struct credential_source **out, const struct fleet *f,
                             uint32_t account, struct text region, const struct options *o,
                             struct why *why)
{
    const struct account *a = &f->accounts[account];
    struct credential_request request = {
        .profile = names_text(&f->names, a->profile),
        .role_arn = names_text(&f->names, a->role_arn),
        .external_id = names_text(&f->names, a->external_id),
        .source_profile = names_text(&f->names, a->source_profile),
        .region = region,
    };
    if (request.profile.len == 0 && o->profile)
        request.profile = text_of(o->profile);
    request.profile_is_explicit = request.profile.len > 0;
    enum err err = credential_source_open(out, &request, why);
    if (err != OK)
        why_wrap(why, err, "account " TEXT_FMT, TEXT_ARG(names_text(&f->names, a->name)));
    return err;
}

static enum err lane_open(struct lanes *l, const struct fleet *f, uint32_t lane,
                          const struct options *o, struct why *why)
{
    struct wire_lane *out = &l->list[lane];
    uint16_t account = f->lanes[lane].account;
    struct text region = names_text(&f->names, f->lanes[lane].region);
    struct endpoint_settings ses = {.url = ses_override(o)}, sts = {.url = sts_override()};
    enum err err = endpoint_make(&out->ses, TEXT("ses"), region, &ses, why);
    if (err == OK)
        err = endpoint_make(&out->sts, TEXT("sts"), region, &sts, why);
    if (err == OK && !l->sources[account])
        err = account_open(&l->sources[account], f, account, region, o, why);
    if (err == OK && !out->ses.known_region)
        say_note("note: SES is not known to be in Region " TEXT_FMT "; it is asked all the same",
                 TEXT_ARG(region));
    out->credentials = l->sources[account];
    return err;
}

enum err lanes_open(struct lanes *l, const struct fleet *f, const struct options *o,
                    struct why *why)
{
    *l = (struct lanes){.len = f->lanes_len, .sources_len = f->accounts_len};
    l->list = calloc(f->lanes_len + 1, sizeof *l->list);
    l->sources = calloc(f->accounts_len + 1, sizeof(struct credential_source *));
    enum err err = l->list && l->sources ? OK : why_set(why, ERR_NOMEM, "out of memory");
    for (uint32_t i = 0; err == OK && i < l->len; i++)
        err = lane_open(l, f, i, o, why);
    if (err != OK)
        lanes_close(l);
    return err;
}

void lanes_close(struct lanes *l)
{
    for (uint32_t i = 0; l->sources && i < l->sources_len; i++)
        if (l->sources[i])
            credential_source_close(l->sources[i]);
    free((void *)l->sources);
    free(l->list);
    *l = (struct lanes){0};
}
