/*
 * Watching as scripts: what looks show, and which events are told. Each script is played by one
 * process, and again with a new process for every sweep; both must tell the same.
 */
#include "looks.h"

#include "unit.h"

struct step {
    int minute; /* from the start; of the last step of a script: the same as before is an end */
    unsigned signs;
    const char *told;
};

struct script {
    const char *what;
    struct step steps[12];
};

static void play(const struct script *s, bool restarts)
{
    static struct rows_kept rows;
    struct buf out;
    memset(&rows, 0, sizeof rows);
    struct watch_memory *m = rows_open(&rows, &WATCH_POLICY_USUAL);
    buf_init(&out, 1 << 12);
    for (size_t i = 0; i < COUNT(s->steps) && s->steps[i].told; i++) {
        instant_us now = START + SPAN_M(s->steps[i].minute);
        if (restarts) {
            watch_close(m);
            m = rows_open(&rows, &WATCH_POLICY_USUAL);
        }
        watch_sweep_begin(m, now);
        if (!(s->steps[i].signs & ABSENT))
            assert_true(look(m, TEXT("a.test"), s->steps[i].signs, now));
        assert_true(watch_sweep_end(m, now));
        buf_reset(&out);
        events_print(m, &out);
        if (strcmp(out.at, s->steps[i].told) != 0)
            fail_msg("%s, step %zu%s: told '%s', wanted '%s'", s->what, i,
                     restarts ? " of a process of its own" : "", out.at, s->steps[i].told);
        assert_true(rows_keep(&rows, m));
        watch_kept(m);
        watch_told(m);
        assert_true(rows_keep(&rows, m));
        watch_kept(m);
    }
    assert_int_equal(watch_left_out(m), 0);
    watch_close(m);
    buf_clear(&out);
}

