/* Near misses: what is one, what is said of it, and what its writer meant. */
#include "unit.h"

#include "base/escape.h"
#include "rules/dmarc_record.h"
#include "rules/near_miss.h"
#include "rules/spf_record.h"

#define SES "v=spf1 include:amazonses.com ~all"

struct row {
    struct text found;
    const char *fault; /* a part of it; NULL: no near miss */
    const char *meant;
};

typedef bool is_near(struct text txt, char fault[NEAR_FAULT_LEN]);
typedef struct text is_meant(struct text txt, struct arena *arena);

static void rows_hold(const struct row *rows, size_t len, is_near *near, is_meant *meant)
{
    struct arena arena;
    arena_init(&arena, NEAR_ARENA_MAX);
    for (size_t i = 0; i < len; i++) {
        char fault[NEAR_FAULT_LEN];
        const struct row *r = &rows[i];
        bool found = near(r->found, fault);
        arena_reset(&arena);
        if (found != (r->fault != NULL))
            fail_msg("\"" TEXT_FMT "\": %s", TEXT_ARG(r->found), found ? fault : "no near miss");
        if (!found)
            continue;
        if (!strstr(fault, r->fault))
            fail_msg("\"" TEXT_FMT "\": %s\n  expected: %s", TEXT_ARG(r->found), fault, r->fault);
        struct text text = meant(r->found, &arena);
        if (!text_eq(text, text_of(r->meant)))
            fail_msg("\"" TEXT_FMT "\": meant \"" TEXT_FMT "\"\n  expected \"%s\"",
                     TEXT_ARG(r->found), TEXT_ARG(text), r->meant);
    }
    arena_clear(&arena);
}

