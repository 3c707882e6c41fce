/*
 * Decides what a rollback puts back, and what SES must still show first. The history of a job,
 * folded from its records: the value before the first write, the value of the last write, and
 * whether SES confirmed the last write. An unanswered write (the process was killed, or the answer
 * lost for good) may or may not have taken effect, so both values are expected.
 *
 * If the journal has lost records of the run, every identity of the run is rolled back, since a
 * write may be among the lost records. The expected value is then the run's wanted MAIL FROM with
 * either behaviour. SES is read before any write, and another value is left alone. The value before
 * is the one of the run's first read, or of the reviewed plan. If that value is lost too, nothing
 * is written, and the row tells so (GUARD_UNKNOWN).
 *
 * A value merely read from SES never counts as written by the run: another operator may have set
 * the value, and a rollback must not remove it.
 */
#include "rollback.h"

#include "base/bounds.h"
#include "base/dname.h"

#include <stdlib.h>
#include <string.h>

struct job_history {
    name_id before, left, or_left;
    uint8_t behavior_before, behavior_left, behavior_or_left;
    uint8_t status_before;
    uint8_t outcome;
    bool written, confirmed;
    bool before_known; /* of a run with lost records */
};

struct rollback_telling {
    const struct rollback *how;
    const struct fleet *from;
    struct fleet *to;
    struct job_history *stories; /* one per job */
    uint64_t told;               /* records so far */
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
    if (s->before_known)
        return true;
    s->behavior_before = s->behavior_or_left = (uint8_t)row->behavior_before;
    s->status_before = (uint8_t)row->status_seen; /* an intent has the replaced value */
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

/* SES holds the last written value: by the answer to the write, or by a later read. */
static bool is_confirmed(const struct job_history *s, const struct names *names,
                         const struct job_row *row)
{
    struct text left = names_text(names, s->left);
    bool unknown = row->state == JOB_UNSURE || row->state == JOB_WRITING;
    return !unknown && row->seen_known && dname_eq(row->mail_from_seen, left) &&
           (left.len == 0 || row->behavior_seen == (enum behavior)s->behavior_left);
}

/* Each record holds the whole state of the job, and so the value before the first write, even if
 * the record of the write is lost. If all records of a job are lost, a resumed run begins with a
 * new read; when the read shows the wanted value, a lost write may have set the value. */
static bool before_learn(struct rollback_telling *t, struct job_history *s,
                         const struct record *record)
{
    const struct job_row *row = &record->row;
    bool looked = row->seen_known && row->writes == 0 && !s->written;
    struct text before = row->before_known ? row->mail_from_before : row->mail_from_seen;
    bool may_be_own =
        t->told > t->how->kept && dname_eq(before, fleet_mail_from(t->from, record->job));
    if (s->before_known || may_be_own || (!row->before_known && !looked))
        return true;
    s->before_known = true;
    s->status_before = (uint8_t)(looked ? row->status_seen : MAIL_FROM_UNKNOWN);
    s->behavior_before = (uint8_t)(row->before_known ? row->behavior_before : row->behavior_seen);
    return names_add(&t->to->names, before, &s->before);
}

static bool tell(void *ctx, const struct record *record)
{
    struct rollback_telling *t = ctx;
    struct job_history *s = &t->stories[record->job];
    t->told++;
    if (t->how->refresh && !before_learn(t, s, record))
        t->failed = true;
    s->outcome = (uint8_t)outcome_of(&record->row);
    if (record->kind == RECORD_INTENT)
        t->failed |= !job_history_intent(s, &t->to->names, record);
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

static bool is_meant(const struct rollback_telling *t, uint32_t job)
{
    const struct job_history *s = &t->stories[job];
    return (s->written || t->how->refresh) &&
           (!t->how->by_outcome || s->outcome == t->how->outcome);
}

/* No finding about a MAIL FROM stops putting it back, except a missing identity. DNS is not asked:
 * the value before the run counts. */
static struct policy policy_back(const struct rollback_telling *t, const struct job_history *s,
                                 const struct policy *old)
{
    struct policy policy = *old;
    bool to_name = !t->how->to_default && s->before != MAIL_FROM_DEFAULT;
    policy.behavior = to_name ? (enum behavior)s->behavior_before : BEHAVIOR_USE_DEFAULT_VALUE;
    policy.require = REQUIRE_NONE;
    policy.wave = 0; /* nobody goes first on the way back */
    policy.accept = (FINDING_BIT(FINDINGS_LEN) - 1) & ~FINDING_BIT(IDENTITY_MISSING);
    policy.until = s->status_before == MAIL_FROM_SUCCESS ? UNTIL_SUCCESS : UNTIL_SET;
    return policy;
}

/* A row of a run with lost records: expects the run's wanted value, with either behaviour. */
static void row_expect(struct rollback_telling *t, uint32_t job, struct choice *choice,
                       struct expectation *e)
{
    const struct job_history *s = &t->stories[job];
    bool cleared = s->written && s->left == MAIL_FROM_DEFAULT;
    *e = (struct expectation){.mail_from = t->from->choices[job].mail_from,
                              .behavior = BEHAVIOR_USE_DEFAULT_VALUE,
                              .or_mail_from = t->from->choices[job].mail_from,
                              .or_behavior = BEHAVIOR_REJECT_MESSAGE,
                              .status = MAIL_FROM_UNKNOWN};
    if (cleared)
        e->or_mail_from = MAIL_FROM_DEFAULT;
    if (!s->before_known && !t->how->to_default)
        choice->guarded = GUARD_UNKNOWN;
}

static bool row_add(struct rollback_telling *t, uint32_t job)
{
    const struct job_history *s = &t->stories[job];
    struct choice choice = t->from->choices[job];
    uint32_t row;
    choice.guarded = t->how->forced ? GUARD_FORCED : GUARD_WRITTEN;
    choice.mail_from = t->how->to_default ? MAIL_FROM_DEFAULT : s->before;
    struct expectation expected = {.mail_from = s->left,
                                   .behavior = s->behavior_left,
                                   .or_mail_from = s->or_left,
                                   .or_behavior = s->behavior_or_left,
                                   .status = MAIL_FROM_UNKNOWN};
    if (t->how->refresh)
        row_expect(t, job, &choice, &expected);
    struct policy policy = policy_back(t, s, &t->from->policies[choice.policy]);
    if (!fleet_policy(t->to, policy, &choice.policy) || !fleet_choice(t->to, choice, &row))
        return false;
    t->to->expected[row] = expected;
    return true;
}

static bool rows_add(struct rollback_telling *t)
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

static enum err stories_read(struct rollback_telling *t, struct journal *journal, uint64_t run,
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
    struct rollback_telling t = {.how = how, .from = &from, .to = fleet};
    fleet_init(&from);
    enum err err = journal_fleet(journal, run, &from, why);
    if (err == OK)
        err = stories_read(&t, journal, run, why);
    if (err == OK && how->refresh) {
        /* The reviewed value of a plan is the value before its writes. */
        for (uint32_t i = 0; i < t.from->choices_len; i++) {
            const struct expectation *e = t.from->expected ? &t.from->expected[i] : NULL;
            struct job_history *s = &t.stories[i];
            if (!e || t.from->choices[i].guarded != GUARD_REVIEWED || s->before_known || s->written)
                continue;
            s->before = e->mail_from;
            s->behavior_before = e->behavior;
            s->status_before = e->status;
            s->before_known = true;
        }
    }
    if (err == OK && !rows_add(&t))
        err = no_memory(why);
    if (err == OK)
        memcpy(fleet->digest, from.digest, sizeof fleet->digest);
    free(t.stories);
    fleet_clear(&from);
    return err;
}
