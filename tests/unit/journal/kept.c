/*
 * What goes into a journal comes out of it, whatever store it is kept in: fleets, heads, records,
 * notes of lanes; and what is damaged is said.
 */

#include "stores.h"

#include "base/bounds.h"
#include "memory_store.h"

#include <math.h>
#include <stdio.h>

static name_id name(struct fleet *f, const char *bytes, size_t len)
{
    name_id id;
    assert_true(names_add(&f->names, (struct text){bytes, len}, &id));
    return id;
}
#define NAME(f, literal) name((f), (literal), sizeof(literal) - 1)

static void providers_fill(struct fleet *f)
{
    uint16_t index;
    struct text zones[] = {TEXT("*.example.com"), TEXT("example.com")};
    struct provider providers[] = {
        {.kind = PROVIDER_ROUTE53,
         .zones = zones,
         .zones_len = 2,
         .account = 1,
         .endpoint_url = TEXT("http://127.0.0.1:1"),
         .file = 1,
         .line = 4000000000u,
         .column = 9},
        {.kind = PROVIDER_CLOUDFLARE,
         .zones = zones + 1,
         .zones_len = 1,
         .token_env = TEXT("TOKEN")},
        {.kind = PROVIDER_RFC2136,
         .zones = zones,
         .zones_len = 1,
         .server = TEXT("[2001:db8::1]:53"),
         .key_file = TEXT("k\xff.key"),
         .key_name = TEXT("key"),
         .key_algorithm = TEXT("hmac-sha512"),
         .key_secret_env = TEXT("SECRET")},
    };
    for (size_t i = 0; i < COUNT(providers); i++)
        assert_true(fleet_provider(f, &providers[i], &index));
}

/* Every member has a value of its own, and some of the texts are hostile. */
static void fleet_fill(struct fleet *f)
{
    uint16_t account, lane, policy, file;
    uint32_t row;
    fleet_init(f);
    assert_true(names_init(&f->names, 1 << 20));
    struct account main_account = {NAME(f, "main"),
                                   NAME(f, "p"),
                                   NAME(f, "arn:aws:iam::1:role/x"),
                                   NAME(f, "ext"),
                                   NAME(f, "source"),
                                   NAME(f, "111122223333"),
                                   2.5};
    assert_true(fleet_account(f, main_account, &account));
    assert_true(fleet_account(f, (struct account){.name = NAME(f, "other")}, &account));
    assert_true(fleet_lane(f, 1, NAME(f, "eu-west-1"), &lane));
    assert_true(fleet_lane(f, 0, NAME(f, "us-east-1"), &lane));
    f->lanes[1].caller =
        (struct caller){NAME(f, "111122223333"), NAME(f, "aws-cn"),
                        NAME(f, "arn:aws-cn:iam::111122223333:user/x"), NAME(f, "profile p")};
    assert_true(fleet_policy(f, (struct policy){.timeout_us = SPAN_H(72)}, &policy));
    assert_true(
        fleet_policy(f,
                     (struct policy){.behavior = BEHAVIOR_REJECT_MESSAGE,
                                     .require = REQUIRE_NONE,
                                     .mx_region = NAME(f, "us-west-2"),
                                     .timeout_us = SPAN_M(5),
                                     .accept = FINDING_BIT(DNS_TROUBLE) | FINDING_BIT(SENDS_MAIL),
                                     .until = UNTIL_SET,
                                     .owner = NAME(f, "dns-team@shop.example"),
                                     .records_format = NAME(f, "nsupdate")},
                     &policy));
    assert_true(fleet_file(f, TEXT("a file.yaml"), &file));
    assert_true(fleet_file(f, TEXT("x\n'\"--;\xff.csv"), &file));
    providers_fill(f);
    struct choice choices[] = {
        {NAME(f, "example.com"), NAME(f, "bounce.example.com"), 1, 0, 0, IDENTITY_DOMAIN, 0, 3, 5},
        {NAME(f, "a'b\"c\x01\xfe@example.net"), MAIL_FROM_DEFAULT, 0, 1, 1, IDENTITY_EMAIL_ADDRESS,
         1, 4000000000u, 17},
        {NAME(f, "nul\0inside.example"), NAME(f, "m.example"), 0, 0, 0, IDENTITY_DOMAIN, 1, 0, 0},
    };
    for (size_t i = 0; i < 3; i++)
        assert_true(fleet_choice(f, choices[i], &row));
    f->expected = calloc(3, sizeof *f->expected);
    f->expected[1] = (struct expectation){.mail_from = NAME(f, "old.example.net"),
                                          .behavior = BEHAVIOR_REJECT_MESSAGE,
                                          .or_mail_from = NAME(f, "older.example.net"),
                                          .or_behavior = BEHAVIOR_REJECT_MESSAGE,
                                          .status = MAIL_FROM_SUCCESS};
    f->expected[2] = (struct expectation){.status = MAIL_FROM_UNKNOWN};
    f->waves[0] = (struct quota){false, 10};
    f->waves[1] = (struct quota){true, 12.5};
    f->waves_len = 2;
    f->max_failures = (struct quota){true, 2};
    for (size_t i = 0; i < sizeof f->digest; i++)
        f->digest[i] = (unsigned char)(i * 9);
}

