/* The lane survey of a lane, by a scheduler driven by hand: each call is answered from a script at
 * once. */
#include "unit.h"

#include "scheduler/lane_survey.h"
#include "scheduler/scheduler.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>

#define CALLS_A_TURN 64

/* What the account holds besides the one identity of the fleet. */
struct script {
    const char *listed[4];
    bool forwarding;
    const char *list_code;  /* the refusal of ListIdentities, or NULL */
    unsigned throttled;     /* so many lists are throttled first */
    unsigned old_tokens;    /* so many tokens are refused: the list begins again */
    bool two_pages;         /* the second half of `listed` comes behind a token */
    bool circles;           /* and that page leads to itself */
    const char *unverified; /* one that is listed */
    const char *same;       /* one that has the wanted MAIL FROM already */
    bool one_by_one;        /* the batched reads are refused to the lane survey */
    const char *account_code, *notification_code; /* refusals */
    const char *gone;        /* listed, but deleted since; everything is asked by version 2 then */
    unsigned more;           /* addresses below example.org, all unverified */
    const char *fleet;       /* the identity of the fleet; NULL: example.org */
    unsigned rows;           /* of the fleet besides: row-0.test and so on, listed too */
    const char *old_in_list; /* a row that the list of version 2 shows as pending, wrongly */
    bool v2_list_refused;
    bool v2_page_throttled;  /* the second page of that list, always */
    bool v2_comes_round;     /* its second page leads to the first one */
    bool sweep;              /* a plan that is only looked at */
    unsigned rows_not_there; /* of the rows, the first so many are on no page */
};

struct outcome_seen {
    enum outcome outcome;
    finding_set findings;
    char gap[SURVEY_REASON_LEN];
    bool is_starved; /* SES is said to throttle all calls of a kind, an hour later */
    unsigned verifications, v1_lists; /* calls */
    unsigned beside;                  /* reads of MAIL FROM before the last page was there */
    uint32_t refused;                 /* rows */
    unsigned old_tokens, lists, notifications, reads,
        gets; /* reads, gets: about others than the fleet's */
};

static void refuse(struct call *call, uint16_t status, const char *code, const char *message)
{
    call->reply.http_status = status;
    snprintf(call->reply.code, sizeof call->reply.code, "%s", code);
    snprintf(call->reply.message, sizeof call->reply.message, "%s", message);
}

static bool is(struct text identity, const char *name)
{
    return name && text_eq(identity, text_of(name));
}

/* What SES says of an identity, of the fleet or beside it. */
static void answer_facts(const struct script *s, struct call *call)
{
    for (uint32_t i = 0; i < call->count; i++) {
        struct text identity = call->identities[i];
        bool same = is(identity, s->same);
        bool verified = !is(identity, s->unverified) && !text_starts(identity, TEXT("user-"));
        call->facts[i] = (struct ses_facts){
            .known = (call->kind != CALL_READ_MAIL_FROM ? KNOWN_VERIFICATION : 0u) |
                     (call->kind != CALL_READ_VERIFICATION ? KNOWN_MAIL_FROM : 0u),
            .verification = verified ? VERIFICATION_SUCCESS : VERIFICATION_PENDING,
            .mail_from = same ? TEXT("bounce.example.org") : TEXT_NONE,
            .status = same ? MAIL_FROM_SUCCESS : MAIL_FROM_NONE};
    }
}

