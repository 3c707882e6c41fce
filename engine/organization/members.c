/*
 * Questions, each a paged list, and what becomes of their pages. Invariant: a question is in the
 * list from its first page to the last; once all are done the next phase begins.
 */
#include "members.h"

#include "base/escape.h"
#include "base/glob.h"
#include "calls/backoff.h"
#include "calls/call_pool.h"
#include "calls/paged_list.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CALLS_OUT_MAX   8
#define UNITS_BYTES_MAX (1u << 20) /* ids of units: AWS allows two thousand of 68 bytes */
#define KINDS           (CALL_KINDS - CALL_MEMBERS)

struct question {
    enum call_kind kind;
    struct text above;  /* as call.above */
    uint32_t unit;      /* of the wish, number + 1, which an unknown id is about; 0: of none */
    struct text wanted; /* UNITS: the name that is looked for; empty: all units are entered */
    struct text path;   /* the names behind it */
    struct text found;  /* its id */
    uint32_t near_len;  /* units looked through */
    struct text_near near;
    uint32_t member;    /* ACCOUNT_TAGS */
    uint64_t tags_left; /* bits of the wish's tags that the account has not shown */
    struct paged_list list;
    bool is_done;
};

struct organization {
    const struct organization_wish *wish;
    struct arena *memory;
    uint64_t seed;
    enum organization_phase phase;
    struct question *questions;
    uint32_t len, cap, first; /* questions before `first` are done */
    struct pace caller, pace[KINDS];
    struct paged_list asking; /* for the caller */
    struct call_pool calls;
    struct names numbers, units; /* seen: a number, or an id, counts once */
    struct text own;             /* the number of the caller's account */
    struct organization_found found;
    uint32_t members_cap, left_cap, tag_calls;
    bool *excludes; /* as wish.excluded: has fitted an account */
    struct why why;
    bool no_memory, is_stopped;
};

struct organization *organization_new(struct arena *memory, const struct organization_wish *wish,
                                      uint64_t seed)
{
    struct organization *o = ARENA_NEW(memory, struct organization);
    if (!o)
        return NULL;
    *o = (struct organization){.wish = wish, .memory = memory, .seed = seed};
    o->excludes = ARENA_ARRAY(memory, bool, wish->excluded_len + 1);
    bool fits = o->excludes && call_pool_init(&o->calls, memory, CALLS_OUT_MAX) &&
                names_init(&o->numbers, ACCOUNTS_LISTED_MAX * 32u) &&
                names_init(&o->units, UNITS_BYTES_MAX);
    pace_init_burst(&o->caller, ORGANIZATION_RATE);
    for (int i = 0; i < KINDS; i++)
        pace_init_burst(&o->pace[i], ORGANIZATION_RATE);
    if (fits)
        return o;
    organization_clear(o);
    return NULL;
}

void organization_clear(struct organization *o)
{
    if (!o)
        return;
    call_pool_clear(&o->calls);
    names_clear(&o->numbers);
    names_clear(&o->units);
}

static bool is_over(const struct organization *o)
{
    return o->phase >= ORGANIZATION_DONE || o->is_stopped;
}

/* --- questions -------------------------------------------------------------------------------- */

static struct question *question_add(struct organization *o, enum call_kind kind, struct text above,
                                     uint32_t unit)
{
    if (o->len == o->cap) {
        struct question *list = arena_grow(o->memory, o->questions, sizeof *list, o->len, &o->cap);
        if (!list) {
            o->no_memory = true;
            return NULL;
        }
        o->questions = list;
    }
    struct question *q = &o->questions[o->len];
    *q = (struct question){.kind = kind, .above = arena_text(o->memory, above), .unit = unit};
    o->no_memory |= above.len && !q->above.at;
    o->len++;
    return q;
}

/* Looks for the next name of path below a root or unit. */
static void path_follow(struct organization *o, struct text above, struct text path, uint32_t unit)
{
    struct text name = text_cut(&path, '/');
    struct question *q = question_add(o, CALL_UNITS, above, unit);
    if (!q)
        return;
    q->wanted = name;
    q->path = path;
    q->near = (struct text_near){name, 3, NULL};
}