static uint64_t begin(struct stored *s)
{
    struct fleet f;
    struct run_head head = {.verb = RUN_ROLLBACK,
                            .parent = 7,
                            .started = 1000,
                            .seed = UINT64_MAX - 3,
                            .options = TEXT("{\"rate\":1}"),
                            .version = TEXT("0.1.0")};
    fleet_fill(&f);
    if (!s->journal)
        stored_open(s, JOURNAL_WRITE);
    if (journal_begin(s->journal, &head, &f, &s->why) != OK)
        fail_msg("%s", s->why.text);
    fleet_clear(&f);
    return head.id;
}

static struct text text_of_name(const struct fleet *f, name_id id)
{
    return names_text(&f->names, id);
}

static void assert_accounts(const struct fleet *a, const struct fleet *b)
{
    assert_int_equal(a->accounts_len, b->accounts_len);
    for (uint32_t i = 0; i < a->accounts_len; i++) {
        const name_id *x = &a->accounts[i].name, *y = &b->accounts[i].name;
        for (int n = 0; n < 6; n++)
            assert_text(text_of_name(a, x[n]), text_of_name(b, y[n]));
        assert_true(a->accounts[i].rate_per_s == b->accounts[i].rate_per_s);
    }
}

static void assert_choices(const struct fleet *a, const struct fleet *b)
{
    assert_int_equal(a->choices_len, b->choices_len);
    for (uint32_t i = 0; i < a->choices_len; i++) {
        struct choice x = a->choices[i], y = b->choices[i];
        assert_text(fleet_identity(a, i), fleet_identity(b, i));
        assert_text(fleet_mail_from(a, i), fleet_mail_from(b, i));
        assert_text(text_of_name(a, a->expected[i].mail_from),
                    text_of_name(b, b->expected[i].mail_from));
        assert_int_equal(a->expected[i].behavior, b->expected[i].behavior);
        assert_int_equal(a->expected[i].status, b->expected[i].status);
        assert_text(text_of_name(a, a->expected[i].or_mail_from),
                    text_of_name(b, b->expected[i].or_mail_from));
        assert_int_equal(a->expected[i].or_behavior, b->expected[i].or_behavior);
        x.identity = y.identity = x.mail_from = y.mail_from = 0;
        assert_memory_equal(&x, &y, sizeof x);
    }
}

static void assert_providers(const struct fleet *a, const struct fleet *b)
{
    assert_int_equal(a->providers_len, b->providers_len);
    for (uint32_t i = 0; i < a->providers_len; i++) {
        const struct provider *x = &a->providers[i], *y = &b->providers[i];
        assert_true(x->kind == y->kind && x->account == y->account && x->file == y->file);
        assert_true(x->line == y->line && x->column == y->column);
        assert_int_equal(x->zones_len, y->zones_len);
        for (uint32_t z = 0; z < x->zones_len; z++)
            assert_text(x->zones[z], y->zones[z]);
        assert_text(x->endpoint_url, y->endpoint_url);
        assert_text(x->token_env, y->token_env);
        assert_text(x->server, y->server);
        assert_text(x->key_file, y->key_file);
        assert_text(x->key_name, y->key_name);
        assert_text(x->key_algorithm, y->key_algorithm);
        assert_text(x->key_secret_env, y->key_secret_env);
    }
}

