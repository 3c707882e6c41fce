/*
 * Dynamic updates (RFC 2136) with TSIG (RFC 8945), by ldns. Every prerequisite, record and name is
 * written and read by the library.
 *
 * Codes are made by engine/crypto and not by the library's ldns_pkt_tsig_sign() and _verify(): up
 * to 1.9.2 these read the clock themselves, know no hmac-sha384 ("hmac-shac384" in its table), take
 * the algorithm from the answer, and check neither time nor place of the TSIG record. What goes
 * into a code is still written by ldns.
 */
#include "providers.h"

#include "base/bounds.h"
#include "base/count.h"
#include "base/plural.h"
#include "crypto/sha256.h"

#include <assert.h>
#include <ldns/ldns.h>
#include <stdio.h>
#include <string.h>

#define FUDGE_S    300 /* RFC 8945, section 10 */
#define STRING_MAX 255 /* octets of one string of a TXT record */

/* Members of a TSIG record (RFC 8945, section 4.2), in their order. */
enum tsig_member {
    TSIG_ALGORITHM,
    TSIG_TIME,
    TSIG_FUDGE,
    TSIG_MAC,
    TSIG_ID,
    TSIG_ERROR,
    TSIG_OTHER
};
#define TSIG_MEMBERS 7

enum tsig_error { TSIG_BADSIG = 16, TSIG_BADKEY = 17, TSIG_BADTIME = 18 }; /* RFC 8945, section 3 */

/* ---- the message ---- */

static ldns_rdf *name_new(struct text name)
{
    char copy[NAME_LEN_MAX + 1];
    if (name.len >= sizeof copy || text_find(name, '\0') < name.len)
        return NULL;
    memcpy(copy, name.len ? name.at : ".", name.len ? name.len : 1);
    copy[name.len ? name.len : 1] = '\0';
    return ldns_dname_new_frm_str(copy);
}

static bool rr_add(ldns_rr *rr, ldns_rdf *rdf)
{
    if (rdf && ldns_rr_push_rdf(rr, rdf))
        return true;
    ldns_rdf_deep_free(rdf);
    return false;
}

/* One string after the other; cuts as in dns_record.txt_cuts. False: cuts do not fit the data, or
 * no memory. */
static bool strings_add(ldns_rr *rr, struct text data, struct text cuts)
{
    uint8_t string[1 + STRING_MAX];
    size_t i = 0;
    do {
        size_t len = i < cuts.len            ? (uint8_t)cuts.at[i]
                     : data.len < STRING_MAX ? data.len
                                             : STRING_MAX;
        if (len > data.len || (cuts.len && i == cuts.len))
            return false;
        string[0] = (uint8_t)len;
        memcpy(string + 1, len ? data.at : "", len);
        if (!rr_add(rr, ldns_rdf_new_frm_data(LDNS_RDF_TYPE_STR, len + 1, string)))
            return false;
        data = text_from(data, len);
    } while (++i < cuts.len || data.len);
    return true;
}

/* A section in the making; the first error stays. */
struct update_section {
    ldns_rr_list *list;
    enum err err;
    struct why *why;
};

/* value NULL: a record without data, which speaks of the whole set. */
static void section_add(struct update_section *s, struct text owner, unsigned type,
                        ldns_rr_class class, uint32_t ttl_s, const struct record_value *value)
{
    if (s->err != OK)
        return;
    ldns_rr *rr = ldns_rr_new();
    ldns_rdf *name = name_new(owner);
    bool fits = rr && name;
    if (!fits)
        ldns_rdf_deep_free(name);
    if (rr && name) {
        ldns_rr_set_owner(rr, name);
        ldns_rr_set_type(rr, (ldns_rr_type)type);
        ldns_rr_set_class(rr, class);
        ldns_rr_set_ttl(rr, ttl_s);
        if (value && type == DNS_TYPE_MX)
            fits = rr_add(rr, ldns_native2rdf_int16(LDNS_RDF_TYPE_INT16, value->preference)) &&
                   rr_add(rr, name_new(value->data));
        else if (value)
            fits = strings_add(rr, value->data, value->cuts);
    }
    if (fits && ldns_rr_list_push_rr(s->list, rr))
        return;
    ldns_rr_free(rr);
    s->err =
        why_set(s->why, ERR_INPUT, TEXT_FMT ": the %s record cannot be written as a DNS record",
                TEXT_ARG(owner), dns_type_name(type));
}

