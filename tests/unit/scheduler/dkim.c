/* DKIM beside the first reads, by a scheduler driven by hand: what it costs, that no row waits for
 * it in vain or fails for it, and what holds of an address. */
#include "unit.h"

#include "calls/batch_read.h"
#include "scheduler/lane_survey.h"
#include "scheduler/scheduler.h"

#include <stdio.h>
#include <string.h>

#define CALLS_A_TURN 64
#define ROWS_MAX     400

struct script {
    unsigned rows;       /* row-0.test, ..., without a MAIL FROM, and wanted so */
    const char *address; /* one row more, behind them; NULL: none */
    bool address_first;  /* or before them */
    enum dkim_wish wish;
    enum api api;
    bool sweep;
    uint16_t dkim_status; /* what GetIdentityDkimAttributes is refused with; 0: nothing */
    const char *dkim_code;
    unsigned dkim_failures; /* only so many; 0: all */
    const char *get_code;   /* the refusal of GetEmailIdentity, or NULL */
    unsigned gets_allowed;  /* before that */
    unsigned known;         /* so many rows are known from an earlier process, or sweep */
    enum dkim_status kept;  /* of them */
    bool writes;            /* a run, and no plan */
};

struct seen {
    unsigned calls[CALL_KINDS], dkim_failed;
    enum dkim_status dkim[ROWS_MAX]; /* of the last record */
    enum outcome outcome[ROWS_MAX];
    char gap[SURVEY_REASON_LEN];
    bool gap_is_of_account;
    instant_us took;
    enum identity_type first; /* of the first identity whose MAIL FROM was read */
};

static void refuse(struct call *call, uint16_t status, const char *code)
{
    call->reply.http_status = status;
    snprintf(call->reply.code, sizeof call->reply.code, "%s", code);
    snprintf(call->reply.message, sizeof call->reply.message, "not for you");
}

/* Every seventh does not sign, though its keys are there. */
static enum dkim_status dkim_of(struct text identity)
{
    uint64_t n = 0;
    size_t dot = text_find(identity, '.');
    if (identity_type_of(identity) == IDENTITY_EMAIL_ADDRESS)
        return DKIM_NOT_STARTED;
    assert_true(text_to_u64(text_slice(identity, 4, dot), &n));
    return n % 7 ? DKIM_SUCCESS : DKIM_DISABLED;
}

static void answer_facts(struct call *call)
{
    static const unsigned known[CALL_KINDS] = {[CALL_READ_VERIFICATION] = KNOWN_VERIFICATION,
                                               [CALL_READ_MAIL_FROM] = KNOWN_MAIL_FROM,
                                               [CALL_READ_DKIM] = KNOWN_DKIM,
                                               [CALL_GET] = KNOWN_VERIFICATION | KNOWN_MAIL_FROM |
                                                            KNOWN_DKIM};
    for (uint32_t i = 0; i < call->count; i++)
        call->facts[i] = (struct ses_facts){.known = known[call->kind],
                                            .verification = VERIFICATION_SUCCESS,
                                            .dkim = dkim_of(call->identities[i])};
}

static void answer(const struct script *s, struct call *call, struct seen *seen)
{
    call_answer_reset(call);
    call->reply = (struct reply){.how = REPLY_HTTP, .http_status = 200};
    seen->calls[call->kind]++;
    switch (call->kind) {
    case CALL_ACCOUNT:
        call->account = (struct account_facts){.sending_enabled = true, .production_access = true};
        break;
    case CALL_LIST: call->listed = ARENA_ARRAY(&call->arena, struct text, 1); break;
    case CALL_READ_DKIM:
        if (s->dkim_status && (!s->dkim_failures || seen->dkim_failed < s->dkim_failures)) {
            seen->dkim_failed++;
            refuse(call, s->dkim_status, s->dkim_code);
            break;
        }
        answer_facts(call);
        break;
    case CALL_GET:
        if (s->get_code && seen->calls[CALL_GET] > s->gets_allowed) {
            refuse(call, 403, s->get_code);
            break;
        }
        answer_facts(call);
        break;
    case CALL_READ_MAIL_FROM:
        if (seen->calls[call->kind] == 1)
            seen->first = identity_type_of(call->identities[0]);
        answer_facts(call);
        break;
    default: answer_facts(call); break;
    }
}