static const struct row spf_rows[] = {
    /* records, and texts of other kinds */
    {TEXT(SES), NULL, NULL},
    {TEXT("V=SPF1 include:amazonses.com ~all"), NULL, NULL},
    {TEXT("v=spf1"), NULL, NULL},
    {TEXT(""), NULL, NULL},
    {TEXT("google-site-verification=abc"), NULL, NULL},
    {TEXT("v=DMARC1; p=none"), NULL, NULL},
    {TEXT("v=verifydomain MS=1"), NULL, NULL},
    {TEXT("spf2.0/pra include:example.net -all"), NULL, NULL},
    {TEXT("a"), NULL, NULL},
    {TEXT("all"), "v=spf1 is missing in front", "v=spf1 include:amazonses.com all"},
    {TEXT("a mx of mine"), NULL, NULL},
    {TEXT("spf records are managed by Jane"), NULL, NULL},
    {TEXT("v"), NULL, NULL},
    {TEXT("v="), NULL, NULL},
    /* what stands in front */
    {TEXT(" " SES), "a blank stands in front", SES},
    {TEXT("\t" SES), "a tab stands in front", SES},
    {TEXT("\n" SES), "a line break stands in front", SES},
    {TEXT("\xef\xbb\xbf" SES), "U+FEFF (byte order mark) stands in front", SES},
    {TEXT("\xc2\xa0" SES), "U+00A0 (no-break space) stands in front", SES},
    {TEXT("\xe2\x80\x8b" SES), "U+200B (zero width space) stands in front", SES},
    {TEXT("\"" SES "\""), "quotation marks stand inside the value", SES},
    {TEXT("'" SES "'"), "quotation marks", SES},
    {TEXT("\\\"" SES "\\\""), "quotation marks", SES},
    {TEXT("\xe2\x80\x9c" SES "\xe2\x80\x9d"), "quotation marks", SES},
    {TEXT("\" v=spf1 include:amazonses.com ~all \""), "quotation marks", SES},
    {TEXT("\"v=spf1 \" \"include:amazonses.com ~all\""), "quotation marks", SES},
    /* the version */
    {TEXT("v = spf1 include:amazonses.com ~all"), "blanks stand within the version", SES},
    {TEXT("v= spf1 include:amazonses.com ~all"), "blanks stand within the version", SES},
    {TEXT("v=spf 1 include:amazonses.com ~all"), "blanks or a hyphen", SES},
    {TEXT("v=spf-1 include:amazonses.com ~all"), "blanks or a hyphen", SES},
    {TEXT("v:spf1 include:amazonses.com ~all"), "the sign =", SES},
    {TEXT("v spf1 include:amazonses.com ~all"), "the sign =", SES},
    {TEXT("vspf1 include:amazonses.com ~all"), "the sign =", SES},
    {TEXT("spf1 include:amazonses.com ~all"), "v= is missing", SES},
    {TEXT("SPF1 include:amazonses.com ~all"), "v= is missing", SES},
    {TEXT("v=spf2 include:amazonses.com ~all"), "the version is not 1", SES},
    {TEXT("v=spf include:amazonses.com ~all"), "the version is not 1", SES},
    {TEXT("v=spf1.0 include:amazonses.com ~all"), "the version is not 1", SES},
    {TEXT("v=spf10 include:amazonses.com ~all"), "the version is not 1", SES},
    {TEXT("spf2.0/mfrom include:amazonses.com ~all"), "Sender ID", SES},
    /* what follows it */
    {TEXT("v=spf1\tinclude:amazonses.com ~all"), "a tab follows v=spf1", SES},
    {TEXT("v=spf1\xc2\xa0include:amazonses.com\xc2\xa0~all"),
     "U+00A0 (no-break space) follows v=spf1, where a blank must be", SES},
    {TEXT("v=spf1\xef\xbc\x9binclude:amazonses.com\xef\xbc\x9b~all"),
     "U+FF1B (fullwidth \";\") follows v=spf1", SES},
    {TEXT("v=spf1; include:amazonses.com; ~all"), "a semicolon follows v=spf1", SES},
    {TEXT("v=spf1;include:amazonses.com;~all;"), "a semicolon follows v=spf1", SES},
    {TEXT("v=spf1,include:amazonses.com,~all"), "a comma follows v=spf1", SES},
    {TEXT("v=spf1:include:amazonses.com ~all"), "\":\" follows v=spf1", SES},
    {TEXT("v=spf1include:amazonses.com ~all"), "no blank follows v=spf1", SES},
    {TEXT("v=spf1\" include:amazonses.com ~all"), "quotation marks", SES},
    {TEXT("v=spf1\\; include:amazonses.com ~all"), "a backslash follows v=spf1", SES},
    {TEXT("v=spf1\r\ninclude:amazonses.com ~all"), "a line break follows v=spf1", SES},
    /* none at all */
    {TEXT("include:amazonses.com ~all"), "v=spf1 is missing in front", SES},
    {TEXT("~all"), "v=spf1 is missing in front", "v=spf1 include:amazonses.com ~all"},
    {TEXT("-ALL"), "v=spf1 is missing in front", "v=spf1 include:amazonses.com -ALL"},
    {TEXT("bounce TXT v=spf1 include:amazonses.com ~all"), "an SPF record begins with", SES},
    /* the rest of what was meant is kept, and SES is added */
    {TEXT("v=spf1;ip4:192.0.2.0/24;include:amazonses.com;-all"), "a semicolon",
     "v=spf1 ip4:192.0.2.0/24 include:amazonses.com -all"},
    {TEXT("\"v=spf1 a mx -all\""), "quotation marks", "v=spf1 include:amazonses.com a mx -all"},
    {TEXT("\"v=spf1 nonsense -all\""), "quotation marks", SES},
    {TEXT("\"v=spf1 -include:amazonses.com -all\""), "quotation marks", SES},
};

static void spf_records_that_miss(void **state)
{
    (void)state;
    rows_hold(spf_rows, COUNT(spf_rows), near_spf, near_spf_meant);
}

