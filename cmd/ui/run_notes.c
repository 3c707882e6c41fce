/* The observer of a run: prints the changes of lanes, and passes each turn on to the progress
   view. */
#include "run_notes.h"

#include "base/bounds.h"
#include "base/buf.h"
#include "base/escape.h"
#include "base/plural.h"
#include "budget_text.h"
#include "messages.h"
#include "order_text.h"
#include "preflight_text.h"
#include "run_beside.h"
#include "run_lost.h"
#include "scheduler/waves.h"
#include "trouble_fold.h"

#include <string.h>

#define EARLIEST_TOLD_FROM SPAN_S(30) /* a shorter time is not worth a line */

static struct text account_of(const struct fleet *f, uint16_t lane)
{
    return names_text(&f->names, f->accounts[f->lanes[lane].account].name);
}

static struct text region_of(const struct fleet *f, uint16_t lane)
{
    return names_text(&f->names, f->lanes[lane].region);
}

/* A call for each identity may take hours: told before the first. */
void dkim_cost_note(const struct fleet *f, const struct access *a, const uint32_t *jobs,
                    bool is_most)
{
    bool is_v2 = a->read_api && strcmp(a->read_api, "v2") == 0; /* costs that anyway */
    double slowest_s = 0;
    char span[WHEN_LEN];
    if (access_dkim(a) != DKIM_BY_IDENTITY || is_v2 || f->choices_len == 0)
        return;
    for (uint32_t i = 0; i < f->lanes_len; i++) {
        double lane_s = jobs[i] / fleet_rate(f, i, a->rate_per_s);
        slowest_s = lane_s > slowest_s ? lane_s : slowest_s;
    }
    message_note("note: --dkim reads %s%u %s one by one: %u calls of GetEmailIdentity, about %s",
                 is_most ? "up to " : "", f->choices_len,
                 plural(f->choices_len, "identity", "identities"), f->choices_len,
                 span_format((span_us)(1e6 * slowest_s), span));
}

/* Of a plan its reads; of an apply also the writes, should every row need one. */
static void need_add(struct lane_need *need, const struct fleet *f, uint32_t row, bool writes)
{
    bool sets = writes && f->choices[row].mail_from != MAIL_FROM_DEFAULT;
    if (f->choices[row].guarded == GUARD_SKIP)
        return;
    need->reads++;
    need->sets += sets;
    need->clears += writes && !sets;
    need->tightens += sets && fleet_policy_of(f, row)->behavior == BEHAVIOR_REJECT_MESSAGE;
}

/* The bound of a plan, or of an apply that no shown plan tells it of. */
static enum err earliest_note(struct run_notes *n, const struct run *r, struct why *why)
{
    const struct fleet *f = &r->fleet;
    const struct access *a = r->config.access;
    struct lane_need *needs = ARENA_ARRAY(&n->memory, struct lane_need, f->lanes_len + 1);
    bool writes = r->head.verb == RUN_APPLY;
    struct budget b = {0};
    struct buf hold;
    char span[WHEN_LEN];
    bool is_heard = !n->options->quiet && n->options->progress != PROGRESS_JSON;
    if (n->follows_plan || r->resumes || !is_heard || (r->head.verb != RUN_PLAN && !writes))
        return OK;
    if (!needs)
        return why_set(why, ERR_NOMEM, "out of memory");
    for (uint32_t i = 0; i < f->choices_len; i++)
        need_add(&needs[f->choices[i].lane], f, i, writes);
    for (uint32_t i = 0; i < f->lanes_len; i++) {
        needs[i].rate_per_s = fleet_rate(f, i, a->rate_per_s);
        needs[i].how = access_reading(a, needs[i].reads);
        budget_add(&b, &needs[i]);
    }
    if (b.earliest < EARLIEST_TOLD_FROM || (writes && waves_are_wanted(f)))
        return OK;
    buf_init(&hold, LINE_LEN_MAX);
    budget_hold_add(&hold, &b, f, a);
    if (writes)
        message_note("note: should every identity need a write, the earliest finish is in %s; it "
                     "is " TEXT_FMT,
                     span_format(b.earliest, span), TEXT_ARG(buf_text(&hold)));
    else
        message_note("note: the earliest finish of this plan is in %s; it is " TEXT_FMT,
                     span_format(b.earliest, span), TEXT_ARG(buf_text(&hold)));
    buf_clear(&hold);
    return OK;
}