static void row_add(struct fleet *f, struct choice choice, const char *name)
{
    uint32_t row;
    choice.type = (uint8_t)identity_type_of(text_of(name));
    assert_true(names_add(&f->names, text_of(name), &choice.identity));
    assert_true(fleet_choice(f, choice, &row));
}

static void fleet_make(struct fleet *f, const struct script *s)
{
    struct policy policy = {.timeout_us = SPAN_H(1)};
    struct choice choice = {.mail_from = MAIL_FROM_DEFAULT};
    struct account account = {.name = NAME_NONE};
    uint16_t index;
    name_id region;
    char name[32];
    fleet_init(f);
    assert_true(names_init(&f->names, 1u << 20));
    assert_true(names_add(&f->names, TEXT("main"), &account.name));
    assert_true(names_add(&f->names, TEXT("us-east-1"), &region));
    assert_true(fleet_account(f, account, &index));
    assert_true(fleet_lane(f, index, region, &choice.lane));
    assert_true(fleet_policy(f, policy, &choice.policy));
    if (s->address_first)
        row_add(f, choice, s->address);
    for (unsigned i = 0; i < s->rows; i++) {
        snprintf(name, sizeof name, "row-%u.test", i);
        row_add(f, choice, name);
    }
    if (s->address && !s->address_first)
        row_add(f, choice, s->address);
}

static void turn(struct scheduler *d, const struct script *s, instant_us now, struct seen *seen)
{
    struct call *calls[CALLS_A_TURN];
    uint32_t records_len, len = scheduler_decide(d, now, calls, CALLS_A_TURN);
    const struct record *records = scheduler_records(d, &records_len);
    for (uint32_t i = 0; i < records_len; i++) {
        seen->dkim[records[i].job] = records[i].row.dkim;
        seen->outcome[records[i].job] = records[i].row.outcome;
    }
    scheduler_turn_end(d);
    for (uint32_t i = 0; i < len; i++) {
        calls[i]->sent_at = calls[i]->answered_at = now;
        answer(s, calls[i], seen);
        scheduler_event(d, &(struct event){.kind = EVENT_ANSWER, .call = calls[i]}, now);
    }
}

static void known_before(struct scheduler *d, const struct script *s, instant_us now)
{
    for (unsigned i = 0; i < s->known; i++) {
        const struct record kept = {.job = i,
                                    .at = now,
                                    .row = {.state = JOB_READING,
                                            .seen_known = true,
                                            .verification = VERIFICATION_SUCCESS,
                                            .dkim = s->kept,
                                            .deadline = WHEN_NEVER}};
        if (s->sweep)
            scheduler_dkim_remember(d, i, s->kept, true);
        else
            scheduler_restore(d, &kept, false, now);
    }
}

static void run(const struct script *s, struct seen *seen)
{
    const struct scheduler_options options = {.rules = {.plan_only = !s->writes},
                                              .lane_survey = true,
                                              .sweep = s->sweep,
                                              .read_api = s->api,
                                              .dkim = s->wish,
                                              .rate_per_s = 10};
    struct fleet fleet;
    struct arena memory;
    instant_us now = SPAN_S(1);
    *seen = (struct seen){0};
    fleet_make(&fleet, s);
    arena_init(&memory, SIZE_MAX);
    struct scheduler *d = scheduler_init(&memory, &fleet, &options);
    assert_non_null(d);
    known_before(d, s, now);
    scheduler_start(d, now);
    for (int turns = 0; !scheduler_is_finished(d) || turns == 0; turns++) {
        assert_true(turns < 5000);
        turn(d, s, now, seen);
        scheduler_audit(d);
        instant_us wake = scheduler_wake(d, now);
        now = wake > now && wake < WHEN_NEVER ? wake : now;
    }
    turn(d, s, now, seen); /* what the last answers decided */
    const char *gap = scheduler_survey_gap(d, 0, SURVEY_GAP_DKIM);
    snprintf(seen->gap, sizeof seen->gap, "%s", gap ? gap : "");
    seen->gap_is_of_account = scheduler_survey_gap_is_of_account(d, 0, SURVEY_GAP_DKIM);
    seen->took = now - SPAN_S(1);
    scheduler_clear(d);
    arena_clear(&memory);
    fleet_clear(&fleet);
    for (unsigned i = 0; i < s->rows; i++)
        if (seen->outcome[i] != OUTCOME_UNCHANGED)
            fail_msg("row %u: %s", i, outcome_name(seen->outcome[i]));
}

