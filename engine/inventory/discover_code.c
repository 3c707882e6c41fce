/* Names and comments of infrastructure code. */
#include "discover_code.h"

#include "base/count.h"
#include "base/escape.h"
#include "base/plural.h"
#include "crypto/sha256.h"
#include "manifests/value.h"

/* ---- which identities are resources ---- */

/* Letters that Unicode normalization leaves alone, whatever stands beside them: HCL normalizes its
 * strings to NFC, so a name with others could become another name. Source: HCL Native Syntax
 * Specification, "Template Expressions"; Unicode Standard Annex #15, "Detecting Normalization
 * Forms". */
static bool is_stable(uint32_t c)
{
    static const struct {
        uint32_t first, last;
    } stable[] = {
        {0x20, 0x7e},     {0xa1, 0x2ff},    {0x388, 0x482},   {0x48a, 0x52f},     {0x531, 0x556},
        {0x561, 0x587},   {0x5d0, 0x5ea},   {0x620, 0x64a},   {0x10d0, 0x10ff},   {0x3041, 0x3096},
        {0x30a1, 0x30fa}, {0x4e00, 0x9fff}, {0xac00, 0xd7a3}, {0x1f300, 0x1faff},
    };
    for (size_t i = 0; i < COUNT(stable); i++)
        if (c >= stable[i].first && c <= stable[i].last)
            return true;
    return false;
}

static bool is_exact(struct text t)
{
    uint32_t c;
    if (text_find_text(t, TEXT("{{resolve:")) < t.len) /* a dynamic reference of CloudFormation */
        return false;
    for (size_t len; t.len; t = text_from(t, len)) {
        len = utf8_next(t, &c);
        if (len == 0 || !is_stable(c) || escape_is_unsafe(c))
            return false;
    }
    return true;
}

/* The AWS provider for Terraform takes an id that ends in "@us-east-1" for an id and a Region. */
static bool ends_in_region(struct text t)
{
    size_t at = text_rfind(t, '@');
    return at < t.len && region_is(text_from(t, at + 1));
}

enum code_how code_how(const struct found *f)
{
    const struct inventory_row *row = f->row;
    if (!is_exact(row->identity) || !is_exact(row->mail_from) || ends_in_region(row->identity))
        return CODE_UNFIT;
    if (!(row->known & KNOWN_MAIL_FROM))
        return CODE_UNREAD;
    return row->mail_from.len ? CODE_RESOURCE : CODE_DEFAULT;
}

const char *code_reason(enum code_how how)
{
    static const char *const reasons[CODE_HOWS] = {
        [CODE_DEFAULT] = "no custom MAIL FROM: that is the default, and needs no resource",
        [CODE_UNREAD] = "SES does not tell about it",
        [CODE_UNFIT] = "a name that infrastructure code cannot hold as it is",
    };
    return reasons[how];
}

struct code_sum code_sum(const struct discover *d, uint32_t lane)
{
    const struct found_lane *l = &d->by_lane[lane];
    struct code_sum sum = {{0}};
    for (uint32_t i = 0; i < l->len; i++)
        sum.by_how[code_how(&d->found[l->first + i])]++;
    return sum;
}

/* ---- names ---- */

#define PLAIN_LEN_MAX    200
#define ACCOUNT_LEN_MAX  64
#define SLUG_LEN_MAX     48
#define DIGEST_LEN       24 /* hexadecimal digits */
#define LOGICAL_LEN_MAX  64 /* CloudFormation takes 255 */
#define LOGICAL_SLUG_LEN 36
#define DIGEST_MARK      "___"
#define LOGICAL_MARK     "ZZ"

static bool is_small(char c)
{
    return char_is_digit(c) || (c >= 'a' && c <= 'z');
}

static void digest_add(struct buf *out, struct text t)
{
    char hex[SHA256_HEX_LEN];
    if (sha256_hex(t, hex))
        buf_add(out, hex, DIGEST_LEN);
    else
        out->failed = true;
}

