#include "crypto/sha256.h"
#include "out_of_memory.h"
#include "plan/plan_file.h"

#include "base/bounds.h"
#include "base/count.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static name_id name_of(struct fleet *f, const char *text)
{
    name_id id;
    assert_true(names_add(&f->names, text_of(text), &id));
    return id;
}

static void fleet_fill(struct fleet *f)
{
    uint16_t index;
    uint32_t row;
    fleet_init(f);
    assert_true(names_init(&f->names, NAMES_BYTES_MAX));
    struct account account = {.name = name_of(f, "main"),
                              .profile = name_of(f, "a \"profile\"\n"),
                              .account_id = name_of(f, "111122223333"),
                              .rate_per_s = 1.5};
    assert_true(fleet_account(f, account, &index));
    assert_true(fleet_lane(f, 0, name_of(f, "us-east-1"), &index));
    assert_true(fleet_lane(f, 0, name_of(f, "eu-west-1"), &index));
    f->lanes[1].caller = (struct caller){.account = name_of(f, "111122223333"),
                                         .partition = name_of(f, "aws"),
                                         .arn = name_of(f, "arn:aws:iam::111122223333:user/\"x\""),
                                         .begun_with = name_of(f, "profile \"p\"\n")};
    assert_true(fleet_policy(f, (struct policy){.timeout_us = SPAN_H(72)}, &index));
    struct policy tight = {.behavior = BEHAVIOR_REJECT_MESSAGE,
                           .require = REQUIRE_MX,
                           .mx_region = name_of(f, "us-east-1"),
                           .timeout_us = SPAN_M(5),
                           .accept = FINDING_BIT(DNS_TROUBLE) | FINDING_BIT(NOT_A_SUBDOMAIN)};
    assert_true(fleet_policy(f, tight, &index));
    assert_true(fleet_file(f, TEXT("a \xf0\x9f\x93\xa7 fleet.yaml"), &index));
    struct text zones[] = {TEXT("*.example.com"), TEXT("example.net")};
    const struct provider provider = {.kind = PROVIDER_RFC2136,
                                      .zones = zones,
                                      .zones_len = 2,
                                      .server = TEXT("192.0.2.53"),
                                      .key_file = TEXT("a \"key\".key"),
                                      .line = 4,
                                      .column = 7};
    assert_true(fleet_provider(f, &provider, &index));
    const struct choice choices[] = {
        {name_of(f, "example.com"), name_of(f, "bounce.example.com"), 1, 1, 0, IDENTITY_DOMAIN, 0,
         3, 5},
        {name_of(f, "o'x@example.net"), MAIL_FROM_DEFAULT, 0, 0, 0, IDENTITY_EMAIL_ADDRESS, 0, 0,
         0},
        {name_of(f, "example.org"), name_of(f, "m.example.org"), 0, 0, 0, IDENTITY_DOMAIN, 0, 9, 1},
    };
    for (size_t i = 0; i < 3; i++)
        assert_true(fleet_choice(f, choices[i], &row));
    f->waves[f->waves_len++] = (struct quota){true, 12.5};
    f->max_failures = (struct quota){false, 3};
    for (size_t i = 0; i < sizeof f->digest; i++)
        f->digest[i] = (unsigned char)(i * 9);
}

static const struct finding_note notes[] = {
    {RECEIVES_MAIL, SEVERITY_ERROR, false, {"MX is \"mail\"", 12}},
    {SANDBOX, SEVERITY_WARNING, true, {"sandbox", 7}},
};

static const struct job_row rows[3] = {
    {.state = JOB_DONE,
     .action = ACTION_CHANGE,
     .outcome = OUTCOME_PLANNED,
     .seen_known = true,
     .mail_from_seen = {"old.example.com", 15},
     .behavior_seen = BEHAVIOR_REJECT_MESSAGE,
     .status_seen = MAIL_FROM_TEMPORARY_FAILURE,
     .verification = VERIFICATION_SUCCESS,
     .dkim = DKIM_DISABLED},
    {.state = JOB_DONE,
     .outcome = OUTCOME_FAILED,
     .reason = {"no \"answer\"", 11},
     .mx = MX_STATUS_FOREIGN,
     .spf = SPF_STATUS_OK,
     .findings = FINDING_BIT(RECEIVES_MAIL) | FINDING_BIT(SANDBOX),
     .notes = {notes, 2, true}},
    {.state = JOB_DONE,
     .action = ACTION_SET,
     .outcome = OUTCOME_WAITING_DNS,
     .seen_known = true,
     .verification = VERIFICATION_SUCCESS},
};

