/*
 * Slots of orders. An order is given once, taken once in the order of giving, and answered once:
 * what changes something, when the journal has it.
 */
#include "control_internal.h"

#include "model/fleet.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

/* ---- answers ---- */

static void say_taken(char *said, unsigned long long run, const struct order *o)
{
    switch (o->kind) {
    case ORDER_PAUSE:
        snprintf(said, CONTROL_SAID_MAX,
                 "run %llu is paused: no write begins. What is written is followed, and deadlines "
                 "run on",
                 run);
        return;
    case ORDER_RESUME: snprintf(said, CONTROL_SAID_MAX, "run %llu goes on", run); return;
    case ORDER_PACE:
        snprintf(said, CONTROL_SAID_MAX,
                 "run %llu makes at most %g calls a second of each action from now on, in each "
                 "account and Region",
                 run, o->rate_per_s);
        return;
    case ORDER_STOP:
        snprintf(said, CONTROL_SAID_MAX, "run %llu stops: calls on their way are awaited", run);
        return;
    case ORDER_LEAVE:
    case ORDER_KINDS:
        snprintf(said, CONTROL_SAID_MAX,
                 "run %llu leaves at once: its journal has what was on its way", run);
    }
}

static void say_idle(char *said, const struct control *c, const struct order *o)
{
    char who[ORDER_GIVER_MAX], since[WHEN_LEN];
    unsigned long long run = c->run;
    if (o->kind == ORDER_PAUSE)
        snprintf(said, CONTROL_SAID_MAX, "run %llu is paused already, by %s since %s", run,
                 order_giver(&c->pause, who), when_format(c->pause.at, since));
    else
        snprintf(said, CONTROL_SAID_MAX, "run %llu %s", run,
                 o->kind == ORDER_RESUME ? "is not paused"
                 : o->kind == ORDER_PACE ? "goes at that pace already"
                                         : "is stopping already");
}

static void answer(struct control *c, struct slot *s, enum control_word word)
{
    s->word = word;
    if (word == CONTROL_DONE)
        say_taken(s->said, c->run, &s->order);
    else if (word == CONTROL_IDLE)
        say_idle(s->said, c, &s->order);
    else
        snprintf(s->said, sizeof s->said, "run %llu %s, so the order changes nothing",
                 (unsigned long long)c->run, c->wire ? "is stopping" : "has ended");
    s->state = s->is_left ? SLOT_FREE : SLOT_ANSWERED;
}

/* The threads that wait for answers look. */
static void answers_tell(struct control *c)
{
    uint64_t one = 1;
    pthread_cond_broadcast(&c->answered);
    ssize_t written = c->wakeup >= 0 ? write(c->wakeup, &one, sizeof one) : 0;
    (void)written; /* fails only when full, and a full eventfd is readable */
}

/* ---- the deciding thread ---- */

struct order *orders_next(void *control)
{
    struct control *c = control;
    struct slot *first = NULL;
    pthread_mutex_lock(&c->lock);
    for (uint32_t i = 0; i < CONTROL_ORDERS_MAX; i++) {
        struct slot *s = &c->slots[i];
        if (s->state == SLOT_GIVEN && (!first || s->order.ticket < first->order.ticket))
            first = s;
    }
    if (first)
        first->state = SLOT_TAKEN;
    pthread_mutex_unlock(&c->lock);
    return first ? &first->order : NULL;
}

void orders_kept(struct control *c, const struct order *order)
{
    pthread_mutex_lock(&c->lock);
    if (order->kind == ORDER_PAUSE)
        c->pause = *order;
    if (order->kind == ORDER_PAUSE || order->kind == ORDER_RESUME)
        c->is_paused = order->kind == ORDER_PAUSE;
    for (uint32_t i = 0; i < CONTROL_ORDERS_MAX; i++)
        if (c->slots[i].state == SLOT_TAKEN && c->slots[i].order.ticket == order->ticket)
            answer(c, &c->slots[i], CONTROL_DONE);
    answers_tell(c);
    pthread_mutex_unlock(&c->lock);
}

void orders_decided(struct control *c)
{
    bool any = false;
    pthread_mutex_lock(&c->lock);
    for (uint32_t i = 0; i < CONTROL_ORDERS_MAX; i++) {
        struct slot *s = &c->slots[i];
        enum order_answer said = s->order.answer;
        if (s->state != SLOT_TAKEN || said == ORDER_WAITS || said == ORDER_TAKEN)
            continue;
        answer(c, s, said == ORDER_IDLE ? CONTROL_IDLE : CONTROL_LATE);
        any = true;
    }
    if (any)
        answers_tell(c);
    pthread_mutex_unlock(&c->lock);
}

void orders_end(struct control *c)
{
    pthread_mutex_lock(&c->lock);
    c->wire = NULL;
    c->is_paused = false;
    for (uint32_t i = 0; i < CONTROL_ORDERS_MAX; i++)
        if (c->slots[i].state == SLOT_GIVEN || c->slots[i].state == SLOT_TAKEN)
            answer(c, &c->slots[i], CONTROL_LATE);
    answers_tell(c);
    pthread_mutex_unlock(&c->lock);
}

/* ---- who gives orders ---- */

static bool is_sound(const struct order *o)
{
    return o->kind < ORDER_KINDS &&
           (o->kind != ORDER_PACE || (o->rate_per_s > 0 && rate_fits(o->rate_per_s)));
}

