/*
 * Reads one reply. Aliases are followed within the answer section only, and each record is looked
 * at once per alias, so a loop of aliases ends after as many steps as the message has records.
 */
#include "answer.h"

#include "base/bounds.h"
#include "base/dname.h"
#include "base/escape.h"

#include <assert.h>
#include <stdlib.h>

#define MESSAGE_VALUE_LEN_MAX 200 /* of one TXT value in a sentence */

static int mx_order(const void *left, const void *right)
{
    const struct mx_fact *a = left, *b = right;
    if (a->preference != b->preference)
        return a->preference < b->preference ? -1 : 1;
    return text_cmp(a->exchange, b->exchange);
}

static int txt_order(const void *left, const void *right)
{
    return text_cmp(*(const struct text *)left, *(const struct text *)right);
}

/* Sorts and drops doubles; returns the new length. */
static uint32_t set_make(void *items, uint32_t len, size_t size,
                         int (*order)(const void *, const void *))
{
    char *at = items;
    uint32_t kept = 0;
    if (len == 0)
        return 0;
    qsort(items, len, size, order);
    for (uint32_t i = 0; i < len; i++) {
        if (kept && order(at + (size_t)(kept - 1) * size, at + (size_t)i * size) == 0)
            continue;
        for (size_t byte = 0; byte < size; byte++)
            at[(size_t)kept * size + byte] = at[(size_t)i * size + byte];
        kept++;
    }
    return kept;
}

static struct text lower(struct text name, struct arena *arena)
{
    char bytes[DNAME_LEN_MAX + 1];
    struct text small;
    if (dname_normalize(name, bytes, &small))
        return arena_text(arena, small);
    return arena_text(arena, name); /* \DDD escapes can make a legal name longer than the limit */
}

static const struct dns_record *alias_of(const struct dns_message *m, struct text name)
{
    for (uint32_t i = 0; i < m->records_len; i++) {
        const struct dns_record *r = &m->records[i];
        if (r->section == DNS_ANSWER && r->type == DNS_TYPE_CNAME && dname_eq(r->owner, name))
            return r;
    }
    return NULL;
}

static void ttl_lower(struct answer *a, uint32_t ttl_s)
{
    if (ttl_s < a->ttl_s)
        a->ttl_s = ttl_s;
}

static bool value_take(struct answer *a, const struct dns_record *r, struct arena *arena)
{
    ttl_lower(a, r->ttl_s);
    if (r->type == DNS_TYPE_MX) {
        struct text exchange = lower(r->name, arena);
        a->mx[a->mx_len++] = (struct mx_fact){r->preference, exchange};
        return exchange.at != NULL;
    }
    struct text txt = arena_text(arena, r->txt);
    a->txt[a->txt_len++] = txt;
    if (r->txt_cuts.len) {
        struct text lengths = arena_text(arena, r->txt_cuts);
        a->cuts[a->cuts_len++] = (struct txt_cut){txt, lengths};
        if (!lengths.at)
            return false;
    }
    return txt.at != NULL || r->txt.len == 0;
}

/* The values at name, or at the end of the alias chain. */
static bool values_take(struct answer *a, const struct dns_question *q, const struct dns_message *m,
                        struct arena *arena)
{
    struct text name = q->name;
    for (uint32_t steps = 0; steps <= m->records_len; steps++) {
        for (uint32_t i = 0; i < m->records_len; i++) {
            const struct dns_record *r = &m->records[i];
            if (r->section != DNS_ANSWER || r->type != q->type || !dname_eq(r->owner, name))
                continue;
            if (!value_take(a, r, arena))
                return false;
        }
        const struct dns_record *alias = alias_of(m, name);
        if (!alias || a->mx_len || a->txt_len)
            return true;
        ttl_lower(a, alias->ttl_s);
        name = alias->name;
    }
    return true;
}

static void fail(struct answer *a, enum answer_kind kind, struct text trouble)
{
    a->kind = kind;
    a->state = DNS_TROUBLE_STATE;
    a->trouble = trouble;
}

