/*
 * CloudFormation: for each account and Region templates with the identities that have a custom MAIL
 * FROM, beside each the list of what it imports, and a script that creates the change sets. A
 * template ends where one of its limits is met: so many resources to import by one change set, so
 * many bytes in a request. Whatever happens to the stack, the identities are kept.
 *
 * Sources: CloudFormation API Reference, CreateChangeSet; User Guide, "Understand CloudFormation
 * quotas", "Import AWS resources into a CloudFormation stack"; AWS::SES::EmailIdentity.
 */
#include "base/bounds.h"
#include "base/escape.h"
#include "base/json_out.h"
#include "discover_code.h"
#include "discover_formats.h"

#include <stdio.h>

#define TYPE           "AWS::SES::EmailIdentity"
#define IMPORTS_MAX    200   /* ResourcesToImport; a template may have 500 resources */
#define TEMPLATE_BYTES 51200 /* TemplateBody; 1 MB from S3 */
#define HEAD_BYTES     1024  /* of a template, around its resources */
#define TEMPLATE_HEAD  "{\"Description\":\"Written by mailfrom discover"
#define IMPORT_HEAD    "[\n {\"ResourceType\":\"" TYPE "\""
#define CHANGE_SET     "mailfrom-import"
#define SCRIPT_HEAD    "#!/bin/sh\n# Written by mailfrom discover"

/* One template: identities from `first` to before `end` of the lane's list. */
struct part {
    const struct discover *d;
    uint32_t lane, number, first, end;
};

static const struct found *found_at(const struct part *p, uint32_t i)
{
    return &p->d->found[p->d->by_lane[p->lane].first + i];
}

/* ---- a template, and what it imports ---- */

static void resource_add(const struct found *f, struct json_out *j)
{
    char id[JSON_KEY_LEN_MAX + 1];
    struct buf name;
    buf_init(&name, sizeof id);
    code_logical_id_add(&name, f->row->identity);
    snprintf(id, sizeof id, TEXT_FMT, TEXT_ARG(buf_text(&name)));
    j->buf->failed |= name.failed;
    buf_clear(&name);
    json_line(j, "\n  ");
    json_add_object(j, id);
    json_add_word(j, "Type", TYPE);
    json_add_word(j, "DeletionPolicy", "Retain");
    json_add_word(j, "UpdateReplacePolicy", "Retain");
    json_add_object(j, "Properties");
    json_add_text(j, "EmailIdentity", f->row->identity);
    json_add_object(j, "MailFromAttributes");
    json_add_text(j, "MailFromDomain", f->row->mail_from);
    json_add_word(j, "BehaviorOnMxFailure", behavior_name((enum behavior)f->row->behavior));
    json_end(j);
    json_end(j);
    json_end(j);
}

static void stem_add(struct buf *out, const struct part *p)
{
    code_lane_add(out, p->d, p->lane);
    buf_add_fmt(out, "-%u", p->number);
}

static enum err template_write(void *ctx, struct sink *out, struct why *why)
{
    const struct part *p = ctx;
    struct json_out j;
    struct buf said;
    (void)why;
    buf_init(&said, HEAD_BYTES);
    buf_add_str(&said, "Written by mailfrom discover --format cloudformation: ");
    stem_add(&said, p);
    json_init(&j, &out->buf);
    json_add_object(&j, NULL);
    json_add_text(&j, "Description", buf_text(&said));
    json_line(&j, "\n ");
    json_add_word(&j, "AWSTemplateFormatVersion", "2010-09-09");
    json_line(&j, "\n ");
    json_add_object(&j, "Resources");
    for (uint32_t i = p->first; i < p->end && sink_turn(out); i++)
        if (code_how(found_at(p, i)) == CODE_RESOURCE)
            resource_add(found_at(p, i), &j);
    json_end(&j);
    json_end(&j);
    buf_add_char(&out->buf, '\n');
    out->buf.failed |= said.failed;
    buf_clear(&said);
    return OK;
}

