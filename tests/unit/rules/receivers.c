/*
 * Judgement of what receivers make of a MAIL FROM: SPF as a survey has followed it, DMARC by both
 * rules. The zones are on paper; every case ends in a word, in findings and in whether a write may
 * go out.
 */
#include "unit.h"

#include "told_notes.h"

#include "base/dname.h"
#include "paper_zone.h"
#include "rules/judge.h"

#define NAME    "bounce.example.com"
#define SES_SPF "v=spf1 ip4:54.240.0.0/18 -all"

struct world {
    struct paper_zone zone;
    struct fleet fleet;
    struct judgement judgement;
    struct told_notes told;
    enum mx_status mx;
    enum spf_status spf;
    enum dmarc_status dmarc;
};

static void fleet_of(struct fleet *f, struct policy policy)
{
    struct account account = {0};
    struct choice choice = {0};
    name_id region;
    uint16_t index;
    uint32_t row;
    fleet_init(f);
    assert_true(names_init(&f->names, 1 << 20));
    assert_true(names_add(&f->names, TEXT("main"), &account.name));
    assert_true(names_add(&f->names, TEXT("us-east-1"), &region));
    assert_true(names_add(&f->names, TEXT("example.com"), &choice.identity));
    assert_true(names_add(&f->names, TEXT(NAME), &choice.mail_from));
    assert_true(fleet_account(f, account, &index));
    assert_true(fleet_lane(f, index, region, &choice.lane));
    assert_true(fleet_policy(f, policy, &choice.policy));
    assert_true(fleet_choice(f, choice, &row));
}

static void world_init(struct world *w, struct policy policy)
{
    memset(w, 0, sizeof *w);
    paper_zone_init(&w->zone);
    paper_zone_add(&w->zone, TEXT("amazonses.com"), TEXT("TXT"), TEXT(SES_SPF));
    fleet_of(&w->fleet, policy);
    told_init(&w->told, &w->judgement);
}

static void world_clear(struct world *w)
{
    paper_zone_clear(&w->zone);
    fleet_clear(&w->fleet);
    told_clear(&w->told);
}

/* "name TYPE value", one per line. */
static void world_publish(struct world *w, const char *records)
{
    struct text rest = text_of(records);
    while (rest.at) {
        struct text line = text_trim(text_cut(&rest, '\n'));
        if (line.len == 0)
            continue;
        struct text name = text_cut(&line, ' '), type = text_cut(&line, ' ');
        paper_zone_add(&w->zone, name, type, line);
    }
}

static void survey_run(struct world *w, struct spf_survey *survey)
{
    struct dns_question question;
    struct dns_reply reply;
    uint32_t number;
    while (spf_survey_next(survey, &question, &number)) {
        paper_zone_answer(&w->zone, &question, &reply);
        spf_survey_reply(survey, number, &reply);
    }
}

/* The part of the scheduler: presence by the facts, then the survey's judgement. */
static void world_judge_spf(struct world *w, const char *record)
{
    struct text txt = text_of(record);
    struct mx_fact mx = {10, TEXT("feedback-smtp.us-east-1.amazonses.com")};
    struct dns_facts facts = {.mx_state = DNS_FOUND,
                              .mx = &mx,
                              .mx_len = 1,
                              .txt_state = DNS_FOUND,
                              .txt = &txt,
                              .txt_len = 1};
    struct spf_survey survey;
    paper_zone_add(&w->zone, TEXT(NAME), TEXT("TXT"), txt);
    judge_dns(&w->judgement, &w->fleet, 0, &facts, &w->mx, &w->spf);
    spf_survey_init(&survey);
    spf_survey_start(&survey, TEXT(NAME));
    survey_run(w, &survey);
    if (spf_survey_wants_ses(&survey)) {
        struct spf_survey ses;
        spf_survey_init(&ses);
        spf_survey_start(&ses, TEXT("amazonses.com"));
        survey_run(w, &ses);
        spf_survey_take_ses(&survey, &ses);
        spf_survey_clear(&ses);
    }
    judge_spf(&w->judgement, &w->fleet, 0, &survey, &w->spf);
    spf_survey_clear(&survey);
}

static struct text organizational_domain(void *ctx, struct text name)
{
    (void)ctx;
    return dname_tail(name, 2);
}

