/*
 * The door to the providers of DNS: a call of kind CALL_ZONES, ZONE, RECORDS or CHANGE becomes a
 * request in the provider's protocol, and the answer becomes the call's. One file for each
 * provider. No function here sends, waits or reads a clock.
 *
 * Sources: Route 53 API Reference (2013-04-01); Cloudflare API v4; RFC 2136, RFC 8945 (TSIG).
 */
#ifndef MF_PROVIDERS_H
#define MF_PROVIDERS_H

#include "aws/aws_request.h"
#include "base/dname.h"
#include "model/dns_provider.h"

#define TSIG_SECRET_MAX 128 /* octets; a key as long as its digest has 64 at most */

/* A key for TSIG. algorithm: "hmac-sha256", "hmac-sha384", "hmac-sha512"; older ones are refused.
 */
struct tsig_key {
    char name[DNAME_LEN_MAX + 1];
    char algorithm[16];
    uint8_t secret[TSIG_SECRET_MAX];
    uint32_t secret_len;
};

/* How one provider of the manifest is reached. */
struct provider_at {
    enum provider_kind kind;
    struct endpoint endpoint; /* ROUTE53, CLOUDFLARE */
    struct text token;        /* CLOUDFLARE; whoever opens the lane has entered it in its secrets */
    struct dns_server server; /* RFC2136 */
    struct tsig_key key;      /* RFC2136 */
};

/* The endpoint of Cloudflare's API, or of another at url (empty: none), which plain http reaches on
 * loopback alone. ERR_INPUT. (Of Route 53: aws_settings_endpoint().) */
enum err cloudflare_endpoint(struct endpoint *e, struct text url, struct why *why);

/* HTTP providers (Route 53, Cloudflare). Fills r (init'ed) as aws_request_make() does; cred: of the
 * account, NULL for Cloudflare. Errors as there, and ERR_AUTH: the token is none, or the endpoint
 * may not see it. A batch beyond ROUTE53_BATCH_* or CLOUDFLARE_BATCH_RECORDS is ERR_LIMIT.
 *
 * CALL_ZONES without a zone asks for all zones; with one, the answer has those of exactly this name
 * alone, and a next page only while that may have more. CALL_RECORDS likewise; at Cloudflare a set
 * of more than CLOUDFLARE_PAGE_RECORDS values comes in parts. */
enum err provider_request_make(struct aws_request *r, const struct call *c,
                               const struct provider_at *at, const struct credentials *cred,
                               instant_us now, struct why *why);
/* Fills the call's answer, as aws_reply_decode() does. */
void provider_reply_decode(struct call *c, const struct aws_reply *r);

/* RFC 2136 over TCP. What an answer is verified against. */
struct update_sent {
    uint16_t id;
    uint8_t mac[64]; /* of the request; part of the digest of the answer */
    uint32_t mac_len;
};

/* Appends the message of a CALL_ZONES (an SOA question, without TSIG) or CALL_CHANGE (signed),
 * without the two octets of its length. id: unpredictable. ERR_INPUT: the call cannot be expressed;
 * ERR_NOMEM. */
enum err update_encode(struct buf *out, struct update_sent *sent, const struct call *c,
                       const struct provider_at *at, uint16_t id, instant_us now, struct why *why);
/* Fills the call's answer. An answer that is not signed by the key, or wrongly, is REPLY_GARBLED,
 * so a change is looked at; but an unsigned NOTAUTH, REFUSED, FORMERR or NOTIMP is taken as a
 * refusal. CALL_ZONES: one zone where the server is an authority for exactly call->zone, else none
 * with the reason in reply.message; hosts are left empty. */
void update_decode(struct call *c, const struct update_sent *sent, const struct provider_at *at,
                   const uint8_t *bytes, size_t len, instant_us now);

#endif
