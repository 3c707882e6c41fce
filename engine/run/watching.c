/* The machinery of a plan with nothing kept; then a look at each job, before it is gone. */
#include "watching.h"

#include "base/count.h"
#include "base/dname.h"
#include "base/siphash.h"
#include "rules/judge.h"
#include "wire/os_clock.h"

#include <stdlib.h>
#include <string.h>

#define SENTENCES_BYTES_MAX (256u << 20) /* a million rows, each with two faults */
/* With so many names and an answer about none, it is not the names: the watcher's own way to DNS is
 * broken. Trouble of fewer names is theirs, and each has its dns-trouble. */
#define DNS_SILENT_MIN 10

/* What the sentences of a row are about. */
enum subject { ABOUT_MX, ABOUT_SPF, ABOUT_DMARC, ABOUT_DNS, ABOUT_NAME, ABOUT_SES, SUBJECTS };

/* Rules about the MAIL FROM that a plan refuses before it asks DNS. */
#define NAME_RULES                                                                                 \
    (FINDING_BIT(NOT_A_SUBDOMAIN) | FINDING_BIT(INVALID_NAME) | FINDING_BIT(PUBLIC_SUFFIX) |       \
     FINDING_BIT(UNKNOWN_REGION))

/* Sentences about rows that are not well, as their judgement made them; a list by row. */
struct watching_said {
    struct watching_said *next; /* of the same row */
    enum subject about;
    const char *text;
};

/* A sweep under way. */
struct sweep {
    struct watching *w;
    const struct os_clock *clock; /* of the system, as it is; NULL: in a simulated world */
    instant_us opened;            /* by that clock */
    struct watching_said **said;  /* by row; in w->arena */
    bool out_of_memory;
};

void watching_init(struct watching *w, struct run *run, struct watch_memory *memory)
{
    *w = (struct watching){.run = run, .memory = memory};
    arena_init(&w->arena, SENTENCES_BYTES_MAX);
}

void watching_clear(struct watching *w)
{
    free(w->problems);
    arena_clear(&w->arena);
    *w = (struct watching){0};
}

/* ---- sentences ---- */

static bool subject_of(enum finding rule, enum subject *about)
{
    static const finding_set by_subject[SUBJECTS] = {
        [ABOUT_MX] = FINDING_BIT(RECEIVES_MAIL) | FINDING_BIT(SEVERAL_MX) |
                     FINDING_BIT(MX_MISSING) | FINDING_BIT(MX_WRONG_SUFFIX) |
                     FINDING_BIT(MX_UNKNOWN_REGION) | FINDING_BIT(CNAME_AT_NAME),
        [ABOUT_SPF] = FINDING_BIT(SPF_MISSING) | FINDING_BIT(SPF_SEVERAL) |
                      FINDING_BIT(SPF_SYNTAX) | FINDING_BIT(SPF_WITHOUT_SES) |
                      FINDING_BIT(SPF_LOOKUPS) | FINDING_BIT(SPF_VOID_LOOKUPS),
        [ABOUT_DMARC] = FINDING_BIT(DMARC_STRICT_SPF) | FINDING_BIT(DMARC_NOT_ALIGNED) |
                        FINDING_BIT(DMARC_VERDICTS_DIFFER),
        [ABOUT_DNS] = FINDING_BIT(DNS_TROUBLE) | FINDING_BIT(DNSSEC_BOGUS),
        [ABOUT_NAME] = NAME_RULES,
    };
    for (unsigned i = 0; i < SUBJECTS; i++) {
        *about = (enum subject)i;
        if (by_subject[i] & FINDING_BIT(rule))
            return true;
    }
    return false;
}

static void say(struct sweep *s, uint32_t row, enum subject about, struct text text)
{
    struct watching_said *said = ARENA_NEW(&s->w->arena, struct watching_said);
    struct text copy = arena_text(&s->w->arena, text);
    if (!said || !copy.at) {
        s->out_of_memory = true;
        return;
    }
    *said = (struct watching_said){s->said[row], about, copy.at};
    s->said[row] = said;
}