/* False: out of memory. */
static bool plan_write(const struct fleet *f, struct buf *out)
{
    struct plan_head head = {TEXT("1.2.3"), SPAN_S(1790000000) + SPAN_MS(250),
                             TEXT("{\"region\":\"us-east-1\"}")};
    struct plan_writer *w = plan_writer_new(f);
    buf_init(out, 1 << 20);
    if (!w)
        return false;
    plan_write_begin(w, &head, out);
    for (uint32_t i = 0; i < 3; i++)
        plan_write_row(w, i, &rows[i], out);
    plan_write_end(w, out);
    plan_writer_free(w);
    return !out->failed;
}

static struct buf plan_text(void)
{
    struct fleet f;
    struct buf out;
    fleet_fill(&f);
    assert_true(plan_write(&f, &out));
    fleet_clear(&f);
    return out;
}

struct read_back {
    char path[64];
    struct fleet fleet;
    struct arena arena;
    struct plan_head head;
    struct plan_counts counts;
    struct plan_verdict *verdicts;
    struct why why;
};

static enum err read_text(struct read_back *r, struct text text)
{
    FILE *file = fopen(r->path, "w");
    assert_non_null(file);
    assert_int_equal(fwrite(text.at, 1, text.len, file), text.len);
    fclose(file);
    fleet_clear(&r->fleet);
    arena_clear(&r->arena);
    r->why.text[0] = '\0';
    return plan_read(r->path, false, &r->head, &r->counts, &r->fleet, &r->verdicts, &r->arena,
                     &r->why);
}

static void read_init(struct read_back *r)
{
    *r = (struct read_back){.path = "/tmp/plan_file_XXXXXX"};
    close(mkstemp(r->path));
    fleet_init(&r->fleet);
    arena_init(&r->arena, SIZE_MAX);
}

static void read_clear(struct read_back *r)
{
    unlink(r->path);
    fleet_clear(&r->fleet);
    arena_clear(&r->arena);
}

/* The row without a change comes back with all that reports say of it. */
static void verdict_is_kept(const struct read_back *r)
{
    assert_non_null(r->verdicts);
    assert_null(r->verdicts->next);
    assert_int_equal(r->verdicts->row, 1);
    struct job_row row = plan_verdict_row(r->verdicts, &r->fleet);
    assert_int_equal(row.outcome, OUTCOME_FAILED);
    assert_true(text_eq(row.reason, rows[1].reason) && !row.seen_known);
    assert_true(row.mx == MX_STATUS_FOREIGN && row.spf == SPF_STATUS_OK);
    assert_true(row.findings == rows[1].findings && row.notes.known && row.notes.len == 2);
    for (uint32_t i = 0; i < 2; i++) {
        assert_int_equal(row.notes.at[i].rule, notes[i].rule);
        assert_int_equal(row.notes.at[i].severity, notes[i].severity);
        assert_int_equal(row.notes.at[i].accepted, notes[i].accepted);
        assert_true(text_eq(row.notes.at[i].text, notes[i].text));
    }
}

