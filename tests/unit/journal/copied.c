/*
 * The copy of a journal into another: between every two stores, and back again; cut off and gone on
 * with; and that the comparison finds whatever is not the same.
 */
#include "journal/journal_copy.h"
#include "journal/leases.h"
#include "memory_store.h"
#include "scheduler/record_publish.h"
#include "stores.h"

#include <stdio.h>

static name_id name(struct fleet *f, const char *text)
{
    name_id id;
    assert_true(names_add(&f->names, text_of(text), &id));
    return id;
}

static void fleet_fill(struct fleet *f)
{
    uint16_t index;
    uint32_t row;
    struct text zones[] = {TEXT("*.a.test"), TEXT("a.test")};
    fleet_init(f);
    assert_true(names_init(&f->names, 1 << 20));
    assert_true(
        fleet_account(f, (struct account){.name = name(f, "main"), .rate_per_s = 2.5}, &index));
    assert_true(fleet_lane(f, 0, name(f, "us-east-1"), &index));
    f->lanes[0].caller = (struct caller){name(f, "111122223333"), name(f, "aws"),
                                         name(f, "arn:aws:iam::111122223333:user/x"), name(f, "p")};
    assert_true(
        fleet_policy(f,
                     (struct policy){.accept = FINDING_BIT(SENDS_MAIL) | FINDING_BIT(SANDBOX),
                                     .timeout_us = SPAN_H(72),
                                     .owner = name(f, "x@shop.example")},
                     &index));
    assert_true(fleet_file(f, TEXT("a\n\xff.yaml"), &index));
    struct provider provider = {.kind = PROVIDER_CLOUDFLARE,
                                .zones = zones,
                                .zones_len = 2,
                                .token_env = TEXT("TOKEN"),
                                .line = 7};
    assert_true(fleet_provider(f, &provider, &index));
    struct choice choices[] = {
        {name(f, "a.test"), name(f, "b.a.test"), 0, 0, 0, IDENTITY_DOMAIN, 0, 3, 5},
        {name(f, "x@b.test"), MAIL_FROM_DEFAULT, 0, 0, 0, IDENTITY_EMAIL_ADDRESS, 1, 4, 5}};
    for (size_t i = 0; i < COUNT(choices); i++)
        assert_true(fleet_choice(f, choices[i], &row));
    f->expected = calloc(2, sizeof *f->expected);
    f->expected[1] =
        (struct expectation){.mail_from = name(f, "old.b.test"), .status = MAIL_FROM_SUCCESS};
    f->waves[0] = (struct quota){true, 12.5};
    f->waves_len = 1;
    f->max_failures = (struct quota){true, 2};
    memset(f->digest, 9, sizeof f->digest);
}

static const struct publish_target targets[] = {{TEXT("b.a.test"), 0, 300, 10,
                                                 TEXT("feedback-smtp.us-east-1.amazonses.com"),
                                                 TEXT("v=spf1 ~all"), true, true}};

