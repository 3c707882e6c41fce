/*
 * The moves of a target: by what a survey of the authorities shows, by what the provider has at the
 * name, and by an accepted change.
 */
#include "publisher_internal.h"

#include "calls/backoff.h"

#include <assert.h>

static void move(struct publisher *p, uint32_t target, enum publish_state state, struct text reason,
                 instant_us now)
{
    pub_move(p, target, state, PUBLISH_MOVE, reason, now);
}

static void look_again(struct publisher *p, uint32_t target, instant_us now)
{
    struct pub_target *t = &p->targets[target];
    pub_look(p, target, now + backoff_span(BACKOFF_DNS, p->options.seed, target, ++t->attempts));
}

static const struct provider *provider_of(const struct publisher *p, const struct pub_target *t)
{
    return &p->options.fleet->providers[p->zones[t->zone].provider];
}

/* The zone of the target, by DNS, and its provider. False: nobody writes it, or no memory. */
static bool zone_settle(struct publisher *p, uint32_t target, const struct look *look,
                        instant_us now)
{
    const struct fleet *f = p->options.fleet;
    struct pub_target *t = &p->targets[target];
    uint32_t provider = provider_of_zone(f, look->zone);
    if (!look->zone.len || provider == f->providers_len)
        return false;
    struct pub_zone *z = pub_zone_find(p, look->zone, look->hosts, provider);
    if (!z)
        return false;
    t->zone = (uint32_t)(z - p->zones);
    if (p->closed[provider] && z->state != PUB_ZONE_CLOSED)
        pub_zone_close(p, z, PUBLISH_REFUSED, text_of(p->closed[provider]), now);
    return true;
}

static void zone_unwritten(struct publisher *p, uint32_t target, const struct look *look,
                           instant_us now)
{
    bool is_unwritten =
        provider_of_zone(p->options.fleet, look->zone) == p->options.fleet->providers_len;
    struct text reason =
        is_unwritten ? arena_fmt(&p->texts, "no provider under dns.publish writes zone " TEXT_FMT,
                                 TEXT_ARG(look->zone))
                     : TEXT("DNS names another zone of the name at each look");
    p->no_memory |= !reason.at;
    move(p, target, PUBLISH_PERSON, reason, now);
}

/* What the look says is the next change of the target. */
static void change_take(struct publisher *p, struct pub_target *t, const struct look *look)
{
    if (t->swaps_txt && !look->swaps_txt) /* what was exchanged is not the run's to remove */
        t->sent_txt = t->prior_txt = false;
    t->mx = look->mx;
    t->txt = look->txt;
    t->swaps_txt = look->swaps_txt;
    t->txt_before = pub_text(p, look->txt_before);
    t->txt_after = pub_text(p, look->txt_after);
    struct text *txts = ARENA_ARRAY(&p->texts, struct text, look->txts_len + 1u);
    p->no_memory |= !txts;
    for (uint32_t i = 0; txts && i < look->txts_len; i++)
        txts[i] = pub_text(p, look->txts[i]);
    t->txts = txts;
    t->txts_len = look->txts_len;
}

/* By RFC 2136 something is in the way that DNS does not show: it is waited for, and nothing is sent
 * meanwhile. */
static void refused_wait(struct publisher *p, uint32_t target, instant_us now)
{
    struct pub_target *t = &p->targets[target];
    if (now - t->in_doubt_since >= PUBLISH_SEEN_WITHIN)
        move(p, target, PUBLISH_REFUSED, t->reason, now);
    else
        pub_look(p, target, now + backoff_span(BACKOFF_DNS, p->options.seed, target, ++t->doubts));
}

/* Has the provider been asked about this very change just now, and had nothing in its way? */
static bool read_is_good(const struct pub_target *t, const struct look *look, instant_us now)
{
    return t->is_read && t->state == PUBLISH_TO_LOOK && !t->takes_back && !t->swaps_txt &&
           !look->swaps_txt && look->mx == t->mx && look->txt == t->txt &&
           now - t->read_at < PUBLISH_LOOK_AGE / 2;
}

