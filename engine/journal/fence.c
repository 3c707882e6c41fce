/*
 * What a worker may keep of a run that several carry: records of lanes whose leases it holds, by
 * their epochs. The epoch is looked at by the store in the transaction that keeps the record, so
 * whoever claims the lane hereafter finds the record, and a worker that has lost the lane keeps
 * nothing.
 */
#include "inside.h"

#include <assert.h>
#include <stdlib.h>

enum err journal_fence(struct journal *j, const struct fence *fence, struct why *why)
{
    assert(journal_is_shared(j) && !j->fence.run);
    assert(fence->run > 0 && fence->fleet && fence->leases);
    /* A run that publishes, or has no lane, has one lease. */
    uint32_t len = fence->fleet->lanes_len ? fence->fleet->lanes_len : 1;
    j->fences = calloc(2 * (size_t)len, sizeof *j->fences);
    if (!j->fences)
        return why_set(why, ERR_NOMEM, "out of memory");
    j->fence = *fence;
    j->fences_len = len;
    j->has_waves = waves_are_wanted(fence->fleet);
    j->store->leases->fenced(j->store);
    return OK;
}

bool fence_is_of(const struct journal *j, uint64_t run)
{
    return j->fence.run > 0 && j->fence.run == run;
}

/* The row of the leases that is the record's. */
static uint32_t place_of(const struct journal *j, const struct record *record)
{
    if (j->fence.leases[0].lane == LEASE_RUN)
        return 0;
    if (record->kind == RECORD_LANE)
        return record->job;
    assert(record_is_of_job(record));
    assert(record->job < j->fence.fleet->choices_len);
    return j->fence.fleet->choices[record->job].lane;
}

static struct store_fence *fence_of(struct journal *j, const struct record *record)
{
    uint32_t place = place_of(j, record);
    assert(place < j->fences_len);
    return &j->fences[place];
}

/* Without a fence: a run that is being begun, or one that was never opened to workers. */
static enum err unfenced(struct journal *j, uint64_t run, struct why *why)
{
    struct shared_run view;
    struct head head;
    if (j->together && j->begun == run)
        return OK;
    enum err err = j->store->leases->look(j->store, run, &view, why);
    if (err == OK)
        return why_set(why, ERR_FENCED, "workers carry run %llu, and this process is none of them",
                       (unsigned long long)run);
    return err == ERR_GONE ? head_of_run(j, run, &head, why) : err;
}

/* The first write of an identity: none begins once too many have failed, whoever has counted it. */
static bool is_start(const struct record *r)
{
    return r->kind == RECORD_INTENT && r->row.wave > 0 && r->row.writes == 1;
}

/* Fills j->fences in for the lanes of these records, with epoch 0 for the others. False: one of
 * them is not held. */
static bool fences_fill(struct journal *j, const struct record *records, uint32_t len)
{
    bool are_held = true;
    for (uint32_t i = 0; i < j->fences_len; i++)
        j->fences[i].epoch = 0;
    for (uint32_t i = 0; are_held && i < len; i++) {
        if (records[i].kind == RECORD_ORDER)
            continue;
        const struct lease *lease = &j->fence.leases[place_of(j, &records[i])];
        struct store_fence *fence = fence_of(j, &records[i]);
        if (!fence->epoch)
            *fence = (struct store_fence){
                .run = j->fence.run, .epoch = lease->epoch, .lane = lease->lane};
        fence->is_intent |= record_is_intent(&records[i]);
        fence->is_start |= j->has_waves && is_start(&records[i]);
        are_held = lease->epoch > 0 && lease->run == j->fence.run;
    }
    return are_held;
}

enum err fence_begin(struct journal *j, uint64_t run, const struct record *records, uint32_t len,
                     struct why *why)
{
    struct store_fence *list = j->fences + j->fences_len;
    uint32_t held = 0;
    if (!fence_is_of(j, run))
        return unfenced(j, run, why);
    if (!fences_fill(j, records, len))
        return why_set(why, ERR_FENCED, "another worker carries the lane by now");
    for (uint32_t i = 0; i < j->fences_len; i++)
        if (j->fences[i].epoch)
            list[held++] = j->fences[i];
    /* The record of one lane brings its own fence along; those of several are locked in order. */
    return held > 1 ? j->store->leases->hold(j->store, list, held, why) : OK;
}

void fence_next(struct journal *j, uint64_t run, const struct record *record)
{
    bool is_fenced = record && fence_is_of(j, run) && record->kind != RECORD_ORDER;
    j->store->fence = is_fenced ? fence_of(j, record) : NULL;
}