/* Every kind of row. */
static uint64_t fill(struct stored *s, uint64_t seed, uint64_t parent)
{
    struct fleet f;
    struct run_head head = {.verb = RUN_WITHDRAW,
                            .parent = parent,
                            .started = 1000,
                            .seed = seed,
                            .options = TEXT("{\"rate\":1}"),
                            .version = TEXT("0.1.0")};
    const struct order order = {.kind = ORDER_PACE, .at = 1004, .rate_per_s = 0.5, .user = "alice"};
    const struct publish_record sent = {.target = 0,
                                        .kind = PUBLISH_INTENT,
                                        .at = 1003,
                                        .state = PUBLISH_SENT,
                                        .zone = TEXT("a.test"),
                                        .txt_before = TEXT("v=spf1\0\xff -all")},
                                done = {.target = 0,
                                        .kind = PUBLISH_ANSWER,
                                        .at = 1005,
                                        .from = PUBLISH_SENT,
                                        .state = PUBLISH_DONE};
    struct finding_note note = {
        .rule = SPF_MISSING, .severity = SEVERITY_ERROR, .text = TEXT("a \"text\"")};
    const struct record r[] = {
        {.kind = RECORD_MOVE,
         .at = 1001,
         .row = {.state = JOB_WAITING_DNS,
                 .reason = TEXT("nul\0inside"),
                 .findings = FINDING_BIT(SPF_MISSING) | FINDING_BIT(MX_MISSING),
                 .notes = {.known = true, .len = 1, .at = &note}}},
        {.kind = RECORD_LANE, .job = 0, .at = 1002, .row = {.reason = TEXT("throttled")}},
        publish_as_record(&sent),
        {.kind = RECORD_ORDER, .at = 1004, .order = &order},
        {.kind = RECORD_INTENT,
         .job = 1,
         .at = 1005,
         .write_mail_from = TEXT("b.a.test"),
         .row = {.state = JOB_WRITING, .writes = 1, .mail_from_before = TEXT("old.b.test")}},
        publish_as_record(&done),
    };
    fleet_fill(&f);
    journal_together(s->journal);
    assert_int_equal(journal_begin(s->journal, &head, &f, &s->why), OK);
    assert_int_equal(journal_targets_begin(s->journal, head.id, targets, 1, &s->why), OK);
    assert_int_equal(journal_apart(s->journal, &s->why), OK);
    for (size_t i = 0; i < COUNT(r); i++)
        assert_int_equal(journal_keep(s->journal, head.id, &r[i], 1, &s->why), OK);
    fleet_clear(&f);
    return head.id;
}

static void stop(struct stored *s, uint64_t run)
{
    assert_int_equal(journal_stop(s->journal, run, RUN_STOPPED, 2000, &s->why), OK);
}

/* Its process has died; where workers share the journal it would be theirs, so it is stopped. */
static void cut_off(struct stored *s, uint64_t run)
{
    if (journal_is_shared(s->journal))
        assert_int_equal(journal_stop(s->journal, run, RUN_STOPPED, 1005, &s->why), OK);
}

struct heard {
    uint32_t len;
    struct {
        enum copy_word word;
        uint64_t from, to, rows;
        char what[300];
    } at[12];
};

static void hear(void *ctx, const struct copy_told *told)
{
    struct heard *h = ctx;
    assert_true(h->len < COUNT(h->at));
    h->at[h->len].word = told->word;
    h->at[h->len].from = told->from;
    h->at[h->len].to = told->to;
    h->at[h->len].rows = told->rows;
    snprintf(h->at[h->len++].what, sizeof h->at[0].what, TEXT_FMT, TEXT_ARG(told->what));
}

static enum err copy(struct stored *from, struct stored *to, struct heard *h)
{
    *h = (struct heard){.len = 0};
    stored_open(from, JOURNAL_READ);
    stored_open(to, JOURNAL_WRITE);
    return journal_copy_runs(from->journal, to->journal, hear, h, &to->why);
}

static enum err compare_try(struct stored *from, struct stored *to, struct heard *h)
{
    *h = (struct heard){.len = 0};
    stored_open(from, JOURNAL_READ);
    stored_open(to, JOURNAL_READ);
    return journal_compare_runs(from->journal, to->journal, hear, h, &to->why);
}

static void compare(struct stored *from, struct stored *to, struct heard *h)
{
    if (compare_try(from, to, h) != OK)
        fail_msg("%s", to->why.text);
}

static void assert_copied(struct stored *from, struct stored *to)
{
    struct heard h;
    if (copy(from, to, &h) != OK)
        fail_msg("%s", to->why.text);
    compare(from, to, &h);
    assert_true(h.len > 0);
    for (uint32_t i = 0; i < h.len; i++)
        if (h.at[i].word != COPY_NEW)
            fail_msg("run %llu: %d: %s", (unsigned long long)h.at[i].from, h.at[i].word,
                     h.at[i].what);
}

static struct stored *another(enum store_kind kind)
{
    void *state = &store_kinds[kind];
    assert_int_equal(stored_set_up(&state), 0);
    return state;
}

static enum store_kind kind_of(const struct stored *s)
{
    return s->rows ? STORE_OF_MEMORY : *s->url ? STORE_OF_POSTGRES : STORE_OF_SQLITE;
}

static void done_with(struct stored *s)
{
    void *state = s;
    stored_tear_down(&state);
}

