/*
 * New keys before they are held: what STS says of them, and what is made of it.
 */
#include "wire/key_vet.h"

#include "base/count.h"
#include "base/hash.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define OWN   "111122223333"
#define OTHER "222233334444"
#define CALLER(number)                                                                             \
    "<GetCallerIdentityResponse><GetCallerIdentityResult><Arn>arn:aws:iam::" number                \
    ":user/x</Arn><UserId>A</UserId><Account>" number                                              \
    "</Account></GetCallerIdentityResult></GetCallerIdentityResponse>"
#define FAULT(code)                                                                                \
    "<ErrorResponse><Error><Type>Sender</Type><Code>" code                                         \
    "</Code><Message>no.</Message></Error></ErrorResponse>"

struct answer {
    enum err err;
    int status;
    const char *body;
    span_us clock; /* the server's, from ours; 0: it says no date */
};

/* STS, in the place of the network. */
struct sts {
    struct os_clock clock;
    const struct answer *answers;
    unsigned asked;
    char date[17]; /* of the last signature */
};

static enum err sts_ask(void *context, const struct aws_request *request,
                        const struct http_terms *terms, struct http_answer *answer, struct why *why)
{
    struct sts *s = context;
    const struct answer *a = &s->answers[s->asked++];
    (void)terms;
    assert_non_null(strstr(request->url.at, "https://sts.us-east-1.amazonaws.com"));
    assert_non_null(strstr(request->body.at, "Action=GetCallerIdentity"));
    for (uint32_t i = 0; i < request->headers_len; i++) {
        sscanf(request->headers[i].at, "X-Amz-Date: %16s", s->date);
        if (strncmp(request->headers[i].at, "Authorization", 13) == 0)
            assert_non_null(strstr(request->headers[i].at, "Credential=AKIDFRESH/"));
    }
    if (a->err)
        return why_set(why, a->err, "no route to host");
    answer->status = a->status;
    answer->server_date = a->clock ? os_clock_utc(&s->clock) + a->clock : 0;
    buf_add_str(&answer->body, a->body);
    return OK;
}

static bool sts_rest(void *context, span_us span)
{
    (void)context, (void)span;
    return true;
}

struct row {
    struct answer answers[3];
    enum err err;
    const char *words; /* in the sentence */
    unsigned asked;
    bool is_foreign;
    span_us skew;
};

static void vet_row(size_t number, const struct row *row)
{
    struct sts sts = {.answers = row->answers};
    struct http_exchange exchange = {&sts, sts_ask, sts_rest, -1};
    struct wire_lane lane = {.credentials = NULL};
    struct credentials fresh = {.access_key_id = "AKIDFRESH", .secret_access_key = "s"};
    struct key_vet vet;
    struct why why = {""};
    os_clock_open(&sts.clock, 0);
    assert_int_equal(endpoint_make(&lane.at.sts, TEXT("sts"), TEXT("us-east-1"), NULL, &why), OK);
    key_vet_init(&vet, &exchange, &lane, &sts.clock, false, 0);
    strcpy(vet.account, OWN);
    enum err err = key_vet_ask(&vet, &fresh, &why);
    bool wrong_skew = vet.skew - row->skew < -SPAN_S(5) || vet.skew - row->skew > SPAN_S(5);
    if (err != row->err || sts.asked != row->asked || vet.is_foreign != row->is_foreign ||
        wrong_skew)
        fail_msg("row %zu: error %d after %u questions, skew %lld: %s", number, err, sts.asked,
                 (long long)vet.skew, why.text);
    if (row->words && !strstr(why.text, row->words))
        fail_msg("row %zu: %s", number, why.text);
    assert_true((vet.id_hash == hash_bytes("AKIDFRESH", 9)) == (err == OK));
    if (row->skew > SPAN_H(24 * 365)) /* the second signature is dated by the server's clock */
        assert_true(strncmp(sts.date, "2", 1) == 0 && atoi(sts.date) / 10000 >= 2035);
}

static void keys_are_taken_to_sts_before_they_are_held(void **state)
{
    static const struct row rows[] = {
        {{{OK, 200, CALLER(OWN), 0}}, OK, NULL, 1, false, 0},
        {{{OK, 200, CALLER(OTHER), 0}}, ERR_AUTH, "account " OTHER, 1, true, 0},
        {{{OK, 200, CALLER(OTHER), 0}}, ERR_AUTH, "started in account " OWN, 1, true, 0},
        {{{OK, 403, FAULT("InvalidClientTokenId"), 0}},
         ERR_IO,
         "InvalidClientTokenId",
         1,
         false,
         0},
        {{{OK, 503, "<html>", 0}}, ERR_IO, "does not tell who owns", 1, false, 0},
        {{{OK, 200, CALLER("12"), 0}}, ERR_IO, "account number", 1, false, 0},
        {{{ERR_IO, 0, NULL, 0}}, ERR_IO, "no route", 1, false, 0},
        {{{ERR_BUSY, 0, NULL, 0}}, ERR_BUSY, NULL, 1, false, 0},
        {{{OK, 403, FAULT("SignatureDoesNotMatch"), SPAN_H(24 * 3653)}, {OK, 200, CALLER(OWN), 0}},
         OK,
         NULL,
         2,
         false,
         SPAN_H(24 * 3653)},
        {{{OK, 200, CALLER(OWN), SPAN_H(-24)}}, OK, NULL, 1, false, SPAN_H(-24)},
        {{{OK, 403, FAULT("SignatureDoesNotMatch"), SPAN_S(-3)}}, ERR_IO, "Signature", 1, false, 0},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++)
        vet_row(i, &rows[i]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(keys_are_taken_to_sts_before_they_are_held),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
