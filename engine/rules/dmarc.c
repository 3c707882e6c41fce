/*
 * The DMARC survey. Each rule is written as if every record were at hand. The name of a missing
 * record becomes a question, and the rule is run again after the reply. The rules are short and the
 * names few, so running a rule again costs nothing, and no rule is cut into states.
 *
 * Invariant: names holds every (domain, type) once, so no question is asked twice.
 */
#include "dmarc.h"

#include "base/dname.h"

#include <assert.h>

#define WALK_QUERIES_MAX   8 /* RFC 9989, section 4.10: with 8 or more labels ... */
#define WALK_LABELS_SECOND 7 /* ... the second name has 7 */

void dmarc_survey_init(struct dmarc_survey *s)
{
    *s = (struct dmarc_survey){.done = true};
    arena_init(&s->arena, DMARC_MEMORY_MAX);
}

void dmarc_survey_clear(struct dmarc_survey *s)
{
    arena_clear(&s->arena);
    dmarc_survey_init(s);
}

static void record_select(struct dmarc_name *n)
{
    for (uint32_t i = 0; i < n->lookup.records_len; i++) {
        struct text txt = n->lookup.records[i].txt;
        if (n->lookup.type != DNS_TYPE_TXT || !dmarc_record_is(txt))
            continue;
        if (n->records++ == 0)
            dmarc_record_parse(&n->record, txt);
        else if (n->records == 2)
            n->other = txt;
    }
    char fault[NEAR_FAULT_LEN];
    for (uint32_t i = 0; n->records == 0 && !n->other.len && i < n->lookup.records_len; i++)
        if (n->lookup.type == DNS_TYPE_TXT && near_dmarc(n->lookup.records[i].txt, fault))
            n->other = n->lookup.records[i].txt;
    n->judged = true;
}

static void name_add(struct dmarc_survey *s, struct text domain, uint16_t type)
{
    assert(s->names_len < DMARC_NAMES_MAX);
    struct dmarc_name *n = &s->names[s->names_len++];
    struct text name = domain;
    if (type == DNS_TYPE_TXT)
        name = arena_fmt(&s->arena, "_dmarc." TEXT_FMT, TEXT_ARG(domain));
    *n = (struct dmarc_name){.domain = domain};
    lookup_start(&n->lookup, &s->arena, name, type);
}

/* The known answer about the name; NULL: the question is out or now planned. */
static const struct dmarc_name *name_need(struct dmarc_survey *s, struct text domain, uint16_t type)
{
    for (unsigned i = 0; i < s->names_len; i++) {
        struct dmarc_name *n = &s->names[i];
        if (n->lookup.type != type || !dname_eq(n->domain, domain))
            continue;
        if (n->lookup.outcome == LOOKUP_RUNNING)
            return NULL;
        if (!n->judged && !n->failed)
            record_select(n);
        return n;
    }
    name_add(s, domain, type);
    return s->names[s->names_len - 1].lookup.outcome == LOOKUP_RUNNING ? NULL
                                                                       : name_need(s, domain, type);
}

/* A walk up the tree (RFC 9989, section 4.10) and its result for the starting name. */
struct dmarc_tree_walk {
    struct text organizational_domain;
    const struct dmarc_name *found[WALK_QUERIES_MAX]; /* single records, longest name first */
    unsigned found_len, queries;
};

/* Section 4.10.2. The walk stops at a psd tag, so only the last record can have one. */
static struct text organizational_domain_of(const struct dmarc_tree_walk *w, struct text start)
{
    if (w->found_len == 0)
        return start;
    const struct dmarc_name *last = w->found[w->found_len - 1];
    unsigned labels = dname_labels(last->domain);
    if (last->record.psd == DMARC_PSD_YES && !dname_eq(last->domain, start))
        labels++;
    return dname_tail(start, labels);
}

/* False: a record on the way is not known yet. */
static bool walk_up(struct dmarc_survey *s, struct text start, struct dmarc_tree_walk *w)
{
    unsigned labels = dname_labels(start);
    bool ended = false;
    *w = (struct dmarc_tree_walk){0};
    while (labels > 0 && !ended) {
        assert(w->queries < WALK_QUERIES_MAX);
        const struct dmarc_name *n = name_need(s, dname_tail(start, labels), DNS_TYPE_TXT);
        if (!n)
            return false;
        w->queries++;
        if (n->records == 1) {
            w->found[w->found_len++] = n;
            ended = n->record.psd != DMARC_PSD_UNSAID;
        }
        labels = labels > WALK_LABELS_SECOND ? WALK_LABELS_SECOND : labels - 1;
    }
    w->organizational_domain = organizational_domain_of(w, start);
    return true;
}