static void a_fleet_comes_back_as_it_was(void **state)
{
    struct stored *b = *state;
    struct fleet f, want, *g = &want;
    uint64_t run = begin(b);
    fleet_fill(g);
    fleet_init(&f);
    if (journal_fleet(b->journal, run, &f, &b->why) != OK)
        fail_msg("%s", b->why.text);
    assert_accounts(&f, g);
    assert_choices(&f, g);
    assert_providers(&f, g);
    assert_int_equal(f.lanes_len, g->lanes_len);
    for (uint32_t i = 0; i < f.lanes_len; i++) {
        assert_int_equal(f.lanes[i].account, g->lanes[i].account);
        assert_text(text_of_name(&f, f.lanes[i].region), text_of_name(g, g->lanes[i].region));
        const name_id *x = &f.lanes[i].caller.account, *y = &g->lanes[i].caller.account;
        for (int n = 0; n < 4; n++)
            assert_text(text_of_name(&f, x[n]), text_of_name(g, y[n]));
    }
    assert_int_equal(f.policies_len, g->policies_len);
    for (uint32_t i = 0; i < f.policies_len; i++) {
        struct policy x = f.policies[i], y = g->policies[i];
        assert_text(text_of_name(&f, x.mx_region), text_of_name(g, y.mx_region));
        assert_text(text_of_name(&f, x.owner), text_of_name(g, y.owner));
        assert_text(text_of_name(&f, x.records_format), text_of_name(g, y.records_format));
        assert_int_equal(x.behavior, y.behavior);
        assert_int_equal(x.require, y.require);
        assert_int_equal(x.timeout_us, y.timeout_us);
        assert_true(x.accept == y.accept);
    }
    assert_int_equal(f.files_len, g->files_len);
    for (uint32_t i = 0; i < f.files_len; i++)
        assert_text(f.files[i], g->files[i]);
    assert_int_equal(f.waves_len, 2);
    for (uint32_t i = 0; i < 2; i++) {
        assert_int_equal(f.waves[i].is_percent, g->waves[i].is_percent);
        assert_true(f.waves[i].value == g->waves[i].value);
    }
    assert_true(f.max_failures.is_percent && f.max_failures.value == 2);
    assert_memory_equal(f.digest, g->digest, sizeof f.digest);
    fleet_clear(&f);
    fleet_clear(g);
}

static bool head_count(void *ctx, const struct run_head *head)
{
    uint64_t *next = ctx;
    assert_int_equal(head->id, *next);
    return --*next > 1;
}

static void heads_come_back_and_the_newest_is_first(void **state)
{
    struct stored *b = *state;
    struct run_head head;
    for (uint64_t i = 1; i <= 3; i++)
        assert_int_equal(begin(b), i);
    struct record r = {.job = 1, .at = 5555};
    assert_int_equal(journal_keep(b->journal, 2, &r, 1, &b->why), OK);
    assert_int_equal(journal_run(b->journal, 0, &head, &b->arena, &b->why), OK);
    assert_int_equal(head.id, 3);
    assert_int_equal(head.last, 1000);
    assert_int_equal(journal_run(b->journal, 2, &head, &b->arena, &b->why), OK);
    assert_int_equal(head.last, 5555);
    assert_int_equal(head.verb, RUN_ROLLBACK);
    assert_int_equal(head.state, RUN_OPEN);
    assert_int_equal(head.parent, 7);
    assert_true(head.seed == UINT64_MAX - 3);
    assert_int_equal(head.jobs, 3);
    assert_text(head.options, TEXT("{\"rate\":1}"));
    assert_text(head.version, TEXT("0.1.0"));
    assert_int_equal(journal_stop(b->journal, 2, RUN_STOPPED, 6000, &b->why), OK);
    assert_int_equal(journal_run(b->journal, 2, &head, &b->arena, &b->why), OK);
    assert_int_equal(head.state, RUN_STOPPED);
    assert_int_equal(head.stopped, 6000);
    assert_int_equal(head.last, 5555);
    assert_int_equal(journal_stop(b->journal, 2, RUN_GIVEN_UP, 7000, &b->why), OK);
    assert_int_equal(journal_run(b->journal, 2, &head, &b->arena, &b->why), OK);
    assert_int_equal(head.state, RUN_GIVEN_UP);
    assert_int_equal(head.stopped, 7000);
    uint64_t next = 3;
    assert_int_equal(journal_runs(b->journal, head_count, &next, &b->why), OK);
    assert_int_equal(next, 1);
    assert_int_equal(journal_run(b->journal, 9, &head, &b->arena, &b->why), ERR_GONE);
    assert_non_null(strstr(b->why.text, "has no run 9"));
}

