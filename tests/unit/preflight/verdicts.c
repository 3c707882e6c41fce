/*
 * What may go on and what may not, account by account and lane by lane: each row is what STS or SES
 * answers, and what comes of it. The answers are scripted; nothing is asked of a world.
 */
#include "unit.h"

#include "preflight/callers.h"
#include "preflight/preflight.h"
#include "providers/providers.h"

#include <stdio.h>

#define CALLS_MAX 64

/* One answer. How and status say how the exchange ended; a caller answers GetCallerIdentity. */
struct answer {
    enum reply_how how;
    uint16_t status;
    const char *code, *message, *account;
};

#define CALLER(number)                                                                             \
    {                                                                                              \
        REPLY_HTTP, 200, "", "", number                                                            \
    }
#define SAYS(status, code, message)                                                                \
    {                                                                                              \
        REPLY_HTTP, status, code, message, NULL                                                    \
    }
#define LOST                                                                                       \
    {                                                                                              \
        REPLY_LOST, 0, "", "the answer was lost", NULL                                             \
    }
#define IAM     SAYS(403, "AccessDenied", "User: x is not authorized")
#define BAD_KEY SAYS(403, "InvalidClientTokenId", "The security token is invalid")
#define PROXY   SAYS(403, "", "not for you")

/* A world that answers at once from a table. */
struct scripted {
    const struct answer *(*answer)(void *ctx, const struct call *call);
    void *ctx;
    instant_us now;
    struct call *out[CALLS_MAX];
    uint32_t out_len;
    unsigned sent[3][CALL_KINDS][2]; /* by lane, kind and API */
    struct text identity;            /* the last that was asked about */
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
        assert_false(call_changes_world(calls[i]->kind));
        s->out[s->out_len++] = calls[i];
        s->sent[calls[i]->lane][calls[i]->kind][calls[i]->api]++;
        if (calls[i]->count)
            s->identity = calls[i]->identities[0];
    }
}

static uint32_t scripted_wait(void *ctx, instant_us until, struct event *events, uint32_t max)
{
    struct scripted *s = ctx;
    uint32_t len = 0;
    while (s->out_len && len < max) {
        struct call *call = s->out[--s->out_len];
        const struct answer *a = s->answer(s->ctx, call);
        call_answer_reset(call);
        call->sent_at = s->now;
        call->answered_at = s->now + 1;
        call->reply = (struct reply){.how = a->how, .http_status = a->status};
        snprintf(call->reply.code, sizeof call->reply.code, "%s", a->code);
        snprintf(call->reply.message, sizeof call->reply.message, "%s", a->message);
        if (a->account) {
            call->account.caller_account = text_of(a->account);
            call->account.caller_arn =
                arena_fmt(&call->arena, "arn:aws:iam::%s:user/x", a->account);
        }
        events[len++] = (struct event){.kind = EVENT_ANSWER, .call = call};
    }
    if (len == 0 && until != WHEN_NEVER && until > s->now)
        s->now = until;
    s->now++;
    return len;
}

/* Two accounts with a lane each. */
struct asked {
    struct fleet fleet;
    struct access access;
    struct notices notices;
    struct lanes lanes;
    struct wire_lane list[3];
    const char *trouble[3];
    struct preflight preflight;
    struct scripted scripted;
    char told[1024]; /* sentences, a line each */
};

static void keep_sentence(void *ctx, enum notice kind, const char *sentence)
{
    struct asked *a = ctx;
    size_t used = strlen(a->told);
    (void)kind;
    snprintf(a->told + used, sizeof a->told - used, "%s\n", sentence);
}

static name_id name_add(struct fleet *f, const char *name)
{
    name_id id = NAME_NONE;
    assert_true(!name || names_add(&f->names, text_of(name), &id));
    return id;
}

