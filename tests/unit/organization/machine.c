/*
 * The machine that asks an organization, against a scripted one: a tree of units, pages of two
 * items of which every second is empty, and whatever trouble a test wants. Nothing is asked of a
 * world.
 */
#include "unit.h"

#include "base/count.h"
#include "engine.h"
#include "organization/members.h"

#include <stdio.h>

#define CALLS_MAX 16
#define PAGE      2

/* id, parent, name; state and tags ("k=v;k=v") of an account. */
struct node {
    const char *id, *parent, *name;
    bool is_active;
    const char *tags;
};

static const struct node tree[] = {
    {"r-root", "", "Root", false, ""},
    {"ou-root-workload", "r-root", "Workloads", false, ""},
    {"ou-root-mailmail", "ou-root-workload", "Mail", false, ""},
    {"ou-root-deepdeep", "ou-root-mailmail", "Deep", false, ""},
    {"ou-root-webwebwe", "ou-root-workload", "Web", false, ""},
    {"111122223333", "r-root", "management", true, ""},
    {"900000000001", "ou-root-deepdeep", "deep-1", true, "mail=yes;team=a"},
    {"200000000002", "ou-root-mailmail", "mail-2", true, "mail=yes"},
    {"200000000003", "ou-root-mailmail", "closed", false, "mail=yes"},
    {"200000000004", "ou-root-mailmail", "sandbox-4", true, "mail=yes"},
    {"300000000005", "ou-root-webwebwe", "web-5", true, "a=1;b=2;c=3;mail=yes"},
    {"300000000006", "ou-root-webwebwe", "web-6", true, "mail=no"},
};

/* What an action answers instead, for as many calls as there are. */
struct trouble {
    enum call_kind kind;
    unsigned times;
    enum reply_how how;
    uint16_t status;
    const char *code;
};

struct scripted {
    instant_us now;
    struct call *out[CALLS_MAX];
    uint32_t out_len;
    unsigned sent[CALL_KINDS];
    struct trouble trouble;
    bool interrupts;
};

static instant_us scripted_now(void *ctx)
{
    return ((struct scripted *)ctx)->now;
}

static void scripted_send(void *ctx, struct call **calls, uint32_t len)
{
    struct scripted *s = ctx;
    for (uint32_t i = 0; i < len; i++) {
        assert_true(s->out_len < CALLS_MAX);
        s->out[s->out_len++] = calls[i];
        s->sent[calls[i]->kind]++;
    }
}

static bool is_listed(const struct node *n, const struct call *c)
{
    bool is_account = char_is_digit(n->id[0]);
    switch (c->kind) {
    case CALL_MEMBERS: return is_account;
    case CALL_MEMBERS_OF: return is_account && text_eq(text_of(n->parent), c->above);
    case CALL_UNITS: return !is_account && text_eq(text_of(n->parent), c->above);
    default: return n->id[0] == 'r';
    }
}

/* Pages of PAGE items; the token says from where, and an "e" that an empty page came before. */
static bool page_of(const struct call *c, uint64_t *from, bool *is_empty)
{
    struct text token = c->token;
    *is_empty = token.len && token.at[token.len - 1] != 'e';
    *from = 0;
    if (token.len && !*is_empty)
        token.len--;
    return !token.len || text_to_u64(token, from);
}

static void answer_items(struct call *c)
{
    uint64_t from, at = 0;
    bool is_empty;
    assert_true(page_of(c, &from, &is_empty));
    c->items = ARENA_ARRAY(&c->arena, struct organization_item, PAGE);
    for (size_t i = 0; i < COUNT(tree); i++) {
        if (!is_listed(&tree[i], c))
            continue;
        if (at >= from && c->items_len < PAGE && !is_empty)
            c->items[c->items_len++] = (struct organization_item){
                text_of(tree[i].id), text_of(tree[i].name), tree[i].is_active};
        at++;
    }
    uint64_t next = is_empty ? from : from + PAGE;
    if (next < at)
        c->next_token = arena_fmt(&c->arena, "%u%s", (unsigned)next, is_empty ? "e" : "");
}

