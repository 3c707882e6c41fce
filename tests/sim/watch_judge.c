/* The rules of watching once more, from the other side: rows of looks, and what they must lead to.
 */
#include "watch_judge.h"

#include "base/hash.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define MINUTE SPAN_M(1)

void judge_complain(struct watch_judge *j, const char *fmt, ...)
{
    va_list args;
    if (j->complaint[0])
        return;
    va_start(args, fmt);
    vsnprintf(j->complaint, sizeof j->complaint, fmt, args);
    va_end(args);
}

void judge_begin(struct watch_judge *j, const struct story *s, const struct watch_policy *policy)
{
    *j = (struct watch_judge){.story = s, .policy = *policy};
}

/* The row that counts for both forms of a fault. */
static int shared(int kind)
{
    return kind == WATCH_MX_WRONG ? WATCH_MX_GONE : kind == WATCH_SPF_WRONG ? WATCH_SPF_GONE : kind;
}

static bool is_of_wish(int kind)
{
    switch (kind) {
    case WATCH_STATUS_PENDING:
    case WATCH_REFUSED:
    case WATCH_DRIFT_NAME:
    case WATCH_DRIFT_BEHAVIOR:
    case WATCH_MX_GONE:
    case WATCH_MX_WRONG:
    case WATCH_SPF_GONE:
    case WATCH_SPF_WRONG:
    case WATCH_DMARC_NOT_ALIGNED:
    case WATCH_DNS_TROUBLE: return true;
    default: return false;
    }
}

/* docs/WATCH.md and watch/memory.h as a table: the level that so many bad looks over so long
 * deserve. */
static enum watch_level deserved(const struct watch_judge *j, const struct judged *of,
                                 const struct row_of_looks *r, int kind, bool is_lane,
                                 instant_us now)
{
    span_us lasted = now - r->bad_first;
    bool twice = r->bads > 1 && lasted >= j->policy.confirm;
    bool long_ago = lasted >= j->policy.critical;
    switch (kind) {
    case WATCH_REJECTING: return WATCH_PAGE;
    case WATCH_STATUS_FAILED: return WATCH_CRITICAL;
    case WATCH_ACCOUNT_CANNOT_SEND: return WATCH_CRITICAL;
    case WATCH_STATUS_TEMPORARY:
        return now > r->bad_first + SPAN_H(72) - j->policy.page_before ? WATCH_PAGE
                                                                       : WATCH_CRITICAL;
    case WATCH_STATUS_PENDING:
        if (!of->was_success)
            return lasted >= SPAN_H(72) ? WATCH_WARNING : WATCH_WELL;
        break;
    case WATCH_IDENTITY_MISSING:
    case WATCH_IDENTITY_UNVERIFIED: return twice ? WATCH_CRITICAL : WATCH_WELL;
    case WATCH_DNS_TROUBLE: return r->bads >= j->policy.trouble_looks ? WATCH_WARNING : WATCH_WELL;
    case WATCH_UNSEEN:
        if (r->bads < j->policy.trouble_looks)
            return WATCH_WELL;
        return is_lane && long_ago ? WATCH_CRITICAL : WATCH_WARNING;
    case WATCH_ADVISOR_OPEN:
    case WATCH_REFUSED: return WATCH_WARNING;
    case WATCH_MX_GONE:
    case WATCH_MX_WRONG: break;
    default: return twice ? WATCH_WARNING : WATCH_WELL;
    }
    return !twice ? WATCH_WELL : long_ago ? WATCH_CRITICAL : WATCH_WARNING;
}

static void clock_heed(struct row_of_looks *r, instant_us now)
{
    r->bad_first = when_earlier(r->bad_first, now);
    r->well_first = when_earlier(r->well_first, now);
}

static void judge_bad(struct watch_judge *j, uint32_t who, int kind, instant_us now)
{
    struct judged *of = &j->now[who];
    struct row_of_looks *r = &of->rows[kind];
    const struct row_of_looks *row = &of->rows[shared(kind)];
    enum watch_level level = deserved(j, of, row, kind, who >= STORY_IDENTITIES, now);
    r->well_first = 0;
    r->is_over = false;
    if (j->in_doubt[who][kind] && r->level == WATCH_WELL && level != WATCH_WELL)
        r->told = WATCH_WELL; /* was its end told? this is another one */
    if (level > r->level)
        r->level = level;
}

static void judge_well(struct watch_judge *j, struct row_of_looks *r, instant_us now)
{
    if (r->level == WATCH_WELL)
        return;
    if (r->well_first == 0)
        r->well_first = now;
    else if (now - r->well_first >= j->policy.confirm && r->level != r->told) {
        r->is_over = true;
    } else if (now - r->well_first >= j->policy.confirm) {
        r->level = WATCH_WELL;
        r->well_first = 0;
        r->is_over = false;
    }
}

