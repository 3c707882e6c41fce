/*
 * Watching as scripts: what looks show, and which events are told. Each script is played by one
 * process, and again with a new process for every sweep; both must tell the same.
 */
#include "unit.h"

#include "base/buf.h"
#include "rows_kept.h"

#include <stdio.h>

#define START ((instant_us)1800000000000000)
#define WELL  0

/* What a look shows beside what is well. */
enum sign {
    MX_NO = 1 << 0,
    MX_ODD = 1 << 1,
    MX_SERVFAIL = 1 << 2,
    SPF_NO = 1 << 3,
    SPF_ODD = 1 << 4,
    STRICT = 1 << 5,
    PENDING = 1 << 6,
    TEMPORARY = 1 << 7,
    FAILED = 1 << 8,
    REJECT = 1 << 9,
    MISSING = 1 << 10,
    UNVERIFIED = 1 << 11,
    OTHER_NAME = 1 << 12,
    UNREAD = 1 << 13,      /* SES did not answer about this identity */
    LANE_UNREAD = 1 << 14, /* nor about any other */
    NEW_WISH = 1 << 15,    /* the manifest wants another name */
    WANTS_REJECT = 1 << 16,
    ADVISED = 1 << 17,
    STRANGE = 1 << 18, /* a status that the program does not know */
    SPF_SERVFAIL = 1 << 19,
    NO_SPF_WANTED = 1 << 20,
    ACCEPTS_STRICT = 1 << 21,
    ABSENT = 1 << 22, /* not in the manifest of this sweep */
};

struct step {
    int minute; /* from the start; of the last step of a script: the same as before is an end */
    unsigned signs;
    const char *told;
};

struct script {
    const char *what;
    struct step steps[12];
};

static struct watch_seen seen_of(unsigned s)
{
    struct watch_seen seen = {.is_read = !(s & (UNREAD | LANE_UNREAD)),
                              .lane_is_unseen = (s & LANE_UNREAD) != 0,
                              .exists = !(s & MISSING),
                              .verification_is_read = true,
                              .verification = VERIFICATION_SUCCESS,
                              .mail_from = s & NEW_WISH ? TEXT("new.a.test") : TEXT("b.a.test"),
                              .status = MAIL_FROM_SUCCESS,
                              .mx = MX_STATUS_OK,
                              .spf = SPF_STATUS_OK,
                              .dmarc = DMARC_STATUS_OK,
                              .known = WATCH_BIT(WATCH_ADVISOR_OPEN)};
    if (s & UNVERIFIED)
        seen.verification = VERIFICATION_FAILED;
    if (s & OTHER_NAME)
        seen.mail_from = TEXT("x.a.test");
    if (s & (REJECT | WANTS_REJECT))
        seen.behavior = BEHAVIOR_REJECT_MESSAGE;
    if (s & ADVISED)
        seen.shown = WATCH_BIT(WATCH_ADVISOR_OPEN);
    seen.status = s & PENDING     ? MAIL_FROM_PENDING
                  : s & TEMPORARY ? MAIL_FROM_TEMPORARY_FAILURE
                  : s & FAILED    ? MAIL_FROM_FAILED
                  : s & STRANGE   ? MAIL_FROM_UNKNOWN
                                  : MAIL_FROM_SUCCESS;
    seen.mx = s & MX_NO         ? MX_STATUS_MISSING
              : s & MX_ODD      ? MX_STATUS_SEVERAL
              : s & MX_SERVFAIL ? MX_STATUS_TROUBLE
                                : MX_STATUS_OK;
    seen.spf = s & SPF_NO         ? SPF_STATUS_MISSING
               : s & SPF_ODD      ? SPF_STATUS_LOOKUPS
               : s & SPF_SERVFAIL ? SPF_STATUS_TROUBLE
                                  : SPF_STATUS_OK;
    if (s & STRICT)
        seen.dmarc = DMARC_STATUS_STRICT;
    return seen;
}

static const struct lane_name lane = {TEXT("main"), TEXT("111122223333"), TEXT("us-east-1")};

