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
    uint64_t calls[CALL_KINDS] = {0};
    enum call_kind fullest = CALL_READ_VERIFICATION;
    assert(need->rate_per_s > 0);
    /* v1 has a call for verification, one for MAIL FROM and one for DKIM; v2 answers all with one
     * per identity. */
    enum call_kind follow = read_api == API_V1 ? CALL_READ_MAIL_FROM : CALL_GET;
    enum api first_api = need->dkim == DKIM_BY_IDENTITY ? API_V2 : read_api;
    uint64_t first = batches(need->reads, first_api);
    calls[follow] = batches(need->sets, read_api) + batches(need->tightens, read_api);
    if (first_api == API_V1) {
        if (need->lists)
            calls[CALL_LIST] = (need->reads + SES_LIST_PAGE - 1) / SES_LIST_PAGE;
        else
            calls[CALL_READ_VERIFICATION] = first;
        calls[CALL_READ_MAIL_FROM] += first;
        calls[CALL_READ_DKIM] = need->dkim == DKIM_BY_BATCH ? first : 0;
    } else {
        calls[CALL_GET] += first;
    }
    calls[CALL_SET] = (uint64_t)need->sets + need->tightens + need->clears;
    for (int kind = 0; kind < CALL_KINDS; kind++) {
        b->calls[kind] += calls[kind];
        b->reads += kind == CALL_SET ? 0 : calls[kind];
        fullest = calls[kind] > calls[fullest] ? (enum call_kind)kind : fullest;
    }
    if (calls[CALL_SET] == calls[fullest]) /* fewer reads would not help */
        fullest = CALL_SET;
    b->writes += calls[CALL_SET];
    span_us span = (span_us)((double)calls[fullest] * 1e6 / need->rate_per_s + 0.5);
    if (span > b->earliest) {
        b->earliest = span;
        b->slowest = b->lanes;
        b->held_by = fullest;
        b->held_calls = calls[fullest];
        b->held_api = fullest == CALL_GET || fullest == CALL_LIST ? API_V2 : API_V1;
    }
    b->lanes++;
}
