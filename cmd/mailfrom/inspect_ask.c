/*
 * Duty: keep the window of questions full without leaving manners (engine/scheduler/manners.h).
 *
 * Invariant: a question that a subject has handed out is either held in its slot or out in a call.
 * A slot is free again when its subject is done, which it is only when neither holds anything.
 */
#include "inspect_ask.h"

#include "base/bounds.h"
#include "scheduler/manners.h"

#include <assert.h>
#include <stdlib.h>

#define SLOTS_LEN    (2 * DNS_WINDOW) /* so that held ones do not leave the window empty */
#define HELD_MAX     (INQUIRY_QUESTIONS_MAX + DMARC_NAMES_MAX + 2) /* of one subject, at most */
#define WRITTEN_MAX  (4u << 20) /* of one name: a record of 4 KB and 26 servers are far below */
#define ANSWER_BYTES (1u << 20) /* one message of 64 KB, parsed */

struct held {
    struct dns_question question;
    uint32_t part;
};

struct slot {
    struct subject subject;
    bool used;
    size_t name; /* index */
    uint32_t held_len;
    struct held held[HELD_MAX];
};

struct asking {
    struct wire *wire;
    const struct text *names;
    size_t names_len, started, printed;
    const struct inspect_out *out;
    struct slot slots[SLOTS_LEN];
    struct call calls[DNS_WINDOW], *pool;
    uint32_t calls_out;
    uint64_t ticket;
    struct manners manners;
    struct buf written[INSPECT_AHEAD_MAX]; /* by index of the name, modulo */
    size_t troubled;
    bool no_memory;
};

static struct asking *asking_new(const struct inspect_wish *wish)
{
    struct asking *a = calloc(1, sizeof *a);
    if (!a)
        return NULL;
    for (uint32_t i = 0; i < SLOTS_LEN; i++)
        subject_init(&a->slots[i].subject, wish);
    for (uint32_t i = 0; i < DNS_WINDOW; i++) {
        arena_init(&a->calls[i].arena, ANSWER_BYTES);
        a->calls[i].next = a->pool;
        a->pool = &a->calls[i];
    }
    for (uint32_t i = 0; i < INSPECT_AHEAD_MAX; i++)
        buf_init(&a->written[i], WRITTEN_MAX);
    manners_init(&a->manners, siphash_key_of_process());
    return a;
}

static void asking_free(struct asking *a)
{
    for (uint32_t i = 0; i < SLOTS_LEN; i++)
        subject_clear(&a->slots[i].subject);
    for (uint32_t i = 0; i < DNS_WINDOW; i++)
        arena_clear(&a->calls[i].arena);
    for (uint32_t i = 0; i < INSPECT_AHEAD_MAX; i++)
        buf_clear(&a->written[i]);
    free(a);
}

static void call_make(struct asking *a, struct slot *slot, const struct held *held,
                      struct call **out)
{
    struct call *call = a->pool;
    a->pool = call->next;
    call->next = NULL;
    call->ticket = ++a->ticket;
    call->kind = CALL_ASK;
    call->owner = (uint32_t)(slot - a->slots);
    call->part = held->part;
    call->attempt = 1;
    call->question = held->question;
    *out = call;
    a->calls_out++;
}

/* Moves what may go from the slot into calls; *wake is brought forward to when the rest may. */
static uint32_t slot_send(struct asking *a, struct slot *slot, instant_us now, instant_us *wake,
                          struct call **calls)
{
    uint32_t len = 0, kept = 0;
    for (uint32_t i = 0; i < slot->held_len; i++) {
        struct held held = slot->held[i];
        instant_us again = WHEN_NEVER;
        if (a->pool && manners_take(&a->manners, &held.question.server, now, &again)) {
            call_make(a, slot, &held, &calls[len++]);
            continue;
        }
        slot->held[kept++] = held;
        if (again < *wake)
            *wake = again;
    }
    slot->held_len = kept;
    return len;
}

