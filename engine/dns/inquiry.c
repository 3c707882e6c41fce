/*
 * The frame of every inquiry (questions numbered in the order of planning) and the recursive mode.
 * authority.c has the authority mode.
 */
#include "inquiry.h"

#include "answer.h"
#include "authority.h"
#include "base/bounds.h"
#include "base/dname.h"
#include "base/hash.h"
#include "zone.h"

#include <assert.h>

enum { ASK_MX, ASK_TXT, ASKS }; /* numbers of the recursive mode's questions */

#define ASKS_ELSEWHERE (1 + DOUBLED_MAX) /* further questions where records are missing */

void inquiry_init(struct inquiry *q)
{
    *q = (struct inquiry){.done = true};
    arena_init(&q->arena, INQUIRY_BYTES_MAX);
}

void inquiry_clear(struct inquiry *q)
{
    arena_clear(&q->arena);
    inquiry_init(q);
}

bool inquiry_plan(struct inquiry *q, struct dns_question question)
{
    if (q->planned == INQUIRY_QUESTIONS_MAX)
        return false;
    q->questions[q->planned++] = question;
    return true;
}

void inquiry_end_in_trouble(struct inquiry *q, struct text trouble)
{
    q->facts.mx_state = q->facts.txt_state = DNS_TROUBLE_STATE;
    q->facts.mx_len = q->facts.txt_len = 0;
    q->facts.trouble = trouble.len ? trouble : TEXT("out of memory");
    q->done = true;
}

static void recursive_start(struct inquiry *q)
{
    q->answers = ARENA_ARRAY(&q->arena, struct answer, ASKS);
    if (!q->answers) {
        inquiry_end_in_trouble(q, TEXT("out of memory"));
        return;
    }
    inquiry_plan(q, (struct dns_question){.name = q->name, .type = DNS_TYPE_MX, .recurse = true});
    inquiry_plan(q, (struct dns_question){.name = q->name, .type = DNS_TYPE_TXT, .recurse = true});
}

void inquiry_start(struct inquiry *q, enum inquiry_mode mode, struct text name)
{
    uint16_t port = q->authority_port;
    struct arena arena = q->arena;
    arena_reset(&arena);
    *q = (struct inquiry){.mode = mode, .arena = arena, .authority_port = port};
    q->name = arena_text(&q->arena, name);
    uint32_t room = mode == INQUIRY_AUTHORITY ? INQUIRY_QUESTIONS_MAX : ASKS + ASKS_ELSEWHERE;
    q->questions = ARENA_ARRAY(&q->arena, struct dns_question, room);
    if (!q->name.at || !q->questions)
        inquiry_end_in_trouble(q, TEXT("out of memory"));
    else if (mode == INQUIRY_AUTHORITY)
        authority_start(q);
    else
        recursive_start(q);
}

void inquiry_look_closer(struct inquiry *q, struct text apex)
{
    q->closer = true;
    q->apex = arena_text(&q->arena, apex);
}

void inquiry_look_above(struct inquiry *q)
{
    q->above = true;
}

void inquiry_look_for_denial(struct inquiry *q, const struct denial *denial)
{
    if (!q->done)
        authority_look_for_denial(q, denial);
}

bool inquiry_denial(const struct inquiry *q, uint16_t type, struct denial *out, uint32_t *ttl_s)
{
    assert(q->done);
    return q->walk && !q->unchanged && authority_denial(q, type, out, ttl_s);
}

void inquiry_be_terse(struct inquiry *q)
{
    q->terse = true;
}

/* ---- where a missing record may stand ---- */

struct text inquiry_doubled_name(struct inquiry *q, struct text zone)
{
    if (!q->closer || !zone.len || q->name.len + 1 + zone.len > DNAME_LEN_MAX ||
        !dname_below(q->name, zone))
        return TEXT_NONE;
    return arena_fmt(&q->arena, TEXT_FMT "." TEXT_FMT, TEXT_ARG(q->name), TEXT_ARG(zone));
}

bool inquiry_wants_apex(const struct inquiry *q)
{
    return q->closer && q->apex.len && !dname_eq(q->apex, q->name);
}