static void section_add_all(struct update_section *s, const struct record_set *set,
                            ldns_rr_class class, uint32_t ttl_s)
{
    for (uint32_t i = 0; i < set->len; i++)
        section_add(s, set->name, set->type, class, ttl_s, &set->values[i]);
}

/* What must hold (RFC 2136, section 2.4) and what is to be done (section 2.5). A server ignores in
 * silence what it cannot do, such as an MX at a CNAME, so whatever matters is a prerequisite. A TTL
 * is never compared. */
static void change_add(struct update_section *must, struct update_section *todo,
                       const struct record_change *ch)
{
    const struct record_set *set = &ch->set;
    const struct record_set *old = ch->kind == CHANGE_SWAP ? &ch->old : set;
    if (ch->kind == CHANGE_CREATE) {
        section_add(must, set->name, DNS_TYPE_CNAME, LDNS_RR_CLASS_NONE, 0, NULL);
        section_add(must, set->name, set->type, LDNS_RR_CLASS_NONE, 0, NULL);
    } else {
        section_add_all(must, old, LDNS_RR_CLASS_IN, 0);
        section_add_all(todo, old, LDNS_RR_CLASS_NONE, 0);
    }
    if (ch->kind != CHANGE_DELETE)
        section_add_all(todo, set, LDNS_RR_CLASS_IN, set->ttl_s);
}

/* A set that is named twice would be created twice: prerequisites are all held against the zone as
 * it was before. */
static enum err changes_check(const struct call *c, struct why *why)
{
    uint32_t names = 0;
    for (uint32_t i = 0; i < c->changes_len; i++) {
        const struct record_set *a = &c->changes[i].set, *old = &c->changes[i].old;
        bool is_new = true, swaps = c->changes[i].kind == CHANGE_SWAP;
        if ((a->type != DNS_TYPE_MX && a->type != DNS_TYPE_TXT) || a->len == 0 || a->is_special ||
            (swaps && (old->len == 0 || old->type != a->type || !dname_eq(old->name, a->name))))
            return why_set(why, ERR_INPUT, TEXT_FMT ": no change of a set of MX or TXT records",
                           TEXT_ARG(a->name));
        for (uint32_t j = 0; j < i; j++) {
            const struct record_set *b = &c->changes[j].set;
            if (!dname_eq(a->name, b->name))
                continue;
            is_new = false;
            if (a->type == b->type)
                return why_set(why, ERR_INPUT, TEXT_FMT ": two changes of the %s set in one update",
                               TEXT_ARG(a->name), dns_type_name(a->type));
        }
        names += is_new;
    }
    if (names == 0 || names > UPDATE_NAMES_MAX)
        return why_set(why, ERR_LIMIT, "an update of %u %s, expected 1 to %d", (unsigned)names,
                       plural(names, "name", "names"), UPDATE_NAMES_MAX);
    return OK;
}

static enum err update_make(ldns_pkt **out, const struct call *c, struct why *why)
{
    struct update_section must = {ldns_rr_list_new(), OK, why},
                          todo = {ldns_rr_list_new(), OK, why};
    enum err err = changes_check(c, why);
    if (err == OK && (!must.list || !todo.list))
        err = why_set(why, ERR_NOMEM, "out of memory");
    for (uint32_t i = 0; err == OK && i < c->changes_len; i++) {
        change_add(&must, &todo, &c->changes[i]);
        err = must.err != OK ? must.err : todo.err;
    }
    if (err == OK) {
        ldns_rdf *zone = name_new(c->zone);
        *out =
            zone ? ldns_update_pkt_new(zone, LDNS_RR_CLASS_IN, must.list, todo.list, NULL) : NULL;
        if (*out)
            ldns_pkt_set_rd(*out, false);
        else
            err =
                why_set(why, ERR_INPUT, "\"" TEXT_FMT "\" is no name of a zone", TEXT_ARG(c->zone));
    }
    ldns_rr_list_deep_free(must.list);
    ldns_rr_list_deep_free(todo.list);
    return err;
}