/* Counts the look in the row of a fault, whichever form it has. */
static void row_count(struct judged *of, int kind, const enum truth truth[WATCH_KINDS],
                      instant_us now)
{
    struct row_of_looks *r = &of->rows[kind];
    bool bad = false, well = true;
    for (int k = 0; k < WATCH_KINDS; k++) {
        if (shared(k) != kind)
            continue;
        bad |= truth[k] == TRUTH_BAD;
        well &= truth[k] == TRUTH_WELL;
    }
    if (well) {
        r->is_bad = false;
        r->well_last = now;
    }
    if (!bad)
        return;
    if (!r->is_bad || (kind == WATCH_STATUS_TEMPORARY && now - r->bad_first > SPAN_H(84))) {
        r->bad_first = now;
        r->bads = 0;
    }
    r->is_bad = true;
    r->bads++;
}

void judge_look(struct watch_judge *j, uint32_t who, const char *wanted, bool is_success,
                const enum truth truth[WATCH_KINDS], instant_us now)
{
    struct judged *of = &j->now[who];
    of->looked = now;
    of->in_sweep = true;
    if (of->is_known && strcmp(of->wanted, wanted) != 0) {
        of->was_success = false;
        for (int k = 0; k < WATCH_KINDS; k++)
            if (is_of_wish(k)) {
                if (j->in_doubt[who][k] && of->rows[k].told == WATCH_WELL)
                    of->rows[k].told = of->rows[k].level;
                of->rows[k].level = WATCH_WELL;
                of->rows[k].is_bad = of->rows[k].is_over = false;
                of->rows[k].well_first = 0;
            }
    }
    of->is_known = true;
    snprintf(of->wanted, sizeof of->wanted, "%s", wanted);
    of->was_success |= is_success;
    for (int k = 0; k < WATCH_KINDS; k++) {
        if (truth[k] != TRUTH_NOTHING)
            clock_heed(&of->rows[k], now);
        if (shared(k) == k)
            row_count(of, k, truth, now);
    }
    for (int k = 0; k < WATCH_KINDS; k++)
        if (truth[k] == TRUTH_BAD)
            judge_bad(j, who, k, now);
        else if (truth[k] == TRUTH_WELL)
            judge_well(j, &of->rows[k], now);
}

/* Whether or not a sweep saw them: problems that it does not show well get older. */
static void judge_age(struct watch_judge *j, uint32_t who, instant_us now)
{
    struct judged *of = &j->now[who];
    for (int k = 0; k < WATCH_KINDS && of->in_sweep; k++) {
        struct row_of_looks *r = &of->rows[k];
        bool is_there = r->level > WATCH_WELL && r->well_first == 0;
        enum watch_level level =
            deserved(j, of, &of->rows[shared(k)], k, who >= STORY_IDENTITIES, now);
        if (is_there && level > r->level)
            r->level = level;
    }
    of->in_sweep = false;
}

void judge_sweep_end(struct watch_judge *j, instant_us now)
{
    for (uint32_t who = 0; who < JUDGED; who++) {
        struct judged *of = &j->now[who];
        judge_age(j, who, now);
        of->looked = when_earlier(of->looked, now);
        if (!of->is_known || now - of->looked < WATCH_FORGET)
            continue;
        *of = (struct judged){.is_known = false};
        memset(j->heard[who], 0, sizeof j->heard[who]);
        memset(j->in_doubt[who], 0, sizeof j->in_doubt[who]);
    }
}

void judge_kept(struct watch_judge *j)
{
    memcpy(j->kept, j->now, sizeof j->kept);
}

static uint32_t who_is(const struct watch_judge *j, const struct watch_key *key)
{
    for (uint16_t l = 0; l < STORY_LANES && key->identity.len == 0; l++)
        if (text_eq(story_lane(l).region, key->lane.region))
            return STORY_IDENTITIES + l;
    for (uint32_t i = 0; i < j->story->len; i++)
        if (text_eq(text_of(j->story->identities[i].name), key->identity))
            return i;
    return JUDGED;
}

/* SES may end earlier than is said, by no more than lay between the first look and the one before.
 */
static void deadline_judge(struct watch_judge *j, uint32_t who, instant_us deadline)
{
    const struct row_of_looks *r = &j->now[who].rows[WATCH_STATUS_TEMPORARY];
    instant_us want = r->bad_first + SPAN_H(72);
    if (deadline < want - MINUTE || deadline > want + MINUTE)
        judge_complain(j, "%u: a deadline is off by %lld s", who,
                       (long long)((deadline - want) / 1000000));
    instant_us since = j->story->identities[who].temporary_since;
    bool is_this = !j->has_clock && since && since <= r->bad_first; /* not one that began unseen */
    if (is_this && r->well_last > since)
        judge_complain(j, "%u: a look that saw another status counts as TemporaryFailure", who);
}

