/*
 * Pulumi: the file that `pulumi import --file` reads. A resource of several accounts or Regions
 * names its provider by nameTable, whose URNs have the words STACK and PROJECT, since those are not
 * known here. Source: Pulumi, "Importing resources", "Bulk import"; @pulumi/aws,
 * sesv2.EmailIdentityMailFromAttributes.
 */
#include "base/json_out.h"
#include "discover_code.h"
#include "discover_formats.h"

#define TYPE "aws:sesv2/emailIdentityMailFromAttributes:EmailIdentityMailFromAttributes"

static uint32_t lanes_len(const struct discover *d)
{
    uint32_t len = 0;
    for (uint32_t lane = 0; lane < d->fleet.lanes_len; lane++)
        len += discover_shows_lane(d, lane);
    return len;
}

static void table_add(const struct discover *d, struct json_out *j)
{
    struct buf name, urn;
    buf_init(&name, NAME_LEN_MAX);
    buf_init(&urn, 2 * NAME_LEN_MAX);
    json_line(j, "\n ");
    json_add_object(j, "nameTable");
    for (uint32_t lane = 0; lane < d->fleet.lanes_len; lane++) {
        if (!discover_shows_lane(d, lane))
            continue;
        buf_reset(&name);
        buf_reset(&urn);
        code_lane_add(&name, d, lane);
        buf_add_str(&urn, "urn:pulumi:STACK::PROJECT::pulumi:providers:aws::");
        buf_add_text(&urn, buf_text(&name));
        json_line(j, "\n  ");
        json_add_pair(j, buf_text(&name), buf_text(&urn));
    }
    json_end(j);
    j->buf->failed |= name.failed || urn.failed;
    buf_clear(&name);
    buf_clear(&urn);
}

static void resource_add(const struct discover *d, const struct found *f, bool names_provider,
                         struct buf *name, struct json_out *j)
{
    json_line(j, "\n  ");
    json_add_object(j, NULL);
    json_add_word(j, "type", TYPE);
    buf_reset(name);
    code_lane_add(name, d, f->lane);
    struct text lane = buf_text(name);
    buf_add_str(name, "__");
    code_label_add(name, f->row->identity);
    json_add_text(j, "name", buf_text(name));
    json_add_text(j, "id", f->row->identity);
    if (names_provider)
        json_add_text(j, "provider", text_slice(buf_text(name), 0, lane.len));
    json_end(j);
}

enum err discover_pulumi(void *ctx, struct sink *out, struct why *why)
{
    const struct discover *d = ctx;
    bool names_provider = lanes_len(d) > 1;
    struct json_out j;
    struct buf name;
    (void)why;
    buf_init(&name, 2 * NAME_LEN_MAX);
    json_init(&j, &out->buf);
    json_add_object(&j, NULL);
    if (names_provider)
        table_add(d, &j);
    json_line(&j, "\n ");
    json_add_array(&j, "resources");
    for (uint32_t i = 0; i < d->found_len && sink_turn(out); i++)
        if (code_how(&d->found[i]) == CODE_RESOURCE)
            resource_add(d, &d->found[i], names_provider, &name, &j);
    json_end(&j);
    json_end(&j);
    buf_add_char(&out->buf, '\n');
    out->buf.failed |= name.failed;
    buf_clear(&name);
    return OK;
}

void discover_pulumi_command(const struct discover *d, struct text path, struct buf *out)
{
    (void)d;
    buf_add_fmt(out, "pulumi import --file " TEXT_FMT, TEXT_ARG(path));
}
