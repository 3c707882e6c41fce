/* The table of moves, and the one function that makes a move. */
#include "job.h"

#include "base/count.h"

#include <assert.h>

#define TO(state) (1u << (state))

static const char *const state_names[JOB_STATES] = {
    [JOB_NEW] = "new",         [JOB_READING] = "looking",
    [JOB_JUDGING] = "judging", [JOB_WAITING_DNS] = "waiting-dns",
    [JOB_READY] = "ready",     [JOB_WRITING] = "writing",
    [JOB_UNSURE] = "unsure",   [JOB_FOLLOWING] = "following",
    [JOB_DONE] = "done",       [JOB_CONFIRMING] = "confirming",
};

/* Row: from. Bit: to. DONE is reached from everywhere and left for nowhere. */
static const unsigned moves[JOB_STATES] = {
    [JOB_NEW] = TO(JOB_READING) | TO(JOB_JUDGING) | TO(JOB_READY) | TO(JOB_UNSURE) |
                TO(JOB_FOLLOWING) | TO(JOB_DONE),
    [JOB_READING] = TO(JOB_JUDGING) | TO(JOB_READY) | TO(JOB_DONE),
    [JOB_JUDGING] = TO(JOB_WAITING_DNS) | TO(JOB_READY) | TO(JOB_FOLLOWING) | TO(JOB_DONE),
    [JOB_WAITING_DNS] = TO(JOB_READY) | TO(JOB_DONE),
    [JOB_READY] = TO(JOB_CONFIRMING) | TO(JOB_JUDGING) | TO(JOB_WRITING) | TO(JOB_DONE),
    [JOB_CONFIRMING] = TO(JOB_READY) | TO(JOB_JUDGING) | TO(JOB_FOLLOWING) | TO(JOB_DONE),
    [JOB_WRITING] = TO(JOB_READY) | TO(JOB_UNSURE) | TO(JOB_FOLLOWING) | TO(JOB_DONE),
    [JOB_UNSURE] = TO(JOB_READY) | TO(JOB_FOLLOWING) | TO(JOB_JUDGING) | TO(JOB_DONE),
    [JOB_FOLLOWING] = TO(JOB_READING) | TO(JOB_READY) | TO(JOB_JUDGING) | TO(JOB_DONE),
    [JOB_DONE] = 0,
};

static const char *const action_names[] = {
    [ACTION_NONE] = "none",   [ACTION_SET] = "set",         [ACTION_CHANGE] = "change",
    [ACTION_CLEAR] = "clear", [ACTION_TIGHTEN] = "tighten", [ACTION_RESTART] = "restart",
};

static const char *const outcome_names[OUTCOMES] = {
    [OUTCOME_OPEN] = "",
    [OUTCOME_UNCHANGED] = "unchanged",
    [OUTCOME_PLANNED] = "planned",
    [OUTCOME_DONE] = "done",
    [OUTCOME_WAITING_DNS] = "waiting-dns",
    [OUTCOME_PENDING] = "pending",
    [OUTCOME_REFUSED] = "refused",
    [OUTCOME_FAILED] = "failed",
    [OUTCOME_EXPIRED] = "expired",
    [OUTCOME_DRIFTED] = "drifted",
    [OUTCOME_SKIPPED] = "skipped",
};

const char *job_state_name(enum job_state s)
{
    assert(s < JOB_STATES);
    return state_names[s];
}

bool job_may_move(enum job_state from, enum job_state to)
{
    assert(from < JOB_STATES);
    assert(to < JOB_STATES);
    return (moves[from] & TO(to)) != 0;
}

void job_move(struct job *job, enum job_state to)
{
    assert(job_may_move((enum job_state)job->state, to));
    job->state = (uint8_t)to;
}

void job_invariant(const struct job *job)
{
    bool is_sent = job->state == JOB_WRITING || job->state == JOB_UNSURE;
    assert(job->state < JOB_STATES);
    assert(job->action <= ACTION_RESTART);
    assert(job->outcome < OUTCOMES);
    assert(job->write <= WRITE_LOOSEN);
    assert(job->status_seen <= MAIL_FROM_UNKNOWN);
    assert((job->state == JOB_DONE) == (job->outcome != OUTCOME_OPEN));

    /* A write has a kind, a value that it replaces, and a time in which it must end. */
    assert(job->state != JOB_READY || job->write != WRITE_NOTHING);
    assert(job->state != JOB_CONFIRMING || job->write != WRITE_NOTHING);
    assert(!is_sent || job->write != WRITE_NOTHING);
    assert(!is_sent || job->writes > 0);
    assert(job->state != JOB_WRITING || job->before_known);
    assert(job->state != JOB_WRITING || job->deadline != WHEN_NEVER);
    assert(job->state != JOB_UNSURE || job->lost);

    /* What waits for other people ends at a deadline. */
    assert(job->state != JOB_FOLLOWING || job->deadline != WHEN_NEVER);
    assert(job->state != JOB_WAITING_DNS || job->deadline != WHEN_NEVER);

    /* A place in the running wave is held until the first write, and not longer. */
    assert(!job->reserved || job->wave == 0);
    assert(!job->reserved || (!is_sent && job->state != JOB_DONE));
}

const char *action_name(enum action a)
{
    assert(a <= ACTION_RESTART);
    return action_names[a];
}

bool action_parse(struct text t, enum action *out)
{
    for (size_t i = 0; i < COUNT(action_names); i++) {
        if (text_eq(t, text_of(action_names[i]))) {
            *out = (enum action)i;
            return true;
        }
    }
    return false;
}

const char *outcome_name(enum outcome o)
{
    assert(o < OUTCOMES);
    return outcome_names[o];
}

bool outcome_parse(struct text t, enum outcome *out)
{
    for (size_t i = 0; i < COUNT(outcome_names); i++) {
        if (text_eq(t, text_of(outcome_names[i]))) {
            *out = (enum outcome)i;
            return true;
        }
    }
    return false;
}

bool outcome_is_bad(enum outcome o)
{
    assert(o < OUTCOMES);
    return o == OUTCOME_REFUSED || o == OUTCOME_FAILED || o == OUTCOME_EXPIRED ||
           o == OUTCOME_DRIFTED;
}
