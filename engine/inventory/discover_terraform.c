/*
 * Terraform: a provider per account and Region, and in a file for each of these the resources with
 * their import blocks. Values are those that SES shows, the usual ones too, so the first plan
 * imports and changes nothing. As `terraform fmt` has it: keys of neighbouring lines are aligned,
 * and items of a map take lines of their own, which need no alignment.
 *
 * Sources: Terraform Language, "Import" (an import block takes for_each since Terraform 1.7; the
 * provider is the resource's), "Provider Configuration"; hashicorp/aws,
 * aws_sesv2_email_identity_mail_from_attributes.
 */
#include "discover_terraform.h"
#include "base/bounds.h"
#include "base/count.h"
#include "base/escape.h"
#include "base/plural.h"
#include "discover_code.h"
#include "discover_formats.h"

#define RESOURCE     TERRAFORM_RESOURCE
#define LOCAL        TERRAFORM_LOCAL
#define HEAD         TERRAFORM_HEAD
#define BLOCKS_MAX   20 /* in a lane with more, one map says it all */
#define PROVIDERS_TF "providers.tf"

/* A lane's file; the lane is named in the order of the fleet. */
struct lane_file {
    const struct discover *d;
    uint32_t lane;
    enum terraform_form before; /* of the file that this one replaces */
};

/* ---- providers.tf ---- */

#define ARGUMENTS_MAX 4

struct argument {
    const char *key;
    struct text value;
    bool is_list;
};

/* The arguments with a value, aligned. */
static void arguments_add(struct buf *out, const char *indent, const struct argument *list,
                          size_t len)
{
    size_t width = 0;
    for (size_t i = 0; i < len; i++) {
        size_t key = text_of(list[i].key).len;
        width = list[i].value.len && key > width ? key : width;
    }
    for (size_t i = 0; i < len; i++) {
        if (!list[i].value.len)
            continue;
        buf_add_fmt(out, "%s%-*s = %s", indent, (int)width, list[i].key,
                    list[i].is_list ? "[" : "");
        escape_hcl(out, list[i].value);
        buf_add_str(out, list[i].is_list ? "]\n" : "\n");
    }
}

static void provider_add(const struct discover *d, uint32_t lane, struct buf *out)
{
    struct buf alias;
    buf_init(&alias, NAME_LEN_MAX);
    code_lane_add(&alias, d, lane);
    const struct argument settings[] = {
        {"alias", buf_text(&alias), false},
        {"region", discover_region(d, lane), false},
        {"profile", code_profile(d, lane), false},
        {"allowed_account_ids", code_number(d, lane), true},
    };
    const struct argument role[] = {
        {"role_arn", code_role(d, lane), false},
        {"external_id", code_external_id(d, lane), false},
    };
    buf_add_str(out, "provider \"aws\" {\n");
    arguments_add(out, "  ", settings, COUNT(settings));
    if (role[0].value.len) {
        buf_add_str(out, "\n  assume_role {\n");
        arguments_add(out, "    ", role, COUNT(role));
        buf_add_str(out, "  }\n");
    }
    buf_add_str(out, "}\n");
    out->failed |= alias.failed;
    buf_clear(&alias);
}

static enum err providers_write(void *ctx, struct sink *sink, struct why *why)
{
    const struct discover *d = ctx;
    struct buf *out = &sink->buf;
    (void)why;
    buf_add_str(out, HEAD ": its providers.\n\n"
                          "terraform {\n"
                          "  required_version = \">= 1.7\" # import blocks with for_each\n\n"
                          "  required_providers {\n"
                          "    aws = {\n"
                          "      source  = \"hashicorp/aws\"\n"
                          "      version = \">= 5.0\"\n"
                          "    }\n"
                          "  }\n"
                          "}\n");
    for (uint32_t lane = 0; lane < d->fleet.lanes_len && sink_turn(sink); lane++) {
        if (!discover_tells_lane(d, lane))
            continue;
        buf_add_char(out, '\n');
        code_lane_note_add(out, d, lane);
        buf_add_char(out, '\n');
        if (discover_has_lane(d, lane))
            provider_add(d, lane, out);
    }
    return OK;
}

/* ---- a lane ---- */

static void reference_add(struct buf *out, const struct lane_file *file, const char *before)
{
    buf_add_str(out, before);
    code_lane_add(out, file->d, file->lane);
    buf_add_char(out, '\n');
}

static void setting_add(struct buf *out, const struct found *f, const char *indent)
{
    buf_add_fmt(out, "%smail_from_domain       = ", indent);
    escape_hcl(out, f->row->mail_from);
    buf_add_fmt(out, "\n%sbehavior_on_mx_failure = \"%s\"\n", indent,
                behavior_name((enum behavior)f->row->behavior));
}

/* "prod_us-east-1__shop_example_com" */
static void address_add(struct buf *out, const struct lane_file *file, struct text identity)
{
    code_lane_add(out, file->d, file->lane);
    buf_add_str(out, "__");
    code_label_add(out, identity);
}

