/*
 * Terraform, for zones at Route 53 (hashicorp/aws), Cloudflare (version 5 of its provider), Google
 * Cloud DNS (hashicorp/google) and Azure DNS (hashicorp/azurerm). At Cloudflare each record is a
 * resource; elsewhere resources are whole sets, so unchanged values are repeated.
 *
 * A TXT goes to Route 53 in its own form without the outer quotes, cut by "\"\"" after 255 octets;
 * to Cloudflare and Google in zone-file form; to Azure raw, since that provider cuts. "${" and "%{"
 * begin templates in HCL (and "%{" macros in SPF), so both are doubled. Source: Terraform Language,
 * "Strings and Templates"; the providers' documentation of the resources named below.
 */
#include "records_internal.h"

#include "base/bounds.h"
#include "base/count.h"
#include "base/escape.h"

#define AZURE_VALUE_MAX 4096 /* value of azurerm_dns_txt_record since 4.0 */

struct cloud {
    const char *name;
    void (*zone)(struct buf *out, struct text zone); /* what resources refer to */
    bool (*takes)(const struct records_set *set);
    void (*body)(struct buf *out, const struct records_set *set, uint32_t ttl_s);
    const char *mx, *txt; /* types of resources */
};

/* "mx_bounce_example_com": names hold no underscore, so two names stay two. */
static void label_add(struct buf *out, struct text name)
{
    for (size_t i = 0; i < name.len; i++)
        buf_add_char(out, name.at[i] == '.' ? '_' : name.at[i]);
}

/* key = value, a line of a resource; the value is an expression that ends in the zone's label. */
static void reference_add(struct buf *out, const char *key, const char *before, struct text zone,
                          const char *after)
{
    buf_add_fmt(out, "  %s = %s", key, before);
    label_add(out, zone);
    buf_add_fmt(out, "%s\n", after);
}

typedef void value_present(struct buf *out, enum records_type type,
                           const struct records_value *value);

static void values_add(struct buf *out, const struct records_set *set, value_present *present)
{
    struct buf presented;
    buf_init(&presented, RECORDS_VALUE_MAX);
    buf_add_char(out, '[');
    for (uint32_t i = 0; i < records_after_len(set); i++) {
        buf_reset(&presented);
        present(&presented, set->type, records_after_at(set, i));
        buf_add_str(out, i ? ", " : "");
        escape_hcl(out, buf_text(&presented));
        out->failed = out->failed || presented.failed;
    }
    buf_add_str(out, "]\n");
    buf_clear(&presented);
}

static bool takes_all(const struct records_set *set)
{
    (void)set;
    return true;
}

/* ---- Route 53 ---- */

static void route53_zone(struct buf *out, struct text zone)
{
    buf_add_str(out, "data \"aws_route53_zone\" \"zone_");
    label_add(out, zone);
    buf_add_fmt(out, "\" {\n  name         = \"" TEXT_FMT "\"\n  private_zone = false\n}\n\n",
                TEXT_ARG(zone));
}

static bool route53_takes(const struct records_set *set)
{
    for (uint32_t i = 0; i < records_after_len(set); i++)
        if (records_route53_len(set->type, records_after_at(set, i)) > ROUTE53_VALUE_MAX)
            return false;
    return true;
}

/* The provider adds the outer quotes of a TXT itself. */
static void route53_present(struct buf *out, enum records_type type,
                            const struct records_value *value)
{
    struct buf whole;
    buf_init(&whole, RECORDS_VALUE_MAX);
    records_add_route53(&whole, type, value, "");
    struct text t = buf_text(&whole);
    buf_add_text(out, type == RECORDS_TXT && t.len ? text_slice(t, 1, t.len - 1) : t);
    out->failed = out->failed || whole.failed;
    buf_clear(&whole);
}

static void route53_body(struct buf *out, const struct records_set *set, uint32_t ttl_s)
{
    reference_add(out, "zone_id", "data.aws_route53_zone.zone_", set->zone, ".zone_id");
    buf_add_fmt(out, "  name    = \"" TEXT_FMT "\"\n  type    = \"%s\"\n  ttl     = %u\n",
                TEXT_ARG(set->name), records_type_name(set->type), ttl_s);
    buf_add_str(out, "  records = ");
    values_add(out, set, route53_present);
}

/* ---- Cloudflare ---- */

static void cloudflare_zone(struct buf *out, struct text zone)
{
    buf_add_str(out, "data \"cloudflare_zone\" \"zone_");
    label_add(out, zone);
    buf_add_fmt(out, "\" {\n  filter = {\n    name = \"" TEXT_FMT "\"\n  }\n}\n\n", TEXT_ARG(zone));
}

static void cloudflare_body(struct buf *out, const struct records_set *set, uint32_t ttl_s)
{
    bool is_mx = set->type == RECORDS_MX;
    const char *pad = is_mx ? " " : ""; /* terraform fmt aligns the marks to the longest key */
    reference_add(out, is_mx ? "zone_id " : "zone_id", "data.cloudflare_zone.zone_", set->zone,
                  ".zone_id");
    buf_add_fmt(out, "  name   %s = \"" TEXT_FMT "\"\n  type   %s = \"%s\"\n  ttl    %s = %u\n",
                pad, TEXT_ARG(set->name), pad, records_type_name(set->type), pad, ttl_s);
    if (is_mx) {
        buf_add_fmt(out, "  content  = \"" TEXT_FMT "\"\n  priority = %u\n",
                    TEXT_ARG(set->wanted.data.len ? set->wanted.data : TEXT(".")),
                    set->wanted.preference);
        return;
    }
    struct buf presented;
    buf_init(&presented, RECORDS_VALUE_MAX);
    records_add_rdata(&presented, set->type, &set->wanted);
    buf_add_str(out, "  content = ");
    escape_hcl(out, buf_text(&presented));
    buf_add_char(out, '\n');
    out->failed = out->failed || presented.failed;
    buf_clear(&presented);
}

