/*
 * Terraform, for zones at Route 53: aws_route53_record of the hashicorp/aws provider. Resources are
 * whole sets, so unchanged values are repeated.
 *
 * The provider puts a value of a TXT between quotes and hands the value to Route 53 unchanged, so
 * the HCL string holds Route 53's own form, cut by "\"\"" after 255 octets. "${" and "%{" begin
 * templates in HCL (and "%{" macros in SPF), so both are doubled. Source: Terraform Language,
 * "Strings and Templates"; provider documentation of aws_route53_record.
 */
#include "records_internal.h"

#include "base/bounds.h"

/* t is printable ASCII. */
static void string_add(struct buf *out, struct text t)
{
    buf_add_char(out, '"');
    for (size_t i = 0; i < t.len; i++) {
        char c = t.at[i];
        if (c == '"' || c == '\\')
            buf_add_char(out, '\\');
        if ((c == '$' || c == '%') && i + 1 < t.len && t.at[i + 1] == '{')
            buf_add_char(out, c);
        buf_add_char(out, c);
    }
    buf_add_char(out, '"');
}

/* "mx_bounce_example_com": names hold no underscore, so two names stay two. */
static void label_add(struct buf *out, struct text name)
{
    for (size_t i = 0; i < name.len; i++)
        buf_add_char(out, name.at[i] == '.' ? '_' : name.at[i]);
}

static bool route53_takes(const struct records_set *set)
{
    for (uint32_t i = 0; i < records_after_len(set); i++)
        if (records_route53_len(set->type, records_after_at(set, i)) > ROUTE53_VALUE_MAX)
            return false;
    return true;
}

static bool resource_add(struct records_out *o, const struct records_set *set)
{
    struct buf *out = &o->sink->buf;
    if (!route53_takes(set))
        return false;
    records_add_notes(out, "#", set);
    if (set->action == RECORDS_BLOCKED)
        return true;
    if (set->there_len)
        buf_add_str(out, "# in DNS already: import it, or change it where it is managed\n");
    buf_add_fmt(out, "resource \"aws_route53_record\" \"%s_",
                set->type == RECORDS_MX ? "mx" : "txt");
    label_add(out, set->name);
    buf_add_str(out, "\" {\n  zone_id = data.aws_route53_zone.zone_");
    label_add(out, set->zone);
    buf_add_fmt(out,
                ".zone_id\n  name    = \"" TEXT_FMT
                "\"\n  type    = \"%s\"\n  ttl     = %u\n  records = [",
                TEXT_ARG(set->name), records_type_name(set->type), o->style->ttl_s);
    /* The provider adds the outer quotes of a TXT itself. */
    struct buf presented;
    buf_init(&presented, RECORDS_VALUE_MAX);
    for (uint32_t i = 0; i < records_after_len(set); i++) {
        buf_reset(&presented);
        records_add_route53(&presented, set->type, records_after_at(set, i), "");
        struct text t = buf_text(&presented);
        buf_add_str(out, i ? ", " : "");
        string_add(out, set->type == RECORDS_TXT && t.len ? text_slice(t, 1, t.len - 1) : t);
        out->failed = out->failed || presented.failed;
    }
    buf_clear(&presented);
    buf_add_str(out, "]\n}\n\n");
    return true;
}

static size_t terraform_zone(struct records_out *o, size_t from, size_t to)
{
    struct buf *out = &o->sink->buf;
    struct records_set first;
    o->list->at(o->list->ctx, from, &first);
    buf_add_str(out, "data \"aws_route53_zone\" \"zone_");
    label_add(out, first.zone);
    buf_add_fmt(out, "\" {\n  name         = \"" TEXT_FMT "\"\n  private_zone = false\n}\n\n",
                TEXT_ARG(first.zone));
    return records_each(o, from, to, resource_add);
}

const struct records_format records_terraform = {"terraform", ".tf",          false,
                                                 NULL,        terraform_zone, NULL};