static void a_copy_is_the_same_in_every_other_store_and_back(void **state)
{
    struct stored *s = *state;
    struct run_head head;
    stored_open(s, JOURNAL_WRITE);
    stop(s, fill(s, 1, 0));
    cut_off(s, fill(s, 2, 1));
    for (int kind = 0; kind < STORE_KINDS; kind++) {
        struct stored *there = another((enum store_kind)kind), *back = another(kind_of(s));
        assert_copied(s, there);
        assert_int_equal(journal_run(there->journal, 2, &head, &there->arena, &there->why), OK);
        assert_int_equal(head.parent, 1);
        assert_int_equal(head.state, RUN_STOPPED);
        assert_int_equal(head.stopped, 1005);
        assert_int_equal(head.last, 1005);
        assert_copied(there, back);
        assert_copied(s, back);
        done_with(there);
        done_with(back);
    }
}

static void gaps_stay(struct stored *s, enum store_kind kind)
{
    struct stored *empty = another(kind);
    struct run_head head;
    assert_copied(s, empty);
    assert_int_equal(journal_run(empty->journal, 4, &head, &empty->arena, &empty->why), OK);
    assert_int_equal(head.parent, 3);
    assert_int_equal(journal_run(empty->journal, 3, &head, &empty->arena, &empty->why), OK);
    assert_int_equal(head.parent, 2); /* which is gone there as well */
    stored_open(empty, JOURNAL_WRITE);
    assert_int_equal(fill(empty, 9, 0), 5);
    done_with(empty);
}

static void numbers_are_kept_where_they_are_free_and_a_run_is_copied_once(void **state)
{
    struct stored *s = *state, *to = another(STORE_OF_MEMORY);
    struct run_head head;
    struct heard h;
    stored_open(s, JOURNAL_WRITE);
    for (uint64_t run = 1; run <= 4; run++)
        stop(s, fill(s, run, run - 1));
    stored_drop(s, TABLE_RUN, 2); /* and its rows lie about */
    for (int kind = 0; kind < STORE_KINDS; kind++)
        gaps_stay(s, (enum store_kind)kind);

    stored_open(to, JOURNAL_WRITE);
    for (uint64_t run = 11; run <= 12; run++)
        stop(to, fill(to, run, 0));
    assert_int_equal(copy(s, to, &h), OK);
    assert_int_equal(h.len, 3);
    assert_int_equal(h.at[0].to, 3); /* of run 1 */
    assert_int_equal(h.at[1].to, 4);
    assert_int_equal(h.at[2].to, 5);
    assert_int_equal(journal_run(to->journal, 5, &head, &to->arena, &to->why), OK);
    assert_int_equal(head.parent, 4);
    assert_int_equal(copy(s, to, &h), OK);
    assert_int_equal(h.len, 3);
    for (uint32_t i = 0; i < h.len; i++)
        assert_int_equal(h.at[i].word, COPY_THERE);
    assert_int_equal(h.at[2].to, 5);
    assert_copied(s, to);
    done_with(to);
}

static void a_copy_that_is_cut_off_goes_on(void **state)
{
    struct stored *s = *state;
    struct heard h;
    unsigned cuts = 0;
    stored_open(s, JOURNAL_WRITE);
    for (uint64_t run = 1; run <= 3; run++)
        stop(s, fill(s, run, run - 1));
    bool was_cut = true;
    for (unsigned nth = 1; was_cut; nth++) {
        struct stored *to = another(STORE_OF_MEMORY);
        stored_open(to, JOURNAL_WRITE);
        stored_close(to);
        memory_fail_at(to->rows, nth, nth % 2);
        was_cut = copy(s, to, &h) != OK;
        memory_fail_at(to->rows, 0, false);
        cuts += was_cut;
        assert_copied(s, to);
        assert_int_equal(copy(s, to, &h), OK);
        assert_int_equal(h.len, 3);
        for (uint32_t i = 0; i < h.len; i++)
            assert_int_equal(h.at[i].word, COPY_THERE);
        done_with(to);
    }
    assert_true(cuts > 60);
}

