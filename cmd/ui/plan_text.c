/*
 * The plan as text: one section after the other, risky ones first. A row that changes shows
 * before -> after; one that does not go ahead shows why. Rows that are alike (group.h) are folded
 * after a few, so that a plan of a hundred thousand is read and not scrolled; --all shows them.
 */
#include "messages.h"
#include "reports/group.h"
#include "rules/idna.h"
#include "run/rows.h"
#include "summary.h"

#include "base/count.h"
#include "base/escape.h"
#include "base/plural.h"

#define ALIKE_SHOWN  3  /* of rows that are alike, when they are more than GROUP_EXAMPLES */
#define KINDS_SHOWN  5  /* of one section; the rows of the others are counted */
#define RULE_KINDS   2  /* of one rule, likewise, in a plan of many kinds */
#define FEW_KINDS    6  /* in the whole plan: each shows several rows */
#define SHORT_ROWS   40 /* a plan of no more leaves nothing out but what is alike */
#define REASON_SHIFT 8

/* A row with an alarm stands in that section only. */
struct section {
    const char *title;
    enum outcome outcome;
    enum action action; /* ACTION_NONE: any */
    bool reason;
    enum color color;
    enum row_alarm alarm; /* not ALARM_NONE: whatever the outcome */
    const char *rollback; /* title in the dry run of a rollback; NULL: the same */
};

static const struct section sections[] = {
    {"mail is being rejected now", OUTCOME_OPEN, ACTION_NONE, true, COLOR_RED, ALARM_REJECTING},
    {"refused: nothing would be written", OUTCOME_REFUSED, ACTION_NONE, true, COLOR_RED,
     ALARM_NONE},
    {"drifted: changed by another operator", OUTCOME_DRIFTED, ACTION_NONE, true, COLOR_RED,
     ALARM_NONE},
    {"failed: SES could not be asked", OUTCOME_FAILED, ACTION_NONE, true, COLOR_RED, ALARM_NONE},
    {"as wanted, but ...", OUTCOME_OPEN, ACTION_NONE, true, COLOR_RED, ALARM_AILING},
    {"skipped", OUTCOME_SKIPPED, ACTION_NONE, true, COLOR_PLAIN, ALARM_NONE},
    {"change: a custom MAIL FROM would be replaced", OUTCOME_PLANNED, ACTION_CHANGE, false,
     COLOR_YELLOW, ALARM_NONE, "change: another custom MAIL FROM would be put back"},
    {"clear: would go back to the default MAIL FROM", OUTCOME_PLANNED, ACTION_CLEAR, false,
     COLOR_YELLOW, ALARM_NONE, "clear: the default MAIL FROM would be put back"},
    {"restart: SES says FAILED, would be set again", OUTCOME_PLANNED, ACTION_RESTART, false,
     COLOR_YELLOW, ALARM_NONE},
    {"tighten: would get REJECT_MESSAGE", OUTCOME_PLANNED, ACTION_TIGHTEN, false, COLOR_YELLOW,
     ALARM_NONE, "tighten: REJECT_MESSAGE would be put back"},
    {"set once DNS has the records", OUTCOME_WAITING_DNS, ACTION_NONE, true, COLOR_YELLOW,
     ALARM_NONE},
    {"waiting for SES: set already, SES has not said Success", OUTCOME_PENDING, ACTION_NONE, true,
     COLOR_PLAIN, ALARM_NONE},
    {"set: would get a custom MAIL FROM", OUTCOME_PLANNED, ACTION_SET, false, COLOR_GREEN,
     ALARM_NONE, "set: a custom MAIL FROM would be put back"},
};

struct showing {
    const struct options *options;
    struct run *run;
    const struct section *section;
    struct groups groups;
    uint32_t kinds; /* in the whole plan */
    bool is_short;
    bool titled; /* the section's title is printed */
    size_t width;
    struct buf who, change, where, scratch, told;
};

static const char *title_of(const struct showing *s)
{
    bool is_rollback = run_tense(s->run) == TENSE_ROLLBACK && s->section->rollback;
    return is_rollback ? s->section->rollback : s->section->title;
}

