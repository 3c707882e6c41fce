/*
 * Runs many surveys in slots. Invariant: a question handed out by a survey is either held in the
 * slot or on its way, so a slot with a finished survey holds none.
 */
#include "survey_pool.h"

#include <assert.h>

/* Hundreds of slots may be held by the rate of one server: they are tried together, for the tokens
 * of so long, and not for each token. */
#define HELD_AT_LEAST SPAN_MS(20)

static_assert(HELD_AT_LEAST * DNS_SERVER_RATE_MAX < SPAN_S(1) * DNS_SERVER_OUT_MAX,
              "a bucket has room for the tokens that come meanwhile");

/* ---- lists of slots ---- */

static void list_push(struct survey_pool *p, struct survey_list *list, struct survey_slot *slot)
{
    uint32_t link = (uint32_t)(slot - p->slots) + 1;
    slot->next = 0;
    if (list->last)
        p->slots[list->last - 1].next = link;
    else
        list->first = link;
    list->last = link;
}

static void list_push_first(struct survey_pool *p, struct survey_list *list,
                            struct survey_slot *slot)
{
    slot->next = list->first;
    list->first = (uint32_t)(slot - p->slots) + 1;
    if (!list->last)
        list->last = list->first;
}

static struct survey_slot *list_pop(struct survey_pool *p, struct survey_list *list)
{
    if (!list->first)
        return NULL;
    struct survey_slot *slot = &p->slots[list->first - 1];
    list->first = slot->next;
    if (!list->first)
        list->last = 0;
    return slot;
}

/* Held slots are tried again, before slots ready since. */
static void held_retry(struct survey_pool *p)
{
    p->held_until = WHEN_NEVER;
    if (!p->held.first)
        return;
    p->slots[p->held.last - 1].next = p->ready.first;
    p->ready.first = p->held.first;
    if (!p->ready.last)
        p->ready.last = p->held.last;
    p->held = (struct survey_list){0};
}

/* ---- the pool ---- */

void survey_pool_init(struct survey_pool *p, const struct survey_options *options,
                      struct siphash_key key, survey_goes_on *goes_on, void *ctx)
{
    p->options = *options;
    p->goes_on = goes_on;
    p->ctx = ctx;
    p->window = options->window ? options->window : DNS_WINDOW;
    p->out = p->at_resolver = p->unanswered = 0;
    p->free = p->ready = p->held = p->done = (struct survey_list){0};
    p->held_until = WHEN_NEVER;
    server_limit_init(&p->server_limit, key);
    dns_cache_init(&p->cache, key);
    host_book_init(&p->hosts, key);
    for (uint32_t i = 0; i < SURVEYS_MAX; i++) {
        p->slots[i].is_listed = false;
        p->slots[i].held_len = 0;
        survey_init(&p->slots[i].survey, &p->options);
        list_push(p, &p->free, &p->slots[i]);
    }
}

void survey_pool_clear(struct survey_pool *p)
{
    for (uint32_t i = 0; i < SURVEYS_MAX; i++)
        survey_clear(&p->slots[i].survey);
    dns_cache_clear(&p->cache);
    host_book_clear(&p->hosts);
}

bool survey_pool_has_room(const struct survey_pool *p)
{
    return p->free.first && !p->ready.first && p->out < p->window && p->at_resolver < DNS_WINDOW;
}

/* Moves the slot on after its survey changed: to a list, or to the next question. */
static void slot_advance(struct survey_pool *p, struct survey_slot *slot, instant_us now)
{
    struct survey *s = &slot->survey;
    struct survey_held held;
    for (;;) {
        while (survey_next(s, &held.question, &held.part)) {
            assert(slot->held_len < SURVEY_HELD_MAX);
            slot->held[slot->held_len++] = held;
        }
        if (!survey_name_is_known(s))
            break;
        if (!p->goes_on || p->goes_on(p->ctx, slot->subject, s, now))
            survey_go_on(s);
        else
            survey_stop(s);
    }
    assert(s->stage != SURVEY_DONE || slot->held_len == 0);
}

/* After slot_advance(), for a slot in no list. */
static void slot_list(struct survey_pool *p, struct survey_slot *slot)
{
    slot->is_listed = slot->held_len > 0;
    if (slot->survey.stage == SURVEY_DONE)
        list_push(p, &p->done, slot);
    else if (slot->is_listed)
        list_push(p, &p->ready, slot);
}

void survey_pool_start(struct survey_pool *p, uint32_t subject, struct text name, struct text from,
                       const struct denial *denial, instant_us now)
{
    struct survey_slot *slot = list_pop(p, &p->free);
    assert(slot);
    slot->subject = subject;
    survey_start(&slot->survey, name, from, denial);
    slot_advance(p, slot, now);
    slot_list(p, slot);
}