static void answer_list(const struct script *s, struct call *call)
{
    uint32_t first = call->token.len ? COUNT(s->listed) / 2 : 0,
             end = s->two_pages && !call->token.len ? COUNT(s->listed) / 2 : COUNT(s->listed);
    call->listed = ARENA_ARRAY(&call->arena, struct text, COUNT(s->listed) + s->more + s->rows);
    for (uint32_t i = first; i < end && s->listed[i]; i++)
        call->listed[call->listed_len++] = text_of(s->listed[i]);
    for (unsigned i = 0; i < s->more; i++)
        call->listed[call->listed_len++] = arena_fmt(&call->arena, "user-%u@example.org", i);
    for (unsigned i = s->rows_not_there; i < s->rows; i++)
        call->listed[call->listed_len++] = arena_fmt(&call->arena, "row-%u.test", i);
    if (call->api == API_V2)
        call->listed_verified = ARENA_ARRAY(&call->arena, uint8_t, call->listed_len + 1);
    for (uint32_t i = 0; call->api == API_V2 && i < call->listed_len; i++) {
        bool is_bad = is(call->listed[i], s->unverified) || is(call->listed[i], s->old_in_list);
        call->listed_verified[i] =
            (uint8_t)((is_bad ? VERIFICATION_PENDING : VERIFICATION_SUCCESS) + 1);
    }
    if (s->v2_comes_round && call->api == API_V2 && call->token.len)
        call->next_token = arena_text(
            &call->arena, text_eq(call->token, TEXT("more")) ? TEXT("first") : TEXT("more"));
    else if (end < COUNT(s->listed) || s->circles)
        call->next_token = arena_text(&call->arena, TEXT("more"));
}

static void answer(const struct script *s, struct call *call, struct outcome_seen *seen)
{
    call_answer_reset(call);
    call->reply = (struct reply){.how = REPLY_HTTP, .http_status = 200};
    switch (call->kind) {
    case CALL_ASK: call->dns = (struct dns_reply){.outcome = DNS_TIMED_OUT}; break;
    case CALL_LIST:
        seen->v1_lists += call->api == API_V1;
        if (seen->lists++ < s->throttled)
            refuse(call, 400, "Throttling", "Rate exceeded");
        else if (call->token.len && seen->old_tokens++ < s->old_tokens)
            refuse(call, 400, "InvalidNextTokenException", "The token is not valid.");
        else if (s->v2_page_throttled && call->api == API_V2 && call->token.len)
            refuse(call, 429, "TooManyRequestsException", "Rate exceeded");
        else if (s->v2_list_refused && call->api == API_V2)
            refuse(call, 403, "AccessDeniedException", "not for you");
        else if (s->list_code)
            refuse(call, 403, s->list_code, "not for you");
        else
            answer_list(s, call);
        break;
    case CALL_READ_NOTIFICATION:
        if (s->notification_code) {
            refuse(call, 403, s->notification_code, "not for you");
            break;
        }
        seen->notifications += call->count;
        for (uint32_t i = 0; i < call->count; i++)
            call->facts[i] =
                (struct ses_facts){.known = KNOWN_FORWARDING, .forwarding = s->forwarding};
        break;
    case CALL_ACCOUNT:
        if (s->account_code) {
            refuse(call, 403, s->account_code, "not for you");
            break;
        }
        call->account = (struct account_facts){.sending_enabled = true, .production_access = true};
        break;
    default:
        seen->verifications += call->kind == CALL_READ_VERIFICATION;
        seen->beside += call->kind == CALL_READ_MAIL_FROM && seen->lists == 1 && s->two_pages;
        if (call->owner == SURVEY_OWNER) {
            seen->reads += call->kind != CALL_GET;
            seen->gets += call->kind == CALL_GET;
        }
        if (call->owner == SURVEY_OWNER && s->one_by_one && call->api == API_V1)
            refuse(call, 403, "AccessDenied", "not for you");
        else if (is(call->identities[0], s->gone))
            refuse(call, 404, "NotFoundException", "not there");
        else
            answer_facts(s, call);
        break;
    }
}

static void fleet_make(struct fleet *f, const char *identity, unsigned rows)
{
    struct policy policy = {.timeout_us = SPAN_H(1)};
    struct choice choice = {.type = IDENTITY_DOMAIN};
    struct account account = {.name = NAME_NONE};
    uint16_t index;
    uint32_t row;
    name_id region;
    fleet_init(f);
    assert_true(names_init(&f->names, 1u << 20));
    assert_true(names_add(&f->names, TEXT("main"), &account.name));
    assert_true(names_add(&f->names, TEXT("us-east-1"), &region));
    assert_true(names_add(&f->names, text_of(identity), &choice.identity));
    assert_true(names_add(&f->names, TEXT("bounce.example.org"), &choice.mail_from));
    assert_true(fleet_account(f, account, &index));
    assert_true(fleet_lane(f, index, region, &choice.lane));
    assert_true(fleet_policy(f, policy, &choice.policy));
    assert_true(fleet_choice(f, choice, &row));
    for (unsigned i = 0; i < rows; i++) {
        char name[32];
        snprintf(name, sizeof name, "row-%u.test", i);
        assert_true(names_add(&f->names, text_of(name), &choice.identity));
        choice.mail_from = MAIL_FROM_DEFAULT;
        assert_true(fleet_choice(f, choice, &row));
    }
}