static const struct finding_note full_notes[] = {
    {DNS_TROUBLE, SEVERITY_WAIT, true, TEXT("a\0b\"\\\n\xc3\xa9")},
    {NOT_A_SUBDOMAIN, SEVERITY_ERROR, false, TEXT("")}};

static const struct record full = {.job = 2,
                                   .kind = RECORD_INTENT,
                                   .at = 1234567890123456,
                                   .from = JOB_READY,
                                   .write_mail_from = TEXT("bounce.example.com"),
                                   .write_behavior = BEHAVIOR_REJECT_MESSAGE,
                                   .row = {.state = JOB_WRITING,
                                           .action = ACTION_RESTART,
                                           .outcome = OUTCOME_EXPIRED,
                                           .reason = TEXT("a\0b'\";DROP TABLE record;--\xff\n"),
                                           .before_known = true,
                                           .mail_from_before = TEXT("old.example.com"),
                                           .behavior_before = BEHAVIOR_REJECT_MESSAGE,
                                           .seen_known = true,
                                           .mail_from_seen = TEXT("seen.example.com"),
                                           .behavior_seen = BEHAVIOR_REJECT_MESSAGE,
                                           .status_seen = MAIL_FROM_UNKNOWN,
                                           .verification = VERIFICATION_NOT_STARTED,
                                           .mx = MX_STATUS_OK,
                                           .spf = SPF_STATUS_MISSING,
                                           .dmarc = DMARC_STATUS_DIFFERS,
                                           .dkim = DKIM_TEMPORARY_FAILURE,
                                           .findings = FINDING_BIT(DNS_TROUBLE) | 1,
                                           .notes = {full_notes, COUNT(full_notes), true},
                                           .writes = 7,
                                           .accepted = 5,
                                           .wave = 64,
                                           .calls = UINT32_MAX,
                                           .restarts = 3,
                                           .attempts = 4,
                                           .first_seen = 5,
                                           .finished = 6,
                                           .deadline = WHEN_NEVER}};

static bool same_as_full(void *ctx, const struct record *r)
{
    const struct job_row *a = &r->row, *b = &full.row;
    const struct text x[] = {r->write_mail_from, a->reason, a->mail_from_before, a->mail_from_seen};
    const struct text y[] = {full.write_mail_from, b->reason, b->mail_from_before,
                             b->mail_from_seen};
    for (size_t i = 0; i < COUNT(x); i++)
        assert_text(x[i], y[i]);
    if (a->notes.known) { /* a row, not a replay */
        assert_int_equal(a->notes.len, b->notes.len);
        for (uint32_t i = 0; i < a->notes.len; i++) {
            assert_int_equal(a->notes.at[i].rule, b->notes.at[i].rule);
            assert_int_equal(a->notes.at[i].severity, b->notes.at[i].severity);
            assert_int_equal(a->notes.at[i].accepted, b->notes.at[i].accepted);
            assert_text(a->notes.at[i].text, b->notes.at[i].text);
        }
        ++*(int *)ctx;
    }
    assert_true(a->mx == b->mx && a->spf == b->spf && a->dmarc == b->dmarc);
    assert_int_equal(a->dkim, b->dkim);
    assert_int_equal(r->job, full.job);
    assert_int_equal(r->kind, full.kind);
    assert_int_equal(r->at, full.at);
    assert_int_equal(r->from, full.from);
    assert_int_equal(r->write_behavior, full.write_behavior);
    assert_int_equal(a->state, b->state);
    assert_int_equal(a->action, b->action);
    assert_int_equal(a->outcome, b->outcome);
    assert_true(a->before_known && a->seen_known);
    assert_int_equal(a->behavior_before, b->behavior_before);
    assert_int_equal(a->behavior_seen, b->behavior_seen);
    assert_int_equal(a->status_seen, b->status_seen);
    assert_int_equal(a->verification, b->verification);
    assert_true(a->findings == b->findings);
    assert_int_equal(a->writes, b->writes);
    assert_true(a->accepted == b->accepted && a->wave == b->wave);
    assert_int_equal(a->calls, b->calls);
    assert_int_equal(a->restarts, b->restarts);
    assert_int_equal(a->attempts, b->attempts);
    assert_int_equal(a->first_seen, b->first_seen);
    assert_int_equal(a->finished, b->finished);
    assert_true(a->deadline == b->deadline);
    ++*(int *)ctx;
    return true;
}