static void held_remove(struct survey_slot *slot, uint32_t index)
{
    slot->held_len--;
    for (uint32_t i = index; i < slot->held_len; i++)
        slot->held[i] = slot->held[i + 1];
}

/* Receivers want every address of a host and the names on the way; an authority, one to ask. */
static bool is_in_host_book(uint32_t part)
{
    return !survey_part_is_of_receivers(part);
}

/* May the question go? If not, held_until is brought forward to the next worthwhile try. */
static enum dns_cache_state question_try(struct survey_pool *p, const struct survey_held *held,
                                         instant_us now, const struct dns_reply **known)
{
    const struct dns_question *question = &held->question;
    instant_us again = WHEN_NEVER;
    bool is_of_resolver = question->server.family == 0;
    if (is_in_host_book(held->part) && (*known = host_book_find(&p->hosts, question, now)) != NULL)
        return DNS_CACHE_KNOWN;
    if (is_of_resolver && p->at_resolver >= DNS_WINDOW)
        return DNS_CACHE_OUT;
    enum dns_cache_state state = dns_cache_ask(&p->cache, question, now, known);
    if (state != DNS_CACHE_SEND ||
        server_limit_take(&p->server_limit, &question->server, now, &again))
        return state;
    again = when_later(again, now + HELD_AT_LEAST);
    p->held_until = when_earlier(again, p->held_until);
    return DNS_CACHE_OUT;
}

/* The next sendable question of one slot; the cache answers known ones on the way. */
static bool slot_next(struct survey_pool *p, struct survey_slot *slot, instant_us now,
                      struct survey_question *out)
{
    for (uint32_t i = 0; i < slot->held_len;) {
        struct survey_held held = slot->held[i];
        const struct dns_reply *known = NULL;
        switch (question_try(p, &held, now, &known)) {
        case DNS_CACHE_OUT: i++; break;
        case DNS_CACHE_KNOWN:
            held_remove(slot, i);
            survey_reply(&slot->survey, held.part, known);
            slot_advance(p, slot, now);
            break;
        case DNS_CACHE_SEND:
            held_remove(slot, i);
            *out = (struct survey_question){(uint32_t)(slot - p->slots), held.part, held.question};
            return true;
        }
    }
    return false;
}

bool survey_pool_next(struct survey_pool *p, instant_us now, struct survey_question *out)
{
    if (now >= p->held_until)
        held_retry(p);
    while (p->ready.first && p->out < p->window) {
        struct survey_slot *slot = &p->slots[p->ready.first - 1];
        bool found = slot_next(p, slot, now, out);
        p->out += found;
        p->at_resolver += found && out->question.server.family == 0;
        if (found && slot->held_len)
            return true;
        list_pop(p, &p->ready);
        slot->is_listed = slot->held_len > 0;
        if (slot->survey.stage == SURVEY_DONE)
            list_push(p, &p->done, slot);
        else if (slot->is_listed)
            list_push(p, &p->held, slot);
        if (found)
            return true;
    }
    return false;
}

void survey_pool_reply(struct survey_pool *p, const struct survey_question *q,
                       const struct dns_reply *reply, instant_us now)
{
    struct survey_slot *slot = &p->slots[q->slot];
    assert(p->out > 0 && q->slot < SURVEYS_MAX);
    uint32_t held_len = slot->held_len;
    bool is_of_resolver = q->question.server.family == 0;
    bool frees =
        (is_of_resolver && p->at_resolver >= DNS_WINDOW) || dns_cache_is_shared(&q->question);
    p->out--;
    p->at_resolver -= is_of_resolver;
    frees |= server_limit_give(&p->server_limit, &q->question.server);
    dns_cache_reply(&p->cache, &q->question, reply, now);
    if (is_in_host_book(q->part))
        host_book_reply(&p->hosts, &q->question, reply, now);
    if (survey_part_is_of_receivers(q->part))
        p->unanswered = reply->outcome == DNS_TIMED_OUT ? p->unanswered + 1 : 0;
    survey_reply(&slot->survey, q->part, reply);
    slot_advance(p, slot, now);
    if (!slot->is_listed)
        slot_list(p, slot);
    if (frees || slot->held_len > held_len)
        held_retry(p);
}

const struct survey *survey_pool_take(struct survey_pool *p, uint32_t *subject)
{
    struct survey_slot *slot = list_pop(p, &p->done);
    if (!slot)
        return NULL;
    *subject = slot->subject;
    list_push_first(p, &p->free, slot); /* the memory is warm */
    return &slot->survey;
}

instant_us survey_pool_wake(const struct survey_pool *p, instant_us now)
{
    if (p->done.first)
        return now;
    if (p->out >= p->window)
        return WHEN_NEVER;
    return p->ready.first ? now : p->held_until;
}
