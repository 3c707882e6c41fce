/*
 * Batches of reads. Each read walks over the lane's rows on its own, since each has a bucket of its
 * own; a batch that fails is sent again, and one that SES will not have is halved, so that one name
 * does not take ninety-nine others with it.
 */
#include "inventory_internal.h"

#include <assert.h>

#define DENIED_MAX 20 /* refusals, and no answer before: then it is not about the names */

static const enum call_kind kinds_v1[READS] = {CALL_READ_VERIFICATION, CALL_READ_MAIL_FROM,
                                               CALL_READ_NOTIFICATION};

static enum call_kind part_kind(const struct lane_inventory *s, uint32_t part)
{
    return s->seen.one_by_one ? CALL_GET : kinds_v1[part];
}

static bool part_is_read(const struct lane_inventory *s, uint32_t part)
{
    return s->seen.one_by_one ? part == 0
                              : kinds_v1[part] != CALL_READ_NOTIFICATION || !s->seen.blind;
}

/* How many rows the next batch of this part has; 0: it does not leave yet. */
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
        if (part_is_read(s, part) &&
            (s->next_row[part] < s->seen.rows_len || s->batches_left[part]))
            return false;
    return true;
}

/* --- the pool --------------------------------------------------------------------------------- */

void batches_init(struct inventory *v)
{
    for (uint32_t i = BATCHES; i > 0; i--) {
        v->batches[i - 1].next = v->batches_free;
        v->batches_free = i;
    }
    v->batches_free_len = BATCHES;
}

static struct batch *batch_new(struct inventory *v)
{
    assert(v->batches_free);
    struct batch *b = &v->batches[v->batches_free - 1];
    v->batches_free = b->next;
    v->batches_free_len--;
    return b;
}

static void batch_free(struct inventory *v, struct batch *b)
{
    b->next = v->batches_free;
    v->batches_free = (uint32_t)(b - v->batches) + 1;
    v->batches_free_len++;
}

void batches_drop(struct inventory *v, struct lane_inventory *s, uint32_t part)
{
    for (uint32_t *link = &s->again; *link;) {
        struct batch *b = &v->batches[*link - 1];
        if (part == READS || b->part == part) {
            *link = b->next;
            batch_free(v, b);
        } else {
            link = &b->next;
        }
    }
}

static void batch_again(struct inventory *v, struct batch *b)
{
    struct lane_inventory *s = &v->lanes[b->lane];
    b->next = s->again;
    s->again = (uint32_t)(b - v->batches) + 1;
}

/* --- sending ---------------------------------------------------------------------------------- */

static struct call *batch_call(struct inventory *v, struct batch *b)
{
    const struct lane_inventory *s = &v->lanes[b->lane];
    struct call *call = lane_inventory_call(v, b->lane, part_kind(s, b->part));
    call->owner = (uint32_t)(b - v->batches);
    call->attempt = b->attempts + 1u;
    call->count = b->len;
    for (uint32_t i = 0; i < b->len; i++)
        call->identities[i] = lane_inventory_row(s, b->first + i)->identity;
    return call;
}

static uint32_t again_send(struct inventory *v, struct lane_inventory *s, instant_us now,
                           struct call **calls, uint32_t max)
{
    uint32_t len = 0;
    for (uint32_t *link = &s->again; *link && len < max && v->calls.free;) {
        struct batch *b = &v->batches[*link - 1];
        if (now < b->wake || !pace_take(&s->pace[part_kind(s, b->part)], now)) {
            link = &b->next;
            continue;
        }
        *link = b->next;
        calls[len++] = batch_call(v, b);
    }
    return len;
}

static struct batch *batch_gather(struct inventory *v, uint16_t lane, uint32_t part, uint32_t len)
{
    struct lane_inventory *s = &v->lanes[lane];
    struct batch *b = batch_new(v);
    *b = (struct batch){.first = s->next_row[part],
                        .generation = s->generation,
                        .lane = lane,
                        .len = (uint16_t)len,
                        .part = (uint8_t)part};
    s->next_row[part] += len;
    s->batches_left[part]++;
    return b;
}

uint32_t batches_send(struct inventory *v, uint16_t lane, instant_us now, struct call **calls,
                      uint32_t max)
{
    struct lane_inventory *s = &v->lanes[lane];
    uint32_t len = again_send(v, s, now, calls, max);
    for (uint32_t part = 0; part < READS; part++) {
        uint32_t rows;
        while (len < max && v->calls.free && v->batches_free_len > BATCHES_SPARE &&
               (rows = batch_len(s, part)) > 0 && pace_take(&s->pace[part_kind(s, part)], now))
            calls[len++] = batch_call(v, batch_gather(v, lane, part, rows));
    }
    return len;
}

