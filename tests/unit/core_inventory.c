/* The inventory in virtual time: every call is answered from a script, 50 ms after it left. */
#include "unit.h"

#include "inventory.h"

#include <stdio.h>
#include <string.h>

#define TRIP      SPAN_MS(50)
#define START     SPAN_S(1000)
#define OUT_MAX   512
#define TURNS_MAX 200000

/* What one lane's SES does. */
struct script {
    uint32_t identities;
    const char *list_code, *read_code, *forwarding_code, *get_code, *caller_code;
    const char *caller;       /* the account's number; NULL: 111122223333 */
    uint32_t troubled;        /* so many calls of any kind fail first */
    const char *trouble_code; /* and how; NULL: the answer is lost */
    int poisoned;             /* reads that hold this identity are refused; -1: none */
    int vanished;             /* GetEmailIdentity does not find it; -1: none */
    uint32_t old_tokens;      /* so many times the second page is refused */
};

struct seen {
    uint32_t calls[CALL_KINDS][2]; /* by version of the API */
    uint32_t failed, tokens_refused;
};

struct scene {
    struct fleet fleet;
    struct arena memory;
    struct inventory *v;
    const struct script *scripts;
    struct seen seen[8];
    struct call *out[OUT_MAX];
    uint32_t out_len, out_most;
    instant_us now;
};

static void refuse(struct call *call, const char *code)
{
    call->reply.http_status = strstr(code, "Denied") || strstr(code, "Client") ? 403 : 400;
    snprintf(call->reply.code, sizeof call->reply.code, "%s", code);
    snprintf(call->reply.message, sizeof call->reply.message, "not for you");
}

static struct text name_of(struct arena *arena, uint32_t i)
{
    return arena_fmt(arena, "d%u.example", i);
}

static uint32_t number_of(struct text name)
{
    uint64_t n = 0;
    assert_true(text_to_u64(text_slice(name, 1, text_find(name, '.')), &n));
    return (uint32_t)n;
}

static void answer_list(const struct script *s, struct seen *seen, struct call *call)
{
    uint64_t from = 0;
    if (s->list_code && call->api == API_V1) {
        refuse(call, s->list_code);
        return;
    }
    if (call->token.len && seen->tokens_refused < s->old_tokens) {
        seen->tokens_refused++;
        refuse(call, "InvalidNextTokenException");
        return;
    }
    assert_true(call->token.len == 0 || text_to_u64(call->token, &from));
    call->listed = ARENA_ARRAY(&call->arena, struct text, SES_LIST_PAGE);
    for (uint32_t i = (uint32_t)from; i < s->identities && call->listed_len < SES_LIST_PAGE; i++)
        call->listed[call->listed_len++] = name_of(&call->arena, i);
    if (from + SES_LIST_PAGE < s->identities)
        call->next_token = arena_fmt(&call->arena, "%u", (uint32_t)from + SES_LIST_PAGE);
}

/* Every third has a MAIL FROM; of those every other rejects. Every fourth does not forward. */
static struct ses_facts facts_of(struct arena *arena, struct text name, unsigned known)
{
    uint32_t n = number_of(name);
    struct ses_facts f = {.known = known};
    if (known & KNOWN_VERIFICATION)
        f.verification = n % 5 ? VERIFICATION_SUCCESS : VERIFICATION_PENDING;
    if ((known & KNOWN_MAIL_FROM) && n % 3 == 0) {
        f.mail_from = arena_fmt(arena, "bounce.d%u.example", n);
        f.status = MAIL_FROM_SUCCESS;
        f.behavior = n % 6 ? BEHAVIOR_USE_DEFAULT_VALUE : BEHAVIOR_REJECT_MESSAGE;
    }
    if (known & KNOWN_FORWARDING)
        f.forwarding = n % 4 != 0;
    return f;
}