/* The first sentence about a subject; "" where the row has none. */
static const char *said_of(const struct sweep *s, uint32_t row, enum subject about)
{
    const char *first = "";
    for (const struct watching_said *said = s->said[row]; said; said = said->next)
        if (said->about == about)
            first = said->text;
    return first;
}

/* Of most rows nothing is said, and nothing is kept. */
static enum err record_take(void *keeper, const struct record *records, uint32_t len,
                            struct why *why)
{
    struct sweep *s = keeper;
    for (uint32_t i = 0; i < len; i++) {
        const struct record *r = &records[i];
        enum subject about;
        if (!record_is_of_job(r))
            continue;
        uint16_t lane = s->w->run->fleet.choices[r->job].lane;
        if (r->row.state == JOB_DONE && !r->row.seen_known && r->row.reason.len &&
            !scheduler_lane_is_closed(s->w->run->scheduler, lane))
            say(s, r->job, ABOUT_SES, r->row.reason);
        for (uint32_t n = 0; n < r->row.notes.len; n++)
            if (subject_of(r->row.notes.at[n].rule, &about))
                say(s, r->job, about, r->row.notes.at[n].text);
    }
    return s->out_of_memory ? why_set(why, ERR_NOMEM, "out of memory") : OK;
}

static enum subject subject_of_kind(enum watch_kind kind)
{
    switch (kind) {
    case WATCH_MX_GONE:
    case WATCH_MX_WRONG: return ABOUT_MX;
    case WATCH_SPF_GONE:
    case WATCH_SPF_WRONG: return ABOUT_SPF;
    case WATCH_DMARC_NOT_ALIGNED: return ABOUT_DMARC;
    case WATCH_DNS_TROUBLE: return ABOUT_DNS;
    case WATCH_REFUSED: return ABOUT_NAME;
    default: return ABOUT_SES;
    }
}

/* What differs is known only of a sweep that has asked for global endpoints. */
static struct text endpoint_reason(struct watching *w, uint32_t row)
{
    const struct scheduler *d = w->run->scheduler;
    struct endpoint_view other;
    if (!d || !scheduler_row_endpoint(d, row, &other))
        return TEXT("the two Regions of its global endpoint differ in MAIL FROM or behavior");
    bool has_name = other.mail_from.len > 0;
    return arena_fmt(&w->arena,
                     "the global endpoint " TEXT_FMT " sends half of its mail through " TEXT_FMT
                     ", where %s has %s" TEXT_FMT "%s%s",
                     TEXT_ARG(other.endpoint), TEXT_ARG(other.region),
                     other.is_wanted ? "the manifest" : "SES",
                     has_name ? "MAIL FROM " : "the default MAIL FROM", TEXT_ARG(other.mail_from),
                     has_name ? " with " : "", has_name ? behavior_name(other.behavior) : "");
}