static const struct dmarc_name *walk_record_at(const struct dmarc_tree_walk *w, struct text domain)
{
    for (unsigned i = 0; i < w->found_len; i++)
        if (dname_eq(w->found[i]->domain, domain))
            return w->found[i];
    return NULL;
}

/* Section 4.10.1: the author domain's record, its organizational domain's, its public suffix's. */
static const struct dmarc_name *walk_policy(const struct dmarc_tree_walk *w, struct text from)
{
    const struct dmarc_name *n = walk_record_at(w, from);
    if (!n)
        n = walk_record_at(w, w->organizational_domain);
    if (!n && w->found_len && w->found[w->found_len - 1]->record.psd == DMARC_PSD_YES)
        n = w->found[w->found_len - 1];
    return n;
}

static void verdict_take_record(struct dmarc_verdict *v, const struct dmarc_name *n,
                                struct text from)
{
    if (!n)
        return;
    v->record = n->record.text;
    v->record_domain = n->domain;
    v->has_record = n->record.applies;
    if (!v->has_record)
        return;
    v->aspf_strict = n->record.aspf_strict;
    v->adkim_strict = n->record.adkim_strict;
    v->p = n->record.p;
    v->sp = n->record.sp;
    v->np = n->record.np;
    v->testing = n->record.testing;
    v->policy = dname_eq(n->domain, from) ? n->record.p : n->record.sp;
}

static void verdict_align(struct dmarc_verdict *v, struct text from, struct text mail_from)
{
    if (v->aspf_strict)
        v->aligned = dname_eq(from, mail_from);
    else
        v->aligned = dname_eq(v->from_organizational_domain, v->mail_from_organizational_domain);
}

/* np is for subdomains without any record; t=y asks for one step less. */
static bool policy_refine(struct dmarc_survey *s, struct dmarc_verdict *v,
                          const struct dmarc_name *n)
{
    if (!v->has_record)
        return true;
    if (!dname_eq(n->domain, s->from) && n->record.np != n->record.sp && !s->supposes) {
        const struct dmarc_name *existence = name_need(s, s->from, DNS_TYPE_A);
        if (!existence)
            return false;
        if (existence->lookup.name_missing)
            v->policy = n->record.np;
    }
    if (n->record.testing && v->policy != DMARC_POLICY_NONE)
        v->policy--;
    return true;
}

static unsigned names_shared(const struct dmarc_tree_walk *a, struct text a_start,
                             const struct dmarc_tree_walk *b, struct text b_start)
{
    unsigned shared = 0, a_labels = dname_labels(a_start);
    for (unsigned i = 0; i < a->queries; i++) {
        struct text name = dname_tail(a_start, a_labels);
        unsigned b_labels = dname_labels(b_start);
        for (unsigned j = 0; j < b->queries; j++) {
            shared += dname_eq(name, dname_tail(b_start, b_labels));
            b_labels = b_labels > WALK_LABELS_SECOND ? WALK_LABELS_SECOND : b_labels - 1;
        }
        a_labels = a_labels > WALK_LABELS_SECOND ? WALK_LABELS_SECOND : a_labels - 1;
    }
    return shared;
}

static bool rfc9989_judge(struct dmarc_survey *s)
{
    struct dmarc_verdict *v = &s->rfc9989;
    struct dmarc_tree_walk from, mail_from;
    *v = (struct dmarc_verdict){0};
    bool from_ended = walk_up(s, s->from, &from);
    if (!walk_up(s, s->mail_from, &mail_from) || !from_ended)
        return false;
    const struct dmarc_name *n = walk_policy(&from, s->from);
    verdict_take_record(v, n, s->from);
    v->from_organizational_domain = from.organizational_domain;
    v->mail_from_organizational_domain = mail_from.organizational_domain;
    v->from_queries = from.queries;
    v->mail_from_queries = mail_from.queries;
    v->queries =
        from.queries + mail_from.queries - names_shared(&from, s->from, &mail_from, s->mail_from);
    verdict_align(v, s->from, s->mail_from);
    return policy_refine(s, v, n);
}

/* RFC 7489, section 6.6.3: the author domain, then its organizational domain; several records at
 * either end the search. */