static void world_judge_dmarc(struct world *w)
{
    struct dmarc_survey survey;
    struct dns_question question;
    struct dns_reply reply;
    uint32_t number;
    dmarc_survey_init(&survey);
    dmarc_survey_start(&survey, TEXT("example.com"), TEXT(NAME), organizational_domain, NULL);
    while (dmarc_survey_next(&survey, &question, &number)) {
        paper_zone_answer(&w->zone, &question, &reply);
        dmarc_survey_reply(&survey, number, &reply);
    }
    judge_dmarc(&w->judgement, &w->fleet, 0, &survey, &w->dmarc);
    dmarc_survey_clear(&survey);
}

static finding_set set_of(const char *names)
{
    finding_set set = 0;
    struct text rest = text_of(names);
    while (rest.at && rest.len) {
        enum finding finding;
        assert_true(finding_parse(text_cut(&rest, ' '), &finding));
        set |= FINDING_BIT(finding);
    }
    return set;
}

static void world_check(struct world *w, const char *title, struct text word, const char *want_word,
                        const char *findings, const char *says)
{
    struct text told = told_text(&w->told, &w->judgement);
    if (!text_eq(word, text_of(want_word)))
        fail_msg("%s: '" TEXT_FMT "', want '%s': " TEXT_FMT, title, TEXT_ARG(word), want_word,
                 TEXT_ARG(told));
    if (w->judgement.found != set_of(findings))
        fail_msg("%s: want findings '%s', got " TEXT_FMT, title, findings, TEXT_ARG(told));
    if (*says && text_find_text(told, text_of(says)) == told.len)
        fail_msg("%s: '%s' is not in " TEXT_FMT, title, says, TEXT_ARG(told));
}

#define ELEVEN_INCLUDES                                                                            \
    "v=spf1 include:i.test include:i.test include:i.test include:i.test include:i.test "           \
    "include:i.test include:i.test include:i.test include:i.test include:i.test "                  \
    "include:amazonses.com ~all"

static const struct spf_row {
    const char *title, *record, *others, *word, *findings, *says;
} spf_rows[] = {
    {"the record that SES asks for", "v=spf1 include:amazonses.com ~all", "", "ok", "", ""},
    {"SES by way of another record", "v=spf1 include:spf.example.com -all",
     "spf.example.com TXT v=spf1 include:amazonses.com -all", "ok", "", ""},
    {"SES by way of a redirect", "v=spf1 redirect=spf.example.com",
     "spf.example.com TXT v=spf1 include:amazonses.com -all", "ok", "", ""},
    {"a record without SES", "v=spf1 ip4:192.0.2.1 -all", "", "without-ses", "spf-without-ses",
     "Add include:amazonses.com"},
    {"an include that nobody comes to", "v=spf1 -all include:amazonses.com", "", "without-ses",
     "spf-without-ses", "does not come to include:amazonses.com"},
    {"another record without SES", "v=spf1 include:spf.example.com -all",
     "spf.example.com TXT v=spf1 ip4:192.0.2.1 -all", "without-ses", "spf-without-ses", ""},
    {"a slip of the pen behind SES", "v=spf1 include:amazonses.com ipv4:192.0.2.1 ~all", "",
     "syntax", "spf-syntax", "ipv4:192.0.2.1"},
    {"a slip of the pen without SES", "v=spf1 ipv4:192.0.2.1 ~all", "", "syntax",
     "spf-syntax spf-without-ses", "permanent error"},
    {"an include without a record", "v=spf1 include:amazonses.com include:gone.test ~all", "",
     "syntax", "spf-syntax", "gone.test"},
    {"a resolver that shows SES's own record broken", "v=spf1 include:amazonses.com ~all",
     "amazonses.com TXT v=spf1 include:amazonses.com ~all", "ok", "", ""},
    {"hostile bytes in a slip", "v=spf1 include:amazonses.com \033]0;x\007 ~all", "", "syntax",
     "spf-syntax", "byte 0x1b is not allowed"},
    {"eleven look-ups", ELEVEN_INCLUDES, "i.test TXT v=spf1 ip4:192.0.2.1", "lookups",
     "spf-lookups", "needs 11 DNS lookups"},
    {"three look-ups of nothing", "v=spf1 a:x.test a:y.test a:z.test include:amazonses.com ~all",
     "", "void-lookups", "spf-void-lookups", "3 void lookups"},
    {"two look-ups of nothing", "v=spf1 a:x.test a:y.test include:amazonses.com ~all", "", "ok", "",
     ""},
    {"a resolver that does not answer", "v=spf1 include:amazonses.com include:slow.test ~all",
     "slow.test SERVFAIL", "ok", "", ""},
    {"SES's own record does not answer", "v=spf1 include:amazonses.com ~all",
     "amazonses.com SERVFAIL", "ok", "", ""},
    {"nobody knows whether it leads to SES", "v=spf1 include:slow.test include:x.test ~all",
     "slow.test TIMEOUT\nx.test TXT v=spf1 -all", "trouble", "dns-trouble",
     "DNS does not say whether the SPF record of " NAME " authorizes Amazon SES: slow.test (TXT)"},
};

