/* Counters of domains, days and senders; each kind has its keys in a table of names. */
#include "tally.h"

#include "base/bounds.h"
#include "base/dname.h"
#include "model/region.h"

#include <stdlib.h>
#include <string.h>

#define COARSE_ABOVE SPAN_H(26) /* a day in the zone of a reporter has up to 25 hours */
#define DAY          SPAN_H(24)
#define WHOLE        0u /* tally.domains[0] */

static const struct text ses_domain = TEXT("amazonses.com");

const char *mail_phase_name(enum mail_phase p)
{
    static const char *const names[MAIL_PHASES] = {"", "before", "during", "after", "later"};
    return names[p];
}

const char *ses_rule_name(enum ses_rule r)
{
    static const char *const names[SES_RULES + 1] = {"dkim", "spf-default", "spf-custom", "none"};
    return names[r];
}

static void count_add(uint64_t *count, uint64_t more)
{
    *count = *count > UINT64_MAX - more ? UINT64_MAX : *count + more;
}

void mail_counts_join(struct mail_counts *into, const struct mail_counts *one)
{
    count_add(&into->messages, one->messages);
    count_add(&into->spf, one->spf);
    count_add(&into->dkim, one->dkim);
    count_add(&into->both, one->both);
    count_add(&into->quarantined, one->quarantined);
    count_add(&into->rejected, one->rejected);
}

uint64_t mail_counts_pass(const struct mail_counts *c)
{
    uint64_t pass = c->spf;
    count_add(&pass, c->dkim > c->both ? c->dkim - c->both : 0);
    return pass < c->messages ? pass : c->messages;
}

int32_t day_of(instant_us at)
{
    return (int32_t)(at / DAY - (at % DAY < 0));
}

instant_us day_begin(int32_t day)
{
    return (instant_us)day * DAY;
}

bool mail_from_is_default(struct text name)
{
    return dname_eq(name, ses_domain) || dname_below(name, ses_domain);
}

struct text default_mail_from_region(struct text mail_from)
{
    if (dname_eq(mail_from, ses_domain))
        return TEXT("us-east-1");
    struct text region = dname_below(mail_from, ses_domain)
                             ? text_slice(mail_from, 0, text_find(mail_from, '.'))
                             : TEXT_NONE;
    return region_is_plausible(region) ? region : TEXT_NONE;
}

struct text tally_name(const struct tally *t, const struct mail_domain *d)
{
    return names_text(&t->froms, d->name);
}

struct text tally_mail_from(const struct tally *t, const struct mail_sender *s)
{
    return names_text(&t->names, s->mail_from);
}

/* ---- tables ---- */

/* Room for an element at index len; new elements are zero. */
static bool room_make(void **list, uint32_t len, uint32_t *cap, size_t size)
{
    if (len < *cap)
        return true;
    uint32_t grown = *cap ? *cap * 2 : 64;
    char *at = realloc(*list, grown * size);
    if (!at)
        return false;
    memset(at + *cap * size, 0, (grown - *cap) * size);
    *list = at;
    *cap = grown;
    return true;
}

enum found { FOUND, FOUND_NEW, FOUND_NONE, FOUND_NO_MEMORY };

/* The place of a key in its list: ids are given from 1 on, one after the other. Beyond most a new
 * key has none. */
static enum found place_find(struct names *keys, const void *key, size_t len, uint32_t most,
                             uint32_t *at)
{
    const struct text t = {key, len};
    name_id id = names_find(keys, t);
    *at = id - 1;
    if (id != NAME_NONE)
        return FOUND;
    if (keys->len > most)
        return FOUND_NONE;
    if (!names_add(keys, t, &id))
        return FOUND_NO_MEMORY;
    *at = id - 1;
    return FOUND_NEW;
}

bool tally_init(struct tally *t, const struct changes *changes, int32_t since, int32_t until)
{
    *t = (struct tally){.changes = changes,
                        .since = since,
                        .until = until,
                        .first_day = DAY_MAX,
                        .last_day = DAY_MIN,
                        .domains_len = 1};
    return names_init(&t->froms, EVIDENCE_NAMES_BYTES_MAX) &&
           names_init(&t->names, EVIDENCE_NAMES_BYTES_MAX) &&
           names_init(&t->day_keys, EVIDENCE_NAMES_BYTES_MAX) &&
           names_init(&t->sender_keys, EVIDENCE_NAMES_BYTES_MAX) &&
           names_init(&t->address_keys, EVIDENCE_NAMES_BYTES_MAX) &&
           room_make((void **)&t->domains, 0, &t->domains_cap, sizeof *t->domains);
}

void tally_clear(struct tally *t)
{
    names_clear(&t->froms);
    names_clear(&t->names);
    names_clear(&t->day_keys);
    names_clear(&t->sender_keys);
    names_clear(&t->address_keys);
    free(t->domains);
    free(t->days);
    free(t->senders);
    *t = (struct tally){0};
}

/* ---- one row ---- */

