/*
 * A Terraform state of version 4: resources with their instances, and what their attributes say.
 *
 * A resource for a MAIL FROM names neither account nor Region before version 6 of the provider. An
 * identity beside it does, in its ARN, and whatever has the same provider configuration is in the
 * same account.
 */
#include "managed_internal.h"

#include "base/buf.h"
#include "base/count.h"
#include "base/escape.h"
#include "base/names.h"
#include "model/arn.h"

#define NAMED_LEN_MAX 1000 /* of a module, a resource or a key; beyond, an address is cut */

/* The types that matter, and their attribute with the identity. */
struct state_type {
    const char *name, *identity;
    bool sets_mail_from;
};

static const struct state_type types[] = {
    {"aws_sesv2_email_identity_mail_from_attributes", "email_identity", true},
    {"aws_sesv2_email_identity", "email_identity", false},
    {"aws_ses_domain_mail_from", "domain", true},
    {"aws_ses_domain_identity", "domain", false},
    {"aws_ses_email_identity", "email", false},
};

struct state_resource {
    const struct state_type *type;
    struct text module, name, provider;
};

static struct text address_of(struct managed_reader *r, const struct state_resource *of,
                              struct text key)
{
    struct buf out;
    struct text module = text_slice(of->module, 0, NAMED_LEN_MAX);
    struct text name = text_slice(of->name, 0, NAMED_LEN_MAX);
    buf_init(&out, 16 * NAMED_LEN_MAX); /* a byte of a key becomes six at most */
    if (module.len)
        buf_add_fmt(&out, TEXT_FMT ".", TEXT_ARG(module));
    buf_add_fmt(&out, "%s." TEXT_FMT, of->type->name, TEXT_ARG(name));
    if (key.at) {
        buf_add_char(&out, '[');
        if (json_span_is_text(key))
            escape_hcl(&out, text_slice(managed_text(r, key), 0, NAMED_LEN_MAX));
        else
            buf_add_text(&out, text_slice(key, 0, NAMED_LEN_MAX));
        buf_add_char(&out, ']');
    }
    struct text address = arena_text(&r->m->arena, text_slice(buf_text(&out), 0, NAME_LEN_MAX));
    r->m->failed |= out.failed || !address.at;
    buf_clear(&out);
    return address;
}

/* arn:aws:ses:us-east-1:111122223333:identity/example.com */
static void arn_take(struct text arn, struct managed_setting *setting)
{
    struct text rest = arn;
    if (!text_eq(text_cut(&rest, ':'), TEXT("arn")))
        return;
    text_cut(&rest, ':');
    if (!text_eq(text_cut(&rest, ':'), TEXT("ses")))
        return;
    struct text region = text_cut(&rest, ':'), account = text_cut(&rest, ':');
    if (account_id_is(account))
        setting->account = account;
    if (setting->region.len == 0)
        setting->region = region;
}

static void attributes_take(struct managed_reader *r, const struct state_resource *of,
                            struct text attributes, struct managed_setting setting)
{
    struct text identity = TEXT_NONE, id = TEXT_NONE, region = TEXT_NONE, arn = TEXT_NONE;
    struct text mail_from = TEXT_NONE, behavior = TEXT_NONE;
    const struct json_wanted members[] = {{text_of(of->type->identity), &identity},
                                          {TEXT("id"), &id},
                                          {TEXT("region"), &region},
                                          {TEXT("arn"), &arn},
                                          {TEXT("mail_from_domain"), &mail_from},
                                          {TEXT("behavior_on_mx_failure"), &behavior}};
    managed_members(r, attributes, members, COUNT(members));
    if (!json_span_is_text(identity) || identity.len == 2)
        identity = id; /* the same name, for each of the types */
    setting.identity = managed_text(r, identity);
    if (setting.identity.len == 0) {
        managed_complain(r, attributes,
                         TEXT_FMT " has no identity in its attributes, expected %s: terraform "
                                  "apply -refresh-only fills it in, or terraform state rm takes "
                                  "the resource out of the state",
                         TEXT_ARG(managed_shown(r, setting.address)), of->type->identity);
        return;
    }
    setting.region = managed_text(r, region);
    arn_take(managed_text(r, arn), &setting);
    setting.sets_mail_from = of->type->sets_mail_from;
    if (setting.sets_mail_from) {
        setting.mail_from = managed_text(r, mail_from);
        setting.behavior = managed_text(r, behavior);
    }
    managed_add(r, setting, identity);
}

/* An object that is deposed has a successor, and is about to be destroyed. A tainted one is made
 * anew with the same values. */