/* Findings that hold up nothing: the record is good, or as good as it gets. */
static const struct spf_row advice_rows[] = {
    {"trouble in front of SES", "v=spf1 include:slow.test include:amazonses.com ~all",
     "slow.test TIMEOUT", "ok", "dns-trouble",
     "receivers come to it before they come to Amazon SES"},
    {"trouble in front of SES, by an include", "v=spf1 a:slow.test include:spf.example.com ~all",
     "slow.test TIMEOUT\nspf.example.com TXT v=spf1 include:amazonses.com -all", "ok",
     "dns-trouble", "slow.test (A)"},
    {"everybody", "v=spf1 +all", "", "ok", "spf-passes-all", "lets every address pass"},
    {"everybody, by a forgotten sign", "v=spf1 include:amazonses.com all", "", "ok",
     "spf-passes-all", "(+all, or what means the same)"},
    {"everybody, by an include", "v=spf1 include:x.test ~all", "x.test TXT v=spf1 +all", "ok",
     "spf-passes-all", "every address"},
    {"everybody, by a redirect", "v=spf1 redirect=x.test", "x.test TXT v=spf1 all", "ok",
     "spf-passes-all", "every address"},
    {"everybody, by a name that exists", "v=spf1 exists:x.test include:amazonses.com ~all",
     "x.test A 192.0.2.1", "ok", "spf-passes-all", "every address"},
    {"everybody in two halves", "v=spf1 ip4:0.0.0.0/1 ip4:128.0.0.0/1 ~all", "", "ok",
     "spf-passes-all", "networks wider than those of one sender"},
    {"everybody around an address", "v=spf1 a:x.test/0 ~all", "x.test A 192.0.2.1", "ok",
     "spf-passes-all", "wider"},
    {"everybody of IPv6", "v=spf1 ip6:::/0 include:amazonses.com ~all", "", "ok", "spf-passes-all",
     "wider"},
    {"more than two /8", "v=spf1 ip4:17.0.0.0/7 ip4:19.0.0.0/32 include:amazonses.com ~all", "",
     "ok", "spf-passes-all", "wider"},
    {"a /8 is one owner's", "v=spf1 ip4:17.0.0.0/8 ip4:17.1.0.0/16 include:amazonses.com ~all", "",
     "ok", "", ""},
    {"a /16 of IPv6 too", "v=spf1 ip6:2620::/16 include:amazonses.com ~all", "", "ok", "", ""},
    {"everybody is neutral", "v=spf1 include:amazonses.com ?all", "", "ok", "", ""},
    {"everybody of an include that denies", "v=spf1 -include:x.test include:amazonses.com ~all",
     "x.test TXT v=spf1 +all", "ok", "", ""},
    {"the networks of SES", "v=spf1 ip4:54.240.0.0/18 -all", "", "ok", "spf-flattened",
     "holds the networks of Amazon SES themselves"},
    {"wider than the networks of SES", "v=spf1 ip4:54.240.0.0/17 ip4:192.0.2.1 -all", "", "ok",
     "spf-flattened", ""},
    {"the networks of SES in halves", "v=spf1 ip4:54.240.32.0/19 ip4:54.240.0.0/19 -all", "", "ok",
     "spf-flattened", ""},
    {"the networks of SES, by a service", "v=spf1 include:flat.test -all",
     "flat.test TXT v=spf1 ip4:54.240.0.0/18 -all", "ok", "spf-flattened", ""},
    {"ptr", "v=spf1 include:amazonses.com ptr ~all", "", "ok", "spf-ptr",
     "the SPF record of " NAME " uses ptr"},
    {"ptr of an include", "v=spf1 include:amazonses.com include:x.test ~all",
     "x.test TXT v=spf1 ptr:x.test -all", "ok", "spf-ptr", "by way of x.test uses ptr"},
    {"the macro of ptr", "v=spf1 include:amazonses.com exists:%{p}.x.test ~all", "", "ok",
     "spf-ptr", ""},
};

