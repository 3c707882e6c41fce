/*
 * Evidence for programs, format_version 1 (docs/evidence.schema.json): the sums first, then a line
 * for each From domain with its senders and days.
 */
#include "evidence_internal.h"

#include "base/bounds.h"
#include "base/json_out.h"

static void counts_add(struct json_out *j, const char *key, const struct mail_counts *c)
{
    uint64_t pass = mail_counts_pass(c);
    json_add_object(j, key);
    json_add_u64(j, "messages", c->messages);
    json_add_u64(j, "spf_aligned", c->spf);
    json_add_u64(j, "dkim_aligned", c->dkim);
    json_add_u64(j, "both_aligned", c->both);
    json_add_u64(j, "neither_aligned", c->messages - pass);
    json_add_u64(j, "dmarc_pass", pass);
    json_add_u64(j, "quarantined", c->quarantined);
    json_add_u64(j, "rejected", c->rejected);
    if (c->messages) {
        json_add_fixed(j, "spf_aligned_percent", mail_share(c->spf, c->messages) / 10.0, 1);
        json_add_fixed(j, "dmarc_pass_percent", mail_share(pass, c->messages) / 10.0, 1);
    } else {
        json_add_null(j, "spf_aligned_percent");
        json_add_null(j, "dmarc_pass_percent");
    }
    json_end(j);
}

static void instant_add(struct json_out *j, const char *key, instant_us at)
{
    char when[WHEN_LEN];
    json_add_text_or_null(j, key, text_of(when_format(at, when)));
}

static void day_add(struct json_out *j, const char *key, int32_t day, bool is_known)
{
    char date[DAY_LEN];
    json_add_text_or_null(j, key, is_known ? text_of(day_format(day, date)) : TEXT_NONE);
}

static void rules_add(struct json_out *j, const struct mail_domain *d)
{
    json_add_object(j, "known_by");
    for (int rule = 0; rule < SES_RULES; rule++)
        json_add_u64(j, ses_rule_name((enum ses_rule)rule), d->by_rule[rule]);
    json_end(j);
}

static void sender_add(struct json_out *j, const struct evidence *e, const struct mail_sender *s)
{
    struct text mail_from = tally_mail_from(e->tally, s);
    json_line(j, "\n   ");
    json_add_object(j, NULL);
    json_add_text_or_null(j, "mail_from", mail_from);
    json_add_bool(j, "through_ses", s->is_ses);
    json_add_text_or_null(j, "region", default_mail_from_region(mail_from));
    json_add_bool(j, "spf_pass", s->spf_passed);
    json_add_u64(j, "messages", s->all);
    for (int p = PHASE_BEFORE; p < MAIL_PHASES; p++)
        json_add_u64(j, mail_phase_name((enum mail_phase)p), s->messages[p]);
    json_add_u64(j, "dkim_aligned", s->dkim);
    json_add_u64(j, "addresses", s->addresses);
    json_add_u64(j, "addresses_after", s->addresses_after);
    json_add_bool(j, "more_addresses", s->has_more_addresses);
    json_add_array(j, "first_addresses");
    for (int i = 0; i < SENDER_ADDRESSES && *s->address[i]; i++)
        json_add_text(j, NULL, text_of(s->address[i]));
    json_end(j);
    json_add_word(j, "fault", sender_fault_name(sender_fault(e->tally, s)));
    json_end(j);
}

static void days_add(struct json_out *j, const struct tally *t, const struct mail_domain *d,
                     struct sink *sink)
{
    json_add_array(j, "days");
    for (uint32_t k = 0; k < d->days_len && sink_turn(sink); k++) {
        const struct mail_day *day = &t->days[d->days_at + k];
        json_line(j, "\n   ");
        json_add_object(j, NULL);
        day_add(j, "day", day->day, true);
        json_add_bool(j, "coarse", day->is_coarse);
        json_add_array(j, "phases");
        for (int p = PHASE_BEFORE; p < MAIL_PHASES; p++)
            if (day->phases & 1u << p)
                json_add_word(j, NULL, mail_phase_name((enum mail_phase)p));
        json_end(j);
        counts_add(j, "ses", &day->ses);
        counts_add(j, "others", &day->others);
        json_end(j);
    }
    json_end(j);
}

/* The whole has no instants of its own. */
static void change_add(struct json_out *j, const struct mail_domain *d)
{
    json_add_object(j, "run");
    json_add_u64(j, "identities", d->change.identities);
    json_add_u64(j, "written", d->change.written);
    json_add_u64(j, "without_success", d->change.open);
    instant_add(j, "first_write", d->change.first_write);
    instant_add(j, "success", d->change.success);
    instant_add(j, "next_write", d->change.next_write);
    json_end(j);
}