static bool look(struct watch_memory *m, struct text identity, unsigned s, instant_us now)
{
    const struct watch_key key = {lane, identity};
    const struct watch_seen seen = seen_of(s);
    const struct watch_wanted wanted = {
        .mail_from = s & NEW_WISH ? TEXT("new.a.test") : TEXT("b.a.test"),
        .behavior =
            s & (WANTS_REJECT | REJECT) ? BEHAVIOR_REJECT_MESSAGE : BEHAVIOR_USE_DEFAULT_VALUE,
        .needs_spf = !(s & NO_SPF_WANTED),
        .accepted = s & ACCEPTS_STRICT ? WATCH_BIT(WATCH_DMARC_NOT_ALIGNED) : 0};
    return watch_look(m, &key, 7, &wanted, &seen, now);
}

/* "mx-gone well>warning; " */
static void events_print(const struct watch_memory *m, struct buf *out)
{
    uint32_t len;
    const struct watch_event *e = watch_events(m, &len);
    for (uint32_t i = 0; i < len; i++)
        buf_add_fmt(out, "%s%s %s>%s%s", i ? "; " : "", watch_kind_name(e[i].kind),
                    watch_level_name(e[i].from), watch_level_name(e[i].to),
                    e[i].may_repeat ? " (again?)" : "");
    buf_add(out, "", 1);
}

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

static struct watch_memory *opened(const struct rows_kept *rows)
{
    struct watch_memory *m = rows_open(rows, &WATCH_POLICY_USUAL);
    assert_non_null(m);
    return m;
}

static void sweep(struct watch_memory *m, unsigned signs, instant_us now)
{
    watch_sweep_begin(m, now);
    assert_true(look(m, TEXT("a.test"), signs, now));
    assert_true(watch_sweep_end(m, now));
}

static void kept(struct rows_kept *rows, struct watch_memory *m)
{
    assert_true(rows_keep(rows, m));
    watch_kept(m);
}

static void assert_told(const struct watch_memory *m, const char *want)
{
    struct buf out;
    buf_init(&out, 1 << 12);
    events_print(m, &out);
    assert_string_equal(out.at, want);
    buf_clear(&out);
}

/* 72 hours from the first look, through a look without SES and another process. */
static void the_deadline_counts_from_the_first_look(void **state)
{
    static struct rows_kept rows;
    const struct watch_key key = {lane, TEXT("a.test")};
    struct watch_problem p[WATCH_KINDS];
    uint32_t len;
    (void)state;
    memset(&rows, 0, sizeof rows);
    struct watch_memory *m = opened(&rows);
    sweep(m, TEMPORARY | REJECT, START);
    const struct watch_event *e = watch_events(m, &len);
    assert_int_equal(len, 2);
    for (uint32_t i = 0; i < len; i++) {
        assert_true(e[i].deadline == START + WATCH_GRACE);
        assert_true(e[i].since == START);
        assert_int_equal(e[i].tag, 7);
        assert_text(e[i].key.identity, TEXT("a.test"));
        assert_text(e[i].key.lane.number, TEXT("111122223333"));
    }
    watch_told(m);
    kept(&rows, m);
    watch_close(m);
    m = opened(&rows);
    sweep(m, UNREAD | REJECT, START + SPAN_H(20));
    kept(&rows, m);
    sweep(m, TEMPORARY | REJECT, START + SPAN_H(71));
    assert_int_equal(watch_problems(m, &key, p), 2);
    assert_int_equal(p[0].kind, WATCH_REJECTING);
    assert_int_equal(p[1].kind, WATCH_STATUS_TEMPORARY);
    assert_int_equal(p[1].level, WATCH_PAGE);
    assert_true(p[0].deadline == START + WATCH_GRACE && p[1].deadline == START + WATCH_GRACE);
    /* SES has given up long ago: these 72 hours are others. */
    sweep(m, TEMPORARY | REJECT, START + SPAN_H(200));
    assert_int_equal(watch_problems(m, &key, p), 2);
    assert_true(p[1].deadline == START + SPAN_H(200) + WATCH_GRACE);
    watch_close(m);
}