bool inquiry_read_elsewhere(struct inquiry *q, const struct dns_question *question,
                            const struct dns_reply *reply, struct dns_elsewhere *at)
{
    struct answer a;
    if (answer_read(&a, question, reply, &q->arena) != OK || a.kind != ANSWER_SPOKE)
        return false;
    at->name = question->name;
    if (question->type == DNS_TYPE_MX) {
        at->mx = a.mx;
        at->mx_len = a.mx_len;
    } else {
        at->txt = a.txt;
        at->txt_len = a.txt_len;
    }
    return a.state != DNS_NXDOMAIN;
}

/* Does a wildcard give the doubled name its records of the type? Then nobody has put them there. */
static void doubled_vet(struct inquiry *q, const struct dns_question *question,
                        const struct dns_reply *reply)
{
    struct dns_elsewhere *at = &q->facts.doubled;
    struct answer a;
    if (answer_read(&a, question, reply, &q->arena) != OK || a.kind != ANSWER_SPOKE)
        return;
    struct answer found = {.kind = ANSWER_SPOKE, .state = DNS_FOUND};
    if (question->type == DNS_TYPE_MX) {
        found.mx = at->mx;
        found.mx_len = at->mx_len;
    } else {
        found.txt = at->txt;
        found.txt_len = at->txt_len;
    }
    if (!answer_same(&a, &found))
        return;
    if (question->type == DNS_TYPE_MX)
        at->mx_len = 0;
    else
        at->txt_len = 0;
}

uint32_t inquiry_read_doubled(struct inquiry *q, const struct dns_question *question,
                              const struct dns_reply *reply,
                              struct dns_question next[DOUBLED_NEXT_MAX])
{
    const struct dns_elsewhere *at = &q->facts.doubled;
    uint32_t len = 0;
    if (text_starts(question->name, TEXT("*."))) {
        doubled_vet(q, question, reply);
        return 0;
    }
    bool is_txt = question->type == DNS_TYPE_TXT;
    if (inquiry_read_elsewhere(q, question, reply, &q->facts.doubled) && is_txt) {
        next[len] = *question;
        next[len++].type = DNS_TYPE_MX;
    }
    struct text wildcard = arena_fmt(&q->arena, "*." TEXT_FMT, TEXT_ARG(dname_parent(at->name)));
    if ((is_txt ? at->txt_len : at->mx_len) && wildcard.at && wildcard.len <= DNAME_LEN_MAX) {
        next[len] = *question;
        next[len++].name = wildcard;
    }
    return len;
}

/* The zone of a name is the owner of the SOA in a denial, if there was one. */
static struct text denying_zone(struct inquiry *q, const struct dns_reply *reply)
{
    return reply->outcome == DNS_ANSWERED
               ? arena_text(&q->arena, zone_of_denial(&reply->message, q->name))
               : TEXT_NONE;
}

static void recursive_ask_elsewhere(struct inquiry *q)
{
    const struct answer *mx = &q->answers[ASK_MX], *txt = &q->answers[ASK_TXT];
    bool lacks_mx = mx->kind == ANSWER_SPOKE && !answer_is_some(mx);
    bool lacks_txt = txt->kind == ANSWER_SPOKE && !answer_is_some(txt);
    struct text doubled = inquiry_doubled_name(q, q->facts.zone);
    struct dns_question question = {.name = doubled, .type = DNS_TYPE_TXT, .recurse = true};
    if ((lacks_mx || lacks_txt) && doubled.len)
        inquiry_plan(q, question);
    question.name = q->apex;
    if (lacks_txt && inquiry_wants_apex(q))
        inquiry_plan(q, question);
}

static void recursive_read_elsewhere(struct inquiry *q, const struct dns_question *question,
                                     const struct dns_reply *reply)
{
    struct dns_question next[DOUBLED_NEXT_MAX];
    uint32_t len = 0;
    if (dname_eq(question->name, q->apex))
        (void)inquiry_read_elsewhere(q, question, reply, &q->facts.apex);
    else
        len = inquiry_read_doubled(q, question, reply, next);
    for (uint32_t i = 0; i < len; i++)
        inquiry_plan(q, next[i]);
}

bool inquiry_next(struct inquiry *q, struct dns_question *out, uint32_t *number)
{
    if (q->done || q->asked == q->planned)
        return false;
    *number = q->asked++;
    *out = q->questions[*number];
    return true;
}

