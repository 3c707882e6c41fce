/*
 * Turns the bytes of a DNS answer into names, numbers and texts.
 *
 * Invariant: no byte outside the message is read; the length of the message bounds the work; a name
 * jumps only to a place before all bytes read so far, so no chain of pointers is a loop. The first
 * fault sticks in the reader, every later read gives zero, and the caller checks once at the end. A
 * faulty message is dropped as a whole.
 */
#include "message.h"

#include "base/bounds.h"
#include "base/count.h"

#include <assert.h>
#include <string.h>

#define HEADER_LEN     12
#define RECORD_LEN_MIN 11   /* root name, type, class, TTL, no data */
#define NAME_WIRE_MAX  255u /* RFC 1035, section 2.3.4 */
#define CLASS_IN       1

struct message_reader {
    const unsigned char *bytes;
    size_t at, len;
    size_t end; /* of the part being read: the message, or one record's data */
    struct arena *arena;
    enum err err;
    const char *fault;
};

static void reader_fail(struct message_reader *r, enum err err, const char *fault)
{
    if (r->err == OK) {
        r->err = err;
        r->fault = fault;
    }
    r->at = r->end;
}

static uint8_t read_u8(struct message_reader *r)
{
    if (r->at >= r->end) {
        reader_fail(r, ERR_PROTO, "it is cut short");
        return 0;
    }
    return r->bytes[r->at++];
}

static uint16_t read_u16(struct message_reader *r)
{
    unsigned high = read_u8(r);
    return (uint16_t)(high << 8 | read_u8(r));
}

static uint32_t read_u32(struct message_reader *r)
{
    uint32_t high = read_u16(r);
    return high << 16 | read_u16(r);
}

/* A name under conversion from the wire to presentation form. */
struct name {
    size_t at, end;
    size_t lowest; /* the earliest place read so far; jumps must go before it */
    unsigned jumps, octets;
    size_t len;
    char text[NAME_WIRE_MAX * 4]; /* every octet as \DDD at worst */
};

/* RFC 4343, section 2.1: a dot or backslash inside a label is escaped by a backslash, an
 * unprintable byte by three digits. */
static void name_add_octet(struct name *n, unsigned char octet)
{
    if (octet <= ' ' || octet >= 0x7f) {
        n->text[n->len++] = '\\';
        n->text[n->len++] = (char)('0' + octet / 100);
        n->text[n->len++] = (char)('0' + octet / 10 % 10);
        n->text[n->len++] = (char)('0' + octet % 10);
        return;
    }
    if (octet == '.' || octet == '\\')
        n->text[n->len++] = '\\';
    n->text[n->len++] = char_lower((char)octet);
}

static bool name_add_label(struct message_reader *r, struct name *n, unsigned len)
{
    n->octets += len + 1;
    if (len > n->end - n->at) {
        reader_fail(r, ERR_PROTO, "a name is cut short");
        return false;
    }
    if (n->octets + 1 > NAME_WIRE_MAX) { /* one more for the root */
        reader_fail(r, ERR_PROTO, "a name is longer than 255 octets");
        return false;
    }
    if (n->len)
        n->text[n->len++] = '.';
    for (unsigned i = 0; i < len; i++)
        name_add_octet(n, r->bytes[n->at++]);
    return true;
}

static bool name_jump(struct message_reader *r, struct name *n, unsigned high)
{
    if (n->at >= n->end) {
        reader_fail(r, ERR_PROTO, "a name is cut short");
        return false;
    }
    size_t target = (size_t)(high & 0x3f) << 8 | r->bytes[n->at++];
    if (n->jumps == 0)
        r->at = n->at;
    if (target < HEADER_LEN || target >= n->lowest) {
        reader_fail(r, ERR_PROTO, "a compression pointer does not point back");
        return false;
    }
    if (++n->jumps > DNS_POINTERS_MAX) {
        reader_fail(r, ERR_PROTO, "a name has too many compression pointers");
        return false;
    }
    n->at = n->lowest = target;
    n->end = r->len;
    return true;
}

/* Reads labels and pointers up to the root. On return r->at is behind the name. */
static bool name_read(struct message_reader *r, struct name *n)
{
    for (;;) {
        if (n->at >= n->end) {
            reader_fail(r, ERR_PROTO, "a name is cut short");
            return false;
        }
        unsigned len = r->bytes[n->at++];
        if (len == 0)
            break;
        if ((len & 0xc0) != 0 && (len & 0xc0) != 0xc0) {
            reader_fail(r, ERR_PROTO, "a name has a label of an unknown kind");
            return false;
        }
        bool ok = len & 0xc0 ? name_jump(r, n, len) : name_add_label(r, n, len);
        if (!ok)
            return false;
    }
    if (n->jumps == 0)
        r->at = n->at;
    return true;
}

