/* Figures of a sweep: its time, its calls, and how many identities pass DMARC by what it has seen.
 */
#include "watching.h"

span_us watching_took(const struct watching *w)
{
    return w->began > 0 && w->ended > w->began ? w->ended - w->began : 0;
}

uint64_t watching_calls_sent(const struct watching *w)
{
    uint64_t sent = 0;
    for (unsigned kind = 0; kind < CALL_ASK; kind++)
        sent += w->calls[kind][0].sent + w->calls[kind][1].sent;
    return sent;
}

/* DNS that is silent about every name has shown nothing. */
static void row_count(struct watching *w, uint32_t row)
{
    static const struct job none = {0};
    const struct fleet *f = &w->run->fleet;
    const struct scheduler *d = w->run->scheduler;
    const struct job *job = d ? scheduler_job(d, row) : &none;
    bool is_silent = w->dns_is_silent;
    struct dmarc_ready_facts facts = {
        .ses_known = job->seen_known,
        .mail_from = job->seen_known ? scheduler_mail_from_seen(d, row) : TEXT_NONE,
        .status = (enum mail_from_status)job->status_seen,
        .dkim = (enum dkim_status)w->dkim[row],
        .asked = fleet_mail_from(f, row),
        .spf = is_silent ? SPF_STATUS_NONE : (enum spf_status)job->spf,
        .dmarc = is_silent ? DMARC_STATUS_NONE : (enum dmarc_status)job->dmarc};
    dmarc_sum_see(&w->dmarc, &facts, (enum identity_type)f->choices[row].type);
}

void watching_dmarc_count(struct watching *w)
{
    for (uint32_t row = 0; row < w->run->fleet.choices_len; row++)
        row_count(w, row);
}
