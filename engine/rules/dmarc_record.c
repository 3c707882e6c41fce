/*
 * The grammar of DMARC records: tag=value, semicolons between, spaces and tabs around both signs.
 * Names and values of tags are case-insensitive, except the version and addresses.
 */
#include "dmarc_record.h"

const char *dmarc_policy_name(enum dmarc_policy policy)
{
    static const char *const names[] = {"none", "quarantine", "reject"};
    return names[policy];
}

/* Cuts one tag off; a part without "=" has an empty value. */
static struct dmarc_tag tag_cut(struct text *rest)
{
    struct text value = text_cut(rest, ';');
    struct text name = text_trim(text_cut(&value, '='));
    return (struct dmarc_tag){name, text_trim(value)};
}

bool dmarc_record_is(struct text txt)
{
    bool is_first = txt.len && char_lower(txt.at[0]) == 'v';
    struct text part = text_cut(&txt, ';');
    struct dmarc_tag v = tag_cut(&part);
    return is_first && text_eq_nocase(v.name, TEXT("v")) && text_eq(v.value, TEXT("DMARC1"));
}

/* Index of the word in the list, ended by an empty text; the list's length when absent. */
static size_t word_find(struct text value, const struct text *words)
{
    size_t i = 0;
    while (words[i].len && !text_eq_nocase(value, words[i]))
        i++;
    return i;
}

bool dmarc_policy_parse(struct text value, enum dmarc_policy *out)
{
    static const struct text words[] = {TEXT("none"), TEXT("quarantine"), TEXT("reject"), {"", 0}};
    size_t i = word_find(value, words);
    if (i == 3)
        return false;
    *out = (enum dmarc_policy)i;
    return true;
}

/* At least one URI: a scheme, a colon and something behind it (RFC 3986, section 3). */
static bool has_uri(struct text list)
{
    while (list.at) {
        struct text uri = text_trim(text_cut(&list, ','));
        size_t colon = text_find(uri, ':'), i = 0;
        while (i < colon && (char_is_alnum(uri.at[i]) || text_find(TEXT("+-."), uri.at[i]) < 3))
            i++;
        if (colon > 0 && i == colon && colon + 1 < uri.len && char_is_alpha(uri.at[0]))
            return true;
    }
    return false;
}

/* The first tag of a name counts; r notes a value without a known policy. */
static void policy_tag_take(struct dmarc_record *r, struct dmarc_tag tag, enum dmarc_policy *policy,
                            bool *has)
{
    if (*has)
        return;
    *has = dmarc_policy_parse(tag.value, policy);
    if (!*has && !r->bad_policy.name.len)
        r->bad_policy = tag;
}

static void flag_tag_take(struct dmarc_tag tag, struct text yes, bool *flag)
{
    *flag = *flag || text_eq_nocase(tag.value, yes);
}

/* aspf and adkim: r is what a receiver reads in any value but s. */
static void mode_tag_take(struct dmarc_record *r, struct dmarc_tag tag, bool *is_strict)
{
    bool is_known = text_eq_nocase(tag.value, TEXT("s")) || text_eq_nocase(tag.value, TEXT("r"));
    flag_tag_take(tag, TEXT("s"), is_strict);
    if (!is_known && !r->bad_mode.name.len)
        r->bad_mode = tag;
}

void dmarc_record_parse(struct dmarc_record *r, struct text text)
{
    struct text rest = text;
    bool has_p = false;
    *r = (struct dmarc_record){.text = text};
    text_cut(&rest, ';');
    while (rest.at) {
        struct dmarc_tag tag = tag_cut(&rest);
        static const struct text psd[] = {TEXT("u"), TEXT("y"), TEXT("n"), {"", 0}};
        if (text_eq_nocase(tag.name, TEXT("p"))) {
            policy_tag_take(r, tag, &r->p, &has_p);
        } else if (text_eq_nocase(tag.name, TEXT("sp"))) {
            policy_tag_take(r, tag, &r->sp, &r->has_sp);
        } else if (text_eq_nocase(tag.name, TEXT("np"))) {
            policy_tag_take(r, tag, &r->np, &r->has_np);
        } else if (text_eq_nocase(tag.name, TEXT("psd"))) {
            size_t i = word_find(tag.value, psd);
            if (r->psd == DMARC_PSD_UNSAID && i < 3)
                r->psd = (enum dmarc_psd)i;
        } else if (text_eq_nocase(tag.name, TEXT("aspf"))) {
            mode_tag_take(r, tag, &r->aspf_strict);
        } else if (text_eq_nocase(tag.name, TEXT("adkim"))) {
            mode_tag_take(r, tag, &r->adkim_strict);
        } else if (text_eq_nocase(tag.name, TEXT("t"))) {
            flag_tag_take(tag, TEXT("y"), &r->testing);
        } else if (text_eq_nocase(tag.name, TEXT("rua")) && !r->rua.len) {
            r->rua = tag.value;
        } else if (text_eq_nocase(tag.name, TEXT("ruf")) && !r->ruf.len) {
            r->ruf = tag.value;
        }
    }
    bool in_order = has_p && !r->bad_policy.name.len;
    r->applies = in_order || has_uri(r->rua);
    if (!in_order) {
        r->p = DMARC_POLICY_NONE;
        r->has_sp = r->has_np = false;
    }
    if (!r->has_sp)
        r->sp = r->p;
    if (!r->has_np)
        r->np = r->sp;
}
