/* Draws the actions of another operator and their times, and applies each to the model of SES. */
#include "operator.h"

#include "base/bounds.h"
#include "base/hash.h"
#include "model/ses.h"

#include <stdio.h>
#include <stdlib.h>

#define ACTS_MAX 2 /* on one identity */
#define PROVOKED 0.3

static double unit(const struct operator* o, uint32_t row, unsigned what)
{
    return hash_unit(o->options.seed, row, what);
}

static void schedule(struct operator* o, uint32_t row, instant_us from, unsigned what)
{
    struct operator_trace *t = &o->traces[row];
    t->next = from + 1 + (span_us)((double)o->options.within * unit(o, row, what));
    heap_set(&o->due, row, t->next);
}

bool operator_init(struct operator* o, const struct operator_options *options,
                   const struct fleet *fleet, const uint16_t *lanes)
{
    *o = (struct operator){.options = *options, .fleet = fleet, .lanes = lanes};
    if (options->share <= 0)
        return heap_init(&o->due, 0);
    o->traces = calloc(fleet->choices_len + 1, sizeof *o->traces);
    if (!o->traces || !heap_init(&o->due, fleet->choices_len))
        return false;
    for (uint32_t row = 0; row < fleet->choices_len; row++) {
        o->traces[row].next = WHEN_NEVER;
        if (unit(o, row, 1) < options->share)
            schedule(o, row, options->start, 2);
    }
    return true;
}

void operator_clear(struct operator* o)
{
    free(o->traces);
    heap_clear(&o->due);
}

instant_us operator_next(const struct operator* o)
{
    return heap_first(&o->due);
}

void operator_provoke(struct operator* o, uint32_t row, instant_us now)
{
    if (!o->traces || o->traces[row].acts >= ACTS_MAX || unit(o, row, 6) > PROVOKED)
        return;
    o->traces[row].next = now + 1;
    heap_set(&o->due, row, now + 1);
}

static void set(struct operator* o, struct ses_model *m, uint32_t row, struct text mail_from,
                enum behavior behavior, instant_us now)
{
    struct why why = {""};
    ses_model_set(m, o->lanes[o->fleet->choices[row].lane], fleet_identity(o->fleet, row),
                  mail_from, behavior, now, &why);
}

bool operator_act(struct operator* o, struct ses_model *m, instant_us now)
{
    uint32_t row, id;
    if (!heap_pop_due(&o->due, now, &row))
        return false;
    struct operator_trace *t = &o->traces[row];
    uint16_t lane = o->lanes[o->fleet->choices[row].lane];
    t->next = WHEN_NEVER;
    if (!ses_model_find(m, lane, fleet_identity(o->fleet, row), &id))
        return true;
    t->act = (enum operator_act)((double)OPERATOR_ACTS * unit(o, row, 10 + t->acts));
    if (t->act == OPERATOR_REJECTS && ses_model_facts(m, id).mail_from.len == 0)
        t->act = OPERATOR_CLEARS; /* there is nothing to reject by */
    t->at = now;
    switch (t->act) {
    case OPERATOR_SETS_OTHER: {
        char name[NAME_LEN_MAX];
        struct text domain = identity_domain(fleet_identity(o->fleet, row));
        int len = snprintf(name, sizeof name, "theirs%u." TEXT_FMT, o->traces[row].acts,
                           TEXT_ARG(domain));
        enum behavior behavior =
            unit(o, row, 5) < 0.3 ? BEHAVIOR_REJECT_MESSAGE : BEHAVIOR_USE_DEFAULT_VALUE;
        set(o, m, row, (struct text){name, (size_t)len}, behavior, now);
        break;
    }
    case OPERATOR_SETS_WANTED:
        set(o, m, row, fleet_mail_from(o->fleet, row), BEHAVIOR_USE_DEFAULT_VALUE, now);
        break;
    case OPERATOR_REJECTS:
        set(o, m, row, ses_model_facts(m, id).mail_from, BEHAVIOR_REJECT_MESSAGE, now);
        break;
    case OPERATOR_CLEARS: set(o, m, row, TEXT_NONE, BEHAVIOR_USE_DEFAULT_VALUE, now); break;
    case OPERATOR_DELETES: ses_model_delete(m, id); break;
    case OPERATOR_UNVERIFIES: ses_model_unverify(m, id); break;
    case OPERATOR_ACTS: break;
    }
    if (++t->acts < ACTS_MAX && unit(o, row, 3) < 0.5)
        schedule(o, row, now, 4);
    return true;
}
