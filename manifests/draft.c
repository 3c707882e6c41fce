/*
 * One value of one key becomes a setting or a complaint. YAML and CSV meet here, so a column and a
 * key have one meaning.
 *
 * Invariant: a bit in settings.given marks a key present in the file; a bit in settings.broken an
 * unusable value with a complaint already made, so no value gets two complaints.
 */
#include "model/region.h"
#include "raw.h"

#include <string.h>

void draft_begin(struct draft *d, uint16_t file, struct source_place at)
{
    d->settings = (struct settings){.file = file};
    d->mail_from = NAME_NONE;
    d->identity = NULL;
    d->at = at;
    d->regions_len = 0;
    d->regions_at.line = 0;
}

void draft_break(struct draft *d, enum key key)
{
    if (key == KEY_REGION)
        key = KEY_REGIONS;
    d->settings.given |= KEY_BIT(key);
    d->settings.broken |= KEY_BIT(key);
}

static void refuse(struct raw *r, struct draft *d, const struct key_rule *rule, struct text t,
                   struct source_place at, const char *near)
{
    complain_value(r, at, rule, t, near);
    draft_break(d, rule->key);
}

static void refuse_name(struct raw *r, struct draft *d, const struct key_rule *rule, struct text t,
                        struct source_place at, enum name_fault fault)
{
    char q[QUOTE_LEN];
    if (fault == NAME_EMPTY)
        complain_value(r, at, rule, t, NULL);
    else
        complain(r, at, "%s: found %s, but %s; expected %s", rule->name, quote(t, q),
                 name_fault_text(fault), rule->expected);
    draft_break(d, rule->key);
}

static void put_identity(struct raw *r, struct draft *d, const struct key_rule *rule, struct text t,
                         struct source_place at)
{
    char normal[NAME_LEN_MAX + 1];
    enum name_fault fault = identity_check(t);
    d->at = at;
    if (fault != NAME_OK)
        refuse_name(r, d, rule, t, at, fault);
    else if (!(d->identity = names_stow(&r->fleet->names, identity_normal(t, normal))))
        raw_fail(r, ERR_NOMEM, "no memory for the names of the manifest");
}

static void put_mail_from(struct raw *r, struct draft *d, const struct key_rule *rule,
                          struct text t, struct source_place at)
{
    char normal[NAME_LEN_MAX + 1], q[QUOTE_LEN];
    enum name_fault fault = name_check(t);
    size_t brace = template_fault(t);
    d->mail_from_at = at;
    if (text_eq(t, TEXT("default")))
        return;
    if (fault != NAME_OK)
        refuse_name(r, d, rule, t, at, fault);
    else if (text_eq_nocase(t, TEXT("default")))
        refuse(r, d, rule, t, at, "default");
    else if (brace == t.len)
        raw_name(r, template_is(t) ? t : host_normal(t, normal), &d->mail_from);
    else {
        static const char *const words[] = {"{domain}", "{region}"};
        char m[QUOTE_LEN];
        struct text word = text_from(t, brace);
        word = text_slice(word, 0, text_find(word, '}') + 1);
        complain(r, at, "mail_from: found %s, expected {domain} or {region}%s", quote(word, q),
                 meant(word_near(word, words, 2), m));
        draft_break(d, rule->key);
    }
}

static bool has_region(const struct draft *d, name_id id)
{
    for (uint32_t i = 0; i < d->regions_len; i++)
        if (d->regions[i] == id)
            return true;
    return false;
}

static void put_region(struct raw *r, struct draft *d, const struct key_rule *rule, struct text t,
                       struct source_place at)
{
    char q[QUOTE_LEN];
    name_id id;
    if (!region_is(t)) {
        refuse(r, d, rule, t, at, region_near(t));
        return;
    }
    if (!raw_name(r, t, &id))
        return;
    if (has_region(d, id)) {
        complain(r, at, "%s: found %s twice, expected each Region once", rule->name, quote(t, q));
        draft_break(d, rule->key);
    } else if (d->regions_len == REGIONS_MAX) {
        complain(r, at, "%s: found more than %d Regions", rule->name, REGIONS_MAX);
        draft_break(d, rule->key);
    } else {
        d->regions[d->regions_len++] = id;
    }
}

/* region and regions are two spellings of one setting, so only one may be present. */
static void open_regions(struct raw *r, struct draft *d, const struct key_rule *rule,
                         struct source_place at)
{
    if (d->regions_at.line && d->regions_key != rule->key) {
        complain(r, at, "found %s beside %s on line %u, expected only one of them", rule->name,
                 rule->key == KEY_REGION ? "regions" : "region", d->regions_at.line);
        draft_break(d, rule->key);
        return;
    }
    d->regions_key = rule->key;
    d->regions_at = at;
}

