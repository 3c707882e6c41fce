/* A table of groups of similar rows, with a few examples of each. */
#include "group.h"

#include "base/bounds.h"
#include "base/count.h"
#include "model/arn.h"

#include <stdlib.h>
#include <string.h>

#define SLOTS          (4 * GROUPS_MAX)   /* a power of two */
#define GROUP_TEXT_MAX (4 * NAME_LEN_MAX) /* of an example: several warnings of a row */
#define NAMES_BYTES    ((size_t)GROUPS_MAX * (3 + 3 * GROUP_EXAMPLES) * NAME_LEN_MAX)

static_assert((SLOTS & (SLOTS - 1)) == 0, "a mask finds the slot");

enum err groups_init(struct groups *g, struct why *why)
{
    *g = (struct groups){.slots = calloc(SLOTS, sizeof *g->slots)};
    buf_init(&g->scratch, NAME_LEN_MAX);
    buf_init(&g->told, RECORD_BYTES_MAX);
    if (g->slots && names_init(&g->names, NAMES_BYTES))
        return OK;
    return why_set(why, ERR_NOMEM, "out of memory");
}

void groups_clear(struct groups *g)
{
    names_clear(&g->names);
    buf_clear(&g->scratch);
    buf_clear(&g->told);
    free(g->list);
    free(g->slots);
    *g = (struct groups){0};
}

struct text group_reason(const struct groups *g, const struct group *group)
{
    return names_text(&g->names,
                      group->kind_count == 1 ? group->examples[0].reason : group->reason);
}

uint32_t group_examples(const struct group *group)
{
    return group->count < GROUP_EXAMPLES ? group->count : GROUP_EXAMPLES;
}

/* A name begins and ends where no name goes on: "a.example" is neither in "ba.example" nor in
 * "a.example.net". */
static bool goes_on(char c)
{
    return char_is_alnum(c) || c == '-' || c == '_';
}

static bool ends_inside(struct text rest)
{
    return rest.len &&
           (goes_on(rest.at[0]) || (rest.len > 1 && rest.at[0] == '.' && goes_on(rest.at[1])));
}

/* words: what a person calls the name; in the middle of a longer name a mark takes their place. */
static bool take_name(struct text *t, struct text name, const char *words, char before,
                      struct buf *out)
{
    if (name.len == 0 || !text_starts(*t, name) || ends_inside(text_from(*t, name.len)))
        return false;
    buf_add_str(out, before == '.' ? "\xe2\x80\xa6" : words);
    *t = text_from(*t, name.len);
    return true;
}

/* The name between two words, such as "account prod": all three go. */
static bool take_phrase(struct text *t, struct text begin, struct text name, struct text end,
                        const char *words, struct buf *out)
{
    struct text rest = text_from(*t, begin.len);
    if (name.len == 0 || !text_starts(*t, begin) || !text_starts(rest, name))
        return false;
    rest = text_from(rest, name.len);
    if (!text_starts(rest, end) || ends_inside(text_from(rest, end.len)))
        return false;
    buf_add_str(out, words);
    *t = text_from(rest, end.len);
    return true;
}

/* Accounts of an organization are called by their numbers. In the ARN of a role a mark takes the
 * place of the number, as in a longer name. */
static bool take_number(struct text *t, const struct report_row *row, char before, struct buf *out)
{
    if (!account_id_is(row->account) || !text_starts(*t, row->account))
        return false;
    buf_add_str(out, before == ':' ? "\xe2\x80\xa6" : "its account");
    *t = text_from(*t, row->account.len);
    return true;
}

static bool take_place(struct text *t, const struct report_row *row, struct buf *out)
{
    return take_phrase(t, TEXT("account "), row->account, TEXT(""), "its account", out) ||
           take_phrase(t, TEXT("Region "), row->region, TEXT(""), "its Region", out) ||
           take_phrase(t, TEXT("feedback-smtp."), row->region, TEXT(".amazonses.com"),
                       "the feedback host of its Region", out);
}

/* What a name or a phrase begins with, of those that are looked for: at most words of a reason none
 * does. */
struct beginnings {
    bool at[256];
};

static void beginning_note(struct beginnings *b, struct text t)
{
    if (t.len)
        b->at[(unsigned char)t.at[0]] = true;
}

static void beginnings_note(struct beginnings *b, const struct report_row *row, struct text domain)
{
    const struct text all[] = {TEXT("account "),      TEXT("Region "), TEXT("feedback-smtp."),
                               TEXT("identity "),     row->account,    row->mail_from_after,
                               row->mail_from_before, row->identity,   domain};
    *b = (struct beginnings){{false}};
    for (size_t i = 0; i < COUNT(all); i++)
        beginning_note(b, all[i]);
}