static enum err notes_begin(void *ctx, const struct run *r, instant_us now, struct why *why)
{
    struct run_notes *n = ctx;
    const struct fleet *f = &r->fleet;
    (void)now;
    n->run = r;
    n->lane_changes = n->orders_told = 0;
    arena_init(&n->memory, SIZE_MAX);
    n->jobs = ARENA_ARRAY(&n->memory, uint32_t, f->lanes_len + 1);
    n->closed = ARENA_ARRAY(&n->memory, bool, f->lanes_len + 1);
    n->refused = ARENA_ARRAY(&n->memory, unsigned, f->lanes_len + 1);
    n->waits = ARENA_ARRAY(&n->memory, bool, f->lanes_len + 1);
    n->loose = ARENA_ARRAY(&n->memory, bool, f->lanes_len + 1);
    n->hint_cut = ARENA_ARRAY(&n->memory, bool, f->lanes_len + 1);
    if (!n->jobs || !n->closed || !n->refused || !n->waits || !n->loose || !n->hint_cut) {
        arena_clear(&n->memory);
        return why_set(why, ERR_NOMEM, "out of memory");
    }
    for (uint32_t i = 0; i < f->choices_len; i++)
        n->jobs[f->choices[i].lane]++;
    if (!n->follows_plan)
        dkim_cost_note(f, r->config.access, n->jobs, r->resumes);
    enum err err = earliest_note(n, r, why);
    if (err != OK)
        arena_clear(&n->memory);
    else
        progress_begin(&n->progress, n->options, &r->head, f, n->signals);
    return err;
}

/* One sentence for all lanes of the account that were closed for the same reason. */
static void closed_tell(struct run_notes *n, const struct scheduler *scheduler, uint16_t lane)
{
    const struct fleet *f = &n->run->fleet;
    const char *reason = scheduler_lane_trouble(scheduler, lane);
    uint32_t jobs = 0, lanes = 0;
    char regions[64];
    for (uint16_t i = lane; i < f->lanes_len; i++) {
        const char *also = scheduler_lane_trouble(scheduler, i);
        if (n->closed[i] || f->lanes[i].account != f->lanes[lane].account || !also ||
            strcmp(also, reason) != 0)
            continue;
        n->closed[i] = true;
        jobs += n->jobs[i];
        lanes++;
    }
    snprintf(regions, sizeof regions, "%u Regions", lanes);
    if (lanes == 1)
        snprintf(regions, sizeof regions, "Region " TEXT_FMT, TEXT_ARG(region_of(f, lane)));
    if (jobs == 0)
        return; /* a rollback has the lanes of its run, and perhaps no row in some */
    message_error("account " TEXT_FMT ", %s: the rest of its %u %s %s%s: %s",
                  TEXT_ARG(account_of(f, lane)), regions, jobs,
                  plural(jobs, "identity", "identities"),
                  scheduler_lane_is_closed(scheduler, lane) ? "fails" : "is not written",
                  lanes < f->lanes_len ? ", the others go on" : "", reason);
}

static struct trouble trouble_of(const struct fleet *f, uint16_t lane)
{
    name_id number = fleet_account_number(f, lane);
    return (struct trouble){account_of(f, lane), names_text(&f->names, number), region_of(f, lane)};
}

/* Accounts that were closed for the same reason as one that was just told, but for their numbers:
 * from so many on they are counted. */
#define LIKEWISE_FROM 3

/* Another Region of the first account is told by itself, where its sentence differs. */
static bool is_likewise(const struct run_notes *n, const struct scheduler *scheduler,
                        const struct trouble_kind *kind, uint16_t lane)
{
    struct trouble t = trouble_of(&n->run->fleet, lane);
    const char *also = n->closed[lane] ? NULL : scheduler_lane_trouble(scheduler, lane);
    return also && !text_eq(t.account, kind->first.account) && trouble_kind_has(kind, &t, also);
}