static void a_plan_comes_back_as_it_was_reviewed(void **state)
{
    (void)state;
    struct read_back r;
    struct fleet f;
    struct buf text = plan_text();
    fleet_fill(&f);
    read_init(&r);
    assert_int_equal(read_text(&r, buf_text(&text)), OK);
    assert_int_equal(r.counts.rows, 3);
    assert_int_equal(r.counts.changes, 2);
    assert_int_equal(r.head.created, SPAN_S(1790000000) + SPAN_MS(250));
    assert_string_equal(r.head.options.at, "{\"region\":\"us-east-1\"}");
    assert_memory_equal(r.fleet.digest, f.digest, sizeof f.digest);
    assert_true(r.fleet.policies[1].accept == f.policies[1].accept);
    assert_true(r.fleet.policies[1].timeout_us == f.policies[1].timeout_us);
    assert_true(r.fleet.accounts[0].rate_per_s == 1.5 && r.fleet.waves_len == 1);
    const struct provider *provider = &r.fleet.providers[0];
    assert_true(r.fleet.providers_len == 1 && provider->kind == PROVIDER_RFC2136);
    assert_true(provider->zones_len == 2 && text_eq(provider->zones[1], TEXT("example.net")));
    assert_true(text_eq(provider->key_file, TEXT("a \"key\".key")) && provider->token_env.len == 0);
    assert_true(provider->line == 4 && provider->column == 7);
    for (uint32_t i = 0; i < 3; i++) {
        assert_true(text_eq(fleet_identity(&r.fleet, i), fleet_identity(&f, i)));
        assert_true(text_eq(fleet_mail_from(&r.fleet, i), fleet_mail_from(&f, i)));
        assert_true(text_eq(fleet_region(&r.fleet, i), fleet_region(&f, i)));
        assert_int_equal(r.fleet.choices[i].type, f.choices[i].type);
        assert_int_equal(r.fleet.choices[i].line, f.choices[i].line);
    }
    for (uint32_t i = 0; i < 2; i++) {
        const name_id *is = &r.fleet.lanes[i].caller.account, *was = &f.lanes[i].caller.account;
        for (int n = 0; n < 4; n++)
            assert_true(text_eq(names_text(&r.fleet.names, is[n]), names_text(&f.names, was[n])));
    }
    const struct expectation *e = &r.fleet.expected[0];
    assert_int_equal(r.fleet.choices[0].guarded, GUARD_REVIEWED);
    assert_int_equal(r.fleet.choices[1].guarded, GUARD_SKIP);
    assert_int_equal(r.fleet.choices[2].guarded, GUARD_REVIEWED);
    assert_true(text_eq(names_text(&r.fleet.names, e->mail_from), TEXT("old.example.com")));
    assert_int_equal(e->behavior, BEHAVIOR_REJECT_MESSAGE);
    assert_int_equal(e->status, MAIL_FROM_TEMPORARY_FAILURE);
    verdict_is_kept(&r);
    read_clear(&r);
    fleet_clear(&f);
    buf_clear(&text);
}

static void a_plan_that_was_cut_anywhere_is_refused(void **state)
{
    (void)state;
    struct read_back r;
    struct buf text = plan_text();
    read_init(&r);
    for (size_t len = 0; len < text.len; len++)
        assert_int_equal(read_text(&r, text_slice(buf_text(&text), 0, len)), ERR_INPUT);
    read_clear(&r);
    buf_clear(&text);
}

static void a_plan_with_one_changed_byte_is_refused(void **state)
{
    (void)state;
    struct read_back r;
    struct buf text = plan_text();
    read_init(&r);
    for (size_t i = 0; i < text.len; i++) {
        for (int bit = 0; bit < 8; bit += 3) {
            text.at[i] = (char)(text.at[i] ^ 1 << bit);
            assert_int_equal(read_text(&r, buf_text(&text)), ERR_INPUT);
            text.at[i] = (char)(text.at[i] ^ 1 << bit);
        }
    }
    assert_int_equal(read_text(&r, buf_text(&text)), OK);
    read_clear(&r);
    buf_clear(&text);
}

/* The text with one part replaced, under a digest that fits again. */
static void reseal(struct buf *out, struct text text, const char *from, const char *to)
{
    char digest[SHA256_HEX_LEN];
    size_t at = text_find_text(text, text_of(from)),
           end = text_find_text(text, TEXT("\"digest\":"));
    assert_true(at < end);
    buf_reset(out);
    buf_add_text(out, text_slice(text, 0, at));
    buf_add_str(out, to);
    buf_add_text(out, text_slice(text, at + strlen(from), end));
    assert_true(sha256_hex(buf_text(out), digest));
    buf_add_fmt(out, "\"digest\":\"sha256:%s\"}\n", digest);
}