/* ---- Google Cloud DNS ---- */

/* The name of a managed zone is its owner's choice, so it is a variable. */
static void google_zone(struct buf *out, struct text zone)
{
    buf_add_str(out, "variable \"managed_zone_");
    label_add(out, zone);
    buf_add_fmt(out,
                "\" {\n  description = \"Name of the public managed zone of " TEXT_FMT
                ".\"\n  type        = string\n}\n\n",
                TEXT_ARG(zone));
}

static void google_body(struct buf *out, const struct records_set *set, uint32_t ttl_s)
{
    reference_add(out, "managed_zone", "var.managed_zone_", set->zone, "");
    buf_add_fmt(out, "  name         = \"" TEXT_FMT ".\"\n  type         = \"%s\"\n",
                TEXT_ARG(set->name), records_type_name(set->type));
    buf_add_fmt(out, "  ttl          = %u\n  rrdatas      = ", ttl_s);
    values_add(out, set, records_add_rdata);
}

/* ---- Azure DNS ---- */

static void azure_zone(struct buf *out, struct text zone)
{
    buf_add_str(out, "data \"azurerm_dns_zone\" \"zone_");
    label_add(out, zone);
    buf_add_fmt(out, "\" {\n  name = \"" TEXT_FMT "\"\n}\n\n", TEXT_ARG(zone));
}

/* Values are raw, and HCL has no way to write any byte. */
static bool azure_takes(const struct records_set *set)
{
    for (uint32_t i = 0; i < records_after_len(set); i++) {
        struct text t = records_after_at(set, i)->data;
        for (size_t c = 0; c < t.len; c++)
            if (t.at[c] < ' ' || t.at[c] > '~')
                return false;
        if (t.len > AZURE_VALUE_MAX || (t.len == 0 && set->type == RECORDS_TXT))
            return false;
    }
    return true;
}

static void azure_body(struct buf *out, const struct records_set *set, uint32_t ttl_s)
{
    buf_add_fmt(out, "  name                = \"" TEXT_FMT "\"\n", TEXT_ARG(records_host(set)));
    reference_add(out, "zone_name          ", "data.azurerm_dns_zone.zone_", set->zone, ".name");
    reference_add(out, "resource_group_name", "data.azurerm_dns_zone.zone_", set->zone,
                  ".resource_group_name");
    buf_add_fmt(out, "  ttl                 = %u\n", ttl_s);
    for (uint32_t i = 0; i < records_after_len(set); i++) {
        const struct records_value *value = records_after_at(set, i);
        buf_add_str(out, "\n  record {\n");
        if (set->type == RECORDS_MX)
            buf_add_fmt(out, "    preference = %u\n    exchange   = \"" TEXT_FMT ".\"\n",
                        value->preference, TEXT_ARG(value->data));
        else {
            buf_add_str(out, "    value = ");
            escape_hcl(out, value->data);
            buf_add_char(out, '\n');
        }
        buf_add_str(out, "  }\n");
    }
}

/* ---- all of them ---- */

static const struct cloud clouds[] = {
    {"route53", route53_zone, route53_takes, route53_body, "aws_route53_record",
     "aws_route53_record"},
    {"cloudflare", cloudflare_zone, takes_all, cloudflare_body, "cloudflare_dns_record",
     "cloudflare_dns_record"},
    {"google", google_zone, takes_all, google_body, "google_dns_record_set",
     "google_dns_record_set"},
    {"azure", azure_zone, azure_takes, azure_body, "azurerm_dns_mx_record",
     "azurerm_dns_txt_record"},
};

const char *records_provider_name(size_t i)
{
    return i < COUNT(clouds) ? clouds[i].name : NULL;
}

static const struct cloud *cloud_of(const struct records_out *o)
{
    for (size_t i = 0; i < COUNT(clouds); i++)
        if (text_eq(o->style->provider, text_of(clouds[i].name)))
            return &clouds[i];
    return &clouds[0];
}

static bool resource_add(struct records_out *o, const struct records_set *set)
{
    struct buf *out = &o->sink->buf;
    const struct cloud *cloud = cloud_of(o);
    bool is_mx = set->type == RECORDS_MX;
    if (!cloud->takes(set))
        return false;
    records_add_notes(out, "#", set);
    if (set->action == RECORDS_BLOCKED) {
        buf_add_char(out, '\n'); /* a comment belongs to the resource right below it */
        return true;
    }
    if (set->there_len)
        buf_add_str(out, "# in DNS already: import it, or change it where it is managed\n");
    buf_add_fmt(out, "resource \"%s\" \"%s_", is_mx ? cloud->mx : cloud->txt, is_mx ? "mx" : "txt");
    label_add(out, set->name);
    buf_add_str(out, "\" {\n");
    cloud->body(out, set, o->style->ttl_s);
    buf_add_str(out, "}\n\n");
    return true;
}

static void terraform_begin(struct records_out *o)
{
    if (cloud_of(o) == &clouds[1])
        buf_add_str(&o->sink->buf,
                    "# For version 5 of the provider cloudflare/cloudflare; version 4 calls the "
                    "resource cloudflare_record.\n\n");
}

static size_t terraform_zone(struct records_out *o, size_t from, size_t to)
{
    struct records_set first;
    o->list->at(o->list->ctx, from, &first);
    cloud_of(o)->zone(&o->sink->buf, first.zone);
    return records_each(o, from, to, resource_add);
}

const struct records_format records_terraform = {"terraform",     ".tf",          false,
                                                 terraform_begin, terraform_zone, NULL};
