/*
 * Reads of one identity where IAM refuses a batched read. Without MAIL FROM by the batch the whole
 * lane is read by GetEmailIdentity. Without verification alone only those rows are whose
 * verification nothing else tells: the first reads of rows that ListEmailIdentities shows as
 * verified, and all later reads, are batched as before.
 *
 * What had worked is tried again every hour.
 */
#include "scheduler_internal.h"

#include <assert.h>

#define AGAIN_EVERY SPAN_H(1) /* after reads have fallen back in the middle of a run */

bool reads_lack_verification(const struct lane_state *lane)
{
    return lane->read_api == API_V1 && lane->refused & BATCH_KIND(CALL_READ_VERIFICATION);
}

void reads_sort(struct scheduler *d, uint16_t lane, instant_us now)
{
    struct queue *single = &d->lanes[lane].read[READ_SINGLE],
                 *first = &d->lanes[lane].read[READ_FIRST];
    while (single->len && !verified_by_get(d, single->first - 1, now))
        queue_push(d, first, queue_pop(d, single), now);
    while (first->len && verified_by_get(d, first->first - 1, now))
        queue_push(d, single, queue_pop(d, first), now);
}

void reads_fall_back(struct scheduler *d, uint16_t lane, unsigned refused, instant_us now)
{
    struct lane_state *l = &d->lanes[lane];
    bool is_whole = refused & BATCH_KIND(CALL_READ_MAIL_FROM);
    unsigned both = BATCH_KIND(CALL_READ_VERIFICATION) | BATCH_KIND(CALL_READ_MAIL_FROM);
    assert(refused && !(refused & ~both));
    d->lane_changes += (l->refused | refused) != l->refused;
    l->refused = (uint8_t)(l->refused | refused);
    if (is_whole)
        l->read_api = API_V2;
    if (is_whole && !(l->allowed & BATCH_KIND(CALL_READ_MAIL_FROM)))
        dkim_fell_back(d, lane);
    if (!is_whole)
        verified_refuse(d, lane);
    l->v1_returns = l->v1_returns || l->allowed & refused;
    l->v1_again_at = l->v1_returns ? now + AGAIN_EVERY : 0;
    l->allowed &= ~(is_whole ? both : refused);
    for (int kind = 0; kind < CALL_ASK; kind++)
        l->doubts[kind] = (struct doubt){0};
}

/* One refusal ends the try. */
void reads_try_again(struct scheduler *d, uint16_t lane, instant_us now)
{
    struct lane_state *l = &d->lanes[lane];
    if (!l->v1_again_at || now < l->v1_again_at || l->read_batches_alive)
        return;
    l->v1_again_at = 0;
    l->read_api = API_V1;
    l->refused = 0;
    l->single_reason[0] = 0;
    d->lane_changes++;
}

void singles_close(struct scheduler *d, uint16_t lane, const struct reply *reply)
{
    step_words(reply, "SES could not be asked about the identity: ", d->lanes[lane].single_reason);
}

void singles_end(struct scheduler *d, uint16_t lane, instant_us now)
{
    struct lane_state *l = &d->lanes[lane];
    if (l->single_reason[0])
        scheduler_drop_queue(d, &l->read[READ_SINGLE], OUTCOME_FAILED, l->single_reason, now);
}

struct lane_reading scheduler_lane_reading(const struct scheduler *d, uint16_t lane)
{
    const struct lane_state *l = &d->lanes[lane];
    return (struct lane_reading){.api = l->read_api,
                                 .dkim = l->dkim,
                                 .lists = d->surveys.lanes[lane].lists_verified,
                                 .untold = verified_untold(d, lane),
                                 .refused = l->refused};
}