void reason_shape(const struct report_row *row, struct text reason, struct buf *out)
{
    struct text t = reason, domain = row->identity;
    struct beginnings beginnings;
    char before = ' ';
    domain =
        text_from(domain, text_rfind(domain, '@') < domain.len ? text_rfind(domain, '@') + 1 : 0);
    beginnings_note(&beginnings, row, domain);
    while (t.len && !out->failed && out->len < NAME_LEN_MAX / 2) {
        if (!goes_on(before) && beginnings.at[(unsigned char)t.at[0]] &&
            (take_place(&t, row, out) || take_number(&t, row, before, out) ||
             take_phrase(&t, TEXT("identity "), row->identity, TEXT(""), "the identity", out) ||
             take_name(&t, row->mail_from_after, "its MAIL FROM", before, out) ||
             take_name(&t, row->mail_from_before, "its MAIL FROM before", before, out) ||
             take_name(&t, row->identity, "the identity", before, out) ||
             take_name(&t, domain, "its domain", before, out))) {
            before = 'x';
            continue;
        }
        /* All up to where the next one may begin. */
        size_t len = 1, room = NAME_LEN_MAX / 2 - out->len;
        while (len < t.len && len < room &&
               (goes_on(t.at[len - 1]) || !beginnings.at[(unsigned char)t.at[len]]))
            len++;
        before = t.at[len - 1];
        buf_add(out, t.at, len);
        t = text_from(t, len);
    }
}

/* Where an outcome stands when the worst comes first: 0 for failed. */
static int outcome_rank(enum outcome o)
{
    static const enum outcome worst_first[] = {
        OUTCOME_FAILED,  OUTCOME_EXPIRED, OUTCOME_DRIFTED, OUTCOME_REFUSED, OUTCOME_WAITING_DNS,
        OUTCOME_PENDING, OUTCOME_SKIPPED, OUTCOME_PLANNED, OUTCOME_DONE,    OUTCOME_UNCHANGED};
    for (int rank = 0; rank < (int)COUNT(worst_first); rank++)
        if (worst_first[rank] == o)
            return rank;
    return OUTCOMES;
}

/* Ailing rows (as wanted, but ...) come after the refused. */
static int group_rank(const struct group *g)
{
    int rank = 2 * outcome_rank(g->outcome), ailing = 2 * outcome_rank(OUTCOME_REFUSED) + 1;
    return g->alarm == ALARM_AILING && rank > ailing ? ailing : rank;
}

static struct group *list_add(struct groups *g, const struct group *wanted)
{
    if (g->len == g->cap) {
        uint32_t cap = g->cap ? 2 * g->cap : 64;
        struct group *list = realloc(g->list, cap * sizeof *list);
        if (!list) {
            g->failed = true;
            return NULL;
        }
        g->list = list;
        g->cap = cap;
    }
    g->list[g->len] = *wanted;
    return &g->list[g->len++];
}

/* Of one kind: the same but for account and Region. */
static bool is_alike(const struct group *a, const struct group *b)
{
    return a->standing == b->standing && a->action == b->action && a->alarm == b->alarm &&
           a->rejects == b->rejects && a->warnings == b->warnings && a->rule == b->rule &&
           a->reason == b->reason;
}

static bool is_same(const struct group *a, const struct group *b)
{
    return a->lane == b->lane && is_alike(a, b);
}

/* The group like *wanted, made when there is room for another; NULL when there is none. */
static struct group *group_like(struct groups *g, const struct group *wanted)
{
    uint64_t hash =
        siphash_pair(g->names.key, (uint64_t)wanted->lane << 32 | wanted->reason,
                     (((uint64_t)wanted->standing * 16 + wanted->action) * 4 + wanted->alarm) * 2 +
                         wanted->rejects);
    for (uint32_t slot = (uint32_t)hash & (SLOTS - 1);; slot = (slot + 1) & (SLOTS - 1)) {
        if (g->slots[slot] == 0) {
            struct group *made = g->len < GROUPS_MAX ? list_add(g, wanted) : NULL;
            g->slots[slot] = made ? g->len : 0;
            return made;
        }
        struct group *found = &g->list[g->slots[slot] - 1];
        if (is_same(found, wanted))
            return found;
    }
}

static name_id name_of(struct groups *g, struct text t)
{
    name_id id;
    if (!names_add(&g->names, text_slice(t, 0, GROUP_TEXT_MAX), &id))
        g->failed = true;
    return id;
}

void group_warnings(const struct group *group, struct buf *out)
{
    const char *between = "";
    for (finding_set rest = group->warnings; rest; rest &= rest - 1) {
        buf_add_fmt(out, "%s%s", between, finding_rule((enum finding)__builtin_ctzll(rest))->name);
        between = ", ";
    }
}

