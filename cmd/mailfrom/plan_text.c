/*
 * The plan as text: one group after the other, risky ones first, a few rows of each unless
 * --verbose. A row that changes shows before -> after; one that does not go ahead shows why.
 */
#include "idna.h"
#include "say.h"
#include "summary.h"

#define GROUP_ROWS_MAX 20

struct group {
    const char *title;
    enum outcome outcome;
    enum action action; /* ACTION_NONE: any */
    bool reason;
    enum color color;
};

static const struct group groups[] = {
    {"refused: nothing will be written", OUTCOME_REFUSED, ACTION_NONE, true, COLOR_RED},
    {"drifted: changed by somebody else", OUTCOME_DRIFTED, ACTION_NONE, true, COLOR_RED},
    {"failed: SES could not be asked", OUTCOME_FAILED, ACTION_NONE, true, COLOR_RED},
    {"change: a custom MAIL FROM is replaced", OUTCOME_PLANNED, ACTION_CHANGE, false, COLOR_YELLOW},
    {"clear: back to the default MAIL FROM", OUTCOME_PLANNED, ACTION_CLEAR, false, COLOR_YELLOW},
    {"restart: SES says FAILED", OUTCOME_PLANNED, ACTION_RESTART, false, COLOR_YELLOW},
    {"tighten: REJECT_MESSAGE", OUTCOME_PLANNED, ACTION_TIGHTEN, false, COLOR_YELLOW},
    {"wait for DNS, then set", OUTCOME_WAITING_DNS, ACTION_NONE, true, COLOR_YELLOW},
    {"pending: set already, SES has not said Success", OUTCOME_PENDING, ACTION_NONE, false,
     COLOR_PLAIN},
    {"set", OUTCOME_PLANNED, ACTION_SET, false, COLOR_GREEN},
};

struct showing {
    struct run *run;
    const struct group *group;
    uint32_t found, shown, max;
    struct buf a, b, c;
};

static const char *or_default(const char *name)
{
    return *name ? name : "(default)";
}

/* What people call an internationalized name, beside what is sent. */
static void print_unicode(struct showing *s, struct text identity)
{
    char unicode[IDNA_UNICODE_LEN_MAX + 1];
    struct text shown, domain = identity_domain(identity);
    if (idna_to_unicode(domain, unicode, &shown) && !text_eq(shown, domain))
        printf(" (%s)", say_safe(&s->b, shown));
}

static void print_row(struct showing *s, uint32_t job, const struct job_row *row)
{
    const struct fleet *f = &s->run->fleet;
    const struct options *o = s->run->options;
    printf("    %s%s%s", say_color(o, s->group->color), say_safe(&s->a, fleet_identity(f, job)),
           say_color(o, COLOR_PLAIN));
    print_unicode(s, fleet_identity(f, job));
    printf("  %s -> ", or_default(say_safe(&s->b, row->mail_from_seen)));
    printf("%s", or_default(say_safe(&s->b, fleet_mail_from(f, job))));
    if (fleet_policy_of(f, job)->behavior == BEHAVIOR_REJECT_MESSAGE)
        printf(" (REJECT_MESSAGE)");
    printf("  " TEXT_FMT " " TEXT_FMT, TEXT_ARG(fleet_account_name(f, job)),
           TEXT_ARG(fleet_region(f, job)));
    struct text source = fleet_source(f, job, &s->c);
    if (source.len)
        printf("  %s", say_safe(&s->b, source));
    fputc('\n', stdout);
    if (s->group->reason && row->reason.len)
        printf("        %s\n", say_safe(&s->b, row->reason));
}

static bool show_one(void *ctx, const struct record *record)
{
    struct showing *s = ctx;
    const struct job_row *row = &record->row;
    if (row->outcome != s->group->outcome ||
        (s->group->action != ACTION_NONE && row->action != s->group->action))
        return true;
    if (s->found++ == 0)
        printf("\n  %s\n", s->group->title);
    if (s->shown < s->max) {
        print_row(s, record->job, row);
        s->shown++;
    }
    return true;
}

static bool is_empty(const struct group *g, const struct summary *s)
{
    return s->by_outcome[g->outcome] == 0 ||
           (g->action != ACTION_NONE && s->by_action[g->action] == 0);
}

enum err summary_plan(struct run *r, const struct summary *summary, struct why *why)
{
    enum err err = OK;
    struct showing s = {.run = r, .max = r->options->verbose ? UINT32_MAX : GROUP_ROWS_MAX};
    buf_init(&s.a, LINE_LEN_MAX);
    buf_init(&s.b, LINE_LEN_MAX);
    buf_init(&s.c, LINE_LEN_MAX);
    for (size_t i = 0; err == OK && i < sizeof groups / sizeof groups[0]; i++) {
        if (is_empty(&groups[i], summary))
            continue;
        s.group = &groups[i];
        s.found = s.shown = 0;
        err = journal_rows(r->journal, r->head.id, show_one, &s, why);
        if (s.found > s.shown)
            printf("    ... and %u more (--verbose shows all; --report csv:FILE too)\n",
                   s.found - s.shown);
    }
    fputc('\n', stdout);
    buf_clear(&s.a);
    buf_clear(&s.b);
    buf_clear(&s.c);
    return err;
}
