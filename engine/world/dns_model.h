/*
 * A model of other people's DNS: when the records of a MAIL FROM name appear, and with which
 * faults. Every name has a history, drawn from the seed and the name alone, so a million names cost
 * no memory: there from the start, or published after a while; right at once, or wrong first;
 * broken again later, then mended for good.
 *
 * Every zone is two labels deep, is not signed, and has two servers; the second lags behind. Either
 * all zones have the same two, or each has one of many pairs, by its name. Some
 * owners have SES's SPF record at the domain itself, which is no MAIL FROM name. The resolver
 * caches negative answers for the negative TTL (RFC 2308).
 */
#ifndef MF_DNS_MODEL_H
#define MF_DNS_MODEL_H

#include "base/names.h"
#include "base/when.h"
#include "dns/question.h"
#include "model/facts.h"

struct dns_model_options {
    uint64_t seed;
    instant_us start;
    double published;             /* share of names right from the start */
    double wrong_first;           /* share of the other names with a wrong record first */
    double breaks;                /* share of all names with a later outage */
    span_us delay_min, delay_max; /* when the others publish, after the start */
    span_us outage;               /* how long wrong and broken records stay */
    span_us lag_max;              /* of the second server */
    span_us negative_ttl;         /* of the resolver; 0: no negative cache */
    struct text right_host;       /* "feedback-smtp.us-east-1.amazonses.com" */
    uint32_t server_pairs;        /* so many pairs of servers share all zones; 0: one pair */
    bool foretells; /* answers carry the instant of the next change: no need to ask before */
    instant_us foretold_until; /* but of no change from then on; 0: of every one */
};

enum dns_view {
    VIEW_MISSING,
    VIEW_RIGHT,
    VIEW_NO_SPF,  /* the MX is there, the TXT is not */
    VIEW_DOUBLED, /* both stand at the name with its zone appended once more */
};

struct dns_model {
    struct dns_model_options options;
    struct names silent;      /* names in the resolver's negative cache... */
    instant_us *silent_until; /* ...and until when; by name_id */
    uint32_t silent_cap;
};

/* False: out of memory. options' texts are borrowed. */
bool dns_model_init(struct dns_model *m, const struct dns_model_options *options);
void dns_model_clear(struct dns_model *m);

/* The records in the zone at an instant. */
enum dns_view dns_model_view(const struct dns_model *m, struct text name, instant_us at);
/* From when on the story is right for good: the end of every wait. */
instant_us dns_model_right_from(const struct dns_model *m, struct text name);

/* Answers a question as the named server would at `now`; texts live in *arena or with the model. */
void dns_model_answer(struct dns_model *m, const struct dns_question *question, instant_us now,
                      struct arena *arena, struct dns_reply *reply);
/* One record more in the answer section. */
struct dns_record *dns_model_record(struct dns_message *message, struct arena *arena,
                                    struct text owner, uint16_t type);
/* The MX record at the name now, in the view of SES's own resolver. False: none. */
bool dns_model_mx(const struct dns_model *m, struct text name, instant_us now, struct mx_fact *mx);

#endif