uint32_t orders_give(struct control *c, uint64_t run, const struct order *order,
                     enum control_word *word, char said[CONTROL_SAID_MAX])
{
    uint32_t slot = SLOT_NONE;
    *word = CONTROL_LATE;
    snprintf(said, CONTROL_SAID_MAX, "too many orders wait for an answer: try again");
    pthread_mutex_lock(&c->lock);
    for (uint32_t i = 0; i < CONTROL_ORDERS_MAX && slot == SLOT_NONE; i++)
        slot = c->slots[i].state == SLOT_FREE ? i : SLOT_NONE;
    if (!is_sound(order)) {
        *word = CONTROL_BAD;
        snprintf(said, CONTROL_SAID_MAX, "a pace is from 0.01 to 10000 calls a second");
        slot = SLOT_NONE;
    } else if (!c->wire) {
        snprintf(said, CONTROL_SAID_MAX, "run %llu has ended, so the order changes nothing",
                 (unsigned long long)c->run);
        slot = SLOT_NONE;
    } else if (run && run != c->run) {
        *word = CONTROL_OTHER;
        snprintf(said, CONTROL_SAID_MAX, "run %llu is under way, and not run %llu",
                 (unsigned long long)c->run, (unsigned long long)run);
        slot = SLOT_NONE;
    }
    if (slot != SLOT_NONE) {
        struct slot *s = &c->slots[slot];
        *s = (struct slot){.state = SLOT_GIVEN, .order = *order};
        s->order.ticket = ++c->tickets;
        s->order.answer = ORDER_WAITS;
        wire_wake(c->wire);
    }
    pthread_mutex_unlock(&c->lock);
    return slot;
}

bool orders_answer_take(struct control *c, uint32_t slot, enum control_word *word,
                        char said[CONTROL_SAID_MAX])
{
    pthread_mutex_lock(&c->lock);
    struct slot *s = &c->slots[slot];
    bool is_there = s->state == SLOT_ANSWERED;
    if (is_there) {
        *word = s->word;
        memcpy(said, s->said, sizeof s->said);
        s->state = SLOT_FREE;
    }
    pthread_mutex_unlock(&c->lock);
    return is_there;
}

enum control_word orders_leave(struct control *c, uint32_t slot, char said[CONTROL_SAID_MAX])
{
    enum control_word word = CONTROL_LATE;
    pthread_mutex_lock(&c->lock);
    struct slot *s = &c->slots[slot];
    if (s->state == SLOT_ANSWERED) {
        word = s->word;
        memcpy(said, s->said, sizeof s->said);
    } else if (s->state == SLOT_TAKEN) {
        word = CONTROL_TAKEN;
        snprintf(said, CONTROL_SAID_MAX,
                 "run %llu has taken the order and has not kept it yet, so it may still be carried "
                 "out: the disk of its journal may hang. mailfrom status shows whether it was",
                 (unsigned long long)c->run);
    } else {
        snprintf(said, CONTROL_SAID_MAX,
                 "run %llu does not answer, and the order is withdrawn: it will not be carried "
                 "out. The disk of its journal may hang",
                 (unsigned long long)c->run);
    }
    s->is_left = s->state == SLOT_TAKEN;
    if (!s->is_left)
        s->state = SLOT_FREE;
    pthread_mutex_unlock(&c->lock);
    return word;
}

/* Waits until the slot is answered, for so long. */
static void answer_await(struct control *c, uint32_t slot, span_us patience)
{
    struct timespec until;
    clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_sec += patience / 1000000;
    until.tv_nsec += patience % 1000000 * 1000;
    until.tv_sec += until.tv_nsec / 1000000000;
    until.tv_nsec %= 1000000000;
    pthread_mutex_lock(&c->lock);
    while (c->slots[slot].state != SLOT_ANSWERED &&
           pthread_cond_timedwait(&c->answered, &c->lock, &until) == 0)
        ;
    pthread_mutex_unlock(&c->lock);
}

enum control_word control_order(struct control *c, uint64_t run, const struct order *order,
                                span_us patience, char said[CONTROL_SAID_MAX])
{
    enum control_word word;
    uint32_t slot = orders_give(c, run, order, &word, said);
    if (slot == SLOT_NONE)
        return word;
    answer_await(c, slot, patience);
    return orders_leave(c, slot, said);
}

enum control_word control_order_of_page(struct control *c, struct text verb, struct text value,
                                        struct text who, char said[CONTROL_SAID_MAX])
{
    char line[CONTROL_LINE_MAX];
    const char *wrong;
    struct order order;
    uint64_t run;
    int len = snprintf(line, sizeof line, "mailfrom-control %d 0 " TEXT_FMT "%s" TEXT_FMT,
                       CONTROL_VERSION, TEXT_ARG(verb), value.len ? " " : "", TEXT_ARG(value));
    bool fits = len > 0 && (size_t)len < sizeof line;
    if (!fits || !control_line_read((struct text){line, (size_t)len}, &run, &order, &wrong)) {
        snprintf(said, CONTROL_SAID_MAX, "%s", fits ? wrong : "this is no order for a run");
        return CONTROL_BAD;
    }
    order_name_copy(order.user, sizeof order.user, who);
    memcpy(order.host, c->host, sizeof order.host);
    order.uid = (uint32_t)geteuid();
    order.pid = (uint32_t)getpid();
    return control_order(c, run, &order, ORDER_PAGE_WITHIN, said);
}
