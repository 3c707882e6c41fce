/*
 * Rows of aggregate reports as a table writes them, for the tests of what is counted.
 */
#ifndef MF_SENT_ROWS_H
#define MF_SENT_ROWS_H

#include "evidence/tally.h"

#define DAY_US SPAN_H(24)
/* 2026-05-20, a Wednesday */
#define TODAY 20593

/* One row of one report. */
struct sent_row {
    int32_t day; /* of TODAY; the report is about the whole of it */
    const char *from, *mail_from;
    enum auth_result spf;
    const char *signer; /* of a DKIM signature that has passed; NULL: none */
    bool spf_aligned, dkim_aligned;
    uint64_t messages;
    const char *disposition; /* NULL: "none" */
    const char *address;     /* NULL: 192.0.2.1 */
};

static inline bool sent_add(struct tally *t, const struct sent_row *s)
{
    const struct aggregate_report report = {.domain = text_of(s->from),
                                            .begin = (TODAY + s->day) * DAY_US,
                                            .end = (TODAY + s->day + 1) * DAY_US - SPAN_S(1)};
    struct aggregate_row row = {.report = &report,
                                .source_ip = text_of(s->address ? s->address : "192.0.2.1"),
                                .messages = s->messages,
                                .header_from = text_of(s->from),
                                .spf_aligned = s->spf_aligned,
                                .dkim_aligned = s->dkim_aligned,
                                .spf_domain = text_of(s->mail_from),
                                .spf_result = s->spf};
    row.disposition[0] = '\0';
    if (s->disposition)
        strncat(row.disposition, s->disposition, sizeof row.disposition - 1);
    if (s->signer)
        row.dkim[row.dkim_len++] =
            (struct aggregate_dkim){.domain = text_of(s->signer), .result = AUTH_PASS};
    return tally_row(t, &row);
}

static inline const struct mail_domain *sent_find(const struct tally *t, const char *name)
{
    for (uint32_t i = 1; i < t->domains_len; i++)
        if (text_eq(tally_name(t, &t->domains[i]), text_of(name)))
            return &t->domains[i];
    return NULL;
}

#endif
