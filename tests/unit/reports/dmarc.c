/*
 * How many pass DMARC, before and after: of rows of every action, in the sentence, in JSON and in
 * every report.
 */
#include "report_kit.h"

#include "base/bounds.h"
#include "reports/row.h"

#define WANTED TEXT("bounce.example.com")
#define OLD    TEXT("old.example.com")

/* A row as wanted, at Success, with SPF and alignment, and no DKIM. */
static struct job_row good(void)
{
    return (struct job_row){.state = JOB_DONE,
                            .outcome = OUTCOME_DONE,
                            .seen_known = true,
                            .mail_from_seen = WANTED,
                            .status_seen = MAIL_FROM_SUCCESS,
                            .mx = MX_STATUS_OK,
                            .spf = SPF_STATUS_OK,
                            .dmarc = DMARC_STATUS_OK,
                            .dkim = DKIM_FAILED};
}

static struct job_row written(enum action action, struct text before)
{
    struct job_row job = good();
    job.action = action;
    job.accepted = job.writes = 1;
    job.before_known = true;
    job.mail_from_before = before;
    return job;
}

static void before_is_told_by_what_the_run_has_done(void **state)
{
    static const struct {
        enum action action;
        struct text before;
        bool is_written;
        enum dmarc_by by;
        bool is_unlooked;
    } cases[] = {
        {ACTION_NONE, TEXT(""), false, DMARC_BY_SPF, false},
        {ACTION_SET, TEXT(""), false, DMARC_BY_SPF, false}, /* somebody else has set it */
        {ACTION_SET, TEXT(""), true, DMARC_BY_NONE, false},
        {ACTION_RESTART, WANTED, true, DMARC_BY_NONE, false},
        {ACTION_TIGHTEN, WANTED, true, DMARC_BY_SPF, false},
        {ACTION_CHANGE, WANTED, true, DMARC_BY_SPF, false}, /* only its behaviour was loosened */
        {ACTION_CHANGE, OLD, true, DMARC_BY_UNKNOWN, true},
    };
    struct kit k;
    (void)state;
    kit_init(&k, TEXT("main"), TEXT("fleet.yaml"));
    kit_add(&k, TEXT("example.com"), WANTED, good());
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct job_row job =
            cases[i].is_written ? written(cases[i].action, cases[i].before) : good();
        job.action = cases[i].action;
        struct row_dmarc d = row_dmarc_of(&k.fleet, 0, &job, OUTCOME_DONE);
        assert_int_equal(d.now.by, DMARC_BY_SPF);
        assert_int_equal(d.before, cases[i].by);
        assert_int_equal(d.before_is_unlooked, cases[i].is_unlooked);
        assert_int_equal(d.planned, DMARC_BY_SPF);
        assert_int_equal(d.finished, DMARC_BY_SPF);
    }
    kit_clear(&k);
}

static void a_cleared_name_was_not_looked_at(void **state)
{
    struct kit k;
    struct job_row job = written(ACTION_CLEAR, OLD);
    (void)state;
    kit_init(&k, TEXT("main"), TEXT("fleet.yaml"));
    kit_add(&k, TEXT("example.com"), TEXT(""), good());
    job.mail_from_seen = TEXT("");
    job.status_seen = MAIL_FROM_NONE;
    job.spf = SPF_STATUS_NONE;
    job.dmarc = DMARC_STATUS_NONE;
    struct row_dmarc d = row_dmarc_of(&k.fleet, 0, &job, OUTCOME_DONE);
    assert_int_equal(d.now.by, DMARC_BY_NONE);
    assert_int_equal(d.before, DMARC_BY_UNKNOWN);
    assert_true(d.before_is_unlooked);
    job.dkim = DKIM_SUCCESS;
    assert_int_equal(row_dmarc_of(&k.fleet, 0, &job, OUTCOME_DONE).now.by, DMARC_BY_DKIM);
    kit_clear(&k);
}