static bool is_in(const struct section *section, enum row_alarm alarm, enum outcome outcome,
                  enum action action)
{
    if (section->alarm != ALARM_NONE || alarm != ALARM_NONE)
        return section->alarm == alarm;
    return section->outcome == outcome &&
           (section->action == ACTION_NONE || section->action == action);
}

static bool group_is_in(const struct section *section, const struct group *g)
{
    return is_in(section, g->alarm, g->outcome, g->action);
}

/* The identity, and what people call an internationalized name. */
static void who_make(struct showing *s, uint32_t job)
{
    struct text identity = fleet_identity(&s->run->fleet, job), domain = identity_domain(identity);
    char unicode[IDNA_UNICODE_LEN_MAX + 1];
    struct text shown;
    buf_reset(&s->who);
    escape_terminal(&s->who, identity);
    if (!idna_to_unicode(domain, unicode, &shown) || text_eq(shown, domain))
        return;
    buf_add_str(&s->who, " (");
    escape_terminal(&s->who, shown);
    buf_add_char(&s->who, ')');
}

static void name_add(struct buf *out, struct text mail_from)
{
    escape_terminal(out, mail_from.len ? mail_from : TEXT("(default)"));
}

static void where_make(struct showing *s, uint32_t job)
{
    const struct fleet *f = &s->run->fleet;
    buf_reset(&s->where);
    escape_terminal(&s->where, fleet_account_name(f, job));
    buf_add_char(&s->where, ' ');
    escape_terminal(&s->where, fleet_region(f, job));
    struct text source = fleet_source(f, job, &s->scratch);
    buf_add_str(&s->where, source.len ? "  " : "");
    escape_terminal(&s->where, source);
}

static void print_reason(struct showing *s, struct text reason)
{
    buf_reset(&s->scratch);
    escape_terminal(&s->scratch, reason);
    message_wrapped(REASON_SHIFT, buf_text(&s->scratch));
}

/* On one line, or on as many as the terminal is narrow. */
static void print_row(struct showing *s, uint32_t job, struct text before, struct text reason)
{
    const struct options *o = s->options;
    who_make(s, job);
    const struct fleet *f = &s->run->fleet;
    buf_reset(&s->change);
    name_add(&s->change, before);
    buf_add_str(&s->change, " -> ");
    name_add(&s->change, fleet_mail_from(f, job));
    if (fleet_policy_of(f, job)->behavior == BEHAVIOR_REJECT_MESSAGE)
        buf_add_str(&s->change, " (REJECT_MESSAGE)");
    where_make(s, job);
    struct text who = buf_text(&s->who), change = buf_text(&s->change);
    struct text where = buf_text(&s->where);
    size_t columns = 4 + text_columns(who) + 2 + text_columns(change) + 2;
    const char *broken = "\n        ";
    printf("    %s" TEXT_FMT "%s%s" TEXT_FMT "%s" TEXT_FMT "\n",
           message_color(o, s->section->color), TEXT_ARG(who), message_color(o, COLOR_PLAIN),
           s->width && columns > s->width ? broken : "  ", TEXT_ARG(change),
           s->width && columns + text_columns(where) > s->width ? broken : "  ", TEXT_ARG(where));
    if (s->section->reason && reason.len)
        print_reason(s, reason);
}

/* warned: of row_warnings_tell(). */
static void print_warnings(struct showing *s, struct text warned)
{
    const struct options *o = s->options;
    while (warned.len) {
        struct text line = text_cut(&warned, '\n');
        buf_reset(&s->scratch);
        buf_add_str(&s->scratch, "warning ");
        escape_terminal(&s->scratch, line);
        printf("%s", message_color(o, COLOR_YELLOW));
        message_wrapped(REASON_SHIFT, buf_text(&s->scratch));
        printf("%s", message_color(o, COLOR_PLAIN));
    }
}

