/*
 * Rows of aggregate reports, counted: for each From domain how much of the mail through Amazon SES
 * was aligned by SPF and by DKIM, day by day, and before and after a run. Pure; one owner.
 *
 * Which mail is SES's. SES adds a signature of its own domain beside that of the sender, and its
 * own MAIL FROM is below amazonses.com. So a row is SES's by the first of these rules that holds:
 *   RULE_DKIM         a DKIM signature of amazonses.com, or of a name below, has passed
 *   RULE_SPF_DEFAULT  SPF has passed for amazonses.com, or for a name below
 *   RULE_SPF_CUSTOM   SPF has passed for a custom MAIL FROM of the run or of its journal
 * Anybody can write such names, so only a pass counts. Mail of SES that fails both, since it was
 * forwarded, is therefore counted among the others.
 *
 * Which day. A report is counted whole to the day (UTC) in which the middle of its range lies: for
 * ranges up to a day that is the day with the larger part, whatever the reporter's time zone. A
 * report tells no finer, so nothing is spread; days with a report of more than 26 hours are marked.
 *
 * Which phase. Before: the range has ended when the run first wrote to an identity of the domain.
 * After: it began when SES had shown Success, and ended before a later run wrote to one. Later: it
 * began after that write. What lies between these proves nothing.
 *
 * The order of the rows changes nothing, as long as no bound is reached (base/bounds.h).
 */
#ifndef MF_TALLY_H
#define MF_TALLY_H

#include "aggregate.h"
#include "changes.h"

enum mail_phase {
    PHASE_APART, /* no run, or the run has written to no identity of the domain */
    PHASE_BEFORE,
    PHASE_DURING,
    PHASE_AFTER,
    PHASE_LATER, /* a later run has written to an identity of the domain */
    MAIL_PHASES,
};
const char *mail_phase_name(enum mail_phase p); /* "before"; APART is "" */

enum ses_rule { RULE_DKIM, RULE_SPF_DEFAULT, RULE_SPF_CUSTOM, RULE_NONE, SES_RULES = RULE_NONE };
const char *ses_rule_name(enum ses_rule r); /* "dkim" */

/* Counts stop at UINT64_MAX. */
struct mail_counts {
    uint64_t messages, spf, dkim, both; /* aligned; both: also in spf and in dkim */
    uint64_t quarantined, rejected;
};
void mail_counts_join(struct mail_counts *into, const struct mail_counts *one);
uint64_t mail_counts_pass(const struct mail_counts *c); /* DMARC: by SPF, by DKIM, or by both */

/* A MAIL FROM of mail that SPF did not align. */
#define SENDER_ADDRESSES 3
struct mail_sender {
    uint32_t domain;   /* index into tally.domains */
    name_id mail_from; /* NAME_NONE: none was reported */
    bool is_ses, spf_passed;
    uint64_t messages[MAIL_PHASES], dkim; /* dkim: of all, aligned by DKIM */
    uint64_t all;                         /* of all phases */
    uint32_t addresses;                   /* source addresses, different ones */
    uint32_t addresses_after;             /* likewise, of PHASE_AFTER */
    bool has_more_addresses;
    char address[SENDER_ADDRESSES][48]; /* the first in order, "" for none */
};

struct mail_day {
    uint32_t domain;
    int32_t day; /* since 1970-01-01 */
    struct mail_counts ses, others;
    uint8_t phases; /* a bit for each that its reports are of */
    bool is_coarse; /* some report of it is of more than 26 hours */
};

struct mail_domain {
    name_id name;
    struct change change;
    struct mail_counts ses[MAIL_PHASES], all, others; /* all: of SES, of all phases */
    uint64_t by_rule[SES_RULES];
    uint64_t senders_beyond; /* messages of senders beyond the bound */
    uint32_t senders_kept;
    uint32_t senders_at, senders_len; /* after tally_settle(), as the next two */
    uint32_t days_at, days_len;
};

struct tally {
    const struct changes *changes; /* borrowed; NULL: no run */
    int32_t since, until;          /* days, both counted */
    struct names froms; /* From domains; the id is the index into domains while rows are counted */
    struct names names; /* MAIL FROMs */
    struct names day_keys, sender_keys, address_keys;
    struct mail_domain *domains; /* [0]: the whole; owned, as the others are */
    struct mail_day *days;
    struct mail_sender *senders;
    uint32_t domains_len, domains_cap, days_len, days_cap, senders_len, senders_cap;
    int32_t first_day, last_day;          /* of what was counted; nothing: first_day > last_day */
    uint64_t domains_beyond, days_beyond; /* messages that a bound leaves out of domains, of days */
    uint64_t rows, rows_apart;            /* counted; left out by since and until */
    uint64_t rows_unjudged, messages_unjudged; /* of these days, without the receiver's verdict */
    bool out_of_memory;
};

#define DAY_MIN INT32_MIN
#define DAY_MAX INT32_MAX

/* False: out of memory; tally_clear() is due in any case. */
bool tally_init(struct tally *t, const struct changes *changes, int32_t since, int32_t until);
void tally_clear(struct tally *t);
/* As struct aggregate_reader wants it. False: out of memory. */
bool tally_row(void *tally, const struct aggregate_row *row);
/* Sorts, after the last row: domains those first that need a look, senders by messages, days by
 * date. What is one domain's lies together. */
void tally_settle(struct tally *t);

struct text tally_name(const struct tally *t, const struct mail_domain *d); /* the whole: "" */
struct text tally_mail_from(const struct tally *t, const struct mail_sender *s);
/* What a domain's senders have to answer for: with a change that was written, mail after it. */
uint64_t sender_messages(const struct mail_domain *d, const struct mail_sender *s);
/* And from how many addresses it came. */
uint32_t sender_addresses(const struct mail_domain *d, const struct mail_sender *s);
bool mail_from_is_default(struct text mail_from); /* amazonses.com, or below */
/* "eu-west-1" for "eu-west-1.amazonses.com", "us-east-1" for "amazonses.com"; empty: of no
 * Region that can be told. */
struct text default_mail_from_region(struct text mail_from);

int32_t day_of(instant_us at);
instant_us day_begin(int32_t day);

#endif