/* A process that ends between keep and tell, and one that ends between tell and keep. */
static void a_process_that_ends_loses_no_event(void **state)
{
    static struct rows_kept rows;
    (void)state;
    memset(&rows, 0, sizeof rows);
    struct watch_memory *m = opened(&rows);
    sweep(m, FAILED, START);
    assert_told(m, "status-failed well>critical");
    kept(&rows, m);
    watch_close(m);

    m = opened(&rows);
    sweep(m, FAILED, START + SPAN_M(15));
    assert_told(m, "status-failed well>critical (again?)");
    watch_told(m);
    kept(&rows, m);
    sweep(m, FAILED, START + SPAN_M(30));
    assert_told(m, "");
    sweep(m, WELL, START + SPAN_M(45));
    sweep(m, WELL, START + SPAN_M(60));
    assert_told(m, "status-failed critical>well");
    kept(&rows, m);
    watch_close(m);

    /* Was the end told? What returns is told in either case. */
    m = opened(&rows);
    sweep(m, FAILED, START + SPAN_M(75));
    assert_told(m, "status-failed well>critical (again?)");
    watch_close(m);

    m = opened(&rows);
    sweep(m, WELL, START + SPAN_M(75));
    assert_told(m, "status-failed critical>well (again?)");
    watch_told(m);
    kept(&rows, m);
    sweep(m, WELL, START + SPAN_M(90));
    assert_told(m, "");
    watch_close(m);
}

/* A level that was kept and not told is told, though the problem has gone meanwhile. */
static void what_was_kept_is_told_though_it_has_gone(void **state)
{
    static struct rows_kept rows;
    (void)state;
    memset(&rows, 0, sizeof rows);
    struct watch_memory *m = opened(&rows);
    sweep(m, FAILED, START);
    kept(&rows, m);
    watch_close(m);
    m = opened(&rows);
    sweep(m, WELL, START + SPAN_M(15));
    assert_told(m, "status-failed well>critical (again?)");
    watch_told(m);
    sweep(m, WELL, START + SPAN_M(30));
    assert_told(m, "status-failed critical>well");
    watch_close(m);
}

/* An output is dead, so the beginning is not told yet; meanwhile the problem comes and goes. */
static void what_is_well_again_is_no_problem_though_it_is_not_told(void **state)
{
    static struct rows_kept rows;
    struct watch_problem found[WATCH_KINDS];
    const struct watch_key key = {lane, TEXT("a.test")};
    (void)state;
    memset(&rows, 0, sizeof rows);
    struct watch_memory *m = opened(&rows);
    sweep(m, TEMPORARY, START);
    assert_told(m, "status-temporary well>critical");
    sweep(m, WELL, START + SPAN_M(15));
    assert_int_equal(watch_problems(m, &key, found), 1); /* one good look does not end it */
    sweep(m, WELL, START + SPAN_M(30));
    assert_told(m, "status-temporary well>critical");
    assert_int_equal(watch_problems(m, &key, found), 0);
    watch_told(m);
    sweep(m, WELL, START + SPAN_M(45));
    assert_told(m, "status-temporary critical>well");
    assert_int_equal(watch_problems(m, &key, found), 0);
    watch_close(m);
}

static void a_lane_has_problems_of_its_own(void **state)
{
    const struct watch_key key = {.lane = lane};
    struct watch_problem p[WATCH_KINDS];
    static const struct {
        int minute;
        struct watch_lane_seen seen;
        const char *told;
    } steps[] = {
        {0, {.is_read = false}, ""},
        {15, {.is_read = false}, ""},
        {30, {.is_read = false}, "unseen well>warning"},
        {360, {.is_read = false}, "unseen warning>critical"},
        {375, {true, true, false, 0, 0}, "account-cannot-send well>critical"},
        {390, {true, false, false, 0, 0}, "unseen critical>well"},
        {405, {true, true, true, 0, 0}, ""},
        {420, {true, true, true, 0, 0}, "account-cannot-send critical>well"},
    };
    (void)state;
    struct watch_memory *m = watch_open(&WATCH_POLICY_USUAL);
    for (size_t i = 0; i < COUNT(steps); i++) {
        instant_us now = START + SPAN_M(steps[i].minute);
        watch_sweep_begin(m, now);
        assert_true(watch_look_lane(m, &lane, 0, &steps[i].seen, now));
        assert_true(watch_sweep_end(m, now));
        assert_told(m, steps[i].told);
        watch_told(m);
    }
    assert_int_equal(watch_problems(m, &key, p), 0);
    watch_close(m);
}