static void nonsense_under_a_right_digest_is_refused(void **state)
{
    (void)state;
    static const struct {
        const char *from, *to;
        enum err err;
    } cases[] = {
        {"bounce.example.com", "bounce.example.net", OK}, /* the digest is no signature */
        {"\"lane\":1", "\"lane\":2", ERR_INPUT},
        {"\"lane\":1", "\"lane\":0", ERR_INPUT}, /* another Region than the row says */
        {"\"lane\":1", "\"lane\":1e300", ERR_INPUT},
        {"\"lane\":1", "\"lane\":-1", ERR_INPUT},
        {"\"lane\":1", "\"lane\":0.5", ERR_INPUT},
        {"\"policy\":1", "\"policy\":65536", ERR_INPUT},
        {"\"policy\":1", "\"policy\":0", ERR_INPUT}, /* another behaviour than the row says */
        {"\"file\":0", "\"file\":7", ERR_INPUT},
        {"\"outcome\":\"planned\"", "\"outcome\":\"good\"", ERR_INPUT},
        {"\"status\":\"TEMPORARY_FAILURE\"", "\"status\":\"FINE\"", ERR_INPUT},
        {"\"identity\":\"example.com\"", "\"identity\":\"\"", ERR_INPUT},
        {"\"identity\":\"example.com\"", "\"identity\":[[[[", ERR_INPUT},
        {"\"account\":0", "\"account\":1", ERR_INPUT},
        {"\"require\":\"mx\"", "\"require\":\"luck\"", ERR_INPUT},
        {"not-a-subdomain", "not-a-rule", ERR_INPUT},
        {"\"rows\":3", "\"rows\":2", ERR_INPUT},
        {"bounce.example.com", "b\xff.example.com", ERR_INPUT}, /* no UTF-8, so no JSON */
        {"\"rate\":1.5", "\"rate\":0.01", OK},
        {"\"rate\":1.5", "\"rate\":1e999", ERR_INPUT}, /* would be no pace at all */
        {"\"rate\":1.5", "\"rate\":1e-300", ERR_INPUT},
        {"\"rate\":1.5", "\"rate\":-1", ERR_INPUT},
        {"\"value\":12.5", "\"value\":100.5", ERR_INPUT},
        {"\"value\":12.5", "\"value\":0", ERR_INPUT},
        {"\"value\":12.5", "\"value\":-1", ERR_INPUT},
        {"\"value\":3,", "\"value\":1e999,", ERR_INPUT},
        {"\"value\":3,", "\"value\":-1,", OK}, /* no bound */
        {"\"value\":3,", "\"value\":-2,", ERR_INPUT},
    };
    struct read_back r;
    struct buf text = plan_text(), changed;
    buf_init(&changed, 1 << 20);
    read_init(&r);
    for (size_t i = 0; i < COUNT(cases); i++) {
        reseal(&changed, buf_text(&text), cases[i].from, cases[i].to);
        enum err err = read_text(&r, buf_text(&changed));
        if (err != cases[i].err)
            print_error("%s -> %s: %s\n", cases[i].from, cases[i].to, r.why.text);
        assert_int_equal(err, cases[i].err);
    }
    read_clear(&r);
    buf_clear(&changed);
    buf_clear(&text);
}

/* For the two below, which fail at every allocation in turn. */
static struct fleet reviewed;
static struct read_back back;

static bool work_write(void)
{
    struct buf out;
    bool ok = plan_write(&reviewed, &out);
    buf_clear(&out);
    return ok;
}

static bool work_read(void)
{
    struct why why = {""};
    enum err err = plan_read(back.path, false, &back.head, &back.counts, &back.fleet,
                             &back.verdicts, &back.arena, &why);
    assert_true(err == OK || (err == ERR_NOMEM && strstr(why.text, "out of memory")));
    fleet_clear(&back.fleet);
    arena_clear(&back.arena);
    return err == OK;
}

static void memory_that_runs_out_is_never_called_a_damaged_plan(void **state)
{
    (void)state;
    struct buf text = plan_text();
    fleet_fill(&reviewed);
    read_init(&back);
    assert_int_equal(read_text(&back, buf_text(&text)), OK);
    fleet_clear(&back.fleet);
    arena_clear(&back.arena);
    fail_every_allocation(work_write);
    fail_every_allocation(work_read);
    read_clear(&back);
    fleet_clear(&reviewed);
    buf_clear(&text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_plan_comes_back_as_it_was_reviewed),
        cmocka_unit_test(a_plan_that_was_cut_anywhere_is_refused),
        cmocka_unit_test(a_plan_with_one_changed_byte_is_refused),
        cmocka_unit_test(nonsense_under_a_right_digest_is_refused),
        cmocka_unit_test(memory_that_runs_out_is_never_called_a_damaged_plan),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