static void a_record_comes_back_with_every_member(void **state)
{
    struct stored *b = *state;
    int seen = 0;
    uint64_t run = begin(b);
    assert_int_equal(journal_keep(b->journal, run, &full, 1, &b->why), OK);
    assert_int_equal(journal_replay(b->journal, run, same_as_full, &seen, &b->why), OK);
    assert_int_equal(journal_rows(b->journal, run, same_as_full, &seen, &b->why), OK);
    assert_int_equal(seen, 3); /* the row brings its notes as well */
}

struct seen {
    uint32_t len, job[8];
    instant_us at[8];
    char notes[8][16]; /* the sentence of the first; "-": not known */
};

static bool see(void *ctx, const struct record *r)
{
    struct seen *s = ctx;
    s->job[s->len] = r->job;
    s->at[s->len] = r->at;
    const struct finding_notes *notes = &r->row.notes;
    struct text told = !notes->known ? TEXT("-") : notes->len ? notes->at[0].text : TEXT("none");
    snprintf(s->notes[s->len], sizeof s->notes[0], TEXT_FMT, TEXT_ARG(told));
    return ++s->len < 8;
}

static void rows_are_the_last_of_each_job_with_the_notes_that_it_left_out(void **state)
{
    struct stored *b = *state;
    struct seen s = {0};
    static const struct finding_note old = {SANDBOX, SEVERITY_INFO, false, TEXT("old")},
                                     new = {SANDBOX, SEVERITY_INFO, false, TEXT("new")};
    struct record r[] = {
        {.job = 2, .at = 10, .row.notes = {&old, 1, true}},
        {.job = 0, .at = 20},
        {.job = 2, .at = 30, .row.notes = {&new, 1, true}},
        {.job = 2, .at = 40},
    };
    uint64_t run = begin(b), other = begin(b);
    assert_int_equal(journal_keep(b->journal, run, r, 3, &b->why), OK);
    assert_int_equal(journal_keep(b->journal, other, r, 1, &b->why), OK);
    assert_int_equal(journal_keep(b->journal, run, r + 3, 1, &b->why), OK);
    assert_int_equal(journal_rows(b->journal, run, see, &s, &b->why), OK);
    assert_int_equal(s.len, 2);
    assert_int_equal(s.job[0], 0);
    assert_int_equal(s.job[1], 2);
    assert_int_equal(s.at[1], 40);
    assert_string_equal(s.notes[0], "-");
    assert_string_equal(s.notes[1], "new");
    s = (struct seen){0};
    assert_int_equal(journal_replay(b->journal, run, see, &s, &b->why), OK);
    assert_int_equal(s.len, 4);
    assert_string_equal(s.notes[0], "-"); /* a replay reads none */
    assert_string_equal(s.notes[3], "-");
    assert_int_equal(s.at[2], 30);
}

struct counted {
    uint32_t len, step, ends_after;
};

static bool count_row(void *ctx, const struct record *r)
{
    struct counted *c = ctx;
    assert_int_equal(r->job, c->len * c->step);
    assert_int_equal(r->at, 2000 + r->job + c->step);
    return ++c->len != c->ends_after;
}

static void a_journal_that_is_closed_opens_again(void **state)
{
    struct stored *b = *state;
    for (int i = 1; i <= 3; i++) {
        struct seen s = {0};
        uint64_t run = i == 1 ? begin(b) : 1;
        assert_int_equal(journal_keep(b->journal, run, &full, 1, &b->why), OK);
        stored_open(b, i == 2 ? JOURNAL_UPDATE : JOURNAL_READ);
        assert_int_equal(journal_replay(b->journal, run, see, &s, &b->why), OK);
        assert_int_equal(s.len, i);
        stored_open(b, JOURNAL_WRITE);
    }
}

