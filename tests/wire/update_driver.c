/*
 * update_driver SERVER KEY_FILE TIMEOUT_MS: carries changes to a server of DNS over the live wire,
 * one after the other as they come on standard input, columns between tabs:
 *
 *     zone ZONE                                      whose zone the following are
 *     ask                                            is the server an authority for it?
 *     create|delete NAME TYPE TTL VALUE...           of one update; MX: "10 host", TXT: its
 * strings, swap NAME TYPE TTL OLD_VALUE... => VALUE...    with "|" between two send ... which
 * leaves now
 *
 * Each ask and send prints a line: how, status, code, zones found, message.
 */
#include "providers/tsig_key.h"
#include "wire/servers.h"
#include "wire/wire.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CHANGES_MAX 128
#define VALUES_MAX  8

struct driver {
    struct wire *wire;
    struct call *call;
    struct arena arena; /* the texts of an update */
    struct record_change changes[CHANGES_MAX];
    uint32_t changes_len;
    char zone[NAME_LEN_MAX];
};

static struct text word(struct driver *d, struct text *rest)
{
    return arena_text(&d->arena, text_cut(rest, '\t'));
}

static void value_read(struct driver *d, struct record_value *out, uint16_t type, struct text t)
{
    *out = (struct record_value){0};
    if (type == DNS_TYPE_MX) {
        uint64_t preference = 0;
        text_to_u64(text_cut(&t, ' '), &preference);
        out->preference = (uint16_t)preference;
        out->data = t;
        return;
    }
    struct buf data, cuts;
    buf_init(&data, DNS_MESSAGE_MAX);
    buf_init(&cuts, UINT8_MAX);
    bool is_cut = text_find(t, '|') < t.len;
    while (t.at) {
        struct text string = text_cut(&t, '|');
        buf_add_text(&data, string);
        buf_add_char(&cuts, (char)string.len);
    }
    out->data = arena_text(&d->arena, buf_text(&data));
    out->cuts = is_cut ? arena_text(&d->arena, buf_text(&cuts)) : TEXT_NONE;
    buf_clear(&data);
    buf_clear(&cuts);
}

static void set_read(struct driver *d, struct record_set *set, struct text *rest)
{
    struct record_value *values = ARENA_ARRAY(&d->arena, struct record_value, VALUES_MAX);
    set->values = values;
    while (rest->at && set->len < VALUES_MAX) {
        struct text value = word(d, rest);
        if (text_eq(value, TEXT("=>")))
            break;
        value_read(d, &values[set->len++], set->type, value);
    }
}

static void change_read(struct driver *d, enum change_kind kind, struct text rest)
{
    assert(d->changes_len < CHANGES_MAX);
    struct record_change *c = &d->changes[d->changes_len++];
    uint64_t ttl = 0;
    *c = (struct record_change){.kind = kind};
    c->set.name = word(d, &rest);
    c->set.type = text_eq(word(d, &rest), TEXT("MX")) ? DNS_TYPE_MX : DNS_TYPE_TXT;
    text_to_u64(word(d, &rest), &ttl);
    c->set.ttl_s = (uint32_t)ttl;
    c->old = c->set;
    if (kind == CHANGE_SWAP)
        set_read(d, &c->old, &rest);
    set_read(d, &c->set, &rest);
}

static void call_carry(struct driver *d, enum call_kind kind)
{
    static const char *const hows[] = {"NOT_SENT", "LOST", "HTTP", "GARBLED", "NO_KEYS"};
    struct call *c = d->call;
    struct event event;
    c->kind = kind;
    c->api = API_RFC2136;
    c->zone = text_of(d->zone);
    c->changes = d->changes;
    c->changes_len = kind == CALL_CHANGE ? d->changes_len : 0;
    wire_send(d->wire, &c, 1);
    while (wire_wait(d->wire, wire_now(d->wire) + SPAN_S(60), &event, 1) == 0)
        ;
    assert(event.kind == EVENT_ANSWER && event.call == c);
    printf("%s\t%u\t%s\t%u\t%s\n", hows[c->reply.how], (unsigned)c->reply.http_status,
           c->reply.code, (unsigned)c->zones_len, c->reply.message);
    fflush(stdout);
    d->changes_len = 0;
    arena_reset(&d->arena);
}

static void line_do(struct driver *d, struct text line)
{
    struct text rest = line, verb = text_cut(&rest, '\t');
    if (text_eq(verb, TEXT("zone")))
        snprintf(d->zone, sizeof d->zone, TEXT_FMT, TEXT_ARG(rest));
    else if (text_eq(verb, TEXT("ask")))
        call_carry(d, CALL_ZONES);
    else if (text_eq(verb, TEXT("send")))
        call_carry(d, CALL_CHANGE);
    else if (text_eq(verb, TEXT("create")))
        change_read(d, CHANGE_CREATE, rest);
    else if (text_eq(verb, TEXT("delete")))
        change_read(d, CHANGE_DELETE, rest);
    else
        change_read(d, CHANGE_SWAP, rest);
}

int main(int argc, char **argv)
{
    static struct driver d;
    static struct provider_at at = {.kind = PROVIDER_RFC2136};
    struct wire_lane lane = {.provider = &at};
    struct servers servers;
    struct why why = {""};
    char line[8192];
    assert(argc == 4);
    struct wire_config config = {
        .carriers = 1, .lanes = &lane, .lanes_len = 1, .call_timeout_us = SPAN_MS(atoi(argv[3]))};
    if (servers_parse(&servers, text_of(argv[1]), &why) != OK ||
        tsig_key_read(&at.key, text_of(argv[2]), NULL, &why) != OK ||
        wire_open(&d.wire, &config, &why) != OK) {
        fprintf(stderr, "update_driver: %s\n", why.text);
        return 1;
    }
    at.server = servers.at[0];
    d.call = calloc(1, sizeof *d.call);
    assert(d.call);
    arena_init(&d.call->arena, 1u << 20);
    arena_init(&d.arena, 1u << 20);
    while (fgets(line, sizeof line, stdin)) {
        line[strcspn(line, "\n")] = '\0';
        line_do(&d, text_of(line));
    }
    wire_close(d.wire);
    arena_clear(&d.call->arena);
    arena_clear(&d.arena);
    free(d.call);
    return 0;
}
