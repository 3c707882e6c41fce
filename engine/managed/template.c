/*
 * CloudFormation templates and the cloud assemblies of CDK, which say where each template is
 * deployed. A template is read as it is written: what only CloudFormation works out at deployment
 * is not known, and an identity among that is a fault, for silence would lose it.
 */
#include "managed_internal.h"

#include "base/count.h"
#include "model/arn.h"

#define KIND    "AWS::SES::EmailIdentity"
#define DYNAMIC "{{resolve:" /* a reference to Parameter Store or Secrets Manager */

/* The resource's name within its stack, behind the stack's. */
static struct text logical_address(struct managed_reader *r, struct text name)
{
    struct text stack = text_slice(r->stack.name, 0, NAME_LEN_MAX / 2);
    name = text_slice(name, 0, NAME_LEN_MAX / 2);
    if (stack.len == 0)
        return name;
    name = arena_fmt(&r->m->arena, TEXT_FMT "/" TEXT_FMT, TEXT_ARG(stack), TEXT_ARG(name));
    r->m->failed |= !name.at;
    return name;
}

static void worked_out(struct managed_reader *r, struct text value, const char *name,
                       struct text address)
{
    managed_complain(r, value,
                     "%s of " TEXT_FMT
                     " is worked out at deployment, expected a literal: write the "
                     "name there, or list the identities in a CSV file instead",
                     name, TEXT_ARG(managed_shown(r, address)));
}

/* A property that is text as it stands; empty: absent. False: after a fault. */
static bool literal_take(struct managed_reader *r, struct text value, const char *name,
                         struct text address, struct text *out)
{
    *out = managed_text(r, value);
    if (!value.at || (json_span_is_text(value) && !text_starts(*out, TEXT(DYNAMIC))))
        return true;
    worked_out(r, value, name, address);
    return false;
}

/* The whole of it may be an intrinsic function, too: {"Fn::If": [...]}. */
static bool attributes_take(struct managed_reader *r, struct text attributes,
                            struct managed_setting *setting)
{
    struct text mail_from = TEXT_NONE, behavior = TEXT_NONE;
    const struct json_wanted members[] = {{TEXT("MailFromDomain"), &mail_from},
                                          {TEXT("BehaviorOnMxFailure"), &behavior}};
    struct json_walk first = json_walk_begin(attributes);
    bool is_worked_out = json_walk_next(&first) && (text_starts(first.name, TEXT("Fn::")) ||
                                                    text_eq(first.name, TEXT("Ref")));
    if (is_worked_out || (attributes.at && !json_span_is_object(attributes))) {
        worked_out(r, attributes, "MailFromAttributes", setting->address);
        return false;
    }
    managed_members(r, attributes, members, COUNT(members));
    return literal_take(r, mail_from, "MailFromDomain", setting->address, &setting->mail_from) &&
           literal_take(r, behavior, "BehaviorOnMxFailure", setting->address, &setting->behavior);
}

static void identity_take(struct managed_reader *r, struct text name, struct text resource,
                          struct text properties)
{
    struct text identity = TEXT_NONE, attributes = TEXT_NONE;
    const struct json_wanted members[] = {{TEXT("EmailIdentity"), &identity},
                                          {TEXT("MailFromAttributes"), &attributes}};
    struct managed_setting setting = {.address = logical_address(r, name),
                                      .account = r->stack.account,
                                      .region = r->stack.region};
    managed_members(r, properties, members, COUNT(members));
    bool good = literal_take(r, identity, "EmailIdentity", setting.address, &setting.identity);
    if (good && setting.identity.len == 0) {
        managed_complain(r, resource, TEXT_FMT " has no EmailIdentity",
                         TEXT_ARG(managed_shown(r, setting.address)));
        return;
    }
    setting.sets_mail_from = attributes.at != NULL;
    good &= attributes_take(r, attributes, &setting);
    if (good)
        managed_add(r, setting, identity);
}