/* A change is wanted and possible: the zone of the target takes it over. */
static void change_plan(struct publisher *p, uint32_t target, const struct look *look,
                        instant_us now)
{
    struct pub_target *t = &p->targets[target];
    if (!zone_settle(p, target, look, now)) {
        zone_unwritten(p, target, look, now);
        return;
    }
    const struct pub_zone *z = &p->zones[t->zone];
    t->is_read = read_is_good(t, look, now);
    t->looked_at = t->is_read ? t->read_at : now; /* the older of the two */
    if (z->state == PUB_ZONE_CLOSED) {
        move(p, target, z->end, z->reason, now);
        return;
    }
    if (t->refusals >= REFUSALS_MAX && !t->takes_back) {
        refused_wait(p, target, now);
        return;
    }
    bool by_dns = provider_of(p, t)->kind == PROVIDER_RFC2136;
    /* No authority has it. Should it come yet, it is in the way of the next. */
    if (t->state == PUBLISH_UNSURE && by_dns)
        pub_move(p, target, PUBLISH_TO_LOOK, PUBLISH_ANSWER, TEXT_NONE, now);
    if (t->state != PUBLISH_UNSURE && !t->takes_back) /* what was sent stays what was sent */
        change_take(p, t, look);
    if (t->state != PUBLISH_UNSURE && t->unanswered_since &&
        now - t->unanswered_since >= PUBLISH_SEEN_WITHIN)
        move(p, target, PUBLISH_FAILED,
             TEXT("the change was sent for a quarter of an hour, and no answer came; DNS does not "
                  "show it"),
             now);
    else
        pub_zone_take(p, target, now);
}

/* Nothing is to be done, or nothing any more. The sets may be this run's, whose answer was lost; an
 * equal one of another hand has another TTL as a rule. */
static void seen_as_wanted(struct publisher *p, uint32_t target, const struct look *look,
                           instant_us now)
{
    struct pub_target *t = &p->targets[target];
    uint32_t ttl_s = pub_wanted(p, target)->ttl_s;
    bool is_ours =
        pub_may_be_there(t) &&
        (p->options.withdraws || t->swaps_txt ||
         ((!t->sent_mx || look->mx_ttl_s == ttl_s) && (!t->sent_txt || look->txt_ttl_s == ttl_s)));
    zone_settle(p, target, look, now);
    move(p, target, is_ours ? PUBLISH_DONE : PUBLISH_UNCHANGED, TEXT_NONE, now);
}

static void looked_before(struct publisher *p, uint32_t target, const struct look *look,
                          instant_us now)
{
    struct pub_target *t = &p->targets[target];
    bool was_sent = pub_may_be_there(t);
    if (t->takes_back && look->verdict != LOOK_SILENT) {
        change_plan(p, target, look, now); /* the provider knows what is doubled */
        return;
    }
    switch (look->verdict) {
    case LOOK_SILENT:
        if (was_sent ? now - t->changed_at >= PUBLISH_SEEN_WITHIN : t->attempts + 1 >= LOOKS_MAX)
            move(p, target, PUBLISH_FAILED, pub_text(p, look->reason), now);
        else
            look_again(p, target, now);
        return;
    case LOOK_AS_WANTED:
        if (was_sent && look->unheard && now - t->changed_at < PUBLISH_SEEN_WITHIN)
            look_again(p, target, now);
        else if (was_sent && look->unheard)
            move(p, target, PUBLISH_FAILED, TEXT("not every authority answers"), now);
        else
            seen_as_wanted(p, target, look, now);
        return;
    case LOOK_PERSON: move(p, target, PUBLISH_PERSON, pub_text(p, look->reason), now); return;
    case LOOK_CHANGE: break;
    }
    t->attempts = 0;
    change_plan(p, target, look, now);
}

/* "ns1.example.com (192.0.2.1): no MX; ...": the first server that does not show the records. */
static struct text unseen_words(struct publisher *p, const struct look *look,
                                const struct survey *s)
{
    const struct dns_facts *facts = survey_facts(s);
    struct buf words;
    buf_init(&words, LINE_LEN_MAX);
    buf_add_fmt(&words,
                "the provider has accepted the change, and after %d minutes not every "
                "authority shows it",
                (int)(PUBLISH_SEEN_WITHIN / SPAN_M(1)));
    if (look->reason.len)
        buf_add_fmt(&words, ": " TEXT_FMT, TEXT_ARG(look->reason));
    for (uint32_t i = 0; i < facts->servers_len && i < 4; i++) {
        const struct server_note *n = &facts->servers[i];
        struct text said = n->error.len ? n->error : n->said.len ? n->said : n->rcode;
        buf_add_fmt(&words, "; " TEXT_FMT " says " TEXT_FMT, TEXT_ARG(n->server), TEXT_ARG(said));
    }
    struct text kept = pub_text(p, buf_text(&words));
    p->no_memory |= words.failed;
    buf_clear(&words);
    return kept;
}

