/*
 * Calls to v1 forms, v1 XML to facts. Invariant: after a decode with reply.how REPLY_HTTP and a
 * 2xx, every identity of the call has its bit in `known`. In every other case none has, so an
 * unreadable answer never counts as "no MAIL FROM".
 */
#include "ses_v1.h"

#include "query.h"
#include "reply.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#define VERSION "2010-12-01"

static bool is_in_v1(enum call_kind kind)
{
    return kind != CALL_GET && kind < CALL_CALLER && kind != CALL_ASK && kind < CALL_KINDS;
}

static const char *action_of(enum call_kind kind)
{
    return call_action(kind, API_V1);
}

static bool is_read(enum call_kind kind)
{
    return kind == CALL_READ_VERIFICATION || kind == CALL_READ_MAIL_FROM ||
           kind == CALL_READ_NOTIFICATION || kind == CALL_READ_DKIM;
}

enum err ses_v1_encode(const struct call *c, struct buf *body, struct why *why)
{
    char page[16];
    if (!is_in_v1(c->kind))
        return why_set(why, ERR_INPUT, "this call does not exist in SES API v1");
    uint32_t max = is_read(c->kind) ? SES_BATCH_MAX : c->kind == CALL_SET ? 1 : 0;
    if (max && (c->count == 0 || c->count > max))
        return why_set(why, ERR_INPUT, "%s takes 1 to %u identities, not %u", action_of(c->kind),
                       max, c->count);
    for (uint32_t i = 0; max && i < c->count; i++)
        if (c->identities[i].len == 0)
            return why_set(why, ERR_INPUT, "%s: an identity is empty", action_of(c->kind));
    query_begin(body, action_of(c->kind), VERSION);
    if (is_read(c->kind))
        query_add_members(body, "Identities", c->identities, c->count);
    if (c->kind == CALL_LIST) {
        snprintf(page, sizeof page, "%d", SES_LIST_PAGE);
        query_add(body, "MaxItems", text_of(page));
        if (c->token.len)
            query_add(body, "NextToken", c->token);
    }
    if (c->kind == CALL_SET) {
        query_add(body, "Identity", c->identities[0]);
        if (c->mail_from.len)
            query_add(body, "MailFromDomain", c->mail_from);
        query_add(body, "BehaviorOnMXFailure", text_of(behavior_name_v1(c->behavior)));
    }
    return body->failed ? why_set(why, ERR_LIMIT, "the request is too long") : OK;
}

/* Decoding. Members of an <entry> come in any order, the key perhaps last, so members are gathered
 * and evaluated at the end of the entry. */

enum field {
    FIELD_KEY,
    FIELD_VERIFICATION,
    FIELD_MAIL_FROM,
    FIELD_STATUS,
    FIELD_BEHAVIOR,
    FIELD_FORWARDING,
    FIELD_DKIM_ENABLED,
    FIELD_DKIM_STATUS,
    FIELDS_LEN,
};

static const char *const field_names[FIELDS_LEN] = {
    [FIELD_KEY] = "key",
    [FIELD_VERIFICATION] = "value/VerificationStatus",
    [FIELD_MAIL_FROM] = "value/MailFromDomain",
    [FIELD_STATUS] = "value/MailFromDomainStatus",
    [FIELD_BEHAVIOR] = "value/BehaviorOnMXFailure",
    [FIELD_FORWARDING] = "value/ForwardingEnabled",
    [FIELD_DKIM_ENABLED] = "value/DkimEnabled",
    [FIELD_DKIM_STATUS] = "value/DkimVerificationStatus",
};

struct map_reader {
    struct call *call;
    const char *name; /* of the map: "VerificationAttributes" */
    unsigned known;   /* the bit set by an entry of this map */
    bool seen;        /* the map itself, empty or not */
    bool twice;       /* the map holds a key twice */
    bool no_memory;
    struct text fields[FIELDS_LEN]; /* of the open entry; at == NULL: absent */
};

static enum dkim_status dkim_of(const struct text fields[FIELDS_LEN])
{
    struct text word = fields[FIELD_DKIM_ENABLED];
    bool signs = text_eq_nocase(word, TEXT("true"));
    bool is_told = signs || text_eq_nocase(word, TEXT("false"));
    return dkim_status_told(fields[FIELD_DKIM_STATUS], is_told ? &signs : NULL);
}

static void on_map_member(void *user, struct text path, struct text content)
{
    struct map_reader *m = user;
    struct text rest = path, map = text_cut(&rest, '/');
    if (!text_eq(map, text_of(m->name)))
        return;
    m->seen |= rest.at == NULL;
    if (text_eq(rest, TEXT("entry"))) {
        struct call *c = m->call;
        bool filled = false;
        for (uint32_t i = 0; m->fields[FIELD_KEY].at && i < c->count; i++) {
            if (!text_eq(c->identities[i], m->fields[FIELD_KEY]))
                continue;
            m->twice |= !filled && c->facts[i].known & m->known;
            c->facts[i].known |= m->known;
            switch (m->known) {
            case KNOWN_VERIFICATION:
                c->facts[i].verification = m->fields[FIELD_VERIFICATION].len
                                               ? verification_parse(m->fields[FIELD_VERIFICATION])
                                               : VERIFICATION_NOT_STARTED;
                break;
            case KNOWN_MAIL_FROM:
                c->facts[i].mail_from = m->fields[FIELD_MAIL_FROM];
                if (c->facts[i].mail_from.len)
                    c->facts[i].status = m->fields[FIELD_STATUS].len
                                             ? mail_from_status_parse(m->fields[FIELD_STATUS])
                                             : MAIL_FROM_UNKNOWN;
                behavior_parse(m->fields[FIELD_BEHAVIOR], &c->facts[i].behavior);
                break;
            case KNOWN_DKIM: c->facts[i].dkim = dkim_of(m->fields); break;
            default: /* SES forwards unless told not to, so silence is taken for "on" */
                c->facts[i].forwarding =
                    !text_eq_nocase(m->fields[FIELD_FORWARDING], TEXT("false"));
            }
            filled = true;
        }
        memset(m->fields, 0, sizeof m->fields);
    }
    if (!text_starts(rest, TEXT("entry/")))
        return;
    for (unsigned i = 0; i < FIELDS_LEN; i++) {
        if (!text_eq(text_from(rest, 6), text_of(field_names[i])))
            continue;
        m->fields[i] = content.len ? arena_text(&m->call->arena, content) : TEXT("");
        m->no_memory |= m->fields[i].at == NULL;
    }
}

