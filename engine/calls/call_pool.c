/* A free list through calls allocated at the start. */
#include "call_pool.h"

#include <assert.h>

bool call_pool_init(struct call_pool *pool, struct arena *memory, uint32_t len)
{
    *pool = (struct call_pool){.calls = ARENA_ARRAY(memory, struct call, len)};
    if (!pool->calls)
        return false;
    pool->len = len;
    for (uint32_t i = 0; i < len; i++) {
        arena_init(&pool->calls[i].arena, HTTP_BODY_MAX * 4);
        call_pool_give(pool, &pool->calls[i]);
    }
    return true;
}

void call_pool_clear(struct call_pool *pool)
{
    for (uint32_t i = 0; i < pool->len; i++)
        arena_clear(&pool->calls[i].arena);
    *pool = (struct call_pool){0};
}

struct call *call_pool_take(struct call_pool *pool, enum call_kind kind, uint16_t lane,
                            enum api api)
{
    struct call *call = pool->free;
    if (!call)
        return NULL;
    pool->free = call->next;
    pool->out++;
    call->next = NULL;
    call->ticket = ++pool->last_ticket;
    call->kind = kind;
    call->lane = lane;
    call->api = api;
    call->attempt = 1;
    call->count = 0;
    call->departure = (struct departure){0};
    call->not_after = 0;
    call->mail_from = call->token = call->above = TEXT_NONE;
    return call;
}

void call_pool_returned(struct call_pool *pool)
{
    assert(pool->out > 0);
    pool->out--;
}

bool call_pool_has(const struct call_pool *pool, const struct call *call)
{
    uintptr_t first = (uintptr_t)pool->calls, end = (uintptr_t)(pool->calls + pool->len);
    return first <= (uintptr_t)call && (uintptr_t)call < end;
}

void call_pool_give(struct call_pool *pool, struct call *call)
{
    call->next = pool->free;
    pool->free = call;
}
