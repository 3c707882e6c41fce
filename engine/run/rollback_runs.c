/* Several runs taken back by one rollback, and what later runs have changed. */
#include "rollback.h"

#include "base/dname.h"
#include "model/fleet_index.h"
#include "model/policy.h"

#include <stdlib.h>
#include <string.h>

/* The rollback of an older run, on its way into the one of newer runs. */
struct merging {
    struct fleet *to;
    const struct fleet *from;
    uint16_t *lanes, *files; /* of from, in to */
    bool failed;             /* no memory, or beyond a bound */
};

static name_id name_take(struct merging *m, name_id id)
{
    name_id mine;
    m->failed |= !names_add(&m->to->names, names_text(&m->from->names, id), &mine);
    return mine;
}

static enum err accounts_differ(const struct merging *m, name_id name, struct why *why)
{
    return why_set(why, ERR_INPUT,
                   "the runs reach account " TEXT_FMT
                   " with different credentials: roll them back one by one, the newest first",
                   TEXT_ARG(names_text(&m->to->names, name)));
}

/* Two runs mean one account by one name, reached in one way. */
static enum err account_find(struct merging *m, const struct account *theirs, uint16_t *index,
                             struct why *why)
{
    struct account mine = (struct account){.name = name_take(m, theirs->name),
                                           .profile = name_take(m, theirs->profile),
                                           .role_arn = name_take(m, theirs->role_arn),
                                           .external_id = name_take(m, theirs->external_id),
                                           .source_profile = name_take(m, theirs->source_profile),
                                           .account_id = name_take(m, theirs->account_id),
                                           .rate_per_s = theirs->rate_per_s};
    for (uint32_t i = 0; i < m->to->accounts_len; i++) {
        if (m->to->accounts[i].name != mine.name)
            continue;
        *index = (uint16_t)i;
        return (m->to->accounts[i].profile == mine.profile &&
                m->to->accounts[i].role_arn == mine.role_arn &&
                m->to->accounts[i].external_id == mine.external_id &&
                m->to->accounts[i].source_profile == mine.source_profile &&
                m->to->accounts[i].account_id == mine.account_id)
                   ? OK
                   : accounts_differ(m, mine.name, why);
    }
    m->failed |= !fleet_account(m->to, mine, index);
    return OK;
}

static enum err lane_take(struct merging *m, uint32_t i, struct why *why)
{
    const struct lane *theirs = &m->from->lanes[i];
    uint16_t account, index = 0;
    enum err err = account_find(m, &m->from->accounts[theirs->account], &account, why);
    if (err != OK)
        return err;
    m->failed |= !fleet_lane(m->to, account, name_take(m, theirs->region), &index);
    if (m->failed)
        return OK;
    struct caller *caller = &m->to->lanes[index].caller;
    struct caller other = {.account = name_take(m, theirs->caller.account),
                           .partition = name_take(m, theirs->caller.partition),
                           .arn = name_take(m, theirs->caller.arn),
                           .begun_with = name_take(m, theirs->caller.begun_with)};
    if (caller->account != NAME_NONE && other.account != NAME_NONE &&
        caller->account != other.account)
        return accounts_differ(m, m->to->accounts[account].name, why);
    if (caller->account == NAME_NONE)
        *caller = other;
    m->lanes[i] = index;
    return OK;
}

static uint16_t policy_take(struct merging *m, uint16_t theirs)
{
    struct policy policy = m->from->policies[theirs];
    uint16_t index = 0;
    for (int i = 0; i < POLICY_FIELDS; i++) {
        const struct policy_field *field = &policy_fields[i];
        if (field->type == POLICY_REGION)
            policy_put(&policy, field, name_take(m, (name_id)policy_get(&policy, field)));
    }
    m->failed |= !fleet_policy(m->to, policy, &index);
    return index;
}

static struct expectation expectation_take(struct merging *m, const struct expectation *e)
{
    struct expectation mine = *e;
    mine.mail_from = name_take(m, e->mail_from);
    mine.or_mail_from = name_take(m, e->or_mail_from);
    return mine;
}

static bool holds(struct text mail_from, enum behavior behavior, struct text other,
                  enum behavior other_behavior)
{
    return dname_eq(mail_from, other) && (other.len == 0 || behavior == other_behavior);
}

