/*
 * The keys of a manifest. docs/manifest.schema.json repeats the keys for editors; a test compares
 * the two.
 */
#include "raw.h"

#include "base/count.h"

#include <assert.h>

#define NEAR_EDITS 2 /* more than two edits are another word, not a slip */

#define COLUMN_LEN_MAX 64 /* the longest key has 22 */

#define REGION_EXPECTED "a Region such as us-east-1"

static const struct key_rule top_keys[] = {
    {"version", KEY_VERSION, SHAPE_TEXT, "1"},
    {"accounts", KEY_ACCOUNTS, SHAPE_MAP, "accounts by name"},
    {"defaults", KEY_DEFAULTS, SHAPE_MAP, "keys of an identity, such as region: us-east-1"},
    {"waves", KEY_WAVES, SHAPE_LIST, "a count above 0 or a share up to 100%, such as 10 or 10%"},
    {"max_failures", KEY_MAX_FAILURES, SHAPE_TEXT, "a count or a share, such as 5 or 2%"},
    {"identities", KEY_IDENTITIES, SHAPE_LIST, "domains, addresses or keys of an identity"},
    {"include", KEY_INCLUDE, SHAPE_TEXT_OR_LIST, "a path below this file's folder"},
    {"identities_from", KEY_IDENTITIES_FROM, SHAPE_TEXT_OR_LIST,
     "the path of a CSV file, a Terraform state or cdk.out below this file's folder"},
    {"owners", KEY_OWNERS, SHAPE_MAP, "owners of DNS by domain"},
    {"dns", KEY_DNS, SHAPE_MAP, "the key publish"},
    {"watch", KEY_WATCH, SHAPE_MAP, "keys such as confirm: 10m"},
    {"accounts_from", KEY_ACCOUNTS_FROM, SHAPE_MAP, "organization"},
};

static const struct key_rule account_keys[] = {
    {"profile", KEY_PROFILE, SHAPE_TEXT, "the name of an AWS profile"},
    {"role_arn", KEY_ROLE_ARN, SHAPE_TEXT, "an ARN such as arn:aws:iam::111122223333:role/mail"},
    {"external_id", KEY_EXTERNAL_ID, SHAPE_TEXT, "the external ID that the role asks for"},
    {"source_profile", KEY_SOURCE_PROFILE, SHAPE_TEXT, "the name of an AWS profile"},
    {"account_id", KEY_ACCOUNT_ID, SHAPE_TEXT, "twelve digits, such as \"111122223333\""},
    {"regions", KEY_REGIONS, SHAPE_LIST, REGION_EXPECTED},
    {"rate", KEY_RATE, SHAPE_TEXT, "requests per second, from 0.01 to 10000"},
};

#define OWNER_EXPECTED "who publishes the records, such as dns-team@shop.example"

#define CHOICE_KEYS                                                                                \
    {"account", KEY_ACCOUNT, SHAPE_TEXT, "the name of an account"},                                \
        {"region", KEY_REGION, SHAPE_TEXT, REGION_EXPECTED},                                       \
        {"regions", KEY_REGIONS, SHAPE_LIST, REGION_EXPECTED},                                     \
        {"mail_from", KEY_MAIL_FROM, SHAPE_TEXT,                                                   \
         "a domain name such as bounce.{domain}, or default"},                                     \
        {"behavior_on_mx_failure", KEY_OF(SETTING_BEHAVIOR), SHAPE_TEXT,                           \
         "USE_DEFAULT_VALUE or REJECT_MESSAGE"},                                                   \
        {"wave", KEY_OF(SETTING_WAVE), SHAPE_TEXT, "the number of a wave, from 1 to 64"},          \
        {"dns", KEY_DNS, SHAPE_MAP, "the keys require, mx_region and timeout"},                    \
        {"owner", KEY_OF(SETTING_OWNER), SHAPE_TEXT, OWNER_EXPECTED},                              \
    {                                                                                              \
        "accept", KEY_OF(SETTING_ACCEPT), SHAPE_LIST,                                              \
            "the name of a finding, such as shared-mail-from"                                      \
    }

static const struct key_rule defaults_keys[] = {CHOICE_KEYS};

static const struct key_rule identity_keys[] = {
    {"identity", KEY_IDENTITY, SHAPE_TEXT, "a domain or an e-mail address"},
    CHOICE_KEYS,
};

static const struct key_rule dns_keys[] = {
    {"require", KEY_OF(SETTING_REQUIRE), SHAPE_TEXT, "mx+spf, mx or none"},
    {"mx_region", KEY_OF(SETTING_MX_REGION), SHAPE_TEXT, REGION_EXPECTED},
    {"timeout", KEY_OF(SETTING_TIMEOUT), SHAPE_TEXT, "a time up to 365d, such as 72h or 1h30m"},
};