/* Each column of each table, changed to something else. */
static void the_comparison_finds_every_change(void **state)
{
    struct stored *s = *state;
    unsigned changes = 0;
    stored_open(s, JOURNAL_WRITE);
    stop(s, fill(s, 1, 0));
    for (int t = TABLE_RUN; t <= TABLE_ORDER; t++) {
        const struct store_columns *c = &store_columns[t];
        struct text rest = text_of(c->columns);
        for (unsigned i = 0; i < c->len; i++) {
            struct stored *to = another(STORE_OF_MEMORY);
            struct heard h;
            char column[64];
            struct text cut = text_trim(text_cut(&rest, ','));
            snprintf(column, sizeof column, TEXT_FMT, TEXT_ARG(cut));
            assert_copied(s, to);
            memory_spoil(to->rows, (enum store_table)t, column);
            /* A head that cannot be read may be that of any run. */
            bool is_same = compare_try(s, to, &h) == OK && h.at[0].word == COPY_NEW;
            bool is_own = t == TABLE_RUN && strcmp(column, "undigested") == 0;
            if (is_same != is_own)
                fail_msg("%s.%s", c->name, column);
            changes++;
            done_with(to);
        }
    }
    assert_true(changes > 130);
}

static void a_rule_of_another_program_keeps_its_name(void **state)
{
    struct stored *s = *state, *to = another(STORE_OF_MEMORY), *back = another(STORE_OF_SQLITE);
    stored_open(s, JOURNAL_WRITE);
    uint64_t number = stored_rule(s, MX_MISSING);
    stop(s, fill(s, 1, 0));
    stored_set(s, TABLE_RULE, number, "name", store_text(TEXT("rule-of-tomorrow")));
    assert_copied(s, to);
    assert_copied(to, back);
    assert_copied(s, back);
    done_with(to);
    done_with(back);
}

/* The first run is lost. */
static void a_lost_number_is_given_to_nobody(struct stored *s, enum store_kind kind,
                                             const char *what)
{
    struct stored *to = another(kind);
    struct heard h;
    assert_int_equal(copy(s, to, &h), OK);
    assert_int_equal(h.len, 2);
    assert_int_equal(h.at[0].word, COPY_GONE);
    assert_int_equal(h.at[0].to, 1);
    assert_string_equal(h.at[0].what, what);
    assert_int_equal(h.at[1].to, 2);
    stored_open(to, JOURNAL_WRITE);
    assert_int_equal(fill(to, 9, 0), 3);
    done_with(to);
}

static void what_was_lost_stays_known(void **state)
{
    struct stored *s = *state, *to = another(STORE_OF_MEMORY);
    struct run_loss before, after;
    stored_open(s, JOURNAL_WRITE);
    for (uint64_t run = 1; run <= 2; run++)
        stop(s, fill(s, run, 0));
    stored_drop(s, TABLE_RECORD, stored_number(s, 1));
    stored_drop(s, TABLE_RECORD, stored_number(s, 4)); /* of a published name, of the second run */
    stored_open(s, JOURNAL_WRITE);
    assert_int_equal(journal_vet(s->journal, 1, &before, &s->why), OK);
    assert_true(*before.what);
    assert_copied(s, to);
    assert_int_equal(journal_vet(to->journal, 1, &after, &to->why), OK);
    assert_string_equal(after.what, before.what);
    assert_int_equal(after.kept, before.kept);
    done_with(to);

    stored_drop(s, TABLE_RUN, 1);
    stored_close(s);
    for (int kind = 0; kind < STORE_KINDS; kind++)
        a_lost_number_is_given_to_nobody(s, (enum store_kind)kind, before.what);
}

static void a_run_that_cannot_be_read_keeps_no_other_back(void **state)
{
    struct stored *s = *state, *to = another(STORE_OF_MEMORY);
    struct heard h;
    stored_open(s, JOURNAL_WRITE);
    for (uint64_t run = 1; run <= 3; run++)
        stop(s, fill(s, run, run - 1));
    /* The first record of the second run. */
    stored_set(s, TABLE_RECORD, stored_number(s, s->rows ? 7 : 5), "kind", store_int(99));
    assert_int_equal(copy(s, to, &h), OK);
    assert_int_equal(h.len, 3);
    assert_int_equal(h.at[1].word, COPY_DAMAGED);
    assert_non_null(strstr(h.at[1].what, "a record"));
    assert_int_equal(h.at[2].word, COPY_NEW);
    compare(s, to, &h);
    assert_int_equal(h.at[1].word, COPY_MISSING);
    done_with(to);
}