static void answer_tags(struct call *c)
{
    uint64_t from, at = 0;
    bool is_empty;
    struct text tags = TEXT_NONE;
    assert_true(page_of(c, &from, &is_empty));
    for (size_t i = 0; i < COUNT(tree); i++)
        if (text_eq(text_of(tree[i].id), c->above))
            tags = text_of(tree[i].tags);
    c->tags = ARENA_ARRAY(&c->arena, struct ses_tag, PAGE);
    while (tags.len) {
        struct text value = text_cut(&tags, ';'), key = text_cut(&value, '=');
        if (at >= from && c->tags_len < PAGE && !is_empty)
            c->tags[c->tags_len++] = (struct ses_tag){key, value};
        at++;
    }
    uint64_t next = is_empty ? from : from + PAGE;
    if (next < at)
        c->next_token = arena_fmt(&c->arena, "%u%s", (unsigned)next, is_empty ? "e" : "");
}

static bool is_known(struct text id)
{
    for (size_t i = 0; i < COUNT(tree); i++)
        if (text_eq(text_of(tree[i].id), id))
            return true;
    return false;
}

static void answer(struct scripted *s, struct call *c)
{
    call_answer_reset(c);
    c->sent_at = s->now;
    c->answered_at = s->now + SPAN_MS(30);
    c->reply = (struct reply){.how = REPLY_HTTP, .http_status = 200};
    if (s->trouble.times && s->trouble.kind == c->kind) {
        s->trouble.times--;
        c->reply = (struct reply){.how = s->trouble.how, .http_status = s->trouble.status};
        snprintf(c->reply.code, sizeof c->reply.code, "%s", s->trouble.code);
        snprintf(c->reply.message, sizeof c->reply.message, "trouble");
    } else if (c->kind == CALL_CALLER) {
        c->account.caller_account = TEXT("111122223333");
        c->account.caller_arn = TEXT("arn:aws-cn:iam::111122223333:user/x");
    } else if (c->above.len && !is_known(c->above)) {
        c->reply.http_status = 400;
        snprintf(c->reply.code, sizeof c->reply.code, "ParentNotFoundException");
    } else if (c->kind == CALL_ACCOUNT_TAGS) {
        answer_tags(c);
    } else {
        answer_items(c);
    }
}

static uint32_t scripted_wait(void *ctx, instant_us until, struct event *events, uint32_t max)
{
    struct scripted *s = ctx;
    uint32_t len = 0;
    if (s->interrupts && s->sent[CALL_MEMBERS]) {
        events[0] = (struct event){.kind = EVENT_DRAIN};
        return 1;
    }
    while (s->out_len && len < max) { /* the newest first: order must not matter */
        struct call *call = s->out[--s->out_len];
        answer(s, call);
        events[len++] = (struct event){.kind = EVENT_ANSWER, .call = call};
    }
    if (len)
        s->now += SPAN_MS(30);
    else if (until != WHEN_NEVER && until > s->now)
        s->now = until;
    else
        s->now++;
    return len;
}

struct asked {
    struct arena memory;
    struct scripted scripted;
    struct organization *o;
    enum engine_end end;
};

static void ask(struct asked *a, const struct organization_wish *wish)
{
    struct why why = {""};
    const struct io io = {
        .world = &a->scripted, .now = scripted_now, .wait = scripted_wait, .send = scripted_send};
    arena_init(&a->memory, SIZE_MAX);
    a->scripted.now = 1;
    a->o = organization_new(&a->memory, wish, 7);
    assert_non_null(a->o);
    const struct machine machine = organization_machine(a->o);
    assert_int_equal(engine_run(&machine, &io, NULL, &a->end, &why), OK);
}

static void asked_clear(struct asked *a)
{
    organization_clear(a->o);
    arena_clear(&a->memory);
}

/* The numbers of the members, in their order: "2,3". */
static const char *members(const struct asked *a, char out[256])
{
    const struct organization_found *f = organization_found(a->o);
    size_t used = 0;
    out[0] = '\0';
    for (uint32_t i = 0; i < f->len; i++)
        used += (size_t)snprintf(out + used, 256 - used, "%s" TEXT_FMT, i ? "," : "",
                                 TEXT_ARG(text_from(f->members[i].number, 11)));
    return out;
}