/* Cloudflare takes a second record of a name and type beside the first, so it is asked after a
 * change. */
static bool wants_read_after(struct publisher *p, uint32_t target, const struct look *look,
                             instant_us now)
{
    const struct pub_target *t = &p->targets[target];
    return !t->is_read && !t->takes_back && !p->options.withdraws &&
           zone_settle(p, target, look, now) && provider_of(p, t)->kind == PROVIDER_CLOUDFLARE &&
           p->zones[t->zone].state != PUB_ZONE_CLOSED;
}

static void looked_after(struct publisher *p, uint32_t target, const struct look *look,
                         const struct survey *s, instant_us now)
{
    struct pub_target *t = &p->targets[target];
    bool removes = t->takes_back || p->options.withdraws;
    bool is_over = removes ? look->verdict != LOOK_SILENT &&
                                 !look_shows(pub_wanted(p, target), t->sent_mx, t->sent_txt, s)
                           : look->verdict == LOOK_AS_WANTED;
    if (wants_read_after(p, target, look, now)) { /* resumed */
        pub_zone_take(p, target, now);
    } else if (is_over && !look->unheard) {
        t->is_taken_back = t->takes_back;
        move(p, target, t->takes_back ? PUBLISH_PERSON : PUBLISH_DONE,
             t->takes_back ? TEXT("somebody else has published there at the same moment; what this "
                                  "run created was taken back")
                           : TEXT_NONE,
             now);
    } else if (now - t->changed_at >= PUBLISH_SEEN_WITHIN) {
        move(p, target, t->takes_back ? PUBLISH_PERSON : PUBLISH_FAILED, unseen_words(p, look, s),
             now);
    } else {
        look_again(p, target, now);
    }
}

void pub_looked(struct publisher *p, uint32_t target, const struct survey *s, instant_us now)
{
    const struct fleet *f = p->options.fleet;
    const struct publish_target *wanted = pub_wanted(p, target);
    struct pub_target *t = &p->targets[target];
    const struct look_rules rules = {.region = fleet_mx_region(f, wanted->row),
                                     .feedback_host = p->options.feedback_host,
                                     .merges_spf = p->options.merges_spf};
    struct publish_target changed = *wanted; /* what the name has once the change is in force */
    struct look look;
    if (t->swaps_txt && (t->state == PUBLISH_VERIFYING || t->state == PUBLISH_UNSURE))
        changed.txt = t->txt_after;
    if (t->is_renewing)
        p->buckets[p->bucket_of[p->zones[t->zone].provider]].renewing--;
    t->is_renewing = false;
    p->unlooked -= !t->was_looked_at;
    t->was_looked_at = true;
    t->calls++;
    arena_reset(&p->scratch);
    if (!(p->options.withdraws ? look_before_withdrawal(&look, &p->scratch, wanted, s)
                               : look_at_names(&look, &p->scratch, &changed, s, &rules))) {
        p->no_memory = true;
        return;
    }
    if (!text_eq(t->zone_name, look.zone))
        t->zone_name = pub_text(p, look.zone);
    if (t->state == PUBLISH_VERIFYING)
        looked_after(p, target, &look, s, now);
    else
        looked_before(p, target, &look, now);
}

void pub_accepted(struct publisher *p, uint32_t target, instant_us now)
{
    struct pub_target *t = &p->targets[target];
    t->unanswered_since = 0;
    t->changed_at = now;
    t->attempts = 0;
    t->is_read = false;
    pub_move(p, target, PUBLISH_VERIFYING, PUBLISH_ANSWER, TEXT_NONE, now);
    if (provider_of(p, t)->kind == PROVIDER_CLOUDFLARE && !p->options.withdraws && !t->takes_back)
        pub_zone_take(p, target, now);
    else
        look_again(p, target, now);
}

/* ---- what the provider has at the name ---- */

static struct record_set set_copy(struct publisher *p, const struct record_set *set)
{
    struct record_value *values = ARENA_ARRAY(&p->texts, struct record_value, set->len + 1u);
    struct record_set kept = *set;
    p->no_memory |= !values;
    for (uint32_t i = 0; values && i < set->len; i++)
        values[i] = (struct record_value){.preference = set->values[i].preference,
                                          .data = pub_text(p, set->values[i].data),
                                          .verbatim = pub_text(p, set->values[i].verbatim),
                                          .id = pub_text(p, set->values[i].id)};
    kept.name = TEXT_NONE;
    kept.values = values;
    return kept;
}