/* One turn; every call is answered at once. */
static void turn(struct scheduler *d, const struct script *s, instant_us now,
                 struct outcome_seen *seen)
{
    struct call *calls[CALLS_A_TURN];
    uint32_t records_len, len = scheduler_decide(d, now, calls, CALLS_A_TURN);
    const struct record *records = scheduler_records(d, &records_len);
    for (uint32_t i = 0; i < records_len; i++) {
        seen->refused += records[i].row.outcome == OUTCOME_REFUSED ||
                         (records[i].row.findings & FINDING_BIT(IDENTITY_UNVERIFIED)) != 0;
        if (records[i].job > 0)
            continue;
        seen->outcome = records[i].row.outcome;
        seen->findings = records[i].row.findings;
    }
    scheduler_turn_end(d);
    for (uint32_t i = 0; i < len; i++) {
        calls[i]->sent_at = calls[i]->answered_at = now;
        answer(s, calls[i], seen);
        scheduler_event(d, &(struct event){.kind = EVENT_ANSWER, .call = calls[i]}, now);
    }
}

static struct outcome_seen lane_survey_of(struct script s)
{
    struct scheduler_options options = {.rules = {.plan_only = true},
                                        .lane_survey = true,
                                        .sweep = s.sweep,
                                        .read_falls_back = s.one_by_one,
                                        .read_api = s.gone ? API_V2 : API_V1,
                                        .rate_per_s = 10};
    struct outcome_seen seen = {0};
    struct fleet fleet;
    struct arena memory;
    instant_us now = SPAN_S(1);
    fleet_make(&fleet, s.fleet ? s.fleet : "example.org", s.rows);
    arena_init(&memory, SIZE_MAX);
    struct scheduler *d = scheduler_init(&memory, &fleet, &options);
    assert_non_null(d);
    scheduler_start(d, now);
    for (int turns = 0; !scheduler_is_finished(d) || turns == 0; turns++) {
        assert_true(turns < 1000);
        turn(d, &s, now, &seen);
        scheduler_audit(d);
        instant_us wake = scheduler_wake(d, now);
        now = wake > now && wake < WHEN_NEVER ? wake : now;
    }
    turn(d, &s, now, &seen); /* what the last answers decided */
    for (unsigned i = 0; i < SURVEY_GAPS_MAX; i++) {
        const char *gap = scheduler_survey_gap(d, 0, i);
        size_t used = strlen(seen.gap);
        if (gap)
            snprintf(seen.gap + used, sizeof seen.gap - used, "%s", gap);
    }
    seen.is_starved = scheduler_lane_waits(d, 0, now + SPAN_H(1), &(instant_us){0}) != NULL;
    scheduler_clear(d);
    arena_clear(&memory);
    fleet_clear(&fleet);
    return seen;
}

/* A lane with more rows than a call of attributes takes. */
static void the_list_tells_a_large_lane_what_is_verified(void **state)
{
    (void)state;
    static const struct {
        struct script script;
        unsigned verifications, v1_lists, refused;
    } table[] = {
        {{.listed = {"example.org"}, .rows = 150}, 0, 0, 0},
        {{.listed = {"example.org"}, .rows = 150, .unverified = "row-7.test"}, 1, 0, 1},
        {{.listed = {"example.org"}, .rows = 150, .old_in_list = "row-7.test"}, 1, 0, 0},
        {{.listed = {"example.org"}, .rows = 150, .v2_list_refused = true}, 2, 1, 0},
        {{.listed = {"example.org"}, .rows = 50}, 1, 1, 0},
    };
    for (size_t i = 0; i < COUNT(table); i++) {
        struct outcome_seen seen = lane_survey_of(table[i].script);
        if (seen.verifications != table[i].verifications || seen.v1_lists != table[i].v1_lists ||
            seen.refused != table[i].refused)
            fail_msg("row %zu: %u calls for verification, %u lists by version 1, %u rows refused",
                     i, seen.verifications, seen.v1_lists, seen.refused);
        assert_string_equal(seen.gap, "");
    }
}