static enum err imports_write(void *ctx, struct sink *out, struct why *why)
{
    const struct part *p = ctx;
    struct json_out j;
    struct buf id;
    (void)why;
    buf_init(&id, NAME_LEN_MAX);
    json_init(&j, &out->buf);
    json_add_array(&j, NULL);
    for (uint32_t i = p->first; i < p->end && sink_turn(out); i++) {
        if (code_how(found_at(p, i)) != CODE_RESOURCE)
            continue;
        buf_reset(&id);
        code_logical_id_add(&id, found_at(p, i)->row->identity);
        json_line(&j, "\n ");
        json_add_object(&j, NULL);
        json_add_word(&j, "ResourceType", TYPE);
        json_add_text(&j, "LogicalResourceId", buf_text(&id));
        json_add_object(&j, "ResourceIdentifier");
        json_add_text(&j, "EmailIdentity", found_at(p, i)->row->identity);
        json_end(&j);
        json_end(&j);
    }
    json_end(&j);
    buf_add_char(&out->buf, '\n');
    out->buf.failed |= id.failed;
    buf_clear(&id);
    return OK;
}

/* ---- where a template ends ---- */

/* The lane's next template after p; false: there is none. */
static bool part_next(struct part *p, struct why *why, enum err *err)
{
    uint32_t len = p->d->by_lane[p->lane].len, resources = 0;
    size_t bytes = HEAD_BYTES;
    struct json_out j;
    struct buf one;
    buf_init(&one, TEMPLATE_BYTES);
    p->number++;
    p->first = p->end;
    for (; p->end < len; p->end++) {
        if (code_how(found_at(p, p->end)) != CODE_RESOURCE)
            continue;
        buf_reset(&one);
        json_init(&j, &one);
        json_add_object(&j, NULL);
        resource_add(found_at(p, p->end), &j);
        json_end(&j);
        bytes += one.len;
        if (resources == IMPORTS_MAX || (resources && bytes > TEMPLATE_BYTES) || one.failed)
            break;
        resources++;
    }
    if (one.failed)
        *err = why_set(why, ERR_NOMEM, "out of memory");
    buf_clear(&one);
    return *err == OK && resources > 0;
}

/* ---- the script of a lane ---- */

static void option_add(struct buf *out, const char *option, struct text value)
{
    if (!value.len)
        return;
    buf_add_fmt(out, " --%s=", option); /* a value may begin with "-" */
    escape_shell(out, value);
}

/* A stack's name has letters, digits and "-". */
static void stack_add(struct buf *out, const struct part *p)
{
    size_t before = out->len;
    buf_add_str(out, "mailfrom-");
    stem_add(out, p);
    for (size_t i = before; i < out->len; i++)
        out->at[i] = out->at[i] == '_' ? '-' : out->at[i];
}

/* Two functions of the script. A stack without anything but its change set is in
 * REVIEW_IN_PROGRESS. Source: CloudFormation User Guide, "Understand stack status codes". */
static void functions_add(struct buf *out, const struct part *p)
{
    struct text role = code_role(p->d, p->lane);
    buf_add_str(out, "\ncloudformation() {\n    aws cloudformation \"$@\"");
    option_add(out, "region", discover_region(p->d, p->lane));
    option_add(out, "profile", role.len ? TEXT_NONE : code_profile(p->d, p->lane));
    buf_add_str(
        out,
        "\n}\n\n"
        "# Run again, it goes on: a stack that is there stays as it is, and a change set that was\n"
        "# not executed is made anew.\n"
        "change_set() {\n"
        "    status=$(cloudformation describe-stacks --stack-name \"$1\" \\\n"
        "        --query 'Stacks[0].StackStatus' --output text 2>/dev/null) || status=\n"
        "    case $status in\n"
        "    '') ;;\n"
        "    REVIEW_IN_PROGRESS)\n"
        "        cloudformation delete-change-set --stack-name \"$1\" \\\n"
        "            --change-set-name " CHANGE_SET " ;;\n"
        "    *)\n"
        "        echo \"$1: the stack is there ($status), so it stays as it is\"\n"
        "        return ;;\n"
        "    esac\n"
        "    cloudformation create-change-set --change-set-type IMPORT \\\n"
        "        --change-set-name " CHANGE_SET " --stack-name \"$1\" \\\n"
        "        --template-body \"file://$2.template.json\" \\\n"
        "        --resources-to-import \"file://$2.import.json\"\n"
        "}\n\n");
}

