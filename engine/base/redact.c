/*
 * Finds pieces of secrets in escaped text in one pass.
 *
 * The text is read in units, one for each character, escaped or not. The last eight units are
 * looked up in a table of eights, taken at every eighth place of the secrets. Every piece of
 * sixteen holds one of these eights; the match is then followed both ways.
 *
 * Nearly all text has neither a secret nor an escape. It is read in strides: eight bytes can only
 * be one of the eights if their last three are three of one, and of those there is a Bloom filter.
 */
#include "redact.h"

#include "count.h"

#include <endian.h>
#include <stdlib.h>
#include <string.h>

#define ANCHOR     REDACT_ANCHOR
#define SLOTS_MIN  64u
#define HASH_TIMES 0x9e3779b97f4a7c15ull /* 2^64 by the golden ratio (Knuth, 6.4) */

#define TRIPLE        3
#define STRIDE        (ANCHOR - TRIPLE + 1) /* past a triple that no anchor has */
#define BITS_PER_SLOT 16 /* 6 triples an anchor, a quarter of the slots: 9 % set */

/* Units: one character, raw or escaped */

static int hex_of(char c)
{
    if (char_is_digit(c))
        return c - '0';
    c = char_lower(c);
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* `digits` hexadecimal digits at t, worth under 256. */
static bool hex_read(struct text t, size_t digits, unsigned char *out)
{
    unsigned value = 0;
    for (size_t i = 0; i < digits; i++) {
        int digit = i < t.len ? hex_of(t.at[i]) : -1;
        if (digit < 0)
            return false;
        value = value * 16 + (unsigned)digit;
    }
    *out = (unsigned char)value;
    return value < 256;
}

/* "\/", "\u002f", "\x2f", with as many backslashes as there are. */
static size_t backslash_read(struct text t, unsigned char *out)
{
    size_t at = 1;
    while (at < t.len && t.at[at] == '\\')
        at++;
    char kind = at < t.len ? t.at[at] : '\0';
    size_t digits = kind == 'u' ? 4 : kind == 'x' ? 2 : 0;
    if (digits)
        return hex_read(text_from(t, at + 1), digits, out) ? at + 1 + digits : 0;
    *out = (unsigned char)kind;
    return kind == '/' || kind == '"' || kind == '\'' ? at + 1 : 0;
}

static size_t number_read(struct text t, unsigned char *out)
{
    size_t end = text_find(t, ';');
    bool is_hex = t.len && char_lower(t.at[0]) == 'x';
    struct text digits = text_slice(t, is_hex, end);
    uint64_t value;
    if (end == t.len || end > 10)
        return 0;
    while (is_hex && digits.len > 2 && digits.at[0] == '0')
        digits = text_from(digits, 1);
    if (is_hex)
        return digits.len && hex_read(digits, digits.len, out) ? end + 1 : 0;
    if (!text_to_u64(digits, &value) || value > 255)
        return 0;
    *out = (unsigned char)value;
    return end + 1;
}

/* "&#x2F;", "&#47;", "&quot;", also with "&amp;" for the "&". */
static size_t entity_read(struct text t, unsigned char *out)
{
    static const struct {
        const char *name;
        unsigned char value;
    } names[] = {{"lt;", '<'}, {"gt;", '>'}, {"quot;", '"'}, {"apos;", '\''}};
    size_t at = 1, len = 0;
    while (text_starts(text_from(t, at), TEXT("amp;")))
        at += 4;
    struct text rest = text_from(t, at);
    if (text_starts(rest, TEXT("#")))
        len = number_read(text_from(rest, 1), out);
    if (len)
        return at + 1 + len;
    for (size_t i = 0; i < COUNT(names); i++)
        if (text_starts(rest, text_of(names[i].name))) {
            *out = names[i].value;
            return at + strlen(names[i].name);
        }
    *out = '&';
    return at;
}

static bool may_escape(char c)
{
    return c == '%' || c == '\\' || c == '&';
}

/* Base64 for URLs is read as the ordinary one. */
static unsigned char ordinary(unsigned char c)
{
    return c == '-' ? '+' : c == '_' ? '/' : c;
}

/* Length of the unit at t (t.len > 0). */
static size_t unit_read(struct text t, unsigned char *out)
{
    size_t len = 0;
    if (t.at[0] == '%') {
        /* "%2F", and "%252F" of double encoding. 0: no percent escape. */
        size_t at = 1;
        while (text_starts(text_from(t, at), TEXT("25")) && hex_read(text_from(t, at + 2), 2, out))
            at += 2;
        len = hex_read(text_from(t, at), 2, out) ? at + 2 : 0;
    } else if (t.at[0] == '\\')
        len = backslash_read(t, out);
    else if (t.at[0] == '&')
        len = entity_read(t, out);
    if (len == 0) {
        *out = (unsigned char)t.at[0];
        len = 1;
    }
    *out = ordinary(*out);
    return len;
}

/* The table */

void redactor_init(struct redactor *r)
{
    *r = (struct redactor){.pool = NULL};
}

void redactor_clear(struct redactor *r)
{
    if (r->pool)
        explicit_bzero(r->pool, r->cap);
    free(r->pool);
    free(r->table);
    redactor_init(r);
}

/* Eight units as one number, the first one lowest: the next unit comes in at the top. */
static uint64_t anchor_next(uint64_t anchor, unsigned char unit)
{
    return anchor >> 8 | (uint64_t)unit << 56;
}

static uint64_t anchor_of(const char *at)
{
    uint64_t anchor;
    memcpy(&anchor, at, sizeof anchor);
    return le64toh(anchor);
}

static uint32_t slot_of(const struct redactor *r, uint64_t anchor)
{
    return (uint32_t)((anchor * HASH_TIMES) >> 32) & (r->slots - 1);
}

static uint32_t triple_bit(const struct redactor *r, unsigned char a, unsigned char b,
                           unsigned char c)
{
    uint32_t triple = a | (uint32_t)b << 8 | (uint32_t)c << 16;
    return (uint32_t)((triple * HASH_TIMES) >> 32) & (r->slots * BITS_PER_SLOT - 1);
}

static bool triple_is_known(const struct redactor *r, const char *at)
{
    const unsigned char *t = (const unsigned char *)at;
    uint32_t bit = triple_bit(r, t[0], t[1], t[2]);
    return r->triples[bit / 8] >> bit % 8 & 1;
}

/* Of the two spellings of a digit of base64 the other one; else the character. */
static unsigned char respelt(unsigned char c)
{
    return c == '+' ? '-' : c == '/' ? '_' : c;
}

/* In every spelling that unit_read takes for these three. */
static void triple_put(struct redactor *r, const char *at)
{
    const unsigned char *t = (const unsigned char *)at;
    unsigned two = 0; /* which have a second spelling */
    for (unsigned i = 0; i < TRIPLE; i++)
        two |= (unsigned)(respelt(t[i]) != t[i]) << i;
    for (unsigned other = two;; other = (other - 1) & two) {
        uint32_t bit =
            triple_bit(r, other & 1 ? respelt(t[0]) : t[0], other & 2 ? respelt(t[1]) : t[1],
                       other & 4 ? respelt(t[2]) : t[2]);
        r->triples[bit / 8] |= (unsigned char)(1u << bit % 8);
        if (other == 0)
            return;
    }
}

static void slot_put(struct redactor *r, uint32_t place)
{
    const char *anchor = r->pool + (size_t)place * ANCHOR;
    uint32_t i = slot_of(r, anchor_of(anchor));
    while (r->table[i])
        i = (i + 1) & (r->slots - 1);
    r->table[i] = place + 1;
    r->used++;
    for (unsigned at = 0; at + TRIPLE <= ANCHOR; at++)
        triple_put(r, anchor + at);
}

/* At most a quarter full: most look-ups end at a free slot. */
static bool table_grow(struct redactor *r, uint32_t more)
{
    uint32_t slots = r->slots ? r->slots : SLOTS_MIN;
    while (slots / 4 < r->used + more)
        slots *= 2;
    if (slots == r->slots)
        return true;
    uint32_t *old = r->table, old_slots = r->slots;
    uint32_t *table = calloc(slots, sizeof *table + BITS_PER_SLOT / 8);
    if (!table)
        return false;
    r->table = table;
    r->triples = (unsigned char *)(table + slots);
    r->slots = slots;
    r->used = 0;
    for (uint32_t i = 0; i < old_slots; i++)
        if (old[i])
            slot_put(r, old[i] - 1);
    free(old);
    return true;
}

/* realloc would leave an unwiped copy behind. */
static bool pool_grow(struct redactor *r, size_t more)
{
    size_t cap = r->cap ? r->cap : 1024;
    while (cap < r->len + more)
        cap *= 2;
    if (cap == r->cap)
        return true;
    char *pool = calloc(1, cap);
    if (!pool)
        return false;
    if (r->pool) {
        memcpy(pool, r->pool, r->len);
        explicit_bzero(r->pool, r->cap);
        free(r->pool);
    }
    r->pool = pool;
    r->cap = cap;
    return true;
}

static size_t room_of(size_t len)
{
    return (len + ANCHOR) / ANCHOR * ANCHOR;
}

/* Room was made. The word is in the pool at r->len. */
static void word_keep(struct redactor *r, size_t len)
{
    if (len < REDACT_MIN) {
        memset(r->pool + r->len, 0, len);
        return;
    }
    for (size_t at = 0; at + ANCHOR <= len; at += ANCHOR)
        slot_put(r, (uint32_t)((r->len + at) / ANCHOR));
    r->len += room_of(len);
}

/* The base64 characters made from the secret alone, with `before` bytes in front: each character
 * holds six bits, from the first one wholly of the secret to the last. */
static void word_base64(struct redactor *r, struct text secret, size_t before)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    size_t first = (before * 8 + 5) / 6, end = (before + secret.len) * 8 / 6, len = 0;
    for (size_t i = first; i < end; i++) {
        unsigned value = 0;
        for (size_t bit = i * 6 - before * 8; bit < (i + 1) * 6 - before * 8; bit++)
            value =
                value << 1 | (((unsigned)(unsigned char)secret.at[bit / 8] >> (7 - bit % 8)) & 1u);
        r->pool[r->len + len++] = digits[value];
    }
    word_keep(r, len);
}