static void slot_finish(struct asking *a, struct slot *slot)
{
    struct buf *written = &a->written[slot->name % INSPECT_AHEAD_MAX];
    buf_reset(written);
    a->out->write(a->out->context, written, &slot->subject);
    a->no_memory = a->no_memory || written->failed || written->len == 0;
    a->troubled += subject_has_trouble(&slot->subject);
    slot->used = false;
}

static void slot_fill(struct asking *a, struct slot *slot)
{
    struct held held;
    while (subject_next(&slot->subject, &held.question, &held.part)) {
        assert(slot->held_len < HELD_MAX);
        slot->held[slot->held_len++] = held;
    }
    if (slot->subject.done)
        slot_finish(a, slot);
}

/* Names that follow a very slow one wait once a few thousand are done behind it. */
static bool name_may_start(const struct asking *a)
{
    return a->started < a->names_len && a->started - a->printed < INSPECT_AHEAD_MAX;
}

static void slots_start(struct asking *a)
{
    for (uint32_t i = 0; i < SLOTS_LEN && name_may_start(a); i++) {
        struct slot *slot = &a->slots[i];
        if (slot->used)
            continue;
        slot->used = true;
        slot->name = a->started++;
        subject_start(&slot->subject, a->names[slot->name]);
        slot_fill(a, slot);
    }
}

static instant_us questions_send(struct asking *a)
{
    struct call *calls[DNS_WINDOW];
    uint32_t len = 0;
    instant_us wake = WHEN_NEVER, now = wire_now(a->wire);
    for (uint32_t i = 0; i < SLOTS_LEN && a->pool; i++)
        if (a->slots[i].used)
            len += slot_send(a, &a->slots[i], now, &wake, calls + len);
    wire_send(a->wire, calls, len);
    return wake;
}

static void answer_take(struct asking *a, struct call *call)
{
    struct slot *slot = &a->slots[call->owner];
    manners_give(&a->manners, &call->question.server);
    subject_reply(&slot->subject, call->part, &call->dns);
    call->next = a->pool;
    a->pool = call;
    a->calls_out--;
    slot_fill(a, slot);
}

static void answers_take(struct asking *a, instant_us until)
{
    struct event events[DNS_WINDOW];
    uint32_t len = wire_wait(a->wire, until, events, DNS_WINDOW);
    for (uint32_t i = 0; i < len; i++) {
        assert(events[i].kind == EVENT_ANSWER); /* nobody interrupts this wire */
        answer_take(a, events[i].call);
    }
}

static void written_print(struct asking *a)
{
    while (a->printed < a->started && a->written[a->printed % INSPECT_AHEAD_MAX].len) {
        struct buf *written = &a->written[a->printed++ % INSPECT_AHEAD_MAX];
        a->out->print(a->out->context, buf_text(written));
        buf_clear(written);
    }
}

/* The calls are this struct's memory, so they all come home before it goes. */
static void calls_await(struct asking *a)
{
    struct event events[DNS_WINDOW];
    while (a->calls_out) {
        uint32_t len = wire_wait(a->wire, WHEN_NEVER, events, DNS_WINDOW);
        for (uint32_t i = 0; i < len; i++)
            a->calls_out -= events[i].kind == EVENT_ANSWER;
    }
}

enum err inspect_ask(struct wire *wire, const struct inspect_wish *wish, const struct text *names,
                     size_t len, const struct inspect_out *out, size_t *troubled, struct why *why)
{
    struct asking *a = asking_new(wish);
    if (!a)
        return why_set(why, ERR_NOMEM, "out of memory");
    a->wire = wire;
    a->names = names;
    a->names_len = len;
    a->out = out;
    while (a->printed < len && !a->no_memory) {
        slots_start(a);
        instant_us wake = questions_send(a);
        written_print(a);
        assert(a->calls_out || wake < WHEN_NEVER || name_may_start(a) || a->printed == len);
        if (a->calls_out || wake < WHEN_NEVER)
            answers_take(a, wake);
        written_print(a);
    }
    calls_await(a);
    *troubled = a->troubled;
    enum err err = a->no_memory ? why_set(why, ERR_NOMEM, "out of memory") : OK;
    asking_free(a);
    return err;
}
