/* Names, types and values as providers write them, and the changes that a refusal is about. */
#include "providers_internal.h"

#include "base/bounds.h"
#include "base/count.h"
#include "base/escape.h"
#include "dns/message.h"

/* IANA, "Domain Name System (DNS) Parameters": what providers let their users create. */
static const struct {
    const char *name;
    uint16_t type;
} types[] = {
    {"A", DNS_TYPE_A},
    {"NS", DNS_TYPE_NS},
    {"CNAME", DNS_TYPE_CNAME},
    {"SOA", DNS_TYPE_SOA},
    {"PTR", DNS_TYPE_PTR},
    {"MX", DNS_TYPE_MX},
    {"TXT", DNS_TYPE_TXT},
    {"AAAA", DNS_TYPE_AAAA},
    {"DNAME", DNS_TYPE_DNAME},
    {"DS", DNS_TYPE_DS},
    {"LOC", 29},
    {"SRV", 33},
    {"NAPTR", 35},
    {"CERT", 37},
    {"SSHFP", 44},
    {"DNSKEY", 48},
    {"TLSA", 52},
    {"SMIMEA", 53},
    {"OPENPGPKEY", 61},
    {"SVCB", 64},
    {"HTTPS", 65},
    {"SPF", 99},
    {"URI", 256},
    {"CAA", 257},
};

uint16_t record_type_of(struct text name)
{
    for (size_t i = 0; i < COUNT(types); i++)
        if (text_eq(name, text_of(types[i].name)))
            return types[i].type;
    return 0;
}

const char *record_type_name(uint16_t type)
{
    for (size_t i = 0; i < COUNT(types); i++)
        if (type == types[i].type)
            return types[i].name;
    return NULL;
}

/* "\052": a printable character that is neither a dot nor a backslash. */
static bool is_escape(struct text t, char *out)
{
    unsigned octet = 0;
    if (t.len < 4 || t.at[0] != '\\')
        return false;
    for (size_t i = 1; i < 4; i++) {
        if (t.at[i] < '0' || t.at[i] > '7')
            return false;
        octet = octet * 8 + (unsigned)(t.at[i] - '0');
    }
    *out = (char)octet;
    return octet > ' ' && octet <= '~' && octet != '.' && octet != '\\';
}

struct text record_name_read(struct arena *arena, struct text written)
{
    bool is_dotted = written.len > 1 && written.at[written.len - 1] == '.';
    struct text from = text_slice(written, 0, written.len - is_dotted);
    char *to = arena_take_packed(arena, from.len + 1);
    size_t len = 0;
    if (!to)
        return TEXT_NONE;
    while (from.len) {
        char c = from.at[0];
        from = text_from(from, is_escape(from, &c) ? 4 : 1);
        to[len++] = char_lower(c);
    }
    to[len] = '\0';
    return (struct text){to, len};
}

/* "10 feedback-smtp.us-east-1.amazonses.com." */
bool record_mx_read(struct arena *arena, struct text written, struct record_value *v)
{
    struct text host = written, number = text_cut(&host, ' ');
    uint64_t preference;
    host = text_trim(host);
    if (host.len == 0 || text_find(host, ' ') < host.len || !text_to_u64(number, &preference) ||
        preference > UINT16_MAX) {
        v->data = arena_text(arena, written);
        return false;
    }
    v->preference = (uint16_t)preference;
    v->data = text_eq(host, TEXT(".")) ? TEXT("") : record_name_read(arena, host);
    return v->data.at != NULL;
}

bool record_txt_read(struct arena *arena, struct text written, enum quoted_digits digits,
                     struct record_value *v)
{
    struct buf raw;
    buf_init(&raw, HTTP_BODY_MAX);
    bool good = quoted_read(&raw, written, digits);
    struct text t = good ? buf_text(&raw) : written;
    v->data = raw.failed ? TEXT_NONE : arena_text(arena, t.len ? t : TEXT(""));
    buf_clear(&raw);
    return good && v->data.at;
}

void *list_room(struct arena *arena, void *list, size_t size, uint32_t len, uint32_t *cap)
{
    return len < *cap ? list : arena_grow(arena, list, size, len, cap);
}

