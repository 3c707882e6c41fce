/*
 * What says where signed requests go, one line each: Region, --endpoint-url, f for FIPS, d for
 * dual-stack.
 */
#include "fuzz.h"

#include "aws/endpoints.h"
#include "model/region.h"

#include <stdio.h>

static bool is_host(struct text host)
{
    for (size_t i = 0; i < host.len; i++)
        if (!char_is_alnum(host.at[i]) && text_find(TEXT("-.:[]"), host.at[i]) == 5)
            return false;
    return host.len > 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    struct text rest = {(const char *)bytes, len};
    struct text region = fuzz_line(&rest), override = fuzz_line(&rest);
    static const char *const services[] = {"ses", "sts", "sso", "sso-oidc"};
    struct text service = text_of(services[len % 4]);
    struct text flags = fuzz_line(&rest);
    struct endpoint e;
    struct endpoint_settings there = {.url = override,
                                      .use_fips = text_find(flags, 'f') < flags.len,
                                      .use_dual_stack = text_find(flags, 'd') < flags.len};
    struct why why;
    char path[ENDPOINT_LEN_MAX + 1];
    if (region_has_ses(region) || region_near(region))
        assert(region.len < sizeof e.region);
    assert(!region_is_plausible(region) || region_partition(region));
    if (endpoint_make(&e, service, region, &there, &why) != OK) {
        assert(why.text[0] && fuzz_is_printable(text_of(why.text)));
        return 0;
    }
    struct text url = text_of(e.url), host = text_of(e.host);
    snprintf(path, sizeof path, "%s/", e.url);
    assert(endpoint_owns_url(&e, text_of(path)) && is_host(host));
    assert(text_starts(url, TEXT("https://")) ||
           (override.len && text_starts(url, TEXT("http://"))));
    assert(override.len || text_find_text(host, text_of(e.region)) < host.len);
    assert(text_eq(text_of(e.region), region) && is_host(region));
    return 0;
}