/* Each by its own bucket: MAIL FROM is read from the first page on, and judged with all there is to
 * know. */
static void mail_from_is_read_beside_the_list(void **state)
{
    (void)state;
    static const struct {
        struct script script;
        unsigned beside, verifications, refused;
    } table[] = {
        {{.listed = {"example.org"}, .rows = 150, .two_pages = true}, 1, 0, 0},
        {{.listed = {"example.org"}, .rows = 150, .two_pages = true, .unverified = "row-7.test"},
         1,
         1,
         1},
        {{.listed = {"example.org"}, .rows = 150, .two_pages = true, .v2_list_refused = true},
         0,
         2,
         0},
        {{.listed = {"example.org"}, .rows = 50, .two_pages = true}, 0, 1, 0},
    };
    for (size_t i = 0; i < COUNT(table); i++) {
        struct outcome_seen seen = lane_survey_of(table[i].script);
        if (seen.beside != table[i].beside || seen.verifications != table[i].verifications ||
            seen.refused != table[i].refused)
            fail_msg(
                "row %zu: %u reads beside the list, %u calls for verification, %u rows refused", i,
                seen.beside, seen.verifications, seen.refused);
    }
    /* What the second page shows is judged with what was read before it. */
    struct outcome_seen seen = lane_survey_of(
        (struct script){.listed = {"example.org", "row-1.test", "bounce.example.org"},
                        .rows = 150,
                        .two_pages = true});
    assert_int_equal(seen.beside, 1);
    assert_true(seen.findings & FINDING_BIT(SENDS_MAIL));
}

/* A page is a call, and so are attributes of a hundred rows: a list goes on as long as it tells
 * more. */
static void a_sweep_lists_as_long_as_a_page_spares_calls(void **state)
{
    (void)state;
    static const struct {
        struct script script;
        unsigned lists, verifications;
    } table[] = {
        {{.listed = {"example.org"}, .rows = 150, .two_pages = true}, 1, 0},
        {{.listed = {"example.org"}, .rows = 250, .two_pages = true, .rows_not_there = 20}, 2, 1},
        {{.listed = {"example.org"}, .rows = 150, .two_pages = true, .rows_not_there = 120}, 1, 2},
        {{.listed = {"example.org"}, .rows = 50, .two_pages = true}, 0, 1},
    };
    for (size_t i = 0; i < COUNT(table); i++) {
        struct script script = table[i].script;
        script.sweep = true;
        struct outcome_seen seen = lane_survey_of(script);
        if (seen.lists != table[i].lists || seen.verifications != table[i].verifications)
            fail_msg("row %zu: %u lists, %u calls for verification", i, seen.lists,
                     seen.verifications);
    }
}