static void domain_add(struct json_out *j, const struct evidence *e, const struct mail_domain *d,
                       struct sink *sink)
{
    const struct tally *t = e->tally;
    json_line(j, "\n ");
    json_add_object(j, NULL);
    json_add_text(j, "domain", tally_name(t, d));
    if (e->run) {
        json_add_word(j, "verdict", comparison_name(mail_compare(d)));
        change_add(j, d);
        for (int p = PHASE_BEFORE; p < MAIL_PHASES; p++)
            counts_add(j, mail_phase_name((enum mail_phase)p), &d->ses[p]);
    }
    counts_add(j, "ses", &d->all);
    counts_add(j, "others", &d->others);
    rules_add(j, d);
    json_add_array(j, "senders");
    for (uint32_t k = 0; k < d->senders_len && sink_turn(sink); k++)
        sender_add(j, e, &t->senders[d->senders_at + k]);
    json_end(j);
    json_add_u64(j, "messages_of_further_senders", d->senders_beyond);
    days_add(j, t, d, sink);
    json_end(j);
}

static void run_add(struct json_out *j, const struct evidence *e)
{
    if (!e->run) {
        json_add_null(j, "run");
        return;
    }
    json_add_object(j, "run");
    json_add_u64(j, "id", e->run);
    json_add_text(j, "verb", e->verb);
    instant_add(j, "started", e->started);
    instant_add(j, "first_write", e->gain.first_write);
    instant_add(j, "success", e->gain.success);
    json_end(j);
}

static void read_add(struct json_out *j, const struct evidence *e)
{
    const struct aggregate_counts *c = &e->counts;
    const struct tally *t = e->tally;
    json_add_object(j, "read");
    json_add_u64(j, "files", c->files);
    json_add_u64(j, "reports", c->reports);
    json_add_u64(j, "duplicates", c->duplicates);
    json_add_u64(j, "rows", c->rows);
    json_add_u64(j, "rows_of_other_days", t->rows_apart);
    json_add_u64(j, "bad_files", c->bad_files);
    json_add_u64(j, "bad_reports", c->bad_reports);
    day_add(j, "first_day", t->first_day, t->rows > 0);
    day_add(j, "last_day", t->last_day, t->rows > 0);
    json_end(j);
    json_add_object(j, "left_out");
    json_add_u64(j, "rows_without_verdict", t->rows_unjudged);
    json_add_u64(j, "messages_without_verdict", t->messages_unjudged);
    json_add_u64(j, "messages_of_further_domains", t->domains_beyond);
    json_add_u64(j, "messages_of_further_days", t->days_beyond);
    json_end(j);
}

static void summary_add(struct json_out *j, const struct evidence *e)
{
    const struct mail_domain *whole = &e->tally->domains[0];
    struct buf verdict;
    buf_init(&verdict, LINE_LEN_MAX);
    evidence_verdict_add(&verdict, e);
    json_add_object(j, "summary");
    json_add_text(j, "verdict", buf_text(&verdict));
    buf_spend(&verdict, j->buf);
    json_add_u64(j, "domains", e->tally->domains_len - 1);
    if (e->run) {
        json_add_u64(j, "domains_compared", e->gain.domains);
        json_add_object(j, "verdicts");
        for (int c = 0; c < COMPARISONS; c++)
            json_add_u64(j, comparison_name((enum comparison)c), e->gain.counts[c]);
        json_end(j);
        counts_add(j, "before", &e->gain.before);
        counts_add(j, "after", &e->gain.after);
    }
    counts_add(j, "ses", &whole->all);
    counts_add(j, "others", &whole->others);
    rules_add(j, whole);
    json_end(j);
}

enum err evidence_json(struct sink *sink, const struct evidence *e, struct why *why)
{
    struct json_out j;
    (void)why;
    json_init(&j, &sink->buf);
    json_add_object(&j, NULL);
    json_add_u64(&j, "format_version", 1);
    json_add_text(&j, "version", e->version);
    run_add(&j, e);
    json_line(&j, "\n");
    summary_add(&j, e);
    json_line(&j, "\n");
    read_add(&j, e);
    json_line(&j, "\n");
    json_add_array(&j, "domains");
    for (uint32_t i = 1; i < e->tally->domains_len; i++)
        domain_add(&j, e, &e->tally->domains[i], sink);
    json_end_line(&j, "\n");
    json_end(&j);
    buf_add_char(&sink->buf, '\n');
    return OK;
}
