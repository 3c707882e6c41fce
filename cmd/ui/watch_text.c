/* The text of a sweep: equal problems of a lane are one group, thousands of them a few lines. */
#include "base/count.h"
#include "base/plural.h"
#include "messages.h"
#include "options/advice.h"
#include "trouble_fold.h"
#include "watch_report.h"

#include <string.h>

#define EXAMPLES_SHOWN 3

static const char *count_text(uint32_t n, char out[16])
{
    char digits[16];
    int len = snprintf(digits, sizeof digits, "%u", n), at = 0;
    for (int i = 0; i < len; i++) {
        if (i && (len - i) % 3 == 0)
            out[at++] = ',';
        out[at++] = digits[i];
    }
    out[at] = '\0';
    return out;
}

static enum color level_color(enum watch_level level)
{
    return level >= WATCH_CRITICAL ? COLOR_RED : level == WATCH_WARNING ? COLOR_YELLOW : COLOR_DIM;
}

static void times_print(const struct watching_problem *p, uint32_t len, instant_us now)
{
    char since[WHEN_LEN], deadline[WHEN_LEN];
    instant_us first = WHEN_NEVER, end = WHEN_NEVER;
    for (uint32_t i = 0; i < len; i++) {
        first = when_earlier(first, p[i].since);
        end = when_earlier(end, p[i].deadline ? p[i].deadline : WHEN_NEVER);
    }
    const char *which = len > 1 ? "first " : "";
    when_format(first, since);
    when_format(end, deadline);
    if (end == WHEN_NEVER)
        message_say(10, "%ssince %s", len > 1 ? "the first " : "", since);
    else if (end > now)
        message_say(10, "%ssince %s; the %s72 hours of SES end at the latest %s",
                    len > 1 ? "the first " : "", since, which, deadline);
    else
        message_say(10,
                    "%ssince %s; the %s72 hours of SES were over at the latest %s, and SES has not "
                    "given up yet",
                    len > 1 ? "the first " : "", since, which, deadline);
}

static void reason_print(const struct watch_report *r, const struct watching_problem *p, bool names)
{
    struct buf name, reason;
    const struct watch_key key = watching_key(&r->watching->run->fleet, p->tag);
    buf_init(&name, LINE_LEN_MAX);
    buf_init(&reason, LINE_LEN_MAX);
    if (names && key.identity.len)
        message_say(10, "%s: %s", message_safe(&name, key.identity),
                    message_safe(&reason, text_of(p->reason)));
    else
        message_say(10, "%s", message_safe(&reason, text_of(p->reason)));
    buf_clear(&name);
    buf_clear(&reason);
}

static void mend_print(const struct watch_report *r, const struct watching_problem *p, bool of_one)
{
    struct buf mend;
    buf_init(&mend, sizeof((struct advice *)0)->text);
    watch_mend(&mend, r, p, of_one);
    if (mend.len && !mend.failed)
        printf("          %s\n", mend.at);
    buf_clear(&mend);
}

/* Problems of one level, kind and lane, next to each other. */
static void group_print(const struct watch_report *r, const struct watching_problem *p,
                        uint32_t len)
{
    const struct options *o = r->options;
    const struct fleet *f = &r->watching->run->fleet;
    const struct watch_key key = watching_key(f, p->tag);
    const struct lane_name lane = watching_key(f, WATCHING_LANE | p->lane).lane;
    struct buf name, account, region;
    char digits[16], who[64];
    uint32_t shown = len > EXAMPLES_SHOWN && !o->all ? EXAMPLES_SHOWN : len;
    buf_init(&name, LINE_LEN_MAX);
    buf_init(&account, LINE_LEN_MAX);
    buf_init(&region, LINE_LEN_MAX);
    snprintf(who, sizeof who, "%s identities", count_text(len, digits));
    printf("%s%-11s%s  %-20s  %s  (%s, %s)\n", message_color(o, level_color(p->level)),
           watch_problem_level_name(p->level), message_color(o, COLOR_PLAIN),
           watch_kind_name(p->kind),
           len > 1            ? who
           : key.identity.len ? message_safe(&name, key.identity)
                              : "the account",
           message_safe(&account, lane.account), message_safe(&region, lane.region));
    times_print(p, len, r->watching->ended);
    for (uint32_t i = 0; i < shown; i++)
        reason_print(r, &p[i], len > 1);
    if (shown < len)
        printf("          ... and %s more; --all shows them\n", count_text(len - shown, digits));
    mend_print(r, p, len == 1);
    buf_clear(&name);
    buf_clear(&account);
    buf_clear(&region);
}

#define LIKEWISE_FROM 3 /* other accounts */

static struct trouble trouble_of(const struct watch_report *r, uint32_t lane)
{
    const struct lane_name name = watching_key(&r->watching->run->fleet, WATCHING_LANE | lane).lane;
    return (struct trouble){name.account, name.number, name.region};
}

/* Accounts that cannot be looked at for the same reason, but for their numbers, as the one that was
 * just printed: how many of the problems behind p they are. */