static void neighbours_are_found_in_the_lists_of_the_account(void **state)
{
    (void)state;
    static const struct {
        struct script script;
        finding_set found;
        enum outcome outcome;
        unsigned asked; /* identities whose feedback forwarding was asked for */
    } table[] = {
        {{.listed = {"example.org"}}, 0, OUTCOME_WAITING_DNS, 0},
        {{.listed = {"example.org", "other.test", "notexample.org"}}, 0, OUTCOME_WAITING_DNS, 0},
        {{.listed = {"news.example.org"}}, FINDING_BIT(MASKED_BY_IDENTITY), OUTCOME_WAITING_DNS, 0},
        {{.listed = {"News@example.org"}}, FINDING_BIT(MASKED_BY_IDENTITY), OUTCOME_WAITING_DNS, 0},
        {{.listed = {"news.example.org"}, .unverified = "news.example.org"},
         0,
         OUTCOME_WAITING_DNS,
         0},
        {{.listed = {"news.example.org"}, .same = "news.example.org"}, 0, OUTCOME_WAITING_DNS, 0},
        {{.listed = {"News@example.org"}, .same = "News@example.org"}, 0, OUTCOME_WAITING_DNS, 0},
        {{.listed = {"a.example.org", "b.example.org"}, .unverified = "a.example.org"},
         FINDING_BIT(MASKED_BY_IDENTITY),
         OUTCOME_WAITING_DNS,
         0},
        {{.listed = {"news.example.org"}, .one_by_one = true},
         FINDING_BIT(MASKED_BY_IDENTITY),
         OUTCOME_WAITING_DNS,
         0},
        {{.listed = {"news.example.org"}, .unverified = "news.example.org", .one_by_one = true},
         0,
         OUTCOME_WAITING_DNS,
         0},
        {{.listed = {"bounce.example.org"}, .forwarding = true},
         FINDING_BIT(SENDS_MAIL) | FINDING_BIT(MASKED_BY_IDENTITY),
         OUTCOME_REFUSED,
         1},
        {{.listed = {"bounce.example.org"}},
         FINDING_BIT(SENDS_MAIL) | FINDING_BIT(MASKED_BY_IDENTITY),
         OUTCOME_WAITING_DNS,
         1},
        {{.listed = {"x@bounce.example.org", "y@deep.bounce.example.org"}, .forwarding = true},
         FINDING_BIT(SENDS_MAIL) | FINDING_BIT(MASKED_BY_IDENTITY),
         OUTCOME_REFUSED,
         2},
        {{.listed = {"a.test", "b.test", "bounce.example.org"}, .two_pages = true},
         FINDING_BIT(SENDS_MAIL) | FINDING_BIT(MASKED_BY_IDENTITY),
         OUTCOME_WAITING_DNS,
         1},
    };
    for (size_t i = 0; i < COUNT(table); i++) {
        struct outcome_seen seen = lane_survey_of(table[i].script);
        finding_set about = FINDING_BIT(SENDS_MAIL) | FINDING_BIT(MASKED_BY_IDENTITY);
        if ((seen.findings & about) != table[i].found || seen.outcome != table[i].outcome ||
            seen.notifications != table[i].asked)
            fail_msg("row %zu: findings %llx, %s, %u asked", i, (unsigned long long)seen.findings,
                     outcome_name(seen.outcome), seen.notifications);
        assert_string_equal(seen.gap, "");
        assert_int_equal(seen.lists, table[i].script.two_pages ? 2 : 1);
    }
}

static void an_address_needs_a_domain_of_the_account(void **state)
{
    static const struct {
        struct script script;
        bool is_foreign;
    } table[] = {
        {{.fleet = "a@example.org", .listed = {"a@example.org"}}, true},
        {{.fleet = "a@example.org", .listed = {"a@example.org", "example.org"}}, false},
        {{.fleet = "a@Example.ORG", .listed = {"a@Example.ORG", "example.org"}}, false},
        {{.fleet = "a@x.example.org", .listed = {"a@x.example.org", "example.org"}}, false},
        {{.fleet = "a@example.org", .listed = {"x.example.org", "b@example.org"}}, true},
        {{.fleet = "a@example.org", .listed = {"notexample.org"}}, true},
        {{.fleet = "a@example.org",
          .listed = {"a.test", "b.test", "c.test", "example.org"},
          .two_pages = true},
         false},
        {{.fleet = "a@example.org", .list_code = "AccessDenied"}, false}, /* not known */
        {{.listed = {"example.org"}}, false},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(table); i++) {
        struct outcome_seen seen = lane_survey_of(table[i].script);
        bool is_found = seen.findings & FINDING_BIT(NOT_YOUR_DOMAIN);
        if (is_found != table[i].is_foreign)
            fail_msg("row %zu: findings %llx", i, (unsigned long long)seen.findings);
    }
}

/* A gap names the rules that were not judged, and no other. */
static void what_was_judged_is_not_said_to_be_missing(void **state)
{
    (void)state;
    struct outcome_seen seen = lane_survey_of((struct script){
        .listed = {"bounce.example.org"}, .forwarding = true, .account_code = "AccessDenied"});
    assert_string_equal(
        seen.gap, "GetAccountSendingEnabled: AccessDenied not for you: account-cannot-send and "
                  "sandbox were not judged");
    assert_true(seen.findings & FINDING_BIT(SENDS_MAIL));
    assert_int_equal(seen.outcome, OUTCOME_REFUSED);
    seen = lane_survey_of((struct script){.listed = {"bounce.example.org"},
                                          .notification_code = "InvalidParameterValue"});
    assert_non_null(strstr(seen.gap, "without knowing whether feedback forwarding is on"));
    assert_true(seen.findings & FINDING_BIT(SENDS_MAIL));
    assert_int_equal(seen.outcome, OUTCOME_WAITING_DNS);
}

