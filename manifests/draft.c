/*
 * One value of one key becomes a setting or a complaint. YAML and CSV meet here, so a column and a
 * key have one meaning.
 *
 * Invariant: a bit in settings.given marks a key present in the file; a bit in settings.broken an
 * unusable value with a complaint already made, so no value gets two complaints.
 */
#include "model/region.h"
#include "raw.h"

#include <assert.h>

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
    bool is_plain = domain_is_plain(t);
    enum name_fault fault = is_plain ? NAME_OK : identity_check(t);
    d->at = at;
    if (fault != NAME_OK) {
        refuse_name(r, d, rule, t, at, fault);
        return;
    }
    d->identity = names_stow(&r->fleet->names, is_plain ? t : identity_normal(t, normal));
    if (!d->identity)
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
    raw_account_ref(r, name, at);
}

/* The nearest of all words of a setting, for "did you mean". */
static const char *policy_word_near(const struct policy_field *field, struct text t)
{
    const char *words[POLICY_SPELLINGS * POLICY_WORDS_MAX];
    size_t len = 0;
    assert(field->most < POLICY_WORDS_MAX);
    for (int spelling = 0; spelling < POLICY_SPELLINGS; spelling++)
        for (unsigned i = 0; i <= field->most; i++)
            if ((words[len] = policy_word(field, (enum policy_spelling)spelling, i)))
                len++;
    return word_near(t, words, len);
}

static void put_policy(struct raw *r, struct draft *d, const struct key_rule *rule, struct text t,
                       struct source_place at)
{
    const struct policy_field *field = &policy_fields[rule->key - KEY_POLICY];
    struct policy *policy = &d->settings.policy;
    const char *near = NULL;
    uint64_t value = 0;
    enum finding finding;
    name_id region, name;
    span_us span;
    bool good = false;
    switch (field->type) {
    case POLICY_WORD:
        good = policy_word_parse(field, t, &value);
        near = good ? NULL : policy_word_near(field, t);
        break;
    case POLICY_REGION:
        good = region_is(t);
        near = good ? NULL : region_near(t);
        if (good && !raw_name(r, t, &region))
            return;
        value = good ? region : NAME_NONE;
        break;
    case POLICY_NAME:
        if (owner_put(r, rule, t, at, &name))
            policy_put(policy, field, name);
        else
            draft_break(d, rule->key);
        return;
    case POLICY_NUMBER:
        good = span_parse(t, &span) && (uint64_t)span <= field->most;
        value = good ? (uint64_t)span : 0;
        break;
    case POLICY_COUNT: good = text_to_u64(t, &value) && value > 0 && value <= field->most; break;
    case POLICY_RULES: /* one rule of a list */
        good = finding_parse(t, &finding);
        near = good || complaints_full(r) ? NULL : finding_near(t);
        value = policy_get(policy, field) | (good ? FINDING_BIT(finding) : 0);
        break;
    }
    if (good)
        policy_put(policy, field, value);
    else
        refuse(r, d, rule, t, at, near);
}

typedef void put_value(struct raw *, struct draft *, const struct key_rule *, struct text,
                       struct source_place);

/* What becomes of the value of a key. */
static put_value *put_of(enum key key)
{
    switch (key) {
    case KEY_IDENTITY: return put_identity;
    case KEY_MAIL_FROM: return put_mail_from;
    case KEY_REGION:
    case KEY_REGIONS: return put_region;
    case KEY_ACCOUNT: return put_account;
    default: assert(key >= KEY_POLICY && key < KEY_SETTINGS_END); return put_policy;
    }
}

void draft_put(struct raw *r, struct draft *d, const struct key_rule *rule, struct text t,
               struct source_place at)
{
    if (r->err == OK)
        put_of(rule->key)(r, d, rule, t, at);
}

/* The MAIL FROM is inherited beside the settings. */
void settings_inherit(struct settings *s, const struct settings *from)
{
    uint32_t taken = from->given & ~s->given;
    if (taken & KEY_BIT(KEY_REGIONS))
        s->regions = from->regions;
    if (taken & KEY_BIT(KEY_ACCOUNT))
        s->account = from->account;
    for (int i = 0; i < POLICY_FIELDS; i++)
        if (taken & KEY_BIT(KEY_OF(i)))
            policy_put(&s->policy, &policy_fields[i], policy_get(&from->policy, &policy_fields[i]));
    s->broken |= from->broken & ~s->given;
    s->given |= taken;
}

void draft_open(struct raw *r, struct draft *d, const struct key_rule *rule, struct source_place at)
{
    bool is_region = rule->key == KEY_REGION || rule->key == KEY_REGIONS;
    d->settings.given |= KEY_BIT(is_region ? KEY_REGIONS : rule->key);
    if (is_region) {
        /* region and regions are two spellings of one setting, so only one may be present. */
        if (d->regions_at.line && d->regions_key != rule->key) {
            complain(r, at, "found %s beside %s on line %u, expected only one of them", rule->name,
                     rule->key == KEY_REGION ? "regions" : "region", d->regions_at.line);
            draft_break(d, rule->key);
            return;
        }
        d->regions_key = rule->key;
        d->regions_at = at;
    }
}

bool draft_end(struct raw *r, struct draft *d)
{
    if (d->regions_len)
        d->settings.regions = raw_list(r, d->regions, d->regions_len);
    return r->err == OK;
}