/* The default at SES, with DNS looked at for the wanted name. */
static struct job_row open_row(enum outcome outcome, enum spf_status spf, enum dkim_status dkim)
{
    struct job_row job = good();
    job.outcome = outcome;
    job.action = ACTION_SET;
    job.mail_from_seen = TEXT("");
    job.status_seen = MAIL_FROM_NONE;
    job.spf = spf;
    job.dkim = dkim;
    return job;
}

static void a_plan_tells_now_then_and_at_last(void **state)
{
    struct kit k;
    struct job_row planned = open_row(OUTCOME_PLANNED, SPF_STATUS_OK, DKIM_SUCCESS);
    struct job_row waits = open_row(OUTCOME_WAITING_DNS, SPF_STATUS_MISSING, DKIM_FAILED);
    struct job_row refused = open_row(OUTCOME_REFUSED, SPF_STATUS_OK, DKIM_FAILED);
    (void)state;
    kit_init(&k, TEXT("main"), TEXT("fleet.yaml"));
    kit_add(&k, TEXT("example.com"), WANTED, planned);
    struct row_dmarc d = row_dmarc_of(&k.fleet, 0, &planned, OUTCOME_PLANNED);
    assert_int_equal(d.now.by, DMARC_BY_DKIM);
    assert_int_equal(d.planned, DMARC_BY_BOTH);
    assert_int_equal(d.finished, DMARC_BY_BOTH);
    d = row_dmarc_of(&k.fleet, 0, &waits, OUTCOME_WAITING_DNS);
    assert_int_equal(d.now.by, DMARC_BY_NONE);
    assert_int_equal(d.planned, DMARC_BY_NONE);
    assert_int_equal(d.finished, DMARC_BY_SPF);
    k.fleet.policies[0].require = REQUIRE_MX; /* SPF is not waited for */
    d = row_dmarc_of(&k.fleet, 0, &waits, OUTCOME_WAITING_DNS);
    assert_int_equal(d.finished, DMARC_BY_NONE);
    d = row_dmarc_of(&k.fleet, 0, &refused, OUTCOME_REFUSED);
    assert_int_equal(d.finished, DMARC_BY_NONE);
    d = row_dmarc_of(&k.fleet, 0, NULL, OUTCOME_SKIPPED);
    assert_int_equal(d.finished, DMARC_BY_UNKNOWN);
    kit_clear(&k);
}

static void another_name_at_ses_is_not_known(void **state)
{
    struct kit k;
    struct job_row job = good();
    (void)state;
    kit_init(&k, TEXT("main"), TEXT("fleet.yaml"));
    kit_add(&k, TEXT("example.com"), WANTED, job);
    job.mail_from_seen = OLD;
    struct row_dmarc d = row_dmarc_of(&k.fleet, 0, &job, OUTCOME_PLANNED);
    assert_int_equal(d.now.by, DMARC_BY_UNKNOWN);
    assert_int_equal(d.planned, DMARC_BY_SPF);
    assert_true(d.now_is_unlooked);
    job.status_seen = MAIL_FROM_FAILED; /* not used by SES, whatever DNS has of it */
    assert_false(row_dmarc_of(&k.fleet, 0, &job, OUTCOME_PLANNED).now_is_unlooked);
    job.status_seen = MAIL_FROM_SUCCESS;
    job.dmarc = DMARC_STATUS_MISSING; /* nothing passes */
    assert_false(row_dmarc_of(&k.fleet, 0, &job, OUTCOME_PLANNED).now_is_unlooked);
    job.dmarc = DMARC_STATUS_OK;
    job.outcome = OUTCOME_DRIFTED;
    assert_int_equal(row_dmarc_of(&k.fleet, 0, &job, OUTCOME_DRIFTED).finished, DMARC_BY_UNKNOWN);
    kit_clear(&k);
}

/* ---- the sentence ---- */