/* It was there when it was listed, so the rule stands; mail that it forwards is no reason to wait.
 */
static void a_sender_that_is_deleted_since_it_was_listed_forwards_nothing(void **state)
{
    (void)state;
    struct outcome_seen seen = lane_survey_of(
        (struct script){.listed = {"bounce.example.org"}, .gone = "bounce.example.org"});
    assert_string_equal(seen.gap, "");
    assert_int_equal(seen.outcome, OUTCOME_WAITING_DNS);
    assert_true(seen.findings & FINDING_BIT(SENDS_MAIL));
    assert_false(seen.findings & FINDING_BIT(MASKED_BY_IDENTITY));
}

/* Those that may mask are asked about a hundred at a time, and no longer than a lane may wait. */
static void many_that_may_mask_cost_few_calls(void **state)
{
    (void)state;
    struct outcome_seen seen =
        lane_survey_of((struct script){.listed = {"news.example.org"}, .more = 5000});
    assert_true(seen.findings & FINDING_BIT(MASKED_BY_IDENTITY));
    assert_int_equal(seen.reads, 2); /* of verification and of MAIL FROM */
    seen = lane_survey_of((struct script){.more = 950});
    assert_false(seen.findings & FINDING_BIT(MASKED_BY_IDENTITY));
    assert_int_equal(seen.reads, 20);
    assert_string_equal(seen.gap, "");
    seen = lane_survey_of((struct script){.more = 950, .one_by_one = true});
    assert_true(seen.reads <= 2 && seen.gets < 100);
    assert_non_null(strstr(seen.gap, "identities below domains of the fleet were not asked about"));
}

static void a_lane_survey_that_is_denied_holds_nobody_up_and_says_so(void **state)
{
    (void)state;
    static const char *const codes[] = {"AccessDenied", "AccessDeniedException"};
    for (size_t i = 0; i < COUNT(codes); i++) {
        struct outcome_seen seen =
            lane_survey_of((struct script){.listed = {"news.example.org"}, .list_code = codes[i]});
        char want[SURVEY_REASON_LEN];
        snprintf(
            want, sizeof want,
            "ListIdentities: %s not for you: what else lives there is not known, so sends-mail, "
            "masked-by-identity and not-your-domain were not judged",
            codes[i]);
        assert_string_equal(seen.gap, want);
        assert_int_equal(seen.outcome, OUTCOME_WAITING_DNS);
        assert_false(seen.findings & FINDING_BIT(MASKED_BY_IDENTITY));
        assert_int_equal(seen.lists, 1);
    }
}

static void a_list_that_leads_to_itself_holds_nobody_up_and_is_told(void **state)
{
    (void)state;
    struct outcome_seen seen = lane_survey_of((struct script){.two_pages = true, .circles = true});
    assert_string_equal(
        seen.gap,
        "ListIdentities: SES's pages of the list do not end: what else lives there is "
        "not known, so sends-mail, masked-by-identity and not-your-domain were not judged");
    assert_int_equal(seen.outcome, OUTCOME_WAITING_DNS);
    assert_int_equal(seen.lists, 2);
}

/* The list of version 1 has an end. */
static void a_list_of_version_2_that_comes_round_goes_by_version_1(void **state)
{
    (void)state;
    struct script s = {.listed = {"example.org", "a.test", "bounce.example.org"},
                       .rows = 150,
                       .two_pages = true,
                       .v2_comes_round = true};
    struct outcome_seen seen = lane_survey_of(s);
    assert_string_equal(seen.gap, "");
    assert_int_equal(seen.v1_lists, 2);
    assert_int_equal(seen.lists, 5);
    assert_true(seen.findings & FINDING_BIT(SENDS_MAIL));
}