static void a_run_that_goes_on_is_not_copied(void **state)
{
    struct stored *s = *state, *to = another(STORE_OF_MEMORY);
    struct journal *reader;
    struct heard h = {.len = 0};
    stored_open(s, JOURNAL_WRITE);
    stop(s, fill(s, 1, 0));
    fill(s, 2, 0);
    stored_open(to, JOURNAL_WRITE);
    assert_int_equal(stored_try(s, &reader, JOURNAL_READ), OK);
    assert_int_equal(journal_copy_runs(reader, to->journal, hear, &h, &to->why), ERR_BUSY);
    assert_non_null(strstr(to->why.text, "run 2 "));
    assert_int_equal(h.len, 0);
    journal_close(reader);
    stored_close(s);
    assert_copied(s, to);
    done_with(to);
}

static void a_run_that_went_on_after_its_copy_differs(void **state)
{
    struct stored *s = *state, *to = another(STORE_OF_MEMORY);
    const struct record r = {
        .kind = RECORD_ANSWER, .job = 1, .at = 3000, .row = {.state = JOB_DONE}};
    struct heard h;
    stored_open(s, JOURNAL_WRITE);
    cut_off(s, fill(s, 1, 0));
    stored_close(s);
    assert_copied(s, to);
    stored_open(s, JOURNAL_WRITE);
    assert_int_equal(journal_keep(s->journal, 1, &r, 1, &s->why), OK);
    stored_close(s);
    compare(s, to, &h);
    assert_int_equal(h.at[0].word, COPY_DIFFERS);
    done_with(to);
}

static instant_us clock_of_database(void *ctx)
{
    (void)ctx;
    return 5000;
}

static struct stored *another_shared(void)
{
    struct stored *s = another(STORE_OF_MEMORY);
    memory_share(s->rows, clock_of_database, NULL);
    return s;
}

struct lanes_seen {
    uint32_t len;
    struct lease_view at[8];
};

static bool lane_see(void *ctx, const struct lease_view *view)
{
    struct lanes_seen *seen = ctx;
    seen->at[seen->len++] = *view;
    return seen->len < COUNT(seen->at);
}

/* What was stopped or cut off waits for `resume`; what has ended is history. */
static void workers_find_what_is_copied_as_stopped(void **state)
{
    struct stored *s = *state, *to = another_shared(), *back = another(kind_of(s));
    struct lanes_seen seen = {.len = 0};
    struct shared_run view;
    stored_open(s, JOURNAL_WRITE);
    fill(s, 1, 0);
    uint64_t run = stored_begin(s, 2); /* without the number of its account */
    assert_int_equal(journal_stop(s->journal, 1, RUN_ENDED, 2000, &s->why), OK);
    stop(s, run);
    cut_off(s, fill(s, 3, 1));
    assert_copied(s, to);
    assert_copied(to, back);
    assert_copied(s, back);

    stored_open(to, JOURNAL_WRITE);
    assert_int_equal(leases_run(to->journal, 1, &view, &to->why), OK);
    assert_int_equal(view.state, RUN_ENDED);
    assert_int_equal(view.lanes_ended, view.lanes);
    assert_int_equal(leases_run(to->journal, 2, &view, &to->why), ERR_GONE);
    assert_int_equal(leases_run(to->journal, 3, &view, &to->why), OK);
    assert_int_equal(view.state, RUN_STOPPED);
    assert_int_equal(view.lanes, 1);
    assert_int_equal(view.lanes_open, 0);
    assert_int_equal(leases_reopen(to->journal, 3, false, &to->why), OK);
    assert_int_equal(leases_each(to->journal, 3, lane_see, &seen, &to->why), OK);
    assert_int_equal(seen.len, 1);
    assert_int_equal(seen.at[0].rest, LEASE_OPEN);

    /* And workers may go on with it, so it is not copied while they may. */
    struct stored *later = another(STORE_OF_SQLITE);
    struct heard h;
    assert_int_equal(copy(to, later, &h), ERR_BUSY);
    assert_non_null(strstr(later->why.text, "run 3 is open to workers"));
    done_with(later);
    done_with(back);
    done_with(to);
}