static void put_account(struct raw *r, struct draft *d, const struct key_rule *rule, struct text t,
                        struct source_place at)
{
    enum name_fault fault = name_check(t);
    name_id name;
    if (fault != NAME_OK) {
        refuse_name(r, d, rule, t, at, fault);
        return;
    }
    if (!raw_name(r, t, &name))
        return;
    d->settings.account = name;
    if (raw_account_find(r, name))
        return;
    void *refs = raw_grown(r, r->refs, r->refs_len, &r->refs_cap, sizeof *r->refs);
    if (!refs)
        return;
    r->refs = refs;
    r->refs[r->refs_len++] = (struct account_ref){name, at};
}

static void put_behavior(struct raw *r, struct draft *d, const struct key_rule *rule, struct text t,
                         struct source_place at)
{
    enum behavior behavior;
    if (behavior_parse(t, &behavior))
        d->settings.policy.behavior = behavior;
    else
        refuse(r, d, rule, t, at, behavior_near(t));
}

static void put_require(struct raw *r, struct draft *d, const struct key_rule *rule, struct text t,
                        struct source_place at)
{
    enum dns_require require;
    if (require_parse(t, &require))
        d->settings.policy.require = require;
    else
        refuse(r, d, rule, t, at, require_near(t));
}

static void put_mx_region(struct raw *r, struct draft *d, const struct key_rule *rule,
                          struct text t, struct source_place at)
{
    if (region_is(t))
        raw_name(r, t, &d->settings.policy.mx_region);
    else
        refuse(r, d, rule, t, at, region_near(t));
}

static void put_timeout(struct raw *r, struct draft *d, const struct key_rule *rule, struct text t,
                        struct source_place at)
{
    span_us *timeout_us = &d->settings.policy.timeout_us;
    if (!span_parse(t, timeout_us) || *timeout_us > MANIFEST_TIMEOUT_MAX) {
        *timeout_us = 0;
        refuse(r, d, rule, t, at, NULL);
    }
}

static void put_accept(struct raw *r, struct draft *d, const struct key_rule *rule, struct text t,
                       struct source_place at)
{
    enum finding finding;
    if (finding_parse(t, &finding))
        d->settings.policy.accept |= FINDING_BIT(finding);
    else
        refuse(r, d, rule, t, at, complaints_full(r) ? NULL : finding_near(t));
}

static void put_owner(struct raw *r, struct draft *d, const struct key_rule *rule, struct text t,
                      struct source_place at)
{
    if (!owner_put(r, rule, t, at, &d->settings.policy.owner))
        draft_break(d, rule->key);
}

typedef void put_value(struct raw *, struct draft *, const struct key_rule *, struct text,
                       struct source_place);

#define KEPT(member)                                                                               \
    offsetof(struct settings, member), sizeof(((const struct settings *)NULL)->member)

/* What becomes of the value of a key, and where it is kept, for files that inherit it. */
static const struct setting {
    put_value *put;
    size_t offset, size;
} settings[KEYS_LEN] = {
    [KEY_IDENTITY] = {put_identity, 0, 0},
    [KEY_MAIL_FROM] = {put_mail_from, 0, 0}, /* inherited beside the settings */
    [KEY_REGION] = {put_region, 0, 0},       /* counts as KEY_REGIONS */
    [KEY_REGIONS] = {put_region, KEPT(regions)},
    [KEY_ACCOUNT] = {put_account, KEPT(account)},
    [KEY_BEHAVIOR] = {put_behavior, KEPT(policy.behavior)},
    [KEY_DNS_REQUIRE] = {put_require, KEPT(policy.require)},
    [KEY_DNS_MX_REGION] = {put_mx_region, KEPT(policy.mx_region)},
    [KEY_DNS_TIMEOUT] = {put_timeout, KEPT(policy.timeout_us)},
    [KEY_ACCEPT] = {put_accept, KEPT(policy.accept)},
    [KEY_OWNER] = {put_owner, KEPT(policy.owner)},
};

void draft_put(struct raw *r, struct draft *d, const struct key_rule *rule, struct text t,
               struct source_place at)
{
    if (r->err == OK)
        settings[rule->key].put(r, d, rule, t, at);
}

void settings_inherit(struct settings *s, const struct settings *from)
{
    uint32_t taken = from->given & ~s->given;
    for (unsigned key = 0; key < KEYS_LEN; key++)
        if (taken & KEY_BIT(key))
            memcpy((char *)s + settings[key].offset, (const char *)from + settings[key].offset,
                   settings[key].size);
    s->broken |= from->broken & ~s->given;
    s->given |= taken;
}

void draft_open(struct raw *r, struct draft *d, const struct key_rule *rule, struct source_place at)
{
    bool is_region = rule->key == KEY_REGION || rule->key == KEY_REGIONS;
    d->settings.given |= KEY_BIT(is_region ? KEY_REGIONS : rule->key);
    if (is_region)
        open_regions(r, d, rule, at);
}

bool draft_end(struct raw *r, struct draft *d)
{
    if (d->regions_len)
        d->settings.regions = raw_list(r, d->regions, d->regions_len);
    return r->err == OK;
}