static void answer_read(const struct script *s, struct call *call)
{
    static const unsigned known[CALL_KINDS] = {[CALL_READ_VERIFICATION] = KNOWN_VERIFICATION,
                                               [CALL_READ_MAIL_FROM] = KNOWN_MAIL_FROM,
                                               [CALL_READ_NOTIFICATION] = KNOWN_FORWARDING,
                                               [CALL_GET] = KNOWN_VERIFICATION | KNOWN_MAIL_FROM |
                                                            KNOWN_FORWARDING};
    if (call->kind == CALL_READ_NOTIFICATION && s->forwarding_code)
        refuse(call, s->forwarding_code);
    else if (call->kind == CALL_GET ? s->get_code != NULL : s->read_code != NULL)
        refuse(call, call->kind == CALL_GET ? s->get_code : s->read_code);
    for (uint32_t i = 0; i < call->count; i++) {
        int n = (int)number_of(call->identities[i]);
        call->facts[i] = facts_of(&call->arena, call->identities[i], known[call->kind]);
        if (n == s->poisoned)
            refuse(call, "InvalidParameterValue");
        if (n == s->vanished && call->kind == CALL_GET)
            refuse(call, "NotFoundException");
    }
    if (call->kind == CALL_GET) {
        call->tags = ARENA_ARRAY(&call->arena, struct ses_tag, 1);
        call->tags[0] = (struct ses_tag){TEXT("team"), call->identities[0]};
        call->tags_len = 1;
    }
}

static void answer(struct scene *x, struct call *call)
{
    const struct script *s = &x->scripts[call->lane];
    struct seen *seen = &x->seen[call->lane];
    seen->calls[call->kind][call->api]++;
    call->answered_at = x->now;
    call->reply = (struct reply){.how = REPLY_HTTP, .http_status = 200};
    if (seen->failed < s->troubled) {
        seen->failed++;
        if (s->trouble_code)
            refuse(call, s->trouble_code);
        else
            call->reply.how = REPLY_LOST;
    } else if (call->kind == CALL_CALLER) {
        call->account.caller_account = text_of(s->caller ? s->caller : "111122223333");
        call->account.caller_arn = TEXT("arn:aws:iam::111122223333:user/me");
        if (s->caller_code)
            refuse(call, s->caller_code);
    } else if (call->kind == CALL_LIST) {
        answer_list(s, seen, call);
    } else {
        answer_read(s, call);
    }
}

static void scene_open(struct scene *x, const struct script *scripts, uint32_t lanes,
                       const char *guard, struct inventory_options options)
{
    struct account account = {.name = NAME_NONE};
    uint16_t index;
    memset(x, 0, sizeof *x);
    x->scripts = scripts;
    x->now = START;
    fleet_init(&x->fleet);
    arena_init(&x->memory, SIZE_MAX);
    assert_true(names_init(&x->fleet.names, 1u << 20));
    assert_true(names_add(&x->fleet.names, text_of(guard), &account.account_id));
    for (uint32_t i = 0; i < lanes; i++) { /* an account each */
        name_id region;
        assert_true(names_add(&x->fleet.names, TEXT("us-east-1"), &region));
        assert_true(fleet_account(&x->fleet, account, &index));
        assert_true(fleet_lane(&x->fleet, index, region, &index));
    }
    x->v = inventory_new(&x->memory, &x->fleet, &options);
    assert_non_null(x->v);
}

static void scene_close(struct scene *x)
{
    inventory_clear(x->v);
    fleet_clear(&x->fleet);
    arena_clear(&x->memory);
}

/* Calls leave now; the oldest comes back, or the next turn's time comes. */
static void turn(struct scene *x)
{
    uint32_t len = inventory_decide(x->v, x->now, x->out + x->out_len, OUT_MAX - x->out_len);
    for (uint32_t i = 0; i < len; i++) {
        x->out[x->out_len + i]->sent_at = x->now;
        call_answer_reset(x->out[x->out_len + i]);
    }
    x->out_len += len;
    x->out_most = x->out_len > x->out_most ? x->out_len : x->out_most;
    instant_us wake = inventory_wake(x->v);
    instant_us back = x->out_len ? x->out[0]->sent_at + TRIP : WHEN_NEVER;
    if (wake == WHEN_NEVER && back == WHEN_NEVER)
        return;
    assert_true(wake > x->now || len > 0 || x->out_len); /* no turn for nothing */
    x->now = wake < back ? (wake > x->now ? wake : x->now) : back;
    if (back > x->now)
        return;
    struct call *call = x->out[0];
    memmove(x->out, x->out + 1, sizeof x->out[0] * --x->out_len);
    answer(x, call);
    inventory_answered(x->v, call, x->now);
}

