/* Counts calls by action and lane; the slowest lane tells the end. */
#include "budget.h"

#include <assert.h>

static uint64_t batches(uint64_t count, enum api read_api)
{
    uint64_t batch = read_api == API_V1 ? SES_BATCH_MAX : 1;
    return (count + batch - 1) / batch;
}

/* Of the first reads: version 1 has a call for verification, one for MAIL FROM and one for DKIM;
 * version 2 answers all with one per identity. */
static void first_reads_add(const struct lane_need *need, uint64_t calls[CALL_KINDS])
{
    const struct lane_reading *how = &need->how;
    bool is_refused = how->refused >> CALL_READ_VERIFICATION & 1u;
    bool is_single = how->api == API_V2 || how->dkim == DKIM_BY_IDENTITY;
    uint32_t untold = how->lists && how->untold < need->reads ? how->untold : need->reads;
    uint32_t single = is_single ? need->reads : is_refused ? untold : 0;
    uint64_t batched = batches(need->reads - single, API_V1);
    calls[CALL_GET] += single;
    calls[CALL_READ_MAIL_FROM] += batched;
    calls[CALL_READ_DKIM] += how->dkim == DKIM_BY_BATCH ? batched : 0;
    if (how->api == API_V1 && how->lists)
        calls[CALL_LIST] += (need->reads + SES_LIST_PAGE - 1) / SES_LIST_PAGE;
    if (how->api == API_V1 && !is_refused && (how->lists || !is_single))
        calls[CALL_READ_VERIFICATION] += batches(untold, API_V1);
}

void budget_add(struct budget *b, const struct lane_need *need)
{
    uint64_t calls[CALL_KINDS] = {0};
    enum call_kind fullest = CALL_READ_VERIFICATION;
    assert(need->rate_per_s > 0);
    enum api api = need->how.api;
    enum call_kind follow = api == API_V1 ? CALL_READ_MAIL_FROM : CALL_GET;
    calls[follow] = batches(need->sets, api) + batches(need->tightens, api);
    first_reads_add(need, calls);
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