static bool has_answer(const struct dns_message *m)
{
    for (uint32_t i = 0; i < m->records_len; i++)
        if (m->records[i].section == DNS_ANSWER)
            return true;
    return false;
}

struct text answer_referral(const struct dns_message *m, struct text name, struct text zone)
{
    if (m->rcode != DNS_RCODE_NOERROR || m->authoritative || has_answer(m))
        return TEXT_NONE;
    for (uint32_t i = 0; i < m->records_len; i++) {
        const struct dns_record *r = &m->records[i];
        bool holds = dname_eq(name, r->owner) || dname_below(name, r->owner);
        bool deeper = zone.len == 0 || dname_below(r->owner, zone);
        if (r->type == DNS_TYPE_NS && r->section == DNS_AUTHORITY && holds && deeper)
            return r->owner;
    }
    return TEXT_NONE;
}

static void fail_unanswered(struct answer *a, const struct dns_reply *reply, struct arena *arena)
{
    static const struct {
        enum answer_kind kind;
        const char *words;
    } outcomes[] = {
        [DNS_TIMED_OUT] = {ANSWER_UNREACHABLE, "timed out"},
        [DNS_UNREACHABLE] = {ANSWER_UNREACHABLE, "cannot be reached"},
        [DNS_GARBLED] = {ANSWER_GARBLED, "broken message"},
    };
    struct text said = arena_text(arena, text_of(reply->trouble));
    if (said.len == 0)
        said = text_of(outcomes[reply->outcome].words);
    fail(a, outcomes[reply->outcome].kind, said);
}

/* True: the message is an answer with usable values. */
static bool message_speaks(struct answer *a, const struct dns_question *q,
                           const struct dns_message *m)
{
    bool other =
        m->question.len && (!dname_eq(m->question, q->name) || m->question_type != q->type);
    a->rcode = text_of(dns_rcode_name(m->rcode));
    if (!m->is_response || other)
        fail(a, ANSWER_GARBLED, TEXT("answers another question"));
    else if (m->truncated)
        fail(a, ANSWER_GARBLED, TEXT("truncated answer"));
    else if (m->rcode != DNS_RCODE_NOERROR && m->rcode != DNS_RCODE_NXDOMAIN)
        fail(a, ANSWER_FAILED, a->rcode);
    else if ((!q->recurse || !m->recursion_available) && answer_referral(m, q->name, TEXT_NONE).len)
        fail(a, ANSWER_REFERRED, TEXT("refers to other servers"));
    else if (q->server.family && !m->authoritative)
        fail(a, ANSWER_LAME, TEXT("not authoritative"));
    else
        a->kind = ANSWER_SPOKE;
    return a->kind == ANSWER_SPOKE;
}

enum err answer_read(struct answer *a, const struct dns_question *question,
                     const struct dns_reply *reply, struct arena *arena)
{
    const struct dns_message *m = &reply->message;
    *a = (struct answer){.ttl_s = UINT32_MAX};
    if (reply->outcome != DNS_ANSWERED) {
        fail_unanswered(a, reply, arena);
        return OK;
    }
    if (!message_speaks(a, question, m))
        return OK;
    assert(question->type == DNS_TYPE_MX || question->type == DNS_TYPE_TXT);
    const struct dns_record *alias = alias_of(m, question->name);
    a->cname = alias ? lower(alias->name, arena) : TEXT_NONE;
    a->mx = ARENA_ARRAY(arena, struct mx_fact, m->records_len + 1u);
    a->txt = ARENA_ARRAY(arena, struct text, m->records_len + 1u);
    a->cuts = ARENA_ARRAY(arena, struct txt_cut, m->records_len + 1u);
    if (!a->mx || !a->txt || !a->cuts || !values_take(a, question, m, arena)) {
        fail(a, ANSWER_GARBLED, TEXT("out of memory"));
        return ERR_NOMEM;
    }
    a->mx_len = set_make(a->mx, a->mx_len, sizeof *a->mx, mx_order);
    a->txt_len = set_make(a->txt, a->txt_len, sizeof *a->txt, txt_order);
    if (a->mx_len || a->txt_len || (m->is_crowded && question->type == DNS_TYPE_TXT)) {
        a->state = DNS_FOUND;
    } else {
        a->state = m->rcode == DNS_RCODE_NXDOMAIN ? DNS_NXDOMAIN : DNS_NODATA;
        /* RFC 2308, section 5: the smaller of the SOA's TTL and the SOA's last field. */
        for (uint32_t i = 0; i < m->records_len; i++) {
            const struct dns_record *r = &m->records[i];
            if (r->type != DNS_TYPE_SOA || r->section != DNS_AUTHORITY)
                continue;
            ttl_lower(a, r->ttl_s < r->soa_minimum_s ? r->ttl_s : r->soa_minimum_s);
        }
    }
    if (a->ttl_s == UINT32_MAX)
        a->ttl_s = 0;
    return OK;
}