/* Not signed: some servers refuse signed questions. */
static enum err question_make(ldns_pkt **out, const struct call *c, struct why *why)
{
    ldns_rdf *zone = name_new(c->zone);
    *out = zone ? ldns_pkt_query_new(zone, LDNS_RR_TYPE_SOA, LDNS_RR_CLASS_IN, 0) : NULL;
    return *out ? OK
                : why_set(why, ERR_INPUT, "\"" TEXT_FMT "\" is no name of a zone",
                          TEXT_ARG(c->zone));
}

/* ---- TSIG ---- */

static unsigned key_bits(const struct tsig_key *key)
{
    static const unsigned known[] = {256, 384, 512};
    char name[sizeof key->algorithm];
    for (size_t i = 0; i < COUNT(known); i++) {
        snprintf(name, sizeof name, "hmac-sha%u", known[i]);
        if (strcmp(name, key->algorithm) == 0)
            return known[i];
    }
    return 0;
}

/* In lower case (RFC 8945, section 4.3.3). */
static void name_write(ldns_buffer *b, const ldns_rdf *name)
{
    ldns_rdf2buffer_wire_canonical(b, name);
}

/* The code over a message that ends before its TSIG record (RFC 8945, section 4.3). request: whose
 * answer it is, or NULL. False: no memory. */
static bool mac_make(uint8_t mac[SHA2_BYTES_MAX], const struct tsig_key *key,
                     const struct update_sent *request, const uint8_t *message, size_t len,
                     const ldns_rr *tsig)
{
    static const enum tsig_member after[] = {TSIG_TIME, TSIG_FUDGE, TSIG_ERROR, TSIG_OTHER};
    ldns_buffer *b = ldns_buffer_new(len + LDNS_MIN_BUFLEN);
    if (!b)
        return false;
    if (request && ldns_buffer_reserve(b, request->mac_len + 2)) {
        ldns_buffer_write_u16(b, (uint16_t)request->mac_len);
        ldns_buffer_write(b, request->mac, request->mac_len);
    }
    if (ldns_buffer_reserve(b, len))
        ldns_buffer_write(b, message, len);
    name_write(b, ldns_rr_owner(tsig));
    if (ldns_buffer_reserve(b, 6)) {
        ldns_buffer_write_u16(b, LDNS_RR_CLASS_ANY);
        ldns_buffer_write_u32(b, 0);
    }
    name_write(b, ldns_rr_rdf(tsig, TSIG_ALGORITHM));
    for (size_t i = 0; i < COUNT(after); i++)
        ldns_rdf2buffer_wire(b, ldns_rr_rdf(tsig, after[i]));
    struct text all = {(const char *)ldns_buffer_begin(b), ldns_buffer_position(b)};
    bool ok = ldns_buffer_status(b) == LDNS_STATUS_OK &&
              sha2_hmac(key_bits(key), key->secret, key->secret_len, all, mac);
    ldns_buffer_free(b);
    return ok;
}

static ldns_rr *tsig_new(const struct tsig_key *key, uint16_t id, instant_us now)
{
    uint8_t at[6];
    ldns_rr *rr = ldns_rr_new();
    ldns_rdf *name = rr ? name_new(text_of(key->name)) : NULL;
    if (name) {
        ldns_rr_set_owner(rr, name);
        ldns_rr_set_type(rr, LDNS_RR_TYPE_TSIG);
        ldns_rr_set_class(rr, LDNS_RR_CLASS_ANY);
        ldns_rr_set_ttl(rr, 0);
        ldns_write_uint64_as_uint48(at, (uint64_t)(now / SPAN_S(1)));
        if (rr_add(rr, name_new(text_of(key->algorithm))) &&
            rr_add(rr, ldns_rdf_new_frm_data(LDNS_RDF_TYPE_TSIGTIME, sizeof at, at)) &&
            rr_add(rr, ldns_native2rdf_int16(LDNS_RDF_TYPE_INT16, FUDGE_S)) &&
            rr_add(rr, ldns_native2rdf_int16_data(0, NULL)) && /* the code, when it is known */
            rr_add(rr, ldns_native2rdf_int16(LDNS_RDF_TYPE_INT16, id)) &&
            rr_add(rr, ldns_native2rdf_int16(LDNS_RDF_TYPE_INT16, 0)) &&
            rr_add(rr, ldns_native2rdf_int16_data(0, NULL)))
            return rr;
    }
    ldns_rr_free(rr);
    return NULL;
}