static uint32_t rows_shown(const struct showing *s, const struct group *g)
{
    if (!s->is_short && s->kinds > FEW_KINDS)
        return 1;
    return g->kind_count <= GROUP_EXAMPLES && g->kind_count == g->count ? g->count : ALIKE_SHOWN;
}

/* at: of the kind's first group. */
static void print_kind(struct showing *s, uint32_t at)
{
    const struct group *g = &s->groups.list[at];
    const struct names *names = &s->groups.names;
    uint32_t shown = rows_shown(s, g) < g->count ? rows_shown(s, g) : g->count;
    bool is_folded = shown < g->kind_count;
    for (uint32_t i = 0; i < shown; i++) {
        const struct group_example *e = &g->examples[i];
        print_row(s, e->row, names_text(names, e->before),
                  is_folded ? TEXT_NONE : names_text(names, e->reason));
        print_warnings(s, names_text(names, e->warned));
    }
    if (!is_folded)
        return;
    if (s->section->reason)
        print_reason(s, names_text(names, shown == 1 ? g->examples[0].reason : g->reason));
    buf_reset(&s->change);
    buf_reset(&s->where);
    kind_accounts_add(&s->groups, at, &s->change);
    kind_regions_add(&s->groups, at, &s->where);
    printf("    ... and %u more like %s, %s %s; --all shows them\n", g->kind_count - shown,
           plural(shown, "this one", "these"), message_safe(&s->who, buf_text(&s->change)),
           message_safe(&s->scratch, buf_text(&s->where)));
}

/* Rows of the section with the rule of the i-th group, and how many kinds these are. */
static uint32_t rule_count(const struct showing *s, uint32_t i, uint32_t *kinds)
{
    const struct groups *g = &s->groups;
    uint32_t rows = 0;
    *kinds = 0;
    for (uint32_t k = i; k < g->len; k += groups_of_kind(g, k)) {
        if (!group_is_in(s->section, &g->list[k]) || g->list[k].rule != g->list[i].rule)
            continue;
        rows += g->list[k].kind_count;
        ++*kinds;
    }
    return rows;
}

/* "  receives-mail (12): mailfrom explain receives-mail" */
static void print_rule(struct showing *s, uint32_t i, uint32_t rows)
{
    struct text rule = group_rule(&s->groups.list[i]);
    if (rule.len)
        printf("    " TEXT_FMT " (%u): mailfrom explain " TEXT_FMT "\n", TEXT_ARG(rule), rows,
               TEXT_ARG(rule));
}

struct section_tally {
    enum finding rule;
    uint32_t kinds, of_rule; /* shown */
    uint32_t rows_left, kinds_left;
};

static void print_section_kind(struct showing *s, uint32_t i, struct section_tally *t)
{
    const struct group *g = &s->groups.list[i];
    uint32_t kinds;
    if (t->kinds == 0 || g->rule != t->rule) {
        t->rule = g->rule;
        t->of_rule = 0;
        print_rule(s, i, rule_count(s, i, &kinds));
    }
    bool has_rule = g->rule != FINDINGS_LEN && s->kinds > FEW_KINDS;
    if (s->is_short) {
        t->kinds++;
        print_kind(s, i);
        return;
    }
    if (has_rule ? t->of_rule >= RULE_KINDS : t->kinds >= KINDS_SHOWN) {
        t->kinds_left++;
        t->rows_left += g->kind_count;
        return;
    }
    t->kinds++;
    t->of_rule++;
    print_kind(s, i);
}

static void print_section(struct showing *s)
{
    struct section_tally t = {.rule = FINDINGS_LEN};
    const struct groups *g = &s->groups;
    uint32_t count = 0;
    for (uint32_t i = 0; i < g->len; i++)
        count += group_is_in(s->section, &g->list[i]) ? g->list[i].count : 0;
    if (count) {
        const struct options *o = s->options;
        printf("\n  %s%s%s (%u)\n", message_color(o, COLOR_BOLD), title_of(s),
               message_color(o, COLOR_PLAIN), count);
    }
    for (uint32_t i = 0; i < g->len; i += groups_of_kind(g, i))
        if (group_is_in(s->section, &g->list[i]))
            print_section_kind(s, i, &t);
    if (t.rows_left)
        printf("    ... and %u more of %u other %s; --all shows them\n", t.rows_left, t.kinds_left,
               s->section->reason ? plural(t.kinds_left, "reason", "reasons")
                                  : plural(t.kinds_left, "kind", "kinds"));
}