static void sets_keep(struct publisher *p, struct pub_target *t, const struct call *call)
{
    t->sets[0] = t->sets[1] = (struct record_set){0};
    for (uint32_t i = 0; i < call->sets_len; i++) {
        const struct record_set *set = &call->sets[i];
        if (set->type == DNS_TYPE_MX || set->type == DNS_TYPE_TXT)
            t->sets[set->type == DNS_TYPE_TXT] = set_copy(p, set);
    }
}

/* Has the provider the TXT set that DNS has shown, and no other value? */
static bool txts_are_as_looked(const struct pub_target *t)
{
    const struct record_set *set = &t->sets[1];
    if (set->is_special || set->len != t->txts_len)
        return false;
    for (uint32_t i = 0; i < set->len; i++) {
        bool found = false;
        for (uint32_t k = 0; k < t->txts_len && !found; k++)
            found = text_eq(set->values[i].data, t->txts[k]);
        if (!found)
            return false;
    }
    return true;
}

static bool txts_have(const struct pub_target *t, struct text txt)
{
    for (uint32_t i = 0; i < t->sets[1].len; i++)
        if (text_eq(t->sets[1].values[i].data, txt))
            return true;
    return false;
}

/* The provider has what DNS does not show, or the other way round: DNS is asked until they agree,
 * for as long as a change may take to be seen. */
static void wait_for_dns(struct publisher *p, uint32_t target, instant_us now)
{
    struct pub_target *t = &p->targets[target];
    if (t->state != PUBLISH_TO_LOOK)
        move(p, target, PUBLISH_TO_LOOK, TEXT_NONE, now);
    if (!t->in_doubt_since)
        t->in_doubt_since = now;
    if (now - t->in_doubt_since >= PUBLISH_SEEN_WITHIN)
        move(p, target, PUBLISH_PERSON,
             TEXT("the provider and the authorities show different records for minutes"), now);
    else
        pub_look(p, target, now + backoff_span(BACKOFF_DNS, p->options.seed, target, ++t->doubts));
}

/* TO_LOOK: may the change go? */
static void read_before(struct publisher *p, uint32_t target, enum sets_verdict verdict,
                        struct text reason, instant_us now)
{
    struct pub_target *t = &p->targets[target];
    bool swap_is_stale = t->swaps_txt && !txts_are_as_looked(t);
    t->is_read = verdict == SETS_FREE && !swap_is_stale;
    if (t->is_read)
        pub_zone_take(p, target, now);
    else if (verdict == SETS_WANTED || swap_is_stale)
        wait_for_dns(p, target, now);
    else
        move(p, target, PUBLISH_PERSON, reason, now);
}

/* Another writer was there at the same moment: what was created goes again. */
static void take_back(struct publisher *p, uint32_t target, instant_us now)
{
    struct pub_target *t = &p->targets[target];
    const struct publish_target *wanted = pub_wanted(p, target);
    t->takes_back = t->is_read = true;
    /* What was exchanged stays, and so does what is no longer there. */
    t->sent_txt = t->sent_txt && !t->swaps_txt;
    t->mx = t->sent_mx && look_set_has(wanted, &t->sets[0]);
    t->txt = t->sent_txt && look_set_has(wanted, &t->sets[1]);
    t->swaps_txt = false;
    assert(t->mx || t->txt); /* one of them is doubled */
    pub_move(p, target, PUBLISH_READY, PUBLISH_MOVE,
             TEXT("somebody else has published there at the same moment"), now);
    pub_zone_take(p, target, now);
}

/* Did the two writers meet just now? Later, a record beside ours is its owner's work, and ours may
 * be in use. */
static bool is_fresh(const struct pub_target *t, instant_us now)
{
    return now - t->changed_at < PUBLISH_SEEN_WITHIN;
}

static void leave_beside(struct publisher *p, uint32_t target, instant_us now)
{
    move(p, target, PUBLISH_PERSON,
         TEXT("another record stands beside what this run created, and nothing was taken back"),
         now);
}