static void asked_open(struct asked *a, const char *const guards[2])
{
    static const char *const names[] = {"shop", "blog"};
    struct why why = {""};
    memset(a, 0, sizeof *a);
    fleet_init(&a->fleet);
    assert_true(names_init(&a->fleet.names, 1u << 20));
    for (uint16_t i = 0; i < 2; i++) {
        struct account account = {.name = name_add(&a->fleet, names[i]),
                                  .account_id = name_add(&a->fleet, guards[i])};
        uint16_t index, lane, policy;
        uint32_t row;
        assert_true(fleet_account(&a->fleet, account, &index));
        assert_true(fleet_lane(&a->fleet, index, name_add(&a->fleet, "us-east-1"), &lane));
        assert_true(fleet_policy(&a->fleet, (struct policy){0}, &policy));
        struct choice choice = {.identity = name_add(&a->fleet, i ? "b.test" : "a.test"),
                                .lane = lane,
                                .policy = policy};
        assert_true(fleet_choice(&a->fleet, choice, &row));
    }
    a->lanes = (struct lanes){.list = a->list, .len = 2, .trouble = a->trouble};
    arena_init(&a->lanes.arena, SIZE_MAX);
    a->notices = (struct notices){a, keep_sentence};
    a->scripted.now = SPAN_S(1);
    assert_int_equal(
        preflight_begin(&a->preflight, &a->fleet, &a->access, &a->notices, &a->lanes, &why), OK);
}

static void asked_close(struct asked *a)
{
    preflight_end(&a->preflight);
    arena_clear(&a->lanes.arena);
    fleet_clear(&a->fleet);
}

static struct io io_of(struct asked *a)
{
    return (struct io){
        .world = &a->scripted, .now = scripted_now, .wait = scripted_wait, .send = scripted_send};
}

/* NULL: there is none. */
static void sentence_check(size_t row, const char *what, const char *is, const char *wanted)
{
    if ((is != NULL && *is) != (wanted != NULL) || (wanted && !strstr(is, wanted)))
        fail_msg("row %zu, %s: '%s', wanted '%s'", row, what, is ? is : "", wanted ? wanted : "");
}

/* ---- whose credentials ---- */

/* Of the account "shop". "blog" has no guard and credentials of 222233334444. */
static const struct account_row {
    const char *guard;    /* account_id of the manifest */
    bool elsewhere;       /* SES at an endpoint of one's own, STS at AWS */
    struct answer answer; /* of GetCallerIdentity */
    unsigned asked;       /* so often */
    enum err err;
    const char *why, *trouble; /* of the run, of the lane */
} account_rows[] = {
    {NULL, false, CALLER("111122223333"), 1, OK, NULL, NULL},
    {"111122223333", false, CALLER("111122223333"), 1, OK, NULL, NULL},
    {"999900001111", false, CALLER("111122223333"), 1, ERR_AUTH,
     "account shop: the credentials belong to account 111122223333 "
     "(arn:aws:iam::111122223333:user/x), the manifest says account_id 999900001111",
     NULL},
    /* IAM or a policy forbids the question: only a guard needs its answer */
    {NULL, false, IAM, 1, OK, NULL, NULL},
    {"111122223333", false, IAM, 1, OK, NULL,
     "STS does not tell who owns the credentials: AccessDenied: User: x is not authorized"},
    /* STS knows the key not at all: nothing else will be heard */
    {NULL, false, BAD_KEY, 1, OK, NULL, "InvalidClientTokenId: The security token is invalid"},
    {"111122223333", false, BAD_KEY, 1, OK, NULL, "InvalidClientTokenId"},
    {NULL, false, SAYS(403, "RequestTimeTooSkewed", "the clocks differ"), 1, OK, NULL,
     "RequestTimeTooSkewed"},
    {NULL,
     false,
     {REPLY_NO_KEYS, 0, "", "credentials of profile x: expired", NULL},
     1,
     OK,
     NULL,
     "credentials of profile x: expired"},
    /* what passes is tried again, and then only a guard stops */
    {NULL, false, LOST, 4, OK, NULL, NULL},
    {"111122223333", false, LOST, 4, OK, NULL,
     "STS does not tell who owns the credentials: the answer was lost"},
    {NULL, false, SAYS(503, "", "busy"), 4, OK, NULL, NULL},
    {"111122223333", false, SAYS(400, "Throttling", "Rate exceeded"), 4, OK, NULL,
     "Throttling: Rate exceeded"},
    /* keys for a server of one's own are not shown to AWS unless a guard asks for it */
    {NULL, true, BAD_KEY, 0, OK, NULL, NULL},
    {"111122223333", true, CALLER("111122223333"), 1, OK, NULL, NULL},
};