/* Thousands of sweeps with faults that come and go leave as many rows as there ever were at once.
 */
static void the_rows_do_not_grow(void **state)
{
    static struct rows_kept rows;
    (void)state;
    memset(&rows, 0, sizeof rows);
    struct watch_memory *m = opened(&rows);
    uint64_t seed = 77;
    for (int i = 0; i < 5000; i++) {
        static const unsigned signs[] = {WELL, WELL, MX_NO, TEMPORARY | REJECT, SPF_NO | STRICT};
        sweep(m, signs[dice(&seed) % COUNT(signs)], START + SPAN_M(15) * i);
        kept(&rows, m);
        watch_told(m);
        kept(&rows, m);
        if (i % 100 == 0) {
            watch_close(m);
            m = opened(&rows);
        }
    }
    assert_int_equal(rows.identities_len, 1);
    assert_between(rows.problems_len, 2, 6);
    uint64_t writes = rows.writes;
    for (int i = 5000; i < 5090; i++) { /* nothing happens: "was looked at" alone, once a day */
        sweep(m, WELL, START + SPAN_M(15) * i);
        watch_told(m);
    }
    kept(&rows, m);
    assert_between(rows.writes - writes, 1, 8);
    watch_close(m);
}

static void damaged_rows_are_left_out_and_overwritten(void **state)
{
    static struct rows_kept rows;
    struct watch_identity_record identity = {
        .number = 1, .key = {lane, TEXT("a.test")}, .mail_from = TEXT("b.a.test"), .looked = START};
    const struct watch_problem_record problem = {.number = 1,
                                                 .owner = 1,
                                                 .kind = WATCH_MX_GONE,
                                                 .level = WATCH_WARNING,
                                                 .told = WATCH_WARNING,
                                                 .since = START,
                                                 .began = START};
    struct watch_problem_record odd[9];
    (void)state;
    memset(&rows, 0, sizeof rows);
    struct watch_memory *m = watch_open(&WATCH_POLICY_USUAL);
    assert_true(watch_learn_identity(m, &identity));
    identity.number = 2; /* the same once more */
    assert_true(watch_learn_identity(m, &identity));
    identity.number = 0;
    assert_true(watch_learn_identity(m, &identity));
    identity.number = UINT64_MAX;
    assert_true(watch_learn_identity(m, &identity));
    assert_true(watch_learn_identity(m, &(struct watch_identity_record){.number = 3}));
    assert_int_equal(watch_left_out(m), 4);
    for (size_t i = 0; i < COUNT(odd); i++) {
        odd[i] = problem;
        odd[i].number = i + 2;
    }
    odd[0].owner = 2; /* left out itself */
    odd[1].owner = 99;
    odd[2].kind = WATCH_KINDS;
    odd[3].level = WATCH_LEVELS;
    odd[4].told = WATCH_LEVELS;
    odd[5].since = 0;
    odd[6].began = START - 1;
    odd[7].kind = WATCH_MX_GONE; /* a second of its kind */
    odd[8].number = UINT64_MAX;
    assert_true(watch_learn_problem(m, &problem));
    for (size_t i = 0; i < COUNT(odd); i++)
        assert_true(watch_learn_problem(m, &odd[i]));
    assert_int_equal(watch_left_out(m), 4 + COUNT(odd));
    sweep(m, MX_NO, START + SPAN_M(1));
    assert_told(m, "");
    kept(&rows, m);
    watch_close(m);
    m = opened(&rows);
    assert_int_equal(watch_left_out(m), 0);
    watch_close(m);
}