bool redactor_add(struct redactor *r, struct text secret)
{
    size_t each = room_of((secret.len + 3) * 8 / 6);
    if (secret.len < REDACT_MIN)
        return true;
    if (secret.len > UINT32_MAX / 64 || r->len > UINT32_MAX - 4 * each || !pool_grow(r, 4 * each) ||
        !table_grow(r, (uint32_t)(4 * each / ANCHOR)))
        return false;
    size_t len = 0;
    unsigned char unit;
    for (size_t at = 0; at < secret.len; at += unit_read(text_from(secret, at), &unit)) {
        unit_read(text_from(secret, at), &unit);
        r->pool[r->len + len++] = (char)unit;
    }
    word_keep(r, len);
    for (size_t before = 0; before < 3; before++)
        word_base64(r, secret, before);
    return true;
}

/* Matching */

struct seen {
    unsigned char unit;
    size_t at; /* where the unit begins */
};

#define SEEN (2 * ANCHOR) /* the anchor and the units before the anchor in a piece */

struct scan {
    const struct redactor *r;
    struct text t;
    size_t next; /* the first unread byte */
    struct seen seen[SEEN];
    size_t count;    /* units read since the last match */
    uint64_t anchor; /* the last eight of them */
};

struct match {
    size_t start, end; /* in the text */
    size_t units;
};