static const struct answer *caller_answer(void *ctx, const struct call *call)
{
    static const struct answer blog = CALLER("222233334444");
    const struct account_row *row = ctx;
    assert_int_equal(call->kind, CALL_CALLER);
    return call->lane == 0 ? &row->answer : &blog;
}

static void each_account_goes_on_or_says_why_not(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(account_rows); i++) {
        struct account_row row = account_rows[i];
        struct asked a;
        struct why why = {""};
        asked_open(&a, (const char *const[]){row.guard, NULL});
        a.scripted.answer = caller_answer;
        a.scripted.ctx = &row;
        a.list[0].at.ses.is_custom = row.elsewhere;
        struct io io = io_of(&a);
        assert_int_equal(preflight_accounts(&a.preflight, &io, &why), row.err);
        sentence_check(i, "the run", why.text, row.why);
        sentence_check(i, "lane 0", a.trouble[0], row.trouble);
        sentence_check(i, "lane 1", a.trouble[1], NULL);
        if (a.scripted.sent[0][CALL_CALLER][API_V1] != row.asked)
            fail_msg("row %zu: asked %u times", i, a.scripted.sent[0][CALL_CALLER][API_V1]);
        asked_close(&a);
    }
}

static void every_account_that_differs_is_named(void **state)
{
    static struct account_row row = {.answer = CALLER("111122223333")};
    struct asked a;
    struct why why = {""};
    (void)state;
    asked_open(&a, (const char *const[]){"999900001111", "999900002222"});
    a.scripted.answer = caller_answer;
    a.scripted.ctx = &row;
    struct io io = io_of(&a);
    assert_int_equal(preflight_accounts(&a.preflight, &io, &why), ERR_AUTH);
    assert_non_null(strstr(a.told, "account shop: the credentials belong to account 111122223333"));
    assert_non_null(strstr(why.text, "account blog: the credentials belong to account "
                                     "222233334444"));
    asked_close(&a);
}

static const struct answer *bad_key_answer(void *ctx, const struct call *call)
{
    static const struct answer bad = BAD_KEY;
    (void)ctx, (void)call;
    return &bad;
}

static void a_run_without_a_lane_ends_with_the_first_ones_trouble(void **state)
{
    struct asked a;
    struct why why = {""};
    (void)state;
    asked_open(&a, (const char *const[]){NULL, NULL});
    a.scripted.answer = bad_key_answer;
    struct io io = io_of(&a);
    assert_int_equal(preflight_accounts(&a.preflight, &io, &why), ERR_AUTH);
    assert_string_equal(why.text, "account shop: STS does not tell who owns the credentials: "
                                  "InvalidClientTokenId: The security token is invalid");
    asked_close(&a);
}

/* Of an account without a lane of SES, which has zones of DNS. */
static const struct provider_row {
    const char *guard;
    bool elsewhere; /* Route 53 at an endpoint of one's own, STS at AWS */
    bool resumes;
    struct answer answer;
    unsigned asked;
    enum err err;
    const char *why, *trouble;
} provider_rows[] = {
    {NULL, false, false, CALLER("111122223333"), 1, OK, NULL, NULL},
    {"111122223333", false, false, CALLER("111122223333"), 1, OK, NULL, NULL},
    {"999900001111", false, false, CALLER("111122223333"), 1, ERR_AUTH,
     "account dns: the credentials belong to account 111122223333", NULL},
    {"111122223333", false, false, LOST, 4, OK, NULL, "the answer was lost"},
    {"111122223333", false, true, LOST, 4, OK, NULL, NULL}, /* it waits for STS */
    {NULL, false, false, BAD_KEY, 1, OK, NULL, "InvalidClientTokenId"},
    {NULL, true, false, BAD_KEY, 0, OK, NULL, NULL},
};

static const struct answer *provider_answer(void *ctx, const struct call *call)
{
    static const struct answer fine = CALLER("222233334444");
    const struct provider_row *row = ctx;
    assert_int_equal(call->kind, CALL_CALLER);
    return call->lane == 2 ? &row->answer : &fine;
}