instant_us batches_wake(const struct inventory *v, const struct lane_inventory *s)
{
    instant_us wake = WHEN_NEVER;
    for (uint32_t i = s->again; i; i = v->batches[i - 1].next) {
        const struct batch *b = &v->batches[i - 1];
        instant_us at = pace_next(&s->pace[part_kind(s, b->part)]);
        at = at > b->wake ? at : b->wake;
        wake = at < wake ? at : wake;
    }
    for (uint32_t part = 0; part < READS && v->batches_free_len > BATCHES_SPARE; part++) {
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
    if (!(f->known & KNOWN_MAIL_FROM))
        return true;
    row->status = (uint8_t)(f->mail_from.len ? f->status : MAIL_FROM_NONE);
    row->behavior = (uint8_t)f->behavior;
    row->mail_from = f->mail_from.len ? arena_text(v->memory, f->mail_from) : TEXT_NONE;
    return !f->mail_from.len || row->mail_from.at;
}

static void batch_take(struct inventory *v, struct batch *b, const struct call *call)
{
    struct lane_inventory *s = &v->lanes[b->lane];
    for (uint32_t i = 0; i < b->len; i++) {
        struct inventory_row *row = lane_inventory_row(s, b->first + i);
        v->no_memory |= !facts_take(v, row, &call->facts[i]);
        if (call->kind == CALL_GET)
            v->no_memory |= !tags_take(v, row, call);
    }
    s->told_something = true;
    if (b->part == 0)
        s->seen.read += b->len;
}

/* SES has not told, and will not: not of these, though it may of others. */
static void batch_give_up(struct inventory *v, struct batch *b, const struct call *call)
{
    struct lane_inventory *s = &v->lanes[b->lane];
    s->seen.unread += b->len;
    lane_inventory_reason(s, call);
    if (!s->told_something && s->seen.unread >= DENIED_MAX)
        lane_inventory_refuse(v, s, call);
}

static bool batch_split(struct inventory *v, struct batch *b)
{
    if (b->len < 2 || !v->batches_free)
        return false;
    struct batch *half = batch_new(v);
    *half = *b;
    half->len = b->len / 2;
    b->len = (uint16_t)(b->len - half->len);
    half->first = b->first + b->len;
    v->lanes[b->lane].batches_left[b->part]++;
    batch_again(v, half);
    batch_again(v, b);
    return true;
}

/* IAM may refuse the one read that a manifest can do without. */
static void batch_denied(struct inventory *v, struct lane_inventory *s, const struct call *call,
                         enum retry next)
{
    if (call->kind == CALL_READ_NOTIFICATION) {
        s->seen.blind = true;
        lane_inventory_reason(s, call);
        batches_drop(v, s, READS - 1);
    } else if (next == RETRY_FALL_BACK) {
        lane_inventory_fall_back(v, s, call);
    } else {
        lane_inventory_refuse(v, s, call);
    }
}

/* True: the batch is to be sent again, or its halves are. */
static bool batch_failed(struct inventory *v, struct batch *b, const struct call *call,
                         enum verdict verdict, instant_us now)
{
    struct lane_inventory *s = &v->lanes[b->lane];
    const struct retry_rules rules = {
        .attempts_max = ATTEMPTS_MAX, .is_paced = true, .may_fall_back = v->options.may_fall_back};
    const struct retry_case failure = {verdict, &call->reply, call->api, b->attempts, b->len};
    enum retry next = retry_next(&rules, &failure);
    if (next == RETRY_BACKOFF) {
        b->attempts++;
        b->wake = now + backoff_span(BACKOFF_ERROR, v->options.seed, b->first, b->attempts);
    }
    switch (next) {
    case RETRY_BACKOFF:
    case RETRY_BY_PACE: batch_again(v, b); return true;
    case RETRY_SPLIT:
        if (batch_split(v, b))
            return true;
        batch_give_up(v, b, call);
        break;
    case RETRY_REFUSED: batch_give_up(v, b, call); break;
    case RETRY_EXHAUSTED: lane_inventory_refuse(v, s, call); break;
    case RETRY_DENIED:
    case RETRY_FALL_BACK: batch_denied(v, s, call, next); break;
    }
    return false;
}

void batch_answered(struct inventory *v, struct call *call, instant_us now)
{
    struct batch *b = &v->batches[call->owner];
    struct lane_inventory *s = &v->lanes[b->lane];
    enum verdict verdict =
        retry_gone_is_told(call, lane_inventory_verdict(s, call, b->attempts, now));
    bool again = false;
    if (b->generation == s->generation && s->seen.phase != INVENTORY_REFUSED) {
        if (verdict == VERDICT_OK)
            batch_take(v, b, call);
        else
            again = batch_failed(v, b, call, verdict, now);
        if (!again && b->generation == s->generation)
            s->batches_left[b->part]--;
    }
    if (!again)
        batch_free(v, b);
}
