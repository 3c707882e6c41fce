/*
 * A history is what the records tell of one job: what was there before the first write, what the
 * last write put there, and whether SES has confirmed that one. A write without an answer (the
 * process was cut off, or the answer was lost for good) may or may not have taken effect, so both
 * values are expected then.
 *
 * What SES was merely seen to hold is never taken for what the run left: somebody else may have set
 * it, and then it is not the run's to take back.
 */
#include "rollback.h"

#include "base/bounds.h"
#include "base/dname.h"

#include <fnmatch.h>
#include <stdlib.h>
#include <string.h>

struct job_history {
    name_id before, left, or_left;
    uint8_t behavior_before, behavior_left, behavior_or_left;
    uint8_t status_before;
    uint8_t outcome;
    bool written, confirmed;
};

struct telling {
    const struct rollback *how;
    const struct fleet *from;
    struct fleet *to;
    struct job_history *stories; /* one per job */
    bool failed;                 /* no memory */
};

static enum outcome outcome_of(const struct job_row *row)
{
    if (row->state == JOB_DONE)
        return row->outcome;
    return row->state == JOB_WAITING_DNS ? OUTCOME_WAITING_DNS : OUTCOME_PENDING;
}

static bool job_history_begin(struct job_history *s, struct names *names, const struct job_row *row)
{
    s->written = true;
    s->behavior_before = s->behavior_or_left = (uint8_t)row->behavior_before;
    s->status_before = (uint8_t)row->status_seen; /* an intent has what it replaces */
    bool added = names_add(names, row->mail_from_before, &s->before);
    s->or_left = s->before;
    return added;
}

static bool job_history_intent(struct job_history *s, struct names *names,
                               const struct record *record)
{
    if (!s->written && !job_history_begin(s, names, &record->row))
        return false;
    if (s->confirmed) {
        s->or_left = s->left;
        s->behavior_or_left = s->behavior_left;
    }
    s->confirmed = false;
    s->behavior_left = (uint8_t)record->write_behavior;
    return names_add(names, record->write_mail_from, &s->left);
}

/* SES holds what was written last: by its own answer, or by what a later look saw. */
static bool is_confirmed(const struct job_history *s, const struct names *names,
                         const struct job_row *row)
{
    struct text left = names_text(names, s->left);
    bool unknown = row->state == JOB_UNSURE || row->state == JOB_WRITING;
    return !unknown && row->seen_known && dname_eq(row->mail_from_seen, left) &&
           (left.len == 0 || row->behavior_seen == (enum behavior)s->behavior_left);
}

static bool tell(void *ctx, const struct record *record)
{
    struct telling *t = ctx;
    struct job_history *s = &t->stories[record->job];
    s->outcome = (uint8_t)outcome_of(&record->row);
    if (record->kind == RECORD_INTENT)
        t->failed = !job_history_intent(s, &t->to->names, record);
    else if (s->written && !s->confirmed && is_confirmed(s, &t->to->names, &record->row)) {
        s->confirmed = true;
        s->or_left = s->left;
        s->behavior_or_left = s->behavior_left;
    }
    return !t->failed;
}

/* The names of the old fleet in the new one, under their old numbers. */
static bool names_copy(struct fleet *to, const struct fleet *from)
{
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
    for (uint32_t i = 0; i < from->lanes_len; i++)
        to->lanes[i].caller = from->lanes[i].caller;
    for (uint32_t i = 0; i < from->files_len; i++)
        if (!fleet_file(to, from->files[i], &index))
            return false;
    return true;
}

static bool is_meant(const struct telling *t, uint32_t job)
{
    const struct job_history *s = &t->stories[job];
    if (!s->written || (t->how->by_outcome && s->outcome != t->how->outcome))
        return false;
    return !t->how->only ||
           fnmatch(t->how->only, fleet_identity(t->from, job).at, FNM_CASEFOLD) == 0;
}

/* Nothing that is known of a MAIL FROM by now speaks against putting it back, except that the
 * identity itself is gone. Nor is DNS asked for anything: what was there counts. */
static struct policy policy_back(const struct telling *t, const struct job_history *s,
                                 const struct policy *old)
{
    struct policy policy = *old;
    bool to_name = !t->how->to_default && s->before != MAIL_FROM_DEFAULT;
    policy.behavior = to_name ? (enum behavior)s->behavior_before : BEHAVIOR_USE_DEFAULT_VALUE;
    policy.require = REQUIRE_NONE;
    policy.accept = (FINDING_BIT(FINDINGS_LEN) - 1) & ~FINDING_BIT(IDENTITY_MISSING);
    policy.until = s->status_before == MAIL_FROM_SUCCESS ? UNTIL_SUCCESS : UNTIL_SET;
    return policy;
}

static bool row_add(struct telling *t, uint32_t job)
{
    const struct job_history *s = &t->stories[job];
    struct choice choice = t->from->choices[job];
    uint32_t row;
    choice.guarded = t->how->forced ? GUARD_FORCED : GUARD_WRITTEN;
    choice.mail_from = t->how->to_default ? MAIL_FROM_DEFAULT : s->before;
    struct policy policy = policy_back(t, s, &t->from->policies[choice.policy]);
    if (!fleet_policy(t->to, policy, &choice.policy) || !fleet_choice(t->to, choice, &row))
        return false;
    t->to->expected[row] = (struct expectation){.mail_from = s->left,
                                                .behavior = s->behavior_left,
                                                .or_mail_from = s->or_left,
                                                .or_behavior = s->behavior_or_left,
                                                .status = MAIL_FROM_UNKNOWN};
    return true;
}

static bool rows_add(struct telling *t)
{
    for (uint32_t i = 0; i < t->from->choices_len; i++)
        if (is_meant(t, i) && !row_add(t, i))
            return false;
    return true;
}

static enum err no_memory(struct why *why)
{
    return why_set(why, ERR_NOMEM, "out of memory");
}

static enum err stories_read(struct telling *t, struct journal *journal, uint64_t run,
                             struct why *why)
{
    struct fleet *to = t->to;
    t->stories = calloc(t->from->choices_len + 1, sizeof *t->stories);
    to->expected = calloc(t->from->choices_len + 1, sizeof *to->expected);
    if (!t->stories || !to->expected || !names_init(&to->names, NAMES_BYTES_MAX) ||
        !names_copy(to, t->from) || !lanes_copy(to, t->from))
        return no_memory(why);
    enum err err = journal_replay(journal, run, tell, t, why);
    return err == OK && t->failed ? no_memory(why) : err;
}

enum err rollback_fleet(struct fleet *fleet, struct journal *journal, uint64_t run,
                        const struct rollback *how, struct why *why)
{
    struct fleet from;
    struct telling t = {.how = how, .from = &from, .to = fleet};
    fleet_init(&from);
    enum err err = journal_fleet(journal, run, &from, why);
    if (err == OK)
        err = stories_read(&t, journal, run, why);
    if (err == OK && !rows_add(&t))
        err = no_memory(why);
    if (err == OK)
        memcpy(fleet->digest, from.digest, sizeof fleet->digest);
    free(t.stories);
    fleet_clear(&from);
    return err;
}