/* Of a plan that was stopped: what stands at SES is not known. */
static bool is_unread(const struct report_row *row)
{
    return row->state == JOB_NEW || row->state == JOB_READING;
}

static bool group_row(void *ctx, const struct report_row *row)
{
    struct showing *s = ctx;
    if (!is_unread(row))
        groups_add(&s->groups, row);
    return true;
}

static enum err show_folded(struct showing *s, const struct report_sum *sum, struct why *why)
{
    enum err err = groups_init(&s->groups, why);
    if (err == OK)
        err = run_rows(s->run, group_row, s, why);
    if (err == OK && s->groups.failed)
        err = why_set(why, ERR_NOMEM, "out of memory");
    if (err == OK)
        groups_sort(&s->groups);
    for (uint32_t i = 0; i < s->groups.len; i += groups_of_kind(&s->groups, i))
        s->kinds++;
    s->is_short =
        sum->rows - sum->by_outcome[OUTCOME_UNCHANGED] + sum->by_alarm[ALARM_AILING] <= SHORT_ROWS;
    for (size_t i = 0; err == OK && i < COUNT(sections); i++) {
        s->section = &sections[i];
        print_section(s);
    }
    if (err == OK && s->groups.without_group)
        printf("    ... and %u more of further kinds; --all shows them\n", s->groups.without_group);
    groups_clear(&s->groups);
    return err;
}

static bool show_row(void *ctx, const struct report_row *row)
{
    struct showing *s = ctx;
    if (is_unread(row) || !is_in(s->section, row->alarm, row->outcome_kind, row->action_kind))
        return true;
    if (!s->titled)
        printf("\n  %s%s%s\n", message_color(s->options, COLOR_BOLD), title_of(s),
               message_color(s->options, COLOR_PLAIN));
    s->titled = true;
    buf_reset(&s->told);
    enum finding rule = row_rule(row);
    if (rule != FINDINGS_LEN)
        buf_add_fmt(&s->told, "%s: ", finding_rule(rule)->name);
    row_told(row, &s->told);
    print_row(s, row->number, row->mail_from_before, buf_text(&s->told));
    buf_reset(&s->told);
    row_warnings_tell(row, &s->told);
    print_warnings(s, buf_text(&s->told));
    return true;
}

static enum err show_all(struct showing *s, const struct report_sum *sum, struct why *why)
{
    enum err err = OK;
    for (size_t i = 0; err == OK && i < COUNT(sections); i++) {
        s->section = &sections[i];
        s->titled = false;
        if (sections[i].alarm ? sum->by_alarm[sections[i].alarm]
                              : sum->by_outcome[sections[i].outcome])
            err = run_rows(s->run, show_row, s, why);
    }
    return err;
}

enum err summary_plan(const struct options *o, struct run *r, const struct report_sum *sum,
                      struct why *why)
{
    struct showing s = {.options = o, .run = r, .width = message_width()};
    struct buf *bufs[] = {&s.who, &s.change, &s.where, &s.scratch, &s.told};
    for (size_t i = 0; i < COUNT(bufs); i++)
        buf_init(bufs[i], LINE_LEN_MAX);
    enum err err = o->all || o->access.verbose ? show_all(&s, sum, why) : show_folded(&s, sum, why);
    uint32_t unread = sum->by_state[JOB_NEW] + sum->by_state[JOB_READING];
    if (unread)
        printf("\n  not read before the plan was stopped (%u)\n", unread);
    fputc('\n', stdout);
    for (size_t i = 0; i < COUNT(bufs); i++)
        buf_clear(bufs[i]);
    return err;
}