static void likewise_tell(struct run_notes *n, const struct scheduler *scheduler, uint16_t lane)
{
    const struct fleet *f = &n->run->fleet;
    struct trouble first = trouble_of(f, lane);
    struct trouble_fold fold;
    struct buf line;
    trouble_fold_init(&fold);
    bool may =
        n->jobs[lane] && trouble_fold_add(&fold, &first, scheduler_lane_trouble(scheduler, lane));
    for (uint16_t i = 0; may && i < f->lanes_len; i++) {
        struct trouble t = trouble_of(f, i);
        if (is_likewise(n, scheduler, &fold.kinds[0], i))
            trouble_fold_add(&fold, &t, scheduler_lane_trouble(scheduler, i));
    }
    if (may && fold.kinds[0].accounts > LIKEWISE_FROM) {
        for (uint16_t i = 0; i < f->lanes_len; i++)
            n->closed[i] |= is_likewise(n, scheduler, &fold.kinds[0], i);
        buf_init(&line, LINE_LEN_MAX);
        trouble_kind_others(&fold.kinds[0], &line);
        message_error(TEXT_FMT, TEXT_ARG(buf_text(&line)));
        buf_clear(&line);
    }
    trouble_fold_clear(&fold);
}

#define MAIL_FROM_BIT    (1u << CALL_READ_MAIL_FROM)
#define VERIFICATION_BIT (1u << CALL_READ_VERIFICATION)

/* IAM refuses batched MAIL FROM: a call for each identity instead of one for a hundred, each time
 * all are read. Printed once for the account, since its Regions share one policy. */
static void fell_back_tell(struct run_notes *n, uint16_t lane, unsigned refused)
{
    const struct fleet *f = &n->run->fleet;
    uint16_t account = f->lanes[lane].account;
    uint32_t jobs = 0, batches = 0, more_max = 0;
    double rate = fleet_rate(f, lane, n->run->config.access->rate_per_s);
    char span[WHEN_LEN];
    for (uint16_t i = 0; i < f->lanes_len; i++) {
        uint32_t by_batch = 2 * ((n->jobs[i] + SES_BATCH_MAX - 1) / SES_BATCH_MAX);
        if (f->lanes[i].account != account)
            continue;
        n->refused[i] = MAIL_FROM_BIT | VERIFICATION_BIT;
        jobs += n->jobs[i];
        batches += by_batch;
        if (n->jobs[i] > by_batch && n->jobs[i] - by_batch > more_max)
            more_max = n->jobs[i] - by_batch;
    }
    message_note(
        "note: account " TEXT_FMT
        ": IAM refuses %sses:GetIdentityMailFromDomainAttributes, so its %u %s read one by "
        "one by ses:GetEmailIdentity: each time all are read up to %u calls instead of "
        "%u, and up to %s more at %g a second",
        TEXT_ARG(account_of(f, lane)),
        refused & VERIFICATION_BIT ? "ses:GetIdentityVerificationAttributes and " : "", jobs,
        plural(jobs, "identity is", "identities are"), jobs, batches,
        span_format((span_us)(1e6 * more_max / rate), span), rate);
}

/* IAM refuses batched verification alone. How many rows that is about another Region knows when its
 * own list is complete. */
static void single_tell(struct run_notes *n, uint16_t lane, const struct lane_reading *how)
{
    const struct fleet *f = &n->run->fleet;
    uint32_t single = how->lists ? how->untold : n->jobs[lane];
    double rate = fleet_rate(f, lane, n->run->config.access->rate_per_s);
    char span[WHEN_LEN];
    for (uint16_t i = 0; i < f->lanes_len; i++)
        if (f->lanes[i].account == f->lanes[lane].account)
            n->refused[i] |= VERIFICATION_BIT;
    span_us takes = (span_us)(1e6 * single / rate);
    message_note("note: account " TEXT_FMT
                 ": IAM refuses ses:GetIdentityVerificationAttributes, so identities%s are first "
                 "read one by one by ses:GetEmailIdentity: %u of %u in Region " TEXT_FMT
                 ", up to %s at %g a second. %s by the batch",
                 TEXT_ARG(account_of(f, lane)),
                 how->lists ? " that ses:ListEmailIdentities does not show as verified" : "",
                 single, n->jobs[lane], TEXT_ARG(region_of(f, lane)),
                 span_format(takes < SPAN_S(1) ? SPAN_S(1) : takes, span), rate,
                 how->lists ? "All others, and later reads, go" : "Later reads go");
}