static enum err set_vet(const struct record_set *set, struct why *why)
{
    if (set->is_special)
        return why_set(why, ERR_INPUT,
                       TEXT_FMT " %s is an alias, or has rules of its own, and is never touched",
                       TEXT_ARG(set->name),
                       record_type_name(set->type) ? record_type_name(set->type) : "");
    if (set->name.len == 0 || set->len == 0 || !record_type_name(set->type))
        return why_set(why, ERR_INPUT, "the record set of " TEXT_FMT " has no %s",
                       TEXT_ARG(set->name), set->len ? "known type" : "values");
    return OK;
}

enum err change_vet(const struct record_change *change, struct why *why)
{
    enum err err = set_vet(&change->set, why);
    if (err || change->kind != CHANGE_SWAP)
        return err;
    if (!dname_eq(change->set.name, change->old.name) || change->set.type != change->old.type)
        return why_set(why, ERR_INPUT, "a set takes the place of one of another name or type");
    return set_vet(&change->old, why);
}

enum err id_add(struct buf *path, struct text id, struct why *why)
{
    if (id.len == 0 || text_eq(id, TEXT(".")) || text_eq(id, TEXT("..")))
        return why_set(why, ERR_INPUT, "\"" TEXT_FMT "\" is not the ID of a zone", TEXT_ARG(id));
    buf_add_char(path, '/');
    escape_percent(path, id);
    return OK;
}

void provider_answer_drop(struct call *c)
{
    c->zones = NULL;
    c->zones_len = 0;
    c->sets = NULL;
    c->sets_len = 0;
    c->next_token = TEXT_NONE;
}

/* Faults */

static bool is_word(char c)
{
    return char_is_alnum(c) || c == '-' || c == '_' || c == '.' || c == '\\' || c == '*';
}

/* The next run of characters of a name; empty: no more. */
static struct text take_word(struct text *words)
{
    size_t start = 0, end;
    while (start < words->len && !is_word(words->at[start]))
        start++;
    for (end = start; end < words->len && is_word(words->at[end]);)
        end++;
    struct text word = text_slice(*words, start, end);
    *words = text_from(*words, end);
    return word;
}

#define NAMES_SAID_MAX 8 /* names in one sentence: the set's and its zone's as a rule */

struct said {
    struct text words;
    struct text names[NAMES_SAID_MAX];
    uint32_t names_len;
};

/* Names in our form, so that a thousand changes are compared in no time. */
static void said_read(struct said *s, struct arena *arena, struct text words)
{
    s->words = words;
    s->names_len = 0;
    for (struct text word; s->names_len < NAMES_SAID_MAX && (word = take_word(&words)).len;)
        if (text_find(word, '.') + 1 < word.len)
            s->names[s->names_len++] = record_name_read(arena, word);
}

static bool said_name(const struct said *s, struct text name)
{
    for (uint32_t i = 0; i < s->names_len; i++)
        if (text_eq(s->names[i], name))
            return true;
    return false;
}

static bool said_type(const struct said *s, uint16_t type)
{
    struct text words = s->words;
    for (struct text word; (word = take_word(&words)).len;)
        if (text_eq(word, text_of(record_type_name(type))))
            return true;
    return false;
}

static bool fault_put(struct call *c, uint32_t change, struct text words)
{
    if (c->faults_len == PROVIDER_FAULTS_MAX)
        return false;
    if (!c->faults)
        c->faults = ARENA_ARRAY(&c->arena, struct change_fault, PROVIDER_FAULTS_MAX);
    if (c->faults)
        c->faults[c->faults_len++] = (struct change_fault){change, words};
    return c->faults != NULL;
}

bool faults_add(struct call *c, uint32_t change, struct text words)
{
    struct said said;
    bool has_type = false, is_put = change != UINT32_MAX;
    words = arena_text(&c->arena, words);
    if (!words.at)
        return false;
    if (is_put)
        return fault_put(c, change, words);
    said_read(&said, &c->arena, words);
    for (uint32_t i = 0; i < c->changes_len && !has_type; i++)
        has_type =
            said_name(&said, c->changes[i].set.name) && said_type(&said, c->changes[i].set.type);
    for (uint32_t i = 0; i < c->changes_len; i++)
        if (said_name(&said, c->changes[i].set.name) &&
            (!has_type || said_type(&said, c->changes[i].set.type))) {
            is_put = true;
            if (!fault_put(c, i, words))
                return false;
        }
    return is_put || fault_put(c, UINT32_MAX, words);
}