static bool rfc7489_judge(struct dmarc_survey *s)
{
    struct dmarc_verdict *v = &s->rfc7489;
    *v = (struct dmarc_verdict){.queries = 1};
    v->from_organizational_domain = s->from_listed;
    v->mail_from_organizational_domain = s->mail_from_listed;
    const struct dmarc_name *n = name_need(s, s->from, DNS_TYPE_TXT);
    if (!n)
        return false;
    if (n->records == 0 && !dname_eq(v->from_organizational_domain, s->from)) {
        n = name_need(s, v->from_organizational_domain, DNS_TYPE_TXT);
        v->queries = 2;
        if (!n)
            return false;
    }
    verdict_take_record(v, n->records == 1 ? n : NULL, s->from);
    verdict_align(v, s->from, s->mail_from);
    return true;
}

/* ---- what could not be looked up ---- */

/* Possible records at a name without an answer; the last two only end a walk there. */
enum supposition { SUPPOSE_NOTHING, SUPPOSE_RECORD, SUPPOSE_PSD_YES, SUPPOSE_PSD_NO, SUPPOSITIONS };

#define FAILED_MAX 3 /* 64 worlds; where more names fail there is no verdict */

static void suppose(struct dmarc_name *n, enum supposition what)
{
    static const enum dmarc_psd tags[SUPPOSITIONS] = {
        [SUPPOSE_PSD_YES] = DMARC_PSD_YES, [SUPPOSE_PSD_NO] = DMARC_PSD_NO};
    n->failed = true;
    n->records = what == SUPPOSE_NOTHING ? 0 : 1;
    n->record = (struct dmarc_record){.applies = true, .psd = tags[what]};
}

/* Digit i of world, to the base SUPPOSITIONS, is the record supposed at the i-th failed name.
 * Returns the number of failed names. */
static unsigned world_make(struct dmarc_survey *s, unsigned world)
{
    unsigned failed = 0;
    for (unsigned i = 0; i < s->names_len; i++) {
        const struct lookup *l = &s->names[i].lookup;
        if (l->outcome != LOOKUP_TROUBLE || l->type != DNS_TYPE_TXT)
            continue;
        suppose(&s->names[i], (enum supposition)(world % SUPPOSITIONS));
        world /= SUPPOSITIONS;
        failed++;
    }
    return failed;
}

/* Are two verdicts equal? Different organizational domains count as unknown, and are harmless while
 * the alignment is equal. */
static bool verdict_agree(struct dmarc_verdict *known, const struct dmarc_verdict *v)
{
    if (!dname_eq(known->from_organizational_domain, v->from_organizational_domain))
        known->from_organizational_domain = TEXT_NONE;
    if (!dname_eq(known->mail_from_organizational_domain, v->mail_from_organizational_domain))
        known->mail_from_organizational_domain = TEXT_NONE;
    return known->has_record == v->has_record && known->aligned == v->aligned &&
           dname_eq(known->record_domain, v->record_domain);
}

/* ---- what was meant, and misses ---- */

/* The text at a name that would have been a record, if it were alone and sound. */
static bool near_at(const struct dmarc_name *n, struct dmarc_near *near)
{
    if (n->lookup.type != DNS_TYPE_TXT || n->failed)
        return false;
    *near = (struct dmarc_near){.place = n->lookup.name};
    near->records = n->records > 1 ? n->records : 0;
    near->found = n->records ? n->record.text : n->other;
    near->other = n->records > 1 ? n->other : TEXT_NONE;
    return near->records || (near->found.len && near_dmarc(near->found, near->fault));
}

/* Looks from the From domain upwards, as far as the record that counts. Without a verdict: as far
 * as the first record, known or supposed, since nothing above it may count. */
static void near_find(struct dmarc_survey *s)
{
    bool both = s->rfc9989.has_record && s->rfc7489.has_record;
    struct text counts = both ? s->rfc9989.record_domain : TEXT_NONE;
    for (unsigned i = 0; i < s->names_len; i++) {
        const struct dmarc_name *n = &s->names[i];
        bool above = dname_eq(n->domain, s->from) || dname_below(s->from, n->domain);
        bool is_over = both && dname_below(counts, n->domain);
        if (above && !is_over && dname_labels(n->domain) > 1 && near_at(n, &s->near))
            return;
        if (above && !s->certain && (n->failed || n->records == 1))
            break;
    }
    s->near = (struct dmarc_near){0};
}