static void change_set_add(struct buf *out, const struct part *p)
{
    buf_add_str(out, "change_set ");
    stack_add(out, p);
    buf_add_char(out, ' ');
    stem_add(out, p);
    buf_add_char(out, '\n');
}

static void script_head_add(struct buf *out, const struct part *p)
{
    buf_add_str(out, SCRIPT_HEAD " --format cloudformation.\n");
    code_lane_note_add(out, p->d, p->lane);
    buf_add_str(out, ": ");
    code_share_add(out, p->d, p->lane);
    buf_add_str(out, "\n# A change set changes nothing before it is executed: aws cloudformation "
                     "execute-change-set.\n");
    if (code_role(p->d, p->lane).len) {
        buf_add_str(out, "# To be run with the credentials of ");
        escape_terminal(out, code_role(p->d, p->lane));
        buf_add_str(out, ".\n");
    }
    buf_add_str(out, "set -eu\ncd \"$(dirname \"$0\")\"\n");
}

static enum err script_write(void *ctx, struct sink *sink, struct why *why)
{
    const struct part *whole = ctx;
    struct part p = {.d = whole->d, .lane = whole->lane};
    enum err err = OK;
    script_head_add(&sink->buf, &p);
    functions_add(&sink->buf, &p);
    while (part_next(&p, why, &err) && sink_turn(sink))
        change_set_add(&sink->buf, &p);
    if (err == OK)
        code_left_out_add(p.d, p.lane, sink);
    return err;
}

/* ---- the folder ---- */

const char *const discover_cloudformation_beginnings[] = {SCRIPT_HEAD, TEMPLATE_HEAD, IMPORT_HEAD,
                                                          NULL};

static enum err file_give(struct discover_folder *folder, struct part *p, const char *end,
                          struct text head, deliver_writer *write, struct why *why)
{
    struct buf name;
    buf_init(&name, NAME_LEN_MAX);
    if (p->number)
        stem_add(&name, p);
    else
        code_lane_add(&name, p->d, p->lane);
    buf_add_str(&name, end);
    const struct discover_file file = {buf_text(&name).at, head, write, p};
    enum err err =
        name.failed ? why_set(why, ERR_NOMEM, "out of memory") : discover_file(folder, &file, why);
    buf_clear(&name);
    return err;
}

enum err discover_cloudformation_files(const struct discover *d, struct discover_folder *folder,
                                       struct why *why)
{
    enum err err = OK;
    for (uint32_t lane = 0; err == OK && lane < d->fleet.lanes_len; lane++) {
        struct part p = {.d = d, .lane = lane};
        if (!discover_shows_lane(d, lane))
            continue;
        err = file_give(folder, &p, ".sh", TEXT(SCRIPT_HEAD), script_write, why);
        while (err == OK && part_next(&p, why, &err)) {
            err = file_give(folder, &p, ".template.json", TEXT(TEMPLATE_HEAD), template_write, why);
            if (err == OK)
                err = file_give(folder, &p, ".import.json", TEXT(IMPORT_HEAD), imports_write, why);
        }
    }
    return err;
}

void discover_cloudformation_command(const struct discover *d, struct text path, struct buf *out)
{
    uint32_t lane = 0;
    while (lane < d->fleet.lanes_len &&
           !(discover_shows_lane(d, lane) && code_sum(d, lane).by_how[CODE_RESOURCE]))
        lane++;
    if (lane == d->fleet.lanes_len)
        return;
    buf_add_fmt(out, "sh " TEXT_FMT "/", TEXT_ARG(path));
    code_lane_add(out, d, lane);
    buf_add_str(out, ".sh");
}
