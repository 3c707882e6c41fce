/*
 * From verdicts of live DNS to the list of what is due. A record's age begins when a look first
 * finds that it is not there, or when the run began to wait for it, and ends when a look finds it.
 */
#include "due_find.h"

#include <assert.h>
#include <stdlib.h>

static_assert(RECORDS_MX == 0 && RECORDS_TXT == 1 && RECORDS_TYPES == JOURNAL_ASKED_TYPES,
              "types of the table asked");

/* What looks have found of one record. */
struct due_age {
    instant_us since; /* asked for since; 0: never */
    instant_us changed;
    enum due_state state; /* when since is not 0 */
};

enum err due_init(struct due *d, struct records_gather *gather, uint64_t run, struct why *why)
{
    size_t len = gather->entries_len + 1u;
    *d = (struct due){.gather = gather, .run = run};
    d->ages = calloc(len * RECORDS_TYPES, sizeof *d->ages);
    d->deadlines = calloc(len, sizeof *d->deadlines);
    d->run_asked = calloc(len, sizeof *d->run_asked);
    return d->ages && d->deadlines && d->run_asked ? OK : why_set(why, ERR_NOMEM, "out of memory");
}

void due_clear(struct due *d)
{
    free(d->ages);
    free(d->deadlines);
    free(d->run_asked);
    free(d->zones);
    free(d->items);
    free(d->changes);
}

/* ---- what is known ---- */

static enum due_state state_of(enum journal_asked_state state)
{
    static const enum due_state states[] = {
        [ASKED_MISSING] = DUE_MISSING,
        [ASKED_WRONG] = DUE_WRONG,
        [ASKED_BLOCKED] = DUE_BLOCKED,
        [ASKED_PUBLISHED] = DUE_PUBLISHED,
    };
    return states[state];
}

static enum journal_asked_state asked_of(enum due_state state)
{
    static const enum journal_asked_state states[DUE_STATES] = {
        [DUE_MISSING] = ASKED_MISSING,
        [DUE_WRONG] = ASKED_WRONG,
        [DUE_BLOCKED] = ASKED_BLOCKED,
        [DUE_PUBLISHED] = ASKED_PUBLISHED,
    };
    return states[state];
}

static void age_take(struct due_age *age, enum due_state state, instant_us at)
{
    bool begins = age->since == 0 || age->state == DUE_PUBLISHED;
    if (begins && state != DUE_PUBLISHED)
        age->since = at;
    if (begins && state == DUE_PUBLISHED)
        return; /* it was never asked for, or was there already */
    age->state = state;
    age->changed = at;
}

bool due_learn_asked(void *due, const struct journal_asked *asked)
{
    struct due *d = due;
    const struct records_gather *g = d->gather;
    if (asked->state == ASKED_LOOK) {
        d->last_look = asked->at;
        return true;
    }
    name_id id = names_find(&g->fleet->names, asked->name);
    if (id == NAME_NONE || !g->of_name[id])
        return true; /* of another fleet */
    uint32_t number = g->of_name[id] - 1;
    age_take(&d->ages[RECORDS_TYPES * number + asked->type], state_of(asked->state), asked->at);
    return true;
}

static void earliest_take(instant_us *earliest, instant_us at)
{
    if (at != 0 && at != WHEN_NEVER && (*earliest == 0 || at < *earliest))
        *earliest = at;
}

void due_learn_row(struct due *d, uint32_t row, instant_us asked, instant_us deadline)
{
    const struct records_gather *g = d->gather;
    name_id name = g->fleet->choices[row].mail_from;
    if (name == MAIL_FROM_DEFAULT || !g->of_name[name])
        return;
    uint32_t number = g->of_name[name] - 1;
    earliest_take(&d->run_asked[number], asked);
    earliest_take(&d->deadlines[number], deadline);
}

/* ---- records ---- */

static enum due_state state_now(const struct records_verdict *v)
{
    static const enum due_state states[] = {
        [RECORDS_ADD] = DUE_MISSING,
        [RECORDS_REPLACE] = DUE_WRONG,
        [RECORDS_KEEP] = DUE_PUBLISHED,
        [RECORDS_BLOCKED] = DUE_BLOCKED,
    };
    return states[v->action];
}

/* Brings the age of a record up to this look, and notes what is to be kept. */
static void record_look(struct due *d, const struct records_entry *e, enum records_type type,
                        instant_us now)
{
    const struct records_verdict *v = &e->found->of[type];
    struct due_age *age = &d->ages[RECORDS_TYPES * e->number + type];
    struct due_age before = *age;
    enum due_state state = state_now(v);
    if (v->is_open)
        return; /* DNS may give a verdict next time */
    age_take(age, state, now);
    bool is_same = before.since == age->since && before.state == age->state;
    if (is_same) {
        age->changed = before.changed;
        return;
    }
    /* The run may have asked before the first look. */
    instant_us run_asked = d->run_asked[e->number];
    if (before.since == 0 && run_asked && run_asked < now)
        age->since = age->changed = run_asked;
    d->changes[d->changes_len++] =
        (struct journal_asked){names_text(&d->gather->fleet->names, e->name), (uint8_t)type,
                               asked_of(state), before.since == 0 ? age->since : now};
}