static void add(struct dmarc_sum *sum, uint32_t count, struct row_dmarc row, enum tense tense)
{
    for (uint32_t i = 0; i < count; i++)
        dmarc_sum_add(sum, &row, IDENTITY_DOMAIN, tense);
}

static const struct row_dmarc always = {.now = {DMARC_BY_BOTH, 0},
                                        .before = DMARC_BY_BOTH,
                                        .planned = DMARC_BY_BOTH,
                                        .finished = DMARC_BY_BOTH};
static const struct row_dmarc gained = {.now = {DMARC_BY_BOTH, 0},
                                        .before = DMARC_BY_DKIM,
                                        .planned = DMARC_BY_BOTH,
                                        .finished = DMARC_BY_BOTH};
static const struct row_dmarc never = {
    .now = {DMARC_BY_NONE, DMARC_MISSING_MAIL_FROM | DMARC_MISSING_DKIM},
    .before = DMARC_BY_NONE,
    .planned = DMARC_BY_NONE,
    .finished = DMARC_BY_NONE};
static const struct row_dmarc unasked = {
    .now = {DMARC_BY_UNKNOWN, DMARC_UNKNOWN_MAIL_FROM | DMARC_UNKNOWN_DNS | DMARC_UNKNOWN_DKIM}};
static const struct row_dmarc promised = {.now = {DMARC_BY_DKIM, DMARC_MISSING_MAIL_FROM},
                                          .before = DMARC_BY_DKIM,
                                          .planned = DMARC_BY_BOTH,
                                          .finished = DMARC_BY_BOTH};
static const struct row_dmarc awaited = {.now = {DMARC_BY_DKIM, DMARC_MISSING_MAIL_FROM},
                                         .before = DMARC_BY_DKIM,
                                         .planned = DMARC_BY_DKIM,
                                         .finished = DMARC_BY_BOTH};

static void told_is(const struct dmarc_sum *sum, enum tense tense, bool is_open, const char *words)
{
    struct buf out;
    buf_init(&out, LINE_LEN_MAX);
    dmarc_sum_tell(&out, sum, tense, is_open);
    assert_text(buf_text(&out), text_of(words));
    buf_clear(&out);
}

static void a_run_tells_after_and_before(void **state)
{
    struct dmarc_sum sum = {.rows = 0};
    (void)state;
    told_is(&sum, TENSE_RUN, false, "");
    add(&sum, 3, unasked, TENSE_RUN);
    told_is(&sum, TENSE_RUN, false, "");
    add(&sum, 1, always, TENSE_RUN);
    told_is(&sum, TENSE_RUN, false,
            "1 of 4 domains passes DMARC by SPF, as before this run, 1 by DKIM, 1 by both; of 3 it "
            "is not known.");
    sum = (struct dmarc_sum){.rows = 0};
    add(&sum, 311, always, TENSE_RUN);
    add(&sum, 2101, gained, TENSE_RUN);
    add(&sum, 50, awaited, TENSE_RUN);
    add(&sum, 38, never, TENSE_RUN);
    told_is(&sum, TENSE_RUN, false,
            "2412 of 2500 domains pass DMARC by SPF after this run (before: 311), 2462 by DKIM, "
            "2412 by both, 38 by neither.");
    told_is(&sum, TENSE_RUN, true,
            "2412 of 2500 domains pass DMARC by SPF so far (before: 311), 2462 by DKIM, 2412 by "
            "both, 38 by neither. Once every open one is done, 2462 pass by SPF.");
    sum.unlooked = 7;
    told_is(&sum, TENSE_RUN, false,
            "2412 of 2500 domains pass DMARC by SPF after this run (before: 311, without 7 whose "
            "earlier MAIL FROM was not looked at), 2462 by DKIM, 2412 by both, 38 by neither.");
    sum.addresses = 1;
    sum.unlooked = 0;
    sum.dkim_known = 0;
    told_is(&sum, TENSE_RUN, false,
            "2412 of 2500 identities pass DMARC by SPF after this run (before: 311), 38 by "
            "neither.");
}