/* What a row says, once it is known what it is about. */
struct sighting {
    const struct aggregate_row *row;
    enum ses_rule rule;
    enum mail_phase phase;
    int32_t day;
    bool is_coarse;
};

static enum ses_rule rule_of(const struct tally *t, const struct aggregate_row *row)
{
    for (uint32_t i = 0; i < row->dkim_len; i++)
        if (row->dkim[i].result == AUTH_PASS && mail_from_is_default(row->dkim[i].domain))
            return RULE_DKIM;
    if (row->spf_result != AUTH_PASS)
        return RULE_NONE;
    if (mail_from_is_default(row->spf_domain))
        return RULE_SPF_DEFAULT;
    return t->changes && changes_have_mail_from(t->changes, row->spf_domain) ? RULE_SPF_CUSTOM
                                                                             : RULE_NONE;
}

static enum mail_phase phase_of(const struct aggregate_report *report, const struct change *c)
{
    if (c->written == 0)
        return PHASE_APART;
    if (report->end <= c->first_write)
        return PHASE_BEFORE;
    if (report->begin >= c->next_write)
        return PHASE_LATER;
    bool is_after = c->success && report->begin >= c->success && report->end <= c->next_write;
    return is_after ? PHASE_AFTER : PHASE_DURING;
}

static void counts_add(struct mail_counts *c, const struct aggregate_row *row)
{
    count_add(&c->messages, row->messages);
    count_add(&c->spf, row->spf_aligned ? row->messages : 0);
    count_add(&c->dkim, row->dkim_aligned ? row->messages : 0);
    count_add(&c->both, row->spf_aligned && row->dkim_aligned ? row->messages : 0);
    count_add(&c->quarantined, strcmp(row->disposition, "quarantine") == 0 ? row->messages : 0);
    count_add(&c->rejected, strcmp(row->disposition, "reject") == 0 ? row->messages : 0);
}

static void domain_count(struct mail_domain *d, const struct sighting *s)
{
    if (s->rule == RULE_NONE) {
        counts_add(&d->others, s->row);
        return;
    }
    counts_add(&d->ses[s->phase], s->row);
    counts_add(&d->all, s->row);
    count_add(&d->by_rule[s->rule], s->row->messages);
}

static bool day_count(struct tally *t, uint32_t domain, const struct sighting *s)
{
    const uint32_t key[] = {domain, (uint32_t)s->day};
    uint32_t at;
    enum found found = place_find(&t->day_keys, key, sizeof key, EVIDENCE_DAYS_MAX, &at);
    if (found == FOUND_NONE)
        count_add(&t->days_beyond, s->row->messages);
    if (found == FOUND_NONE)
        return true;
    if (found == FOUND_NO_MEMORY ||
        !room_make((void **)&t->days, at, &t->days_cap, sizeof *t->days))
        return false;
    struct mail_day *day = &t->days[at];
    if (found == FOUND_NEW) {
        day->domain = domain;
        day->day = s->day;
        t->days_len = at + 1;
    }
    counts_add(s->rule == RULE_NONE ? &day->others : &day->ses, s->row);
    if (s->rule != RULE_NONE)
        day->phases |= (uint8_t)(1u << s->phase);
    day->is_coarse |= s->is_coarse;
    return true;
}

/* The first addresses in order are kept, so that no order of rows changes them. */
static void address_keep(struct mail_sender *sender, struct text address)
{
    char one[sizeof sender->address[0]], other[sizeof one];
    if (address.len >= sizeof one)
        return;
    memset(one, 0, sizeof one);
    memcpy(one, address.at, address.len);
    for (int i = 0; i < SENDER_ADDRESSES; i++) {
        char *kept = sender->address[i];
        if (*kept && strcmp(kept, one) <= 0)
            continue;
        memcpy(other, kept, sizeof other);
        memcpy(kept, one, sizeof one);
        memcpy(one, other, sizeof one);
    }
}

/* kind tells the addresses of all mail from those of a phase. */
static enum found address_find(struct tally *t, uint32_t sender, struct text address, uint32_t kind)
{
    char key[2 * sizeof sender + sizeof t->senders->address[0]];
    uint32_t at;
    memcpy(key, &sender, sizeof sender);
    memcpy(key + sizeof sender, &kind, sizeof kind);
    memcpy(key + 2 * sizeof sender, address.at, address.len);
    return place_find(&t->address_keys, key, 2 * sizeof sender + address.len,
                      EVIDENCE_ADDRESSES_MAX, &at);
}

static bool address_count(struct tally *t, uint32_t sender, struct text address,
                          enum mail_phase phase)
{
    struct mail_sender *s = &t->senders[sender];
    address = text_slice(address, 0, sizeof s->address[0]);
    if (address.len == 0)
        return true;
    if (phase == PHASE_AFTER) {
        enum found after = address_find(t, sender, address, PHASE_AFTER);
        s->has_more_addresses |= after == FOUND_NONE;
        s->addresses_after += after == FOUND_NEW;
        if (after == FOUND_NO_MEMORY)
            return false;
    }
    enum found found = address_find(t, sender, address, PHASE_APART);
    s->has_more_addresses |= found == FOUND_NONE;
    if (found == FOUND_NEW) {
        s->addresses++;
        address_keep(s, address);
    }
    return found != FOUND_NO_MEMORY;
}

