/*
 * Reads TXT records as their writers meant them: what stands before the version, how the version is
 * written, what follows it. near_host.c does so with the hosts of MX records.
 */
#include "near_miss.h"

#include "base/bounds.h"
#include "base/character.h"
#include "base/count.h"
#include "base/dname.h"
#include "base/escape.h"
#include "dmarc_record.h"
#include "spf_merge.h"
#include "spf_record.h"

#include <stdio.h>
#include <string.h>

/* How a version is written: the length it takes, and its first fault. */
struct version {
    size_t len; /* 0: no version stands here */
    const char *fault;
};

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static size_t blanks_len(struct text t)
{
    size_t len = 0;
    while (len < t.len && is_blank(t.at[len]))
        len++;
    return len;
}

/* A character of no use in a record: a blank or quotation mark of any kind, or a hidden character.
 * Returns its length, and its code if it is outside ASCII; 0: the character is another. */
static size_t odd_len(struct text t, uint32_t *code)
{
    *code = 0;
    if (t.len == 0)
        return 0;
    if (is_blank(t.at[0]) || t.at[0] == '"' || t.at[0] == '\'' || t.at[0] == '`')
        return 1;
    if (t.at[0] == '\\' && t.len > 1 && (t.at[1] == '"' || t.at[1] == '\''))
        return 2;
    if ((unsigned char)t.at[0] < 0x80)
        return 0;
    size_t len = utf8_next(t, code);
    return len && character_kind(*code) != CHARACTER_PLAIN ? len : 0;
}

/* The sign of ASCII that a fullwidth form stands for (U+FF01 to U+FF5E, as keyboards of East Asia
 * give them); NUL: the text begins with another character. */
static char fullwidth_sign(struct text t)
{
    uint32_t code;
    if (t.len == 0 || (unsigned char)t.at[0] < 0x80 || utf8_next(t, &code) == 0)
        return '\0';
    return code >= 0xff01 && code <= 0xff5e ? (char)(code - 0xff01 + '!') : '\0';
}

static bool is_quote(struct text t, uint32_t code)
{
    return code ? character_kind(code) == CHARACTER_QUOTE
                : t.at[0] == '"' || t.at[0] == '\'' || t.at[0] == '`' || t.at[0] == '\\';
}

/* Names the odd character at t: "a tab", "U+00A0 (no-break space)", "the character ;". */
static const char *odd_name(struct text t, char out[NEAR_FAULT_LEN])
{
    uint32_t code = 0;
    size_t len = odd_len(t, &code);
    if (len && code)
        snprintf(out, NEAR_FAULT_LEN, "U+%04X (%s)", (unsigned)code, character_name(code));
    else if (t.at[0] == '\t')
        snprintf(out, NEAR_FAULT_LEN, "a tab");
    else if (t.at[0] == '\n' || t.at[0] == '\r')
        snprintf(out, NEAR_FAULT_LEN, "a line break");
    else if (t.at[0] == ' ')
        snprintf(out, NEAR_FAULT_LEN, "a blank");
    else if (t.at[0] == ';')
        snprintf(out, NEAR_FAULT_LEN, "a semicolon");
    else if (t.at[0] == ',')
        snprintf(out, NEAR_FAULT_LEN, "a comma");
    else if (t.at[0] == '\\')
        snprintf(out, NEAR_FAULT_LEN, "a backslash");
    else if (len)
        snprintf(out, NEAR_FAULT_LEN, "a quotation mark");
    else if (t.at[0] > 0x20 && t.at[0] < 0x7f)
        snprintf(out, NEAR_FAULT_LEN, "\"%c\"", t.at[0]);
    else if (fullwidth_sign(t))
        snprintf(out, NEAR_FAULT_LEN, "U+%04X (fullwidth \"%c\")",
                 (unsigned)(fullwidth_sign(t) - '!' + 0xff01), fullwidth_sign(t));
    else if (utf8_next(t, &code))
        snprintf(out, NEAR_FAULT_LEN, "U+%04X", (unsigned)code);
    else
        snprintf(out, NEAR_FAULT_LEN, "the byte 0x%02x", (unsigned)(unsigned char)t.at[0]);
    return out;
}

/* Cuts odd characters off the front; the first of them becomes the fault. */
static struct text lead_cut(struct text t, char fault[NEAR_FAULT_LEN])
{
    uint32_t code;
    char name[NEAR_FAULT_LEN];
    for (size_t len; (len = odd_len(t, &code)) > 0; t = text_from(t, len)) {
        if (fault[0])
            continue;
        if (is_quote(t, code))
            snprintf(fault, NEAR_FAULT_LEN, "quotation marks stand inside the value");
        else
            snprintf(fault, NEAR_FAULT_LEN, "%.80s stands in front", odd_name(t, name));
    }
    return t;
}

