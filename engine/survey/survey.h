/*
 * A survey: all questions to DNS about one MAIL FROM name, in order, as a pure state machine.
 *
 *   1. the name itself: MX and TXT, by the mode of the inquiry (dns/inquiry.h)
 *   2. the receivers' view: SPF (RFC 7208), one message if the options name one, and DMARC
 *      (RFC 9989, RFC 7489) for a From domain. These questions are about other names and go to the
 *      resolver, in this order, as many at once as possible. Where the SPF record names networks
 * and not Amazon SES, the networks of amazonses.com are asked for, too. With options.closer also:
 *      whether a resolver that validates DNSSEC sees the records, and, without a DMARC record,
 *      whether one stands at the MAIL FROM name, at the From domain itself or at the doubled name
 *      (_dmarc.example.com.example.com): at most two questions.
 *
 * Questions of step 2 already answered by the inquiry are not sent: the survey answers from the
 * facts. So in authority mode the resolver is never asked for MX and TXT of the name, nor for any
 * name at or below a missing one, and caches no "no such name" (RFC 2308, RFC 8020).
 *
 *   survey_start(&s, name, from, NULL);
 *   while (s.stage != SURVEY_DONE) {
 *       send all that survey_next() gives; survey_reply(one);
 *       if (survey_name_is_known(&s)) survey_go_on(&s) or survey_stop(&s);
 *   }
 *
 * One owner, one thread at a time. Facts are borrowed until the next start or clear.
 */
#ifndef MF_SURVEY_H
#define MF_SURVEY_H

#include "dns/inquiry.h"
#include "rules/dmarc.h"
#include "rules/spf.h"
#include "rules/suffix.h"
#include "validation.h"

#define SURVEY_HELD_MAX                                                                            \
    (INQUIRY_QUESTIONS_MAX + DMARC_NAMES_MAX + VALIDATEDS +                                        \
     4) /* questions of one survey at once, at most */

/* Options common to many surveys. Texts and the list are borrowed. */
struct survey_options {
    enum inquiry_mode mode;
    uint16_t authority_port;            /* 0: 53 */
    const struct suffix_list *suffixes; /* needed for step 2 with a From domain */
    uint32_t window; /* questions out at once, of these DNS_WINDOW at the resolver; 0: DNS_WINDOW */
    bool closer;     /* look where a missing record may stand, and whether a resolver that validates
                        sees the records that the authorities have */
    bool above;      /* in authority mode: look whether a record at the name would hide others */
    bool terse;      /* facts without the notes of each server, which few owners read */
    bool checks;     /* run check_host() for client, sender and helo */
    struct spf_address client;
    struct text sender, helo; /* empty: postmaster@NAME, NAME; "local" means local@NAME */
    bool sender_is_null;      /* "<>": the HELO name is checked (RFC 7208, section 2.4) */
    int64_t time_s;           /* %{t} of SPF macros; since 1970 */
};

enum survey_stage { SURVEY_OF_NAME, SURVEY_OF_RECEIVERS, SURVEY_DONE };

struct survey {
    enum survey_stage stage;
    bool has_receivers; /* step 2 was taken: spf, check and dmarc hold an outcome when done */

    /* outcome, for the parts asked for */
    struct text name, from; /* A-labels; copied. from: empty, DMARC is not asked for */
    struct inquiry inquiry;
    struct spf_survey spf;
    struct spf_check check; /* options->checks */
    struct dmarc_survey dmarc;
    struct validation validation; /* options->closer */

    /* inside */
    struct spf_survey ses; /* of amazonses.com; started when spf.wants_ses */
    struct lookup elsewhere[DMARC_AT_DOUBLED + 1]; /* TXT; started when no DMARC record applies */
    struct text from_zone;                         /* of the name _dmarc.FROM, when it was denied */
    bool has_ses, has_elsewhere;                   /* started */
    const struct survey_options *options;
    uint32_t out;                   /* questions handed out and not replied to */
    struct arena arena;             /* name, from, and texts made of both */
    struct dns_record known_record; /* of the reply made from facts */
};

void survey_init(struct survey *s, const struct survey_options *options);
void survey_clear(struct survey *s);
/* Begins anew. from may be empty. denial: looked for first (inquiry.h), in authority mode; or NULL.
 */
void survey_start(struct survey *s, struct text name, struct text from,
                  const struct denial *denial);
/* A question to send now, with its part; false: none until a reply or a decision comes, or done.
 * Each question handed out wants exactly one reply. */
bool survey_next(struct survey *s, struct dns_question *question, uint32_t *part);
void survey_reply(struct survey *s, uint32_t part, const struct dns_reply *reply);
/* Has step 1 ended, without a decision yet about step 2? */
bool survey_name_is_known(const struct survey *s);
void survey_go_on(struct survey *s);
void survey_stop(struct survey *s);
bool survey_part_is_of_receivers(uint32_t part);
/* Valid once step 1 has ended. */
const struct dns_facts *survey_facts(const struct survey *s);
/* Did a question stay without an answer? Valid when done. */
bool survey_has_trouble(const struct survey *s);

#endif
