/*
 * Duty: reading and writing of what identities are set to, for both protocols. Invariant: what a
 * change replaces is remembered before it, so that a copy that lags behind can show it.
 */
#include "sim.h"

const char *const dkim_tokens[DKIM_TOKENS] = {"vvjuipp74whm76gqoni7qmwwn4w4qusj",
                                              "3frqe7jn4obpuxjpwpolz6ipb3k5nvt2",
                                              "wrqplteh7oodxnad7hsl4mixg2uavzsn"};

enum ses_refusal setting_write(struct sim *s, struct exchange *x, struct text identity,
                               enum behavior behavior, struct why *why)
{
    uint32_t id;
    if (ses_model_find(&s->model, x->lane, identity, &id))
        ses_past_remember(&s->past, &s->model, id, x->real);
    enum ses_refusal refusal =
        ses_model_set(&s->model, x->lane, identity, x->mail_from, behavior, x->scaled, why);
    if (refusal == SES_ACCEPTED)
        sim_wake(s);
    return refusal;
}

struct ses_facts setting_read(struct sim *s, struct exchange *x, uint32_t id)
{
    struct ses_facts facts = ses_model_facts(&s->model, id);
    if (x->is_stale && ses_past_facts(&s->past, id, x->real - s->faults.lag, &facts))
        x->fault = "stale";
    return facts;
}