/* Reads a version in every way that people write one: "v=spf1", "v = spf1", "v:spf1", "spf1",
 * "v=spf2", "v=spf 1". scheme is in lower case. A bare scheme wants its digit. */
static struct version version_read(struct text t, struct text scheme)
{
    struct version v = {0, NULL};
    size_t at = 0, digits = 0;
    bool has_v = t.len && char_lower(t.at[0]) == 'v';
    if (has_v) {
        at = 1;
        size_t blanks = blanks_len(text_from(t, at));
        at += blanks;
        bool has_sign = at < t.len && (t.at[at] == '=' || t.at[at] == ':');
        if (!has_sign || t.at[at] != '=')
            v.fault = "the sign = between v and the version is missing";
        at += has_sign;
        blanks += blanks_len(text_from(t, at));
        at += blanks_len(text_from(t, at));
        if (!v.fault && blanks)
            v.fault = "blanks stand within the version";
    } else {
        v.fault = "v= is missing in front of the version";
    }
    if (!text_eq_nocase(text_slice(t, at, at + scheme.len), scheme))
        return (struct version){0, NULL};
    at += scheme.len;
    size_t gap = blanks_len(text_from(t, at));
    gap += at + gap < t.len && t.at[at + gap] == '-';
    while (at + gap + digits < t.len &&
           (char_is_digit(t.at[at + gap + digits]) || t.at[at + gap + digits] == '.'))
        digits++;
    if (digits == 0 && !has_v)
        return (struct version){0, NULL};
    if (digits && gap && !v.fault)
        v.fault = "blanks or a hyphen stand within the version";
    if (!v.fault && !text_eq(text_slice(t, at + gap, at + gap + digits), TEXT("1")))
        v.fault = "the version is not 1, and there is no other";
    v.len = digits ? at + gap + digits : at;
    return v;
}

/* ---- SPF ---- */

/* "include:amazonses.com" anywhere, any case. */
static bool holds_ses_include(struct text txt)
{
    const struct text include = TEXT("include:amazonses.com");
    for (size_t i = 0; i + include.len <= txt.len; i++)
        if (text_eq_nocase(text_slice(txt, i, i + include.len), include))
            return true;
    return false;
}

/* Is the whole text a row of SPF terms, with an end or an include among them: the second half of a
 * record that a panel has cut in two? */
static bool is_terms(struct text txt)
{
    bool has_end = false;
    if (txt.len == 0)
        return false;
    while (txt.at) {
        struct text word = text_trim(text_cut(&txt, ' '));
        if (word.len && text_find(TEXT("+-~?"), word.at[0]) < 4)
            word = text_from(word, 1);
        size_t name_len = text_find(word, ':');
        struct text name = text_slice(word, 0, name_len);
        bool has_target = name_len + 1 < word.len;
        bool ends = text_eq_nocase(word, TEXT("all"));
        bool leads =
            has_target && (text_eq_nocase(name, TEXT("include")) ||
                           text_eq_nocase(name, TEXT("ip4")) || text_eq_nocase(name, TEXT("ip6")));
        bool other = text_eq_nocase(name, TEXT("a")) || text_eq_nocase(name, TEXT("mx"));
        if (word.len && !ends && !leads && !other)
            return false;
        has_end = has_end || ends || leads;
    }
    return has_end;
}

static bool near_spf_without_version(struct text rest, char fault[NEAR_FAULT_LEN])
{
    if (is_terms(rest))
        snprintf(fault, NEAR_FAULT_LEN,
                 "v=spf1 is missing in front: one record in two halves is two records");
    else if (holds_ses_include(rest))
        snprintf(fault, NEAR_FAULT_LEN, "an SPF record begins with v=spf1 and a blank");
    else
        fault[0] = '\0';
    return fault[0] != '\0';
}

