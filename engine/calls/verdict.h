/*
 * The class of an answer of SES, or of a provider of DNS. All protocols' errors go through one
 * table, and every class is named by its consequence. Pure.
 *
 * Sources: SES API Reference "Common Errors" (v1, v2), botocore's retry classes; Route 53 API
 * Reference, the errors of each action; of Cloudflare, whose API reference has none of its codes,
 * octoDNS, certbot and the issues of its Terraform provider.
 */
#ifndef MF_VERDICT_H
#define MF_VERDICT_H

#include "call.h"

enum verdict {
    VERDICT_OK,
    VERDICT_SLOW_DOWN, /* throttled: nothing happened; the bucket is at fault, not the job */
    VERDICT_AGAIN,   /* nothing happened, or a question went unanswered: ask again after a while */
    VERDICT_UNSURE,  /* a write with an unknown effect: read SES, or ask DNS, first */
    VERDICT_RENEW,   /* the credentials have expired: once more with fresh ones */
    VERDICT_SKEW,    /* the clocks differed: once more with the service's time, known by now */
    VERDICT_GONE,    /* SES does not know the identity, the provider not the zone */
    VERDICT_REFUSED, /* refused for this identity or zone, at every try */
    VERDICT_DENIED,  /* the lane may not do this: credentials, IAM, Region not enabled */
};

/* Does the answer say that the Region does not know the keys, or that the account has not enabled
 * the Region? Its word for that, or NULL. */
const char *reply_knows_no_keys(const struct reply *reply);
enum verdict verdict_of(const struct reply *reply, enum call_kind kind);
/* The verdict after `attempts` earlier failures: fresh credentials help at once or never, and then
 * the lane is denied. */
enum verdict verdict_after(enum verdict verdict, unsigned attempts);
/* AGAIN, RENEW, SKEW: a question may be asked again after a while. (SLOW_DOWN is the bucket's.) */
bool verdict_is_retried(enum verdict verdict);

/* SES finds fault with the request itself, not with the caller or the time, and will at every
   try. */
bool reply_is_about_request(const struct reply *reply);
/* IAM does not allow the action: to this caller, by this API, perhaps for this identity or zone
 * only; or a token of Cloudflare does not. */
bool reply_is_access_denied(const struct reply *reply);

/* 401 or 403 without an error code: AWS and Cloudflare give one with each refusal (SES API
 * Reference, "Common Errors"), so a proxy or a firewall has answered, perhaps by the path or the
 * method. */
bool reply_is_foreign(const struct reply *reply);
/* The action is refused, by IAM or by somebody on the way; another one may be served. */
bool reply_refuses_action(const struct reply *reply);

/* Does the service not know the action, as an emulator or a Region without it says? */
bool reply_knows_no_action(const struct reply *reply);

#endif
