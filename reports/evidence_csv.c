/* Evidence for spreadsheets: one line for each From domain and day. */
#include "csv_cell.h"
#include "evidence_internal.h"

/* A day may hold reports of two phases, of receivers in different time zones. */
static const char *phase_of(const struct mail_day *day)
{
    for (int p = 0; p < MAIL_PHASES; p++)
        if (day->phases == 1u << p)
            return mail_phase_name((enum mail_phase)p);
    return day->phases ? "mixed" : "";
}

static void count_cell(struct buf *out, uint64_t n)
{
    buf_add_char(out, ',');
    buf_add_u64(out, n);
}

static void day_csv(struct buf *out, const struct tally *t, const struct mail_day *day)
{
    const struct mail_counts *ses = &day->ses;
    char date[DAY_LEN];
    uint64_t pass = mail_counts_pass(ses);
    csv_cell_add(out, tally_name(t, &t->domains[day->domain]));
    buf_add_fmt(out, ",%s,%s,%s", day_format(day->day, date), day->is_coarse ? "yes" : "no",
                phase_of(day));
    count_cell(out, ses->messages);
    count_cell(out, ses->spf);
    count_cell(out, ses->dkim);
    count_cell(out, ses->both);
    count_cell(out, ses->messages - pass);
    count_cell(out, pass);
    count_cell(out, ses->quarantined);
    count_cell(out, ses->rejected);
    count_cell(out, day->others.messages);
    count_cell(out, mail_counts_pass(&day->others));
    buf_add_str(out, "\r\n");
}

enum err evidence_csv(struct sink *sink, const struct evidence *e, struct why *why)
{
    const struct tally *t = e->tally;
    (void)why;
    buf_add_str(&sink->buf,
                "domain,day,coarse,phase,messages,spf_aligned,dkim_aligned,both_aligned,"
                "neither_aligned,dmarc_pass,quarantined,rejected,others_messages,"
                "others_dmarc_pass\r\n");
    for (uint32_t i = 1; i < t->domains_len; i++) {
        const struct mail_domain *d = &t->domains[i];
        for (uint32_t k = 0; k < d->days_len && sink_turn(sink); k++)
            day_csv(&sink->buf, t, &t->days[d->days_at + k]);
    }
    return OK;
}
