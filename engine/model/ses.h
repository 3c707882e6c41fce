/*
 * The words of Amazon SES: identity types, the behaviour on MX failure, the set-up states of a
 * custom MAIL FROM, in both spellings of the API (v1 Query 2010-12-01, v2 JSON 2019-09-27).
 * Source: SES API Reference, IdentityMailFromDomainAttributes and MailFromAttributes.
 */
#ifndef MF_SES_H
#define MF_SES_H

#include "base/text.h"

enum identity_type { IDENTITY_DOMAIN, IDENTITY_EMAIL_ADDRESS };

/* The domain of an identity: the part after the last '@', or the whole name. */
struct text identity_domain(struct text identity);
enum identity_type identity_type_of(struct text identity); /* with an '@': an address */
const char *identity_type_name(enum identity_type type);   /* "DOMAIN", "EMAIL_ADDRESS" */

enum behavior { BEHAVIOR_USE_DEFAULT_VALUE, BEHAVIOR_REJECT_MESSAGE };

const char *behavior_name(enum behavior b);             /* v2: "USE_DEFAULT_VALUE" */
const char *behavior_name_v1(enum behavior b);          /* v1: "UseDefaultValue" */
bool behavior_parse(struct text t, enum behavior *out); /* either spelling, case matters */

/* MAIL FROM set-up state. MAIL_FROM_NONE: no custom MAIL FROM is set. UNKNOWN: a word unknown to
 * this program, never fatal. */
enum mail_from_status {
    MAIL_FROM_NONE,
    MAIL_FROM_PENDING,
    MAIL_FROM_SUCCESS,
    MAIL_FROM_FAILED,
    MAIL_FROM_TEMPORARY_FAILURE,
    MAIL_FROM_UNKNOWN,
};

const char *mail_from_status_name(enum mail_from_status s);    /* v2: "PENDING"; NONE is "" */
const char *mail_from_status_name_v1(enum mail_from_status s); /* v1: "Pending" */
enum mail_from_status mail_from_status_parse(struct text t);   /* either spelling; empty is NONE */

/* Does SES reject mail of an identity in this state? SES does so while a custom MAIL FROM with
 * REJECT_MESSAGE is not at Success. */
bool ses_rejects_mail(struct text mail_from, enum mail_from_status status, enum behavior behavior);

enum verification {
    VERIFICATION_NONE, /* the identity does not exist */
    VERIFICATION_PENDING,
    VERIFICATION_SUCCESS,
    VERIFICATION_FAILED,
    VERIFICATION_TEMPORARY_FAILURE,
    VERIFICATION_NOT_STARTED,
};

const char *verification_name(enum verification v);    /* v2: "PENDING" */
const char *verification_name_v1(enum verification v); /* v1: "Pending" */
enum verification verification_parse(struct text t);   /* either spelling; unknown is NOT_STARTED */

/* May mail of an identity be signed with DKIM for its own domain? The five states of SES, and
 * signing that is switched off. UNKNOWN: not asked, not told, or a word unknown to this program.
 * Source: SES API Reference, IdentityDkimAttributes (v1) and DkimAttributes (v2). */
enum dkim_status {
    DKIM_UNKNOWN,
    DKIM_NOT_STARTED,
    DKIM_PENDING,
    DKIM_SUCCESS,
    DKIM_FAILED,
    DKIM_TEMPORARY_FAILURE,
    DKIM_DISABLED, /* the keys may be published, but SES does not sign with them */
    DKIM_STATUSES,
};

const char *dkim_status_name(enum dkim_status s);    /* v2: "SUCCESS"; UNKNOWN is "" */
const char *dkim_status_name_v1(enum dkim_status s); /* v1: "Success" */
enum dkim_status dkim_status_parse(struct text t);   /* either spelling; unknown is UNKNOWN */

/* Of what SES tells: its word for the keys, and whether it signs with them; NULL: not told. */
enum dkim_status dkim_status_told(struct text status, const bool *signs);

/* What holds for mail of an identity. An address has keys of its own only where somebody has set it
 * up so; otherwise its domain's are used, of which SES says nothing under the address. So what is
 * not Success of an address tells nothing, and its domain's status holds; UNKNOWN: not known here.
 * Source: SES Developer Guide, "Authenticating email with DKIM in Amazon SES". */
enum dkim_status dkim_status_held(struct text identity, enum dkim_status own,
                                  enum dkim_status of_domain);

#endif