static void every_account_is_listed_once(void **state)
{
    (void)state;
    char out[256];
    struct asked a = {.end = ENGINE_ENDED};
    const struct organization_wish wish = {0};
    ask(&a, &wish);
    const struct organization_found *f = organization_found(a.o);
    assert_int_equal(organization_phase(a.o), ORGANIZATION_DONE);
    assert_string_equal(members(&a, out), "3,2,4,5,6,1"); /* by the whole number */
    assert_text(f->partition, TEXT("aws-cn"));
    assert_int_equal(f->listed, 7);
    assert_int_equal(f->inactive, 1);
    assert_true(f->members[0].is_own);
    assert_false(f->members[1].is_own);
    assert_text(f->members[1].name, TEXT("mail-2"));
    /* Seven accounts are four pages, with an empty one between two. */
    assert_int_equal(a.scripted.sent[CALL_MEMBERS], 7);
    assert_int_equal(organization_calls(a.o), 8);
    asked_clear(&a);
}

static const struct {
    const char *units[3];
    const char *excluded[3];
    const char *tag, *value;
    const char *members;
    uint32_t listed, inactive, n_excluded, untagged;
} choices[] = {
    {{"Workloads/Mail"}, {0}, NULL, NULL, "2,4,1", 4, 1, 0, 0},
    {{"ou-root-mailmail"}, {0}, NULL, NULL, "2,4,1", 4, 1, 0, 0},
    {{"Workloads/Mail", "ou-root-deepdeep", "Workloads/Mail/Deep"},
     {0},
     NULL,
     NULL,
     "2,4,1",
     4,
     1,
     0,
     0},
    {{"Workloads"}, {"sandbox-*"}, NULL, NULL, "2,5,6,1", 6, 1, 1, 0},
    {{"r-root"}, {"2*", "WEB-?"}, NULL, NULL, "3,1", 7, 1, 4, 0},
    {{0}, {"111122223333"}, "mail", "yes", "2,4,5,1", 7, 1, 1, 1},
    {{"Workloads/Web"}, {0}, "c", "3", "5", 2, 0, 0, 1},
    {{"Workloads/Web"}, {0}, "c", "4", "", 2, 0, 0, 2},
};

static void units_tags_and_exclusions_choose(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(choices); i++) {
        struct text units[3], excluded[3];
        char out[256];
        struct asked a = {.end = ENGINE_ENDED};
        const struct ses_tag tag = {text_of(choices[i].tag), text_of(choices[i].value)};
        struct organization_wish wish = {
            .units = units, .tags = &tag, .tags_len = choices[i].tag != NULL, .excluded = excluded};
        for (size_t k = 0; k < 3 && choices[i].units[k]; k++)
            units[wish.units_len++] = text_of(choices[i].units[k]);
        for (size_t k = 0; k < 3 && choices[i].excluded[k]; k++)
            excluded[wish.excluded_len++] = text_of(choices[i].excluded[k]);
        ask(&a, &wish);
        const struct organization_found *f = organization_found(a.o);
        assert_int_equal(organization_phase(a.o), ORGANIZATION_DONE);
        assert_string_equal(members(&a, out), choices[i].members);
        assert_int_equal(f->listed, choices[i].listed);
        assert_int_equal(f->inactive, choices[i].inactive);
        assert_int_equal(f->excluded, choices[i].n_excluded);
        assert_int_equal(f->untagged, choices[i].untagged);
        uint32_t by_why[ORGANIZATION_UNTAGGED + 1] = {0};
        for (uint32_t k = 0; k < f->left_len; k++)
            by_why[f->left[k].why]++;
        assert_int_equal(by_why[ORGANIZATION_INACTIVE], f->inactive);
        assert_int_equal(by_why[ORGANIZATION_EXCLUDED], f->excluded);
        assert_int_equal(by_why[ORGANIZATION_UNTAGGED], f->untagged);
        assert_int_equal(organization_tag_calls(a.o), choices[i].tag ? f->len + f->untagged : 0);
        asked_clear(&a);
    }
}

