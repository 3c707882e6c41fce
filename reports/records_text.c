/*
 * Shared by the formats: names, values in zone-file form, comments.
 */
#include "records_internal.h"

#include "base/bounds.h"
#include "base/escape.h"
#include "base/quoted.h"

const char *records_type_name(enum records_type type)
{
    return type == RECORDS_MX ? "MX" : "TXT";
}

const char *records_action_name(enum records_action action)
{
    static const char *const names[] = {"add", "replace", "keep", "blocked"};
    return names[action];
}

struct text records_host(const struct records_set *set)
{
    if (set->name.len <= set->zone.len)
        return TEXT("@");
    return text_slice(set->name, 0, set->name.len - set->zone.len - 1);
}

uint32_t records_after_len(const struct records_set *set)
{
    if (set->action == RECORDS_BLOCKED)
        return 0;
    return set->there_len + (set->action == RECORDS_ADD);
}

const struct records_value *records_after_at(const struct records_set *set, uint32_t i)
{
    bool is_wanted = set->action == RECORDS_ADD ? i == set->there_len : i == set->replaced;
    return is_wanted ? &set->wanted : &set->there[i];
}

static void rdata_add(struct buf *out, enum records_type type, const struct records_value *value,
                      enum quoted_digits digits, const char *between)
{
    struct text t = value->data;
    if (type == RECORDS_MX) {
        buf_add_fmt(out, "%u " TEXT_FMT ".", value->preference, TEXT_ARG(t));
        return;
    }
    struct text cuts = value->cuts;
    if (digits == QUOTED_OCTAL || !cuts.len) { /* Route 53 joins them */
        quoted_add(out, t, digits, between);
        return;
    }
    do {
        size_t len = cuts.len ? (unsigned char)cuts.at[0] : QUOTED_STRING_MAX;
        quoted_add_string(out, text_slice(t, 0, len), digits);
        t = text_from(t, len);
        cuts = text_from(cuts, 1);
        buf_add_str(out, t.len || cuts.len ? between : "");
    } while (t.len || cuts.len);
}

void records_add_rdata(struct buf *out, enum records_type type, const struct records_value *value)
{
    rdata_add(out, type, value, QUOTED_DECIMAL, " ");
}

void records_add_route53(struct buf *out, enum records_type type, const struct records_value *value,
                         const char *between)
{
    rdata_add(out, type, value, QUOTED_OCTAL, between);
}

size_t records_route53_len(enum records_type type, const struct records_value *value)
{
    struct buf presented;
    buf_init(&presented, RECORDS_VALUE_MAX);
    rdata_add(&presented, type, value, QUOTED_OCTAL, " ");
    size_t len = presented.failed ? SIZE_MAX / 4 : presented.len;
    buf_clear(&presented);
    return len;
}

void records_add_notes(struct buf *out, const char *lead, const struct records_set *set)
{
    if (set->unicode.len && set->type == RECORDS_MX) {
        buf_add_fmt(out, "%s ", lead);
        escape_terminal(out, set->unicode);
        buf_add_char(out, '\n');
    }
    if (set->action == RECORDS_REPLACE) {
        const struct records_value *old = &set->there[set->replaced];
        buf_add_fmt(out, "%s " TEXT_FMT ": replaces %s ", lead, TEXT_ARG(set->name),
                    records_type_name(set->type));
        records_add_rdata(out, set->type, old);
        buf_add_char(out, '\n');
    }
    if (set->action == RECORDS_BLOCKED) {
        buf_add_fmt(out, "%s " TEXT_FMT ": no %s, a person decides: ", lead, TEXT_ARG(set->name),
                    records_type_name(set->type));
        escape_terminal(out, set->reason);
        buf_add_char(out, '\n');
    }
}
