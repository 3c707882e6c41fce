/*
 * Batches of reads (batch_read.h). Each read walks over the lane's rows separately, since each has
 * a bucket of its own, so a batch asks for one fact only.
 */
#include "inventory_internal.h"

#include <assert.h>
#include <string.h>

#define DENIED_MAX 20 /* refusals without an answer before: the names are not the reason */

static const enum call_kind kinds_v1[READS] = {CALL_READ_VERIFICATION, CALL_READ_MAIL_FROM,
                                               CALL_READ_NOTIFICATION, CALL_READ_DKIM};

static enum call_kind part_kind(const struct lane_inventory *s, uint32_t part)
{
    return s->seen.one_by_one ? CALL_GET : kinds_v1[part];
}

static bool part_is_read(const struct lane_inventory *s, uint32_t part)
{
    if (s->seen.one_by_one)
        return part == 0;
    switch (kinds_v1[part]) {
    case CALL_READ_NOTIFICATION: return !s->seen.blind;
    case CALL_READ_DKIM: return s->dkim == DKIM_BY_BATCH;
    default: return true;
    }
}

/* The number of rows in the next batch of this part; 0: none leaves yet. */
static uint32_t batch_len(const struct lane_inventory *s, uint32_t part)
{
    bool listed = s->seen.phase == INVENTORY_READING;
    uint32_t left = s->seen.rows_len - s->next_row[part];
    if (s->seen.phase != INVENTORY_LISTING && !listed)
        return 0;
    if (!part_is_read(s, part) || left == 0)
        return 0;
    if (s->seen.one_by_one)
        return listed ? 1 : 0;
    if (left >= SES_BATCH_MAX)
        return SES_BATCH_MAX;
    return listed ? left : 0;
}

bool batches_are_done(const struct lane_inventory *s)
{
    for (uint32_t part = 0; part < READS; part++)
        if (s->batches_left[part] ||
            (part_is_read(s, part) && s->next_row[part] < s->seen.rows_len))
            return false;
    return true;
}

void batches_begin(struct inventory *v, struct lane_inventory *s)
{
    s->generation++; /* what is still out does not count */
    batch_reads_drop(&v->reads, &s->again, UINT8_MAX);
    s->seen.read = s->seen.unread = 0;
    memset(s->next_row, 0, sizeof s->next_row);
    memset(s->batches_left, 0, sizeof s->batches_left);
}

/* --- sending ---------------------------------------------------------------------------------- */

static uint32_t part_of(const struct batch_read *b)
{
    for (uint32_t part = 0; part < READS; part++)
        if (b->kinds & BATCH_KIND(kinds_v1[part]))
            return part;
    return 0; /* CALL_GET */
}

static void call_fill(void *ctx, const struct batch_read *b, struct call *call)
{
    struct inventory *v = ctx;
    for (uint32_t i = 0; i < b->count; i++)
        call->identities[i] = lane_inventory_row(&v->lanes[b->lane], b->items[i])->identity;
}

static uint32_t list_send(struct inventory *v, struct lane_inventory *s, instant_us now,
                          struct call **calls, uint32_t max)
{
    const struct batch_sender by = {s->pace, v, call_fill};
    return batch_reads_send(&v->reads, &s->again, &by, now, calls, max);
}

/* A batch is gathered when the call can leave at once. */
static uint32_t may_gather(const struct inventory *v, const struct lane_inventory *s, uint32_t part,
                           instant_us now)
{
    bool may = v->calls.free && v->reads.free_len > BATCHES_SPARE &&
               pace_next(&s->pace[part_kind(s, part)]) <= now;
    return may ? batch_len(s, part) : 0;
}

uint32_t batches_send(struct inventory *v, uint16_t lane, instant_us now, struct call **calls,
                      uint32_t max)
{
    struct lane_inventory *s = &v->lanes[lane];
    uint32_t rows, len = list_send(v, s, now, calls, max);
    for (uint32_t part = 0; part < READS; part++) {
        while (len < max && (rows = may_gather(v, s, part, now)) > 0) {
            /* The next rows of a part. A batch is free. */
            uint8_t kinds = (uint8_t)BATCH_KIND(part_kind(s, part));
            enum api api = s->seen.one_by_one ? API_V2 : API_V1;
            struct batch_read *b = batch_read_new(&v->reads, lane, api, kinds, now);
            b->generation = s->generation;
            b->optional = (uint8_t)(kinds & BATCH_KIND(CALL_READ_DKIM));
            while (b->count < rows)
                b->items[b->count++] = s->next_row[part]++;
            s->batches_left[part]++;
            batch_read_want(&v->reads, &s->again, b, kinds);
            len += list_send(v, s, now, calls + len, max - len);
        }
    }
    return len;
}

instant_us batches_wake(const struct inventory *v, const struct lane_inventory *s)
{
    instant_us wake = batch_reads_wake(&v->reads, s->again, s->pace);
    for (uint32_t part = 0; part < READS && v->reads.free_len > BATCHES_SPARE; part++) {
        instant_us at = pace_next(&s->pace[part_kind(s, part)]);
        if (batch_len(s, part) > 0 && at < wake)
            wake = at;
    }
    return wake;
}

/* --- answers ---------------------------------------------------------------------------------- */