static span_us scene_run(struct scene *x)
{
    for (int turns = 0; !inventory_is_done(x->v) || x->out_len; turns++) {
        assert_true(turns < TURNS_MAX);
        turn(x);
    }
    assert_int_equal(inventory_calls_out(x->v), 0);
    assert_false(inventory_is_out_of_memory(x->v));
    return x->now - START;
}

static void every_row_is_right(struct scene *x, uint32_t lane, unsigned known)
{
    struct arena arena;
    arena_init(&arena, SIZE_MAX);
    for (uint32_t i = 0; i < inventory_lane(x->v, lane)->rows_len; i++) {
        const struct inventory_row *row = inventory_row(x->v, lane, i);
        struct ses_facts f = facts_of(&arena, row->identity, known);
        assert_int_equal(row->known, known);
        assert_int_equal(row->verification, f.verification);
        assert_int_equal(row->status, f.status);
        assert_int_equal(row->behavior, f.behavior);
        assert_int_equal(row->forwarding, f.forwarding);
        assert_true(text_eq(row->mail_from, f.mail_from));
        assert_int_equal(number_of(row->identity), i);
    }
    arena_clear(&arena);
}

#define EVERYTHING (KNOWN_VERIFICATION | KNOWN_MAIL_FROM | KNOWN_FORWARDING)
#define NOBODY     .poisoned = -1, .vanished = -1

static void ten_thousand_identities_are_310_calls_in_100_seconds(void **state)
{
    (void)state;
    const struct script script = {.identities = 10000, NOBODY};
    struct scene x;
    scene_open(&x, &script, 1, "", (struct inventory_options){.rate_per_s = 1});
    span_us took = scene_run(&x);
    assert_int_equal(x.seen[0].calls[CALL_CALLER][API_V1], 1);
    assert_int_equal(x.seen[0].calls[CALL_LIST][API_V1], 10);
    assert_int_equal(x.seen[0].calls[CALL_READ_VERIFICATION][API_V1], 100);
    assert_int_equal(x.seen[0].calls[CALL_READ_MAIL_FROM][API_V1], 100);
    assert_int_equal(x.seen[0].calls[CALL_READ_NOTIFICATION][API_V1], 100);
    assert_in_range(took, SPAN_S(99), SPAN_S(102));
    assert_int_equal(inventory_lane(x.v, 0)->rows_len, 10000);
    assert_int_equal(inventory_lane(x.v, 0)->read, 10000);
    every_row_is_right(&x, 0, EVERYTHING);
    assert_string_equal(inventory_account(x.v, 0)->number, "111122223333");
    scene_close(&x);
}

static void tags_and_version_2_cost_a_call_an_identity(void **state)
{
    (void)state;
    const struct script script = {.identities = 1500, .poisoned = -1, .vanished = 7};
    const struct inventory_options wishes[] = {{.rate_per_s = 10, .with_tags = true},
                                               {.rate_per_s = 10, .read_api = API_V2}};
    for (size_t i = 0; i < COUNT(wishes); i++) {
        struct scene x;
        scene_open(&x, &script, 1, "", wishes[i]);
        span_us took = scene_run(&x);
        assert_int_equal(x.seen[0].calls[CALL_LIST][wishes[i].read_api], 2);
        assert_int_equal(x.seen[0].calls[CALL_GET][API_V2], 1500);
        assert_int_equal(x.seen[0].calls[CALL_READ_MAIL_FROM][API_V1], 0);
        assert_in_range(took, SPAN_S(150), SPAN_S(153));
        const struct inventory_row *row = inventory_row(x.v, 0, 1234);
        assert_int_equal(row->tags_len, 1);
        assert_true(text_eq(row->tags[0].value, TEXT("d1234.example")));
        assert_int_equal(inventory_row(x.v, 0, 7)->verification, VERIFICATION_NONE);
        scene_close(&x);
    }
}

/* How a lane ended. */
struct ended {
    enum inventory_phase phase;
    uint32_t rows, unread;
    const char *reason; /* its beginning */
    bool fell_back, blind;
};

static const struct inventory_options usual = {.rate_per_s = 50, .may_fall_back = true};