static const struct script scripts[] = {
    {"a blink tells nothing", {{0, WELL, ""}, {15, MX_NO, ""}, {30, WELL, ""}, {45, MX_NO, ""}}},
    {"two looks ten minutes apart",
     {{0, MX_NO, ""}, {9, MX_NO, ""}, {10, MX_NO, "mx-gone well>warning"}, {20, MX_NO, ""}}},
    {"one look is none, however long ago the process began",
     {{0, WELL, ""}, {600, MX_NO, ""}, {601, MX_NO, ""}, {610, MX_NO, "mx-gone well>warning"}}},
    {"critical after six hours",
     {{0, MX_NO, ""},
      {15, MX_NO, "mx-gone well>warning"},
      {359, MX_NO, ""},
      {360, MX_NO, "mx-gone warning>critical"},
      {720, MX_NO, ""}}},
    {"critical at once where nothing was looked at meanwhile",
     {{0, MX_NO, ""}, {720, MX_NO, "mx-gone well>critical"}}},
    {"SERVFAIL is not gone, and does not mend either",
     {{0, MX_NO, ""}, {5, MX_SERVFAIL, ""}, {10, MX_NO, "mx-gone well>warning"}}},
    {"trouble is told at the third look in a row",
     {{0, MX_SERVFAIL, ""},
      {15, MX_SERVFAIL, ""},
      {30, WELL, ""},
      {45, MX_SERVFAIL, ""},
      {60, MX_SERVFAIL, ""},
      {75, MX_SERVFAIL, "dns-trouble well>warning"},
      {90, MX_SERVFAIL, ""},
      {105, WELL, ""},
      {120, WELL, "dns-trouble warning>well"}}},
    {"trouble with SPF alone counts where SPF is wanted",
     {{0, SPF_SERVFAIL, ""}, {1, SPF_SERVFAIL, ""}, {2, SPF_SERVFAIL, "dns-trouble well>warning"}}},
    {"and not elsewhere",
     {{0, SPF_SERVFAIL | NO_SPF_WANTED, ""},
      {1, SPF_SERVFAIL | NO_SPF_WANTED, ""},
      {2, SPF_SERVFAIL | NO_SPF_WANTED, ""}}},
    {"well again takes two good looks",
     {{0, MX_NO, ""},
      {15, MX_NO, "mx-gone well>warning"},
      {30, WELL, ""},
      {39, WELL, ""},
      {40, WELL, "mx-gone warning>well"},
      {55, WELL, ""}}},
    {"what returns before that has not gone",
     {{0, MX_NO, ""},
      {15, MX_NO, "mx-gone well>warning"},
      {30, WELL, ""},
      {45, MX_NO, ""},
      {60, WELL, ""},
      {75, MX_NO, ""},
      {90, WELL, ""},
      {105, WELL, "mx-gone warning>well"}}},
    {"the six hours begin again, though",
     {{0, MX_NO, ""},
      {15, MX_NO, "mx-gone well>warning"},
      {350, WELL, ""},
      {365, MX_NO, ""},
      {700, MX_NO, ""},
      {725, MX_NO, "mx-gone warning>critical"}}},
    {"gone and wrong are one fault",
     {{0, MX_NO, ""},
      {15, MX_ODD, "mx-wrong well>warning"},
      {30, MX_NO, "mx-gone well>warning"},
      {45, MX_NO, "mx-wrong warning>well"}}},
    {"SPF: a warning, and no more",
     {{0, SPF_NO, ""}, {15, SPF_NO, "spf-gone well>warning"}, {900, SPF_NO, ""}}},
    {"SPF that is not wanted", {{0, SPF_NO | NO_SPF_WANTED, ""}, {15, SPF_NO | NO_SPF_WANTED, ""}}},
    {"SPF with too many look-ups", {{0, SPF_ODD, ""}, {15, SPF_ODD, "spf-wrong well>warning"}}},
    {"DMARC", {{0, STRICT, ""}, {15, STRICT, "dmarc-not-aligned well>warning"}}},
    {"DMARC that the manifest accepts",
     {{0, STRICT | ACCEPTS_STRICT, ""}, {15, STRICT | ACCEPTS_STRICT, ""}}},
    {"TemporaryFailure: critical at once, a page with less than 24 hours left",
     {{0, WELL, ""},
      {15, TEMPORARY, "status-temporary well>critical"},
      {15 + 48 * 60, TEMPORARY, ""},
      {16 + 48 * 60, TEMPORARY, "status-temporary critical>page"},
      {15 + 72 * 60, FAILED, "status-failed well>critical"},
      {30 + 72 * 60, FAILED, "status-temporary page>well"}}},
    {"TemporaryFailure that comes back has its own 72 hours",
     {{0, TEMPORARY, "status-temporary well>critical"},
      {2000, WELL, ""},
      {2005, TEMPORARY, ""},
      {2005 + 48 * 60, TEMPORARY, ""},
      {2006 + 48 * 60, TEMPORARY, "status-temporary critical>page"}}},
    {"REJECT_MESSAGE: a page at once",
     {{0, REJECT, ""},
      {15, REJECT | TEMPORARY, "rejecting well>page; status-temporary well>critical"},
      {30, REJECT, ""},
      {45, REJECT, "rejecting page>well; status-temporary critical>well"}}},
    {"Failed", {{0, FAILED, "status-failed well>critical"}, {15, FAILED, ""}}},
    {"Pending that was Success",
     {{0, WELL, ""},
      {15, PENDING, ""},
      {30, PENDING, "status-pending well>warning"},
      {375, PENDING, "status-pending warning>critical"}}},
    {"Pending from the first look on",
     {{0, PENDING, ""},
      {72 * 60 - 1, PENDING, ""},
      {72 * 60, PENDING, "status-pending well>warning"}}},
    {"a status that nobody knows says nothing",
     {{0, TEMPORARY, "status-temporary well>critical"},
      {15, STRANGE, ""},
      {30, STRANGE, ""},
      {45, WELL, ""},
      {60, WELL, "status-temporary critical>well"}}},
    {"missing", {{0, MISSING, ""}, {15, MISSING, "identity-missing well>critical"}}},
    {"not verified any more",
     {{0, UNVERIFIED, ""}, {15, UNVERIFIED, "identity-unverified well>critical"}}},
    {"another name at SES, and what SES says of it",
     {{0, OTHER_NAME, ""},
      {15, OTHER_NAME | PENDING, "drift-name well>warning"},
      {30, OTHER_NAME | PENDING, ""}}},
    {"another behavior than is wanted",
     {{0, WANTS_REJECT, ""}, {15, WANTS_REJECT, ""}, {30, WELL, ""}}},
    {"the advisor: at once", {{0, ADVISED, "advisor-open well>warning"}, {15, ADVISED, ""}}},
    {"an identity that SES does not answer about",
     {{0, UNREAD, ""}, {15, UNREAD, ""}, {30, UNREAD, "unseen well>warning"}, {45, UNREAD, ""}}},
    {"a lane that cannot be read says nothing of its identities, and forgets nothing",
     {{0, TEMPORARY, "status-temporary well>critical"},
      {15, LANE_UNREAD, ""},
      {30, LANE_UNREAD | MX_NO, ""},
      {45, LANE_UNREAD | MX_NO, "mx-gone well>warning"},
      {49 * 60, TEMPORARY | MX_NO, "status-temporary critical>page; mx-gone warning>critical"}}},
    {"a deadline comes near whether or not SES can be read",
     {{0, TEMPORARY, "status-temporary well>critical"},
      {48 * 60, LANE_UNREAD, ""},
      {48 * 60 + 1, LANE_UNREAD, "status-temporary critical>page"},
      {48 * 60 + 16, UNREAD, ""},
      {73 * 60, TEMPORARY, ""}}},
    {"an MX that was gone before DNS stopped answering is gone for six hours too",
     {{0, MX_NO, ""},
      {15, MX_NO, "mx-gone well>warning"},
      {359, MX_SERVFAIL, ""},
      {360, MX_SERVFAIL, "mx-gone warning>critical"}}},
    {"time confirms nothing that two looks have not",
     {{0, MX_NO, ""}, {5, MX_NO, ""}, {20, MX_SERVFAIL, ""}, {400, MX_SERVFAIL, ""}}},
    {"nor does it go on while a problem is seen well again",
     {{0, MX_NO, ""}, {15, MX_NO, "mx-gone well>warning"}, {30, WELL, ""}, {400, MX_SERVFAIL, ""}}},
    {"who is not in the manifest any more has no deadline",
     {{0, TEMPORARY, "status-temporary well>critical"}, {50 * 60, ABSENT, ""}}},
    {"another wish ends what was said of the old name",
     {{0, MX_NO | SPF_NO, ""},
      {15, MX_NO, "mx-gone well>warning"},
      {30, NEW_WISH, "mx-gone warning>well"},
      {45, NEW_WISH, ""}}},
    {"and what is wrong with the new one begins anew",
     {{0, MX_NO, ""},
      {15, MX_NO, "mx-gone well>warning"},
      {30, NEW_WISH | MX_NO, "mx-gone warning>well"},
      {45, NEW_WISH | MX_NO, "mx-gone well>warning"}}},
    {"what SES says goes on",
     {{0, REJECT | TEMPORARY, "rejecting well>page; status-temporary well>critical"},
      {15, REJECT | TEMPORARY | NEW_WISH, ""}}},
    {"who leaves the manifest is forgotten without a word",
     {{0, MX_NO, ""},
      {15, MX_NO, "mx-gone well>warning"},
      {30, ABSENT, ""},
      {29 * 24 * 60, ABSENT, ""},
      {30 * 24 * 60 + 15, ABSENT, ""},
      {30 * 24 * 60 + 30, MX_NO, ""},
      {30 * 24 * 60 + 45, MX_NO, "mx-gone well>warning"}}},
    {"who comes back before is remembered",
     {{0, MX_NO, ""},
      {15, MX_NO, "mx-gone well>warning"},
      {30, ABSENT, ""},
      {29 * 24 * 60, MX_NO, "mx-gone warning>critical"}}},
    {"a clock that was set back",
     {{600, MX_NO, ""},
      {15, MX_NO, ""},
      {24, MX_NO, ""},
      {25, MX_NO, "mx-gone well>warning"},
      {374, MX_NO, ""},
      {375, MX_NO, "mx-gone warning>critical"}}},
    {"a clock that was set back while the 72 hours ran",
     {{6000, TEMPORARY, "status-temporary well>critical"},
      {0, TEMPORARY, ""},
      {48 * 60, TEMPORARY, ""},
      {48 * 60 + 1, TEMPORARY, "status-temporary critical>page"}}},
    {"TemporaryFailure that cannot be the same any more",
     {{0, TEMPORARY, "status-temporary well>critical"},
      {84 * 60, TEMPORARY, "status-temporary critical>page"},
      {85 * 60, TEMPORARY, ""}}},
};

static void scripts_tell_what_they_should(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(scripts); i++) {
        play(&scripts[i], false);
        play(&scripts[i], true);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(scripts_tell_what_they_should),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