/* Where judgement made no sentence. */
static struct text usual_reason(struct watching *w, enum watch_kind kind, const struct job *job,
                                struct text seen, uint32_t row)
{
    struct arena *a = &w->arena;
    const struct fleet *f = &w->run->fleet;
    struct text wanted = fleet_mail_from(f, row);
    const char *status = mail_from_status_name((enum mail_from_status)job->status_seen);
    switch (kind) {
    case WATCH_REJECTING:
        return arena_fmt(a,
                         "mail is being rejected now: the MAIL FROM " TEXT_FMT
                         " has REJECT_MESSAGE, and SES says %s",
                         TEXT_ARG(seen), status);
    case WATCH_STATUS_FAILED:
        return arena_fmt(a,
                         "SES says FAILED of the MAIL FROM " TEXT_FMT
                         ", and does not look at its MX again until it is set anew",
                         TEXT_ARG(seen));
    case WATCH_STATUS_TEMPORARY:
        return arena_fmt(a,
                         "SES says TEMPORARY_FAILURE of the MAIL FROM " TEXT_FMT
                         ": it cannot see the MX, and gives up 72 hours after it began",
                         TEXT_ARG(seen));
    case WATCH_STATUS_PENDING:
        return arena_fmt(a, "SES says PENDING of the MAIL FROM " TEXT_FMT, TEXT_ARG(seen));
    case WATCH_IDENTITY_MISSING: return TEXT("SES does not know the identity any more");
    case WATCH_IDENTITY_UNVERIFIED: return TEXT("SES says that the identity is not verified");
    case WATCH_ACCOUNT_CANNOT_SEND: return TEXT("SES says that the account cannot send");
    case WATCH_DRIFT_NAME:
        if (seen.len == 0)
            return arena_fmt(
                a,
                "SES has no custom MAIL FROM of it (it may have been deleted), and the "
                "manifest wants " TEXT_FMT,
                TEXT_ARG(wanted));
        return arena_fmt(a,
                         "SES has the MAIL FROM " TEXT_FMT ", and the manifest wants %s" TEXT_FMT,
                         TEXT_ARG(seen), wanted.len ? "" : "none", TEXT_ARG(wanted));
    case WATCH_DRIFT_BEHAVIOR:
        return arena_fmt(a, "SES has %s, and the manifest wants %s",
                         behavior_name(job->behavior_seen),
                         behavior_name(fleet_policy_of(f, row)->behavior));
    case WATCH_MX_GONE:
    case WATCH_MX_WRONG:
        return arena_fmt(a, "the verdict on the MX of " TEXT_FMT " is \"%s\"", TEXT_ARG(wanted),
                         mx_status_name((enum mx_status)job->mx));
    case WATCH_SPF_GONE:
    case WATCH_SPF_WRONG:
        return arena_fmt(a, "the verdict on the SPF record of " TEXT_FMT " is \"%s\"",
                         TEXT_ARG(wanted), spf_status_name((enum spf_status)job->spf));
    case WATCH_DMARC_NOT_ALIGNED:
        return arena_fmt(a, "the verdict on DMARC is \"%s\"",
                         dmarc_status_name((enum dmarc_status)job->dmarc));
    case WATCH_DNS_TROUBLE:
        return arena_fmt(a, "DNS has no answer about " TEXT_FMT, TEXT_ARG(wanted));
    case WATCH_UNSEEN: return TEXT("SES did not answer");
    case WATCH_ENDPOINT_REGIONS: return endpoint_reason(w, row);
    case WATCH_REFUSED:
        return arena_fmt(a, "a plan refuses the MAIL FROM " TEXT_FMT, TEXT_ARG(wanted));
    case WATCH_ADVISOR_OPEN: return TEXT("the advisor of SES has an open recommendation");
    case WATCH_KINDS: break;
    }
    assert(false && "every kind has a sentence");
    return TEXT("");
}

/* Of a problem that is there because an earlier look saw it: this one learned nothing of it. NULL:
 * it did. */
static const char *earlier_reason(enum watch_kind kind, const struct job *job)
{
    static const watch_kinds of_ses = WATCH_BIT(WATCH_REJECTING) | WATCH_BIT(WATCH_STATUS_FAILED) |
                                      WATCH_BIT(WATCH_STATUS_TEMPORARY) |
                                      WATCH_BIT(WATCH_STATUS_PENDING) |
                                      WATCH_BIT(WATCH_IDENTITY_MISSING) |
                                      WATCH_BIT(WATCH_DRIFT_NAME) | WATCH_BIT(WATCH_DRIFT_BEHAVIOR);
    enum subject about = subject_of_kind(kind);
    bool is_mx = about == ABOUT_MX, is_spf = about == ABOUT_SPF;
    if (WATCH_BIT(kind) & of_ses && !job->seen_known)
        return "an earlier look saw it, and SES has not been read since";
    if ((is_mx && (job->mx == MX_STATUS_NONE || job->mx == MX_STATUS_TROUBLE)) ||
        (is_spf && (job->spf == SPF_STATUS_NONE || job->spf == SPF_STATUS_TROUBLE)))
        return "an earlier look saw it, and DNS has not answered since";
    return NULL;
}

/* ---- what was seen ---- */

static struct lane_name lane_name_of(const struct fleet *f, uint32_t lane)
{
    const struct account *account = &f->accounts[f->lanes[lane].account];
    return (struct lane_name){.account = names_text(&f->names, account->name),
                              .number = names_text(&f->names, fleet_account_number(f, lane)),
                              .region = names_text(&f->names, f->lanes[lane].region)};
}

