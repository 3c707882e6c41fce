/*
 * Readiness for DMARC, of every combination of facts: held against what each word means, told once
 * more and in another way.
 */
#include "unit.h"

#include "base/count.h"
#include "rules/dmarc_ready.h"

#include <string.h>

#define WANTED TEXT("bounce.example.com")

/* Where the name at SES stands to the one that DNS was asked about. */
enum name_at_ses { NOT_ASKED, DEFAULT, SAME, OTHER, NAMES };

static struct dmarc_ready_facts facts_of(enum name_at_ses name)
{
    static const struct text texts[NAMES] = {
        [SAME] = TEXT("Bounce.Example.com"), [OTHER] = TEXT("old.example.com")};
    return (struct dmarc_ready_facts){
        .ses_known = name != NOT_ASKED, .mail_from = texts[name], .asked = WANTED};
}

enum answer { NO, YES, MAYBE };

/* Only what is proved makes a YES, only what is disproved a NO. */
static enum answer spf_expected(enum name_at_ses name, const struct dmarc_ready_facts *f)
{
    bool can_be =
        name == NOT_ASKED || f->status == MAIL_FROM_SUCCESS || f->status == MAIL_FROM_UNKNOWN;
    if (name == DEFAULT || (name != NOT_ASKED && !can_be))
        return NO;
    if (name != SAME)
        return MAYBE;
    bool spf_fails =
        f->spf != SPF_STATUS_OK && f->spf != SPF_STATUS_NONE && f->spf != SPF_STATUS_TROUBLE;
    bool parts = f->dmarc >= DMARC_STATUS_STRICT && f->dmarc <= DMARC_STATUS_DIFFERS;
    if (spf_fails || parts)
        return NO;
    return f->status == MAIL_FROM_SUCCESS && f->spf == SPF_STATUS_OK && f->dmarc == DMARC_STATUS_OK
               ? YES
               : MAYBE;
}

static enum answer dkim_expected(const struct dmarc_ready_facts *f)
{
    if (f->dkim == DKIM_SUCCESS)
        return YES;
    return f->dkim != DKIM_UNKNOWN ? NO : MAYBE;
}

static enum dmarc_by by_expected(enum name_at_ses name, const struct dmarc_ready_facts *f)
{
    static const enum dmarc_by table[3][3] = {
        [NO] = {[NO] = DMARC_BY_NONE, [YES] = DMARC_BY_DKIM, [MAYBE] = DMARC_BY_UNKNOWN},
        [YES] = {[NO] = DMARC_BY_SPF, [YES] = DMARC_BY_BOTH, [MAYBE] = DMARC_BY_SPF},
        [MAYBE] = {[NO] = DMARC_BY_UNKNOWN, [YES] = DMARC_BY_DKIM, [MAYBE] = DMARC_BY_UNKNOWN},
    };
    if (f->dmarc == DMARC_STATUS_MISSING || f->dmarc == DMARC_STATUS_SEVERAL)
        return DMARC_BY_NONE;
    return table[spf_expected(name, f)][dkim_expected(f)];
}

/* Each word of a cell is there exactly where its fact is. */
static void lack_vet(enum name_at_ses name, const struct dmarc_ready_facts *f, unsigned lack)
{
    bool no_record = f->dmarc == DMARC_STATUS_MISSING || f->dmarc == DMARC_STATUS_SEVERAL;
    bool dns_silent = f->spf == SPF_STATUS_NONE || f->spf == SPF_STATUS_TROUBLE ||
                      f->dmarc == DMARC_STATUS_NONE || f->dmarc == DMARC_STATUS_TROUBLE;
    bool odd = f->status == MAIL_FROM_UNKNOWN;
    assert_int_equal(!!(lack & DMARC_MISSING_RECORD), no_record);
    assert_int_equal(!!(lack & DMARC_MISSING_MAIL_FROM),
                     name == DEFAULT ||
                         (name != NOT_ASKED && f->status != MAIL_FROM_SUCCESS && !odd));
    assert_int_equal(!!(lack & DMARC_UNKNOWN_MAIL_FROM),
                     name == NOT_ASKED || (name != DEFAULT && odd));
    assert_int_equal(!!(lack & DMARC_MISSING_SPF), (name == SAME || name == DEFAULT) &&
                                                       f->spf > SPF_STATUS_OK &&
                                                       f->spf < SPF_STATUS_TROUBLE);
    assert_int_equal(!!(lack & DMARC_MISSING_ALIGNMENT),
                     (name == SAME || name == DEFAULT) &&
                         (f->dmarc == DMARC_STATUS_STRICT || f->dmarc == DMARC_STATUS_NOT_ALIGNED ||
                          f->dmarc == DMARC_STATUS_DIFFERS));
    assert_int_equal(!!(lack & DMARC_MISSING_DKIM), dkim_expected(f) == NO);
    assert_int_equal(!!(lack & DMARC_UNKNOWN_DKIM), dkim_expected(f) == MAYBE);
    if (name == SAME)
        assert_int_equal(!!(lack & DMARC_UNKNOWN_DNS), dns_silent);
    else if (name != DEFAULT)
        assert_true(lack & DMARC_UNKNOWN_DNS);
    else /* only where mail is said to pass, and nobody knows of a record */
        assert_int_equal(!!(lack & DMARC_UNKNOWN_DNS),
                         f->dkim == DKIM_SUCCESS &&
                             (f->dmarc == DMARC_STATUS_NONE || f->dmarc == DMARC_STATUS_TROUBLE));
}