/* Everything in the unit and below it. One that two paths lead to is entered once. */
static void unit_enter(struct organization *o, struct text id, uint32_t unit)
{
    name_id seen;
    uint32_t known = o->units.len;
    if (!names_add(&o->units, id, &seen))
        o->no_memory = true;
    if (o->no_memory || o->units.len == known)
        return;
    question_add(o, CALL_MEMBERS_OF, id, unit);
    question_add(o, CALL_UNITS, id, unit);
}

static void listing_begin(struct organization *o)
{
    const struct organization_wish *w = o->wish;
    bool has_path = false;
    o->phase = ORGANIZATION_LISTING;
    if (!w->units_len)
        question_add(o, CALL_MEMBERS, TEXT_NONE, 0);
    for (uint32_t i = 0; i < w->units_len; i++) {
        if (organization_unit_is_id(w->units[i]))
            unit_enter(o, w->units[i], i + 1);
        else
            has_path = true;
    }
    if (has_path)
        question_add(o, CALL_ROOTS, TEXT_NONE, 0);
}

/* --- members ---------------------------------------------------------------------------------- */

static bool is_excluded(struct organization *o, const struct organization_item *item)
{
    bool is = false;
    for (uint32_t i = 0; i < o->wish->excluded_len; i++) {
        struct text pattern = o->wish->excluded[i];
        bool fits = glob_fits(pattern, item->id) || glob_fits(pattern, item->name);
        o->excludes[i] |= fits;
        is |= fits;
    }
    return is;
}

static void member_add(struct organization *o, const struct organization_item *item)
{
    struct organization_found *f = &o->found;
    if (f->len == o->members_cap) {
        struct organization_member *list =
            arena_grow(o->memory, f->members, sizeof *list, f->len, &o->members_cap);
        if (!list) {
            o->no_memory = true;
            return;
        }
        f->members = list;
    }
    struct organization_member *m = &f->members[f->len++];
    *m = (struct organization_member){.number = arena_text(o->memory, item->id),
                                      .name = arena_text(o->memory, item->name),
                                      .is_own = text_eq(item->id, o->own)};
    o->no_memory |= !m->number.at || (item->name.len && !m->name.at);
}

static void left_add(struct organization *o, struct text number, enum organization_left why)
{
    struct organization_found *f = &o->found;
    if (f->left_len == o->left_cap) {
        struct organization_left_out *list =
            arena_grow(o->memory, f->left, sizeof *list, f->left_len, &o->left_cap);
        if (!list) {
            o->no_memory = true;
            return;
        }
        f->left = list;
    }
    f->left[f->left_len++] = (struct organization_left_out){arena_text(o->memory, number), why};
    o->no_memory |= !f->left[f->left_len - 1].number.at;
}

static void member_take(struct organization *o, const struct organization_item *item)
{
    name_id seen;
    uint32_t known = o->numbers.len;
    if (!names_add(&o->numbers, item->id, &seen))
        o->no_memory = true;
    if (o->no_memory || o->numbers.len == known)
        return;
    o->found.listed++;
    bool excluded = is_excluded(o, item);
    o->found.inactive += !item->is_active;
    o->found.excluded += item->is_active && excluded;
    if (item->is_active && !excluded)
        member_add(o, item);
    else
        left_add(o, item->id, item->is_active ? ORGANIZATION_EXCLUDED : ORGANIZATION_INACTIVE);
}

/* --- pages ------------------------------------------------------------------------------------ */

static void unit_take(struct organization *o, struct question *q,
                      const struct organization_item *item)
{
    if (!q->wanted.len) {
        unit_enter(o, item->id, 0);
        return;
    }
    q->near_len++;
    if (text_eq(item->name, q->wanted)) {
        q->found = arena_text(o->memory, item->id);
        o->no_memory |= !q->found.at;
    }
    const char *before = q->near.word;
    text_near_try(&q->near, item->name.len ? item->name.at : "");
    if (q->near.word != before) { /* the answer's text goes */
        q->near.word = arena_text(o->memory, item->name).at;
        o->no_memory |= !q->near.word;
    }
}

static void root_take(struct organization *o, struct text root)
{
    for (uint32_t i = 0; i < o->wish->units_len; i++)
        if (!organization_unit_is_id(o->wish->units[i]))
            path_follow(o, root, o->wish->units[i], i + 1);
}