static void a_journal_has_one_writer_and_readers_beside_it(void **state)
{
    struct stored *b = *state;
    struct journal *other;
    char holder[JOURNAL_HOLDER_MAX];
    assert_int_equal(stored_try(b, &other, JOURNAL_READ), ERR_GONE);
    assert_int_equal(stored_try(b, &other, JOURNAL_UPDATE), ERR_GONE);
    uint64_t run = begin(b);
    assert_int_equal(stored_try(b, &other, JOURNAL_WRITE), ERR_BUSY);
    assert_int_equal(stored_try(b, &other, JOURNAL_UPDATE), ERR_BUSY);
    assert_null(other);
    assert_int_equal(stored_try(b, &other, JOURNAL_READ), OK);
    assert_int_equal(journal_writer(other, run, holder), JOURNAL_HAS_WRITER);
    assert_true(*holder);
    journal_close(other);
    stored_open(b, JOURNAL_READ);
    assert_int_equal(journal_writer(b->journal, run, holder), JOURNAL_NO_WRITER);
}

/* A process that is killed leaves what a reader beside it sees. */
static void what_is_begun_together_is_there_at_once_or_not_at_all(void **state)
{
    struct stored *b = *state;
    struct journal *other;
    struct run_head head;
    struct seen s = {0};
    const struct record settled = {.job = 1, .at = 20};
    stored_open(b, JOURNAL_WRITE);
    journal_together(b->journal);
    uint64_t run = stored_begin(b, 2);
    assert_int_equal(journal_keep(b->journal, run, &settled, 1, &b->why), OK);
    assert_int_equal(stored_try(b, &other, JOURNAL_READ), OK);
    assert_int_equal(journal_run(other, run, &head, &b->arena, &b->why), ERR_GONE);
    journal_close(other);
    assert_int_equal(journal_apart(b->journal, &b->why), OK);
    assert_int_equal(stored_try(b, &other, JOURNAL_READ), OK);
    assert_int_equal(journal_run(other, run, &head, &b->arena, &b->why), OK);
    assert_int_equal(journal_rows(other, run, see, &s, &b->why), OK);
    assert_int_equal(s.len, 1);
    journal_close(other);
    assert_int_equal(journal_apart(b->journal, &b->why), OK);
    assert_int_equal(journal_keep(b->journal, run, &settled, 1, &b->why), OK);
}

/* More rows than are asked for at once, and jobs without any among them. */
static void rows_of_a_large_fleet_come_in_its_order(void **state)
{
    enum { JOBS = 3 * JOURNAL_FETCH_ROWS / 2 };
    struct stored *b = *state;
    struct counted c = {.step = 2};
    stored_open(b, JOURNAL_WRITE);
    uint64_t run = stored_begin(b, 2 * JOBS);
    for (uint32_t turn = 1; turn <= 2; turn++)
        for (uint32_t job = 2 * JOBS; job > 0; job -= 2) {
            struct record r = {.job = job - 2, .at = turn * 1000 + job};
            assert_int_equal(journal_keep(b->journal, run, &r, 1, &b->why), OK);
        }
    assert_int_equal(journal_rows(b->journal, run, count_row, &c, &b->why), OK);
    assert_int_equal(c.len, JOBS);
    c = (struct counted){.step = 2, .ends_after = JOURNAL_FETCH_ROWS + 3};
    assert_int_equal(journal_rows(b->journal, run, count_row, &c, &b->why), OK);
    assert_int_equal(c.len, JOURNAL_FETCH_ROWS + 3); /* and nothing after its no */
}

static bool note_take(void *ctx, const struct lane_note *note)
{
    buf_add_fmt(ctx, "%u +%lld " TEXT_FMT ";", note->lane, (long long)note->at,
                TEXT_ARG(note->reason));
    return true;
}

static void assert_notes(struct stored *b, uint64_t run, const char *want)
{
    struct buf told;
    buf_init(&told, 1 << 16);
    assert_int_equal(journal_lane_notes(b->journal, run, note_take, &told, &b->why), OK);
    assert_text(buf_text(&told), text_of(want));
    buf_clear(&told);
}