static bool name_keep(struct tally *t, struct text name, name_id *id)
{
    return names_add(&t->names, text_slice(name, 0, NAME_LEN_MAX), id);
}

/* A bounce has no MAIL FROM, and SPF is then about the name in HELO. */
static struct text mail_from_of(const struct aggregate_row *row)
{
    return row->spf_domain.len && !row->spf_is_helo ? row->spf_domain : row->envelope_from;
}

/* Of mail that SPF did not align: who says what it was. */
static bool sender_count(struct tally *t, uint32_t domain, const struct sighting *s)
{
    const struct aggregate_row *row = s->row;
    const bool is_ses = s->rule != RULE_NONE, spf_passed = row->spf_result == AUTH_PASS;
    name_id mail_from;
    uint32_t at;
    if (!name_keep(t, mail_from_of(row), &mail_from))
        return false;
    const uint32_t key[] = {domain, mail_from, is_ses * 2u + spf_passed};
    bool is_full = t->domains[domain].senders_kept >= EVIDENCE_DOMAIN_SENDERS_MAX;
    enum found found =
        place_find(&t->sender_keys, key, sizeof key, is_full ? 0 : EVIDENCE_SENDERS_MAX, &at);
    if (found == FOUND_NONE)
        count_add(&t->domains[domain].senders_beyond, row->messages);
    if (found == FOUND_NONE)
        return true;
    if (found == FOUND_NO_MEMORY ||
        !room_make((void **)&t->senders, at, &t->senders_cap, sizeof *t->senders))
        return false;
    struct mail_sender *sender = &t->senders[at];
    if (found == FOUND_NEW) {
        sender->domain = domain;
        sender->mail_from = mail_from;
        sender->is_ses = is_ses;
        sender->spf_passed = spf_passed;
        t->senders_len = at + 1;
        t->domains[domain].senders_kept++;
    }
    count_add(&sender->messages[s->phase], row->messages);
    count_add(&sender->all, row->messages);
    count_add(&sender->dkim, row->dkim_aligned ? row->messages : 0);
    return address_count(t, at, row->source_ip, s->phase);
}

/* Ids of names begin at 1, behind the whole. *at is WHOLE beyond the bound. */
static bool domain_find(struct tally *t, struct text name, uint32_t *at)
{
    name = text_slice(name, 0, NAME_LEN_MAX);
    enum found found = place_find(&t->froms, name.at, name.len, EVIDENCE_DOMAINS_MAX, at);
    *at = found == FOUND_NONE ? WHOLE : *at + 1;
    if (found != FOUND_NEW)
        return found != FOUND_NO_MEMORY;
    if (!room_make((void **)&t->domains, *at, &t->domains_cap, sizeof *t->domains))
        return false;
    struct mail_domain *d = &t->domains[*at];
    d->name = (name_id)*at;
    d->change = t->changes ? changes_of(t->changes, name)
                           : (struct change){.first_write = WHEN_NEVER, .next_write = WHEN_NEVER};
    t->domains_len = *at + 1;
    return true;
}

static void range_note(struct tally *t, int32_t day)
{
    t->first_day = day < t->first_day ? day : t->first_day;
    t->last_day = day > t->last_day ? day : t->last_day;
}

static bool row_count(struct tally *t, struct sighting *s)
{
    const struct aggregate_row *row = s->row;
    uint32_t at;
    if (!domain_find(t, row->header_from, &at))
        return false;
    s->rule = rule_of(t, row);
    s->phase = at == WHOLE ? PHASE_APART : phase_of(row->report, &t->domains[at].change);
    domain_count(&t->domains[WHOLE], s);
    if (at == WHOLE)
        count_add(&t->domains_beyond, row->messages);
    else
        domain_count(&t->domains[at], s);
    if (!day_count(t, WHOLE, s) || (at != WHOLE && !day_count(t, at, s)))
        return false;
    return at == WHOLE || row->spf_aligned || sender_count(t, at, s);
}

bool tally_row(void *tally, const struct aggregate_row *row)
{
    struct tally *t = tally;
    const struct aggregate_report *report = row->report;
    struct sighting s = {.row = row,
                         .day = day_of(report->begin + (report->end - report->begin) / 2),
                         .is_coarse = report->end - report->begin > COARSE_ABOVE};
    if (row->messages == 0)
        return true;
    if (s.day < t->since || s.day > t->until) {
        t->rows_apart++;
        return true;
    }
    t->rows++;
    range_note(t, s.day);
    if (row->is_unjudged) {
        t->rows_unjudged++;
        count_add(&t->messages_unjudged, row->messages);
        return true;
    }
    t->out_of_memory = !row_count(t, &s);
    return !t->out_of_memory;
}