static void refused_tell(struct run_notes *n, const struct scheduler *scheduler, uint16_t lane)
{
    struct lane_reading how = scheduler_lane_reading(scheduler, lane);
    unsigned news = how.refused & ~n->refused[lane];
    if (news & MAIL_FROM_BIT)
        fell_back_tell(n, lane, how.refused);
    else if (news)
        single_tell(n, lane, &how);
}

/* Trouble that passes: its rows wait, each until its own time is over. */
static void waits_tell(struct run_notes *n, const struct scheduler *scheduler, uint16_t lane,
                       instant_us now)
{
    const struct fleet *f = &n->run->fleet;
    char when[WHEN_LEN];
    instant_us since;
    const char *why = scheduler_lane_waits(scheduler, lane, now, &since);
    bool lasts = why && now >= since + TROUBLE_TOLD_AFTER;
    if (lasts && !n->waits[lane])
        message_error("account " TEXT_FMT ", Region " TEXT_FMT
                      ": since %s SES cannot be asked; the identities wait, and one call at a "
                      "time is tried: %s",
                      TEXT_ARG(account_of(f, lane)), TEXT_ARG(region_of(f, lane)),
                      when_format(since, when), why);
    else if (!why && n->waits[lane] && !scheduler_lane_trouble(scheduler, lane))
        message_note("account " TEXT_FMT ", Region " TEXT_FMT ": SES answers again",
                     TEXT_ARG(account_of(f, lane)), TEXT_ARG(region_of(f, lane)));
    n->waits[lane] = why ? n->waits[lane] || lasts : false;
}

static void changes_tell(struct run_notes *n, const struct scheduler *scheduler, instant_us now)
{
    n->lane_changes = scheduler_lane_changes(scheduler);
    for (uint16_t lane = 0; lane < n->run->fleet.lanes_len; lane++) {
        if (scheduler_lane_trouble(scheduler, lane) && !n->closed[lane]) {
            closed_tell(n, scheduler, lane);
            likewise_tell(n, scheduler, lane);
        }
        waits_tell(n, scheduler, lane, now);
        if (scheduler_lane_stays_loose(scheduler, lane) && !n->loose[lane]) {
            const struct fleet *f = &n->run->fleet;
            n->loose[lane] = true;
            message_error("account " TEXT_FMT ", Region " TEXT_FMT
                          ": SES left SUCCESS when REJECT_MESSAGE was set, so that identity was "
                          "set back and no other is tightened: mailfrom explain "
                          "tighten-falls-back",
                          TEXT_ARG(account_of(f, lane)), TEXT_ARG(region_of(f, lane)));
        }
        if (!n->follows_plan)
            refused_tell(n, scheduler, lane);
        /* SES asked for a longer pause than the bound: printed for the lane's first such action. */
        const struct fleet *f = &n->run->fleet;
        char asked[WHEN_LEN], most[WHEN_LEN];
        for (int kind = 0; kind < CALL_ASK && !n->hint_cut[lane]; kind++) {
            const struct pace *pace = scheduler_pace(scheduler, lane, (enum call_kind)kind);
            if (!pace->hint_cut)
                continue;
            n->hint_cut[lane] = true;
            message_note("note: account " TEXT_FMT ", Region " TEXT_FMT
                         ": SES asked for a pause of %s before the next %s (x-amz-retry-after); "
                         "the pause is "
                         "cut to %s",
                         TEXT_ARG(account_of(f, lane)), TEXT_ARG(region_of(f, lane)),
                         span_format(pace->hint_cut, asked),
                         call_action((enum call_kind)kind,
                                     scheduler_api(scheduler, lane, (enum call_kind)kind)),
                         span_format(RETRY_AFTER_MAX, most));
        }
    }
}

