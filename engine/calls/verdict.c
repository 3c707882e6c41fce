/*
 * Classes the answers of SES and of providers of DNS. The order matters: first the cases without
 * any code (not sent, answer lost), then the code, then the HTTP status for answers without a known
 * code, such as an HTML page from a proxy.
 *
 * A 5xx to a write is unsure, not failed: a front end may give up while the back end goes on.
 */
#include "verdict.h"

#include "base/count.h"

#include <string.h>

#define RENEW_ATTEMPTS_MAX 3

static const struct {
    const char *code;
    enum verdict verdict;
} by_code[] = {
    {"Throttling", VERDICT_SLOW_DOWN},
    {"ThrottlingException", VERDICT_SLOW_DOWN},
    {"ThrottledException", VERDICT_SLOW_DOWN},
    {"RequestThrottled", VERDICT_SLOW_DOWN},
    {"RequestThrottledException", VERDICT_SLOW_DOWN},
    {"RequestLimitExceeded", VERDICT_SLOW_DOWN},
    {"TooManyRequestsException", VERDICT_SLOW_DOWN},
    {"SlowDown", VERDICT_SLOW_DOWN},
    {"RequestTimeout", VERDICT_AGAIN},
    {"RequestTimeoutException", VERDICT_AGAIN},
    {"InvalidNextTokenException", VERDICT_AGAIN},
    {"ExpiredToken", VERDICT_RENEW},
    {"ExpiredTokenException", VERDICT_RENEW},
    {"RequestExpired", VERDICT_SKEW},
    {"RequestTimeTooSkewed", VERDICT_SKEW},
    {"RequestInTheFuture", VERDICT_SKEW},
    {"SignatureDoesNotMatch", VERDICT_SKEW},
    {"InvalidSignatureException", VERDICT_SKEW},
    {"AuthFailure", VERDICT_SKEW},
    {"NotFoundException", VERDICT_GONE},
    {"AccessDenied", VERDICT_DENIED},
    {"AccessDeniedException", VERDICT_DENIED},
    {"InvalidClientTokenId", VERDICT_DENIED},
    {"UnrecognizedClientException", VERDICT_DENIED},
    {"MissingAuthenticationToken", VERDICT_DENIED},
    {"IncompleteSignature", VERDICT_DENIED},
    {"OptInRequired", VERDICT_DENIED},
    /* Errors of TSIG that every signature with the key meets. BADKEY is not among them: Knot DNS
     * says so of a key that its rules do not let change one name. */
    {"BADSIG", VERDICT_DENIED},
    {"BADTIME", VERDICT_DENIED},
    /* Route 53: another change of the zone is under way, or the zone is not there. */
    {"PriorRequestNotComplete", VERDICT_AGAIN},
    {"NoSuchHostedZone", VERDICT_GONE},
    /* Cloudflare: no zone by this ID (three ways to say so), no token, no API for this zone. */
    {"1001", VERDICT_GONE},
    {"7000", VERDICT_GONE},
    {"7003", VERDICT_GONE},
    {"6003", VERDICT_DENIED},
    {"1038", VERDICT_REFUSED},
};

bool reply_is_access_denied(const struct reply *reply)
{
    struct text code = text_of(reply->code);
    /* Cloudflare says "Invalid access token" with the code of a zone that the token does not cover.
     */
    bool is_of_token = text_starts(text_of(reply->message), TEXT("Invalid access token"));
    return text_eq(code, TEXT("AccessDenied")) || text_eq(code, TEXT("AccessDeniedException")) ||
           text_eq(code, TEXT("10000")) || (text_eq(code, TEXT("9109")) && !is_of_token);
}

bool reply_is_foreign(const struct reply *reply)
{
    bool is_refusal = reply->http_status == 401 || reply->http_status == 403;
    return reply->how == REPLY_HTTP && is_refusal && !reply->code[0];
}