static const struct key_rule owner_keys[] = {
    {"contact", KEY_OF(SETTING_OWNER), SHAPE_TEXT, OWNER_EXPECTED},
    {"format", KEY_OF(SETTING_RECORDS_FORMAT), SHAPE_TEXT,
     "a format of mailfrom records, such as nsupdate"},
};

static const struct key_rule top_dns_keys[] = {
    {"publish", KEY_PUBLISH, SHAPE_LIST, "entries with zones and route53, rfc2136 or cloudflare"},
};

static const struct key_rule publish_keys[] = {
    {"zones", KEY_ZONES, SHAPE_LIST,
     "a zone such as example.com, or a pattern such as \"*.example.com\" in quotes"},
    {"route53", KEY_ROUTE53, SHAPE_MAP, "the keys account and endpoint_url"},
    {"rfc2136", KEY_RFC2136, SHAPE_MAP, "the keys server and key_file or key"},
    {"cloudflare", KEY_CLOUDFLARE, SHAPE_MAP, "the keys token_env and endpoint_url"},
};

#define URL_EXPECTED      "a URL such as https://dns.example"
#define VARIABLE_EXPECTED "the name of an environment variable, such as "

static const struct key_rule route53_keys[] = {
    {"account", KEY_ACCOUNT, SHAPE_TEXT, "the name of an account"},
    {"endpoint_url", KEY_ENDPOINT_URL, SHAPE_TEXT, URL_EXPECTED},
};

static const struct key_rule rfc2136_keys[] = {
    {"server", KEY_SERVER, SHAPE_TEXT,
     "an address such as 192.0.2.53, 192.0.2.53:5353 or [2001:db8::53]:53"},
    {"key_file", KEY_KEY_FILE, SHAPE_TEXT, "a file with a TSIG key, as tsig-keygen writes it"},
    {"key", KEY_TSIG, SHAPE_MAP, "the keys name, algorithm and secret_env"},
};

static const struct key_rule tsig_keys[] = {
    {"name", KEY_TSIG_NAME, SHAPE_TEXT, "the name of a TSIG key, such as mailfrom.example.com"},
    {"algorithm", KEY_TSIG_ALGORITHM, SHAPE_TEXT, "hmac-sha256, hmac-sha384 or hmac-sha512"},
    {"secret_env", KEY_SECRET_ENV, SHAPE_TEXT, VARIABLE_EXPECTED "TSIG_SECRET"},
};

static const struct key_rule cloudflare_keys[] = {
    {"token_env", KEY_TOKEN_ENV, SHAPE_TEXT, VARIABLE_EXPECTED "CLOUDFLARE_API_TOKEN"},
    {"endpoint_url", KEY_ENDPOINT_URL, SHAPE_TEXT, URL_EXPECTED},
};

#define SPAN_EXPECTED "a time up to 365d, such as "

static const struct key_rule watch_keys[] = {
    {"confirm", KEY_CONFIRM, SHAPE_TEXT, SPAN_EXPECTED "10m"},
    {"critical", KEY_CRITICAL, SHAPE_TEXT, SPAN_EXPECTED "6h"},
    {"page_before", KEY_PAGE_BEFORE, SHAPE_TEXT, SPAN_EXPECTED "24h"},
    {"trouble_looks", KEY_TROUBLE_LOOKS, SHAPE_TEXT, "a number of looks from 1 to 1000, such as 3"},
    {"verification", KEY_VERIFICATION, SHAPE_TEXT, SPAN_EXPECTED "1h"},
    {"every", KEY_EVERY, SHAPE_TEXT, "a time from 1s to 365d, such as 15m"},
};

static const struct key_rule accounts_from_keys[] = {
    {"organization", KEY_ORGANIZATION, SHAPE_MAP, "keys such as role_name: mail-admin"},
};

static const struct key_rule organization_keys[] = {
    {"role_name", KEY_ROLE_NAME, SHAPE_TEXT,
     "the name of a role, such as mail-admin or team/mail-admin"},
    {"external_id", KEY_EXTERNAL_ID, SHAPE_TEXT, "the external ID that the roles ask for"},
    {"profile", KEY_PROFILE, SHAPE_TEXT, "the name of an AWS profile"},
    {"regions", KEY_REGIONS, SHAPE_TEXT_OR_LIST, "all, or a list of Regions such as us-east-1"},
    {"organizational_units", KEY_UNITS, SHAPE_TEXT_OR_LIST,
     "an ID such as ou-abcd-11111111, or a path of names such as Workloads/Mail"},
    {"tags", KEY_TAGS, SHAPE_MAP, "keys and values of tags"},
    {"exclude", KEY_EXCLUDE, SHAPE_TEXT_OR_LIST,
     "an account number, or a name or pattern such as \"sandbox-*\""},
    {"rate", KEY_RATE, SHAPE_TEXT, "requests per second, from 0.01 to 10000"},
};