static void lane_ends(const char *title, struct script script, const char *guard,
                      struct inventory_options options, struct ended wanted)
{
    struct scene x;
    scene_open(&x, &script, 1, guard, options);
    scene_run(&x);
    const struct inventory_lane *l = inventory_lane(x.v, 0);
    if (l->phase != wanted.phase || l->fell_back != wanted.fell_back || l->blind != wanted.blind ||
        l->rows_len != wanted.rows || l->unread != wanted.unread ||
        !text_starts(text_of(l->reason), text_of(wanted.reason)))
        fail_msg("%s: phase %d, fell back %d, blind %d, %u rows, %u unread, \"%s\"", title,
                 l->phase, l->fell_back, l->blind, l->rows_len, l->unread, l->reason);
    scene_close(&x);
}

#define SCRIPT(len, ...) ((struct script){.identities = (len), NOBODY, __VA_ARGS__})
#define ALL(len)         ((struct ended){INVENTORY_DONE, (len), 0, "", false, false})
#define REFUSED(why)     ((struct ended){INVENTORY_REFUSED, 0, 0, (why), false, false})

static void trouble_that_passes_leaves_no_trace(void **state)
{
    (void)state;
    struct script poisoned = SCRIPT(250, .troubled = 0);
    poisoned.poisoned = 77;
    lane_ends("nothing there", SCRIPT(0, .troubled = 0), "", usual, ALL(0));
    lane_ends("throttled", SCRIPT(250, .troubled = 40, .trouble_code = "Throttling"), "", usual,
              ALL(250));
    lane_ends("answers lost", SCRIPT(250, .troubled = 5), "", usual, ALL(250));
    lane_ends("an old token", SCRIPT(2500, .old_tokens = 3), "", usual, ALL(2500));
    lane_ends("no token lives", SCRIPT(2500, .old_tokens = 99), "", usual,
              REFUSED("ListIdentities: InvalidNextTokenException"));
    lane_ends("never there", SCRIPT(5, .troubled = 1000), "", usual, REFUSED("ListIdentities: "));
    lane_ends("one name that SES will not have", poisoned, "", usual,
              (struct ended){INVENTORY_DONE, 250, 3, "GetIdentity", false, false});
}

static void what_iam_refuses_is_read_otherwise_or_said(void **state)
{
    (void)state;
    const char *denied = "AccessDenied";
    struct inventory_options v1 = usual, tags = usual;
    v1.may_fall_back = false;
    tags.with_tags = true;
    lane_ends("no list", SCRIPT(250, .list_code = denied), "", usual,
              (struct ended){INVENTORY_DONE, 250, 0, "", true, false});
    lane_ends("no read", SCRIPT(2500, .read_code = denied), "", usual,
              (struct ended){INVENTORY_DONE, 2500, 0, "", true, false});
    lane_ends("no list, and v1 was asked for", SCRIPT(250, .list_code = denied), "", v1,
              REFUSED("ListIdentities: AccessDenied: not for you"));
    lane_ends("no read, and v1 was asked for", SCRIPT(250, .read_code = denied), "", v1,
              REFUSED("GetIdentity"));
    lane_ends("forwarding is not told", SCRIPT(2500, .forwarding_code = denied), "", usual,
              (struct ended){INVENTORY_DONE, 2500, 0, "GetIdentityNotificationAttributes: AccessD",
                             false, true});
    lane_ends("nothing one by one", SCRIPT(250, .get_code = "AccessDeniedException"), "", tags,
              REFUSED("GetEmailIdentity: AccessDenied"));
}

static void an_account_is_read_only_with_the_right_credentials(void **state)
{
    (void)state;
    const char *right = "111122223333", *wrong = "444455556666";
    lane_ends("credentials of nobody", SCRIPT(5, .caller_code = "InvalidClientTokenId"), "", usual,
              REFUSED("GetCallerIdentity: InvalidClientTokenId: not for you"));
    lane_ends("no STS, and nobody needs it", SCRIPT(5, .caller_code = "Whatever"), "", usual,
              ALL(5));
    lane_ends("no STS, and a guard needs it", SCRIPT(5, .caller_code = "Whatever"), right, usual,
              REFUSED("GetCallerIdentity: Whatever"));
    lane_ends("the right account", SCRIPT(5, .troubled = 0), right, usual, ALL(5));
    lane_ends("another account", SCRIPT(5, .troubled = 0), wrong, usual,
              REFUSED("the credentials belong to account 111122223333 "
                      "(arn:aws:iam::111122223333:user/me), the manifest says account_id "
                      "444455556666"));
}