static void recursive_end(struct inquiry *q)
{
    const struct answer *mx = &q->answers[ASK_MX], *txt = &q->answers[ASK_TXT];
    const struct answer *failed = mx->kind != ANSWER_SPOKE ? mx : txt;
    struct dns_elsewhere doubled = q->facts.doubled, apex = q->facts.apex;
    bool has_others = q->facts.has_others;
    bool heard = mx->kind == ANSWER_SPOKE || txt->kind == ANSWER_SPOKE;
    uint32_t mx_ttl_s = mx->kind == ANSWER_SPOKE ? mx->ttl_s : UINT32_MAX;
    uint32_t txt_ttl_s = txt->kind == ANSWER_SPOKE ? txt->ttl_s : UINT32_MAX;
    q->facts = (struct dns_facts){.mx_state = mx->state,
                                  .txt_state = txt->state,
                                  .mx = mx->mx,
                                  .mx_len = mx->mx_len,
                                  .txt = txt->txt,
                                  .txt_len = txt->txt_len,
                                  .cuts = txt->cuts,
                                  .cuts_len = txt->cuts_len,
                                  .doubled = doubled,
                                  .apex = apex,
                                  .cname = mx->cname.len ? mx->cname : txt->cname,
                                  .has_others = has_others};
    if (heard)
        q->facts.ttl_s = mx_ttl_s < txt_ttl_s ? mx_ttl_s : txt_ttl_s;
    if (mx->kind == ANSWER_SPOKE && mx->state != DNS_FOUND)
        q->facts.mx_denied_s = mx->ttl_s;
    if (failed->kind != ANSWER_SPOKE) {
        struct text said = arena_fmt(&q->arena, "resolver: " TEXT_FMT, TEXT_ARG(failed->trouble));
        q->facts.trouble = said.at ? said : failed->trouble;
    }
    if (!q->terse)
        q->facts.servers = ARENA_NEW(&q->arena, struct server_note);
    if (q->facts.servers) {
        q->facts.servers[0] = answer_note(TEXT("resolver"), mx, txt, &q->arena);
        q->facts.servers_len = 1;
    }
    q->done = true;
}

void inquiry_reply(struct inquiry *q, uint32_t number, const struct dns_reply *reply)
{
    assert(number < q->asked);
    if (q->done)
        return;
    q->answered++;
    if (q->answered == 1 || reply->same_until < q->same_until)
        q->same_until = reply->same_until;
    if (q->mode == INQUIRY_AUTHORITY) {
        authority_reply(q, number, reply);
        return;
    }
    const struct dns_question *question = &q->questions[number];
    q->facts.has_others = q->facts.has_others || reply->has_others;
    if (number >= ASKS)
        recursive_read_elsewhere(q, question, reply);
    else /* Out of memory is told as trouble by the answer itself. */
        (void)answer_read(&q->answers[number], question, reply, &q->arena);
    if (number < ASKS && !q->facts.zone.len)
        q->facts.zone = denying_zone(q, reply);
    if (q->answered == ASKS)
        recursive_ask_elsewhere(q);
    if (q->answered == q->planned)
        recursive_end(q);
}

static uint64_t digest_add(uint64_t digest, struct text t)
{
    return hash_mix(digest, hash_bytes(t.at, t.len));
}

static uint64_t digest_records(uint64_t digest, const struct mx_fact *mx, uint32_t mx_len,
                               const struct text *txt, uint32_t txt_len)
{
    for (uint32_t i = 0; i < mx_len; i++)
        digest = digest_add(digest, mx[i].exchange);
    for (uint32_t i = 0; i < txt_len; i++)
        digest = digest_add(digest, txt[i]);
    return hash_mix(digest, mx_len);
}

uint16_t inquiry_digest(const struct inquiry *q)
{
    const struct dns_facts *f = inquiry_facts(q);
    const struct dns_elsewhere *d = &f->doubled, *a = &f->apex;
    uint64_t digest = digest_records(f->wildcard, f->mx, f->mx_len, f->txt, f->txt_len);
    digest = digest_records(digest, d->mx, d->mx_len, d->txt, d->txt_len);
    digest = digest_records(digest_add(digest, f->cname), NULL, 0, a->txt, a->txt_len);
    return (uint16_t)(digest % UINT16_MAX + 1);
}

const struct dns_facts *inquiry_facts(const struct inquiry *q)
{
    assert(q->done);
    return &q->facts;
}