bool dmarc_survey_wants_elsewhere(const struct dmarc_survey *s)
{
    return s->certain && !s->rfc9989.has_record && !s->rfc7489.has_record && !s->near.place.len;
}

void dmarc_survey_take_elsewhere(struct dmarc_survey *s, enum dmarc_elsewhere elsewhere,
                                 struct text place, const struct text *txt, uint32_t len)
{
    for (uint32_t i = 0; i < len && !s->near.place.len; i++)
        if (dmarc_record_is(txt[i]))
            s->near = (struct dmarc_near){.place = arena_text(&s->arena, place),
                                          .found = arena_text(&s->arena, txt[i]),
                                          .elsewhere = elsewhere};
}

static void survey_advance(struct dmarc_survey *s)
{
    unsigned failed = world_make(s, 0);
    bool rfc9989 = rfc9989_judge(s), rfc7489 = rfc7489_judge(s);
    s->done = (rfc9989 && rfc7489) || failed > FAILED_MAX;
    if (!s->done)
        return;
    for (unsigned i = 0; i < s->names_len && !s->trouble.len; i++) {
        const struct lookup *l = &s->names[i].lookup;
        if (l->outcome != LOOKUP_TROUBLE)
            continue;
        s->trouble =
            arena_fmt(&s->arena, "resolver: " TEXT_FMT ": %s", TEXT_ARG(l->name), l->trouble);
        if (!s->trouble.at)
            s->trouble = TEXT("out of memory");
    }
    /* Runs both rules in every world. Not certain: the results of the first world are cleared. */
    struct dmarc_verdict new = s->rfc9989, old = s->rfc7489;
    unsigned worlds = 1;
    for (unsigned i = 0; i < failed; i++)
        worlds *= SUPPOSITIONS;
    s->certain = failed <= FAILED_MAX;
    s->supposes = true; /* np decides on no verdict, so no world asks whether the domain exists */
    for (unsigned world = 1; s->certain && world < worlds; world++) {
        world_make(s, world);
        s->certain = rfc9989_judge(s) && rfc7489_judge(s) && verdict_agree(&new, &s->rfc9989) &&
                     verdict_agree(&old, &s->rfc7489);
    }
    s->rfc9989 = s->certain ? new : (struct dmarc_verdict){0};
    s->rfc7489 = s->certain ? old : (struct dmarc_verdict){0};
    s->alignment_differs = s->rfc9989.aligned != s->rfc7489.aligned;
    s->record_differs = s->rfc9989.has_record != s->rfc7489.has_record ||
                        !dname_eq(s->rfc9989.record_domain, s->rfc7489.record_domain);
    near_find(s);
}

void dmarc_survey_start(struct dmarc_survey *s, struct text from, struct text mail_from,
                        dmarc_organizational_domain *organizational_domain, void *ctx)
{
    struct arena arena = s->arena;
    arena_reset(&arena);
    *s = (struct dmarc_survey){.arena = arena};
    if (from.len > DNAME_LEN_MAX || mail_from.len > DNAME_LEN_MAX) {
        s->done = true;
        s->trouble = TEXT("a name is longer than 253 characters");
        return;
    }
    s->from = arena_text(&s->arena, from.at ? from : TEXT(""));
    s->mail_from = arena_text(&s->arena, mail_from.at ? mail_from : TEXT(""));
    if (!s->from.at || !s->mail_from.at) {
        s->done = true;
        s->trouble = TEXT("out of memory");
        return;
    }
    s->from_listed = organizational_domain(ctx, s->from);
    s->from_listed = s->from_listed.len ? s->from_listed : s->from;
    s->mail_from_listed = organizational_domain(ctx, s->mail_from);
    s->mail_from_listed = s->mail_from_listed.len ? s->mail_from_listed : s->mail_from;
    survey_advance(s);
}

bool dmarc_survey_next(struct dmarc_survey *s, struct dns_question *question, uint32_t *number)
{
    for (unsigned i = 0; !s->done && i < s->names_len; i++) {
        if (lookup_next(&s->names[i].lookup, question)) {
            *number = i;
            return true;
        }
    }
    return false;
}

void dmarc_survey_reply(struct dmarc_survey *s, uint32_t number, const struct dns_reply *reply)
{
    assert(number < s->names_len);
    if (s->done)
        return;
    lookup_reply(&s->names[number].lookup, reply);
    survey_advance(s);
}