/* Of the rows from `first` on. */
static unsigned rows_with(const struct script *s, const struct seen *seen, enum dkim_status status)
{
    unsigned len = 0;
    for (unsigned i = 0; i < s->rows; i++)
        len += seen->dkim[i] == status;
    return len;
}

static void what_dkim_costs(void **state)
{
    (void)state;
    static const struct {
        struct script script;
        unsigned batches, gets, verifications, known;
    } table[] = {
        {{.rows = 95, .wish = DKIM_BY_BATCH}, 1, 0, 1, 95},
        {{.rows = 350, .wish = DKIM_BY_BATCH}, 4, 0, 0, 350}, /* the list tells the verification */
        {{.rows = 95, .wish = DKIM_NOT_ASKED}, 0, 0, 1, 0},
        {{.rows = 95, .wish = DKIM_BY_IDENTITY}, 0, 95, 0, 95},
        /* A GetEmailIdentity tells it, whatever is wished. */
        {{.rows = 95, .wish = DKIM_BY_BATCH, .api = API_V2}, 0, 95, 0, 95},
        {{.rows = 95, .wish = DKIM_NOT_ASKED, .api = API_V2}, 0, 95, 0, 95},
        /* What is known is not asked for again, and who is not asks alone or in a batch. */
        {{.rows = 95, .wish = DKIM_BY_BATCH, .known = 95, .kept = DKIM_PENDING}, 0, 0, 1, 0},
        {{.rows = 95, .wish = DKIM_BY_IDENTITY, .known = 95, .kept = DKIM_PENDING}, 0, 0, 1, 0},
        {{.rows = 95, .wish = DKIM_BY_IDENTITY, .known = 90, .kept = DKIM_PENDING}, 0, 5, 1, 5},
        {{.rows = 95, .wish = DKIM_BY_BATCH, .known = 90, .kept = DKIM_PENDING}, 1, 0, 1, 95},
        {{.rows = 95, .wish = DKIM_BY_BATCH, .known = 95, .kept = DKIM_PENDING, .sweep = true},
         0,
         0,
         1,
         0},
    };
    for (size_t i = 0; i < COUNT(table); i++) {
        const struct script *s = &table[i].script;
        struct seen seen;
        run(s, &seen);
        unsigned known = rows_with(s, &seen, DKIM_SUCCESS) + rows_with(s, &seen, DKIM_DISABLED);
        if (seen.calls[CALL_READ_DKIM] != table[i].batches ||
            seen.calls[CALL_GET] != table[i].gets || known != table[i].known ||
            (s->rows < 100 && seen.calls[CALL_READ_VERIFICATION] != table[i].verifications))
            fail_msg("row %zu: %u batches, %u GetEmailIdentity, %u for verification, %u known", i,
                     seen.calls[CALL_READ_DKIM], seen.calls[CALL_GET],
                     seen.calls[CALL_READ_VERIFICATION], known);
        assert_string_equal(seen.gap, "");
    }
}

static const struct {
    struct script script;
    unsigned batches, known;
    const char *gap;
    bool is_of_account;
} misses[] = {
    {{.rows = 350, .wish = DKIM_BY_BATCH, .dkim_status = 403, .dkim_code = "AccessDenied"},
     1,
     0,
     "GetIdentityDkimAttributes: AccessDenied not for you: DKIM is not known; allow "
     "ses:GetIdentityDkimAttributes (docs/PERMISSIONS.md), or give --no-dkim",
     true},
    /* A watch remembers the refusal, and says so. */
    {{.rows = 95,
      .wish = DKIM_BY_BATCH,
      .sweep = true,
      .dkim_status = 403,
      .dkim_code = "AccessDenied"},
     1,
     0,
     "GetIdentityDkimAttributes: AccessDenied not for you: DKIM is not known, and is asked again "
     "when watch.verification is over; allow ses:GetIdentityDkimAttributes (docs/PERMISSIONS.md), "
     "or give --no-dkim",
     true},
    /* An emulator without the action. */
    {{.rows = 350, .wish = DKIM_BY_BATCH, .dkim_status = 501, .dkim_code = ""}, 1, 0, "", false},
    {{.rows = 350, .wish = DKIM_BY_BATCH, .dkim_status = 400, .dkim_code = "InvalidAction"},
     1,
     0,
     "",
     false},
    {{.rows = 95,
      .wish = DKIM_BY_BATCH,
      .dkim_status = 503,
      .dkim_code = "ServiceUnavailable",
      .dkim_failures = 2},
     3,
     95,
     "",
     false},
    {{.rows = 95,
      .wish = DKIM_BY_BATCH,
      .dkim_status = 400,
      .dkim_code = "Throttling",
      .dkim_failures = OPTIONAL_ATTEMPTS_MAX - 1},
     OPTIONAL_ATTEMPTS_MAX,
     95,
     "",
     false},
    {{.rows = 95, .wish = DKIM_BY_BATCH, .dkim_status = 400, .dkim_code = "Throttling"},
     OPTIONAL_ATTEMPTS_MAX,
     0,
     "GetIdentityDkimAttributes: Throttling not for you: DKIM of some identities is not known",
     false},
    {{.rows = 95, .wish = DKIM_BY_BATCH, .dkim_status = 400, .dkim_code = "InvalidParameterValue"},
     1,
     0,
     "GetIdentityDkimAttributes: InvalidParameterValue not for you: DKIM of some identities is "
     "not known",
     false},
};

