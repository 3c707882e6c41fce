/* Sentences about a plan file. Every text of it may be a stranger's. */
#include "plan_facts.h"

#include "base/escape.h"

#include <stdlib.h>

#define NAMES_SHOWN 5 /* of replaced MAIL FROM names, and of files */

/* "main (111122223333) in us-east-1" */
static void lane_add(struct buf *out, const struct fleet *f, uint32_t lane)
{
    const struct lane *l = &f->lanes[lane];
    const struct account *a = &f->accounts[l->account];
    name_id number = l->caller.account != NAME_NONE ? l->caller.account : a->account_id;
    escape_terminal(out, names_text(&f->names, a->name));
    if (number != NAME_NONE) {
        buf_add_str(out, " (");
        escape_terminal(out, names_text(&f->names, number));
        buf_add_char(out, ')');
    }
    buf_add_str(out, " in ");
    escape_terminal(out, names_text(&f->names, l->region));
}

static void age_add(struct buf *out, const struct run *r)
{
    char when[WHEN_LEN], age[WHEN_LEN];
    span_us old = run_plan_age(r);
    buf_add_fmt(out, "made %s", when_format(r->planned_at, when));
    if (old >= 0)
        buf_add_fmt(out, ", %s ago", span_format(old < SPAN_S(1) ? SPAN_S(1) : old, age));
}

void plan_files_add(struct buf *out, const struct fleet *f)
{
    for (uint32_t i = 0; i < f->files_len && i < NAMES_SHOWN; i++) {
        buf_add_str(out, i ? ", " : "");
        escape_terminal(out, f->files[i]);
    }
    if (f->files_len > NAMES_SHOWN)
        buf_add_fmt(out, " and %u more", f->files_len - NAMES_SHOWN);
}

void plan_facts_add(struct buf *out, const struct run *r, const struct access *access,
                    const char *path)
{
    const struct fleet *f = &r->fleet;
    struct buf options;
    buf_add_str(out, "Plan ");
    escape_terminal(out, text_of(path));
    buf_add_str(out, ", ");
    age_add(out, r);
    buf_add_str(out, ", by mailfrom ");
    escape_terminal(out, r->head.version);
    buf_add_str(out, "\nManifests: ");
    plan_files_add(out, f);
    buf_add_str(out, "\nAccounts: ");
    for (uint32_t i = 0; i < f->lanes_len; i++) {
        buf_add_str(out, i ? ", " : "");
        lane_add(out, f, i);
    }
    buf_add_char(out, '\n');
    buf_init(&options, LINE_LEN_MAX);
    access_tell(access, &options);
    if (options.len) {
        buf_add_str(out, "Options: ");
        escape_terminal(out, buf_text(&options));
        buf_add_char(out, '\n');
    }
    buf_clear(&options);
    if (access->selection) {
        buf_add_str(out, "Selected by ");
        escape_terminal(out, text_of(access->selection));
        buf_add_char(out, '\n');
    }
}

static bool is_change(const struct fleet *f, uint32_t row)
{
    return f->choices[row].guarded == GUARD_REVIEWED;
}

/* A custom name stands there, and another one takes its place, or none does. */
static bool is_replaced(const struct fleet *f, uint32_t row)
{
    name_id there = f->expected ? f->expected[row].mail_from : MAIL_FROM_DEFAULT;
    return is_change(f, row) && there != MAIL_FROM_DEFAULT && there != f->choices[row].mail_from;
}

static void replaced_add(struct buf *out, const struct fleet *f)
{
    uint32_t replaced = 0;
    for (uint32_t row = 0; row < f->choices_len; row++) {
        if (!is_replaced(f, row) || replaced++ >= NAMES_SHOWN)
            continue;
        buf_add_str(out, replaced == 1 ? "Custom MAIL FROM names that go: " : ", ");
        escape_terminal(out, names_text(&f->names, f->expected[row].mail_from));
    }
    if (replaced > NAMES_SHOWN)
        buf_add_fmt(out, " and %u more", replaced - NAMES_SHOWN);
    if (replaced)
        buf_add_char(out, '\n');
}

void plan_lanes_add(struct buf *out, const struct fleet *f,
                    bool (*counts)(const struct fleet *f, uint32_t row))
{
    uint32_t *rows = calloc(f->lanes_len + 1u, sizeof *rows);
    for (uint32_t row = 0; rows && row < f->choices_len; row++)
        rows[f->choices[row].lane] += counts(f, row);
    for (uint32_t lane = 0; rows && lane < f->lanes_len; lane++) {
        if (rows[lane] == 0)
            continue;
        buf_add_str(out, "  ");
        lane_add(out, f, lane);
        buf_add_fmt(out, ": %u\n", rows[lane]);
    }
    free(rows);
}

void plan_question_add(struct buf *out, const struct run *r, const char *beside)
{
    const struct fleet *f = &r->fleet;
    buf_add_str(out, "The plan was ");
    age_add(out, r);
    buf_add_str(out, ". Changes by account and Region:\n");
    plan_lanes_add(out, f, is_change);
    replaced_add(out, f);
    buf_add_fmt(out, "Change SES for %u of %u identities, as reviewed%s?", run_plan_changes(r),
                f->choices_len, beside);
}
