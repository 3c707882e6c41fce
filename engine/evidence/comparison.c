/* Shares before and after, held against each other, and the faults of senders. */
#include "comparison.h"

static const struct {
    const char *name, *words;
} comparisons[COMPARISONS] = {
    [COMPARISON_WORSE] = {"worse", "worse"},
    [COMPARISON_FAILING] = {"still-failing", "still failing"},
    [COMPARISON_OPEN] = {"no-success", "no Success"},
    [COMPARISON_LITTLE] = {"too-little-mail", "too little mail"},
    [COMPARISON_SAME] = {"same", "same"},
    [COMPARISON_BETTER] = {"better", "better"},
    [COMPARISON_DEFAULT] = {"default-wanted", "default wanted"},
    [COMPARISON_UNWRITTEN] = {"not-changed", "not changed"},
    [COMPARISON_APART] = {"not-in-the-run", "not in the run"},
};

const char *comparison_name(enum comparison c)
{
    return comparisons[c].name;
}

const char *comparison_words(enum comparison c)
{
    return comparisons[c].words;
}

static double points(const struct mail_counts *c)
{
    return 100.0 * (double)c->spf / (double)c->messages;
}

enum comparison mail_compare(const struct mail_domain *d)
{
    const struct mail_counts *before = &d->ses[PHASE_BEFORE], *after = &d->ses[PHASE_AFTER];
    if (d->change.identities == 0)
        return COMPARISON_APART;
    if (d->change.written == 0)
        return COMPARISON_UNWRITTEN;
    if (d->change.success == 0)
        return COMPARISON_OPEN;
    if (d->change.defaults == d->change.written)
        return COMPARISON_DEFAULT;
    if (after->messages < COMPARISON_MESSAGES_MIN)
        return COMPARISON_LITTLE;
    bool has_before = before->messages >= COMPARISON_MESSAGES_MIN;
    double gained = has_before ? points(after) - points(before) : 0;
    if (gained <= -COMPARISON_POINTS_MIN)
        return COMPARISON_WORSE;
    if (points(after) < 50)
        return COMPARISON_FAILING;
    if (!has_before)
        return COMPARISON_LITTLE;
    return gained >= COMPARISON_POINTS_MIN ? COMPARISON_BETTER : COMPARISON_SAME;
}

unsigned mail_share(uint64_t part, uint64_t whole)
{
    if (part == 0 || part >= whole)
        return part ? 1000 : 0;
    unsigned share = (unsigned)((double)part * 1000 / (double)whole + 0.5);
    return share < 1 ? 1 : share > 999 ? 999 : share;
}

static const struct {
    const char *name, *words;
} faults[SENDER_FAULTS] = {
    [FAULT_OTHER_REGION] = {"other-region",
                            "the identity in that Region is not in the run, and has no custom MAIL "
                            "FROM"},
    [FAULT_FALLBACK] = {"fallback",
                        "SES fell back to its own name there, or another identity or account "
                        "sends it"},
    [FAULT_WANTED] = {"default-wanted",
                      "as the run wants it, which has taken the custom MAIL FROM away"},
    [FAULT_DEFAULT] = {"default", "no custom MAIL FROM was in force"},
    [FAULT_UNALIGNED] = {"not-aligned",
                         "a custom MAIL FROM that does not align with the From domain"},
    [FAULT_SENT_ON] = {"sent-on", "sent on by another server: forwarded, or a mailing list"},
    [FAULT_SPF] = {"spf-failed", "SPF did not pass: forwarded, or the SPF record lacks SES"},
    [FAULT_NO_NAME] = {"no-mail-from",
                       "no MAIL FROM is reported: bounces, or a receiver that leaves it out"},
    [FAULT_STRANGER] = {"not-ses", "not known as mail of SES"},
};

const char *sender_fault_name(enum sender_fault f)
{
    return faults[f].name;
}

const char *sender_fault_words(enum sender_fault f)
{
    return faults[f].words;
}

enum sender_fault sender_fault(const struct tally *t, const struct mail_sender *s)
{
    const struct mail_domain *d = &t->domains[s->domain];
    struct text mail_from = tally_mail_from(t, s), from = tally_name(t, d);
    if (!s->is_ses)
        return FAULT_STRANGER;
    if (!mail_from.len)
        return FAULT_NO_NAME;
    if (!s->spf_passed)
        return FAULT_SPF;
    if (!mail_from_is_default(mail_from))
        return t->changes && changes_have_mail_from(t->changes, mail_from) ? FAULT_UNALIGNED
                                                                           : FAULT_SENT_ON;
    struct text region = default_mail_from_region(mail_from);
    bool was_mended = d->change.written && s->messages[PHASE_AFTER] == 0;
    if (!region.len || d->change.identities == 0 || was_mended)
        return FAULT_DEFAULT;
    if (changes_want_default(t->changes, from, region))
        return FAULT_WANTED;
    return changes_have_region(t->changes, from, region) ? FAULT_FALLBACK : FAULT_OTHER_REGION;
}

uint64_t sender_messages(const struct mail_domain *d, const struct mail_sender *s)
{
    return d->change.written ? s->messages[PHASE_AFTER] : s->all;
}

uint32_t sender_addresses(const struct mail_domain *d, const struct mail_sender *s)
{
    return d->change.written ? s->addresses_after : s->addresses;
}

/* What is known of a domain's time after the run. */
static void gain_add(struct mail_gain *g, const struct mail_domain *d, bool has_after)
{
    const struct mail_counts *before = &d->ses[PHASE_BEFORE], *after = &d->ses[PHASE_AFTER];
    bool is_open = mail_compare(d) == COMPARISON_OPEN;
    g->open_domains += is_open;
    if (is_open)
        mail_counts_join(&g->open, &d->ses[PHASE_DURING]);
    if (after->messages || (before->messages && !has_after)) {
        g->domains++;
        mail_counts_join(&g->before, before);
        mail_counts_join(&g->after, after);
    } else {
        g->awaited_domains += before->messages && !is_open;
    }
}

static bool some_are_after(const struct tally *t)
{
    for (uint32_t i = 1; i < t->domains_len; i++)
        if (t->domains[i].ses[PHASE_AFTER].messages)
            return true;
    return false;
}

struct mail_gain mail_gain(const struct tally *t)
{
    struct mail_gain g = {.first_write = WHEN_NEVER};
    struct mail_counts later = {0};
    bool has_after = some_are_after(t);
    for (uint32_t i = 1; i < t->domains_len; i++) {
        const struct mail_domain *d = &t->domains[i];
        g.counts[mail_compare(d)]++;
        gain_add(&g, d, has_after);
        g.later_domains += d->change.next_write != WHEN_NEVER;
        mail_counts_join(&later, &d->ses[PHASE_LATER]);
        g.first_write = when_earlier(g.first_write, d->change.first_write);
        g.success = when_later(g.success, d->change.success);
    }
    g.later_messages = later.messages;
    return g;
}