/* A nested stack lies in a file of its own, which CDK names. */
static void nested_take(struct managed_reader *r, struct text name, struct text resource,
                        struct text metadata)
{
    struct managed_part part = {
        .path = managed_text(r, json_span_member(metadata, TEXT("aws:asset:path"))),
        .stack = logical_address(r, name),
        .account = r->stack.account,
        .region = r->stack.region};
    if (part.path.len)
        managed_part_add(r, part, resource);
}

static void resource_take(struct managed_reader *r, const struct json_walk *w)
{
    struct text type = TEXT_NONE, properties = TEXT_NONE, metadata = TEXT_NONE;
    const struct json_wanted members[] = {
        {TEXT("Type"), &type}, {TEXT("Properties"), &properties}, {TEXT("Metadata"), &metadata}};
    managed_members(r, w->value, members, COUNT(members));
    type = managed_text(r, type);
    if (text_eq(type, TEXT(KIND)))
        identity_take(r, w->name, w->value, properties);
    else if (text_eq(type, TEXT("AWS::CloudFormation::Stack")))
        nested_take(r, w->name, w->value, metadata);
    else if (text_starts(w->name, TEXT("Fn::ForEach")) &&
             text_find_text(w->value, TEXT(KIND)) < w->value.len)
        managed_complain(r, w->value,
                         "identities in Fn::ForEach are worked out at deployment, expected each as "
                         "a resource: list them in a CSV file instead");
}

void managed_template_read(struct managed_reader *r, const struct managed_head *head)
{
    for (struct json_walk w = json_walk_begin(head->cf_resources); json_walk_next(&w);)
        resource_take(r, &w);
}

/* --- cdk.out/manifest.json -------------------------------------------------------------------- */

/* aws://111122223333/us-east-1; either may be unknown-account or unknown-region. */
static void environment_take(struct text environment, struct managed_part *part)
{
    if (!text_starts(environment, TEXT("aws://")))
        return;
    struct text region = text_from(environment, 6), account = text_cut(&region, '/');
    if (account_id_is(account))
        part->account = account;
    if (!text_starts(region, TEXT("unknown-")))
        part->region = region;
}

static void artifact_take(struct managed_reader *r, struct text name, struct text artifact)
{
    struct text type = TEXT_NONE, properties = TEXT_NONE, shown = TEXT_NONE, where = TEXT_NONE;
    struct text template = TEXT_NONE, folder = TEXT_NONE, stage = TEXT_NONE;
    const struct json_wanted members[] = {{TEXT("type"), &type},
                                          {TEXT("properties"), &properties},
                                          {TEXT("displayName"), &shown},
                                          {TEXT("environment"), &where}};
    const struct json_wanted inner[] = {{TEXT("templateFile"), &template},
                                        {TEXT("directoryName"), &folder},
                                        {TEXT("displayName"), &stage}};
    managed_members(r, artifact, members, COUNT(members));
    managed_members(r, properties, inner, COUNT(inner));
    type = managed_text(r, type);
    struct managed_part part = {.stack = managed_text(r, shown.at ? shown : stage)};
    part.is_assembly = text_eq(type, TEXT("cdk:cloud-assembly"));
    if (part.stack.len == 0)
        part.stack = name;
    if (!part.is_assembly && !text_eq(type, TEXT("aws:cloudformation:stack")))
        return;
    environment_take(managed_text(r, where), &part);
    part.path = managed_text(r, part.is_assembly ? folder : template);
    if (part.path.len)
        managed_part_add(r, part, artifact);
    else
        managed_complain(r, artifact, "the artifact " TEXT_FMT " names no file",
                         TEXT_ARG(managed_shown(r, name)));
}

void managed_assembly_read(struct managed_reader *r, const struct managed_head *head)
{
    for (struct json_walk w = json_walk_begin(head->artifacts); json_walk_next(&w);)
        artifact_take(r, w.name, w.value);
}
