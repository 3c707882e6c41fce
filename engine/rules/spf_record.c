/*
 * The grammar of SPF records. Invariant of a parsed record: every target, redirect and exp has
 * passed spf_macro_check_domain, so expansion cannot meet bad syntax later.
 */
#include "spf_record.h"

#include "base/count.h"

#define TERM_QUOTED_MAX 100 /* characters of a term quoted in a sentence */

const char *spf_result_name(enum spf_result result)
{
    static const char *const names[] = {"none",     "neutral",   "pass",     "fail",
                                        "softfail", "temperror", "permerror"};
    return names[result];
}

bool spf_record_is(struct text txt)
{
    struct text version = text_cut(&txt, ' ');
    return text_eq_nocase(version, TEXT("v=spf1"));
}

enum spf_choice spf_record_select(const struct text *txt, size_t len, struct text *record)
{
    enum spf_choice choice = SPF_RECORD_NONE;
    *record = TEXT_NONE;
    for (size_t i = 0; i < len; i++) {
        if (!spf_record_is(txt[i]))
            continue;
        if (choice != SPF_RECORD_NONE)
            return SPF_RECORD_SEVERAL;
        choice = SPF_RECORD_ONE;
        *record = txt[i];
    }
    return choice;
}

static const struct mechanism_rule {
    struct text name;
    bool target_required, target_allowed, prefix_allowed;
} mechanisms[] = {
    [SPF_ALL] = {TEXT("all"), false, false, false},
    [SPF_INCLUDE] = {TEXT("include"), true, true, false},
    [SPF_A] = {TEXT("a"), false, true, true},
    [SPF_MX] = {TEXT("mx"), false, true, true},
    [SPF_PTR] = {TEXT("ptr"), false, true, false},
    [SPF_IP4] = {TEXT("ip4"), true, true, true},
    [SPF_IP6] = {TEXT("ip6"), true, true, true},
    [SPF_EXISTS] = {TEXT("exists"), true, true, false},
};

static bool mechanism_find(struct text name, enum spf_mechanism *out)
{
    for (size_t i = 0; i < COUNT(mechanisms); i++) {
        if (text_eq_nocase(name, mechanisms[i].name)) {
            *out = (enum spf_mechanism)i;
            return true;
        }
    }
    return false;
}

static bool qualifier_take(struct text *t, enum spf_result *out)
{
    static const enum spf_result results[] = {SPF_PASS, SPF_FAIL, SPF_SOFTFAIL, SPF_NEUTRAL};
    size_t i = t->len ? text_find(TEXT("+-~?"), t->at[0]) : 4;
    *out = i < 4 ? results[i] : SPF_PASS;
    if (i < 4)
        *t = text_from(*t, 1);
    return i < 4;
}

static struct text quoted(struct text term)
{
    return text_slice(term, 0, TERM_QUOTED_MAX);
}

/* Cuts "/digits" off the end of *t when the digits are a number without leading zeros; slashes is
 * the number of slashes before the digits. Leaves both alone without such an end. */
static void bits_cut(struct text *t, size_t slashes, uint64_t *bits)
{
    size_t slash = text_rfind(*t, '/');
    struct text digits = text_from(*t, slash + 1);
    bool leading_zero = digits.len > 1 && digits.at[0] == '0';
    uint64_t value;
    if (slash == t->len || leading_zero || !text_to_u64(digits, &value))
        return;
    if (slashes == 2 && (slash == 0 || t->at[slash - 1] != '/'))
        return;
    *bits = value;
    *t = text_slice(*t, 0, slash + 1 - slashes);
}

/* dual-cidr-length, or the single one of ip4 and ip6. *rest keeps the part before. */
static bool prefix_take(struct spf_term *term, struct text *rest)
{
    uint64_t ip4 = 32, ip6 = 128;
    if (term->mechanism == SPF_IP6) {
        bits_cut(rest, 1, &ip6);
    } else {
        if (term->mechanism != SPF_IP4)
            bits_cut(rest, 2, &ip6);
        bits_cut(rest, 1, &ip4);
    }
    if (ip4 > 32 || ip6 > 128)
        return false;
    term->ip4_bits = (uint8_t)ip4;
    term->ip6_bits = (uint8_t)ip6;
    return true;
}

static enum err target_check(struct spf_term *term, struct text target, struct why *why)
{
    struct text shown = quoted(term->source);
    if (term->mechanism == SPF_IP4 && !spf_address_parse_ip4(target, &term->network))
        return why_set(why, ERR_INPUT, "\"" TEXT_FMT "\" holds no IPv4 network", TEXT_ARG(shown));
    if (term->mechanism == SPF_IP6 && !spf_address_parse_ip6(target, &term->network))
        return why_set(why, ERR_INPUT, "\"" TEXT_FMT "\" holds no IPv6 network", TEXT_ARG(shown));
    if (term->mechanism == SPF_IP4 || term->mechanism == SPF_IP6)
        return OK;
    if (!spf_macro_check_domain(target, &term->letters))
        return why_set(why, ERR_INPUT, "\"" TEXT_FMT "\" names no domain", TEXT_ARG(shown));
    term->target = target;
    return OK;
}

