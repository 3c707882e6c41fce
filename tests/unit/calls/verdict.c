#include "calls/verdict.h"
#include "unit.h"

#include <stdio.h>

static void a_wrong_secret_is_not_tried_for_minutes(void **state)
{
    (void)state;
    static const char *const codes[] = {"SignatureDoesNotMatch", "InvalidSignatureException",
                                        "AuthFailure",           "RequestExpired",
                                        "RequestInTheFuture",    "RequestTimeTooSkewed"};
    for (size_t i = 0; i < COUNT(codes); i++) {
        struct reply reply = {.how = REPLY_HTTP, .http_status = 403};
        snprintf(reply.code, sizeof reply.code, "%s", codes[i]);
        assert_int_equal(verdict_of(&reply, CALL_SET), VERDICT_DENIED);
        reply.clock_corrected = true; /* then the clock may have been the fault, not the secret */
        assert_int_equal(verdict_of(&reply, CALL_SET), VERDICT_SKEW);
    }
    assert_int_equal(verdict_after(VERDICT_RENEW, 2), VERDICT_RENEW);
    assert_int_equal(verdict_after(VERDICT_RENEW, 3), VERDICT_DENIED);
    assert_int_equal(verdict_after(VERDICT_AGAIN, 7), VERDICT_AGAIN);
}

static void every_answer_of_ses_has_its_consequence(void **state)
{
    (void)state;
    static const struct {
        enum reply_how how;
        uint16_t status;
        const char *code, *message;
        enum call_kind kind;
        enum verdict verdict;
    } rows[] = {
        {REPLY_NOT_SENT, 0, "", "", CALL_SET, VERDICT_AGAIN},
        {REPLY_NO_KEYS, 0, "", "", CALL_SET, VERDICT_DENIED},
        {REPLY_NO_KEYS, 0, "", "", CALL_READ_MAIL_FROM, VERDICT_DENIED},
        {REPLY_LOST, 0, "", "", CALL_SET, VERDICT_UNSURE},
        {REPLY_LOST, 0, "", "", CALL_READ_MAIL_FROM, VERDICT_AGAIN},
        {REPLY_GARBLED, 200, "", "", CALL_SET, VERDICT_UNSURE},
        {REPLY_HTTP, 200, "", "", CALL_SET, VERDICT_OK},
        {REPLY_LOST, 0, "", "", CALL_CHANGE, VERDICT_UNSURE},
        {REPLY_LOST, 0, "", "", CALL_RECORDS, VERDICT_AGAIN},
        {REPLY_GARBLED, 200, "", "", CALL_CHANGE, VERDICT_UNSURE},
        {REPLY_HTTP, 503, "", "", CALL_CHANGE, VERDICT_UNSURE},
        {REPLY_HTTP, 400, "PriorRequestNotComplete", "", CALL_CHANGE, VERDICT_AGAIN},
        {REPLY_HTTP, 403, "AccessDenied", "", CALL_CHANGE, VERDICT_REFUSED},
        {REPLY_HTTP, 403, "AccessDenied", "", CALL_ZONES, VERDICT_DENIED},
        {REPLY_HTTP, 403, "9109", "Invalid access token", CALL_RECORDS, VERDICT_DENIED},
        {REPLY_HTTP, 404, "NoSuchHostedZone", "", CALL_ZONE, VERDICT_GONE},
        {REPLY_HTTP, 400, "Throttling", "Rate exceeded", CALL_READ_MAIL_FROM, VERDICT_SLOW_DOWN},
        {REPLY_HTTP, 429, "TooManyRequestsException", "", CALL_SET, VERDICT_SLOW_DOWN},
        {REPLY_HTTP, 429, "", "", CALL_SET, VERDICT_SLOW_DOWN},
        {REPLY_HTTP, 503, "ServiceUnavailable", "", CALL_SET, VERDICT_UNSURE},
        {REPLY_HTTP, 503, "", "<html>", CALL_READ_MAIL_FROM, VERDICT_AGAIN},
        {REPLY_HTTP, 307, "", "", CALL_READ_MAIL_FROM, VERDICT_AGAIN},
        {REPLY_HTTP, 302, "", "", CALL_SET, VERDICT_UNSURE},
        {REPLY_HTTP, 500, "ConcurrentModificationException", "", CALL_SET, VERDICT_UNSURE},
        {REPLY_HTTP, 403, "ExpiredToken", "", CALL_SET, VERDICT_RENEW},
        {REPLY_HTTP, 403, "SignatureDoesNotMatch", "", CALL_SET, VERDICT_DENIED},
        {REPLY_HTTP, 404, "NotFoundException", "", CALL_GET, VERDICT_GONE},
        {REPLY_HTTP, 400, "BadRequestException", "Identity <x> does not exist.", CALL_SET,
         VERDICT_GONE},
        {REPLY_HTTP, 400, "InvalidParameterValue", "", CALL_SET, VERDICT_REFUSED},
        {REPLY_HTTP, 403, "AccessDenied", "", CALL_READ_MAIL_FROM, VERDICT_DENIED},
        {REPLY_HTTP, 403, "AccessDeniedException", "", CALL_SET, VERDICT_REFUSED},
        {REPLY_HTTP, 403, "InvalidClientTokenId", "", CALL_SET, VERDICT_DENIED},
        {REPLY_HTTP, 400, "BADSIG", "", CALL_CHANGE, VERDICT_DENIED},
        {REPLY_HTTP, 400, "BADTIME", "", CALL_CHANGE, VERDICT_DENIED},
        {REPLY_HTTP, 400, "BADKEY", "", CALL_CHANGE, VERDICT_REFUSED},
        {REPLY_HTTP, 400, "YXRRSET", "", CALL_CHANGE, VERDICT_REFUSED},
        {REPLY_HTTP, 503, "SERVFAIL", "", CALL_CHANGE, VERDICT_UNSURE},
        {REPLY_HTTP, 503, "SERVFAIL", "", CALL_ZONES, VERDICT_AGAIN},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct reply reply = {.how = rows[i].how, .http_status = rows[i].status};
        snprintf(reply.code, sizeof reply.code, "%s", rows[i].code);
        snprintf(reply.message, sizeof reply.message, "%s", rows[i].message);
        assert_int_equal(verdict_of(&reply, rows[i].kind), rows[i].verdict);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_wrong_secret_is_not_tried_for_minutes),
        cmocka_unit_test(every_answer_of_ses_has_its_consequence),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