static void a_plan_tells_now_and_after(void **state)
{
    struct dmarc_sum sum = {.rows = 0};
    (void)state;
    add(&sum, 1, always, TENSE_PLAN);
    told_is(&sum, TENSE_PLAN, true,
            "1 of 1 domain passes DMARC by SPF now and after this plan. After it: 1 by DKIM, 1 by "
            "both.");
    add(&sum, 310, always, TENSE_PLAN);
    add(&sum, 2000, promised, TENSE_PLAN);
    told_is(&sum, TENSE_PLAN, true,
            "311 of 2311 domains pass DMARC by SPF now; 2311 will after this plan. After it: 2311 "
            "by DKIM, 2311 by both.");
    add(&sum, 100, awaited, TENSE_PLAN);
    add(&sum, 5, never, TENSE_PLAN);
    add(&sum, 2, unasked, TENSE_PLAN);
    told_is(&sum, TENSE_PLAN, true,
            "311 of 2418 domains pass DMARC by SPF now; 2311 will after this plan, and 2411 once "
            "DNS and SES are ready with what is waited for. After it: 2411 by DKIM, 2311 by both, "
            "5 by neither; of 2 it is not known.");
    told_is(&sum, TENSE_ROLLBACK, true,
            "311 of 2418 domains pass DMARC by SPF now; 2311 will after this rollback, and 2411 "
            "once DNS and SES are ready with what is waited for. After it: 2411 by DKIM, 2311 by "
            "both, 5 by neither; of 2 it is not known.");
}

static void a_name_that_goes_is_no_failure(void **state)
{
    struct row_dmarc goes = {.now = {DMARC_BY_DKIM, DMARC_UNKNOWN_DNS},
                             .before = DMARC_BY_DKIM,
                             .planned = DMARC_BY_DKIM,
                             .finished = DMARC_BY_DKIM,
                             .now_is_unlooked = true};
    struct dmarc_ready_facts facts = {.ses_known = true,
                                      .mail_from = OLD,
                                      .status = MAIL_FROM_SUCCESS,
                                      .dkim = DKIM_SUCCESS,
                                      .asked = WANTED,
                                      .spf = SPF_STATUS_OK,
                                      .dmarc = DMARC_STATUS_OK};
    struct dmarc_sum sum = {.rows = 0};
    struct buf out;
    (void)state;
    add(&sum, 2, goes, TENSE_PLAN);
    add(&sum, 1, promised, TENSE_PLAN);
    told_is(&sum, TENSE_PLAN, true,
            "0 of 3 domains pass DMARC by SPF now, without 2 whose earlier MAIL FROM was not "
            "looked at; 1 will after this plan. After it: 3 by DKIM, 1 by both.");
    sum = (struct dmarc_sum){.rows = 0};
    add(&sum, 2, goes, TENSE_PLAN);
    told_is(&sum, TENSE_PLAN, true,
            "0 of 2 domains pass DMARC by SPF now, without 2 whose earlier MAIL FROM was not "
            "looked at; 0 will after this plan. After it: 2 by DKIM, 0 by both.");
    sum = (struct dmarc_sum){.rows = 0};
    dmarc_sum_see(&sum, &facts, IDENTITY_DOMAIN);
    facts.mail_from = WANTED;
    dmarc_sum_see(&sum, &facts, IDENTITY_DOMAIN);
    buf_init(&out, LINE_LEN_MAX);
    dmarc_seen_tell(&out, &sum);
    assert_text(buf_text(&out), TEXT("1 of 2 domains passes DMARC by SPF, without 1 whose earlier "
                                     "MAIL FROM was not looked at, 2 by DKIM, 1 by both."));
    buf_clear(&out);
}