static const struct seen *back(const struct scan *s, size_t units)
{
    return &s->seen[(s->count - units) % SEEN];
}

/* The anchor just read stands at `place` of the pool: how far does the text go on like the secret?
 */
static struct match match_at(const struct scan *s, size_t place)
{
    const char *pool = s->r->pool;
    size_t before = 0, after = 0, end = s->next, len;
    unsigned char unit;
    while (before < ANCHOR && ANCHOR + before < s->count && place > before &&
           pool[place - before - 1] &&
           (unsigned char)pool[place - before - 1] == back(s, ANCHOR + before + 1)->unit)
        before++;
    while (end < s->t.len && pool[place + ANCHOR + after]) {
        len = unit_read(text_from(s->t, end), &unit);
        if (unit != (unsigned char)pool[place + ANCHOR + after])
            break;
        end += len;
        after++;
    }
    bool is_whole = (place == before || !pool[place - before - 1]) && !pool[place + ANCHOR + after];
    size_t units = before + ANCHOR + after;
    return (struct match){back(s, ANCHOR + before)->at, end,
                          is_whole || units >= REDACT_PIECE ? units : 0};
}

static struct match match_now(const struct scan *s)
{
    struct match best = {.units = 0};
    for (uint32_t i = slot_of(s->r, s->anchor); s->r->table[i]; i = (i + 1) & (s->r->slots - 1)) {
        size_t place = (size_t)(s->r->table[i] - 1) * ANCHOR;
        if (anchor_of(s->r->pool + place) != s->anchor)
            continue;
        struct match m = match_at(s, place);
        if (m.units > best.units)
            best = m;
    }
    return best;
}

