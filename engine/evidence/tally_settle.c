/* What was counted, in the order in which people look at it. */
#include "comparison.h"

#include <stdlib.h>

/* Messages that SPF did not align, where that can be blamed on the present. */
static uint64_t unaligned(const struct mail_domain *d)
{
    const struct mail_counts *c = d->change.written ? &d->ses[PHASE_AFTER] : &d->all;
    return c->messages - (c->spf < c->messages ? c->spf : c->messages);
}

static int ordered(uint64_t a, uint64_t b)
{
    return (a > b) - (a < b);
}

static int domains_compare(const void *a, const void *b, void *tally)
{
    const struct mail_domain *one = a, *other = b;
    int by = (int)mail_compare(one) - (int)mail_compare(other);
    if (by == 0)
        by = ordered(unaligned(other), unaligned(one));
    if (by == 0)
        by = ordered(other->all.messages, one->all.messages);
    return by ? by : text_cmp(tally_name(tally, one), tally_name(tally, other));
}

static int senders_compare(const void *a, const void *b, void *tally)
{
    const struct mail_sender *one = a, *other = b;
    const struct tally *t = tally;
    const struct mail_domain *d = &t->domains[one->domain];
    int by = ordered(one->domain, other->domain);
    if (by == 0)
        by = (int)other->is_ses - (int)one->is_ses;
    if (by == 0)
        by = ordered(sender_messages(d, other), sender_messages(d, one));
    if (by == 0)
        by = ordered(other->all, one->all);
    if (by == 0)
        by = text_cmp(tally_mail_from(t, one), tally_mail_from(t, other));
    return by ? by : (int)one->spf_passed - (int)other->spf_passed;
}

static int days_compare(const void *a, const void *b)
{
    const struct mail_day *one = a, *other = b;
    int by = ordered(one->domain, other->domain);
    return by ? by : (one->day > other->day) - (one->day < other->day);
}

/* Days and senders are in the order of the domains now; each domain learns where its own lie. */
static void places_note(struct tally *t)
{
    for (uint32_t i = 0; i < t->days_len; i++) {
        struct mail_domain *d = &t->domains[t->days[i].domain];
        if (d->days_len++ == 0)
            d->days_at = i;
    }
    for (uint32_t i = 0; i < t->senders_len; i++) {
        struct mail_domain *d = &t->domains[t->senders[i].domain];
        if (d->senders_len++ == 0)
            d->senders_at = i;
    }
}

void tally_settle(struct tally *t)
{
    if (t->days_len)
        qsort(t->days, t->days_len, sizeof *t->days, days_compare);
    if (t->senders_len)
        qsort_r(t->senders, t->senders_len, sizeof *t->senders, senders_compare, t);
    places_note(t);
    if (t->domains_len > 1)
        qsort_r(t->domains + 1, t->domains_len - 1, sizeof *t->domains, domains_compare, t);
    for (uint32_t i = 1; i < t->domains_len; i++) {
        const struct mail_domain *d = &t->domains[i];
        for (uint32_t k = 0; k < d->days_len; k++)
            t->days[d->days_at + k].domain = i;
        for (uint32_t k = 0; k < d->senders_len; k++)
            t->senders[d->senders_at + k].domain = i;
    }
}
