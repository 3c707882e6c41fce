/* What must hold of the rows of a run at its end, and when a run passes from process to process. */
#include "watcher.h"

#include "base/dname.h"

static bool ends_well(enum part part, enum outcome outcome)
{
    switch (part) {
    case PART_AS_WANTED:
    case PART_DEFAULT: return outcome == OUTCOME_UNCHANGED || outcome == OUTCOME_DONE;
    case PART_MISSING:
    case PART_UNVERIFIED:
    case PART_NOT_BELOW: return outcome == OUTCOME_REFUSED;
    case PART_GUARDED: return outcome == OUTCOME_DRIFTED;
    default: return outcome == OUTCOME_DONE;
    }
}

bool watcher_was_late(const struct watcher *w, uint32_t job)
{
    const struct record *last = &w->rows[job].last;
    instant_us before = w->rows[job].deadline_before;
    return w->is_held_up && (last->row.deadline <= last->at || (before && before <= last->at)) &&
           (last->row.outcome == OUTCOME_EXPIRED || last->row.outcome == OUTCOME_FAILED);
}

/* What faults may do to a job, however well it is treated: tries run out, deadlines pass. */
static bool may_end_badly(struct watcher *w, uint32_t job, enum outcome outcome)
{
    enum part part = (enum part)w->scene->parts[job];
    bool gives_up = outcome == OUTCOME_EXPIRED || outcome == OUTCOME_FAILED;
    if (world_operator(w->world, job).acts > 0)
        return outcome != OUTCOME_OPEN; /* whatever he did, it is told somehow */
    if (part == PART_TIGHT && w->scene->world.ses.set_restarts && outcome == OUTCOME_FAILED)
        return true; /* left loose */
    if (w->scene->slow_dns && gives_up && (part <= PART_FAILED || part >= PART_REVIEWED))
        return true; /* its records come after the deadline, or after SES's third 72 hours */
    if (watcher_was_late(w, job)) {
        w->late++;
        return true;
    }
    if (!w->scene->options.faults)
        return false;
    bool writes = part != PART_MISSING && part != PART_UNVERIFIED && part != PART_NOT_BELOW;
    return outcome == OUTCOME_FAILED || (writes && outcome == OUTCOME_EXPIRED) ||
           (w->scene->world.faults.share[FAULT_LATE] > 0 && outcome == OUTCOME_DRIFTED);
}

/* What SES itself holds is what was wanted. A write that takes effect long after its answer was
 * given up may leave something else. */
static void check_truth(struct watcher *w, uint32_t job)
{
    const struct fleet *f = &w->scene->fleet;
    const struct faults *faults = &w->scene->world.faults;
    enum outcome outcome = w->rows[job].last.row.outcome;
    uint32_t id;
    if (faults->share[FAULT_LATE] > 0 || world_operator(w->world, job).acts > 0 ||
        (outcome != OUTCOME_DONE && outcome != OUTCOME_UNCHANGED))
        return;
    if (!ses_model_find(world_ses(w->world), world_lane(w->world, f->choices[job].lane),
                        fleet_identity(f, job), &id)) {
        watcher_complain(w, "job %u is %s, and SES does not know it", job, outcome_name(outcome));
        return;
    }
    struct ses_facts facts = ses_model_facts(world_ses(w->world), id);
    struct text wanted = fleet_mail_from(f, job);
    if (!dname_eq(facts.mail_from, wanted) ||
        (wanted.len > 0 && facts.behavior != fleet_policy_of(f, job)->behavior))
        watcher_complain(w, "job %u is %s, but SES holds " TEXT_FMT " with %s", job,
                         outcome_name(outcome), TEXT_ARG(facts.mail_from),
                         behavior_name(facts.behavior));
}

void watcher_end(struct watcher *w)
{
    for (uint32_t i = 0; i < w->scene->fleet.choices_len; i++) {
        const struct kept_row *row = &w->rows[i];
        enum part part = (enum part)w->scene->parts[i];
        enum outcome outcome = row->last.row.outcome;
        bool is_final = row->known && row->last.row.state == JOB_DONE;
        if (!is_final && watcher_is_over_budget(w) && !row->started)
            continue;
        if (!is_final)
            watcher_complain(w, "job %u has no final record", i);
        else if (!ends_well(part, outcome) && !may_end_badly(w, i, outcome))
            watcher_complain(w, "job %u (part %d) ends as %s: " TEXT_FMT, i, (int)part,
                             outcome_name(outcome), TEXT_ARG(row->last.row.reason));
        check_truth(w, i);
    }
    if (!scene_strangers_untouched(w->scene, w->world))
        watcher_complain(w, "an identity outside the manifest was touched");
}