static void advice_holds_up_nothing(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(advice_rows); i++) {
        const struct spf_row *row = &advice_rows[i];
        struct world w;
        world_init(&w, (struct policy){0});
        world_publish(&w, row->others);
        world_judge_spf(&w, row->record);
        world_check(&w, row->title, text_of(spf_status_name(w.spf)), row->word, row->findings,
                    row->says);
        assert_int_equal(w.judgement.waits | w.judgement.errors, 0);
        assert_true(judge_dns_ready(fleet_policy_of(&w.fleet, 0), w.mx, w.spf));
        world_clear(&w);
    }
}

/* The record at the bound and one octet over it. */
static void a_long_record_is_told(void **state)
{
    static const char start[] = "v=spf1 include:amazonses.com ";
    char record[512];
    (void)state;
    for (int over = 0; over < 2; over++) {
        struct world w;
        size_t len = sizeof start - 1;
        memcpy(record, start, len);
        while (len < 450 - 4 + (size_t)over)
            record[len++] = ' ';
        memcpy(record + len, "~all", 5);
        world_init(&w, (struct policy){0});
        world_judge_spf(&w, record);
        world_check(&w, "a long record", text_of(spf_status_name(w.spf)), "ok",
                    over ? "spf-long" : "", over ? "has 451 octets" : "");
        world_clear(&w);
    }
}

/* A copy that lacks a network is stale already. */
static void a_stale_copy_of_ses_is_told(void **state)
{
    struct world w;
    (void)state;
    world_init(&w, (struct policy){0});
    paper_zone_clear(&w.zone);
    paper_zone_init(&w.zone);
    world_publish(&w, "amazonses.com TXT v=spf1 ip4:54.240.0.0/18 ip4:69.169.224.0/20 -all");
    world_judge_spf(&w, "v=spf1 ip4:54.240.0.0/18 -all");
    world_check(&w, "a stale copy", text_of(spf_status_name(w.spf)), "without-ses",
                "spf-without-ses", "but not all: 69.169.224.0/20 is missing");
    assert_false(judge_dns_ready(fleet_policy_of(&w.fleet, 0), w.mx, w.spf));
    world_clear(&w);
}

/* A resolver that says nothing of SES's networks gives no verdict on a copy of them. */
static void a_copy_without_the_original_authorizes_nobody(void **state)
{
    struct world w;
    (void)state;
    world_init(&w, (struct policy){0});
    paper_zone_clear(&w.zone);
    paper_zone_init(&w.zone);
    world_publish(&w, "amazonses.com SERVFAIL");
    world_judge_spf(&w, "v=spf1 ip4:54.240.0.0/18 -all");
    world_check(&w, "no original", text_of(spf_status_name(w.spf)), "without-ses",
                "spf-without-ses", "");
    world_clear(&w);
}

static void receivers_read_the_record_to_its_end(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(spf_rows); i++) {
        const struct spf_row *row = &spf_rows[i];
        struct world w;
        world_init(&w, (struct policy){0});
        world_publish(&w, row->others);
        world_judge_spf(&w, row->record);
        world_check(&w, row->title, text_of(spf_status_name(w.spf)), row->word, row->findings,
                    row->says);
        assert_int_equal(w.judgement.waits, w.judgement.found);
        assert_int_equal(w.judgement.first_error[0] != '\0', w.judgement.waits != 0);
        if (judge_dns_ready(fleet_policy_of(&w.fleet, 0), w.mx, w.spf) != !*row->findings)
            fail_msg("%s: readiness does not follow the findings", row->title);
        world_clear(&w);
    }
}

