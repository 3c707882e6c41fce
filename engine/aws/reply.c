/* Fills in a reply: code, message, and growing lists. */
#include "reply.h"

#include "base/count.h"
#include "base/escape.h"
#include "calls/verdict.h"
#include "json.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define FOREIGN_WORDS_MAX 100

void reply_put(char *out, size_t out_len, struct text t)
{
    size_t used = 0;
    uint32_t code;
    while (used < t.len) {
        size_t len = utf8_next(text_from(t, used), &code);
        if (len == 0 || used + len >= out_len)
            break;
        used += len;
    }
    if (used)
        memcpy(out, t.at, used);
    out[used] = '\0';
}

void reply_begin(struct reply *r, int http_status)
{
    *r = (struct reply){.how = REPLY_HTTP};
    r->http_status = http_status > 0 && http_status < 1000 ? (uint16_t)http_status : 0;
    if (http_status / 100 == 2 && !HTTP_IS_OK(http_status))
        reply_garble(r, "HTTP %d is no answer of this service", http_status);
}

void reply_garble(struct reply *r, const char *fmt, ...)
{
    char message[REPLY_MESSAGE_LEN];
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(message, sizeof message, fmt, ap);
    va_end(ap);
    r->how = REPLY_GARBLED;
    REPLY_PUT(r->message, text_of(message));
}

void reply_fail(struct reply *r, struct text code, struct text message)
{
    REPLY_PUT(r->code, code);
    REPLY_PUT(r->message, message);
    if (reply_is_foreign(r)) {
        char words[REPLY_MESSAGE_LEN];
        int len = (int)(message.len < FOREIGN_WORDS_MAX ? message.len : FOREIGN_WORDS_MAX);
        snprintf(words, sizeof words,
                 "HTTP %u without an error code: not an answer of the service, but of a proxy or "
                 "firewall on the way%s%.*s",
                 r->http_status, len ? ": " : "", len, len ? message.at : "");
        REPLY_PUT(r->message, text_of(words));
    }
    if (!r->message[0])
        snprintf(r->message, sizeof r->message, "HTTP %u %s", r->http_status,
                 r->http_status / 100 == 3 ? "is a redirect, which is not followed"
                                           : "without a message");
}

void reply_fail_json(struct reply *r, struct text error_type, struct text body)
{
    static const char *const code_names[] = {"code", "Code", "__type"};
    struct text code = error_type, message = TEXT_NONE;
    struct json *root = NULL;
    json_parse(&root, body, NULL); /* not JSON: root stays NULL, which every reader accepts */
    for (size_t i = 0; code.len == 0 && i < COUNT(code_names); i++)
        json_text(json_member(root, code_names[i]), &code);
    if (!json_text(json_member(root, "message"), &message) || message.len == 0)
        json_text(json_member(root, "Message"), &message);
    /* "com.amazon#ThrottlingException:http://.." -> "ThrottlingException" */
    struct text t = text_slice(code, 0, text_find(code, ':'));
    size_t hash = text_rfind(t, '#');
    reply_fail(r, text_trim(hash == t.len ? t : text_from(t, hash + 1)), message);
    json_free(root);
}

bool listed_add(struct call *c, uint32_t *cap, struct text name)
{
    if (c->listed_len == *cap) {
        uint32_t larger = *cap ? *cap * 2 : SES_LIST_PAGE;
        struct text *at = larger > *cap ? ARENA_ARRAY(&c->arena, struct text, larger) : NULL;
        if (!at)
            return false;
        if (c->listed_len)
            memcpy(at, c->listed, c->listed_len * sizeof *at);
        c->listed = at;
        *cap = larger;
    }
    struct text copy = arena_text(&c->arena, name);
    if (!copy.at)
        return false;
    c->listed[c->listed_len++] = copy;
    return true;
}

void listed_drop(struct call *c)
{
    c->listed = NULL;
    c->listed_verified = NULL;
    c->listed_len = 0;
    c->endpoints = NULL;
    c->endpoints_len = 0;
    c->advice = NULL;
    c->advice_len = 0;
    c->items = NULL;
    c->items_len = 0;
    c->next_token = TEXT_NONE;
}
