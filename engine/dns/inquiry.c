/*
 * The frame of every inquiry (questions numbered in the order of planning) and the recursive mode.
 * authority.c has the authority mode.
 */
#include "inquiry.h"

#include "answer.h"
#include "authority.h"
#include "base/bounds.h"

#include <assert.h>

enum { ASK_MX, ASK_TXT, ASKS }; /* numbers of the recursive mode's questions */

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
    uint32_t room = mode == INQUIRY_AUTHORITY ? INQUIRY_QUESTIONS_MAX : ASKS;
    q->questions = ARENA_ARRAY(&q->arena, struct dns_question, room);
    if (!q->name.at || !q->questions)
        inquiry_end_in_trouble(q, TEXT("out of memory"));
    else if (mode == INQUIRY_AUTHORITY)
        authority_start(q);
    else
        recursive_start(q);
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
                                  .cname = mx->cname.len ? mx->cname : txt->cname};
    if (heard)
        q->facts.ttl_s = mx_ttl_s < txt_ttl_s ? mx_ttl_s : txt_ttl_s;
    if (mx->kind == ANSWER_SPOKE && mx->state != DNS_FOUND)
        q->facts.mx_denied_s = mx->ttl_s;
    if (failed->kind != ANSWER_SPOKE) {
        struct text said = arena_fmt(&q->arena, "resolver: " TEXT_FMT, TEXT_ARG(failed->trouble));
        q->facts.trouble = said.at ? said : failed->trouble;
    }
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
    /* Out of memory is told as trouble by the answer itself. */
    (void)answer_read(&q->answers[number], &q->questions[number], reply, &q->arena);
    if (q->answered == ASKS)
        recursive_end(q);
}

const struct dns_facts *inquiry_facts(const struct inquiry *q)
{
    assert(q->done);
    return &q->facts;
}