static void spf_waits_only_where_it_is_required(void **state)
{
    struct world w;
    (void)state;
    world_init(&w, (struct policy){.require = REQUIRE_MX});
    world_judge_spf(&w, ELEVEN_INCLUDES);
    assert_true(w.judgement.found & FINDING_BIT(SPF_SYNTAX)); /* i.test has no record here */
    assert_int_equal(w.judgement.waits | w.judgement.errors, 0);
    assert_true(judge_dns_ready(fleet_policy_of(&w.fleet, 0), w.mx, w.spf));
    world_clear(&w);
}

static void an_accepted_fault_does_not_hide_another(void **state)
{
    static const char record[] =
        "v=spf1 a:x.test a:y.test a:z.test a:w.test a:v.test a:u.test a:t.test a:s.test a:r.test "
        "a:q.test include:amazonses.com ~all";
    struct world w;
    (void)state;
    world_init(&w, (struct policy){.accept = FINDING_BIT(SPF_LOOKUPS)});
    world_judge_spf(&w, record);
    world_check(&w, "one accepted", text_of(spf_status_name(w.spf)), "void-lookups",
                "spf-lookups spf-void-lookups", "");
    assert_false(judge_dns_ready(fleet_policy_of(&w.fleet, 0), w.mx, w.spf));
    world_clear(&w);
    world_init(&w,
               (struct policy){.accept = FINDING_BIT(SPF_LOOKUPS) | FINDING_BIT(SPF_VOID_LOOKUPS)});
    world_judge_spf(&w, record);
    assert_int_equal(w.spf, SPF_STATUS_LOOKUPS);
    assert_true(judge_dns_ready(fleet_policy_of(&w.fleet, 0), w.mx, w.spf));
    world_clear(&w);
}

static void a_withdrawn_finding_leaves_the_others_whole(void **state)
{
    static const enum finding kept[] = {MX_MISSING, SPF_WITHOUT_SES, DNS_TROUBLE};
    (void)state;
    for (size_t gone = 0; gone < COUNT(kept); gone++) {
        struct told_notes told, want;
        struct judgement j = {0}, others = {0};
        told_init(&told, &j);
        told_init(&want, &others);
        for (size_t i = 0; i < COUNT(kept); i++) {
            judge_finding(&j, NULL, kept[i], SEVERITY_WAIT, "sentence %zu", i);
            if (i != gone)
                judge_finding(&others, NULL, kept[i], SEVERITY_WAIT, "sentence %zu", i);
        }
        judge_withdraw(&j, kept[gone]);
        judge_withdraw(&j, SEVERAL_MX); /* was never made */
        assert_text(told_text(&told, &j), told_text(&want, &others));
        assert_int_equal(j.found, others.found);
        assert_int_equal(j.waits, others.waits);
        assert_string_equal(j.first_error, others.first_error);
        told_clear(&told);
        told_clear(&want);
    }
}