static void instance_take(struct managed_reader *r, const struct state_resource *of,
                          struct text instance)
{
    struct text deposed = TEXT_NONE, attributes = TEXT_NONE, flat = TEXT_NONE;
    struct text key = TEXT_NONE, provider = TEXT_NONE;
    const struct json_wanted members[] = {
        {TEXT("deposed"), &deposed},
        {TEXT("attributes"), &attributes},
        {TEXT("attributes_flat"), &flat}, /* as older versions left it */
        {TEXT("index_key"), &key},
        {TEXT("provider"), &provider}, /* of OpenTofu, one for each key */
    };
    managed_members(r, instance, members, COUNT(members));
    if (deposed.at)
        return;
    provider = managed_text(r, provider);
    struct managed_setting setting = {.address = address_of(r, of, key),
                                      .provider = provider.len ? provider : of->provider};
    if (!json_span_is_object(attributes))
        attributes = flat;
    if (json_span_is_object(attributes))
        attributes_take(r, of, attributes, setting);
    else
        managed_complain(r, instance, TEXT_FMT " has no attributes, expected its identity",
                         TEXT_ARG(managed_shown(r, setting.address)));
}

static const struct state_type *type_of(struct text name)
{
    for (size_t i = 0; i < COUNT(types); i++)
        if (text_eq(name, text_of(types[i].name)))
            return &types[i];
    return NULL;
}

static void resource_take(struct managed_reader *r, struct text resource)
{
    struct text mode = TEXT_NONE, type = TEXT_NONE, name = TEXT_NONE, module = TEXT_NONE;
    struct text provider = TEXT_NONE, instances = TEXT_NONE;
    const struct json_wanted members[] = {
        {TEXT("mode"), &mode},     {TEXT("type"), &type},         {TEXT("name"), &name},
        {TEXT("module"), &module}, {TEXT("provider"), &provider}, {TEXT("instances"), &instances}};
    managed_members(r, resource, members, COUNT(members));
    struct state_resource of = {type_of(managed_text(r, type)), managed_text(r, module),
                                managed_text(r, name), managed_text(r, provider)};
    if (!of.type || !text_eq(managed_text(r, mode), TEXT("managed")))
        return;
    for (struct json_walk w = json_walk_begin(instances); json_walk_next(&w);)
        instance_take(r, &of, w.value);
}

/* --- what a provider's configuration is about ------------------------------------------------- */

struct provider_place {
    struct text account, region;
    bool regions_differ;
};

/* What the identities of each provider configuration say. Places are by the number of its name. */
static bool places_learn(struct managed_file *m, struct names *names, struct provider_place *places)
{
    for (uint32_t i = 0; i < m->settings_len; i++) {
        const struct managed_setting *s = &m->settings[i];
        name_id id;
        if (s->provider.len == 0)
            continue;
        if (!names_add(names, s->provider, &id) || id > m->settings_len)
            return false;
        struct provider_place *p = &places[id];
        if (s->account.len)
            p->account = s->account;
        if (s->account.len == 0 || s->region.len == 0) /* a Region without an ARN is its own */
            continue;
        p->regions_differ |= p->region.len && !text_eq(p->region, s->region);
        p->region = s->region;
    }
    return true;
}

static void places_fill(struct managed_file *m)
{
    struct names names;
    struct provider_place *places =
        ARENA_ARRAY(&m->arena, struct provider_place, m->settings_len + 1u);
    bool fits = names_init(&names, NAMES_BYTES_MAX) && places && places_learn(m, &names, places);
    m->failed |= !fits;
    for (uint32_t i = 0; fits && i < m->settings_len; i++) {
        struct managed_setting *s = &m->settings[i];
        if (s->provider.len == 0)
            continue;
        const struct provider_place *p = &places[names_find(&names, s->provider)];
        if (s->account.len == 0)
            s->account = p->account;
        if (s->region.len == 0 && !p->regions_differ)
            s->region = p->region;
    }
    names_clear(&names);
}

void managed_state_read(struct managed_reader *r, const struct managed_head *head)
{
    if (!text_eq(head->version, TEXT("4"))) {
        uint64_t version = 0;
        text_to_u64(head->version, &version);
        managed_complain(r, head->version,
                         "it is a state of version %llu, expected version 4, as Terraform writes "
                         "it since 0.12: terraform apply -refresh-only with a current version "
                         "upgrades it",
                         (unsigned long long)version);
        return;
    }
    for (struct json_walk w = json_walk_begin(head->resources); json_walk_next(&w);)
        resource_take(r, w.value);
    places_fill(r->m);
}