static const struct {
    const char *unit, *sentence;
} missing[] = {
    {"Workloads/Mial", "none of the 2 units there is called \"Mial\"; did you mean \"Mail\"?"},
    {"Mail", "none of the 1 units there is called \"Mail\""},
    {"Workloads/Mail/Deep/Deeper", "none of the 0 units there is called \"Deeper\""},
    {"ou-root-nonesuch", "the organization has no root or unit of that id"},
};

static void a_unit_that_is_not_there_is_named(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(missing); i++) {
        struct text units[2] = {TEXT("Workloads/Web"), text_of(missing[i].unit)};
        const struct organization_wish wish = {.units = units, .units_len = 2};
        struct asked a = {.end = ENGINE_ENDED};
        ask(&a, &wish);
        assert_int_equal(organization_phase(a.o), ORGANIZATION_FAILED);
        assert_int_equal(organization_found(a.o)->unit_missing, 2);
        assert_string_equal(organization_why(a.o)->text, missing[i].sentence);
        asked_clear(&a);
    }
}

static const struct {
    struct trouble trouble;
    const char *part; /* of the sentence; NULL: the trouble passes */
} troubles[] = {
    {{CALL_MEMBERS, 5, REPLY_HTTP, 400, "TooManyRequestsException"}, NULL},
    {{CALL_MEMBERS, 40, REPLY_HTTP, 429, "TooManyRequestsException"}, NULL},
    {{CALL_MEMBERS, 3, REPLY_LOST, 0, ""}, NULL},
    {{CALL_MEMBERS, 3, REPLY_HTTP, 503, ""}, NULL},
    {{CALL_MEMBERS, 1, REPLY_HTTP, 400, "InvalidNextTokenException"}, NULL},
    {{CALL_CALLER, 3, REPLY_NOT_SENT, 0, ""}, NULL},
    {{CALL_MEMBERS, 100, REPLY_HTTP, 500, ""}, "the organization cannot be read"},
    {{CALL_MEMBERS, 1, REPLY_HTTP, 400, "AccessDeniedException"}, "may not list the organization"},
    {{CALL_MEMBERS, 1, REPLY_HTTP, 400, "AWSOrganizationsNotInUseException"},
     "is in no organization"},
    {{CALL_CALLER, 1, REPLY_HTTP, 403, "InvalidClientTokenId"}, "STS does not take"},
    {{CALL_CALLER, 1, REPLY_NO_KEYS, 0, ""}, "cannot be asked: trouble"},
};

static void troubles_pass_or_are_told(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(troubles); i++) {
        const struct organization_wish wish = {0};
        struct asked a = {.scripted.trouble = troubles[i].trouble};
        ask(&a, &wish);
        bool passes = troubles[i].part == NULL;
        assert_int_equal(organization_phase(a.o), passes ? ORGANIZATION_DONE : ORGANIZATION_FAILED);
        if (passes)
            assert_int_equal(organization_found(a.o)->len, 6);
        else if (!strstr(organization_why(a.o)->text, troubles[i].part))
            fail_msg("%s", organization_why(a.o)->text);
        asked_clear(&a);
    }
}

static void a_signal_ends_it_at_once(void **state)
{
    (void)state;
    const struct organization_wish wish = {0};
    struct asked a = {.scripted.interrupts = true};
    ask(&a, &wish);
    assert_int_equal(a.end, ENGINE_DRAINED);
    asked_clear(&a);
}

static void patterns_that_fit_nothing_are_known(void **state)
{
    (void)state;
    const struct text excluded[] = {TEXT("nobody-*"), TEXT("closed"), TEXT("web-5")};
    const struct organization_wish wish = {.excluded = excluded, .excluded_len = 3};
    struct asked a = {.end = ENGINE_ENDED};
    ask(&a, &wish);
    assert_false(organization_has_excluded(a.o, 0));
    assert_true(organization_has_excluded(a.o, 1)); /* though it would not have been taken */
    assert_true(organization_has_excluded(a.o, 2));
    asked_clear(&a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_account_is_listed_once),
        cmocka_unit_test(units_tags_and_exclusions_choose),
        cmocka_unit_test(a_unit_that_is_not_there_is_named),
        cmocka_unit_test(troubles_pass_or_are_told),
        cmocka_unit_test(a_signal_ends_it_at_once),
        cmocka_unit_test(patterns_that_fit_nothing_are_known),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