static const struct dmarc_row {
    const char *title, *records, *word, *findings, *says;
} dmarc_rows[] = {
    {"a relaxed record", "_dmarc.example.com TXT v=DMARC1; p=reject", "ok", "", ""},
    {"no record at all", "", "missing", "dmarc-missing", "applies to example.com"},
    {"strict SPF", "_dmarc.example.com TXT v=DMARC1; p=reject; aspf=s", "strict",
     "dmarc-strict-spf",
     "_dmarc.example.com has aspf=s: SPF of " NAME " can never align with example.com"},
    {"a cut at the MAIL FROM",
     "_dmarc.example.com TXT v=DMARC1; p=none\n_dmarc." NAME " TXT v=DMARC1; p=none; psd=n",
     "differs", "dmarc-verdicts-differ",
     "RFC 9989 says not aligned (organizational domains " NAME
     " and example.com), RFC 7489 says aligned (example.com and example.com)"},
    {"two records",
     "_dmarc.example.com TXT v=DMARC1; p=reject\n_dmarc.example.com TXT v=DMARC1; p=none",
     "several", "record-near-miss",
     "_dmarc.example.com has 2 DMARC records, and receivers then ignore all of them: \"v=DMARC1; "
     "p=reject\" and \"v=DMARC1; p=none\". Keep one"},
    {"a version in small letters", "_dmarc.example.com TXT v=dmarc1; p=reject", "missing",
     "record-near-miss",
     "the TXT record at _dmarc.example.com is meant as a DMARC record and misses: \"v=dmarc1; "
     "p=reject\": the version is DMARC1 in capital letters. Publish TXT \"v=DMARC1; p=reject\" "
     "instead"},
    {"a record that does not apply", "_dmarc.example.com TXT v=DMARC1; p=rejct", "missing",
     "record-near-miss", "p=rejct is no policy, so receivers ignore the record"},
    {"a policy that is read as none", "_dmarc.example.com TXT v=DMARC1; p=rejct; rua=mailto:a@b.c",
     "ok", "record-near-miss", "p=rejct is no policy, so receivers read p=none"},
    {"a mode of alignment that is read as r",
     "_dmarc.example.com TXT v=DMARC1; p=none; aspf=strict", "ok", "record-near-miss",
     "aspf=strict is neither s nor r, so receivers read r, and SPF of a MAIL FROM aligns under r "
     "only. Publish TXT \"v=DMARC1; p=none; aspf=r\" instead"},
    {"a server above a near miss that does not answer",
     "_dmarc.example.com TXT v=dmarc1; p=rejected; aspf=s\n_dmarc.com SERVFAIL", "trouble",
     "dns-trouble record-near-miss",
     "the version is DMARC1 in capital letters. Publish TXT \"v=DMARC1; p=reject; "
     "aspf=s\" instead"},
    {"a server that does not answer", "_dmarc.example.com SERVFAIL", "trouble", "dns-trouble",
     "no verdict on DMARC of example.com: resolver: _dmarc.example.com: SERVFAIL"},
    {"a server above that does not answer",
     "_dmarc.example.com TXT v=DMARC1; p=none; aspf=s\n_dmarc.com SERVFAIL", "strict",
     "dmarc-strict-spf", "_dmarc.example.com has aspf=s"},
};

static void both_rules_of_dmarc_are_asked(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(dmarc_rows); i++) {
        const struct dmarc_row *row = &dmarc_rows[i];
        struct world w;
        world_init(&w, (struct policy){0});
        world_publish(&w, row->records);
        world_judge_dmarc(&w);
        world_check(&w, row->title, text_of(dmarc_status_name(w.dmarc)), row->word, row->findings,
                    row->says);
        assert_int_equal(w.judgement.waits | w.judgement.errors, 0);
        world_clear(&w);
    }
}

/* A record at a wrong name is told with the name that receivers look at. */
static void dmarc_at_a_wrong_name_is_told(void **state)
{
    (void)state;
    static const struct {
        enum dmarc_elsewhere elsewhere;
        struct text place;
        const char *says;
    } rows[] = {
        {DMARC_AT_MAIL_FROM, TEXT(NAME),
         "of example.com stands at the MAIL FROM name " NAME
         ": \"v=DMARC1; p=reject\". Receivers look "
         "at _dmarc.example.com alone: publish it there instead"},
        {DMARC_AT_APEX, TEXT("example.com"),
         "of example.com stands at the domain itself: \"v=DMARC1; p=reject\""},
        {DMARC_AT_DOUBLED, TEXT("_dmarc.example.com.example.com"),
         "stands at the doubled name _dmarc.example.com.example.com: "},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct dmarc_survey survey = {.done = true, .certain = true};
        struct text txt = TEXT("v=DMARC1; p=reject");
        struct world w;
        world_init(&w, (struct policy){0});
        arena_init(&survey.arena, 1 << 16);
        dmarc_survey_take_elsewhere(&survey, rows[i].elsewhere, rows[i].place, &txt, 1);
        judge_dmarc(&w.judgement, &w.fleet, 0, &survey, &w.dmarc);
        world_check(&w, "elsewhere", text_of(dmarc_status_name(w.dmarc)), "missing",
                    "record-near-miss", rows[i].says);
        arena_clear(&survey.arena);
        world_clear(&w);
    }
}