struct watch_key watching_key(const struct fleet *f, uint32_t tag)
{
    if (tag & WATCHING_LANE)
        return (struct watch_key){.lane = lane_name_of(f, tag & ~WATCHING_LANE)};
    return (struct watch_key){lane_name_of(f, f->choices[tag].lane), fleet_identity(f, tag)};
}

/* Of a status of DNS. No answer, and no question, is no word about a record. */
static bool is_accepted(const struct policy *p, enum finding finding)
{
    return finding != FINDINGS_LEN && finding != DNS_TROUBLE && p->accept & FINDING_BIT(finding);
}

/* Findings that the owner of the row accepts are no problems of it. */
static watch_kinds accepted_kinds(const struct policy *p, const struct job *job)
{
    static const struct {
        enum finding finding;
        enum watch_kind kind;
    } plain[] = {{IDENTITY_UNVERIFIED, WATCH_IDENTITY_UNVERIFIED},
                 {ACCOUNT_CANNOT_SEND, WATCH_ACCOUNT_CANNOT_SEND},
                 {ENDPOINT_REGIONS_DIFFER, WATCH_ENDPOINT_REGIONS},
                 {DMARC_NOT_ALIGNED, WATCH_DMARC_NOT_ALIGNED}, /* strict or not */
                 {DNS_TROUBLE, WATCH_DNS_TROUBLE}};
    watch_kinds kinds = 0;
    for (size_t i = 0; i < COUNT(plain); i++)
        if (p->accept & FINDING_BIT(plain[i].finding))
            kinds |= WATCH_BIT(plain[i].kind);
    if (is_accepted(p, judge_mx_finding((enum mx_status)job->mx)))
        kinds |= WATCH_BIT(job->mx == MX_STATUS_MISSING ? WATCH_MX_GONE : WATCH_MX_WRONG);
    if (is_accepted(p, judge_spf_finding((enum spf_status)job->spf)))
        kinds |= WATCH_BIT(job->spf == SPF_STATUS_MISSING ? WATCH_SPF_GONE : WATCH_SPF_WRONG);
    if (is_accepted(p, judge_dmarc_finding((enum dmarc_status)job->dmarc)))
        kinds |= WATCH_BIT(WATCH_DMARC_NOT_ALIGNED);
    return kinds;
}

static bool row_look(struct watching *w, uint32_t row, instant_us now)
{
    const struct run *r = w->run;
    const struct fleet *f = &r->fleet;
    const struct scheduler *d = r->scheduler;
    const struct policy *policy = fleet_policy_of(f, row);
    struct watching_lane *lane = &w->lanes[f->choices[row].lane];
    const struct job none = {0}, *job = d ? scheduler_job(d, row) : &none;
    struct watch_seen seen = {.is_read = job->seen_known, .exists = true};
    const struct watch_wanted wanted = {.mail_from = fleet_mail_from(f, row),
                                        .behavior = policy->behavior,
                                        .needs_spf = policy->require == REQUIRE_MX_SPF,
                                        .accepted = accepted_kinds(policy, job)};
    lane->accepted &= wanted.accepted;
    const struct watch_key key = watching_key(f, row);
    enum verification v = VERIFICATION_NONE;
    if (d && scheduler_verification(d, row, &v)) {
        seen.verification_is_read = true;
        seen.verification = v;
        seen.exists = v != VERIFICATION_NONE;
    }
    if (seen.is_read) {
        seen.mail_from = scheduler_mail_from_seen(d, row);
        seen.behavior = job->behavior_seen;
        seen.status = (enum mail_from_status)job->status_seen;
        lane->by_status[seen.status]++;
    }
    seen.lane_is_unseen = lane->trouble != NULL;
    if (!w->dns_is_silent) { /* otherwise nothing was learned of any name */
        seen.mx = (enum mx_status)job->mx;
        seen.spf = (enum spf_status)job->spf;
        seen.dmarc = (enum dmarc_status)job->dmarc;
    }
    if (d && scheduler_lane_endpoints_known(d, f->choices[row].lane))
        seen.known |= WATCH_BIT(WATCH_ENDPOINT_REGIONS);
    if (d && scheduler_lane_advice_known(d, f->choices[row].lane))
        seen.known |= WATCH_BIT(WATCH_ADVISOR_OPEN);
    unsigned advice = d ? scheduler_row_advice(d, row) : 0;
    if (advice & ROW_ENDPOINT_DIFFERS)
        seen.shown |= WATCH_BIT(WATCH_ENDPOINT_REGIONS);
    if (advice & ~ROW_ENDPOINT_DIFFERS)
        seen.shown |= WATCH_BIT(WATCH_ADVISOR_OPEN);
    if (seen.is_read)
        seen.known |= WATCH_BIT(WATCH_REFUSED);
    if (seen.is_read && wanted.mail_from.len && job->mx == MX_STATUS_NONE &&
        job->findings & ~policy->accept & NAME_RULES)
        seen.shown |= WATCH_BIT(WATCH_REFUSED);
    seen.dkim_is_asked = d && scheduler_dkim_is_asked(d, row);
    seen.dkim = seen.dkim_is_asked ? scheduler_dkim_own(d, row) : DKIM_UNKNOWN;
    w->dkim[row] = (uint8_t)(d ? scheduler_dkim(d, row) : DKIM_UNKNOWN);
    return watch_look(w->memory, &key, row, &wanted, &seen, now);
}