void judge_hear(struct watch_judge *j, const struct watch_event *e, instant_us now)
{
    uint32_t who = who_is(j, &e->key);
    if (who == JUDGED) {
        judge_complain(j, "an event of nobody");
        return;
    }
    enum watch_level *heard = &j->heard[who][e->kind];
    bool *in_doubt = &j->in_doubt[who][e->kind];
    const char *kind = watch_kind_name(e->kind);
    j->events++;
    j->digest = hash_mix(j->digest, who << 16 | (uint32_t)e->kind << 8 | (uint32_t)e->to);
    if (e->may_repeat && !*in_doubt)
        judge_complain(j, "%u %s: an event is in doubt without a crash", who, kind);
    if (!e->may_repeat && e->from != *heard)
        judge_complain(j, "%u %s: told from %s, heard was %s", who, kind, watch_level_name(e->from),
                       watch_level_name(*heard));
    if (e->to == e->from || (e->to < e->from && e->to != WATCH_WELL))
        judge_complain(j, "%u %s: told from %s to %s", who, kind, watch_level_name(e->from),
                       watch_level_name(e->to));
    if (e->since > now)
        judge_complain(j, "%u %s: since a later time", who, kind);
    if (e->kind == WATCH_STATUS_TEMPORARY && e->to != WATCH_WELL && e->deadline != WHEN_NEVER)
        deadline_judge(j, who, e->deadline);
    *heard = e->to;
    *in_doubt = false;
}

void judge_told(struct watch_judge *j)
{
    for (uint32_t who = 0; who < JUDGED; who++)
        for (int k = 0; k < WATCH_KINDS; k++) {
            struct row_of_looks *r = &j->now[who].rows[k];
            if (j->heard[who][k] != r->level)
                judge_complain(j, "%u %s: %s must have been told, %s was", who,
                               watch_kind_name((enum watch_kind)k), watch_level_name(r->level),
                               watch_level_name(j->heard[who][k]));
            r->told = r->level;
        }
}

void judge_told_kept(struct watch_judge *j)
{
    memcpy(j->kept, j->now, sizeof j->kept);
}

void judge_crash(struct watch_judge *j)
{
    memcpy(j->now, j->kept, sizeof j->now);
    for (uint32_t who = 0; who < JUDGED; who++)
        for (int k = 0; k < WATCH_KINDS; k++)
            j->in_doubt[who][k] = j->now[who].rows[k].level != j->now[who].rows[k].told;
}

void judge_lose(struct watch_judge *j)
{
    memset(j->now, 0, sizeof j->now);
    memset(j->kept, 0, sizeof j->kept);
    memset(j->heard, 0, sizeof j->heard);
    memset(j->in_doubt, 0, sizeof j->in_doubt);
}

static struct watch_key key_of(const struct story *s, uint32_t who)
{
    struct watch_key key = {.lane = story_lane((uint16_t)(who - STORY_IDENTITIES))};
    if (who < STORY_IDENTITIES)
        key = (struct watch_key){s->identities[who].lane, text_of(s->identities[who].name)};
    return key;
}

void judge_compare(struct watch_judge *j, const struct watch_memory *m, instant_us now)
{
    struct watch_problem p[WATCH_KINDS];
    for (uint32_t who = 0; who < JUDGED; who++) {
        if (who < STORY_IDENTITIES && who >= j->story->len)
            continue;
        /* When it was looked at is kept once a day, so another process may forget it now. */
        if (now - j->now[who].looked >= WATCH_FORGET - WATCH_LOOKED_STEP)
            continue;
        struct watch_key key = key_of(j->story, who);
        uint32_t len = watch_problems(m, &key, p), shown = 0, wanted = 0;
        for (uint32_t i = 0; i < len; i++) {
            const struct row_of_looks *r = &j->now[who].rows[p[i].kind];
            shown += p[i].level != WATCH_WELL;
            if (p[i].level != r->level)
                judge_complain(j, "%u %s: %s is shown, %s was told", who,
                               watch_kind_name(p[i].kind), watch_level_name(p[i].level),
                               watch_level_name(r->level));
            if (p[i].kind == WATCH_STATUS_TEMPORARY && p[i].well_since == 0)
                deadline_judge(j, who, p[i].deadline);
        }
        for (int k = 0; k < WATCH_KINDS; k++)
            wanted += j->now[who].rows[k].level != WATCH_WELL && !j->now[who].rows[k].is_over;
        if (shown != wanted)
            judge_complain(j, "%u: %u problems are shown, %u were told", who, shown, wanted);
    }
}