static void an_account_of_zones_goes_on_or_says_why_not(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(provider_rows); i++) {
        struct provider_row row = provider_rows[i];
        struct asked a;
        struct why why = {""};
        asked_open(&a, (const char *const[]){NULL, NULL});
        struct account account = {.name = name_add(&a.fleet, "dns"),
                                  .account_id = name_add(&a.fleet, row.guard)};
        struct provider provider = {.kind = PROVIDER_ROUTE53};
        struct provider_at at = {.endpoint.is_custom = row.elsewhere};
        uint16_t index;
        assert_true(fleet_account(&a.fleet, account, &provider.account));
        assert_true(fleet_provider(&a.fleet, &provider, &index));
        a.list[2].provider = &at;
        a.lanes.len = 3;
        preflight_end(&a.preflight);
        assert_int_equal(
            preflight_begin(&a.preflight, &a.fleet, &a.access, &a.notices, &a.lanes, &why), OK);
        a.preflight.resumes = row.resumes;
        a.scripted.answer = provider_answer;
        a.scripted.ctx = &row;
        struct io io = io_of(&a);
        assert_int_equal(preflight_accounts(&a.preflight, &io, &why), row.err);
        sentence_check(i, "the run", why.text, row.why);
        sentence_check(i, "lane 0", a.trouble[0], NULL);
        sentence_check(i, "Route 53", a.trouble[2], row.trouble);
        if (a.scripted.sent[2][CALL_CALLER][API_V1] != row.asked)
            fail_msg("row %zu: asked %u times", i, a.scripted.sent[2][CALL_CALLER][API_V1]);
        asked_close(&a);
    }
}

/* ---- what they allow ---- */

enum { ASKED_V1 = 1, ASKED_V2 = 2 };

/* Of lane 0; SES answers everything in lane 1. */
static const struct lane_row {
    const char *read_api, *write_api;
    struct answer v1, v2; /* to every read by this API */
    struct answer account;
    unsigned account_by, quota, list, reads, get; /* ASKED_V1, ASKED_V2: by which APIs */
    const char *trouble;
} lane_rows[] = {
#define FINE SAYS(200, "", "")
    {NULL, NULL, FINE, FINE, FINE, ASKED_V2, 0, ASKED_V1, ASKED_V1, 0, NULL},
    {"auto", "v1", FINE, FINE, FINE, ASKED_V1, ASKED_V1, ASKED_V1, ASKED_V1, 0, NULL},
    {"v1", NULL, FINE, FINE, FINE, ASKED_V2, 0, ASKED_V1, ASKED_V1, 0, NULL},
    {"v2", NULL, FINE, FINE, FINE, ASKED_V2, 0, ASKED_V2, 0, ASKED_V2, NULL},
    /* version 1 that IAM refuses makes version 2 matter, unless the user chose */
    {NULL, NULL, IAM, FINE, FINE, ASKED_V2, 0, ASKED_V1 | ASKED_V2, ASKED_V1, ASKED_V2, NULL},
    {NULL, NULL, IAM, IAM, IAM, ASKED_V2, 0, ASKED_V1 | ASKED_V2, ASKED_V1, ASKED_V2, NULL},
    {"v1", NULL, IAM, FINE, FINE, ASKED_V2, 0, ASKED_V1, ASKED_V1, 0, NULL},
    /* IAM that hides the account's state says nothing about reads */
    {NULL, NULL, FINE, FINE, IAM, ASKED_V2, 0, ASKED_V1, ASKED_V1, 0, NULL},
    {NULL, "v1", FINE, FINE, IAM, ASKED_V1, ASKED_V1, ASKED_V1, ASKED_V1, 0, NULL},
    /* so does a proxy that lets one version through */
    {NULL, NULL, PROXY, FINE, FINE, ASKED_V2, 0, ASKED_V1 | ASKED_V2, ASKED_V1, ASKED_V2, NULL},
    {NULL, NULL, FINE, FINE, PROXY, ASKED_V2, 0, ASKED_V1, ASKED_V1, 0, NULL},
    {NULL, NULL, PROXY, PROXY, FINE, ASKED_V2, 0, ASKED_V1 | ASKED_V2, ASKED_V1, ASKED_V2,
     "SES cannot be asked: not for you"},
    {"v1", NULL, PROXY, FINE, FINE, ASKED_V2, 0, ASKED_V1, ASKED_V1, 0,
     "SES cannot be asked: not for you"},
    /* refused as whoever they are */
    {NULL, NULL, BAD_KEY, BAD_KEY, BAD_KEY, ASKED_V2, 0, ASKED_V1, ASKED_V1, 0,
     "SES refuses the credentials: InvalidClientTokenId: The security token is invalid"},
    {NULL, NULL, FINE, FINE, SAYS(403, "OptInRequired", "not subscribed"), ASKED_V2, 0, ASKED_V1,
     ASKED_V1, 0, "SES refuses the credentials: OptInRequired: not subscribed"},
    {NULL,
     NULL,
     FINE,
     FINE,
     {REPLY_NO_KEYS, 0, "", "credentials of profile x: expired", NULL},
     ASKED_V2,
     0,
     ASKED_V1,
     ASKED_V1,
     0,
     "credentials of profile x: expired"},
    /* what passes is for the run to see */
    {NULL, NULL, LOST, LOST, LOST, ASKED_V2, 0, ASKED_V1, ASKED_V1, 0, NULL},
    {NULL, NULL, SAYS(500, "", "oops"), FINE, FINE, ASKED_V2, 0, ASKED_V1, ASKED_V1, 0, NULL},
#undef FINE
};