/* Signs the message as it is, and notes what its answer will be held against. */
static enum err update_sign(ldns_pkt *p, struct update_sent *sent, const struct tsig_key *key,
                            uint16_t id, instant_us now, struct why *why)
{
    uint8_t *message = NULL;
    size_t len = 0;
    ldns_rdf *mac = NULL;
    if (key_bits(key) == 0)
        return why_set(why, ERR_INPUT,
                       "key %s: found the algorithm \"%s\", expected hmac-sha256 or stronger",
                       key->name, key->algorithm);
    ldns_rr *tsig = tsig_new(key, id, now);
    if (tsig && ldns_pkt2wire(&message, p, &len) == LDNS_STATUS_OK &&
        mac_make(sent->mac, key, NULL, message, len, tsig)) {
        sent->mac_len = key_bits(key) / 8;
        mac = ldns_native2rdf_int16_data(sent->mac_len, sent->mac);
    }
    LDNS_FREE(message);
    if (!mac) {
        ldns_rr_free(tsig);
        return why_set(why, ERR_NOMEM, "the update cannot be signed with key %s: out of memory",
                       key->name);
    }
    ldns_rdf_deep_free(ldns_rr_set_rdf(tsig, mac, TSIG_MAC));
    ldns_pkt_set_tsig(p, tsig);
    return OK;
}

enum err update_encode(struct buf *out, struct update_sent *sent, const struct call *c,
                       const struct provider_at *at, uint16_t id, instant_us now, struct why *why)
{
    assert(c->kind == CALL_ZONES || c->kind == CALL_CHANGE);
    ldns_pkt *p = NULL;
    uint8_t *message = NULL;
    size_t len = 0;
    *sent = (struct update_sent){.id = id};
    enum err err = c->kind == CALL_ZONES ? question_make(&p, c, why) : update_make(&p, c, why);
    if (err == OK)
        ldns_pkt_set_id(p, id);
    if (err == OK && c->kind == CALL_CHANGE)
        err = update_sign(p, sent, &at->key, id, now, why);
    if (err == OK && ldns_pkt2wire(&message, p, &len) != LDNS_STATUS_OK)
        err = why_set(why, ERR_NOMEM, "out of memory");
    if (err == OK && len > DNS_MESSAGE_MAX)
        err = why_set(why, ERR_LIMIT, "an update of %zu octets, expected at most %d", len,
                      DNS_MESSAGE_MAX);
    if (err == OK) {
        buf_add(out, message, len);
        if (out->failed)
            err = why_set(why, ERR_NOMEM, "out of memory");
    }
    LDNS_FREE(message);
    ldns_pkt_free(p);
    return err;
}

/* ---- the answer ---- */

struct update_answer {
    const uint8_t *bytes;
    size_t len;
    ldns_rr *question, *soa, *last; /* owned. soa: the first in the answer section */
    size_t last_at;                 /* where the last record of the message begins */
    bool last_is_additional;
};

static void answer_clear(struct update_answer *a)
{
    ldns_rr_free(a->question);
    ldns_rr_free(a->soa);
    ldns_rr_free(a->last);
}

