/*
 * Providers against a scripted other side: a table says what they must send, what they are
 * answered, and what has to come of it.
 */
#ifndef MF_TEST_AWS_SCRIPT_H
#define MF_TEST_AWS_SCRIPT_H

#include "aws/http_exchange.h"
#include "aws_home.h"

#define NOW    1700000000 /* 2023-11-14T22:13:20Z */
#define NOW_US SPAN_S(NOW)
#define LATER  "2023-11-15T10:13:20Z" /* twelve hours on */

#define STEPS_MAX 8

/* One request that is expected, and its answer. */
struct step {
    const char *wants[6]; /* somewhere in the request, written out; "!x": not */
    int status;           /* 0: no answer at all */
    const char *body;
    instant_us date;
};

struct script {
    const struct step *steps;
    unsigned len, at, rests;
    bool is_ending;
};

static inline void request_write(struct buf *out, const struct aws_request *r,
                                 const struct http_terms *t)
{
    buf_add_fmt(out, "%s %s direct=%d\n", r->method, r->url.at, t->is_direct);
    for (uint32_t i = 0; i < r->headers_len; i++)
        buf_add_fmt(out, "%s\n", r->headers[i].at);
    buf_add_text(out, buf_text(&r->body));
}

static inline enum err script_ask(void *context, const struct aws_request *request,
                                  const struct http_terms *terms, struct http_answer *answer,
                                  struct why *why)
{
    struct script *s = context;
    struct buf written;
    buf_init(&written, 1u << 20);
    request_write(&written, request, terms);
    assert_true(terms->timeout_us > 0 && terms->body_max <= CREDENTIAL_ANSWER_MAX);
    if (s->at >= s->len)
        fail_msg("nobody expected: %s", written.at);
    const struct step *step = &s->steps[s->at++];
    for (size_t i = 0; i < COUNT(step->wants) && step->wants[i]; i++) {
        bool is_not = step->wants[i][0] == '!';
        if (!strstr(written.at, step->wants[i] + is_not) != is_not)
            fail_msg("request %u: \"%s\" in: %s", s->at, step->wants[i], written.at);
    }
    buf_clear(&written);
    if (step->status == 0)
        return why_set(why, ERR_IO, "nobody there");
    answer->status = step->status;
    answer->server_date = step->date;
    buf_add_str(&answer->body, step->body ? step->body : "");
    return OK;
}

static inline bool script_rest(void *context, span_us span)
{
    struct script *s = context;
    assert_true(span >= 0 && span <= SPAN_S(20));
    s->rests++;
    return !s->is_ending;
}

/* "^" in what is written stands for the home. */
static inline const char *at_home(const struct home *h, const char *text, char out[4096])
{
    size_t len = 0;
    for (; *text; text++) {
        const char one[2] = {*text, '\0'};
        len += (size_t)snprintf(out + len, 4096 - len, "%s", *text == '^' ? h->path : one);
    }
    return out;
}

struct row {
    const char *config;
    const char *environment[10]; /* name, value, ... */
    const char *token;           /* content of ^/token */
    const char *profile, *role_arn, *external_id, *source_profile;
    struct step steps[STEPS_MAX];
    enum err err;
    const char *key_id;  /* of OK */
    instant_us expires;  /* of OK; 0: not looked at */
    const char *says[4]; /* of an error; "!x": must not */
};

static inline enum err row_run(const struct home *h, const struct row *r, struct script *script,
                               struct credentials *out, struct why *why)
{
    struct http_exchange exchange = {script, script_ask, script_rest, -1};
    struct credential_source *source;
    char text[4096];
    if (r->config)
        file_write(h, ".aws/config", at_home(h, r->config, text));
    if (r->token)
        file_write(h, "token", r->token);
    for (size_t i = 0; i < COUNT(r->environment) && r->environment[i]; i += 2)
        setenv(r->environment[i], at_home(h, r->environment[i + 1], text), 1);
    struct credential_request request = {.profile = text_of(r->profile),
                                         .profile_is_explicit = r->profile != NULL,
                                         .role_arn = text_of(r->role_arn),
                                         .external_id = text_of(r->external_id),
                                         .source_profile = text_of(r->source_profile),
                                         .region = TEXT("us-east-1")};
    enum err err = credential_source_open(&source, &request, why);
    if (err)
        return err;
    if (credential_source_held(source, NOW_US, out) == KEYS_MISSING)
        err = credential_source_refresh(
            source, &exchange, &(struct credential_terms){.now = NOW_US, .told = NOW_US}, why);
    if (!err)
        assert_int_not_equal(credential_source_held(source, NOW_US, out), KEYS_MISSING);
    credential_source_close(source);
    return err;
}

static inline void words_check(const struct row *r, size_t number, const char *said)
{
    for (size_t i = 0; i < COUNT(r->says) && r->says[i]; i++) {
        bool is_not = r->says[i][0] == '!';
        if (!strstr(said, r->says[i] + is_not) != is_not)
            fail_msg("row %zu: \"%s\": %s", number, r->says[i], said);
    }
    assert_null(strstr(said, "SECRET"));
}

/* In a home that is open. */
static inline void row_check_in(const struct home *h, const struct row *r, size_t number)
{
    struct credentials out = {.access_key_id = ""};
    struct why why = {""};
    struct script script = {.steps = r->steps};
    while (script.len < STEPS_MAX && r->steps[script.len].wants[0])
        script.len++;
    enum err err = row_run(h, r, &script, &out, &why);
    if (err != r->err)
        fail_msg("row %zu: expected %d, got %d: %s", number, r->err, err, why.text);
    if (script.at != script.len)
        fail_msg("row %zu: %u of %u requests: %s", number, script.at, script.len, why.text);
    if (!err)
        assert_string_equal(out.access_key_id, r->key_id);
    if (!err && r->expires && out.expires != r->expires)
        fail_msg("row %zu: expires %lld, not %lld", number, (long long)out.expires,
                 (long long)r->expires);
    words_check(r, number, why.text);
    credentials_wipe(&out);
}

static inline void row_check(const struct row *r, size_t number)
{
    void *home = NULL;
    assert_int_equal(home_open(&home), 0);
    row_check_in(home, r, number);
    home_close(&home);
}

#define ROWS(rows)                                                                                 \
    do {                                                                                           \
        (void)state;                                                                               \
        for (size_t i = 0; i < COUNT(rows); i++)                                                   \
            row_check(&(rows)[i], i);                                                              \
    } while (0)

#define HTML "<html><body>SECRET 503</body></html>"

#endif