static const struct answer *lane_answer(void *ctx, const struct call *call)
{
    static const struct answer fine = SAYS(200, "", "");
    const struct lane_row *row = ctx;
    if (call->lane == 1)
        return &fine;
    if (call->kind == CALL_ACCOUNT || call->kind == CALL_QUOTA)
        return &row->account;
    return call->api == API_V1 ? &row->v1 : &row->v2;
}

static unsigned asked_by(const struct asked *a, enum call_kind kind)
{
    return (a->scripted.sent[0][kind][API_V1] ? ASKED_V1 : 0u) |
           (a->scripted.sent[0][kind][API_V2] ? ASKED_V2 : 0u);
}

static void each_lane_is_asked_what_a_plan_needs(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(lane_rows); i++) {
        struct lane_row row = lane_rows[i];
        struct asked a;
        struct why why = {""};
        asked_open(&a, (const char *const[]){NULL, NULL});
        a.access.read_api = row.read_api;
        a.access.write_api = row.write_api;
        a.scripted.answer = lane_answer;
        a.scripted.ctx = &row;
        struct io io = io_of(&a);
        assert_int_equal(preflight_lanes(&a.preflight, &io, &why), OK);
        sentence_check(i, "lane 0", a.trouble[0], row.trouble);
        sentence_check(i, "lane 1", a.trouble[1], NULL);
        if (asked_by(&a, CALL_ACCOUNT) != row.account_by || asked_by(&a, CALL_QUOTA) != row.quota ||
            asked_by(&a, CALL_LIST) != row.list ||
            asked_by(&a, CALL_READ_VERIFICATION) != row.reads ||
            asked_by(&a, CALL_READ_MAIL_FROM) != row.reads ||
            asked_by(&a, CALL_READ_NOTIFICATION) != row.reads || asked_by(&a, CALL_GET) != row.get)
            fail_msg("row %zu: asked otherwise", i);
        asked_close(&a);
    }
}

/* In a lane with more rows than a call of attributes takes the list tells verification, and its
 * first page is the run's. Where that list is refused, the questions of a small lane follow. */
