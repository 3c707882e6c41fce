/*
 * rollback. A run is taken back by another run: its fleet holds every identity that the first one
 * wrote to, wants what was there before, and expects what the first one left. An identity that
 * somebody has changed since is drifted and left alone.
 */
#include "confirm.h"
#include "run.h"
#include "run_options.h"
#include "say.h"
#include "summary.h"
#include "verbs.h"

#include <stdlib.h>
#include <string.h>

struct taking_back {
    const struct fleet *from;
    struct fleet *to;
    bool to_default;
    bool failed;
};

/* The names of the old fleet in the new one, under their old numbers. */
static bool names_copy(struct fleet *to, const struct fleet *from)
{
    if (!names_init(&to->names, NAMES_BYTES_MAX))
        return false;
    for (name_id id = 1; id < from->names.len; id++) {
        name_id same;
        if (!names_add(&to->names, names_text(&from->names, id), &same))
            return false;
    }
    return true;
}

static bool lanes_copy(struct fleet *to, const struct fleet *from)
{
    uint16_t index;
    for (uint32_t i = 0; i < from->accounts_len; i++)
        if (!fleet_account(to, from->accounts[i], &index))
            return false;
    for (uint32_t i = 0; i < from->lanes_len; i++)
        if (!fleet_lane(to, from->lanes[i].account, from->lanes[i].region, &index))
            return false;
    for (uint32_t i = 0; i < from->files_len; i++)
        if (!fleet_file(to, from->files[i], &index))
            return false;
    return true;
}

/* What the run left at SES: what it saw last, or what it was about to write when it was cut off. */
static struct expectation left_behind(struct taking_back *t, const struct job_row *row, bool *ok)
{
    struct expectation e = {.behavior = (uint8_t)row->behavior_seen, .status = MAIL_FROM_UNKNOWN};
    *ok = names_add(&t->to->names, row->mail_from_seen, &e.mail_from);
    return e;
}

static bool take_back(struct taking_back *t, const struct record *record)
{
    const struct job_row *row = &record->row;
    struct choice choice = t->from->choices[record->job];
    struct policy policy = t->from->policies[choice.policy];
    uint32_t index;
    bool ok;
    choice.guarded = row->state == JOB_DONE || row->state == JOB_FOLLOWING;
    choice.mail_from = MAIL_FROM_DEFAULT;
    policy.behavior = BEHAVIOR_USE_DEFAULT_VALUE;
    policy.require = REQUIRE_NONE;
    if (!t->to_default && !names_add(&t->to->names, row->mail_from_before, &choice.mail_from))
        return false;
    if (!t->to_default)
        policy.behavior = row->behavior_before;
    struct expectation expected = left_behind(t, row, &ok);
    if (!ok || !fleet_policy(t->to, policy, &choice.policy) || !fleet_choice(t->to, choice, &index))
        return false;
    t->to->expected[index] = expected;
    return true;
}

static bool take_back_if_written(void *ctx, const struct record *record)
{
    struct taking_back *t = ctx;
    if (record->row.writes > 0 && record->row.before_known)
        t->failed = !take_back(t, record);
    return !t->failed;
}

static enum err fleet_take_back(struct run *r, const struct run_head *old, struct fleet *from,
                                bool to_default, struct why *why)
{
    struct taking_back t = {from, &r->fleet, to_default, false};
    enum err err = journal_fleet(r->journal, old->id, from, why);
    if (err != OK)
        return err;
    r->fleet.expected = calloc(from->choices_len + 1, sizeof *r->fleet.expected);
    if (!r->fleet.expected || !names_copy(&r->fleet, from) || !lanes_copy(&r->fleet, from))
        return why_set(why, ERR_NOMEM, "out of memory");
    err = journal_rows(r->journal, old->id, take_back_if_written, &t, why);
    if (err == OK && t.failed)
        err = why_set(why, ERR_NOMEM, "out of memory");
    memcpy(r->fleet.digest, from->digest, sizeof r->fleet.digest);
    return err;
}

static enum err rollback_load(struct run *r, struct options *o, struct fleet *from, struct why *why)
{
    uint64_t id;
    struct run_head old;
    bool to_default = o->to && strcmp(o->to, "default") == 0;
    if (o->arguments_len != 1)
        return why_set(why, ERR_INPUT,
                       "which run is to be taken back? mailfrom status --all lists them");
    enum err err = run_number(o, &id, why);
    if (err == OK)
        err = run_report_vet(o, why);
    if (err == OK)
        err = run_journal(r, JOURNAL_WRITE, why);
    if (err == OK)
        err = journal_run(r->journal, id, &old, &r->arena, why);
    if (err == OK)
        err = run_options_read(o, old.options, &r->arena, why);
    if (err == OK)
        err = fleet_take_back(r, &old, from, to_default, why);
    r->head.verb = o->dry_run ? RUN_PLAN : RUN_ROLLBACK;
    r->head.parent = id;
    return err;
}

static enum err rollback_confirm(const struct run *r, struct why *why)
{
    char question[160];
    if (r->options->yes || r->options->dry_run)
        return OK;
    snprintf(question, sizeof question, "Put %u identities back to %s?", r->fleet.choices_len,
             r->options->to && strcmp(r->options->to, "default") == 0
                 ? "the default MAIL FROM"
                 : "what they were before the run");
    enum err err = confirm_possible(why);
    return err == OK ? confirm_ask(question, why) : err;
}

int verb_rollback(const struct options *given)
{
    struct options o = *given;
    struct run run;
    struct fleet from;
    struct why why = {""};
    int code = EXIT_CANNOT_RUN;
    run_init(&run, &o);
    fleet_init(&from);
    enum err err = rollback_load(&run, &o, &from, &why);
    if (err == OK)
        err = rollback_confirm(&run, &why);
    if (err == OK && run.fleet.choices_len == 0) {
        printf("Run %llu wrote nothing: there is nothing to put back\n",
               (unsigned long long)run.head.parent);
        code = EXIT_OK;
    } else if (err == OK) {
        code = run_conclude(&run, run_carry_out(&run, &why), &why);
    } else {
        say_error("%s", why.text);
    }
    fleet_clear(&from);
    run_clear(&run);
    return code;
}