static struct text read_name(struct message_reader *r)
{
    struct name n;
    n.at = n.lowest = r->at;
    n.end = r->end;
    n.jumps = n.octets = 0;
    n.len = 0;
    if (r->err || !name_read(r, &n))
        return TEXT_NONE;
    char *copy = arena_take_packed(r->arena, n.len + 1);
    if (!copy) {
        reader_fail(r, ERR_NOMEM, "there is no memory for its names");
        return TEXT_NONE;
    }
    memcpy(copy, n.text, n.len);
    copy[n.len] = '\0';
    return (struct text){copy, n.len};
}

/* The lengths of the strings from r->at on, unless they are cut as everybody cuts: after 255
 * octets. */
static struct text read_txt_cuts(struct message_reader *r)
{
    size_t at = r->at, len = 0;
    bool is_usual = true;
    while (at < r->end) {
        size_t part = r->bytes[at], next = at + 1 + part;
        is_usual &= next >= r->end ? part > 0 || len == 0 : part == UINT8_MAX;
        len++;
        at = next;
    }
    if (is_usual)
        return TEXT_NONE;
    char *cuts = arena_take_packed(r->arena, len);
    if (!cuts) {
        reader_fail(r, ERR_NOMEM, "there is no memory for its texts");
        return TEXT_NONE;
    }
    at = r->at;
    for (size_t i = 0; i < len; i++, at += 1 + (size_t)r->bytes[at])
        cuts[i] = (char)r->bytes[at];
    return (struct text){cuts, len};
}

/* Is the text one of SPF or DMARC, or meant as one? Others are not needed: of a crowded name they
 * are left out, and a long one is cut. */
static bool is_policy(struct text txt)
{
    static const struct text words[] = {TEXT("spf"), TEXT("dmarc"), TEXT("amazonses")};
    for (size_t i = 0; i < txt.len; i++)
        for (size_t w = 0; w < COUNT(words); w++)
            if (text_eq_nocase(text_slice(txt, i, i + words[w].len), words[w]))
                return true;
    return false;
}

/* The strings of one TXT record with nothing between them (RFC 7208, section 3.3). */
static struct text read_txt(struct message_reader *r)
{
    size_t room = r->end - r->at; /* each string has one byte less than on the wire */
    if (room == 0) {
        reader_fail(r, ERR_PROTO, "a TXT record is empty");
        return TEXT_NONE;
    }
    char *joined = arena_take_packed(r->arena, room);
    if (!joined) {
        reader_fail(r, ERR_NOMEM, "there is no memory for its texts");
        return TEXT_NONE;
    }
    size_t len = 0;
    while (r->at < r->end) {
        size_t part = read_u8(r);
        if (part > r->end - r->at) {
            reader_fail(r, ERR_PROTO, "a TXT string is cut short");
            return TEXT_NONE;
        }
        memcpy(joined + len, r->bytes + r->at, part);
        r->at += part;
        len += part;
    }
    joined[len] = '\0'; /* there is room: at least one length octet was left out */
    struct text txt = {joined, len};
    return len > DNS_TXT_LEN_MAX && !is_policy(txt) ? text_slice(txt, 0, DNS_TXT_LEN_MAX) : txt;
}

static void read_address(struct message_reader *r, struct dns_record *record, size_t len)
{
    if (r->end - r->at != len) {
        reader_fail(r, ERR_PROTO, "an address has the wrong length");
        return;
    }
    memcpy(record->address, r->bytes + r->at, len);
    r->at += len;
}

static void read_soa(struct message_reader *r, struct dns_record *record)
{
    record->name = read_name(r);
    record->mailbox = read_name(r);
    for (unsigned number = 0; number < 4; number++) /* serial, refresh, retry, expire */
        read_u32(r);
    record->soa_minimum_s = read_u32(r);
}

/* Adds the record to the message, except OPT and classes other than IN. */
static void read_record(struct message_reader *r, struct dns_message *m, enum dns_section section)
{
    struct dns_record record = {.section = (uint8_t)section};
    record.owner = read_name(r);
    record.type = read_u16(r);
    unsigned class = read_u16(r);
    uint32_t ttl = read_u32(r);
    record.ttl_s = ttl & 0x80000000u ? 0 : ttl;
    size_t data_len = read_u16(r);
    if (r->err)
        return;
    if (data_len > r->len - r->at) {
        reader_fail(r, ERR_PROTO, "a record is cut short");
        return;
    }
    if (record.type == DNS_TYPE_OPT || class != CLASS_IN) {
        /* RFC 6891, section 6.1.3: the upper eight bits of the response code. Without them a
         * refusal (BADVERS) would read as "no error, no records". */
        if (record.type == DNS_TYPE_OPT && ttl >> 24)
            m->rcode = (uint8_t)(ttl >> 24 > 15 ? 255 : ttl >> 24 << 4 | m->rcode);
        r->at += data_len;
        return;
    }
    r->end = r->at + data_len;
    switch (record.type) {
    case DNS_TYPE_A: read_address(r, &record, 4); break;
    case DNS_TYPE_AAAA: read_address(r, &record, 16); break;
    case DNS_TYPE_MX:
        record.preference = read_u16(r);
        record.name = read_name(r);
        break;
    case DNS_TYPE_NS:
    case DNS_TYPE_CNAME:
    case DNS_TYPE_DNAME:
    case DNS_TYPE_PTR: record.name = read_name(r); break;
    case DNS_TYPE_SOA: read_soa(r, &record); break;
    case DNS_TYPE_TXT:
        record.txt_cuts = read_txt_cuts(r);
        record.txt = read_txt(r);
        break;
    default: r->at = r->end; break; /* no more is wanted than that the record is there */
    }
    if (r->at != r->end)
        reader_fail(r, ERR_PROTO, "a record is longer than its data");
    r->end = r->len;
    bool is_spare = m->is_crowded && record.type == DNS_TYPE_TXT && !is_policy(record.txt);
    if (!is_spare && m->records_len < DNS_RECORDS_MAX)
        m->records[m->records_len++] = record;
}