static const struct row dmarc_rows[] = {
    {TEXT("v=DMARC1; p=none"), NULL, NULL},
    {TEXT("v=DMARC1;p=reject;rua=mailto:a@example.com"), NULL, NULL},
    {TEXT("v = DMARC1 ; p = reject"), NULL, NULL},
    {TEXT("V=DMARC1; p=reject"), NULL, NULL},
    {TEXT("v=DMARC1; rua=mailto:a@example.com"), NULL, NULL},
    {TEXT("v=spf1 -all"), NULL, NULL},
    {TEXT("google-site-verification=abc"), NULL, NULL},
    {TEXT(""), NULL, NULL},
    {TEXT("p=none"), "v=DMARC1 does not stand in front", "v=DMARC1; p=none"},
    {TEXT("p=reject; v=DMARC1"), "does not stand in front", "v=DMARC1; p=reject"},
    {TEXT(" v=DMARC1; p=reject"), "a blank stands in front", "v=DMARC1; p=reject"},
    {TEXT("\"v=DMARC1; p=reject\""), "quotation marks", "v=DMARC1; p=reject"},
    {TEXT("\xe2\x80\x9cv=DMARC1; p=reject\xe2\x80\x9d"), "quotation marks", "v=DMARC1; p=reject"},
    {TEXT("\xef\xbb\xbfv=DMARC1; p=reject"), "U+FEFF", "v=DMARC1; p=reject"},
    {TEXT("v=DMARC1\\; p=reject\\; sp=none"), "a backslash follows v=DMARC1",
     "v=DMARC1; p=reject; sp=none"},
    {TEXT("v=dmarc1; p=reject"), "in capital letters", "v=DMARC1; p=reject"},
    {TEXT("v=Dmarc1; p=reject"), "in capital letters", "v=DMARC1; p=reject"},
    {TEXT("v=DMARC1 p=reject"), "no semicolon follows", "v=DMARC1; p=reject"},
    {TEXT("v=DMARC1, p=reject"), "a comma follows", "v=DMARC1; p=reject"},
    {TEXT("v=DMARC1: p=reject"), "\":\" follows", "v=DMARC1; p=reject"},
    {TEXT("v=DMARC1\xc2\xa0; p=reject"), "U+00A0", "v=DMARC1; p=reject"},
    {TEXT("DMARC1; p=reject"), "v= is missing", "v=DMARC1; p=reject"},
    {TEXT("v:DMARC1; p=reject"), "the sign =", "v=DMARC1; p=reject"},
    {TEXT("v=DMARC2; p=reject"), "the version is not 1", "v=DMARC1; p=reject"},
    {TEXT("v=DMARC 1; p=reject"), "blanks or a hyphen", "v=DMARC1; p=reject"},
    {TEXT("v=DMARC; p=reject"), "the version is not 1", "v=DMARC1; p=reject"},
    {TEXT("v=DMARC1"), "p is missing", "v=DMARC1; p=none"},
    {TEXT("v=DMARC1; pct=100"), "p is missing", "v=DMARC1; p=none; pct=100"},
    {TEXT("v=DMARC1; p=rejct"), "p=rejct is no policy, so receivers ignore the record",
     "v=DMARC1; p=reject"},
    {TEXT("v=DMARC1; p=rejct; rua=mailto:a@example.com"),
     "p=rejct is no policy, so receivers read p=none",
     "v=DMARC1; p=reject; rua=mailto:a@example.com"},
    {TEXT("v=DMARC1; p=reject; sp=nothing"), "sp=nothing is no policy",
     "v=DMARC1; p=reject; sp=none"},
    /* a typing mistake of a policy means the policy, and the other tags are kept */
    {TEXT("v=DMARC1; p=rejected"), "p=rejected is no policy", "v=DMARC1; p=reject"},
    {TEXT("v=DMARC1; p=quarantined; sp=rejcet; aspf=s; rua=mailto:a@b.c,mailto:d@e.f"),
     "p=quarantined is no policy",
     "v=DMARC1; p=quarantine; sp=reject; aspf=s; rua=mailto:a@b.c,mailto:d@e.f"},
    {TEXT("v=DMARC1; p:reject"), "p is missing", "v=DMARC1; p=reject"},
    {TEXT("v=DMARC1; p:reject; pct=50"), "p is missing", "v=DMARC1; p=reject; pct=50"},
    {TEXT("v=DMARC1; p=blocked"), "p=blocked is no policy", "v=DMARC1; p=none"},
    {TEXT("v=DMARC1, p=reject, sp=none, rua=mailto:a@b.c, mailto:d@e.f"), "a comma follows",
     "v=DMARC1; p=reject; sp=none; rua=mailto:a@b.c, mailto:d@e.f"},
    {TEXT("v=DMARC1 p=reject rua=mailto:a@b.c"), "no semicolon follows",
     "v=DMARC1; p=reject; rua=mailto:a@b.c"},
    {TEXT("v=DMARC1; rua=mailto:a@b.c; p=rejectt"), "is no policy",
     "v=DMARC1; p=reject; rua=mailto:a@b.c"},
    /* characters outside ASCII have names */
    {TEXT("v=DMARC1\xef\xbc\x9bp=reject\xef\xbc\x9bsp=none"),
     "U+FF1B (fullwidth \";\") follows v=DMARC1, where a semicolon must be",
     "v=DMARC1; p=reject; sp=none"},
    {TEXT("v=DMARC1\xe3\x80\x82 p=reject"), "U+3002 follows v=DMARC1", "v=DMARC1; p=reject"},
    {TEXT("v=DMARC1\xff p=reject"), "the byte 0xff follows v=DMARC1", "v=DMARC1; p=reject"},
    /* modes of alignment */
    {TEXT("v=DMARC1; p=none; aspf=r; adkim=S"), NULL, NULL},
    {TEXT("v=DMARC1; p=none; aspf=strict; fo=1"),
     "aspf=strict is neither s nor r, so receivers read r, and SPF of a MAIL FROM aligns under r",
     "v=DMARC1; p=none; aspf=r; fo=1"},
    {TEXT("v=DMARC1; p=none; adkim=strict"), "adkim=strict is neither s nor r",
     "v=DMARC1; p=none; adkim=s"},
    {TEXT("v=DMARC1; p=none; adkim=relaxed"), "adkim=relaxed is neither s nor r",
     "v=DMARC1; p=none; adkim=r"},
    {TEXT("v=DMARC1; p=reject\\; rua=x"), "a backslash belongs to zone files only",
     "v=DMARC1; p=reject; rua=x"},
    {TEXT("v=DMARC1; p=\"reject\""), "is no policy", "v=DMARC1; p=reject"},
};