/* Nobody waits for it for long, and no row fails. */
static void a_lane_goes_on_without_it(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(misses); i++) {
        struct seen seen;
        const struct script *s = &misses[i].script;
        run(s, &seen);
        /* Batches that were on their way are refused, too. */
        bool is_fine = s->rows < 100 ? seen.calls[CALL_READ_DKIM] == misses[i].batches
                                     : seen.calls[CALL_READ_DKIM] <= 2;
        unsigned unknown = rows_with(s, &seen, DKIM_UNKNOWN);
        if (!is_fine || s->rows - unknown != misses[i].known)
            fail_msg("row %zu: %u calls, %u unknown", i, seen.calls[CALL_READ_DKIM], unknown);
        assert_string_equal(seen.gap, misses[i].gap);
        assert_int_equal(seen.gap_is_of_account, misses[i].is_of_account);
    }
}

/* Three batches in a row without it, and the lane does not ask any more. */
static void what_is_always_throttled_is_given_up(void **state)
{
    (void)state;
    const struct script s = {
        .rows = ROWS_MAX, .wish = DKIM_BY_BATCH, .dkim_status = 400, .dkim_code = "Throttling"};
    const struct script without = {.rows = ROWS_MAX};
    struct seen seen, quick;
    run(&s, &seen);
    run(&without, &quick);
    assert_between(seen.calls[CALL_READ_DKIM], 3, 4 * OPTIONAL_ATTEMPTS_MAX);
    assert_int_equal(rows_with(&s, &seen, DKIM_UNKNOWN), ROWS_MAX);
    assert_int_equal(seen.calls[CALL_READ_MAIL_FROM], quick.calls[CALL_READ_MAIL_FROM]);
    assert_string_not_equal(seen.gap, "");
}

/* --dkim, where IAM allows the batch alone. */
static void refused_one_by_one_it_is_read_by_the_batch(void **state)
{
    (void)state;
    for (unsigned allowed = 0; allowed < 30; allowed += 10) {
        const struct script s = {.rows = 95,
                                 .wish = DKIM_BY_IDENTITY,
                                 .get_code = "AccessDeniedException",
                                 .gets_allowed = allowed};
        struct seen seen;
        run(&s, &seen);
        assert_int_equal(seen.calls[CALL_READ_DKIM], 1);
        assert_between(seen.calls[CALL_GET], allowed + 1, allowed + 2);
        assert_int_equal(rows_with(&s, &seen, DKIM_UNKNOWN), 0);
        assert_non_null(strstr(seen.gap, "--dkim needs ses:GetEmailIdentity"));
        assert_true(seen.gap_is_of_account);
    }
}

static void refused_both_ways_the_wished_action_is_named(void **state)
{
    (void)state;
    const struct script s = {.rows = 95,
                             .wish = DKIM_BY_IDENTITY,
                             .get_code = "AccessDeniedException",
                             .dkim_status = 403,
                             .dkim_code = "AccessDenied"};
    struct seen seen;
    run(&s, &seen);
    assert_int_equal(rows_with(&s, &seen, DKIM_UNKNOWN), 95);
    assert_string_equal(seen.gap,
                        "GetEmailIdentity is refused, and GetIdentityDkimAttributes in its place: "
                        "AccessDenied not for you: the rest of DKIM is not known; allow "
                        "ses:GetEmailIdentity, which --dkim needs (docs/PERMISSIONS.md), or give "
                        "--no-dkim");
    assert_true(seen.gap_is_of_account);
}