/* False: the bytes are no whole message. */
static bool answer_read(struct update_answer *a, const uint8_t *bytes, size_t len)
{
    static const ldns_pkt_section sections[] = {LDNS_SECTION_QUESTION, LDNS_SECTION_ANSWER,
                                                LDNS_SECTION_AUTHORITY, LDNS_SECTION_ADDITIONAL};
    size_t at = LDNS_HEADER_SIZE;
    *a = (struct update_answer){.bytes = bytes, .len = len};
    if (len < LDNS_HEADER_SIZE || LDNS_QDCOUNT(bytes) > 1)
        return false;
    for (size_t s = 0; s < COUNT(sections); s++) {
        unsigned count = ldns_read_uint16(bytes + LDNS_QDCOUNT_OFF + 2 * s);
        for (unsigned i = 0; i < count; i++) {
            ldns_rr *rr;
            size_t begin = at;
            if (ldns_wire2rr(&rr, bytes, len, &at, sections[s]) != LDNS_STATUS_OK)
                return false;
            if (s == 0) {
                a->question = rr;
                continue;
            }
            if (s == 1 && !a->soa && ldns_rr_get_type(rr) == LDNS_RR_TYPE_SOA)
                a->soa = ldns_rr_clone(rr);
            ldns_rr_free(a->last);
            a->last = rr;
            a->last_at = begin;
            a->last_is_additional = sections[s] == LDNS_SECTION_ADDITIONAL;
        }
    }
    return at == len;
}

/* The TSIG record, which is the last of its message; NULL: there is none. */
static const ldns_rr *answer_tsig(const struct update_answer *a)
{
    bool is_one = a->last && a->last_is_additional &&
                  ldns_rr_get_type(a->last) == LDNS_RR_TYPE_TSIG &&
                  ldns_rr_get_class(a->last) == LDNS_RR_CLASS_ANY && ldns_rr_ttl(a->last) == 0 &&
                  ldns_rr_rd_count(a->last) == TSIG_MEMBERS;
    return is_one ? a->last : NULL;
}

static unsigned tsig_number(const ldns_rr *tsig, enum tsig_member member)
{
    return ldns_rdf2native_int16(ldns_rr_rdf(tsig, member));
}

/* Big-endian, of the library's octets: seconds since 1970. */
static instant_us seconds_read(const uint8_t at[6])
{
    uint64_t s = (uint64_t)ldns_read_uint16(at) << 32 | ldns_read_uint32(at + 2);
    return SPAN_S((int64_t)s);
}

static bool name_is(const ldns_rdf *found, const char *name)
{
    ldns_rdf *expected = name_new(text_of(name));
    bool is = expected && ldns_dname_compare(found, expected) == 0;
    ldns_rdf_deep_free(expected);
    return is;
}

/* NULL: the answer is of the server that has the key, to this very request. Otherwise why not. */
static const char *answer_doubt(const struct update_answer *a, const struct update_sent *sent,
                                const struct tsig_key *key)
{
    const ldns_rr *tsig = answer_tsig(a);
    const ldns_rdf *mac = tsig ? ldns_rr_rdf(tsig, TSIG_MAC) : NULL;
    uint8_t expected[SHA2_BYTES_MAX];
    if (!mac)
        return "is not signed";
    if (!name_is(ldns_rr_owner(tsig), key->name))
        return "is signed with another key";
    if (!name_is(ldns_rr_rdf(tsig, TSIG_ALGORITHM), key->algorithm))
        return "is signed by another algorithm";
    if (ldns_rdf_size(mac) != sent->mac_len + 2)
        return "has a code of another length";
    uint8_t *copy = LDNS_XMALLOC(uint8_t, a->last_at);
    if (!copy)
        return "cannot be verified: out of memory";
    memcpy(copy, a->bytes, a->last_at);
    ldns_write_uint16(copy, (uint16_t)tsig_number(tsig, TSIG_ID));
    ldns_write_uint16(copy + LDNS_ARCOUNT_OFF, (uint16_t)(LDNS_ARCOUNT(copy) - 1));
    bool made = mac_make(expected, key, sent, copy, a->last_at, tsig);
    LDNS_FREE(copy);
    if (!made)
        return "cannot be verified: out of memory";
    return mac_is_equal(ldns_rdf_data(mac) + 2, expected, sent->mac_len) ? NULL
                                                                         : "has a wrong code";
}