/* UNSURE: has the change arrived? */
static void read_unsure(struct publisher *p, uint32_t target, enum sets_verdict verdict,
                        struct text reason, instant_us now)
{
    struct pub_target *t = &p->targets[target];
    bool arrived = t->swaps_txt ? txts_have(t, t->txt_after) : verdict == SETS_WANTED;
    if (arrived) {
        pub_accepted(p, target, now);
    } else if (verdict == SETS_FREE) {
        pub_unsent(p, target);
        pub_move(p, target, PUBLISH_TO_LOOK, PUBLISH_ANSWER, TEXT_NONE, now);
        look_again(p, target, now);
    } else if (verdict == SETS_DOUBLED && provider_of(p, t)->kind == PROVIDER_CLOUDFLARE &&
               is_fresh(t, now)) {
        take_back(p, target, now);
    } else {
        move(p, target, PUBLISH_PERSON, reason, now);
    }
}

/* VERIFYING: is what was created alone there? */
static void read_after(struct publisher *p, uint32_t target, enum sets_verdict verdict,
                       instant_us now)
{
    p->targets[target].is_read = true;
    if (verdict == SETS_DOUBLED && is_fresh(&p->targets[target], now))
        take_back(p, target, now);
    else if (verdict == SETS_DOUBLED)
        leave_beside(p, target, now);
    else
        look_again(p, target, now);
}

/* Is what is to be taken back still there, and still beside another's? */
static void read_doubled(struct publisher *p, uint32_t target, enum sets_verdict verdict,
                         instant_us now)
{
    struct pub_target *t = &p->targets[target];
    t->is_read = true;
    if (verdict == SETS_WANTED) { /* the other has gone */
        t->takes_back = false;
        pub_accepted(p, target, now);
    } else if (verdict == SETS_DOUBLED && is_fresh(t, now)) {
        take_back(p, target, now);
    } else if (verdict == SETS_DOUBLED) {
        leave_beside(p, target, now);
    } else {
        t->is_taken_back = true;
        move(p, target, PUBLISH_PERSON,
             TEXT("somebody else has published there at the same moment; what this run created is "
                  "there no more"),
             now);
    }
}

/* A withdrawal: is exactly what was created there? */
static void read_withdrawn(struct publisher *p, uint32_t target, enum sets_verdict verdict,
                           struct text reason, instant_us now)
{
    struct pub_target *t = &p->targets[target];
    bool was_unsure = t->state == PUBLISH_UNSURE;
    bool has_our_ttl = (!t->mx || t->sets[0].ttl_s == pub_wanted(p, target)->ttl_s) &&
                       (!t->txt || t->sets[1].ttl_s == pub_wanted(p, target)->ttl_s);
    t->is_read = verdict == SETS_WANTED;
    if (verdict == SETS_WANTED && !has_our_ttl) {
        move(p, target, PUBLISH_PERSON,
             TEXT("the provider has another TTL there than the run gave, so the records are not "
                  "the ones that it created any more"),
             now);
    } else if (verdict == SETS_WANTED && was_unsure) {
        pub_unsent(p, target);
        pub_move(p, target, PUBLISH_TO_LOOK, PUBLISH_ANSWER, TEXT_NONE, now);
        look_again(p, target, now);
    } else if (verdict == SETS_WANTED) {
        pub_zone_take(p, target, now);
    } else if (verdict == SETS_FREE && was_unsure) {
        pub_accepted(p, target, now);
    } else if (verdict == SETS_FREE) {
        wait_for_dns(p, target, now);
    } else {
        move(p, target, PUBLISH_PERSON, reason, now);
    }
}

void pub_read(struct publisher *p, uint32_t target, const struct call *call, instant_us now)
{
    struct pub_target *t = &p->targets[target];
    struct text reason;
    bool judges_txt = t->txt && !t->swaps_txt;
    t->read_at = now;
    if (call->next_token.len) {
        move(p, target, PUBLISH_PERSON,
             TEXT("the provider has more records at the name than one page of its answer shows"),
             now);
        return;
    }
    enum sets_verdict verdict =
        sets_judge(pub_wanted(p, target), t->mx, judges_txt, call->sets, call->sets_len, &reason);
    sets_keep(p, t, call);
    if (p->options.withdraws)
        read_withdrawn(p, target, verdict, reason, now);
    else if (t->takes_back)
        read_doubled(p, target, verdict, now);
    else if (t->state == PUBLISH_UNSURE)
        read_unsure(p, target, verdict, reason, now);
    else if (t->state == PUBLISH_VERIFYING)
        read_after(p, target, verdict, now);
    else
        read_before(p, target, verdict, reason, now);
}