/* Reads on to where the last eight units hash to a taken slot. False: the text is over. Every byte
 * of every answer passes here, so the state is in local variables, which no store can touch. */
static bool scan_on(struct scan *s)
{
    const struct text t = s->t;
    size_t next = s->next, count = s->count;
    uint64_t anchor = s->anchor;
    bool found = false;
    while (next < t.len && !found) {
        struct seen *now = &s->seen[count++ % SEEN];
        now->at = next;
        unsigned char unit;
        if (may_escape(t.at[next]))
            next += unit_read(text_from(t, next), &unit);
        else
            unit = ordinary((unsigned char)t.at[next++]);
        now->unit = unit;
        anchor = anchor_next(anchor, unit);
        found = count >= ANCHOR && s->r->table[slot_of(s->r, anchor)];
    }
    s->next = next;
    s->count = count;
    s->anchor = anchor;
    return found;
}

static bool has_escape(struct text t)
{
    return memchr(t.at, '&', t.len) || memchr(t.at, '%', t.len) || memchr(t.at, '\\', t.len);
}

static uint64_t anchor_of_text(const char *at)
{
    uint64_t anchor = 0;
    for (unsigned i = 0; i < ANCHOR; i++)
        anchor = anchor_next(anchor, ordinary((unsigned char)at[i]));
    return anchor;
}

static bool anchor_is_known(const struct redactor *r, uint64_t anchor)
{
    for (uint32_t i = slot_of(r, anchor); r->table[i]; i = (i + 1) & (r->slots - 1))
        if (anchor_of(r->pool + (size_t)(r->table[i] - 1) * ANCHOR) == anchor)
            return true;
    return false;
}

/* Whether a match is possible at all: false is sure, true is to be looked into. */
static bool may_match(const struct redactor *r, struct text t)
{
    if (!r->slots || t.len < ANCHOR)
        return false;
    if (has_escape(t))
        return true;
    for (size_t at = 0; at + ANCHOR <= t.len;) {
        if (!triple_is_known(r, t.at + at + ANCHOR - TRIPLE))
            at += STRIDE;
        else if (anchor_is_known(r, anchor_of_text(t.at + at)))
            return true;
        else
            at++;
    }
    return false;
}

static bool match_next(struct scan *s, struct match *out)
{
    while (scan_on(s)) {
        *out = match_now(s);
        if (out->units) {
            s->next = out->end;
            s->count = 0;
            return true;
        }
    }
    return false;
}

bool redactor_finds(const struct redactor *r, struct text t)
{
    struct scan s = {.r = r, .t = t};
    struct match m;
    return may_match(r, t) && match_next(&s, &m);
}

/* Writing never overtakes reading: a match is at least as long as its mark. */
size_t redact(const struct redactor *r, char *at, size_t len)
{
    struct scan s = {.r = r, .t = {at, len}};
    struct match m;
    size_t kept = 0, out = 0;
    if (!may_match(r, s.t))
        return len;
    while (match_next(&s, &m)) {
        memmove(at + out, at + kept, m.start - kept);
        out += m.start - kept;
        memcpy(at + out, REDACT_MARK, sizeof REDACT_MARK - 1);
        out += sizeof REDACT_MARK - 1;
        kept = m.end;
    }
    if (kept == 0)
        return len;
    memmove(at + out, at + kept, len - kept);
    return out + len - kept;
}