static void notes_of_lanes_are_no_rows_and_the_newest_counts(void **state)
{
    struct stored *b = *state;
    struct run_head head;
    struct seen s = {0};
    const struct record r[] = {
        {.kind = RECORD_LANE, .job = 1, .at = 2001, .row.reason = TEXT("SES answers 503")},
        {.kind = RECORD_LANE, .job = 0, .at = 2003, .row.reason = TEXT("no route")},
        {.kind = RECORD_LANE, .job = 1, .at = 2004},
    };
    uint64_t other = begin(b), run = begin(b);
    assert_int_equal(journal_keep(b->journal, run, r, 2, &b->why), OK);
    assert_notes(b, run, "0 +2003 no route;1 +2001 SES answers 503;");
    assert_int_equal(journal_run(b->journal, run, &head, &b->arena, &b->why), OK);
    assert_int_equal(head.last, 2003);
    assert_int_equal(journal_keep(b->journal, run, r + 2, 1, &b->why), OK);
    assert_notes(b, run, "0 +2003 no route;1 +2004 ;");
    assert_notes(b, other, "");
    assert_int_equal(journal_rows(b->journal, run, see, &s, &b->why), OK);
    assert_int_equal(s.len, 0);
    assert_int_equal(journal_stop(b->journal, run, RUN_STOPPED, 2009, &b->why), OK);
    stored_open(b, JOURNAL_READ);
    assert_int_equal(journal_run(b->journal, run, &head, &b->arena, &b->why), OK);
    assert_int_equal(head.last, 2004);
}

/* A store that fails once may have written or not, so nothing is tried again. Of a disk that is
 * full crash.c tells. */
static void after_a_write_that_failed_nothing_more_is_kept(void **state)
{
    struct stored *b = *state;
    const struct record r[] = {{.job = 0, .at = 2000}, {.job = 1, .at = 2001}};
    begin(b);
    /* enter, two rows, leave */
    for (unsigned nth = 1; nth <= 4; nth++) {
        struct seen s = {0};
        stored_open(b, JOURNAL_WRITE);
        memory_fail_at(b->rows, nth, false);
        assert_int_equal(journal_keep(b->journal, 1, r, 2, &b->why), ERR_IO);
        assert_int_equal(journal_keep(b->journal, 1, r, 2, &b->why), ERR_IO);
        assert_non_null(strstr(b->why.text, "the journal takes no more records"));
        assert_int_equal(journal_stop(b->journal, 1, RUN_ENDED, 3000, &b->why), ERR_IO);
        stored_open(b, JOURNAL_READ);
        assert_int_equal(journal_replay(b->journal, 1, see, &s, &b->why), OK);
        assert_int_equal(s.len, 0); /* whole or not at all */
    }
}

static bool set_take(void *ctx, const struct record *r)
{
    *(finding_set *)ctx |= r->row.findings;
    return true;
}

static enum err findings_of(struct stored *b, finding_set *set)
{
    *set = 0;
    return journal_rows(b->journal, 1, set_take, set, &b->why);
}

/* The journal's numbers count, wherever the program's enum has its rules. */
static void findings_are_what_the_journal_names_them(void **state)
{
    struct stored *b = *state;
    const finding_set both = FINDING_BIT(SPF_SYNTAX) | FINDING_BIT(SANDBOX);
    struct record r = {.job = 0, .at = 2000, .row.findings = both};
    finding_set found;
    begin(b);
    assert_int_equal(journal_keep(b->journal, 1, &r, 1, &b->why), OK);
    assert_int_equal(findings_of(b, &found), OK);
    assert_true(found == both);
    uint64_t syntax = stored_rule(b, SPF_SYNTAX), sandbox = stored_rule(b, SANDBOX);
    stored_set(b, TABLE_RULE, syntax, "name", store_text(TEXT("a-rule-of-later")));
    for (int mode = JOURNAL_READ; mode <= JOURNAL_WRITE; mode++) {
        stored_open(b, (enum journal_mode)mode);
        assert_int_equal(findings_of(b, &found), OK);
        assert_true(found == FINDING_BIT(SANDBOX));
    }
    assert_true(stored_rule(b, SPF_SYNTAX) != syntax); /* the writer has given it another */
    r.job = 1;
    assert_int_equal(journal_keep(b->journal, 1, &r, 1, &b->why), OK);
    stored_open(b, JOURNAL_READ);
    assert_int_equal(findings_of(b, &found), OK);
    assert_true(found == both);
    stored_drop(b, TABLE_RULE, sandbox);
    stored_open(b, JOURNAL_READ);
    assert_int_equal(findings_of(b, &found), ERR_IO);
    assert_non_null(strstr(b->why.text, "damaged"));
}