static void one_vet(enum name_at_ses name, const struct dmarc_ready_facts *f)
{
    struct dmarc_ready ready = dmarc_ready_of(f);
    enum dmarc_by expected = by_expected(name, f);
    if (ready.by != expected)
        fail_msg("name %d status %d spf %d dmarc %d dkim %d: %s, not %s", name, f->status, f->spf,
                 f->dmarc, f->dkim, dmarc_by_name((enum dmarc_by)ready.by),
                 dmarc_by_name(expected));
    lack_vet(name, f, ready.lack);
    assert_int_equal(ready.lack == 0, ready.by == DMARC_BY_BOTH);
}

static void every_combination_says_what_its_facts_prove(void **state)
{
    unsigned seen = 0;
    (void)state;
    for (int name = 0; name < NAMES; name++)
        for (int status = 0; status <= MAIL_FROM_UNKNOWN; status++)
            for (int spf = 0; spf < SPF_STATUSES; spf++)
                for (int dmarc = 0; dmarc < DMARC_STATUSES; dmarc++)
                    for (int dkim = 0; dkim < DKIM_STATUSES; dkim++, seen++) {
                        struct dmarc_ready_facts f = facts_of((enum name_at_ses)name);
                        f.status = (enum mail_from_status)status;
                        f.spf = (enum spf_status)spf;
                        f.dmarc = (enum dmarc_status)dmarc;
                        f.dkim = (enum dkim_status)dkim;
                        one_vet((enum name_at_ses)name, &f);
                    }
    assert_int_equal(seen, 4 * 6 * 9 * 8 * 7);
}

/* A fact that becomes known turns an unknown into a word, and never one word into its opposite. */
static void what_is_learnt_later_takes_nothing_back(void **state)
{
    (void)state;
    for (int dmarc = 0; dmarc < DMARC_STATUSES; dmarc++)
        for (int spf = 0; spf < SPF_STATUSES; spf++)
            for (int dkim = 0; dkim < DKIM_STATUSES; dkim++) {
                struct dmarc_ready_facts f = facts_of(SAME);
                f.status = MAIL_FROM_SUCCESS;
                f.spf = (enum spf_status)spf;
                f.dkim = (enum dkim_status)dkim;
                enum dmarc_by before = (enum dmarc_by)dmarc_ready_of(&f).by;
                f.dmarc = (enum dmarc_status)dmarc;
                enum dmarc_by after = (enum dmarc_by)dmarc_ready_of(&f).by;
                bool has_record = dmarc != DMARC_STATUS_MISSING && dmarc != DMARC_STATUS_SEVERAL;
                if (before == DMARC_BY_NONE)
                    assert_int_equal(after, DMARC_BY_NONE);
                if (dmarc_by_dkim(before) && has_record)
                    assert_true(dmarc_by_dkim(after));
            }
}

static void a_cell_names_what_is_missing_and_what_is_not_known(void **state)
{
    static const struct {
        struct dmarc_ready ready;
        const char *cell;
    } cells[] = {
        {{DMARC_BY_BOTH, 0}, "both"},
        {{DMARC_BY_SPF, DMARC_MISSING_DKIM}, "spf, missing dkim"},
        {{DMARC_BY_SPF, DMARC_UNKNOWN_DKIM}, "spf, not known dkim"},
        {{DMARC_BY_DKIM, DMARC_MISSING_MAIL_FROM | DMARC_UNKNOWN_DNS},
         "dkim, missing mail-from, not known dns"},
        {{DMARC_BY_NONE,
          DMARC_MISSING_RECORD | DMARC_MISSING_SPF | DMARC_MISSING_ALIGNMENT | DMARC_MISSING_DKIM},
         "none, missing dmarc-record spf alignment dkim"},
        {{DMARC_BY_UNKNOWN, DMARC_UNKNOWN_MAIL_FROM | DMARC_UNKNOWN_DNS | DMARC_UNKNOWN_DKIM},
         "unknown, not known mail-from dns dkim"},
    };
    struct buf out;
    (void)state;
    buf_init(&out, 1024);
    for (size_t i = 0; i < COUNT(cells); i++) {
        buf_reset(&out);
        dmarc_ready_add(&out, cells[i].ready);
        assert_text(buf_text(&out), text_of(cells[i].cell));
    }
    buf_clear(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_combination_says_what_its_facts_prove),
        cmocka_unit_test(what_is_learnt_later_takes_nothing_back),
        cmocka_unit_test(a_cell_names_what_is_missing_and_what_is_not_known),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