bool near_spf(struct text txt, char fault[NEAR_FAULT_LEN])
{
    char name[NEAR_FAULT_LEN];
    fault[0] = '\0';
    if (spf_record_is(txt))
        return false;
    struct text rest = lead_cut(txt, fault);
    struct version v = version_read(rest, TEXT("spf"));
    bool is_sender_id = text_eq_nocase(text_slice(rest, 0, 7), TEXT("spf2.0/"));
    if (is_sender_id && !holds_ses_include(rest))
        return false;
    if (v.len == 0)
        return near_spf_without_version(rest, fault);
    if (is_sender_id)
        snprintf(fault, NEAR_FAULT_LEN,
                 "spf2.0 is Sender ID, which is historic, and no receiver takes it for SPF");
    if (fault[0])
        return true;
    if (v.fault) {
        snprintf(fault, NEAR_FAULT_LEN, "%s", v.fault);
        return true;
    }
    /* The version is as it should be, so what follows it is not. */
    struct text behind = text_from(rest, v.len);
    uint32_t code;
    if (char_is_alnum(behind.at[0]))
        snprintf(fault, NEAR_FAULT_LEN, "no blank follows v=spf1");
    else if (odd_len(behind, &code) && is_quote(behind, code))
        snprintf(fault, NEAR_FAULT_LEN, "quotation marks stand inside the value");
    else
        snprintf(fault, NEAR_FAULT_LEN, "%.80s follows v=spf1, where a blank must be",
                 odd_name(behind, name));
    return true;
}

/* Adds the text without odd characters: blanks of all kinds and the separators of DMARC become one
 * blank, quotation marks and hidden characters go. */
static void spf_clean(struct buf *out, struct text t)
{
    while (t.len) {
        uint32_t code;
        size_t len = odd_len(t, &code);
        char wide = fullwidth_sign(t), c = wide ? wide : t.at[0];
        bool blank = (len && (code ? character_kind(code) == CHARACTER_BLANK : is_blank(c))) ||
                     c == ';' || c == ',';
        if (blank && out->len && out->at[out->len - 1] != ' ')
            buf_add_char(out, ' ');
        if (!len && !blank && c != '\\')
            buf_add_char(out, c);
        t = text_from(t, wide ? 3 : len ? len : 1);
    }
    while (out->len && out->at[out->len - 1] == ' ')
        out->len--;
}

static bool record_names_ses(const struct spf_record *r)
{
    for (uint32_t i = 0; i < r->terms_len; i++)
        if (r->terms[i].mechanism == SPF_INCLUDE && r->terms[i].qualifier == SPF_PASS &&
            dname_eq(r->terms[i].target, TEXT("amazonses.com")))
            return true;
    return false;
}

struct text near_spf_meant(struct text txt, struct arena *arena)
{
    char ignored[NEAR_FAULT_LEN] = "";
    struct text rest = lead_cut(txt, ignored), meant = TEXT_NONE;
    struct spf_record record;
    struct why why;
    struct buf out;
    rest = text_from(rest, version_read(rest, TEXT("spf")).len);
    while (rest.len && (rest.at[0] == ':' || rest.at[0] == '.' || rest.at[0] == '='))
        rest = text_from(rest, 1);
    buf_init(&out, DNS_MESSAGE_MAX);
    buf_add_str(&out, "v=spf1 ");
    spf_clean(&out, rest);
    meant = arena_text(arena, out.failed ? TEXT_NONE : buf_text(&out));
    buf_clear(&out);
    bool is_sound = meant.len && spf_record_parse(&record, meant, arena, &why) == OK;
    if (is_sound && record.terms_len && record_names_ses(&record))
        return meant;
    if (is_sound && record.terms_len && spf_merge_ses(meant, arena, &meant, &why) == OK)
        return meant;
    return TEXT(SPF_SES_RECORD);
}

/* ---- DMARC ---- */

/* A DMARC record with a policy, or a mode of alignment, that nobody understands. */
static bool near_dmarc_value(struct text txt, char fault[NEAR_FAULT_LEN])
{
    struct dmarc_record r;
    dmarc_record_parse(&r, txt);
    bool is_policy = !r.applies || r.bad_policy.name.len;
    if (!is_policy && !r.bad_mode.name.len)
        return false;
    struct dmarc_tag bad = is_policy ? r.bad_policy : r.bad_mode;
    struct text value = text_slice(bad.value, 0, 40);
    bool escaped = text_find(value, '\\') < value.len;
    struct buf shown;
    buf_init(&shown, NEAR_FAULT_LEN);
    escape_terminal(&shown, value);
    if (!bad.name.len)
        snprintf(fault, NEAR_FAULT_LEN, "p is missing, so receivers ignore the record");
    else if (!is_policy)
        snprintf(fault, NEAR_FAULT_LEN, TEXT_FMT "=%.60s is neither s nor r, so receivers read r%s",
                 TEXT_ARG(bad.name), shown.at ? shown.at : "",
                 text_eq_nocase(bad.name, TEXT("aspf"))
                     ? ", and SPF of a MAIL FROM aligns under r only"
                     : "");
    else
        snprintf(fault, NEAR_FAULT_LEN, TEXT_FMT "=%.80s is no policy%s, so receivers %s",
                 TEXT_ARG(bad.name), shown.at ? shown.at : "",
                 escaped ? " (a backslash belongs to zone files only)" : "",
                 r.applies ? "read p=none" : "ignore the record");
    buf_clear(&shown);
    return true;
}

