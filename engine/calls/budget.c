/* Counts calls by action and lane; the slowest lane tells the end. */
#include "budget.h"

#include <assert.h>

static uint64_t batches(uint64_t count, enum api read_api)
{
    uint64_t batch = read_api == API_V1 ? SES_BATCH_MAX : 1;
    return (count + batch - 1) / batch;
}

void budget_add(struct budget *b, const struct lane_need *need, enum api read_api)
{
    uint64_t calls[CALL_KINDS] = {0}, fullest = 0;
    assert(need->rate_per_s > 0);
    /* v1 has a call for verification and one for MAIL FROM; v2 answers both with one per identity.
     */
    enum call_kind follow = read_api == API_V1 ? CALL_READ_MAIL_FROM : CALL_GET;
    uint64_t first = batches(need->reads, read_api);
    if (read_api == API_V1)
        calls[CALL_READ_VERIFICATION] = first;
    calls[follow] = first + batches(need->sets, read_api) + batches(need->tightens, read_api);
    calls[CALL_SET] = (uint64_t)need->sets + need->tightens + need->clears;
    for (int kind = 0; kind < CALL_KINDS; kind++) {
        b->calls[kind] += calls[kind];
        b->reads += kind == CALL_SET ? 0 : calls[kind];
        fullest = calls[kind] > fullest ? calls[kind] : fullest;
    }
    b->writes += calls[CALL_SET];
    span_us span = (span_us)((double)fullest * 1e6 / need->rate_per_s + 0.5);
    if (span > b->earliest) {
        b->earliest = span;
        b->slowest = b->lanes;
    }
    b->lanes++;
}
