/* Options of a file without effect until the user gives the option again. */
#include "trust.h"

#include "aws/endpoints.h"
#include "aws/variables.h"
#include "base/count.h"
#include "model/region.h"

#include <stddef.h>

static const struct leading {
    const char *name; /* of the option */
    size_t offset;
    const char *what;
    enum aws_variable variable; /* the environment's equal of the option */
} leadings[] = {
    {"endpoint-url", offsetof(struct access, endpoint_url),
     "send requests that are signed with your credentials to", AWS_ENDPOINT_URL},
    {"ca-bundle", offsetof(struct access, ca_bundle),
     "trust, for requests that are signed with your credentials, the authorities of",
     AWS_CA_BUNDLE},
};

#define LEADINGS (COUNT(leadings))

static struct text value_of(const struct access *a, const struct leading *l)
{
    return text_of(*(const char *const *)(const void *)((const char *)a + l->offset));
}

/* Compares whole names, not the end: hosts of customers lie below amazonaws.com too. */
static bool is_of_region(struct text url, struct text region)
{
    struct endpoint e;
    for (unsigned i = 0; i < 4; i++) {
        struct endpoint_settings by_region = {.use_fips = i & 1, .use_dual_stack = i & 2};
        if (endpoint_make(&e, TEXT("ses"), region, &by_region, NULL) == OK &&
            text_eq(text_of(e.url), url))
            return true;
    }
    return false;
}

static bool is_of_aws(struct text url)
{
    struct text rest = url;
    if (text_ends(url, TEXT("/")))
        url.len--;
    while (rest.at) {
        struct text label = text_cut(&rest, '.');
        if (region_is_plausible(label) && is_of_region(url, label))
            return true;
    }
    return false;
}

/* Must the user confirm the value? */
static bool is_leading(const struct leading *l, struct text value)
{
    bool is_url = l->offset == offsetof(struct access, endpoint_url);
    bool is_users = text_eq(text_of(aws_variable_value(l->variable)), value);
    return value.len && !is_users && !(is_url && is_of_aws(value));
}

enum err access_trust_vet(const struct access *given, const struct access *taken, const char *from,
                          struct why *why)
{
    for (size_t i = 0; i < LEADINGS; i++) {
        struct text value = value_of(taken, &leadings[i]);
        if (value_of(given, &leadings[i]).len || !is_leading(&leadings[i], value))
            continue;
        return why_set(
            why, ERR_INPUT,
            "%s would %s " TEXT_FMT
            ". To allow this, give the same --%s on the command line; --yes does not allow it",
            from, leadings[i].what, TEXT_ARG(text_slice(value, 0, 300)), leadings[i].name);
    }
    return OK;
}