static void tags_take(const struct organization *o, struct question *q, const struct call *call)
{
    for (uint32_t t = 0; t < call->tags_len; t++)
        for (uint32_t i = 0; i < o->wish->tags_len; i++)
            if (text_eq(o->wish->tags[i].key, call->tags[t].key) &&
                text_eq(o->wish->tags[i].value, call->tags[t].value))
                q->tags_left &= ~((uint64_t)1 << i);
}

static void page_take(struct organization *o, uint32_t number, const struct call *call)
{
    for (uint32_t i = 0; i < call->items_len; i++) {
        switch (o->questions[number].kind) { /* the array may have moved */
        case CALL_UNITS: unit_take(o, &o->questions[number], &call->items[i]); break;
        case CALL_ROOTS: root_take(o, call->items[i].id); break;
        default: member_take(o, &call->items[i]);
        }
    }
    if (call->kind == CALL_ACCOUNT_TAGS)
        tags_take(o, &o->questions[number], call);
}

/* --- failures --------------------------------------------------------------------------------- */

static void fail(struct organization *o, enum err err, const char *sentence, const char *detail)
{
    o->phase = ORGANIZATION_FAILED;
    why_set(&o->why, err, "%s%s%s", sentence, *detail ? ": " : "", detail);
}

static void refused(struct organization *o, const struct call *call)
{
    const struct reply *r = &call->reply;
    char detail[REPLY_CODE_LEN + REPLY_MESSAGE_LEN + 64];
    bool is_caller = call->kind == CALL_CALLER;
    snprintf(detail, sizeof detail, "%s: %s%s%s", call_action(call->kind, call->api), r->code,
             r->code[0] ? ": " : "", r->message);
    if (r->how == REPLY_NO_KEYS)
        fail(o, ERR_AUTH, "accounts_from: the organization cannot be asked", r->message);
    else if (text_eq(text_of(r->code), TEXT("AWSOrganizationsNotInUseException")))
        fail(o, ERR_AUTH,
             "accounts_from: the account of these credentials is in no organization: name a "
             "profile of the management account or of a delegated administrator, or list the "
             "accounts in the key accounts",
             "");
    else if (!is_caller && reply_is_access_denied(r))
        fail(o, ERR_AUTH,
             "accounts_from: these credentials may not list the organization; the management "
             "account and delegated administrators may, with the policy in PERMISSIONS.md",
             detail);
    else
        fail(o, ERR_AUTH,
             is_caller
                 ? "accounts_from: STS does not take the credentials that ask the organization"
                 : "accounts_from: the organization cannot be read",
             detail);
}

/* A path that leads nowhere. */
static void unit_missing(struct organization *o, const struct question *q)
{
    struct buf safe;
    buf_init(&safe, WHY_LEN_MAX);
    if (q->near.word) {
        buf_add_str(&safe, "; did you mean \"");
        escape_terminal(&safe, text_of(q->near.word));
        buf_add_str(&safe, "\"?");
    }
    buf_add_char(&safe, '\0');
    o->phase = ORGANIZATION_FAILED;
    o->found.unit_missing = q->unit;
    why_set(&o->why, ERR_INPUT, "none of the %u units there is called \"" TEXT_FMT "\"%s",
            q->near_len, TEXT_ARG(q->wanted), safe.failed ? "" : safe.at);
    buf_clear(&safe);
}

/* An id that the organization does not know. */
static bool is_unknown_unit(const struct question *q, const struct call *call)
{
    struct text code = text_of(call->reply.code);
    return q->unit && (text_eq(code, TEXT("ParentNotFoundException")) ||
                       text_eq(code, TEXT("InvalidInputException")));
}

/* --- the turn --------------------------------------------------------------------------------- */

static int member_cmp(const void *a, const void *b)
{
    const struct organization_member *left = a, *right = b;
    return text_cmp(left->number, right->number);
}