static void damage_is_said_and_never_followed(void **state)
{
    static const struct {
        enum store_table table;
        uint64_t number;
        const char *column; /* NULL: the row is taken away */
        struct store_value value;
    } harm[] = {
        {TABLE_CHOICE, 0, "lane", {STORE_INT, {.number = 99}}},
        {TABLE_CHOICE, 0, "lane", {STORE_INT, {.number = -1}}},
        {TABLE_CHOICE, 0, "lane", {STORE_TEXT, {.text = TEXT("x")}}},
        {TABLE_CHOICE, 1, "identity", {STORE_BYTES, {.text = TEXT("")}}},
        {TABLE_LANE, 0, "account", {STORE_INT, {.number = 7}}},
        {TABLE_CHOICE, 1, NULL, {0}},
        {TABLE_CHOICE, 2, NULL, {0}},
        {TABLE_CHOICE, 0, "file", {STORE_INT, {.number = 3}}},
        {TABLE_POLICY, 0, "behavior", {STORE_INT, {.number = 2}}},
        {TABLE_RUN, 1, "digest", {STORE_BYTES, {.text = TEXT("\0\0\0")}}},
        {TABLE_LANE, 0, NULL, {0}},
        {TABLE_LANE, 1, NULL, {0}},
        {TABLE_WAVE, 0, "value", {STORE_REAL, {.real = INFINITY}}},
        {TABLE_WAVE, 0, "value", {STORE_REAL, {.real = -1}}},
        {TABLE_ACCOUNT, 0, "rate", {STORE_REAL, {.real = 1e-300}}},
        {TABLE_RUN, 1, "max_failures", {STORE_REAL, {.real = INFINITY}}},
        {TABLE_POLICY, 0, "timeout", {STORE_INT, {.number = INT64_MAX}}},
        {TABLE_POLICY, 0, "accept", {STORE_INT, {.number = -1}}},
        {TABLE_POLICY, 1, "accept", {STORE_INT, {.number = 1ll << 60}}},
        {TABLE_PROVIDER, 0, "kind", {STORE_INT, {.number = PROVIDER_KINDS}}},
        {TABLE_PROVIDER, 0, "account", {STORE_INT, {.number = 2}}},
        {TABLE_PROVIDER, 0, "file", {STORE_INT, {.number = 2}}},
        {TABLE_PROVIDER, 2, "zones", {STORE_TEXT, {.text = TEXT("")}}},
    };
    for (size_t i = 0; i < COUNT(harm); i++) {
        struct fleet f;
        struct stored *b = *state;
        begin(b);
        if (!stored_may_be(b, harm[i].table, harm[i].column, harm[i].value))
            continue;
        if (harm[i].column)
            stored_set(b, harm[i].table, harm[i].number, harm[i].column, harm[i].value);
        else
            stored_drop(b, harm[i].table, harm[i].number);
        stored_open(b, JOURNAL_READ);
        fleet_init(&f);
        if (journal_fleet(b->journal, 1, &f, &b->why) != ERR_IO ||
            !strstr(b->why.text, "damaged") || !strstr(b->why.text, "restore it from a copy"))
            fail_msg("%zu: %s", i, b->why.text);
        fleet_clear(&f);
        stored_again(state);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        ON_STORES(a_fleet_comes_back_as_it_was),
        ON_STORES(heads_come_back_and_the_newest_is_first),
        ON_STORES(a_record_comes_back_with_every_member),
        ON_STORES(rows_are_the_last_of_each_job_with_the_notes_that_it_left_out),
        ON_STORES(rows_of_a_large_fleet_come_in_its_order),
        ON_STORES(notes_of_lanes_are_no_rows_and_the_newest_counts),
        ON_STORES(findings_are_what_the_journal_names_them),
        ON_STORES(a_journal_that_is_closed_opens_again),
        ON_STORES_OF_ONE(a_journal_has_one_writer_and_readers_beside_it),
        ON_STORE(STORE_OF_SQLITE, "sqlite", what_is_begun_together_is_there_at_once_or_not_at_all),
        ON_STORE(STORE_OF_MEMORY, "memory", after_a_write_that_failed_nothing_more_is_kept),
        ON_STORES(damage_is_said_and_never_followed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