static void a_large_lane_is_asked_for_its_list(void **state)
{
    (void)state;
    for (int refused = 0; refused < 3; refused++) {
        struct lane_row row = lane_rows[0];
        const struct answer iam = IAM, proxy = PROXY;
        struct asked a;
        struct why why = {""};
        asked_open(&a, (const char *const[]){NULL, NULL});
        struct choice choice = a.fleet.choices[0];
        uint32_t index;
        for (int i = 0; i < SES_BATCH_MAX; i++) {
            char name[32];
            snprintf(name, sizeof name, "a%d.test", i);
            choice.identity = name_add(&a.fleet, name);
            assert_true(fleet_choice(&a.fleet, choice, &index));
        }
        if (refused)
            row.v2 = refused == 1 ? iam : proxy;
        a.scripted.answer = lane_answer;
        a.scripted.ctx = &row;
        struct io io = io_of(&a);
        assert_int_equal(preflight_lanes(&a.preflight, &io, &why), OK);
        sentence_check((size_t)refused, "lane 0", a.trouble[0], NULL);
        assert_int_equal(asked_by(&a, CALL_LIST), refused ? ASKED_V1 | ASKED_V2 : ASKED_V2);
        assert_int_equal(asked_by(&a, CALL_READ_VERIFICATION), refused ? ASKED_V1 : 0);
        assert_int_equal(asked_by(&a, CALL_READ_MAIL_FROM), ASKED_V1);
        assert_int_equal(a.scripted.sent[0][CALL_READ_MAIL_FROM][API_V1], 1);
        assert_int_equal(asked_by(&a, CALL_GET), 0);
        for (int i = 0; i < PREFLIGHT_QUESTIONS; i++) {
            const struct probe *probe = &a.preflight.probes[i];
            bool is_page = probe->kind == CALL_LIST && probe->api == (refused ? API_V1 : API_V2);
            assert_int_equal(probe->kept != NULL, probe->attempts_max && is_page);
        }
        asked_close(&a);
    }
}

/* A lane that was given up is not asked, and the others are asked about an identity of theirs. */
static void a_lane_in_trouble_is_left_alone(void **state)
{
    struct lane_row row = lane_rows[0];
    struct asked a;
    struct why why = {""};
    (void)state;
    asked_open(&a, (const char *const[]){NULL, NULL});
    a.scripted.answer = lane_answer;
    a.scripted.ctx = &row;
    lanes_give_up(&a.lanes, 0, "no keys");
    struct io io = io_of(&a);
    assert_int_equal(preflight_lanes(&a.preflight, &io, &why), OK);
    for (int kind = 0; kind < CALL_KINDS; kind++)
        assert_int_equal(asked_by(&a, (enum call_kind)kind), 0);
    assert_int_equal(a.scripted.sent[1][CALL_LIST][API_V1], 1);
    assert_text(a.scripted.identity, TEXT("b.test"));
    asked_close(&a);
}

/* ---- the account that a run was started in ---- */

/* Of the account "shop": who is remembered, whom STS names, and what comes of it. */
static const struct held_row {
    const char *then, *then_partition; /* NULL: nobody is remembered */
    const char *now, *now_arn;         /* NULL: STS has not said */
    const char *trouble, *told;
    const char *kept; /* the account that is remembered from now on */
    bool resumes;     /* STS has trouble that may pass, while a run is resumed */
    bool is_page;     /* and that is the page of a proxy */
} held_rows[] = {
#define ARN    "arn:aws:iam::111122223333:user/x"
#define ARN_CN "arn:aws-cn:iam::111122223333:user/x"
    {NULL, NULL, "111122223333", ARN, NULL, NULL, "111122223333", false},
    {"111122223333", "aws", "111122223333", ARN, NULL, NULL, "111122223333", false},
    {"999900001111", "aws", "111122223333", ARN,
     "these credentials (environment) are of account 111122223333, but run 7 was started in "
     "account "
     "999900001111 with profile old: nothing is sent",
     NULL, "999900001111", false},
    {"111122223333", "aws", "111122223333", ARN_CN,
     "of account 111122223333 of partition aws-cn, but run 7 was started in account 111122223333 "
     "with",
     NULL, "111122223333", false},
    {CALLER_UNKNOWN, NULL, "111122223333", ARN,
     "but run 7 was started when STS could not be asked for the account, with profile old", NULL,
     CALLER_UNKNOWN, false},
    {"111122223333", "aws", NULL, NULL, "are of an unknown account, but run 7",
     "STS does not tell who owns the credentials (AccessDenied: User: x is not authorized)",
     "111122223333", false},
    {CALLER_UNKNOWN, NULL, NULL, NULL, NULL, "the account is kept as unknown", CALLER_UNKNOWN,
     false},
    {NULL, NULL, NULL, NULL, NULL, "the account is kept as unknown", CALLER_UNKNOWN, false},
    {"111122223333", "aws", NULL, NULL, NULL,
     "STS cannot be asked now who owns the credentials (timed out); nothing is sent to SES "
     "there "
     "before STS has answered",
     "111122223333", true},
    {"111122223333", "aws", NULL, NULL, NULL, "nothing is sent to SES there before", "111122223333",
     true, true},
    {CALLER_UNKNOWN, NULL, NULL, NULL, NULL, "the account is kept as unknown", CALLER_UNKNOWN,
     true},
#undef ARN
#undef ARN_CN
};