/* Is the value one that the row's run may have left? */
static bool is_left(const struct fleet *f, uint32_t row, struct text mail_from,
                    enum behavior behavior)
{
    const struct expectation *e = &f->expected[row];
    return holds(mail_from, behavior, names_text(&f->names, e->mail_from),
                 (enum behavior)e->behavior) ||
           holds(mail_from, behavior, names_text(&f->names, e->or_mail_from),
                 (enum behavior)e->or_behavior);
}

static void row_merge(struct merging *m, uint32_t theirs, const struct fleet_index *index)
{
    const struct choice *c = &m->from->choices[theirs];
    struct lane_name lane = fleet_lane_name(m->from, theirs);
    uint32_t row = fleet_index_row(index, &lane, fleet_identity(m->from, theirs));
    if (row > 0) {
        struct choice *mine = &m->to->choices[row - 1];
        if (!is_left(m->from, theirs, fleet_mail_from(m->to, row - 1),
                     fleet_policy_of(m->to, row - 1)->behavior))
            return; /* somebody else's value lay between the runs: it is the one to put back */
        mine->mail_from = name_take(m, c->mail_from);
        mine->policy = policy_take(m, c->policy);
        return;
    }
    struct choice new = *c;
    new.identity = name_take(m, c->identity);
    new.mail_from = name_take(m, c->mail_from);
    new.lane = m->lanes[c->lane];
    new.policy = policy_take(m, c->policy);
    new.file = m->from->files_len ? m->files[c->file] : 0;
    struct expectation expected = expectation_take(m, &m->from->expected[theirs]);
    m->failed |= !fleet_choice(m->to, new, &row);
    if (!m->failed)
        m->to->expected[row] = expected;
}

enum err rollback_runs(struct fleet *fleet, struct journal *journal, uint64_t run, uint64_t through,
                       const struct rollback *how, struct why *why)
{
    enum err err = rollback_fleet(fleet, journal, through, how, why);
    for (uint64_t id = through; id-- > run && err == OK;) {
        struct fleet older;
        fleet_init(&older);
        err = rollback_fleet(&older, journal, id, how, why);
        if (err == OK) {
            struct merging m = {.to = fleet, .from = &older};
            struct fleet_index index;
            struct arena memory;
            arena_init(&memory, SIZE_MAX);
            struct fleet *to = m.to;
            uint32_t rows = to->choices_len + m.from->choices_len + 1;
            void *more = realloc(to->expected, rows * sizeof *to->expected);
            if (more)
                to->expected = more;
            m.lanes = calloc(m.from->lanes_len + 1u, sizeof *m.lanes);
            m.files = calloc(m.from->files_len + 1u, sizeof *m.files);
            m.failed = !(more && m.lanes && m.files);
            for (uint32_t i = 0; i < older.files_len && !m.failed; i++)
                m.failed = !fleet_file(fleet, older.files[i], &m.files[i]);
            for (uint32_t i = 0; i < older.lanes_len && !m.failed && err == OK; i++)
                err = lane_take(&m, i, why);
            m.failed = m.failed || !fleet_index_init(&index, &memory, fleet);
            for (uint32_t i = 0; i < older.choices_len && !m.failed && err == OK; i++)
                row_merge(&m, i, &index);
            free(m.lanes);
            free(m.files);
            arena_clear(&memory);
            err = err == OK && m.failed ? why_set(why, ERR_NOMEM, "out of memory") : err;
        }
        fleet_clear(&older);
    }
    return err;
}

struct rollback_later rollback_later(const struct fleet *fleet, uint64_t through)
{
    struct rollback_later later = {0};
    for (uint32_t i = 0; i < fleet->choices_len && fleet->recent; i++) {
        const struct recent_write *w = &fleet->recent[i];
        struct text mail_from = names_text(&fleet->names, w->mail_from);
        enum behavior behavior = (enum behavior)w->behavior;
        if (!w->at_s || w->run <= through || is_left(fleet, i, mail_from, behavior) ||
            holds(mail_from, behavior, fleet_mail_from(fleet, i),
                  fleet_policy_of(fleet, i)->behavior))
            continue;
        later.rows++;
        later.run = w->run > later.run ? w->run : later.run;
    }
    return later;
}