/* Is the record in the list, and how? */
static bool item_make(const struct due *d, const struct due_wish *wish,
                      const struct records_entry *e, enum records_type type, struct due_item *item)
{
    const struct records_verdict *v = &e->found->of[type];
    const struct due_age *age = &d->ages[RECORDS_TYPES * e->number + type];
    enum due_state state = state_now(v);
    *item = (struct due_item){.state = state, .since = age->since, .changed = age->changed};
    if (age->since && age->state == DUE_PUBLISHED && state != DUE_PUBLISHED)
        item->since = item->changed = 0; /* it was there, and DNS gives no verdict now */
    if (state == DUE_PUBLISHED && age->since == 0)
        return false; /* nobody was ever asked for it */
    if (wish->since)
        return item->changed >= wish->since;
    return state != DUE_PUBLISHED || item->changed == wish->now;
}

/* ---- zones ---- */

static struct text entry_text(const struct due *d, name_id id)
{
    return names_text(&d->gather->fleet->names, id);
}

static instant_us deadline_of(const struct due *d, const struct records_entry *e, instant_us since)
{
    if (d->run)
        return d->deadlines[e->number] ? d->deadlines[e->number] : WHEN_NEVER;
    return since ? since + fleet_policy_of(d->gather->fleet, e->row)->timeout_us : WHEN_NEVER;
}

static void zone_begin(struct due *d, const struct records_entry *e, struct due_zone *zone)
{
    const struct records_gather *g = d->gather;
    const struct policy *policy = fleet_policy_of(g->fleet, e->owner_row);
    struct text name = entry_text(d, e->name);
    *zone = (struct due_zone){.zone = text_from(name, name.len - e->zone_len),
                              .zone_known = e->zone_is_given || e->zone_is_seen,
                              .owner = entry_text(d, policy->owner),
                              .format = entry_text(d, policy->records_format),
                              .account = fleet_account_name(g->fleet, e->row),
                              .deadline = WHEN_NEVER};
}

/* Sorted for zones to be made of neighbours. */
struct due_order {
    const struct due *due;
    const struct due_list *list;
};

static const struct records_entry *item_entry(const struct due *d, const struct due_item *item)
{
    return &d->gather->entries[item->set / RECORDS_TYPES];
}

static int number_cmp(int64_t a, int64_t b)
{
    return a < b ? -1 : a > b;
}

/* By zone, then owner, then account where that matters; within these by state and name. */
static int zone_of_item_cmp(const struct due_order *o, const struct due_item *a,
                            const struct due_item *b)
{
    struct due_zone x, y;
    zone_begin((struct due *)o->due, item_entry(o->due, a), &x);
    zone_begin((struct due *)o->due, item_entry(o->due, b), &y);
    int order = records_name_cmp(x.zone, y.zone);
    if (order == 0)
        order = text_cmp(x.owner, y.owner);
    if (order == 0 && o->list->by == DUE_BY_ACCOUNT)
        order = text_cmp(x.account, y.account);
    return order;
}

static int item_cmp(const void *left, const void *right, void *ctx)
{
    const struct due_item *a = left, *b = right;
    int order = zone_of_item_cmp(ctx, a, b);
    if (order == 0)
        order = number_cmp(a->state, b->state);
    return order ? order : number_cmp(a->set, b->set);
}

static void zone_add(struct due *d, struct due_zone *zone, const struct due_item *item)
{
    const struct records_entry *e = item_entry(d, item);
    zone->len++;
    zone->counts[item->state]++;
    for (int type = 0; type < RECORDS_TYPES; type++)
        zone->changed =
            when_later(zone->changed, d->ages[RECORDS_TYPES * e->number + (uint32_t)type].changed);
    if (!zone->contact.len)
        zone->contact = names_text(&d->gather->words, e->found->contact);
    if (!zone->hosts.len)
        zone->hosts = names_text(&d->gather->words, e->found->hosts);
    if (item->state == DUE_PUBLISHED)
        return;
    earliest_take(&zone->since, item->since);
    zone->deadline = when_earlier(zone->deadline, deadline_of(d, e, item->since));
}

/* ---- the order of zones ---- */

static struct text group_of(const struct due_list *list, const struct due_zone *zone)
{
    return list->by == DUE_BY_OWNER     ? due_recipient(zone)
           : list->by == DUE_BY_ACCOUNT ? zone->account
                                        : zone->zone;
}

/* The oldest first, then the largest. What has no age begins now; who has nothing left to publish
 * comes last. */
/* Zones asked for within one hour are as old as each other: then the larger one comes first. */
static int weight_cmp(const struct due_zone *a, const struct due_zone *b)
{
    instant_us since_a = a->since ? a->since : WHEN_NEVER;
    instant_us since_b = b->since ? b->since : WHEN_NEVER;
    int order = number_cmp(due_open(a) == 0, due_open(b) == 0);
    if (order == 0)
        order = number_cmp(since_a / SPAN_H(1), since_b / SPAN_H(1));
    return order ? order : number_cmp(due_open(b), due_open(a));
}

