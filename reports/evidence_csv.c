/* Evidence for spreadsheets: one line for each From domain and day. */
#include "csv_line.h"
#include "evidence_internal.h"

/* A day may hold reports of two phases, of receivers in different time zones. */
static const char *phase_of(const struct mail_day *day)
{
    for (int p = 0; p < MAIL_PHASES; p++)
        if (day->phases == 1u << p)
            return mail_phase_name((enum mail_phase)p);
    return day->phases ? "mixed" : "";
}

static void day_csv(struct csv_line *line, const struct tally *t, const struct mail_day *day)
{
    const struct mail_counts *ses = &day->ses;
    char date[DAY_LEN];
    uint64_t pass = mail_counts_pass(ses);
    csv_text(line, tally_name(t, &t->domains[day->domain]));
    csv_text(line, text_of(day_format(day->day, date)));
    csv_text(line, day->is_coarse ? TEXT("yes") : TEXT("no"));
    csv_text(line, text_of(phase_of(day)));
    csv_u64(line, ses->messages);
    csv_u64(line, ses->spf);
    csv_u64(line, ses->dkim);
    csv_u64(line, ses->both);
    csv_u64(line, ses->messages - pass);
    csv_u64(line, pass);
    csv_u64(line, ses->quarantined);
    csv_u64(line, ses->rejected);
    csv_u64(line, day->others.messages);
    csv_u64(line, mail_counts_pass(&day->others));
    csv_end(line);
}

enum err evidence_csv(struct sink *sink, const struct evidence *e, struct why *why)
{
    const struct tally *t = e->tally;
    struct csv_line line;
    (void)why;
    csv_begin(&line, &sink->buf, e->csv,
              "domain,day,coarse,phase,messages,spf_aligned,dkim_aligned,both_aligned,"
              "neither_aligned,dmarc_pass,quarantined,rejected,others_messages,"
              "others_dmarc_pass");
    csv_end(&line);
    for (uint32_t i = 1; i < t->domains_len; i++) {
        const struct mail_domain *d = &t->domains[i];
        for (uint32_t k = 0; k < d->days_len && sink_turn(sink); k++)
            day_csv(&line, t, &t->days[d->days_at + k]);
    }
    return OK;
}
