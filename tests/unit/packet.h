/*
 * Hand-made DNS messages for the tests of their parser: a packet is written record by record, then
 * read, or refused for a stated fault.
 */
#ifndef MF_PACKET_H
#define MF_PACKET_H

#include "dns/message.h"

#include "base/bounds.h"
#include "unit.h"

#include <stdlib.h>
#include <string.h>

/* A message under construction. Names are given as wire bytes. */
struct packet {
    unsigned char at[70000];
    size_t len;
};

static inline void add(struct packet *p, const void *bytes, size_t len)
{
    assert_true(p->len + len <= sizeof p->at);
    memcpy(p->at + p->len, bytes, len);
    p->len += len;
}

#define ADD(p, literal) add((p), (literal), sizeof(literal) - 1)

static inline void add_u16(struct packet *p, unsigned n)
{
    unsigned char bytes[] = {(unsigned char)(n >> 8), (unsigned char)n};
    add(p, bytes, 2);
}

static inline void add_u32(struct packet *p, unsigned long n)
{
    add_u16(p, (unsigned)(n >> 16));
    add_u16(p, (unsigned)(n & 0xffff));
}

static inline void begin(struct packet *p, unsigned flags, unsigned answers, unsigned authority,
                         unsigned additional)
{
    p->len = 0;
    add_u16(p, 0x1234);
    add_u16(p, flags);
    add_u16(p, 1);
    add_u16(p, answers);
    add_u16(p, authority);
    add_u16(p, additional);
    ADD(p, "\6bounce\7Example\3com\0\0\17\0\1"); /* at 12; "example" at 19, "com" at 27 */
}

static inline void add_record(struct packet *p, const char *owner, size_t owner_len, unsigned type,
                              unsigned long ttl, const void *data, size_t data_len)
{
    add(p, owner, owner_len);
    add_u16(p, type);
    add_u16(p, 1);
    add_u32(p, ttl);
    add_u16(p, (unsigned)data_len);
    add(p, data, data_len);
}

#define RECORD(p, type, ttl, data)                                                                 \
    add_record((p), "\xc0\x0c", 2, (type), (ttl), (data), sizeof(data) - 1)

#define SOA_DATA "\2ns\xc0\x13\4host\xc0\x13\0\0\0\1\0\0\0\2\0\0\0\3\0\0\0\4\0\0\x0e\x10"

/* Parsed from a copy of exactly this length, so that a sanitizer sees one byte too many. */
static inline enum err parse(struct dns_message *m, const void *bytes, size_t len,
                             struct arena *arena, struct why *why)
{
    unsigned char *exact = malloc(len ? len : 1);
    assert_non_null(exact);
    memcpy(exact, bytes, len);
    enum err err = dns_message_parse(m, exact, len, arena, why);
    free(exact);
    return err;
}

static inline struct dns_message parsed(const struct packet *p, struct arena *arena)
{
    struct dns_message m;
    struct why why = {""};
    arena_init(arena, 1u << 20);
    enum err err = parse(&m, p->at, p->len, arena, &why);
    assert_string_equal(why.text, "");
    assert_int_equal(err, OK);
    return m;
}

static inline void refused(const struct packet *p, const char *fault)
{
    struct arena arena;
    struct dns_message m;
    struct why why = {""};
    arena_init(&arena, 1u << 20);
    assert_int_equal(parse(&m, p->at, p->len, &arena, &why), ERR_PROTO);
    if (!strstr(why.text, fault))
        fail_msg("\"%s\" does not say \"%s\"", why.text, fault);
    assert_int_equal(m.records_len, 0);
    arena_clear(&arena);
}

static inline void same(struct text got, const char *wanted)
{
    if (!text_eq(got, text_of(wanted)))
        fail_msg("got \"" TEXT_FMT "\", wanted \"%s\"", TEXT_ARG(got), wanted);
}

static inline void add_one_of_each(struct packet *p)
{
    begin(p, 0x8400, 4, 1, 2);
    RECORD(p, DNS_TYPE_MX, 60, "\0\12\1x\xc0\x13");
    RECORD(p, DNS_TYPE_TXT, 60, "\1a\2bc");
    RECORD(p, DNS_TYPE_CNAME, 60, "\1c\xc0\x13");
    RECORD(p, DNS_TYPE_AAAA, 60, "0123456789abcdef");
    RECORD(p, DNS_TYPE_SOA, 60, SOA_DATA);
    RECORD(p, DNS_TYPE_A, 60, "\1\2\3\4");
    ADD(p, "\0\0\51\4\xd0\0\0\0\0\0\0");
}

#endif
