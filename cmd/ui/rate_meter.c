/*
 * A rate that follows the last ten seconds or so, and the time that the calls of a lane will take.
 */
#include "rate_meter.h"

#include "calls/budget.h"

#define WINDOW SPAN_S(10)

double rate_meter_read(struct rate_meter *g, uint64_t count, instant_us now)
{
    span_us passed = now - g->at, age = now - g->began;
    if (g->at == 0)
        *g = (struct rate_meter){.seen = count, .began = now, .at = now};
    if (g->at == now || passed <= 0)
        return g->per_s;
    uint64_t more = count > g->seen ? count - g->seen : 0; /* a count may begin anew */
    double rate = (double)more * 1e6 / (double)passed;
    double share = (double)passed / (double)(age < WINDOW ? age : passed + WINDOW);
    g->per_s += (rate - g->per_s) * share;
    g->seen = count;
    g->at = now;
    return g->per_s;
}

span_us rate_meter_left(const struct view_lane *l, double rate_per_s, enum api read_api,
                        bool writes)
{
    uint32_t unseen = l->by_state[JOB_NEW] + l->by_state[JOB_READING] + l->by_state[JOB_JUDGING];
    uint32_t judged = l->jobs - unseen, ready = l->by_state[JOB_READY] + l->by_state[JOB_WRITING];
    double share = judged ? (double)(ready + l->writes) / judged : 1;
    struct lane_need need = {.rate_per_s = rate_per_s,
                             .how.api = read_api,
                             .reads = l->by_state[JOB_NEW] + l->by_state[JOB_READING]};
    struct budget budget = {0};
    if (writes)
        need.sets = ready + (uint32_t)((share < 1 ? share : 1) * unseen + 0.5);
    budget_add(&budget, &need);
    return budget.earliest;
}