static bool lane_look(struct watching *w, uint32_t lane, instant_us now)
{
    const struct scheduler *d = w->run->scheduler;
    const struct lane_name name = lane_name_of(&w->run->fleet, lane);
    struct watch_lane_seen seen = {.is_read = !w->lanes[lane].trouble,
                                   .accepted = w->lanes[lane].accepted};
    seen.account_is_known = d && scheduler_account_sends(d, (uint16_t)lane, &seen.can_send);
    return watch_look_lane(w->memory, &name, WATCHING_LANE | lane, &seen, now);
}

/* ---- the problems ---- */

static bool problem_add(struct sweep *s, uint32_t tag, const struct watch_problem *p)
{
    struct watching *w = s->w;
    const struct fleet *f = &w->run->fleet;
    const struct scheduler *d = w->run->scheduler;
    bool is_lane = tag & WATCHING_LANE;
    uint32_t lane = is_lane ? tag & ~WATCHING_LANE : f->choices[tag].lane, row = is_lane ? 0 : tag;
    const struct job none = {0}, *job = d && !is_lane ? scheduler_job(d, row) : &none;
    struct text seen = d && !is_lane ? scheduler_mail_from_seen(d, row) : TEXT_NONE;
    const char *reason = is_lane || !s->said ? "" : said_of(s, row, subject_of_kind(p->kind));
    if (p->kind == WATCH_UNSEEN && w->lanes[lane].trouble)
        reason = w->lanes[lane].trouble;
    const char *earlier = is_lane ? NULL : earlier_reason(p->kind, job);
    if (earlier)
        reason = earlier;
    if (p->well_since)
        reason = "the last look shows it well again, and one look does not end it";
    if (!*reason)
        reason = usual_reason(w, p->kind, job, seen, row).at;
    bool needs_write =
        p->kind == WATCH_REJECTING && job->seen_known &&
        (!dname_eq(seen, fleet_mail_from(f, row)) || job->status_seen == MAIL_FROM_FAILED ||
         job->mx == MX_STATUS_OK || fleet_policy_of(f, row)->behavior != job->behavior_seen);
    if (w->problems_len == w->problems_cap) {
        uint32_t cap = w->problems_cap ? w->problems_cap * 2 : 64;
        struct watching_problem *grown = realloc(w->problems, cap * sizeof *grown);
        if (!grown)
            return false;
        w->problems = grown;
        w->problems_cap = cap;
    }
    w->problems[w->problems_len++] = (struct watching_problem){.tag = tag,
                                                               .lane = (uint16_t)lane,
                                                               .kind = p->kind,
                                                               .level = p->level,
                                                               .since = p->since,
                                                               .deadline = p->deadline,
                                                               .well_since = p->well_since,
                                                               .needs_write = needs_write,
                                                               .reason = reason};
    return reason != NULL;
}

static bool problems_take(struct sweep *s, uint32_t tag)
{
    struct watch_problem found[WATCH_KINDS];
    const struct watch_key key = watching_key(&s->w->run->fleet, tag);
    uint32_t len = watch_problems(s->w->memory, &key, found);
    s->w->rows_bad += len > 0 && !(tag & WATCHING_LANE);
    for (uint32_t i = 0; i < len; i++)
        if (!problem_add(s, tag, &found[i]))
            return false;
    return true;
}

