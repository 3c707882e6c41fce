/* Forms of the Query protocol go out, envelopes of XML come back. */
#include "query.h"

#include "base/escape.h"
#include "reply.h"
#include "xml.h"

#include <stdio.h>

void query_begin(struct buf *body, const char *action, const char *version)
{
    buf_add_fmt(body, "Action=%s&Version=%s", action, version);
}

void query_add(struct buf *body, const char *name, struct text value)
{
    buf_add_fmt(body, "&%s=", name);
    escape_percent(body, value);
}

void query_add_members(struct buf *body, const char *name, const struct text *values, uint32_t len)
{
    for (uint32_t i = 0; i < len; i++) {
        buf_add_fmt(body, "&%s.member.%u=", name, i + 1);
        escape_percent(body, values[i]);
    }
}

/* State gathered during one pass over the XML. */
struct envelope {
    struct reply *reply;
    bool is_error;
    char response[96], result[96]; /* "XResponse", "XResponse/XResult" */
    query_member_fn *fn;
    void *user;
    bool response_seen, result_seen;
    char code[REPLY_CODE_LEN], message[REPLY_MESSAGE_LEN];
};

static void on_element(void *user, struct text path, struct text content)
{
    struct envelope *e = user;
    if (text_ends_nocase(path, TEXT("/RequestId")))
        REPLY_PUT(e->reply->request_id, content);
    if (e->is_error) {
        if (text_ends(path, TEXT("/Error/Code")))
            REPLY_PUT(e->code, content);
        else if (text_ends(path, TEXT("/Error/Message")))
            REPLY_PUT(e->message, content);
    } else {
        struct text result = text_of(e->result);
        e->response_seen |= text_eq(path, text_of(e->response));
        e->result_seen |= text_eq(path, result);
        if (path.len > result.len && text_starts(path, result) && path.at[result.len] == '/')
            e->fn(e->user, text_from(path, result.len + 1), content);
    }
}

bool query_decode(struct reply *reply, int http_status, struct text body, const char *action,
                  query_member_fn *fn, void *user)
{
    struct envelope e = {
        .reply = reply, .is_error = !HTTP_IS_OK(http_status), .fn = fn, .user = user};
    struct xml_sink sink = {.user = &e, .element = on_element};
    struct why why;
    snprintf(e.response, sizeof e.response, "%sResponse", action);
    snprintf(e.result, sizeof e.result, "%sResponse/%sResult", action, action);
    reply_begin(reply, http_status);
    if (reply->how != REPLY_HTTP)
        return false;
    enum err err = xml_read(body, &sink, &why);
    if (e.is_error)
        reply_fail(reply, err ? TEXT_NONE : text_of(e.code), err ? TEXT_NONE : text_of(e.message));
    else if (err)
        reply_garble(reply, "the answer is not the XML that was promised: %.200s", why.text);
    else if (!e.response_seen || !e.result_seen)
        reply_garble(reply, "the answer is not a %s", e.response);
    return !e.is_error && reply->how == REPLY_HTTP;
}

static double scaled(double value, int exponent)
{
    for (; exponent > 0; exponent--)
        value *= 10;
    for (; exponent < 0; exponent++)
        value /= 10;
    return value;
}

static bool take_exponent(struct text t, int *exponent)
{
    uint64_t digits;
    bool negative = t.len && t.at[0] == '-';
    if (!text_to_u64(text_from(t, negative), &digits) || digits > 300)
        return false;
    *exponent += negative ? -(int)digits : (int)digits;
    return true;
}

bool query_number(struct text t, double *out)
{
    bool negative = t.len && t.at[0] == '-', in_fraction = false;
    double value = 0;
    int exponent = 0;
    size_t digits = 0, i = negative;
    for (; i < t.len && (char_is_digit(t.at[i]) || (t.at[i] == '.' && !in_fraction)); i++) {
        if (t.at[i] == '.') {
            in_fraction = true;
            continue;
        }
        value = value * 10 + (t.at[i] - '0');
        exponent -= in_fraction;
        if (++digits > 30)
            return false;
    }
    if (digits == 0)
        return false;
    if (i < t.len && (char_lower(t.at[i]) != 'e' || !take_exponent(text_from(t, i + 1), &exponent)))
        return false;
    *out = scaled(negative ? -value : value, exponent);
    return true;
}