static void an_address_has_what_its_domain_has(void **state)
{
    (void)state;
    static const struct {
        const char *address;
        enum dkim_status status;
    } table[] = {
        {"u@row-1.test", DKIM_SUCCESS},
        {"u@row-0.test", DKIM_DISABLED},
        {"u@ROW-1.test", DKIM_SUCCESS},
        {"u@deep.row-1.test", DKIM_UNKNOWN}, /* deep.row-1.test may be an identity of its own */
        {"u@elsewhere.test", DKIM_UNKNOWN},
    };
    for (size_t i = 0; i < COUNT(table); i++)
        for (int sweep = 0; sweep < 2; sweep++) {
            const struct script s = {
                .rows = 3, .address = table[i].address, .wish = DKIM_BY_BATCH, .sweep = sweep};
            struct seen seen;
            run(&s, &seen);
            if (seen.dkim[3] != table[i].status)
                fail_msg("%s: \"%s\"", s.address, dkim_status_name(seen.dkim[3]));
        }
}

/* Whatever batches they are in: domains are read first. */
static void an_address_may_come_before_its_domain(void **state)
{
    (void)state;
    for (int wish = DKIM_BY_BATCH; wish <= DKIM_BY_IDENTITY; wish++) {
        const struct script s = {.rows = 350,
                                 .address = "u@row-349.test",
                                 .address_first = true,
                                 .wish = (enum dkim_wish)wish};
        struct seen seen;
        run(&s, &seen);
        assert_int_equal(seen.dkim[0], DKIM_SUCCESS);
        assert_int_equal(seen.dkim[350], DKIM_SUCCESS);
    }
}

/* Who is written first does not depend on who tells DKIM. */
static void a_run_reads_in_the_order_of_the_manifest(void **state)
{
    (void)state;
    for (int writes = 0; writes < 2; writes++) {
        const struct script s = {.rows = 350,
                                 .address = "u@row-349.test",
                                 .address_first = true,
                                 .wish = DKIM_BY_BATCH,
                                 .writes = writes};
        struct seen seen;
        run(&s, &seen);
        assert_int_equal(seen.first, writes ? IDENTITY_EMAIL_ADDRESS : IDENTITY_DOMAIN);
    }
}

/* What a record keeps of an address may have been its domain's, so SES is asked anew. A sweep
 * remembers what the address itself has. */
static void what_is_kept_of_an_address_is_not_its_own(void **state)
{
    (void)state;
    static const struct {
        bool sweep;
        enum dkim_status kept, holds;
        unsigned gets;
    } table[] = {
        {false, DKIM_SUCCESS, DKIM_UNKNOWN, 4}, /* it goes on first, and its domain is not read */
        {false, DKIM_PENDING, DKIM_UNKNOWN, 4},
        {true, DKIM_SUCCESS, DKIM_SUCCESS, 3},
        {true, DKIM_NOT_STARTED, DKIM_DISABLED, 3},
    };
    for (size_t i = 0; i < COUNT(table); i++) {
        const struct script s = {.rows = 3,
                                 .address = "u@row-0.test",
                                 .address_first = true,
                                 .wish = DKIM_BY_IDENTITY,
                                 .sweep = table[i].sweep,
                                 .known = 1,
                                 .kept = table[i].kept};
        struct seen seen;
        run(&s, &seen);
        assert_int_equal(seen.calls[CALL_GET], table[i].gets);
        assert_int_equal(seen.dkim[0], table[i].holds);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_dkim_costs),
        cmocka_unit_test(a_lane_goes_on_without_it),
        cmocka_unit_test(what_is_always_throttled_is_given_up),
        cmocka_unit_test(refused_one_by_one_it_is_read_by_the_batch),
        cmocka_unit_test(refused_both_ways_the_wished_action_is_named),
        cmocka_unit_test(an_address_has_what_its_domain_has),
        cmocka_unit_test(an_address_may_come_before_its_domain),
        cmocka_unit_test(a_run_reads_in_the_order_of_the_manifest),
        cmocka_unit_test(what_is_kept_of_an_address_is_not_its_own),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