/* Programs that read progress as JSON are not talked to in between; a progress view makes room. */
static void notes_turn(void *ctx, const struct scheduler *scheduler, instant_us now)
{
    struct run_notes *n = ctx;
    if (scheduler_lane_changes(scheduler) != n->lane_changes && n->progress.mode != PROGRESS_JSON) {
        if (n->progress.mode == PROGRESS_BAR)
            screen_erase(&n->progress.screen);
        changes_tell(n, scheduler, now);
    }
    const struct steering *steering = scheduler_steering(scheduler);
    if (steering->taken != n->orders_told) {
        if (n->progress.mode == PROGRESS_BAR)
            screen_erase(&n->progress.screen);
        if (n->progress.mode != PROGRESS_JSON)
            order_tell(&steering->last, n->run->head.id);
        n->progress.next = now; /* the state is shown at once */
        n->orders_told = steering->taken;
    }
    progress_turn(&n->progress, scheduler, now);
}

static instant_us notes_wake(void *ctx, instant_us now)
{
    return progress_wake(&((struct run_notes *)ctx)->progress, now);
}

/* SES refuses an account alike in all its Regions: printed once. */
static bool gap_is_told(const struct scheduler *scheduler, const struct fleet *f, uint16_t lane,
                        unsigned gap)
{
    if (!scheduler_survey_gap_is_of_account(scheduler, lane, gap))
        return false;
    for (uint16_t i = 0; i < lane; i++)
        if (f->lanes[i].account == f->lanes[lane].account &&
            scheduler_survey_gap(scheduler, i, gap) &&
            scheduler_survey_gap_is_of_account(scheduler, i, gap))
            return true;
    return false;
}

static void gaps_tell(const struct scheduler *scheduler, const struct fleet *f, uint16_t lane)
{
    for (unsigned gap = 0; gap < SURVEY_GAPS_MAX; gap++) {
        const char *why = scheduler_survey_gap(scheduler, lane, gap);
        if (!why || gap_is_told(scheduler, f, lane, gap))
            continue;
        if (scheduler_survey_gap_is_of_account(scheduler, lane, gap))
            message_note("note: account " TEXT_FMT ": %s", TEXT_ARG(account_of(f, lane)), why);
        else
            message_note("note: account " TEXT_FMT ", Region " TEXT_FMT ": %s",
                         TEXT_ARG(account_of(f, lane)), TEXT_ARG(region_of(f, lane)), why);
    }
}

/* "2 SPF, 1 DKIM and 4 of other types" */
static uint32_t advice_counts(const uint32_t counts[ADVISOR_TYPES], struct buf *out)
{
    uint32_t sum = 0;
    for (int type = 0; type < ADVISOR_OTHER; type++) {
        if (counts[type])
            buf_add_fmt(out, "%s%u %s", sum ? ", " : "", counts[type],
                        advisor_type_name((enum advisor_type)type));
        sum += counts[type];
    }
    if (counts[ADVISOR_OTHER])
        buf_add_fmt(out, "%s%u of other types", sum ? " and " : "", counts[ADVISOR_OTHER]);
    return sum + counts[ADVISOR_OTHER];
}

/* What the advisor recommends for identities of the run, and the first few of it. */
static void advice_tell(const struct scheduler *scheduler, const struct fleet *f, uint16_t lane)
{
    const struct lane_advice *a = scheduler_lane_advice(scheduler, lane);
    struct buf line;
    if (!a)
        return;
    buf_init(&line, LINE_LEN_MAX);
    uint32_t len = advice_counts(a->of_rows, &line);
    for (uint32_t i = 0; i < a->examples_len; i++) {
        const struct recommendation *r = &a->examples[i];
        buf_add_fmt(&line, "%s%s for ", i ? "; " : ". Such as ", advisor_type_name(r->type));
        escape_terminal(&line, r->identity);
        buf_add_str(&line, r->is_high ? " (high impact)" : "");
        buf_add_str(&line, r->description.len ? ": " : "");
        escape_terminal(&line, text_slice(r->description, 0, 200));
    }
    if (len)
        message_note("note: account " TEXT_FMT ", Region " TEXT_FMT
                     ": SES's advisor (Virtual Deliverability Manager) has open recommendations "
                     "for identities of this run: " TEXT_FMT,
                     TEXT_ARG(account_of(f, lane)), TEXT_ARG(region_of(f, lane)),
                     TEXT_ARG(buf_text(&line)));
    buf_clear(&line);
}