/* The small letters and digits of t, other characters as one "_". */
static void slug_add(struct buf *out, struct text t)
{
    size_t len = 0;
    bool is_between = !t.len || !char_is_alpha(t.at[0]);
    for (size_t i = 0; i < t.len && len < SLUG_LEN_MAX; i++) {
        char c = char_lower(t.at[i]);
        if (is_small(c)) {
            buf_add_str(out, is_between ? "_" : "");
            buf_add_char(out, c);
            len++;
        }
        is_between = !is_small(c);
    }
    buf_add_str(out, DIGEST_MARK);
    digest_add(out, t);
}

/* Letters and digits in parts, with one "." or "-" between, or with one "@" in all. */
static bool is_plain_identity(struct text t)
{
    unsigned ats = 0;
    if (t.len == 0 || t.len > PLAIN_LEN_MAX || !is_small(t.at[0]) || !is_small(t.at[t.len - 1]))
        return false;
    for (size_t i = 0; i < t.len; i++) {
        bool is_mark = t.at[i] == '.' || t.at[i] == '@';
        if (!is_small(t.at[i]) && !is_mark && t.at[i] != '-')
            return false;
        if (is_mark && !is_small(t.at[i + 1]) && t.at[i + 1] != '-')
            return false;
        ats += t.at[i] == '@';
    }
    return ats <= 1;
}

void code_label_add(struct buf *out, struct text identity)
{
    if (!is_plain_identity(identity)) {
        slug_add(out, identity);
        return;
    }
    buf_add_str(out, char_is_digit(identity.at[0]) ? "_" : "");
    for (size_t i = 0; i < identity.len; i++) {
        char c = identity.at[i];
        if (c == '.' || c == '@')
            buf_add_str(out, c == '.' ? "_" : "__");
        else
            buf_add_char(out, c);
    }
}

static bool is_plain_account(struct text t)
{
    if (t.len == 0 || t.len > ACCOUNT_LEN_MAX || !is_small(t.at[0]))
        return false;
    for (size_t i = 0; i < t.len; i++)
        if (!is_small(t.at[i]) && t.at[i] != '-' &&
            (t.at[i] != '_' || i + 1 == t.len || t.at[i + 1] == '_'))
            return false;
    return true;
}

void code_lane_add(struct buf *out, const struct discover *d, uint32_t lane)
{
    struct text account = discover_account(d, lane);
    if (is_plain_account(account)) {
        buf_add_str(out, char_is_digit(account.at[0]) ? "_" : "");
        buf_add_text(out, account);
    } else {
        slug_add(out, account);
    }
    buf_add_char(out, '_');
    buf_add_text(out, discover_region(d, lane)); /* small letters, digits and "-" */
}

bool code_keeps_file(const struct discover *d, struct text name)
{
    struct buf lane_name;
    bool keeps = false;
    buf_init(&lane_name, NAME_LEN_MAX);
    for (uint32_t lane = 0; !keeps && lane < d->fleet.lanes_len; lane++) {
        if (discover_has_lane(d, lane) || d->by_lane[lane].is_twin || discover_is_disabled(d, lane))
            continue;
        buf_reset(&lane_name);
        code_lane_add(&lane_name, d, lane);
        struct text begin = buf_text(&lane_name);
        keeps = text_starts(name, begin) && name.len > begin.len &&
                (name.at[begin.len] == '.' || name.at[begin.len] == '-');
    }
    buf_clear(&lane_name);
    return keeps;
}

/* Parts of two and more characters that begin with a letter, with one "." between: a capital then
 * stands for each part, and no two capitals are neighbours. */
static bool is_plain_for_logical_id(struct text t)
{
    struct text rest = t;
    if (t.len == 0 || t.len > LOGICAL_LEN_MAX)
        return false;
    while (rest.at) {
        struct text part = text_cut(&rest, '.');
        if (part.len < 2 || !char_is_alpha(part.at[0]))
            return false;
        for (size_t i = 0; i < part.len; i++)
            if (!is_small(part.at[i]))
                return false;
    }
    return true;
}