/* Below one identity RFC 7489 always aligns, so this needs a survey of its own making. */
static void names_of_different_organizations_are_not_aligned(void **state)
{
    struct dmarc_verdict apart = {.has_record = true,
                                  .record_domain = TEXT("example.com"),
                                  .from_organizational_domain = TEXT("example.com"),
                                  .mail_from_organizational_domain = TEXT(NAME)};
    struct dmarc_survey survey = {
        .done = true, .certain = true, .rfc9989 = apart, .rfc7489 = apart};
    struct world w;
    (void)state;
    world_init(&w, (struct policy){0});
    judge_dmarc(&w.judgement, &w.fleet, 0, &survey, &w.dmarc);
    world_check(&w, "apart", text_of(dmarc_status_name(w.dmarc)), "not-aligned",
                "dmarc-not-aligned",
                NAME " and example.com by RFC 9989, " NAME " and example.com by RFC 7489");
    world_clear(&w);
}

/* Whether DNSSEC holds up a write: where whoever validates does not see what the policy wants. */
static void broken_dnssec_waits_where_its_record_is_required(void **state)
{
    (void)state;
    static const struct {
        bool zone, mx, txt, ses_waits, accepted;
        enum dns_require require;
        const char *told; /* the start; empty: nothing */
        bool ready;
    } rows[] = {
        {false, false, false, false, false, REQUIRE_MX_SPF, "", true},
        {true, false, false, false, false, REQUIRE_MX_SPF,
         "dnssec-bogus wait: DNSSEC is broken for the zone of " NAME ": ", false},
        {false, true, true, false, false, REQUIRE_MX_SPF,
         "dnssec-bogus wait: DNSSEC is broken for MX and TXT of " NAME ": ", false},
        {false, true, false, false, false, REQUIRE_MX_SPF,
         "dnssec-bogus wait: DNSSEC is broken for the MX of " NAME ": ", false},
        {false, false, true, false, false, REQUIRE_MX_SPF,
         "dnssec-bogus wait: DNSSEC is broken for the TXT of " NAME ": ", false},
        {false, true, false, false, false, REQUIRE_MX, "dnssec-bogus wait: ", false},
        {false, false, true, false, false, REQUIRE_MX, "dnssec-bogus warning: ", true},
        {true, false, false, false, false, REQUIRE_MX, "dnssec-bogus wait: ", false},
        {false, true, true, false, false, REQUIRE_NONE, "dnssec-bogus warning: ", true},
        {true, false, false, true, false, REQUIRE_NONE, "dnssec-bogus wait: ", false},
        {false, false, true, true, false, REQUIRE_NONE, "dnssec-bogus warning: ", true},
        {true, true, true, false, true, REQUIRE_MX_SPF, "dnssec-bogus wait (accepted): ", true},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct policy policy = {.require = rows[i].require,
                                .accept = rows[i].accepted ? FINDING_BIT(DNSSEC_BOGUS) : 0};
        const struct dnssec_view unseen = {.zone = rows[i].zone ? TEXT("example.com") : TEXT_NONE,
                                           .mx = rows[i].mx,
                                           .txt = rows[i].txt};
        struct world w;
        world_init(&w, policy);
        w.judgement.ses_waits = rows[i].ses_waits;
        judge_dnssec(&w.judgement, &policy, TEXT(NAME), &unseen);
        struct text told = told_text(&w.told, &w.judgement);
        bool as_wanted = rows[i].told[0] ? text_starts(told, text_of(rows[i].told)) : !told.len;
        bool ready = judge_ready(&w.judgement, &policy, MX_STATUS_OK, SPF_STATUS_OK);
        if (!as_wanted || ready != rows[i].ready)
            fail_msg("row %zu: ready %d, \"" TEXT_FMT "\"", i, ready, TEXT_ARG(told));
        world_clear(&w);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(receivers_read_the_record_to_its_end),
        cmocka_unit_test(advice_holds_up_nothing),
        cmocka_unit_test(a_long_record_is_told),
        cmocka_unit_test(a_stale_copy_of_ses_is_told),
        cmocka_unit_test(a_copy_without_the_original_authorizes_nobody),
        cmocka_unit_test(spf_waits_only_where_it_is_required),
        cmocka_unit_test(an_accepted_fault_does_not_hide_another),
        cmocka_unit_test(a_withdrawn_finding_leaves_the_others_whole),
        cmocka_unit_test(both_rules_of_dmarc_are_asked),
        cmocka_unit_test(dmarc_at_a_wrong_name_is_told),
        cmocka_unit_test(names_of_different_organizations_are_not_aligned),
        cmocka_unit_test(broken_dnssec_waits_where_its_record_is_required),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