/* As of a row whose name at SES another operator has set: DNS was not asked. */
static void dkim_without_a_known_record_is_counted_as_not_known(void **state)
{
    struct kit k;
    struct job_row job = good();
    struct dmarc_sum sum = {.rows = 0};
    (void)state;
    kit_init(&k, TEXT("main"), TEXT("fleet.yaml"));
    kit_add(&k, TEXT("example.com"), WANTED, job);
    job.outcome = OUTCOME_DRIFTED;
    job.mail_from_seen = TEXT("");
    job.status_seen = MAIL_FROM_NONE;
    job.spf = SPF_STATUS_NONE;
    job.dmarc = DMARC_STATUS_NONE;
    job.dkim = DKIM_SUCCESS;
    struct row_dmarc drifted = row_dmarc_of(&k.fleet, 0, &job, OUTCOME_DRIFTED);
    assert_true(drifted.now.lack & DMARC_UNKNOWN_DNS);
    add(&sum, 8, drifted, TENSE_RUN);
    add(&sum, 102, never, TENSE_RUN);
    told_is(&sum, TENSE_RUN, false,
            "0 of 110 domains pass DMARC by SPF, as before this run, 0 by DKIM, 0 by both, 102 by "
            "neither; of 8 it is not known.");
    job.dmarc = DMARC_STATUS_OK;
    drifted = row_dmarc_of(&k.fleet, 0, &job, OUTCOME_DRIFTED);
    add(&sum, 1, drifted, TENSE_RUN);
    told_is(&sum, TENSE_RUN, false,
            "0 of 111 domains pass DMARC by SPF, as before this run, 1 by DKIM, 0 by both, 102 by "
            "neither; of 8 it is not known.");
    kit_clear(&k);
}

static void what_dns_does_not_say_is_no_failure(void **state)
{
    const struct row_dmarc silent = {.now = {DMARC_BY_DKIM, DMARC_UNKNOWN_DNS},
                                     .before = DMARC_BY_DKIM,
                                     .planned = DMARC_BY_DKIM,
                                     .finished = DMARC_BY_DKIM};
    const struct row_dmarc dark = {
        .now = {DMARC_BY_UNKNOWN, DMARC_UNKNOWN_DNS | DMARC_MISSING_DKIM}};
    struct row_dmarc decided = silent;
    struct dmarc_sum sum = {.rows = 0};
    struct buf out;
    (void)state;
    add(&sum, 1, silent, TENSE_RUN);
    add(&sum, 1, dark, TENSE_RUN);
    told_is(&sum, TENSE_RUN, false,
            "0 of 2 domains pass DMARC by SPF, as before this run, without 2 of which DNS gave no "
            "verdict, 1 by DKIM, 0 by both; of 1 it is not known.");
    add(&sum, 1, gained, TENSE_RUN);
    told_is(&sum, TENSE_RUN, false,
            "1 of 3 domains passes DMARC by SPF after this run, without 2 of which DNS gave no "
            "verdict (before: 0), 2 by DKIM, 1 by both; of 1 it is not known.");
    decided.now.lack |= DMARC_MISSING_MAIL_FROM; /* whatever DNS has */
    assert_false(row_dmarc_is_silent(&decided));
    decided = silent;
    decided.now_is_unlooked = true; /* told in other words */
    assert_false(row_dmarc_is_silent(&decided));
    sum = (struct dmarc_sum){.rows = 0};
    add(&sum, 1, silent, TENSE_PLAN);
    told_is(&sum, TENSE_PLAN, true,
            "0 of 1 domain passes DMARC by SPF now and after this plan, without 1 of which DNS "
            "gave no verdict. After it: 1 by DKIM, 0 by both.");
    buf_init(&out, LINE_LEN_MAX);
    dmarc_seen_tell(&out, &sum);
    assert_text(buf_text(&out),
                TEXT("0 of 1 domain passes DMARC by SPF, without 1 of which DNS gave "
                     "no verdict, 1 by DKIM, 0 by both."));
    buf_clear(&out);
}