void code_logical_id_add(struct buf *out, struct text identity)
{
    bool is_plain = is_plain_for_logical_id(identity), begins = true;
    size_t len = 0, max = is_plain ? LOGICAL_LEN_MAX : LOGICAL_SLUG_LEN;
    for (size_t i = 0; i < identity.len && len < max; i++) {
        char c = char_lower(identity.at[i]);
        bool is_shown = is_small(c);
        if (is_shown && begins && char_is_alpha(c))
            c = (char)(c - 'a' + 'A');
        if (is_shown)
            buf_add_char(out, c);
        len += is_shown;
        begins = !is_shown;
    }
    if (!is_plain) {
        buf_add_str(out, LOGICAL_MARK);
        digest_add(out, identity);
    }
}

/* ---- comments ---- */

void code_share_add(struct buf *out, const struct discover *d, uint32_t lane)
{
    uint32_t resources = code_sum(d, lane).by_how[CODE_RESOURCE], len = d->by_lane[lane].len;
    buf_add_fmt(out, "%u of %u %s %s a custom MAIL FROM", resources, len,
                plural(len, "identity", "identities"), plural(resources, "has", "have"));
}

bool code_left_out_add(const struct discover *d, uint32_t lane, struct sink *out)
{
    const struct found_lane *l = &d->by_lane[lane];
    struct code_sum sum = code_sum(d, lane);
    for (int how = CODE_RESOURCE + 1; how < CODE_HOWS; how++) {
        if (!sum.by_how[how])
            continue;
        buf_add_fmt(&out->buf, "\n# Left out: %u (%s)\n", sum.by_how[how],
                    code_reason((enum code_how)how));
        for (uint32_t i = 0; i < l->len; i++) {
            const struct found *f = &d->found[l->first + i];
            if (code_how(f) != (enum code_how)how)
                continue;
            buf_add_str(&out->buf, "#   ");
            escape_terminal(&out->buf, f->row->identity);
            buf_add_char(&out->buf, '\n');
            if (!sink_turn(out))
                return false;
        }
    }
    return true;
}

void code_status_add(struct buf *out, const struct found *f, const char *indent)
{
    const struct inventory_row *row = f->row;
    bool is_unverified =
        (row->known & KNOWN_VERIFICATION) && row->verification != VERIFICATION_SUCCESS;
    if (row->status != MAIL_FROM_SUCCESS)
        buf_add_fmt(out, "%s# MAIL FROM status: %s\n", indent,
                    mail_from_status_name((enum mail_from_status)row->status));
    if (is_unverified)
        buf_add_fmt(out, "%s# not verified: %s\n", indent,
                    verification_name((enum verification)row->verification));
}

void code_lane_note_add(struct buf *out, const struct discover *d, uint32_t lane)
{
    buf_add_str(out, "# account ");
    escape_terminal(out, discover_account(d, lane));
    discover_lane_add(d, lane, out);
}

/* ---- accounts ---- */

static const struct account *account_of(const struct discover *d, uint32_t lane)
{
    return &d->fleet.accounts[d->fleet.lanes[lane].account];
}

struct text code_profile(const struct discover *d, uint32_t lane)
{
    const struct account *a = account_of(d, lane);
    const struct names *names = &d->fleet.names;
    if (a->profile != NAME_NONE)
        return names_text(names, a->profile);
    return a->source_profile != NAME_NONE ? names_text(names, a->source_profile)
                                          : text_of(d->access->profile);
}

struct text code_role(const struct discover *d, uint32_t lane)
{
    return names_text(&d->fleet.names, account_of(d, lane)->role_arn);
}

struct text code_external_id(const struct discover *d, uint32_t lane)
{
    return names_text(&d->fleet.names, account_of(d, lane)->external_id);
}

struct text code_number(const struct discover *d, uint32_t lane)
{
    return text_of(inventory_account(d->inventory, d->fleet.lanes[lane].account)->number);
}
