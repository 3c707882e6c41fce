/* By ucontext of POSIX.1-2001. Stacks are kept for the next one. */
#include "coroutine.h"

#include "base/heap.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <ucontext.h>

#define STACK_SIZE (256u * 1024)

enum coroutine_state { COROUTINE_FREE, COROUTINE_SLEEPS, COROUTINE_RUNS, COROUTINE_ENDED };

struct coroutine {
    struct coroutines *all;
    enum coroutine_state state;
    uint32_t place;
    instant_us wakes;
    ucontext_t context;
    char *stack;
    void (*body)(void *ctx);
    void *ctx;
};

struct coroutines {
    struct coroutine list[COROUTINES_MAX];
    struct heap due; /* place -> instant */
    ucontext_t owner;
    struct coroutine *running;
};

struct coroutines *coroutines_new(void)
{
    struct coroutines *all = calloc(1, sizeof *all);
    if (!all || !heap_init(&all->due, COROUTINES_MAX)) {
        free(all);
        return NULL;
    }
    for (uint32_t i = 0; i < COROUTINES_MAX; i++) {
        all->list[i].all = all;
        all->list[i].place = i;
    }
    return all;
}

void coroutines_free(struct coroutines *all)
{
    if (!all)
        return;
    for (uint32_t i = 0; i < COROUTINES_MAX; i++) {
        assert(all->list[i].state == COROUTINE_FREE);
        free(all->list[i].stack);
    }
    heap_clear(&all->due);
    free(all);
}

/* makecontext() passes numbers: the address in two halves. */
static void enter(unsigned high, unsigned low)
{
    struct coroutine *c = (struct coroutine *)((uintptr_t)high << 32 | low);
    c->body(c->ctx);
    c->state = COROUTINE_ENDED;
    swapcontext(&c->context, &c->all->owner);
    assert(false && "an ended coroutine goes on");
}

static bool stack_make(struct coroutine *c)
{
    if (!c->stack)
        c->stack = malloc(STACK_SIZE);
    return c->stack != NULL;
}

/* getcontext() returns like setjmp(), so nothing else is at stake here. */
static void context_make(struct coroutine *c)
{
    uintptr_t at = (uintptr_t)c;
    getcontext(&c->context);
    c->context.uc_stack.ss_sp = c->stack;
    c->context.uc_stack.ss_size = STACK_SIZE;
    c->context.uc_link = NULL;
    makecontext(&c->context, (void (*)(void))enter, 2, (unsigned)(at >> 32), (unsigned)at);
}

struct coroutine *coroutine_begin(struct coroutines *all, void (*body)(void *ctx), void *ctx,
                                  instant_us now)
{
    uint32_t i = 0;
    while (i < COROUTINES_MAX && all->list[i].state != COROUTINE_FREE)
        i++;
    if (i == COROUTINES_MAX || !stack_make(&all->list[i]))
        return NULL;
    struct coroutine *c = &all->list[i];
    c->state = COROUTINE_SLEEPS;
    c->wakes = now;
    c->body = body;
    c->ctx = ctx;
    context_make(c);
    heap_set(&all->due, i, now);
    return c;
}

bool coroutine_is_running(const struct coroutines *all)
{
    return all->running != NULL;
}

struct coroutine *coroutine_self(const struct coroutines *all)
{
    return all->running;
}

void coroutine_sleep(struct coroutines *all, instant_us until)
{
    struct coroutine *c = all->running;
    assert(c && c->state == COROUTINE_RUNS);
    c->state = COROUTINE_SLEEPS;
    c->wakes = until;
    heap_set(&all->due, c->place, until);
    swapcontext(&c->context, &all->owner);
}

void coroutine_wake(struct coroutine *c, instant_us at)
{
    if (!c || c->state != COROUTINE_SLEEPS || c->wakes <= at)
        return;
    c->wakes = at;
    heap_set(&c->all->due, c->place, at);
}

bool coroutine_has_ended(const struct coroutine *c)
{
    return c->state == COROUTINE_ENDED;
}

void coroutine_end(struct coroutine *c)
{
    if (!c)
        return;
    assert(c->state == COROUTINE_ENDED);
    c->state = COROUTINE_FREE;
}

instant_us coroutines_next(const struct coroutines *all)
{
    return heap_first(&all->due);
}

void coroutines_run(struct coroutines *all, instant_us now)
{
    uint32_t place;
    assert(!all->running);
    while (heap_pop_due(&all->due, now, &place)) {
        struct coroutine *c = &all->list[place];
        assert(c->state == COROUTINE_SLEEPS);
        c->state = COROUTINE_RUNS;
        all->running = c;
        swapcontext(&all->owner, &c->context);
        all->running = NULL;
    }
}