static int compare(uint64_t a, uint64_t b)
{
    return (a > b) - (a < b);
}

static int problem_order(const void *a, const void *b)
{
    const struct watching_problem *p = a, *q = b;
    int order = compare(q->level, p->level);
    order = order ? order : compare(p->kind, q->kind);
    order = order ? order : compare(p->lane, q->lane);
    return order ? order : compare(p->tag, q->tag);
}

const struct watching_problem *watching_find(const struct watching *w,
                                             const struct watch_event *event)
{
    struct watching_problem like = {.tag = event->tag, .kind = event->kind, .level = event->to};
    if (event->tag == WATCH_NO_TAG || w->problems_len == 0)
        return NULL;
    like.lane = event->tag & WATCHING_LANE ? (uint16_t)(event->tag & ~WATCHING_LANE)
                                           : w->run->fleet.choices[event->tag].lane;
    return bsearch(&like, w->problems, w->problems_len, sizeof like, problem_order);
}

/* ---- the sweep ---- */

/* Which rows were read, and why a lane was not. trouble: why the sweep could not begin, or NULL. */
static void lanes_look(struct sweep *s, const char *trouble)
{
    struct watching *w = s->w;
    const struct run *r = w->run;
    for (uint32_t row = 0; row < r->fleet.choices_len; row++) {
        struct watching_lane *lane = &w->lanes[r->fleet.choices[row].lane];
        bool is_read = r->scheduler && scheduler_job(r->scheduler, row)->seen_known;
        unsigned mx = r->scheduler ? scheduler_job(r->scheduler, row)->mx : MX_STATUS_NONE;
        w->asked += mx != MX_STATUS_NONE;
        w->troubled += mx == MX_STATUS_TROUBLE;
        lane->rows++;
        lane->accepted = ~(watch_kinds)0;
        lane->unseen += !is_read;
        w->unseen += !is_read;
        if (!is_read && !lane->trouble && *said_of(s, row, ABOUT_SES))
            lane->trouble = said_of(s, row, ABOUT_SES);
    }
    w->dns_is_silent = w->asked >= DNS_SILENT_MIN && w->troubled == w->asked;
    for (uint32_t i = 0; i < r->fleet.lanes_len; i++) {
        struct watching_lane *lane = &w->lanes[i];
        const char *closed =
            r->scheduler ? scheduler_lane_trouble(r->scheduler, (uint16_t)i) : trouble;
        for (unsigned gap = 0; r->scheduler && gap < SURVEY_GAPS_MAX && !lane->gap; gap++) {
            const char *told = scheduler_survey_gap(r->scheduler, (uint16_t)i, gap);
            lane->gap = told ? arena_text(&w->arena, text_of(told)).at : NULL;
        }
        lane->one_by_one =
            r->scheduler && scheduler_api(r->scheduler, (uint16_t)i, CALL_READ_MAIL_FROM) == API_V2;
        if (lane->unseen < lane->rows || lane->rows == 0)
            lane->trouble = NULL;
        else if (closed || !lane->trouble)
            lane->trouble =
                closed ? arena_text(&w->arena, text_of(closed)).at : "SES did not answer";
    }
}

/* Tells the memory what was seen, and asks it what is wrong. */
static enum err memory_tell(struct sweep *s, const char *trouble, struct why *why)
{
    struct watching *w = s->w;
    const struct fleet *f = &w->run->fleet;
    instant_us now = w->began;
    bool good = true;
    watch_sweep_begin(w->memory, now);
    lanes_look(s, trouble);
    for (uint32_t row = 0; good && row < f->choices_len; row++)
        good = row_look(w, row, now);
    watching_dmarc_count(w);
    for (uint32_t lane = 0; good && lane < f->lanes_len; lane++)
        good = lane_look(w, lane, now);
    good = good && watch_sweep_end(w->memory, now);
    for (uint32_t lane = 0; good && lane < f->lanes_len; lane++)
        good = problems_take(s, WATCHING_LANE | lane);
    for (uint32_t row = 0; good && row < f->choices_len; row++)
        good = problems_take(s, row);
    if (!good)
        return why_set(why, ERR_NOMEM, "out of memory");
    if (w->problems_len)
        qsort(w->problems, w->problems_len, sizeof *w->problems, problem_order);
    return OK;
}