static int in_group_cmp(const void *left, const void *right, void *ctx)
{
    const struct due_zone *a = left, *b = right;
    int order = text_cmp(group_of(ctx, a), group_of(ctx, b));
    if (order == 0)
        order = weight_cmp(a, b);
    return order ? order : records_name_cmp(a->zone, b->zone);
}

/* A group, with the weight of all its zones. */
struct due_group {
    struct due_zone sum;
    uint32_t first, len;
};

static int group_cmp(const void *left, const void *right)
{
    const struct due_group *a = left, *b = right;
    int order = weight_cmp(&a->sum, &b->sum);
    return order ? order : number_cmp(a->first, b->first);
}

/* Groups in the order of their weight, with their zones in theirs. */
static bool zones_sort(struct due *d, const struct due_list *list)
{
    uint32_t len = 0, at = 0;
    struct due_group *groups = calloc(d->zones_len + 1u, sizeof *groups);
    struct due_zone *sorted = calloc(d->zones_len + 1u, sizeof *sorted);
    if (!groups || !sorted) {
        free(groups);
        free(sorted);
        return false;
    }
    qsort_r(d->zones, d->zones_len, sizeof *d->zones, in_group_cmp, (void *)list);
    for (uint32_t i = 0; i < d->zones_len; i++) {
        const struct due_zone *zone = &d->zones[i];
        if (i == 0 || !text_eq(group_of(list, zone), group_of(list, zone - 1)))
            groups[len++] = (struct due_group){.first = i};
        struct due_group *group = &groups[len - 1];
        group->len++;
        earliest_take(&group->sum.since, zone->since);
        for (int s = 0; s < DUE_STATES; s++)
            group->sum.counts[s] += zone->counts[s];
    }
    qsort(groups, len, sizeof *groups, group_cmp);
    for (uint32_t i = 0; i < len; i++)
        for (uint32_t n = 0; n < groups[i].len; n++)
            sorted[at++] = d->zones[groups[i].first + n];
    free(groups);
    free(d->zones);
    d->zones = sorted;
    return true;
}

/* ---- together ---- */

static void zones_make(struct due *d, const struct due_order *order)
{
    for (uint32_t i = 0; i < d->items_len; i++) {
        if (i == 0 || zone_of_item_cmp(order, &d->items[i - 1], &d->items[i]) != 0) {
            zone_begin(d, item_entry(d, &d->items[i]), &d->zones[d->zones_len]);
            d->zones[d->zones_len++].first = i;
        }
        zone_add(d, &d->zones[d->zones_len - 1], &d->items[i]);
    }
}

static void items_make(struct due *d, const struct due_wish *wish)
{
    const struct records_gather *g = d->gather;
    for (uint32_t i = 0; i < g->entries_len; i++) {
        const struct records_entry *e = &g->entries[i];
        assert(e->found); /* live DNS was asked */
        for (int type = 0; type < RECORDS_TYPES; type++) {
            struct due_item *item = &d->items[d->items_len];
            record_look(d, e, (enum records_type)type, wish->now);
            d->items_len += item_make(d, wish, e, (enum records_type)type, item);
            item->set = RECORDS_TYPES * i + (uint32_t)type;
        }
    }
    d->changes[d->changes_len++] = (struct journal_asked){.state = ASKED_LOOK, .at = wish->now};
}

enum err due_make(struct due *d, const struct due_wish *wish, struct due_list *list,
                  struct why *why)
{
    size_t len = (size_t)RECORDS_TYPES * d->gather->entries_len + 1;
    const struct due_order order = {d, list};
    *list = (struct due_list){.by = wish->by,
                              .run = d->run,
                              .now = wish->now,
                              .last_look = d->last_look,
                              .since = wish->since};
    assert(d->gather->items_len + 1 == len); /* all sets are arranged, not the missing ones alone */
    d->items = calloc(len, sizeof *d->items);
    d->zones = calloc(len, sizeof *d->zones);
    d->changes = calloc(len, sizeof *d->changes);
    if (!d->items || !d->zones || !d->changes)
        return why_set(why, ERR_NOMEM, "out of memory");
    items_make(d, wish);
    qsort_r(d->items, d->items_len, sizeof *d->items, item_cmp, (void *)&order);
    zones_make(d, &order);
    if (!zones_sort(d, list))
        return why_set(why, ERR_NOMEM, "out of memory");
    list->zones = d->zones;
    list->zones_len = d->zones_len;
    list->items = d->items;
    for (uint32_t i = 0; i < d->zones_len; i++) {
        list->zones_due += due_open(&d->zones[i]) > 0;
        for (int s = 0; s < DUE_STATES; s++)
            list->counts[s] += d->zones[i].counts[s];
    }
    records_gather_list(d->gather, &list->sets);
    return OK;
}