static void tagging_begin(struct organization *o)
{
    uint64_t all = o->wish->tags_len == 64 ? UINT64_MAX : ((uint64_t)1 << o->wish->tags_len) - 1;
    o->phase = ORGANIZATION_TAGGING;
    o->tag_calls = o->found.len;
    for (uint32_t i = 0; i < o->found.len; i++) {
        struct question *q = question_add(o, CALL_ACCOUNT_TAGS, o->found.members[i].number, 0);
        if (!q)
            return;
        q->member = i;
        q->tags_left = all;
    }
}

/* Drops those whose tags are others; what is left comes by number. */
static void members_end(struct organization *o)
{
    struct organization_found *f = &o->found;
    uint32_t len = 0;
    for (uint32_t i = 0; i < o->len; i++) {
        const struct question *q = &o->questions[i];
        if (q->kind == CALL_ACCOUNT_TAGS && q->tags_left)
            left_add(o, f->members[q->member].number, ORGANIZATION_UNTAGGED);
        else if (q->kind == CALL_ACCOUNT_TAGS)
            f->members[len++] = f->members[q->member]; /* questions come in the order of members */
    }
    if (o->wish->tags_len) {
        f->untagged = f->len - len;
        f->len = len;
    }
    if (f->len)
        qsort(f->members, f->len, sizeof *f->members, member_cmp);
    o->phase = ORGANIZATION_DONE;
}

static void phase_turn(struct organization *o)
{
    while (o->first < o->len && o->questions[o->first].is_done)
        o->first++;
    if (o->first < o->len || is_over(o))
        return;
    if (o->phase == ORGANIZATION_LISTING && o->wish->tags_len && o->found.len)
        tagging_begin(o);
    else if (o->phase != ORGANIZATION_CALLER)
        members_end(o);
}

/* What comes of a path's name, once all units beside it are listed. */
static void question_end(struct organization *o, uint32_t number)
{
    struct question q = o->questions[number];
    o->questions[number].is_done = true;
    if (!q.wanted.len)
        return;
    if (!q.found.len)
        unit_missing(o, &q);
    else if (q.path.len)
        path_follow(o, q.found, q.path, q.unit);
    else
        unit_enter(o, q.found, q.unit);
}

static struct pace *pace_of(struct organization *o, enum call_kind kind)
{
    return kind == CALL_CALLER ? &o->caller : &o->pace[kind - CALL_MEMBERS];
}

/* Did the question fail for good? Otherwise it is asked again. */
static bool has_failed(struct organization *o, struct paged_list *list, const struct call *call,
                       enum verdict verdict, instant_us now)
{
    const struct retry_rules rules = {.attempts_max = ATTEMPTS_MAX, .is_paced = true};
    bool begins_again; /* what is listed again counts once */
    enum retry next = paged_list_failed(list, &rules, call, verdict, o->seed, now, &begins_again);
    return next != RETRY_BY_PACE && next != RETRY_BACKOFF;
}

static void caller_answered(struct organization *o, const struct call *call, enum verdict verdict,
                            instant_us now)
{
    if (verdict != VERDICT_OK) {
        if (has_failed(o, &o->asking, call, verdict, now))
            refused(o, call);
        return;
    }
    struct text arn = call->account.caller_arn;
    text_cut(&arn, ':');
    o->asking.out = false;
    o->own = arena_text(o->memory, call->account.caller_account);
    o->found.partition = arena_text(o->memory, text_cut(&arn, ':'));
    o->no_memory |= !o->own.at;
    listing_begin(o);
}

static void page_answered(struct organization *o, const struct call *call, enum verdict verdict,
                          instant_us now)
{
    uint32_t number = call->owner;
    struct question *q = &o->questions[number];
    if (verdict != VERDICT_OK) {
        if (!has_failed(o, &q->list, call, verdict, now))
            return;
        if (is_unknown_unit(q, call)) {
            o->phase = ORGANIZATION_FAILED;
            o->found.unit_missing = q->unit;
            why_set(&o->why, ERR_INPUT, "the organization has no root or unit of that id");
        } else {
            refused(o, call);
        }
        return;
    }
    page_take(o, number, call);
    switch (paged_list_take(&o->questions[number].list, call, o->memory)) {
    case PAGE_MORE: break;
    case PAGE_UNKEPT: o->no_memory = true; break;
    case PAGE_ENDLESS:
        fail(o, ERR_PROTO, "accounts_from: the pages of a list of the organization do not end",
             call_action(call->kind, call->api));
        break;
    case PAGE_LAST: question_end(o, number); break;
    }
}