static uint32_t likewise_print(const struct watch_report *r, const struct watching_problem *p,
                               uint32_t most)
{
    struct trouble_fold fold;
    struct buf line;
    struct trouble first = trouble_of(r, p->lane);
    uint32_t len = 0;
    trouble_fold_init(&fold);
    bool may = !r->options->all && trouble_fold_add(&fold, &first, p->reason);
    for (; may && len < most; len++) {
        const struct watching_problem *next = &p[len + 1];
        struct trouble t = trouble_of(r, next->lane);
        if (next->level != p->level || next->kind != p->kind || text_eq(t.account, first.account) ||
            !trouble_kind_has(&fold.kinds[0], &t, next->reason))
            break; /* another Region of the first account is printed by itself */
        trouble_fold_add(&fold, &t, next->reason);
    }
    if (may && fold.kinds[0].accounts > LIKEWISE_FROM) {
        buf_init(&line, LINE_LEN_MAX);
        trouble_kind_others(&fold.kinds[0], &line);
        message_say(10, TEXT_FMT "; --all shows them", TEXT_ARG(buf_text(&line)));
        buf_clear(&line);
    } else {
        len = 0;
    }
    trouble_fold_clear(&fold);
    return len;
}

/* Lanes that could not be looked at, equal reasons once. */
static void troubles_print(const struct watch_report *r)
{
    const struct watching *w = r->watching;
    struct trouble_fold fold;
    struct buf line;
    trouble_fold_init(&fold);
    buf_init(&line, LINE_LEN_MAX);
    for (uint32_t i = 0; i < w->run->fleet.lanes_len && w->has_looked; i++) {
        struct trouble t = trouble_of(r, i);
        if (w->lanes[i].trouble && !trouble_fold_add(&fold, &t, w->lanes[i].trouble))
            message_error("account " TEXT_FMT ", Region " TEXT_FMT " could not be looked at: %s",
                          TEXT_ARG(t.account), TEXT_ARG(t.region), w->lanes[i].trouble);
    }
    for (uint32_t i = 0; i < fold.len; i++) {
        buf_reset(&line);
        trouble_kind_place(&fold.kinds[i], &line);
        message_error(TEXT_FMT " could not be looked at: " TEXT_FMT, TEXT_ARG(buf_text(&line)),
                      TEXT_ARG(fold.kinds[i].sentence));
        buf_reset(&line);
        trouble_kind_others(&fold.kinds[i], &line);
        if (line.len)
            message_error(TEXT_FMT, TEXT_ARG(buf_text(&line)));
    }
    buf_clear(&line);
    trouble_fold_clear(&fold);
}

/* What was not looked at, on standard error. */
static void blind_print(const struct watch_report *r)
{
    const struct watching *w = r->watching;
    troubles_print(r);
    for (uint32_t i = 0; i < w->run->fleet.lanes_len && w->has_looked; i++) {
        const struct lane_name lane = watching_key(&w->run->fleet, WATCHING_LANE | i).lane;
        const struct watching_lane *seen = &w->lanes[i];
        if (!seen->trouble && seen->gap && !r->options->quiet)
            message_note("note: account " TEXT_FMT ", Region " TEXT_FMT ": %s",
                         TEXT_ARG(lane.account), TEXT_ARG(lane.region), seen->gap);
        if (!seen->trouble && seen->one_by_one && seen->rows > SES_BATCH_MAX && !r->options->quiet)
            message_note("note: account " TEXT_FMT ", Region " TEXT_FMT
                         ": a look costs a call for each identity, because IAM refuses %s",
                         TEXT_ARG(lane.account), TEXT_ARG(lane.region),
                         call_action(CALL_READ_MAIL_FROM, API_V1));
    }
    if (w->blind)
        message_error("nothing could be looked at: %s", w->blind);
}

static void head_print(const struct watch_report *r)
{
    const struct watching *w = r->watching;
    uint32_t rows = w->run->fleet.choices_len - w->unseen;
    char all[16], bad[16], unseen[16], at[WHEN_LEN], took[WHEN_LEN];
    count_text(rows, all);
    count_text(w->rows_bad, bad);
    span_us length = watching_took(w) / SPAN_S(1) * SPAN_S(1);
    if (w->problems_len == 0)
        printf("%sAll is well%s: %s %s", message_color(r->options, COLOR_GREEN),
               message_color(r->options, COLOR_PLAIN), all, plural(rows, "identity", "identities"));
    else
        printf("%s of %s %s not as wanted", bad, all,
               plural(w->rows_bad, "identities is", "identities are"));
    if (w->unseen)
        printf(", and %s could not be looked at;", count_text(w->unseen, unseen));
    printf("%s looked at from %s on: %llu calls to SES, %s\n", w->unseen ? "" : ",",
           when_format(w->began, at), (unsigned long long)watching_calls_sent(w),
           length ? span_write(length, took) : "under a second");
}

static void dmarc_print(const struct watching *w)
{
    struct buf told;
    buf_init(&told, LINE_LEN_MAX);
    dmarc_seen_tell(&told, &w->dmarc);
    if (told.len)
        message_say(0, TEXT_FMT, TEXT_ARG(buf_text(&told)));
    buf_clear(&told);
}

void watch_text_print(const struct watch_report *r)
{
    const struct watching *w = r->watching;
    struct watch_counts c = watch_count(w);
    if (w->has_looked && (w->problems_len || !r->options->quiet))
        head_print(r);
    if (w->has_looked && !r->options->quiet)
        dmarc_print(w);
    for (uint32_t i = 0, len; i < w->problems_len; i += len) {
        const struct watching_problem *p = &w->problems[i];
        for (len = 1; i + len < w->problems_len; len++)
            if (p[len].level != p->level || p[len].kind != p->kind || p[len].lane != p->lane)
                break;
        group_print(r, p, len);
        if (p->kind == WATCH_UNSEEN && len == 1)
            len += likewise_print(r, p, w->problems_len - i - 1);
    }
    if (c.by_level[WATCH_WELL] && !r->options->quiet)
        printf("\"unconfirmed\": outputs are told once it has lasted long enough (watch in the "
               "manifest)\n");
    blind_print(r);
}
