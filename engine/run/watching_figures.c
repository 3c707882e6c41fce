/* Figures of a sweep: its time, its calls, and how many identities pass DMARC by what it has seen.
 */
#include "watching.h"

#include "base/bounds.h"

#include <stdio.h>
#include <stdlib.h>

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

void dmarc_known_clear(struct dmarc_known *k)
{
    names_clear(&k->names);
    free(k->by);
    *k = (struct dmarc_known){0};
}

/* The place of a key that is to be kept; 0: there is no memory. */
static name_id known_place(struct dmarc_known *k, struct text key)
{
    name_id id;
    if (k->names.len == 0 && !names_init(&k->names, NAMES_BYTES_MAX))
        return NAME_NONE;
    if (!names_add(&k->names, key, &id))
        return NAME_NONE;
    if (id >= k->cap) {
        uint32_t cap = id < 32 ? 64 : id * 2;
        uint8_t *by = realloc(k->by, cap);
        if (!by)
            return NAME_NONE;
        k->by = by;
        k->cap = cap;
    }
    return id;
}

enum dmarc_by dmarc_known_by(struct dmarc_known *k, const struct watch_key *key,
                             const struct row_dmarc *seen)
{
    char words[NAME_LEN_MAX];
    enum dmarc_by now = (enum dmarc_by)seen->now.by;
    int len =
        snprintf(words, sizeof words, TEXT_FMT "\n" TEXT_FMT "\n" TEXT_FMT,
                 TEXT_ARG(key->lane.account), TEXT_ARG(key->lane.region), TEXT_ARG(key->identity));
    if (len < 0 || (size_t)len >= sizeof words)
        return now;
    const struct text name = {words, (size_t)len};
    if (row_dmarc_is_silent(seen)) {
        name_id id = k->names.len ? names_find(&k->names, name) : NAME_NONE;
        return id && id < k->cap ? (enum dmarc_by)k->by[id] : now;
    }
    name_id id = known_place(k, name);
    if (id)
        k->by[id] = (uint8_t)now;
    return now;
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
    const struct row_dmarc seen =
        dmarc_sum_see(&w->dmarc, &facts, (enum identity_type)f->choices[row].type);
    const struct watch_key key = watching_key(f, row);
    w->dmarc_known[w->known ? dmarc_known_by(w->known, &key, &seen) : seen.now.by]++;
}

void watching_dmarc_count(struct watching *w)
{
    for (uint32_t row = 0; row < w->run->fleet.choices_len; row++)
        row_count(w, row);
}