static enum err mechanism_parse(struct spf_term *term, struct text source, struct why *why)
{
    struct text rest = source, shown = quoted(source);
    *term = (struct spf_term){.source = source, .ip4_bits = 32, .ip6_bits = 128};
    qualifier_take(&rest, &term->qualifier);
    size_t colon = text_find(rest, ':'), slash = text_find(rest, '/');
    size_t name_len = colon < slash ? colon : slash;
    if (!mechanism_find(text_slice(rest, 0, name_len), &term->mechanism))
        return why_set(why, ERR_INPUT, "\"" TEXT_FMT "\" is no SPF mechanism", TEXT_ARG(shown));
    const struct mechanism_rule *rule = &mechanisms[term->mechanism];
    rest = text_from(rest, name_len);
    if (rule->prefix_allowed && !prefix_take(term, &rest))
        return why_set(why, ERR_INPUT, "\"" TEXT_FMT "\" has a prefix length that is too long",
                       TEXT_ARG(shown));
    if (rest.len == 0 && !rule->target_required)
        return OK;
    if (rest.len == 0)
        return why_set(why, ERR_INPUT, "\"" TEXT_FMT "\" lacks its value", TEXT_ARG(shown));
    if (rest.at[0] != ':' || !rule->target_allowed)
        return why_set(why, ERR_INPUT, "\"" TEXT_FMT "\" is not of the form that " TEXT_FMT " has",
                       TEXT_ARG(shown), TEXT_ARG(rule->name));
    return target_check(term, text_from(rest, 1), why);
}

/* Length of a modifier's name before "=", or 0. */
static size_t modifier_name_len(struct text term)
{
    size_t i = 0;
    if (term.len == 0 || !char_is_alpha(term.at[0]))
        return 0;
    while (i < term.len && (char_is_alnum(term.at[i]) || term.at[i] == '-' || term.at[i] == '_' ||
                            term.at[i] == '.'))
        i++;
    return i < term.len && term.at[i] == '=' ? i : 0;
}

static enum err modifier_domain_parse(struct text source, struct text value, struct text *slot,
                                      spf_letters *letters, struct why *why)
{
    struct text shown = quoted(source);
    if (slot->len)
        return why_set(why, ERR_INPUT, "\"" TEXT_FMT "\" is the second of its kind",
                       TEXT_ARG(shown));
    if (!spf_macro_check_domain(value, letters))
        return why_set(why, ERR_INPUT, "\"" TEXT_FMT "\" names no domain", TEXT_ARG(shown));
    *slot = value;
    return OK;
}

static enum err modifier_parse(struct spf_record *r, struct text source, size_t name_len,
                               struct why *why)
{
    struct text name = text_slice(source, 0, name_len), value = text_from(source, name_len + 1);
    struct text shown = quoted(source);
    spf_letters ignored;
    if (text_eq_nocase(name, TEXT("redirect")))
        return modifier_domain_parse(source, value, &r->redirect, &r->redirect_letters, why);
    if (text_eq_nocase(name, TEXT("exp")))
        return modifier_domain_parse(source, value, &r->exp, &r->exp_letters, why);
    if (!spf_macro_check(value, SPF_IN_DOMAIN, &ignored))
        return why_set(why, ERR_INPUT, "\"" TEXT_FMT "\" has a macro that is not valid",
                       TEXT_ARG(shown));
    return OK;
}

static enum err term_parse(struct spf_record *r, struct text source, struct why *why)
{
    size_t name_len = modifier_name_len(source);
    for (size_t i = 0; i < source.len; i++)
        if (source.at[i] < 0x21 || source.at[i] > 0x7e)
            return why_set(why, ERR_INPUT, "byte 0x%02x is not allowed in an SPF record",
                           (unsigned)(unsigned char)source.at[i]);
    if (name_len)
        return modifier_parse(r, source, name_len, why);
    return mechanism_parse(&r->terms[r->terms_len++], source, why);
}

static uint32_t words_count(struct text t)
{
    uint32_t words = 0;
    while (t.at)
        words += text_cut(&t, ' ').len > 0;
    return words;
}

enum err spf_record_parse(struct spf_record *r, struct text text, struct arena *arena,
                          struct why *why)
{
    struct text rest = text;
    *r = (struct spf_record){.text = text};
    text_cut(&rest, ' ');
    r->terms = ARENA_ARRAY(arena, struct spf_term, words_count(rest));
    if (!r->terms)
        return why_set(why, ERR_NOMEM, "out of memory");
    while (rest.at) {
        struct text source = text_cut(&rest, ' ');
        enum err err = source.len ? term_parse(r, source, why) : OK;
        if (err != OK)
            return err;
    }
    return OK;
}