/* Two accounts that manifests call by one name are two, once their numbers are known. */
static void accounts_of_one_name_are_told_apart(void **state)
{
    const struct watch_wanted wanted = {.mail_from = TEXT("b.a.test")};
    struct watch_seen seen = seen_of(FAILED);
    struct watch_key key = {lane, TEXT("a.test")};
    struct watch_problem p[WATCH_KINDS];
    (void)state;
    struct watch_memory *m = watch_open(&WATCH_POLICY_USUAL);
    watch_sweep_begin(m, START);
    key.lane.number = TEXT_NONE;
    assert_true(watch_look(m, &key, 1, &wanted, &seen, START));
    key.lane.number = TEXT("111122223333"); /* the same, with its number */
    assert_int_equal(watch_problems(m, &key, p), 1);
    assert_true(watch_look(m, &key, 1, &wanted, &seen, START));
    key.lane.number = TEXT("444455556666");
    assert_int_equal(watch_problems(m, &key, p), 0);
    assert_true(watch_look(m, &key, 2, &wanted, &seen, START));
    assert_true(watch_sweep_end(m, START));
    uint32_t len;
    watch_events(m, &len);
    assert_int_equal(len, 2);
    watch_close(m);
}

static void verification_is_asked_for_again_when_it_was_bad(void **state)
{
    const struct watch_key key = {lane, TEXT("a.test")};
    (void)state;
    struct watch_memory *m = watch_open(&WATCH_POLICY_USUAL);
    assert_true(watch_verified_at(m, &key) == 0);
    sweep(m, WELL, START);
    assert_true(watch_verified_at(m, &key) == START);
    sweep(m, UNVERIFIED, START + 5);
    assert_true(watch_verified_at(m, &key) == 0);
    watch_close(m);
}

static void many_identities_are_found_again(void **state)
{
    char name[32];
    const struct watch_wanted wanted = {.mail_from = TEXT("b.a.test")};
    struct watch_problem p[WATCH_KINDS];
    (void)state;
    struct watch_memory *m = watch_open(&WATCH_POLICY_USUAL);
    for (int round = 0; round < 2; round++) {
        watch_sweep_begin(m, START + round);
        for (int i = 0; i < 20000; i++) {
            struct watch_seen seen = seen_of(i % 100 ? WELL : FAILED);
            int len = snprintf(name, sizeof name, "d%d.test", i);
            const struct watch_key key = {lane, {name, (size_t)len}};
            assert_true(watch_look(m, &key, (uint32_t)(20000 - i), &wanted, &seen, START + round));
            assert_int_equal(watch_problems(m, &key, p), i % 100 ? 0 : 1);
        }
        assert_true(watch_sweep_end(m, START + round));
        uint32_t len;
        const struct watch_event *e = watch_events(m, &len);
        assert_int_equal(len, round ? 0 : 200);
        for (uint32_t i = 1; i < len; i++) /* in the order of looks, by their tags */
            assert_true(e[i - 1].tag < e[i].tag);
        watch_told(m);
    }
    watch_close(m);
}

static void a_lane_is_not_told_of_what_it_accepts(void **state)
{
    (void)state;
    for (unsigned accepts = 0; accepts < 2; accepts++) {
        uint32_t len;
        const struct watch_lane_seen seen = {
            .is_read = true,
            .account_is_known = true,
            .accepted = accepts ? WATCH_BIT(WATCH_ACCOUNT_CANNOT_SEND) : 0};
        struct watch_memory *m = watch_open(&WATCH_POLICY_USUAL);
        assert_non_null(m);
        watch_sweep_begin(m, START);
        assert_true(watch_look_lane(m, &lane, 0, &seen, START));
        assert_true(watch_sweep_end(m, START));
        watch_events(m, &len);
        assert_int_equal(len, accepts ? 0 : 1);
        watch_close(m);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(scripts_tell_what_they_should),
        cmocka_unit_test(the_deadline_counts_from_the_first_look),
        cmocka_unit_test(a_process_that_ends_loses_no_event),
        cmocka_unit_test(what_was_kept_is_told_though_it_has_gone),
        cmocka_unit_test(what_is_well_again_is_no_problem_though_it_is_not_told),
        cmocka_unit_test(a_lane_has_problems_of_its_own),
        cmocka_unit_test(the_rows_do_not_grow),
        cmocka_unit_test(damaged_rows_are_left_out_and_overwritten),
        cmocka_unit_test(accounts_of_one_name_are_told_apart),
        cmocka_unit_test(verification_is_asked_for_again_when_it_was_bad),
        cmocka_unit_test(many_identities_are_found_again),
        cmocka_unit_test(a_lane_is_not_told_of_what_it_accepts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