static struct scheduler_options options_of(const struct run *r)
{
    struct scheduler_options options = run_scheduler_options(r);
    options.rules.plan_only = true;
    options.sweep = true;
    options.own = NULL;
    return options;
}

static void seldom_remember(const struct watching *w, struct scheduler *d)
{
    const struct fleet *f = &w->run->fleet;
    for (uint32_t row = 0; row < f->choices_len; row++) {
        const struct watch_key key = watching_key(f, row);
        instant_us at = watch_verified_at(w->memory, &key);
        if (at && w->began - at < f->watch.verification && at <= w->began)
            scheduler_verification_remember(d, row, VERIFICATION_SUCCESS);
        enum dkim_status dkim = watch_dkim(w->memory, &key, &at);
        if (at)
            scheduler_dkim_remember(d, row, dkim,
                                    w->began - at < f->watch.verification && at <= w->began);
    }
}

static void calls_count(struct watching *w, const struct scheduler *d)
{
    for (uint32_t lane = 0; lane < w->run->fleet.lanes_len; lane++) {
        for (unsigned kind = 0; kind < CALL_ASK; kind++) {
            const struct pace *pace = scheduler_pace(d, (uint16_t)lane, (enum call_kind)kind);
            bool is_v2 = scheduler_api(d, (uint16_t)lane, (enum call_kind)kind) == API_V2;
            w->calls[kind][is_v2].sent += pace->calls;
            w->calls[kind][is_v2].throttled += pace->throttled;
            w->calls[kind][is_v2].failed += pace->failed;
        }
    }
}

static void turn_show(void *ctx, instant_us now)
{
    const struct run *r = ((struct sweep *)ctx)->w->run;
    const struct run_observer *o = &r->config.observer;
    if (o->turn)
        o->turn(o->ctx, r->scheduler, now);
}

static instant_us wake_show(void *ctx, instant_us now)
{
    const struct run_observer *o = &((struct sweep *)ctx)->w->run->config.observer;
    return o->wake ? o->wake(o->ctx, now) : WHEN_NEVER;
}

static enum err sweep_engine(struct sweep *s, struct io *io, struct why *why)
{
    struct run *r = s->w->run;
    const struct run_observer *o = &r->config.observer;
    const struct engine_watch watch = {s, turn_show, wake_show};
    const struct scheduler_options options = options_of(r);
    r->scheduler = scheduler_init(&r->memory, &r->fleet, &options);
    if (!r->scheduler)
        return why_set(why, ERR_NOMEM, "out of memory");
    io->keep = record_take;
    io->keeper = s;
    instant_us now = io->now(io->world);
    seldom_remember(s->w, r->scheduler);
    enum err err = o->begin ? o->begin(o->ctx, r, now, why) : OK;
    if (err != OK)
        return err;
    for (uint32_t i = 0; i < r->fleet.lanes_len; i++)
        if (r->lanes.trouble && r->lanes.trouble[i])
            scheduler_close_lane(r->scheduler, (uint16_t)i, r->lanes.trouble[i], now);
    struct machine machine = scheduler_machine(r->scheduler);
    scheduler_start(r->scheduler, now);
    err = engine_run(&machine, io, &watch, &r->end, why);
    scheduler_totals(r->scheduler, &r->totals);
    if (o->end)
        o->end(o->ctx, r, err != OK, io->now(io->world));
    return err;
}

/* What was seen of how much, in one sentence where it was nothing. */
static void sweep_judge(struct watching *w)
{
    const struct fleet *f = &w->run->fleet;
    if (f->choices_len && w->unseen == f->choices_len)
        w->blind = w->lanes[f->choices[0].lane].trouble;
    else if (w->dns_is_silent)
        w->blind = "DNS has no answer about any MAIL FROM";
    w->has_looked = !w->blind;
}