static void facts_forget(struct call *c, unsigned known)
{
    for (uint32_t i = 0; i < c->count; i++)
        c->facts[i] = (struct ses_facts){.known = c->facts[i].known & ~known};
}

static void decode_map(struct call *c, int http_status, struct text body)
{
    static const struct {
        const char *name;
        unsigned known;
    } maps[] = {
        [CALL_READ_VERIFICATION] = {"VerificationAttributes", KNOWN_VERIFICATION},
        [CALL_READ_MAIL_FROM] = {"MailFromDomainAttributes", KNOWN_MAIL_FROM},
        [CALL_READ_NOTIFICATION] = {"NotificationAttributes", KNOWN_FORWARDING},
        [CALL_READ_DKIM] = {"DkimAttributes", KNOWN_DKIM},
    };
    struct map_reader m = {.call = c, .name = maps[c->kind].name, .known = maps[c->kind].known};
    assert(c->count <= SES_BATCH_MAX);
    facts_forget(c, m.known);
    bool ok = query_decode(&c->reply, http_status, body, action_of(c->kind), on_map_member, &m);
    if (ok && !m.seen)
        reply_garble(&c->reply, "the answer has no %s", m.name);
    else if (ok && m.twice)
        reply_garble(&c->reply, "the answer tells of an identity twice");
    else if (ok && m.no_memory)
        reply_garble(&c->reply, "the answer is larger than this program can hold");
    if (!ok || c->reply.how != REPLY_HTTP) {
        facts_forget(c, m.known);
        return;
    }
    for (uint32_t i = 0; i < c->count; i++) {
        c->facts[i].left_out = m.known == KNOWN_MAIL_FROM && !(c->facts[i].known & KNOWN_MAIL_FROM);
        c->facts[i].known |= m.known;
    }
}

struct list_reader {
    struct call *call;
    uint32_t cap;
    bool seen, no_memory;
};

static void on_list_member(void *user, struct text path, struct text content)
{
    struct list_reader *l = user;
    l->seen |= text_eq(path, TEXT("Identities"));
    if (text_eq(path, TEXT("Identities/member")) && content.len)
        l->no_memory |= !listed_add(l->call, &l->cap, content);
    if (text_eq(path, TEXT("NextToken")) && content.len) {
        l->call->next_token = arena_text(&l->call->arena, content);
        l->no_memory |= l->call->next_token.at == NULL;
    }
}

struct account_reader {
    struct account_facts facts;
    unsigned seen; /* members of the account or quota answer, one bit each */
};

static void on_account_member(void *user, struct text path, struct text content)
{
    struct account_reader *a = user;
    if (text_eq(path, TEXT("Enabled")) &&
        (text_eq(content, TEXT("true")) || text_eq(content, TEXT("false")))) {
        a->facts.sending_enabled = content.at[0] == 't';
        a->seen |= 1;
    }
    if (text_eq(path, TEXT("Max24HourSend")) && query_number(content, &a->facts.max_24_hour_send))
        a->seen |= 2;
    if (text_eq(path, TEXT("MaxSendRate")) && query_number(content, &a->facts.max_send_rate))
        a->seen |= 4;
}

static void on_nothing(void *user, struct text path, struct text content)
{
    (void)user, (void)path, (void)content;
}

void ses_v1_decode(struct call *c, int http_status, struct text body)
{
    assert(is_in_v1(c->kind));
    if (is_read(c->kind))
        decode_map(c, http_status, body);
    else if (c->kind == CALL_LIST) {
        struct list_reader l = {.call = c};
        listed_drop(c);
        bool ok =
            query_decode(&c->reply, http_status, body, action_of(c->kind), on_list_member, &l);
        if (ok && !l.seen)
            reply_garble(&c->reply, "the answer has no Identities");
        else if (ok && l.no_memory)
            reply_garble(&c->reply, "the answer is larger than this program can hold");
        if (!ok || c->reply.how != REPLY_HTTP)
            listed_drop(c);
    } else if (c->kind == CALL_SET)
        query_decode(&c->reply, http_status, body, action_of(c->kind), on_nothing, NULL);
    else {
        struct account_reader a = {.facts = {.production_access = true}};
        unsigned wanted = c->kind == CALL_ACCOUNT ? 1 : 2 | 4;
        bool ok =
            query_decode(&c->reply, http_status, body, action_of(c->kind), on_account_member, &a);
        if (ok && (a.seen & wanted) == wanted)
            c->account = a.facts;
        else if (ok)
            reply_garble(&c->reply, "the answer of %s lacks its members", action_of(c->kind));
    }
}