static void looks_keep(struct stored *s, instant_us first, instant_us last)
{
    stored_open(s, JOURNAL_WRITE);
    for (instant_us at = first; at <= last; at++) {
        const struct journal_asked asked = {TEXT("b.a.test"), 1, ASKED_WRONG, at};
        assert_int_equal(journal_asked_keep(s->journal, &asked, 1, &s->why), OK);
    }
    stored_close(s);
}

static enum err part(struct stored *from, struct stored *to, enum copy_part part, uint64_t *rows)
{
    stored_open(from, JOURNAL_READ);
    stored_open(to, JOURNAL_WRITE);
    enum err err = journal_copy_part(from->journal, to->journal, part, rows, &to->why);
    stored_close(from);
    stored_close(to);
    return err;
}

static void looks_at_dns_go_on_and_are_never_mixed(void **state)
{
    struct stored *s = *state, *to = another(STORE_OF_MEMORY);
    uint64_t rows;
    looks_keep(s, 1, 3);
    assert_int_equal(part(s, to, COPY_LOOKS, &rows), OK);
    assert_int_equal(rows, 3);
    looks_keep(s, 4, 5);
    assert_int_equal(part(s, to, COPY_LOOKS, &rows), OK);
    assert_int_equal(rows, 5);
    looks_keep(to, 9, 9);
    assert_int_equal(part(s, to, COPY_LOOKS, &rows), ERR_INPUT);
    assert_non_null(strstr(to->why.text, "6 rows of its own"));
    done_with(to);
}

static void what_watching_remembers_is_copied_whole(void **state)
{
    struct stored *s = *state, *to = another(STORE_OF_MEMORY);
    const struct watch_identity_record identity = {
        .number = 4,
        .key = {{TEXT("main"), TEXT("111122223333"), TEXT("eu-west-1")}, TEXT("a.test")},
        .mail_from = TEXT("b.a.test"),
        .looked = 2001};
    const struct watch_problem_record problem = {
        .number = 2, .owner = 4, .kind = WATCH_MX_WRONG, .level = WATCH_PAGE, .since = 1001};
    const struct watch_rows rows = {
        .identities = &identity, .identities_len = 1, .problems = &problem, .problems_len = 1};
    struct watch_identity_record later = identity;
    const struct watch_rows changed = {.identities = &later, .identities_len = 1};
    uint64_t len;
    later.looked = 2002;
    stored_open(s, JOURNAL_WRITE);
    assert_int_equal(journal_watch_keep(s->journal, &rows, &s->why), OK);
    stored_close(s);
    for (int turn = 0; turn < 2; turn++) {
        assert_int_equal(part(s, to, COPY_WATCHED, &len), OK);
        assert_int_equal(len, 2);
    }
    stored_open(to, JOURNAL_WRITE);
    assert_int_equal(journal_watch_keep(to->journal, &changed, &to->why), OK);
    assert_int_equal(part(s, to, COPY_WATCHED, &len), ERR_INPUT);
    done_with(to);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        ON_STORES(a_copy_is_the_same_in_every_other_store_and_back),
        ON_STORES(numbers_are_kept_where_they_are_free_and_a_run_is_copied_once),
        ON_STORES_OF_ONE(a_copy_that_is_cut_off_goes_on),
        ON_STORES_OF_ONE(the_comparison_finds_every_change),
        ON_STORES(a_rule_of_another_program_keeps_its_name),
        ON_STORES_OF_ONE(what_was_lost_stays_known),
        ON_STORES(a_run_that_cannot_be_read_keeps_no_other_back),
        ON_STORES_OF_ONE(a_run_that_goes_on_is_not_copied),
        ON_STORES(a_run_that_went_on_after_its_copy_differs),
        ON_STORES(workers_find_what_is_copied_as_stopped),
        ON_STORES(looks_at_dns_go_on_and_are_never_mixed),
        ON_STORES(what_watching_remembers_is_copied_whole),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