static bool tags_take(struct inventory *v, struct inventory_row *row, const struct call *call)
{
    struct ses_tag *tags = ARENA_ARRAY(v->memory, struct ses_tag, call->tags_len + 1);
    for (uint32_t i = 0; tags && i < call->tags_len; i++) {
        tags[i].key = arena_text(v->memory, call->tags[i].key);
        tags[i].value = arena_text(v->memory, call->tags[i].value);
        if (!tags[i].key.at || (call->tags[i].value.at && !tags[i].value.at))
            return false;
    }
    row->tags = tags;
    row->tags_len = call->tags_len;
    return tags != NULL;
}

static bool facts_take(struct inventory *v, struct inventory_row *row, const struct ses_facts *f)
{
    row->known = (uint8_t)(row->known | f->known);
    if (f->known & KNOWN_VERIFICATION)
        row->verification = (uint8_t)f->verification;
    if (f->known & KNOWN_FORWARDING)
        row->forwarding = f->forwarding;
    if (f->known & KNOWN_DKIM)
        row->dkim = (uint8_t)f->dkim;
    if (!(f->known & KNOWN_MAIL_FROM))
        return true;
    row->status = (uint8_t)(f->mail_from.len ? f->status : MAIL_FROM_NONE);
    row->behavior = (uint8_t)f->behavior;
    row->mail_from = f->mail_from.len ? arena_text(v->memory, f->mail_from) : TEXT_NONE;
    return !f->mail_from.len || row->mail_from.at;
}

/* SES will give no facts about these identities, though perhaps about others. */
static void batch_give_up(struct inventory *v, const struct batch_read *b, const struct call *call)
{
    struct lane_inventory *s = &v->lanes[b->lane];
    s->seen.unread += b->count;
    lane_inventory_reason(s, call);
    if (!s->told_something && s->seen.unread >= DENIED_MAX)
        lane_inventory_refuse(v, s, call);
}

static bool batch_split(struct inventory *v, struct batch_read *b, instant_us now)
{
    struct lane_inventory *s = &v->lanes[b->lane];
    bool is_split = batch_read_split(&v->reads, &s->again, b, now) != NULL;
    s->batches_left[part_of(b)] += is_split;
    return is_split;
}

/* True: send the batch's halves. */
static bool batch_failed(struct inventory *v, struct batch_read *b, const struct call *call,
                         instant_us now)
{
    struct lane_inventory *s = &v->lanes[b->lane];
    if (lane_inventory_dkim_refused(v, s, call))
        return false;
    switch (b->failed_next) {
    case RETRY_SPLIT:
        if (batch_split(v, b, now))
            return true;
        batch_give_up(v, b, call);
        break;
    case RETRY_REFUSED: batch_give_up(v, b, call); break;
    case RETRY_DENIED:
    case RETRY_FALL_BACK: {
        /* IAM may refuse the one read a manifest does not need. */
        if (call->kind == CALL_READ_NOTIFICATION) {
            s->seen.blind = true;
            lane_inventory_reason(s, call);
            s->batches_left[part_of(b)] -=
                batch_reads_drop(&v->reads, &s->again, BATCH_KIND(CALL_READ_NOTIFICATION));
        } else if (b->failed_next == RETRY_FALL_BACK) {
            lane_inventory_fall_back(v, s, call);
        } else {
            lane_inventory_refuse(v, s, call);
        }
        break;
    }
    default: lane_inventory_refuse(v, s, call); break;
    }
    return false;
}

/* The lane has begun again since, or has ended. */
static bool is_stale(const struct lane_inventory *s, const struct batch_read *b)
{
    return b->generation != s->generation || s->seen.phase == INVENTORY_REFUSED;
}

void batch_answered(struct inventory *v, struct call *call, instant_us now)
{
    struct batch_read *b = batch_read_of(&v->reads, call);
    struct lane_inventory *s = &v->lanes[b->lane];
    const struct retry_rules rules = {
        .attempts_max = ATTEMPTS_MAX, .is_paced = true, .may_fall_back = v->options.may_fall_back};
    enum verdict verdict =
        retry_gone_is_told(call, lane_inventory_verdict(s, call, b->attempts, now));
    if (b->optional && verdict != VERDICT_OK && reply_knows_no_action(&call->reply))
        verdict = VERDICT_DENIED; /* at once: no try will help */
    enum batch_state state = BATCH_DONE;
    if (!is_stale(s, b))
        state =
            batch_read_answered(&v->reads, &s->again, call, verdict, &rules, v->options.seed, now);
    if (b->missed && !is_stale(s, b))
        lane_inventory_dkim_missed(s, call);
    if (state == BATCH_DONE && !b->missed && !is_stale(s, b)) {
        for (uint32_t i = 0; i < b->count; i++) {
            struct inventory_row *row = lane_inventory_row(s, b->items[i]);
            v->no_memory |= !facts_take(v, row, &call->facts[i]);
            if (call->kind == CALL_GET)
                v->no_memory |= !tags_take(v, row, call);
        }
        s->told_something = true;
        if (b->optional)
            s->dkim_missed = 0;
        if (part_of(b) == 0)
            s->seen.read += b->count;
    }
    bool goes_on = state == BATCH_WAITS || (state == BATCH_FAILED && batch_failed(v, b, call, now));
    if (!b->answers[call->kind])
        call_pool_give(&v->calls, call);
    if (goes_on)
        return;
    if (!is_stale(s, b))
        s->batches_left[part_of(b)]--;
    batch_read_free(&v->reads, b);
}