/* A bucket that is slower than it was said to be: the rate is lower, or it is shared. Or calls are
 * refused whatever their rate, or because they came too close together. */
static void throttles_tell(const struct scheduler *d, const struct fleet *f, uint16_t lane,
                           enum call_kind kind)
{
    const struct pace *pace = scheduler_pace(d, lane, kind);
    const char *action = call_action(kind, scheduler_api(d, lane, kind));
    if (pace_is_slowed(pace))
        message_note(
            "note: account " TEXT_FMT ", Region " TEXT_FMT
            ": SES throttled %llu of %llu calls of %s, so they went down to %.3g a second. "
            "Its rate is lower than %.3g, or other programs share its quota",
            TEXT_ARG(account_of(f, lane)), TEXT_ARG(region_of(f, lane)),
            (unsigned long long)pace->throttled, (unsigned long long)pace->calls, action,
            pace->load.rate_per_s, pace->load.wanted_per_s);
    else if (pace->throttled * 100 > pace->calls && pace->early * 2 > pace->throttled)
        message_note("note: account " TEXT_FMT ", Region " TEXT_FMT
                     ": SES throttled %llu of %llu calls of %s that came too close together: its "
                     "bucket holds few calls at once. They were made again, and the pace was kept",
                     TEXT_ARG(account_of(f, lane)), TEXT_ARG(region_of(f, lane)),
                     (unsigned long long)pace->throttled, (unsigned long long)pace->calls, action);
    else if (pace->throttled * 100 > pace->calls)
        message_note("note: account " TEXT_FMT ", Region " TEXT_FMT
                     ": SES throttled %llu of %llu calls of %s; at the end they went at "
                     "%.3g a second, as wanted. Slower calls were not refused less, or "
                     "other programs shared the quota for a while",
                     TEXT_ARG(account_of(f, lane)), TEXT_ARG(region_of(f, lane)),
                     (unsigned long long)pace->throttled, (unsigned long long)pace->calls, action,
                     pace->load.rate_per_s);
}

static void notes_end(void *ctx, const struct run *r, bool failed, instant_us now)
{
    struct run_notes *n = ctx;
    const struct scheduler *scheduler = r->scheduler;
    progress_end(&n->progress, scheduler, failed, r->end, now);
    changes_tell(n, scheduler, now);
    for (uint16_t i = 0; i < r->fleet.lanes_len; i++) {
        bool is_told = n->follows_plan || scheduler_lane_trouble(scheduler, i);
        if (!is_told) {
            gaps_tell(scheduler, &r->fleet, i);
            advice_tell(scheduler, &r->fleet, i);
        }
        for (int kind = 0; kind < CALL_ASK; kind++)
            throttles_tell(scheduler, &r->fleet, i, (enum call_kind)kind);
    }
    if (scheduler_pause_reason(scheduler))
        message_error("paused: %s", scheduler_pause_reason(scheduler));
    arena_clear(&n->memory);
}

static void notes_preflight(void *ctx, const struct preflight *p)
{
    const struct run_notes *n = ctx;
    if (n->options->quiet)
        return;
    if (n->shows_preflight)
        preflight_print(p);
    preflight_print_missing(p);
}

static enum err notes_beside(void *ctx, const struct run *r, struct why *why)
{
    const struct run_notes *n = ctx;
    return n->tells_losses ? run_lost_note(n->options, r, why) : OK;
}

static enum err notes_callers(void *ctx, const struct run *r, struct why *why)
{
    return run_beside_hold(((const struct run_notes *)ctx)->options, r, why);
}

struct run_observer run_notes_observer(struct run_notes *n, const struct options *o,
                                       const struct signals *signals)
{
    *n = (struct run_notes){.options = o, .signals = signals};
    return (struct run_observer){.ctx = n,
                                 .preflight = notes_preflight,
                                 .beside = notes_beside,
                                 .callers = notes_callers,
                                 .begin = notes_begin,
                                 .turn = notes_turn,
                                 .wake = notes_wake,
                                 .end = notes_end};
}