#define SECTION(noun, keys)                                                                        \
    {                                                                                              \
        noun, keys, COUNT(keys)                                                                    \
    }

static const struct section_rule sections[SECTIONS] = {
    [SECTION_TOP] = SECTION("a manifest", top_keys),
    [SECTION_ACCOUNT] = SECTION("an account", account_keys),
    [SECTION_DEFAULTS] = SECTION("defaults", defaults_keys),
    [SECTION_IDENTITY] = SECTION("an identity", identity_keys),
    [SECTION_DNS] = SECTION("dns", dns_keys),
    [SECTION_OWNER] = SECTION("an owner", owner_keys),
    [SECTION_TOP_DNS] = SECTION("dns of a manifest", top_dns_keys),
    [SECTION_PUBLISH] = SECTION("an entry of publish", publish_keys),
    [SECTION_ROUTE53] = SECTION("route53", route53_keys),
    [SECTION_RFC2136] = SECTION("rfc2136", rfc2136_keys),
    [SECTION_TSIG] = SECTION("a TSIG key", tsig_keys),
    [SECTION_CLOUDFLARE] = SECTION("cloudflare", cloudflare_keys),
    [SECTION_WATCH] = SECTION("watch", watch_keys),
    [SECTION_ACCOUNTS_FROM] = SECTION("accounts_from", accounts_from_keys),
    [SECTION_ORGANIZATION] = SECTION("organization", organization_keys),
};

static_assert(COUNT(top_keys) <= SECTION_KEYS_MAX, "top keys");
static_assert(COUNT(account_keys) <= SECTION_KEYS_MAX, "account keys");
static_assert(COUNT(identity_keys) <= SECTION_KEYS_MAX, "identity keys");
static_assert(KEY_SETTINGS_END <= 32, "a set of keys is 32 bits");

const struct section_rule *section_rule(enum section s)
{
    return &sections[s];
}

const struct key_rule *key_find(enum section s, struct text name)
{
    for (unsigned i = 0; i < sections[s].keys_len; i++)
        if (text_eq(name, text_of(sections[s].keys[i].name)))
            return &sections[s].keys[i];
    return NULL;
}

const char *key_near(enum section s, struct text name)
{
    struct text_near near = {name, NEAR_EDITS + 1, NULL};
    for (unsigned i = 0; i < sections[s].keys_len; i++)
        text_near_try(&near, sections[s].keys[i].name);
    return near.word;
}

#define NO_SECRET_HERE "; a secret has no place in a manifest: "

/* What is said of a key that stands in the wrong place; "": nothing. */
const char *key_elsewhere(enum section s, struct text name)
{
    static const char *const tokens[] = {"token", "api_token", "api_key", "key", "secret"};
    bool is_token = false;
    for (size_t i = 0; i < COUNT(tokens); i++)
        is_token |= text_eq(name, text_of(tokens[i]));
    if (s == SECTION_DNS && key_find(SECTION_TOP_DNS, name))
        return "; it stands in dns at the top of a manifest";
    if (s == SECTION_TOP_DNS && key_find(SECTION_DNS, name))
        return "; it stands in dns of defaults, or of an identity";
    if (s == SECTION_ORGANIZATION &&
        (text_eq(name, TEXT("role_arn")) || text_eq(name, TEXT("role"))))
        return "; the ARN differs in each account, so role_name names the role";
    if (s == SECTION_ACCOUNTS_FROM && key_find(SECTION_ORGANIZATION, name))
        return "; it stands below organization";
    if ((s == SECTION_TSIG || s == SECTION_RFC2136) && is_token)
        return NO_SECRET_HERE "name a file with key_file, or a variable with secret_env";
    if (s == SECTION_CLOUDFLARE && is_token)
        return NO_SECRET_HERE "name a variable with token_env";
    return "";
}

/* A header is typed by people and changed by programs, so the case of its letters is free. */
static struct text lowered(struct text name, char out[COLUMN_LEN_MAX])
{
    if (name.len > COLUMN_LEN_MAX)
        return name; /* no column is called so */
    for (size_t i = 0; i < name.len; i++)
        out[i] = char_lower(name.at[i]);
    return (struct text){out, name.len};
}

const struct key_rule *column_find(struct text name)
{
    char lower[COLUMN_LEN_MAX];
    name = lowered(name, lower);
    if (text_starts(name, TEXT("dns.")))
        return key_find(SECTION_DNS, text_from(name, 4));
    const struct key_rule *rule = key_find(SECTION_IDENTITY, name);
    return rule && rule->shape == SHAPE_MAP ? NULL : rule;
}

const char *column_near(struct text name)
{
    char lower[COLUMN_LEN_MAX];
    name = lowered(name, lower);
    if (text_eq(name, TEXT("dns")))
        return "dns.require";
    return key_near(SECTION_IDENTITY, name);
}