static void a_run_goes_on_only_in_the_account_that_it_was_begun_in(void **state)
{
    (void)state;
    setenv("AWS_ACCESS_KEY_ID", "AKID", 1);
    setenv("AWS_SECRET_ACCESS_KEY", "SECRET", 1);
    setenv("AWS_CONFIG_FILE", "/nowhere/config", 1);
    setenv("AWS_SHARED_CREDENTIALS_FILE", "/nowhere/credentials", 1);
    for (size_t i = 0; i < COUNT(held_rows); i++) {
        struct held_row row = held_rows[i];
        struct asked a;
        struct lanes lanes;
        struct why why = {""};
        struct probe found[2] = {
            {.answered_at = 1,
             .verdict = row.now       ? VERDICT_OK
                        : row.resumes ? VERDICT_AGAIN
                                      : VERDICT_DENIED,
             .reply = {.code = "AccessDenied", .message = "User: x is not authorized"},
             .account = {.caller_account = text_of(row.now), .caller_arn = text_of(row.now_arn)}},
            {.answered_at = 1,
             .verdict = VERDICT_OK,
             .account = {.caller_account = TEXT("222233334444"),
                         .caller_arn = TEXT("arn:aws:iam::222233334444:user/y")}}};
        if (row.resumes)
            found[0].reply = (struct reply){.how = REPLY_NOT_SENT, .message = "timed out"};
        if (row.is_page) {
            found[0].reply = (struct reply){.how = REPLY_HTTP, .http_status = 403};
            found[0].verdict = VERDICT_DENIED;
        }
        asked_open(&a, (const char *const[]){NULL, NULL});
        if (lanes_open(&lanes, &a.fleet, &a.access, LANES_OF_SES, &a.notices, &why) != OK)
            fail_msg("%s", why.text);
        a.fleet.lanes[0].caller =
            (struct caller){.account = name_add(&a.fleet, row.then),
                            .partition = name_add(&a.fleet, row.then_partition),
                            .begun_with = name_add(&a.fleet, "profile old")};
        assert_int_equal(
            callers_hold(&a.fleet, &lanes, found, "run 7", row.resumes, &a.notices, &why), OK);
        sentence_check(i, "lane 0", lanes.trouble[0], row.trouble);
        sentence_check(i, "lane 1", lanes.trouble[1], NULL);
        sentence_check(i, "what is told", a.told, row.told);
        assert_text(names_text(&a.fleet.names, a.fleet.lanes[0].caller.account), text_of(row.kept));
        assert_text(names_text(&a.fleet.names, a.fleet.lanes[1].caller.begun_with),
                    TEXT("environment"));
        lanes_close(&lanes);
        asked_close(&a);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_account_goes_on_or_says_why_not),
        cmocka_unit_test(every_account_that_differs_is_named),
        cmocka_unit_test(an_account_of_zones_goes_on_or_says_why_not),
        cmocka_unit_test(a_run_without_a_lane_ends_with_the_first_ones_trouble),
        cmocka_unit_test(each_lane_is_asked_what_a_plan_needs),
        cmocka_unit_test(a_large_lane_is_asked_for_its_list),
        cmocka_unit_test(a_lane_in_trouble_is_left_alone),
        cmocka_unit_test(a_run_goes_on_only_in_the_account_that_it_was_begun_in),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