bool reply_refuses_action(const struct reply *reply)
{
    return reply_is_access_denied(reply) || reply_is_foreign(reply);
}

bool reply_knows_no_action(const struct reply *reply)
{
    unsigned status = reply->how == REPLY_HTTP ? reply->http_status : 0;
    return status == 404 || status == 405 || status == 501 ||
           text_eq(text_of(reply->code), TEXT("InvalidAction"));
}

bool reply_is_about_request(const struct reply *reply)
{
    static const char *const codes[] = {"InvalidParameterValue", "ValidationError",
                                        "ValidationException", "BadRequestException",
                                        "InvalidParameterCombination"};
    for (size_t i = 0; i < COUNT(codes); i++)
        if (text_eq(text_of(reply->code), text_of(codes[i])))
            return true;
    return false;
}

static enum verdict of_status(unsigned status, enum call_kind kind)
{
    if (status == 429)
        return VERDICT_SLOW_DOWN;
    if (status / 100 != 4) /* a redirect is a proxy's word, not SES's */
        return call_changes_world(kind) ? VERDICT_UNSURE : VERDICT_AGAIN;
    if (status == 401 || status == 403)
        return VERDICT_DENIED;
    return VERDICT_REFUSED;
}

static enum verdict of_http(const struct reply *reply, enum call_kind kind)
{
    struct text code = text_of(reply->code);
    if (reply->http_status / 100 == 2)
        return VERDICT_OK;
    if (reply->http_status >= 500)
        return of_status(reply->http_status, kind);
    /* IAM can confine v2 calls to chosen identities, and Route 53's to zones and names; a token of
     * Cloudflare has its zones. So a denial of one says nothing of others. */
    bool is_of_zone = kind == CALL_ZONE || kind == CALL_RECORDS || kind == CALL_CHANGE;
    if (reply_is_access_denied(reply) && (kind == CALL_SET || kind == CALL_GET || is_of_zone))
        return VERDICT_REFUSED;
    /* SES reports an unknown identity of a Put as 400 with this sentence, not as 404. */
    struct text message = text_of(reply->message);
    if (text_starts(message, TEXT("Identity ")) && text_ends(message, TEXT("does not exist.")))
        return VERDICT_GONE;
    for (size_t i = 0; i < COUNT(by_code); i++)
        if (text_eq(code, text_of(by_code[i].code)))
            /* The clocks agree, so skew is not the reason for refusing the signature: asking again
               would not help. */
            return by_code[i].verdict == VERDICT_SKEW && !reply->clock_corrected
                       ? VERDICT_DENIED
                       : by_code[i].verdict;
    return of_status(reply->http_status, kind);
}

const char *reply_knows_no_keys(const struct reply *reply)
{
    static const char *const words[] = {"InvalidClientTokenId", "UnrecognizedClientException",
                                        "OptInRequired"};
    for (size_t i = 0; reply->how == REPLY_HTTP && i < COUNT(words); i++)
        if (strcmp(reply->code, words[i]) == 0)
            return words[i];
    return NULL;
}

enum verdict verdict_of(const struct reply *reply, enum call_kind kind)
{
    switch (reply->how) {
    case REPLY_NOT_SENT: return VERDICT_AGAIN;
    case REPLY_NO_KEYS: return VERDICT_DENIED;
    case REPLY_LOST:
    case REPLY_GARBLED: return call_changes_world(kind) ? VERDICT_UNSURE : VERDICT_AGAIN;
    case REPLY_HTTP: break;
    }
    return of_http(reply, kind);
}

enum verdict verdict_after(enum verdict verdict, unsigned attempts)
{
    return verdict == VERDICT_RENEW && attempts >= RENEW_ATTEMPTS_MAX ? VERDICT_DENIED : verdict;
}

bool verdict_is_retried(enum verdict verdict)
{
    return verdict == VERDICT_AGAIN || verdict == VERDICT_RENEW || verdict == VERDICT_SKEW;
}