/* ---- the reports ---- */

static void fleet_fill(struct kit *k)
{
    struct job_row by_dkim = open_row(OUTCOME_REFUSED, SPF_STATUS_MISSING, DKIM_SUCCESS);
    struct job_row both = written(ACTION_SET, TEXT(""));
    both.dkim = DKIM_SUCCESS;
    kit_init(k, TEXT("main"), TEXT("fleet.yaml"));
    kit_add(k, TEXT("example.com"), WANTED, both);
    kit_add(k, TEXT("example.org"), WANTED, good());
    kit_add(k, TEXT("example.net"), WANTED, by_dkim);
    kit_add(k, TEXT("kim@example.com"), WANTED,
            open_row(OUTCOME_REFUSED, SPF_STATUS_OK, DKIM_PENDING));
    kit_add(k, TEXT("never.example"), WANTED, (struct job_row){.calls = KIT_NO_RECORD});
}

static void every_report_has_the_columns_and_the_sentence(void **state)
{
    struct kit k;
    (void)state;
    fleet_fill(&k);
    kit_python("import csv,sys\n"
               "rows=list(csv.DictReader(open(sys.argv[1],newline=''),strict=True))\n"
               "assert [(r['dkim'],r['dmarc_ready']) for r in rows]==[\n"
               "  ('SUCCESS','both'),('FAILED','spf, missing dkim'),\n"
               "  ('SUCCESS','dkim, missing mail-from spf'),\n"
               "  ('PENDING','none, missing mail-from dkim'),\n"
               "  ('','unknown, not known mail-from dns dkim')], rows\n",
               kit_write(&k, "csv"));
    kit_python(
        "import json,sys\n"
        "j=json.load(open(sys.argv[1]))\n"
        "try:\n"
        "    import jsonschema\n"
        "    s=json.load(open(sys.argv[2]+'/docs/report.schema.json'))\n"
        "    jsonschema.Draft202012Validator(s).validate(j)\n"
        "except ImportError: print('jsonschema is not there')\n"
        "d=j['summary']['dmarc']\n"
        "text=d.pop('text')\n"
        "assert text=='2 of 5 identities pass DMARC by SPF so far (before: 1), 2 by DKIM, 1 by "
        "both, 1 by neither; of 1 it is not known.', text\n"
        "assert d=={'identities':5,'by_spf_before':1,'by_spf_after':2,'by_spf_finished':2,\n"
        "  'before_not_looked_at':0,'by_dkim':2,'by_both':1,'none':1,'unknown':1,\n"
        "  'missing':{'dmarc-record':0,'mail-from':2,'spf':1,'alignment':0,'dkim':2},\n"
        "  'not_known':{'mail-from':1,'dns':1,'dkim':1}}, d\n",
        kit_write(&k, "json"));
    const char *formats[] = {"html", "markdown", "junit"};
    for (size_t i = 0; i < COUNT(formats); i++)
        kit_python(
            "import sys\n"
            "text=open(sys.argv[1]).read()\n"
            "assert '2 of 5 identities pass DMARC by SPF so far (before: 1)' in text, text\n",
            kit_write(&k, formats[i]));
    kit_clear(&k);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(before_is_told_by_what_the_run_has_done),
        cmocka_unit_test(a_cleared_name_was_not_looked_at),
        cmocka_unit_test(a_plan_tells_now_then_and_at_last),
        cmocka_unit_test(another_name_at_ses_is_not_known),
        cmocka_unit_test(a_run_tells_after_and_before),
        cmocka_unit_test(a_plan_tells_now_and_after),
        cmocka_unit_test(a_name_that_goes_is_no_failure),
        cmocka_unit_test(dkim_without_a_known_record_is_counted_as_not_known),
        cmocka_unit_test(what_dns_does_not_say_is_no_failure),
        cmocka_unit_test(every_report_has_the_columns_and_the_sentence),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