bool answer_is_some(const struct answer *a)
{
    return a->state == DNS_FOUND || a->cname.len;
}

bool answer_same(const struct answer *a, const struct answer *b)
{
    if ((a->state == DNS_FOUND) != (b->state == DNS_FOUND) || !text_eq(a->cname, b->cname))
        return false;
    if (a->mx_len != b->mx_len || a->txt_len != b->txt_len)
        return false;
    for (uint32_t i = 0; i < a->mx_len; i++)
        if (mx_order(&a->mx[i], &b->mx[i]) != 0)
            return false;
    for (uint32_t i = 0; i < a->txt_len; i++)
        if (txt_order(&a->txt[i], &b->txt[i]) != 0)
            return false;
    return true;
}

struct text answer_say(const struct answer *a, uint16_t type, struct arena *arena)
{
    struct buf out;
    buf_init(&out, LINE_LEN_MAX);
    if (a->kind != ANSWER_SPOKE)
        buf_add_text(&out, a->trouble);
    else if (a->state == DNS_NXDOMAIN)
        buf_add_str(&out, "NXDOMAIN");
    else if (a->state == DNS_NODATA && !a->cname.len)
        buf_add_fmt(&out, "no %s", dns_type_name(type));
    if (a->cname.len)
        buf_add_fmt(&out, "CNAME " TEXT_FMT "%s", TEXT_ARG(a->cname),
                    a->state == DNS_FOUND ? ", " : "");
    for (uint32_t i = 0; i < a->mx_len; i++)
        buf_add_fmt(&out, "%sMX %u " TEXT_FMT, i ? ", " : "", a->mx[i].preference,
                    TEXT_ARG(a->mx[i].exchange.len ? a->mx[i].exchange : TEXT(".")));
    for (uint32_t i = 0; i < a->txt_len; i++) {
        buf_add_str(&out, i ? ", TXT \"" : "TXT \"");
        escape_terminal(&out, text_slice(a->txt[i], 0, MESSAGE_VALUE_LEN_MAX));
        buf_add_str(&out, a->txt[i].len > MESSAGE_VALUE_LEN_MAX ? "...\"" : "\"");
    }
    struct text said = out.failed ? TEXT_NONE : arena_text(arena, buf_text(&out));
    buf_clear(&out);
    return said;
}

struct server_note answer_note(struct text server, const struct answer *mx,
                               const struct answer *txt, struct arena *arena)
{
    const struct answer *worse = mx->kind != ANSWER_SPOKE ? mx : txt;
    bool by_rcode = worse->kind == ANSWER_SPOKE || worse->kind == ANSWER_FAILED;
    struct text mx_said = answer_say(mx, DNS_TYPE_MX, arena);
    struct text txt_said = answer_say(txt, DNS_TYPE_TXT, arena);
    bool alike = text_eq(mx_said, txt_said);
    return (struct server_note){
        .server = server,
        .rcode = worse->rcode,
        .error = by_rcode ? TEXT_NONE : worse->trouble,
        .said =
            alike ? mx_said
                  : arena_fmt(arena, TEXT_FMT "; " TEXT_FMT, TEXT_ARG(mx_said), TEXT_ARG(txt_said)),
    };
}