void groups_add(struct groups *g, const struct report_row *row)
{
    struct group wanted = {.lane = row->lane,
                           .outcome = row->outcome_kind,
                           .standing = row->standing,
                           .action = row->action_kind,
                           .alarm = row->alarm,
                           .rule = row_rule(row),
                           .warnings = row_warnings(row),
                           .rejects = text_eq(row->behavior_after, TEXT("REJECT_MESSAGE"))};
    buf_reset(&g->scratch);
    buf_reset(&g->told);
    row_told(row, &g->told);
    struct text told = buf_text(&g->told);
    reason_shape(row, told, &g->scratch);
    g->failed = g->failed || g->scratch.failed || g->told.failed;
    struct text shape = buf_text(&g->scratch);
    wanted.reason = g->len < GROUPS_MAX ? name_of(g, shape) : names_find(&g->names, shape);
    struct group *group = group_like(g, &wanted);
    if (group && group->count == 0) {
        group->account = name_of(g, row->account);
        group->region = name_of(g, row->region);
    }
    if (!group) {
        g->without_group++;
        return;
    }
    if (group->count < GROUP_EXAMPLES) {
        struct group_example *e = &group->examples[group->count];
        *e = (struct group_example){.row = row->number,
                                    .before = name_of(g, row->mail_from_before),
                                    .reason = name_of(g, told)};
        buf_reset(&g->told);
        row_warnings_tell(row, &g->told);
        e->warned = name_of(g, buf_text(&g->told));
        g->failed = g->failed || g->told.failed;
    }
    group->count++;
}

static int action_rank(enum action a)
{
    static const uint8_t ranks[] = {
        [ACTION_CHANGE] = 0,  [ACTION_CLEAR] = 1, [ACTION_RESTART] = 2,
        [ACTION_TIGHTEN] = 3, [ACTION_SET] = 4,   [ACTION_NONE] = 5,
    };
    return ranks[a];
}

/* -1, 0 or 1. */
static int order(uint64_t a, uint64_t b)
{
    return (a > b) - (a < b);
}

static int kind_cmp(const struct group *a, const struct group *b)
{
    int ranks = (b->alarm == ALARM_REJECTING) - (a->alarm == ALARM_REJECTING);
    if (ranks == 0)
        ranks = group_rank(a) - group_rank(b);
    if (ranks == 0)
        ranks = action_rank(a->action) - action_rank(b->action);
    if (ranks == 0)
        ranks = (b->warnings != 0) - (a->warnings != 0);
    if (ranks == 0)
        ranks = b->rejects - a->rejects;
    return ranks ? ranks : order(a->rule, b->rule);
}

/* Kinds of equal size in order of arrival: names are numbered so. */
static int group_cmp(const void *va, const void *vb)
{
    const struct group *a = va, *b = vb;
    int ranks = kind_cmp(a, b);
    if (ranks == 0)
        ranks = order(b->kind_count, a->kind_count);
    if (ranks == 0)
        ranks = order(a->reason, b->reason);
    if (ranks == 0)
        ranks = order(a->warnings, b->warnings);
    if (ranks == 0 && a->alarm != b->alarm)
        return order(a->alarm, b->alarm);
    if (ranks == 0 && a->standing != b->standing)
        return order(a->standing, b->standing);
    if (ranks == 0)
        ranks = order(a->account, b->account);
    return ranks ? ranks : order(a->examples[0].row, b->examples[0].row);
}

uint32_t groups_of_kind(const struct groups *g, uint32_t i)
{
    uint32_t len = 1;
    while (i + len < g->len && is_alike(&g->list[i], &g->list[i + len]))
        len++;
    return len;
}

void groups_sort(struct groups *g)
{
    if (g->len == 0)
        return;
    qsort(g->list, g->len, sizeof *g->list, group_cmp); /* brings those of a kind together */
    for (uint32_t i = 0, len; i < g->len; i += len) {
        uint32_t count = 0;
        len = groups_of_kind(g, i);
        for (uint32_t k = i; k < i + len; k++)
            count += g->list[k].count;
        for (uint32_t k = i; k < i + len; k++)
            g->list[k].kind_count = count;
    }
    qsort(g->list, g->len, sizeof *g->list, group_cmp);
    memset(g->slots, 0, SLOTS * sizeof *g->slots); /* slots of the old order */
}

struct text group_rule(const struct group *group)
{
    return group->rule == FINDINGS_LEN ? TEXT_NONE : text_of(finding_rule(group->rule)->name);
}

static name_id place_of(const struct group *group, bool of_region)
{
    return of_region ? group->region : group->account;
}

/* Of a kind's groups from the i-th on: is the j-th the first with its name? */
static bool is_first(const struct groups *g, uint32_t i, uint32_t j, bool of_region)
{
    for (uint32_t k = i; k < j; k++)
        if (place_of(&g->list[k], of_region) == place_of(&g->list[j], of_region))
            return false;
    return true;
}

static void places_add(const struct groups *g, uint32_t i, bool of_region, struct buf *out)
{
    uint32_t len = groups_of_kind(g, i), count = 0;
    for (uint32_t j = i; j < i + len; j++)
        count += is_first(g, i, j, of_region);
    if (count == 1)
        buf_add_text(out, names_text(&g->names, place_of(&g->list[i], of_region)));
    else
        buf_add_fmt(out, "%u %s", count, of_region ? "Regions" : "accounts");
}

void kind_accounts_add(const struct groups *g, uint32_t i, struct buf *out)
{
    places_add(g, i, false, out);
}

void kind_regions_add(const struct groups *g, uint32_t i, struct buf *out)
{
    places_add(g, i, true, out);
}
