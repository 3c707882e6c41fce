/*
 * A webhook: each event is POSTed to a URL, signed where there is a secret. For the family of this
 * room.
 *
 *     X-Mailfrom-Event: problem                 the event's type
 *     X-Mailfrom-Delivery: 5f0c...              the event's id: equal for every try of one event
 *     X-Mailfrom-Signature: t=1700000000,v1=... HMAC-SHA-256 over "1700000000." and the body
 *
 * Source: Stripe, "Verify webhook signatures manually", which has the same form.
 */
#ifndef MF_WEBHOOK_H
#define MF_WEBHOOK_H

#include "outlet.h"
#include "target.h"
#include "wire/os_clock.h"

#define WEBHOOK_SECRET_VARIABLE "MAILFROM_WEBHOOK_SECRET"
#define WEBHOOK_AGE_MAX         SPAN_H(1) /* an older event is given up after its next try */
#define WEBHOOK_SIGNATURE_LEN   100

struct webhook {
    struct target target;
    struct target_client client;
    const struct os_clock *clock; /* of the notifier */
    const char *secret;           /* borrowed; NULL: not signed */
    uint64_t seed;
};

/* "t=...,v1=..." False: the crypto library failed. */
bool webhook_sign(const char *secret, instant_us now, struct text body,
                  char out[WEBHOOK_SIGNATURE_LEN]);
enum delivery webhook_deliver(void *ctx, struct outlet *o, const struct message *m,
                              struct text bytes, struct why *why); /* for struct outlet_config */
void webhook_free(void *ctx);

#endif