/* What a sweep fills in. */
static enum err sweep_prepare(struct sweep *s, struct why *why)
{
    struct watching *w = s->w;
    const struct fleet *f = &w->run->fleet;
    s->said = ARENA_ARRAY(&w->arena, struct watching_said *, f->choices_len + 1);
    w->lanes = ARENA_ARRAY(&w->arena, struct watching_lane, f->lanes_len + 1);
    w->dkim = ARENA_ARRAY(&w->arena, uint8_t, f->choices_len + 1);
    return s->said && w->lanes && w->dkim ? OK : why_set(why, ERR_NOMEM, "out of memory");
}

/* SES may have told the world's clock that the system's is behind: then the beginning is moved as
 * far as the end, so that they are of one clock. The caller's clock, which `began` may be of, may
 * differ from both: the end is not before what has passed since. */
static void times_settle(struct sweep *s, instant_us ended)
{
    struct watching *w = s->w;
    if (s->clock) {
        instant_us own = os_clock_now(s->clock);
        w->began += ended > own ? ended - own : 0;
        ended = when_later(ended, w->began + (own - s->opened));
    }
    w->ended = ended;
}

static enum err sweep_on_wire(struct sweep *s, struct io *io, struct why *why)
{
    struct watching *w = s->w;
    struct run *r = w->run;
    enum err err = sweep_engine(s, io, why);
    w->was_stopped = err == OK && r->end != ENGINE_ENDED;
    times_settle(s, io->now(io->world));
    if (err != OK || w->was_stopped)
        return err;
    calls_count(w, r->scheduler);
    err = memory_tell(s, NULL, why);
    sweep_judge(w);
    return err;
}

enum err watching_sweep_in(struct watching *w, struct io *io, struct why *why)
{
    struct sweep s = {.w = w};
    w->began = w->began ? w->began : io->now(io->world);
    enum err err = sweep_prepare(&s, why);
    if (err == OK)
        err = sweep_on_wire(&s, io, why);
    scheduler_clear(w->run->scheduler);
    w->run->scheduler = NULL;
    return err;
}

static enum err sweep_live(struct sweep *s, struct preflight *preflight, struct wire **wire,
                           struct why *why)
{
    struct run *r = s->w->run;
    enum err err = OK;
    if (!r->suffixes)
        err = suffix_list_open(&r->suffixes, r->config.access->psl_file, why);
    if (err == OK)
        err = lanes_open(&r->lanes, &r->fleet, r->config.access, LANES_OF_SES, &r->config.notices,
                         why);
    if (err == OK)
        err = run_wire_open(r, wire, why);
    if (err == OK)
        err = run_preflight(r, preflight, *wire, why);
    s->w->was_stopped = err == ERR_BUSY;
    if (err != OK)
        return err;
    preflight_end(preflight);
    struct io io = wire_io(*wire);
    return sweep_on_wire(s, &io, why);
}

enum err watching_sweep(struct watching *w, struct why *why)
{
    struct run *r = w->run;
    struct wire *wire = NULL;
    struct preflight preflight = {0};
    struct os_clock clock;
    struct why unheard = {""};
    struct sweep s = {.w = w, .clock = &clock};
    os_clock_open(&clock, 0);
    s.opened = os_clock_now(&clock);
    w->began = w->began ? w->began : s.opened;
    r->head.verb = RUN_PLAN;
    r->head.started = w->began;
    r->head.last = 0; /* nothing is added to a run's records, so the time is not bound to theirs */
    r->head.seed = siphash_pair(siphash_key_of_process(), (uint64_t)w->began, r->fleet.choices_len);
    enum err err = sweep_prepare(&s, why);
    if (err == OK)
        err = sweep_live(&s, &preflight, &wire, why);
    run_wire_close(r, wire);
    preflight_end(&preflight);     /* calls still out live in its memory, */
    scheduler_clear(r->scheduler); /* or in the scheduler's */
    r->scheduler = NULL;
    lanes_close(&r->lanes);
    if (err == OK || err == ERR_NOMEM || w->was_stopped)
        return w->was_stopped ? OK : err;
    times_settle(&s, os_clock_now(&clock));
    w->blind = arena_text(&w->arena, text_of(why->text)).at;
    return memory_tell(&s, w->blind, &unheard) == OK ? err : ERR_NOMEM;
}