static void a_list_whose_token_is_too_old_begins_again(void **state)
{
    (void)state;
    struct script s = {.listed = {"x@bounce.example.org", "b.test", "y@bounce.example.org"},
                       .forwarding = true,
                       .two_pages = true,
                       .old_tokens = 2};
    struct outcome_seen seen = lane_survey_of(s);
    assert_string_equal(seen.gap, "");
    assert_int_equal(seen.lists, 6);         /* three first pages, and three second ones */
    assert_int_equal(seen.notifications, 2); /* each is asked about once */
    assert_true(seen.findings & FINDING_BIT(SENDS_MAIL));
    s.old_tokens = 1000;
    seen = lane_survey_of(s);
    assert_non_null(strstr(seen.gap, "ListIdentities: InvalidNextTokenException"));
    assert_int_equal(seen.lists, 6);
}

static void a_lane_survey_that_is_throttled_is_taken_all_the_same(void **state)
{
    (void)state;
    struct outcome_seen seen =
        lane_survey_of((struct script){.listed = {"news.example.org"}, .throttled = 20});
    assert_int_equal(seen.lists, 21);
    assert_string_equal(seen.gap, "");
    assert_true(seen.findings & FINDING_BIT(MASKED_BY_IDENTITY));
}

/* Others answer, so no row waits for one that is throttled for ever, and the lane is in no trouble.
 */
static void what_is_always_throttled_is_left_out_and_told(void **state)
{
    static const struct {
        struct script script;
        const char *gap;
        unsigned lists, v1_lists;
    } table[] = {
        {{.listed = {"bounce.example.org"}, .account_code = "Throttling"},
         "GetAccountSendingEnabled: throttled 10 times in a row: Throttling not for you: "
         "account-cannot-send and sandbox were not judged",
         1,
         1},
        {{.listed = {"bounce.example.org"}, .notification_code = "Throttling"},
         "GetIdentityNotificationAttributes: throttled 10 times in a row: Throttling not for you: "
         "sends-mail was judged without knowing whether feedback forwarding is on",
         1,
         1},
        {{.listed = {"example.org", "a.test", "bounce.example.org"},
          .rows = 150,
          .two_pages = true,
          .v2_page_throttled = true},
         "",
         13, /* a page, ten tries, and both pages by version 1 */
         2},
        {{.listed = {"example.org"}, .throttled = UINT_MAX},
         "ListIdentities: throttled 100 times in a row: Throttling Rate exceeded: what else lives "
         "there is not known, so sends-mail, masked-by-identity and not-your-domain were not "
         "judged",
         100,
         100},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(table); i++) {
        struct outcome_seen seen = lane_survey_of(table[i].script);
        assert_string_equal(seen.gap, table[i].gap);
        assert_int_equal(seen.outcome, OUTCOME_WAITING_DNS);
        assert_int_equal(seen.lists, table[i].lists);
        assert_int_equal(seen.v1_lists, table[i].v1_lists);
        assert_false(seen.is_starved);
        assert_int_equal((seen.findings & FINDING_BIT(SENDS_MAIL)) != 0, i < 3);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_list_tells_a_large_lane_what_is_verified),
        cmocka_unit_test(mail_from_is_read_beside_the_list),
        cmocka_unit_test(a_sweep_lists_as_long_as_a_page_spares_calls),
        cmocka_unit_test(neighbours_are_found_in_the_lists_of_the_account),
        cmocka_unit_test(an_address_needs_a_domain_of_the_account),
        cmocka_unit_test(what_was_judged_is_not_said_to_be_missing),
        cmocka_unit_test(a_sender_that_is_deleted_since_it_was_listed_forwards_nothing),
        cmocka_unit_test(many_that_may_mask_cost_few_calls),
        cmocka_unit_test(a_lane_survey_that_is_denied_holds_nobody_up_and_says_so),
        cmocka_unit_test(a_list_that_leads_to_itself_holds_nobody_up_and_is_told),
        cmocka_unit_test(a_list_of_version_2_that_comes_round_goes_by_version_1),
        cmocka_unit_test(a_list_whose_token_is_too_old_begins_again),
        cmocka_unit_test(a_lane_survey_that_is_throttled_is_taken_all_the_same),
        cmocka_unit_test(what_is_always_throttled_is_left_out_and_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
