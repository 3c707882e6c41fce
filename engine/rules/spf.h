/*
 * SPF (RFC 7208), as two questions about a domain:
 *
 *   spf_check   check_host(): does mail from this address with this sender pass?
 *   spf_survey  the record for any sender: its class, the worst case of lookups, and whether
 *               Amazon SES may send
 *
 * Both are pure state machines, asking one DNS question at a time:
 *
 *   spf_check_start(&check, &mail);
 *   while (spf_check_next(&check, &question, &number))
 *       spf_check_reply(&check, number, ask(&question));
 *   if (check.walk.done) ... check.walk.result
 *
 * One owner, one thread at a time. Returned texts are borrowed until the next start or clear.
 */
#ifndef MF_SPF_H
#define MF_SPF_H

#include "base/bounds.h"
#include "lookup.h"
#include "spf_networks.h"
#include "spf_record.h"

/* The facts of a message before its data. Start copies the texts. */
struct spf_mail {
    struct spf_address client;
    struct text sender; /* MAIL FROM; empty: postmaster at helo (section 2.4) */
    struct text helo;
    struct text receiver; /* %{r}; empty: "unknown" */
    int64_t time_s;       /* %{t}; since 1970 */
};

enum spf_walk_mode { SPF_WALK_CHECK, SPF_WALK_SURVEY };

enum spf_walk_state {
    SPF_AT_TERM,       /* about to judge the next term of the top frame */
    SPF_AT_RECORD,     /* the record of the top frame is looked up */
    SPF_AT_ADDRESSES,  /* a: addresses of the target; exists too */
    SPF_AT_MX,         /* mx: names of the target */
    SPF_AT_MX_HOST,    /* mx: addresses of one name */
    SPF_AT_PTR,        /* names of the client's address */
    SPF_AT_PTR_HOST,   /* addresses of one PTR name, for validation (section 5.5) */
    SPF_AT_EXP,        /* about to look the explanation up */
    SPF_AT_EXP_TEXT,   /* the explanation is looked up */
    SPF_AT_EXP_MACROS, /* about to expand the explanation */
};

/* One record on the way: the domain's own, or the target of an include. A redirect takes the frame
 * over. */
struct spf_frame {
    struct text domain;
    struct spf_record record;
    uint32_t term;   /* index of the one at hand */
    bool redirected; /* a redirect named the record */
    bool passes;     /* a pass here is a pass of the whole: every include above has a plus */
};

/* Names of the client's address with an address record back to the client. */
struct spf_validation {
    bool known;
    struct text names[SPF_NAMES_MAX], validated[SPF_NAMES_MAX];
    unsigned names_len, validated_len, next;
    unsigned void_lookups;    /* 1 when the address has no name */
    enum spf_walk_state then; /* where to go on */
};

struct spf_walk {
    /* outcome */
    bool done;
    enum spf_result result;
    struct text record;             /* the domain's own SPF record; empty: none found */
    struct text reason;             /* errors: one sentence, perhaps with raw bytes of the record */
    struct text matched;            /* SPF_WALK_CHECK: the deciding term; empty: none */
    struct text explanation;        /* SPF_FAIL: the domain owner's words (exp=); empty: none */
    unsigned lookups, void_lookups; /* section 4.6.4 */
    bool authorizes_ses;
    /* SPF_WALK_SURVEY */
    bool passes_all;              /* +all, or what means the same */
    struct text ptr_at;           /* the domain of the first record with ptr or %{p}; empty: none */
    struct spf_networks networks; /* of all terms with fixed addresses */

    /* inside */
    enum spf_walk_mode mode;
    enum spf_walk_state state;
    struct arena arena;
    struct spf_macro_values values;
    struct spf_frame frames[SPF_LOOKUPS_MAX + 1]; /* every frame above the first cost a look-up */
    unsigned depth;
    struct lookup lookup;
    unsigned troubles;   /* SPF_WALK_SURVEY: look-ups without an answer that were stepped over */
    struct text trouble; /* the reason of the first */
    bool ses_is_behind;  /* one, not about SES's own record, stands in front of the term that leads
                            to  SES, if there is such a term */
    bool lookup_is_on;
    uint32_t number;                  /* of the question out now, or of the last one */
    struct text hosts[SPF_NAMES_MAX]; /* mx */
    unsigned hosts_len, host;
    struct spf_validation ptr;
};

struct spf_check {
    struct spf_walk walk;
};

/* init once, then start as often as wanted, clear at the end. */
void spf_check_init(struct spf_check *c);
void spf_check_clear(struct spf_check *c);
void spf_check_start(struct spf_check *c, const struct spf_mail *mail);
/* The question to send now, with its number; false while one is out, or when done. */
bool spf_check_next(struct spf_check *c, struct dns_question *question, uint32_t *number);
void spf_check_reply(struct spf_check *c, uint32_t number, const struct dns_reply *reply);

/*
 * The survey walks as if no address matched, so the walk covers every term up to an `all`. Counts
 * go beyond the limits (to SPF_SURVEY_LOOKUPS_MAX), so an owner learns how far over the record is.
 * Names depending on the message (%{i}, %{l} ...) are counted but not looked up. Void look-ups are
 * counted for an IPv4 client, since SES sends by IPv4.
 *
 * authorizes_ses: the walk reaches amazonses.com's own record, or `all`, through includes and
 * redirects, each passing a pass on. True is possible beside a permerror of a limit, since an early
 * match spares a client the rest.
 *
 * A flattened record has the networks of SES written as ip4. When spf_survey_wants_ses(), the owner
 * runs a second survey, of amazonses.com, and gives it to spf_survey_take_ses(), which decides.
 *
 * A term without an answer from DNS is stepped over, a few times: the result is temperror, and
 * authorizes_ses is true if another term leads to SES.
 */
enum spf_class { SPF_CLASS_NONE, SPF_CLASS_PERMERROR, SPF_CLASS_TEMPERROR, SPF_CLASS_VALID };

const char *spf_class_name(enum spf_class c);

struct spf_survey {
    struct spf_walk walk;
    bool passes_all;   /* everybody passes, or networks wider than those of one sender */
    bool is_flattened; /* authorizes_ses by the networks that amazonses.com has now */
    struct text stale; /* the first network of SES that the record lacks, where it has others */
};

void spf_survey_init(struct spf_survey *s);
void spf_survey_clear(struct spf_survey *s);
void spf_survey_start(struct spf_survey *s, struct text domain);
bool spf_survey_next(struct spf_survey *s, struct dns_question *question, uint32_t *number);
void spf_survey_reply(struct spf_survey *s, uint32_t number, const struct dns_reply *reply);
enum spf_class spf_survey_class(const struct spf_survey *s); /* once s->walk.done */
/* Are the networks of SES needed for a verdict? Once s->walk.done. */
bool spf_survey_wants_ses(const struct spf_survey *s);
void spf_survey_take_ses(struct spf_survey *s, const struct spf_survey *ses);

#endif