static void read_question(struct message_reader *r, struct dns_message *m, unsigned count)
{
    if (count > 1) {
        reader_fail(r, ERR_PROTO, "it repeats more than one question");
        return;
    }
    m->question = count ? read_name(r) : TEXT_NONE;
    m->question_type = count ? read_u16(r) : 0;
    if (count)
        read_u16(r); /* class */
}

static void read_records(struct message_reader *r, struct dns_message *m, const unsigned counts[3])
{
    size_t claimed = (size_t)counts[0] + counts[1] + counts[2];
    if (claimed * RECORD_LEN_MIN > r->len - r->at) {
        reader_fail(r, ERR_PROTO, "it claims more records than it can hold");
        return;
    }
    m->is_crowded = claimed > DNS_RECORDS_MAX;
    m->records =
        ARENA_ARRAY(r->arena, struct dns_record, m->is_crowded ? DNS_RECORDS_MAX : claimed);
    if (!m->records) {
        reader_fail(r, ERR_NOMEM, "there is no memory for its records");
        return;
    }
    for (unsigned section = DNS_ANSWER; section <= DNS_ADDITIONAL; section++)
        for (unsigned i = 0; i < counts[section] && r->err == OK; i++)
            read_record(r, m, (enum dns_section)section);
    if (r->at != r->len)
        reader_fail(r, ERR_PROTO, "bytes follow its last record");
}

enum err dns_message_parse(struct dns_message *m, const void *bytes, size_t len,
                           struct arena *arena, struct why *why)
{
    assert(bytes || len == 0);
    *m = (struct dns_message){0};
    if (len < HEADER_LEN || len > DNS_MESSAGE_MAX)
        return why_set(why, ERR_PROTO, "DNS message of %zu bytes: %s", len,
                       len < HEADER_LEN ? "shorter than its header" : "too long");
    struct message_reader r = {.bytes = bytes, .len = len, .end = len, .arena = arena};
    unsigned counts[4];
    m->id = read_u16(&r);
    unsigned flags = read_u16(&r);
    m->is_response = flags & 0x8000;
    m->authoritative = flags & 0x0400;
    m->truncated = flags & 0x0200;
    m->recursion_available = flags & 0x0080;
    m->rcode = flags & 0x000f;
    for (unsigned i = 0; i < 4; i++)
        counts[i] = read_u16(&r);
    read_question(&r, m, counts[0]);
    if (r.err == OK)
        read_records(&r, m, counts + 1);
    if (r.err == OK)
        return OK;
    *m = (struct dns_message){0};
    return why_set(why, r.err, "DNS message of %zu bytes: %s", len, r.fault);
}

const char *dns_rcode_name(unsigned rcode)
{
    static const char *const names[] = {"NOERROR", "FORMERR", "SERVFAIL", "NXDOMAIN",
                                        "NOTIMP",  "REFUSED", "YXDOMAIN", "YXRRSET",
                                        "NXRRSET", "NOTAUTH", "NOTZONE"};
    if (rcode == 16)
        return "BADVERS";
    return rcode < COUNT(names) ? names[rcode] : "RCODE";
}

const char *dns_type_name(unsigned type)
{
    switch (type) {
    case DNS_TYPE_A: return "A";
    case DNS_TYPE_NS: return "NS";
    case DNS_TYPE_CNAME: return "CNAME";
    case DNS_TYPE_SOA: return "SOA";
    case DNS_TYPE_PTR: return "PTR";
    case DNS_TYPE_MX: return "MX";
    case DNS_TYPE_TXT: return "TXT";
    case DNS_TYPE_AAAA: return "AAAA";
    case DNS_TYPE_DNAME: return "DNAME";
    case DNS_TYPE_OPT: return "OPT";
    case DNS_TYPE_DS: return "DS";
    default: return "TYPE";
    }
}
