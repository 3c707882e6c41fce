/* A ring of recently replaced settings, for lagging reads. */
#include "ses_past.h"

#include <stdlib.h>

bool ses_past_init(struct ses_past *p, uint32_t cap)
{
    *p = (struct ses_past){.changes = calloc(cap, sizeof *p->changes), .cap = cap};
    return p->changes != NULL;
}

void ses_past_clear(struct ses_past *p)
{
    free(p->changes);
    *p = (struct ses_past){0};
}

void ses_past_remember(struct ses_past *p, const struct ses_model *m, uint32_t id, instant_us now)
{
    p->changes[p->len++ % p->cap] = (struct ses_past_change){id, now, ses_model_facts(m, id)};
}

bool ses_past_facts(const struct ses_past *p, uint32_t id, instant_us then, struct ses_facts *facts)
{
    bool found = false;
    uint64_t oldest = p->len > p->cap ? p->len - p->cap : 0;
    for (uint64_t i = p->len; i > oldest; i--) {
        const struct ses_past_change *change = &p->changes[(i - 1) % p->cap];
        if (change->at <= then)
            break;
        if (change->id != id)
            continue;
        *facts = change->before;
        found = true;
    }
    return found;
}