/* "p=none; ...": a record that lacks its version, or has it at another place. */
static bool is_tags(struct text txt)
{
    struct text value = text_cut(&txt, ';');
    struct text name = text_trim(text_cut(&value, '='));
    enum dmarc_policy policy;
    value = text_trim(value);
    return text_eq_nocase(name, TEXT("p")) && dmarc_policy_parse(value, &policy);
}

bool near_dmarc(struct text txt, char fault[NEAR_FAULT_LEN])
{
    char name[NEAR_FAULT_LEN];
    fault[0] = '\0';
    if (dmarc_record_is(txt))
        return near_dmarc_value(txt, fault);
    struct text rest = lead_cut(txt, fault);
    struct version v = version_read(rest, TEXT("dmarc"));
    if (v.len == 0 && !is_tags(rest)) {
        fault[0] = '\0';
        return false;
    }
    if (v.len == 0)
        snprintf(fault, NEAR_FAULT_LEN, "v=DMARC1 does not stand in front");
    if (fault[0])
        return true;
    size_t shown = text_rfind(text_slice(rest, 0, v.len), '1');
    bool upper =
        shown < v.len && shown >= 5 && text_eq(text_slice(rest, shown - 5, shown), TEXT("DMARC"));
    bool spaced = v.fault && strncmp(v.fault, "blanks stand", 12) == 0; /* legal in DMARC */
    if (v.fault && !spaced) {
        snprintf(fault, NEAR_FAULT_LEN, "%s", v.fault);
        return true;
    }
    if (!upper) {
        snprintf(fault, NEAR_FAULT_LEN, "the version is DMARC1 in capital letters");
        return true;
    }
    struct text behind = text_from(rest, v.len + blanks_len(text_from(rest, v.len)));
    uint32_t code;
    if (behind.len == 0 || char_is_alnum(behind.at[0]))
        snprintf(fault, NEAR_FAULT_LEN, "no semicolon follows v=DMARC1");
    else if (odd_len(behind, &code) && is_quote(behind, code) && behind.at[0] != '\\')
        snprintf(fault, NEAR_FAULT_LEN, "quotation marks stand inside the value");
    else
        snprintf(fault, NEAR_FAULT_LEN, "%.80s follows v=DMARC1, where a semicolon must be",
                 odd_name(behind, name));
    return true;
}

/* Does a tag of DMARC begin here, behind blanks and commas: "rua=", "p:"? */
static bool tag_begins(struct text t)
{
    static const struct text names[] = {
        TEXT("v"),   TEXT("p"),     TEXT("sp"), TEXT("np"), TEXT("aspf"), TEXT("rua"), TEXT("ruf"),
        TEXT("pct"), TEXT("adkim"), TEXT("fo"), TEXT("rf"), TEXT("ri"),   TEXT("psd"), TEXT("t")};
    while (t.len && (is_blank(t.at[0]) || t.at[0] == ','))
        t = text_from(t, 1);
    size_t sign = 0;
    while (sign < t.len && char_is_alpha(t.at[sign]))
        sign++;
    struct text name = text_slice(t, 0, sign);
    sign += blanks_len(text_from(t, sign));
    bool has_sign = sign < t.len && (t.at[sign] == '=' || t.at[sign] == ':');
    for (size_t i = 0; has_sign && i < COUNT(names); i++)
        if (text_eq_nocase(name, names[i]))
            return true;
    return false;
}

/* Adds the text without odd characters, and with semicolons between the tags. */
static void dmarc_clean(struct buf *out, struct text t)
{
    while (t.len) {
        uint32_t code;
        size_t len = odd_len(t, &code);
        char wide = fullwidth_sign(t), c = wide ? wide : t.at[0];
        bool blank = len && (code ? character_kind(code) == CHARACTER_BLANK : is_blank(c));
        size_t step = wide ? 3 : len ? len : 1;
        t = text_from(t, step);
        if ((blank || c == ',') && tag_begins(t))
            buf_add_char(out, ';');
        else if ((!len || blank) && c != '\\')
            buf_add_char(out, blank ? ' ' : c);
    }
}