static void reply_set(struct call *c, unsigned status, const char *code)
{
    c->reply.how = REPLY_HTTP;
    c->reply.http_status = (uint16_t)status;
    snprintf(c->reply.code, sizeof c->reply.code, "%s", code);
}

static void reply_say(struct call *c, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
static void reply_say(struct call *c, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    vsnprintf(c->reply.message, sizeof c->reply.message, fmt, args);
    va_end(args);
}

static void reply_garbled(struct call *c, const char *what)
{
    c->reply = (struct reply){.how = REPLY_GARBLED};
    reply_say(c, "zone " TEXT_FMT ": the answer of the server %s", TEXT_ARG(c->zone), what);
}

/* A server does not say which of many changes it minds. */
static void fault_add(struct call *c)
{
    c->faults = ARENA_NEW(&c->arena, struct change_fault);
    if (!c->faults)
        return;
    *c->faults = (struct change_fault){.change = c->changes_len == 1 ? 0 : UINT32_MAX,
                                       .words = arena_text(&c->arena, text_of(c->reply.message))};
    c->faults_len = 1;
}

/* What is wrong with the key or the clock, in the server's TSIG record. */
static void refused_by_tsig(struct call *c, const ldns_rr *tsig, const struct tsig_key *key,
                            instant_us now)
{
    const ldns_rdf *other = ldns_rr_rdf(tsig, TSIG_OTHER);
    char here[WHEN_LEN], there[WHEN_LEN];
    switch (tsig_number(tsig, TSIG_ERROR)) {
    case TSIG_BADSIG:
        reply_set(c, 400, "BADSIG");
        reply_say(
            c,
            "the server knows key %s and refuses the signature: it has another secret for the "
            "name, or another algorithm than %s",
            key->name, key->algorithm);
        break;
    case TSIG_BADKEY:
        reply_set(c, 400, "BADKEY");
        reply_say(c,
                  "the server knows no key %s of algorithm %s, or has no rule that lets it change "
                  "these names (Knot DNS tells both alike): add it there, or give the key that the "
                  "server knows",
                  key->name, key->algorithm);
        break;
    case TSIG_BADTIME:
        reply_set(c, 400, "BADTIME");
        snprintf(there, sizeof there, "another time");
        if (ldns_rdf_size(other) == 2 + 6)
            when_format(seconds_read(ldns_rdf_data(other) + 2), there);
        reply_say(
            c,
            "the clocks are too far apart for a signature: it is %s at the server and %s here, "
            "and %d s are allowed; set the clock that is wrong",
            there, when_format(now, here), FUDGE_S);
        break;
    default:
        reply_set(c, 400, "BADTSIG");
        reply_say(c, "the server refuses the signature with key %s (%s), by TSIG error %u",
                  key->name, key->algorithm, tsig_number(tsig, TSIG_ERROR));
    }
}

static const char *refusal(unsigned rcode)
{
    switch (rcode) {
    case LDNS_RCODE_FORMERR: return "the server cannot read the update";
    case LDNS_RCODE_SERVFAIL: return "the server could not carry the update out";
    case LDNS_RCODE_NXDOMAIN: return "a name that has to be there is not there";
    case LDNS_RCODE_NOTIMPL: return "the server takes no updates";
    case LDNS_RCODE_REFUSED:
        return "the server's policy does not let this key change all of these names and types";
    case LDNS_RCODE_YXDOMAIN: return "a name that must not be there is there";
    case LDNS_RCODE_YXRRSET:
        return "a record set that was to be created, or a CNAME in its place, is there already";
    case LDNS_RCODE_NXRRSET:
        return "a record set that was to be removed or replaced is not, or no longer, what it was";
    case LDNS_RCODE_NOTAUTH: return "the server is not the primary of this zone";
    case LDNS_RCODE_NOTZONE: return "a name of the update does not belong to this zone";
    default: return "the server refuses the update";
    }
}

static const char *rcode_name(unsigned rcode, char room[16])
{
    static const char *const names[] = {
        [LDNS_RCODE_FORMERR] = "FORMERR",   [LDNS_RCODE_SERVFAIL] = "SERVFAIL",
        [LDNS_RCODE_NXDOMAIN] = "NXDOMAIN", [LDNS_RCODE_NOTIMPL] = "NOTIMP",
        [LDNS_RCODE_REFUSED] = "REFUSED",   [LDNS_RCODE_YXDOMAIN] = "YXDOMAIN",
        [LDNS_RCODE_YXRRSET] = "YXRRSET",   [LDNS_RCODE_NXRRSET] = "NXRRSET",
        [LDNS_RCODE_NOTAUTH] = "NOTAUTH",   [LDNS_RCODE_NOTZONE] = "NOTZONE"};
    if (rcode < COUNT(names) && names[rcode])
        return names[rcode];
    snprintf(room, 16, "RCODE %u", rcode);
    return room;
}

/* A refusal that nobody has signed: the servers that do not know the key, or the zone, cannot sign.
 * Some tell trouble with the clock likewise. */
static void refused_unsigned(struct call *c, const struct tsig_key *key, unsigned rcode)
{
    char room[16];
    reply_set(c, 400, rcode_name(rcode, room));
    if (rcode == LDNS_RCODE_NOTIMPL)
        reply_say(c, "zone " TEXT_FMT ": %s", TEXT_ARG(c->zone), refusal(rcode));
    else
        reply_say(c,
                  "zone " TEXT_FMT ": the server answers %s without a signature, so it is one of "
                  "three: it does not serve the zone as its primary, it does not know key %s (%s) "
                  "or lets it "
                  "change nothing here, or its clock is more than %d s from this one's",
                  TEXT_ARG(c->zone), rcode_name(rcode, room), key->name, key->algorithm, FUDGE_S);
}

/* By the server that has the key, to this very request. */
static void change_verified(struct call *c, const ldns_rr *tsig, unsigned rcode, instant_us now)
{
    char room[16], words[100], there[WHEN_LEN], here[WHEN_LEN];
    instant_us signed_at = seconds_read(ldns_rdf_data(ldns_rr_rdf(tsig, TSIG_TIME)));
    span_us apart = signed_at > now ? signed_at - now : now - signed_at;
    if (apart > SPAN_S(tsig_number(tsig, TSIG_FUDGE))) {
        snprintf(words, sizeof words, "was signed at %s, and it is %s here",
                 when_format(signed_at, there), when_format(now, here));
        reply_garbled(c, words);
    } else if (rcode == LDNS_RCODE_NOERROR) {
        reply_set(c, 200, "");
    } else {
        bool is_final = rcode != LDNS_RCODE_SERVFAIL;
        reply_set(c, is_final ? 400 : 503, rcode_name(rcode, room));
        reply_say(c, "zone " TEXT_FMT ": %s%s", TEXT_ARG(c->zone), refusal(rcode),
                  is_final ? ", so nothing of the update was done" : "");
        if (is_final)
            fault_add(c);
    }
}

static void change_answered(struct call *c, const struct update_answer *a,
                            const struct update_sent *sent, const struct tsig_key *key,
                            instant_us now)
{
    const ldns_rr *tsig = answer_tsig(a);
    unsigned rcode = LDNS_RCODE_WIRE(a->bytes);
    bool may_be_unsigned = rcode == LDNS_RCODE_NOTAUTH || rcode == LDNS_RCODE_REFUSED ||
                           rcode == LDNS_RCODE_FORMERR || rcode == LDNS_RCODE_NOTIMPL;
    bool is_of_tsig = tsig && rcode == LDNS_RCODE_NOTAUTH && tsig_number(tsig, TSIG_ERROR) != 0;
    bool has_code = tsig && ldns_rdf_size(ldns_rr_rdf(tsig, TSIG_MAC)) > 2;
    /* Who does not know the key cannot sign (RFC 8945, section 5.3.2). */
    bool is_refused = !tsig ? may_be_unsigned : is_of_tsig && !has_code;
    const char *doubt = is_refused ? NULL : answer_doubt(a, sent, key);
    if (doubt)
        reply_garbled(c, doubt);
    else if (is_of_tsig)
        refused_by_tsig(c, tsig, key, now);
    else if (is_refused)
        refused_unsigned(c, key, rcode);
    else
        change_verified(c, tsig, rcode, now);
}

/* The server has the zone when it says so as an authority and the SOA is that of this very name. */
static void zones_answered(struct call *c, const struct update_answer *a)
{
    char room[16];
    unsigned rcode = LDNS_RCODE_WIRE(a->bytes);
    ldns_rdf *zone = name_new(c->zone);
    bool has = zone && rcode == LDNS_RCODE_NOERROR && LDNS_AA_WIRE(a->bytes) && a->soa &&
               ldns_dname_compare(ldns_rr_owner(a->soa), zone) == 0;
    ldns_rdf_deep_free(zone);
    if (rcode == LDNS_RCODE_SERVFAIL || rcode == LDNS_RCODE_FORMERR ||
        rcode == LDNS_RCODE_NOTIMPL) {
        reply_set(c, rcode == LDNS_RCODE_SERVFAIL ? 503 : 400, rcode_name(rcode, room));
        reply_say(c, "zone " TEXT_FMT ": the server answers %s to a question for its SOA",
                  TEXT_ARG(c->zone), rcode_name(rcode, room));
        return;
    }
    reply_set(c, 200, "");
    if (has) {
        c->zones = ARENA_NEW(&c->arena, struct hosted_zone);
        if (!c->zones) {
            reply_garbled(c, "does not fit into memory");
            return;
        }
        *c->zones = (struct hosted_zone){.name = arena_text(&c->arena, c->zone)};
        c->zones_len = 1;
    } else if (rcode != LDNS_RCODE_NOERROR) {
        reply_say(c, "zone " TEXT_FMT ": the server answers %s to a question for its SOA",
                  TEXT_ARG(c->zone), rcode_name(rcode, room));
    } else {
        reply_say(c, "zone " TEXT_FMT ": the server is no authority for it", TEXT_ARG(c->zone));
    }
}

/* NULL: the message answers this request. */
static const char *answer_mismatch(const struct call *c, const struct update_answer *a,
                                   const struct update_sent *sent)
{
    bool asks = c->kind == CALL_ZONES;
    if (LDNS_ID_WIRE(a->bytes) != sent->id || !LDNS_QR_WIRE(a->bytes) ||
        LDNS_OPCODE_WIRE(a->bytes) != (asks ? LDNS_PACKET_QUERY : LDNS_PACKET_UPDATE))
        return "is no answer to it";
    if (LDNS_TC_WIRE(a->bytes))
        return "is cut short";
    if (!a->question) /* of an update it may be left out (RFC 2136, section 3.8) */
        return asks && LDNS_RCODE_WIRE(a->bytes) == LDNS_RCODE_NOERROR ? "repeats no question"
                                                                       : NULL;
    ldns_rdf *zone = name_new(c->zone);
    bool is_ours = zone && ldns_dname_compare(ldns_rr_owner(a->question), zone) == 0 &&
                   ldns_rr_get_type(a->question) == LDNS_RR_TYPE_SOA &&
                   ldns_rr_get_class(a->question) == LDNS_RR_CLASS_IN;
    ldns_rdf_deep_free(zone);
    return is_ours ? NULL : "is about another zone";
}

void update_decode(struct call *c, const struct update_sent *sent, const struct provider_at *at,
                   const uint8_t *bytes, size_t len, instant_us now)
{
    struct update_answer a;
    bool is_whole = answer_read(&a, bytes, len);
    const char *mismatch = is_whole ? answer_mismatch(c, &a, sent) : "is no whole DNS message";
    if (mismatch)
        reply_garbled(c, mismatch);
    else if (c->kind == CALL_ZONES)
        zones_answered(c, &a);
    else
        change_answered(c, &a, sent, &at->key, now);
    answer_clear(&a);
}