static void dmarc_records_that_miss(void **state)
{
    (void)state;
    rows_hold(dmarc_rows, COUNT(dmarc_rows), near_dmarc, near_dmarc_meant);
}

static void hosts_that_miss(void **state)
{
    (void)state;
    static const struct {
        const char *host, *fault;
    } rows[] = {
        {"feedback-smtp.us-east-1.amazonses.com", NULL},
        {"feedback-smtp.us-esat-1.amazonses.com", NULL}, /* a feedback host, of no Region */
        {"mail.example.net", NULL},
        {"feedback.example.com", NULL},
        {"10.example.com", NULL},
        {"aspmx.l.google.com", NULL},
        {"feedback-smtp.us-east-1.amazonses.com.example.com", NULL}, /* told as a doubled zone */
        {"10\\032feedback-smtp.us-east-1.amazonses.com", "the priority"},
        {"10\\032feedback-smtp.us-east-1.amazonses.com.example.com", "the priority"},
        {"10\\009feedback-smtp.us-east-1.amazonses.com", "the priority"},
        {"10.feedback-smtp.us-east-1.amazonses.com", "the priority"},
        {"10-feedback-smtp.eu-west-1.amazonses.com", "the priority"},
        {"\\03210\\032feedback-smtp.eu-west-1.amazonses.com", "the priority"},
        {"feedback-smtp.us-east-1.amazonses.com\\032", "blanks or signs"},
        {"\\032feedback-smtp.us-east-1.amazonses.com", "blanks or signs"},
        {"\\\"feedback-smtp.us-east-1.amazonses.com\\\"", "blanks or signs"},
        {"<feedback-smtp.us-east-1.amazonses.com>", "blanks or signs"},
        {"feedback-smtp.us-east-1.amazonses.com;", "blanks or signs"},
        {"feedback-smtp\\.us-east-1\\.amazonses\\.com", "escaped dots"},
        {"feedback-smtp.amazonses.com", "no Region"},
        {"feedback.us-east-1.amazonses.com", "no bounces"},
        {"smtp.us-east-1.amazonses.com", "no bounces"},
        {"amazonses.com", "no bounces"},
        {"feedback-smpt.us-east-1.amazonses.com", "no bounces"},
        {"feedback-smtp.us-east-1.amazonsses.com", "typing mistake"},
        {"feedback-smtp.eu-central-1.amazonses.co", "typing mistake"},
        {"feedback-smtp.us-east-1.notamazonses.com", NULL},
        {"feedback-smtp.a.b.amazonses.com", NULL},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        char fault[NEAR_FAULT_LEN];
        bool near = near_feedback_host(TEXT_NONE, text_of(rows[i].host), fault);
        if (near != (rows[i].fault != NULL) || (near && !strstr(fault, rows[i].fault)))
            fail_msg("%s: %s", rows[i].host, near ? fault : "no near miss");
    }
}