static void a_lane_that_is_refused_holds_nobody_up(void **state)
{
    (void)state;
    const struct script scripts[] = {
        {.identities = 900, NOBODY},
        {.identities = 900, NOBODY, .list_code = "AccessDenied"},
        {.identities = 900, NOBODY, .troubled = 100000},
        {.identities = 900, NOBODY},
    };
    struct scene x;
    scene_open(&x, scripts, COUNT(scripts), "", (struct inventory_options){.rate_per_s = 1});
    while (inventory_lane(x.v, 0)->phase != INVENTORY_DONE ||
           inventory_lane(x.v, 3)->phase != INVENTORY_DONE)
        turn(&x);
    assert_in_range(x.now - START, SPAN_S(8), SPAN_S(11));
    scene_run(&x);
    assert_int_equal(inventory_lane(x.v, 1)->phase, INVENTORY_REFUSED);
    assert_int_equal(inventory_lane(x.v, 2)->phase, INVENTORY_REFUSED);
    every_row_is_right(&x, 0, EVERYTHING);
    every_row_is_right(&x, 3, EVERYTHING);
    scene_close(&x);
}

static void a_lane_that_is_closed_is_never_called_and_its_account_is_asked_by_another(void **state)
{
    (void)state;
    const struct script both[] = {{.identities = 5, NOBODY}, {.identities = 5, NOBODY}};
    struct scene x;
    scene_open(&x, both, 2, "", usual);
    x.fleet.lanes[1].account = 0; /* both lanes are of one account */
    inventory_clear(x.v);
    x.v = inventory_new(&x.memory, &x.fleet, &usual);
    inventory_close_lane(x.v, 0, "there is no such endpoint");
    scene_run(&x);
    for (int kind = 0; kind < CALL_KINDS; kind++)
        assert_int_equal(x.seen[0].calls[kind][API_V1] + x.seen[0].calls[kind][API_V2], 0);
    assert_int_equal(inventory_lane(x.v, 0)->phase, INVENTORY_REFUSED);
    assert_string_equal(inventory_lane(x.v, 0)->reason, "there is no such endpoint");
    assert_int_equal(inventory_lane(x.v, 1)->rows_len, 5);
    scene_close(&x);
}

static bool is_even(const void *ctx, struct text identity)
{
    (void)ctx;
    return number_of(identity) % 2 == 0;
}

static void what_is_not_wanted_is_not_read(void **state)
{
    (void)state;
    const struct script script = {.identities = 1000, NOBODY};
    struct scene x;
    scene_open(&x, &script, 1, "", (struct inventory_options){.rate_per_s = 1, .wanted = is_even});
    scene_run(&x);
    assert_int_equal(x.seen[0].calls[CALL_READ_MAIL_FROM][API_V1], 5);
    assert_int_equal(inventory_lane(x.v, 0)->listed, 1000);
    assert_int_equal(inventory_lane(x.v, 0)->rows_len, 500);
    scene_close(&x);
}

static void many_calls_are_out_when_the_rate_is_high(void **state)
{
    (void)state;
    const struct script script = {.identities = 5000, NOBODY};
    struct scene x;
    scene_open(&x, &script, 1, "",
               (struct inventory_options){.rate_per_s = 10000, .with_tags = true});
    scene_run(&x);
    assert_int_equal(x.seen[0].calls[CALL_GET][API_V2], 5000);
    assert_in_range(x.out_most, 200, INVENTORY_CALLS_MAX);
    scene_close(&x);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ten_thousand_identities_are_310_calls_in_100_seconds),
        cmocka_unit_test(tags_and_version_2_cost_a_call_an_identity),
        cmocka_unit_test(trouble_that_passes_leaves_no_trace),
        cmocka_unit_test(what_iam_refuses_is_read_otherwise_or_said),
        cmocka_unit_test(an_account_is_read_only_with_the_right_credentials),
        cmocka_unit_test(a_lane_that_is_refused_holds_nobody_up),
        cmocka_unit_test(a_lane_that_is_closed_is_never_called_and_its_account_is_asked_by_another),
        cmocka_unit_test(what_is_not_wanted_is_not_read),
        cmocka_unit_test(many_calls_are_out_when_the_rate_is_high),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