static void on_event(void *ctx, const struct event *event, instant_us now)
{
    struct organization *o = ctx;
    struct call *call = event->call;
    if (event->kind != EVENT_ANSWER) {
        o->is_stopped = true;
        return;
    }
    call_pool_returned(&o->calls);
    if (!is_over(o)) {
        bool is_caller = call->kind == CALL_CALLER;
        const struct paged_list *list = is_caller ? &o->asking : &o->questions[call->owner].list;
        enum verdict verdict = verdict_after(verdict_of(&call->reply, call->kind), list->attempts);
        retry_pace_learn(pace_of(o, call->kind), call, verdict, now);
        if (is_caller)
            caller_answered(o, call, verdict, now);
        else
            page_answered(o, call, verdict, now);
        phase_turn(o);
    }
    call_pool_give(&o->calls, call);
}

static struct call *question_send(struct organization *o, enum call_kind kind, uint32_t owner,
                                  struct paged_list *list, instant_us now)
{
    if (list->out || list->wake > now || !o->calls.free || !pace_take(pace_of(o, kind), now))
        return NULL;
    struct call *call = call_pool_take(&o->calls, kind, 0, API_V1);
    call->owner = owner;
    paged_list_ask(list, call);
    return call;
}

static uint32_t decide(void *ctx, instant_us now, struct call **calls, uint32_t max)
{
    struct organization *o = ctx;
    uint32_t len = 0;
    if (is_over(o) || max == 0)
        return 0;
    if (o->phase == ORGANIZATION_CALLER) {
        calls[0] = question_send(o, CALL_CALLER, 0, &o->asking, now);
        return calls[0] != NULL;
    }
    for (uint32_t i = o->first; i < o->len && len < max && o->calls.free; i++) {
        struct question *q = &o->questions[i];
        struct call *call = q->is_done ? NULL : question_send(o, q->kind, i, &q->list, now);
        if (call) {
            call->above = q->above;
            calls[len++] = call;
        }
    }
    return len;
}

static instant_us wake(const void *ctx, instant_us now)
{
    const struct organization *o = ctx;
    instant_us next = WHEN_NEVER;
    (void)now;
    if (is_over(o) || !o->calls.free)
        return next;
    if (o->phase == ORGANIZATION_CALLER)
        return o->asking.out ? next : when_later(o->asking.wake, pace_next(&o->caller));
    for (uint32_t i = o->first; i < o->len; i++) {
        const struct question *q = &o->questions[i];
        if (!q->is_done && !q->list.out)
            next = when_earlier(
                next, when_later(q->list.wake, pace_next(&o->pace[q->kind - CALL_MEMBERS])));
    }
    return next;
}

static bool is_finished(const void *ctx)
{
    return is_over(ctx);
}

static bool is_draining(const void *ctx)
{
    return ((const struct organization *)ctx)->is_stopped;
}

static bool is_out_of_memory(const void *ctx)
{
    return ((const struct organization *)ctx)->no_memory;
}

struct machine organization_machine(struct organization *o)
{
    return (struct machine){.ctx = o,
                            .event = on_event,
                            .decide = decide,
                            .wake = wake,
                            .is_finished = is_finished,
                            .is_draining = is_draining,
                            .is_out_of_memory = is_out_of_memory};
}

/* --- results ---------------------------------------------------------------------------------- */

enum organization_phase organization_phase(const struct organization *o)
{
    return o->phase;
}

const struct organization_found *organization_found(const struct organization *o)
{
    return &o->found;
}

const struct why *organization_why(const struct organization *o)
{
    return &o->why;
}

uint32_t organization_tag_calls(const struct organization *o)
{
    return o->tag_calls;
}

bool organization_has_excluded(const struct organization *o, uint32_t pattern)
{
    return o->excludes[pattern];
}

uint64_t organization_calls(const struct organization *o)
{
    uint64_t calls = o->caller.calls;
    for (int i = 0; i < KINDS; i++)
        calls += o->pace[i].calls;
    return calls;
}