/* One identity in blocks of its own. */
static void blocks_add(struct buf *out, const struct lane_file *file, const struct found *f)
{
    struct text identity = f->row->identity;
    buf_add_str(out, "\nimport {\n  to = " RESOURCE ".");
    address_add(out, file, identity);
    buf_add_str(out, "\n" TERRAFORM_ID);
    escape_hcl(out, identity);
    buf_add_str(out, "\n}\n\n");
    code_status_add(out, f, "");
    buf_add_str(out, "resource \"" RESOURCE "\" \"");
    address_add(out, file, identity);
    reference_add(out, file, "\" {\n  provider               = aws.");
    buf_add_str(out, "  email_identity         = ");
    escape_hcl(out, identity);
    buf_add_char(out, '\n');
    setting_add(out, f, "  ");
    buf_add_str(out, "}\n");
}

/* One identity as an item of the map. */
static void item_add(struct buf *out, const struct found *f)
{
    code_status_add(out, f, "    ");
    buf_add_str(out, TERRAFORM_ITEM);
    escape_hcl(out, f->row->identity);
    buf_add_str(out, TERRAFORM_ITEM_END "\n");
    setting_add(out, f, "      ");
    buf_add_str(out, "    }\n");
}

static void map_begin(struct buf *out, const struct lane_file *file)
{
    buf_add_str(out, "\nlocals {\n  " LOCAL);
    code_lane_add(out, file->d, file->lane);
    buf_add_str(out, " = {\n");
}

static void map_end(struct buf *out, const struct lane_file *file)
{
    buf_add_str(out, "  }\n}\n\nimport {\n");
    reference_add(out, file, "  for_each = local." LOCAL);
    buf_add_str(out, "  to       = " RESOURCE ".");
    code_lane_add(out, file->d, file->lane);
    buf_add_str(out, "[each.key]\n  id       = each.key\n}\n\nresource \"" RESOURCE "\" \"");
    code_lane_add(out, file->d, file->lane);
    reference_add(out, file, "\" {\n  for_each = local." LOCAL);
    reference_add(out, file, "\n  provider               = aws.");
    buf_add_str(out, "  email_identity         = each.key\n"
                     "  mail_from_domain       = each.value.mail_from_domain\n"
                     "  behavior_on_mx_failure = each.value.behavior_on_mx_failure\n}\n");
}

static enum err lane_write(void *ctx, struct sink *sink, struct why *why)
{
    const struct lane_file *file = ctx;
    const struct discover *d = file->d;
    const struct found_lane *l = &d->by_lane[file->lane];
    struct buf *out = &sink->buf;
    uint32_t resources = code_sum(d, file->lane).by_how[CODE_RESOURCE];
    bool is_map =
        file->before == TERRAFORM_MAP || (file->before == TERRAFORM_NONE && resources > BLOCKS_MAX);
    (void)why;
    buf_add_str(out, HEAD ".\n");
    code_lane_note_add(out, d, file->lane);
    buf_add_str(out, ": ");
    code_share_add(out, d, file->lane);
    buf_add_char(out, '\n');
    if (is_map)
        map_begin(out, file);
    for (uint32_t i = 0; i < l->len && sink_turn(sink); i++) {
        const struct found *f = &d->found[l->first + i];
        if (code_how(f) != CODE_RESOURCE)
            continue;
        if (is_map)
            item_add(out, f);
        else
            blocks_add(out, file, f);
    }
    if (is_map)
        map_end(out, file);
    code_left_out_add(d, file->lane, sink);
    return OK;
}

/* ---- the whole ---- */

static enum err lane_file_give(struct lane_file *file, struct discover_folder *folder,
                               struct why *why)
{
    struct buf name;
    buf_init(&name, NAME_LEN_MAX);
    code_lane_add(&name, file->d, file->lane);
    buf_add_str(&name, ".tf");
    const struct discover_file given = {buf_text(&name).at, TEXT(HEAD), lane_write, file};
    file->before = terraform_form(discover_folder_path(folder), buf_text(&name));
    enum err err =
        name.failed ? why_set(why, ERR_NOMEM, "out of memory") : discover_file(folder, &given, why);
    buf_clear(&name);
    return err;
}

const char *const discover_terraform_beginnings[] = {HEAD, NULL};

enum err discover_terraform_files(const struct discover *d, struct discover_folder *folder,
                                  struct why *why)
{
    struct discover_file providers = {PROVIDERS_TF, TEXT(HEAD), providers_write, (void *)d};
    enum err err = discover_file(folder, &providers, why);
    for (uint32_t lane = 0; err == OK && lane < d->fleet.lanes_len; lane++) {
        struct lane_file file = {d, lane, TERRAFORM_NONE};
        if (discover_shows_lane(d, lane))
            err = lane_file_give(&file, folder, why);
    }
    return err;
}

/* All files one after the other. */
enum err discover_terraform(void *ctx, struct sink *out, struct why *why)
{
    const struct discover *d = ctx;
    enum err err = providers_write(ctx, out, why);
    for (uint32_t lane = 0; err == OK && lane < d->fleet.lanes_len; lane++) {
        struct lane_file file = {d, lane, TERRAFORM_NONE};
        if (!discover_shows_lane(d, lane))
            continue;
        buf_add_char(&out->buf, '\n');
        err = lane_write(&file, out, why);
    }
    return err;
}

void discover_terraform_command(const struct discover *d, struct text path, struct buf *out)
{
    (void)d;
    buf_add_fmt(out, "cd " TEXT_FMT " && terraform init && terraform plan", TEXT_ARG(path));
}