/* What cannot be seen is shown by its number, and nothing reaches a terminal raw. */
static void what_was_found_is_shown_so_that_it_can_be_seen(void **state)
{
    (void)state;
    struct buf out;
    buf_init(&out, 1 << 16);
    near_show(&out, TEXT("v=spf1\xc2\xa0"
                         "a\t\x1b[1m\xff\xe2\x80\x9c"));
    assert_string_equal(out.at, "v=spf1<U+00A0>a\\x09\\x1b[1m\\xff<U+201C>");
    buf_clear(&out);
}

/* Every text is judged within its bytes, and what was meant is a record. */
static void any_text_is_judged(void **state)
{
    (void)state;
    static const char letters[] = "v=spf1DMARC; p\t\"\\\xc2\xa0\xff:,include:amazonses.com~all";
    struct arena arena;
    uint64_t random = 1;
    arena_init(&arena, NEAR_ARENA_MAX);
    for (int round = 0; round < 20000; round++) {
        char bytes[24], fault[NEAR_FAULT_LEN];
        size_t len = (size_t)round % sizeof bytes;
        for (size_t i = 0; i < len; i++) {
            random = random * 6364136223846793005u + 1442695040888963407u;
            bytes[i] = letters[(random >> 33) % (sizeof letters - 1)];
        }
        struct text txt = {bytes, len};
        arena_reset(&arena);
        if (near_spf(txt, fault))
            assert_true(fault[0] && spf_record_is(near_spf_meant(txt, &arena)));
        if (near_dmarc(txt, fault))
            assert_true(fault[0] && dmarc_record_is(near_dmarc_meant(txt, &arena)));
        near_feedback_host(TEXT_NONE, txt, fault);
    }
    arena_clear(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(spf_records_that_miss),
        cmocka_unit_test(dmarc_records_that_miss),
        cmocka_unit_test(hosts_that_miss),
        cmocka_unit_test(what_was_found_is_shown_so_that_it_can_be_seen),
        cmocka_unit_test(any_text_is_judged),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