/* The policy that a word was meant as: "rejected", "quarentine"; none for a word like no policy. */
static enum dmarc_policy policy_meant(struct text value)
{
    static const enum dmarc_policy policies[] = {DMARC_POLICY_REJECT, DMARC_POLICY_QUARANTINE};
    for (size_t i = 0; i < COUNT(policies); i++) {
        struct text word = text_of(dmarc_policy_name(policies[i]));
        if (text_eq_nocase(text_slice(value, 0, 3), text_slice(word, 0, 3)) ||
            text_distance(value, word, 2) <= 2)
            return policies[i];
    }
    return DMARC_POLICY_NONE;
}

/* One tag of a cleaned record; a colon may stand for its sign. The value of any other tag than a
 * policy or a mode is kept as it is. */
static struct dmarc_tag tag_meant(struct text part)
{
    struct text policies[] = {TEXT("p"), TEXT("sp"), TEXT("np")};
    size_t sign = text_find(part, '='), colon = text_find(part, ':');
    size_t at = sign < colon ? sign : colon;
    struct dmarc_tag tag = {text_trim(text_slice(part, 0, at)),
                            text_trim(text_from(part, at < part.len ? at + 1 : at))};
    bool is_policy = false;
    for (size_t i = 0; i < COUNT(policies); i++)
        is_policy = is_policy || text_eq_nocase(tag.name, policies[i]);
    if (is_policy)
        tag.value = text_of(dmarc_policy_name(policy_meant(tag.value)));
    else if (text_eq_nocase(tag.name, TEXT("aspf")) && !text_eq_nocase(tag.value, TEXT("s")))
        tag.value = TEXT("r"); /* as receivers read it: under s a MAIL FROM would cease to align */
    else if (text_eq_nocase(tag.name, TEXT("adkim")))
        tag.value = tag.value.len && char_lower(tag.value.at[0]) == 's' ? TEXT("s") : TEXT("r");
    return tag;
}

/* The version, p, and every other tag of a cleaned record. */
static void tags_add_meant(struct buf *out, struct text cleaned)
{
    struct text p = TEXT("none");
    for (struct text rest = cleaned; rest.at;) {
        struct dmarc_tag tag = tag_meant(text_cut(&rest, ';'));
        if (!text_eq_nocase(tag.name, TEXT("p")))
            continue;
        p = tag.value;
        break;
    }
    buf_add_fmt(out, "v=DMARC1; p=" TEXT_FMT, TEXT_ARG(p));
    for (struct text rest = cleaned; rest.at;) {
        struct dmarc_tag tag = tag_meant(text_cut(&rest, ';'));
        if (tag.name.len && tag.value.len && !text_eq_nocase(tag.name, TEXT("v")) &&
            !text_eq_nocase(tag.name, TEXT("p")))
            buf_add_fmt(out, "; " TEXT_FMT "=" TEXT_FMT, TEXT_ARG(tag.name), TEXT_ARG(tag.value));
    }
}

struct text near_dmarc_meant(struct text txt, struct arena *arena)
{
    char ignored[NEAR_FAULT_LEN] = "";
    struct text rest = lead_cut(txt, ignored), meant;
    struct dmarc_record record;
    struct buf cleaned, out;
    rest = text_from(rest, version_read(rest, TEXT("dmarc")).len);
    while (rest.len && (rest.at[0] == ':' || rest.at[0] == '.'))
        rest = text_from(rest, 1);
    buf_init(&cleaned, DNS_MESSAGE_MAX);
    buf_init(&out, DNS_MESSAGE_MAX);
    dmarc_clean(&cleaned, rest);
    tags_add_meant(&out, cleaned.failed ? TEXT_NONE : buf_text(&cleaned));
    meant = arena_text(arena, out.failed ? TEXT_NONE : buf_text(&out));
    buf_clear(&cleaned);
    buf_clear(&out);
    if (!meant.len || !dmarc_record_is(meant))
        return TEXT("v=DMARC1; p=none");
    dmarc_record_parse(&record, meant);
    return record.applies && !record.bad_policy.name.len ? meant : TEXT("v=DMARC1; p=none");
}

void near_show(struct buf *out, struct text found)
{
    for (size_t i = 0, len; i < found.len; i += len) {
        uint32_t code = 0;
        struct text rest = text_from(found, i);
        len = (unsigned char)rest.at[0] < 0x80 ? 1 : utf8_next(rest, &code);
        if (i >= NEAR_SHOWN_MAX) {
            buf_add_str(out, "...");
            return;
        }
        len = len ? len : 1;
        if (code && character_kind(code) != CHARACTER_PLAIN)
            buf_add_fmt(out, "<U+%04X>", (unsigned)code);
        else
            escape_terminal(out, text_slice(rest, 0, len));
    }
}
