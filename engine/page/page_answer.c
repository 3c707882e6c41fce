/*
 * Every answer but the events, made from a request and a snapshot: which path it is, who may ask,
 * what is said. Pure, but for the orders, which go to the owner's function.
 */
#include "base/count.h"
#include "base/json_out.h"
#include "page_internal.h"

#include <stdio.h>

#define TYPE_HTML    "text/html; charset=utf-8"
#define TYPE_JSON    "application/json"
#define TYPE_PLAIN   "text/plain; charset=utf-8"
#define TYPE_METRICS "text/plain; version=0.0.4; charset=utf-8"
#define TYPE_EVENTS  "text/event-stream"

#define LATE(interval) ((interval) / 2 * 5) /* 2.5 intervals: two whole looks have failed */

enum page_path {
    AT_INDEX,
    AT_EVENTS,
    AT_STATUS,
    AT_ROWS,
    AT_METRICS,
    AT_HEALTH,
    AT_LOGIN,
    AT_ORDER
};

static const struct route {
    const char *path;
    enum page_path at;
    enum page_need need;
    enum page_order order;
} routes[] = {
    {"/", AT_INDEX, PAGE_NEEDS_DOCUMENT, 0},
    {"/events", AT_EVENTS, PAGE_NEEDS_LOOK, 0},
    {"/api/status", AT_STATUS, PAGE_NEEDS_LOOK, 0},
    {"/api/rows", AT_ROWS, PAGE_NEEDS_LOOK, 0},
    {"/metrics", AT_METRICS, PAGE_NEEDS_LOOK, 0},
    {"/healthz", AT_HEALTH, PAGE_NEEDS_NOTHING, 0},
    {"/login", AT_LOGIN, PAGE_NEEDS_LOGIN, 0},
    {"/api/pause", AT_ORDER, PAGE_NEEDS_ORDER, PAGE_PAUSE},
    {"/api/resume", AT_ORDER, PAGE_NEEDS_ORDER, PAGE_RESUME},
    {"/api/pace", AT_ORDER, PAGE_NEEDS_ORDER, PAGE_PACE},
    {"/api/stop", AT_ORDER, PAGE_NEEDS_ORDER, PAGE_STOP},
};

static const struct {
    unsigned status;
    const char *sentence;
} refusals[PAGE_ADMISSIONS] = {
    [PAGE_HEADER_TWICE] = {400, "a header that may come once came twice"},
    [PAGE_OTHER_HOST] = {421, "the page is not served under this host name; ask by its address, or "
                              "serve it with --listen-name"},
    [PAGE_OTHER_SITE] = {403, "the request comes from a page of another site"},
    [PAGE_NO_TOKEN] = {401, "the page's token is missing or wrong: Authorization: Bearer TOKEN"},
    [PAGE_TAKES_NONE] = {403, "this page takes no orders, for it was started without --token-env"},
};

static const char login_style[] =
    "body{font:16px/1.5 system-ui,sans-serif;max-width:26em;margin:15vh auto;padding:0 1em}"
    "input,button{font:inherit;padding:.4em}@media(prefers-color-scheme:dark){body{background:#"
    "16181d;"
    "color:#e6e6e6}}";

static void login_write(struct page_answer *a, const struct page_view *v, bool is_wrong)
{
    a->type = TYPE_HTML;
    a->policy = v->login_policy;
    buf_add_fmt(&a->body,
                "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
                "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
                "<title>mailfrom: token</title>\n<style>%s</style>\n</head>\n<body>\n<main>\n"
                "<h1>mailfrom</h1>\n<form method=\"post\" action=\"/login\">\n%s"
                "<p><label for=\"token\">The token of this page</label><br>\n"
                "<input id=\"token\" name=\"token\" type=\"password\" required autofocus "
                "autocomplete=\"current-password\"></p>\n<p><button>Show the page</button></p>\n"
                "</form>\n</main>\n</body>\n</html>\n",
                login_style,
                is_wrong ? "<p role=\"alert\">This is not the token of this page.</p>\n" : "");
}

static void sentence_write(struct buf *out, bool is_json, const char *member, const char *sentence)
{
    struct json_out j;
    if (!is_json) {
        buf_add_str(out, sentence);
        buf_add_char(out, '\n');
        return;
    }
    json_init(&j, out);
    json_add_object(&j, NULL);
    json_add_word(&j, member, sentence);
    json_end(&j);
    buf_add_char(out, '\n');
}

void page_answer_refuse(struct page_answer *a, unsigned status, bool is_json, const char *sentence)
{
    buf_init(&a->body, PAGE_DOCUMENT_MAX);
    a->status = status;
    a->type = is_json ? TYPE_JSON : TYPE_PLAIN;
    sentence_write(&a->body, is_json, "error", sentence);
}

static bool policy_write(char out[PAGE_POLICY_LEN], const char *script, struct text style)
{
    char hash[SHA256_BASE64_LEN];
    if (!sha256_base64(style, hash))
        return false;
    int len = snprintf(out, PAGE_POLICY_LEN,
                       "default-src 'none'; %sstyle-src 'sha256-%s'; form-action 'self'; "
                       "base-uri 'none'; frame-ancestors 'none'",
                       script, hash);
    return len > 0 && len < PAGE_POLICY_LEN;
}

bool page_policy_write(char out[PAGE_POLICY_LEN], struct text script, struct text style)
{
    char hash[SHA256_BASE64_LEN], of_script[SHA256_BASE64_LEN + 64];
    if (!sha256_base64(script, hash))
        return false;
    snprintf(of_script, sizeof of_script,
             "script-src 'sha256-%s'; connect-src 'self'; img-src data:; ", hash);
    return policy_write(out, of_script, style);
}

bool page_login_policy_write(char out[PAGE_POLICY_LEN])
{
    return policy_write(out, "", TEXT(login_style));
}

unsigned page_health(const struct page_view *v, bool tells_trouble, struct buf *out)
{
    const struct page_snapshot *s = v->snapshot;
    char span[WHEN_LEN], at[WHEN_LEN];
    if (!s) {
        buf_add_str(out, "well: nothing is to be shown yet\n");
        return 200;
    }
    instant_us since = s->last_success ? s->last_success : v->opened_at;
    bool is_late = s->interval && v->now - since > LATE(s->interval);
    buf_add_str(out, is_late ? "bad: " : "well: ");
    if (s->last_success)
        buf_add_fmt(out, "the last success was %s ago, at %s",
                    span_format(v->now > since ? v->now - since : 0, span), when_format(since, at));
    else
        buf_add_fmt(out, "no success since the start, %s ago",
                    span_format(v->now > since ? v->now - since : 0, span));
    if (is_late && tells_trouble && s->trouble.len) {
        buf_add_str(out, "; ");
        buf_add_text(out, s->trouble);
    }
    buf_add_char(out, '\n');
    return is_late ? 503 : 200;
}

static void order_carry_out(struct page_answer *a, const struct page_view *v,
                            const struct page_request *r, enum page_order order,
                            struct arena *arena)
{
    struct why said = {{0}};
    struct text value = page_field(r->body, "rate", arena);
    a->type = TYPE_JSON;
    if (!v->config->order) {
        a->status = 403;
        sentence_write(&a->body, true, "error",
                       "this page takes no orders, for it is of a watch, or of a run that another "
                       "process carries out: give them by mailfrom pause, resume, pace and stop");
        return;
    }
    if (order == PAGE_PACE && !value.len) {
        a->status = 400;
        sentence_write(&a->body, true, "error", "a pace needs a body such as rate=0.5");
        return;
    }
    switch (
        v->config->order(v->config->ctx, order, order == PAGE_PACE ? value : TEXT_NONE, &said)) {
    case OK: a->status = 200; break;
    case ERR_INPUT: a->status = 400; break;
    case ERR_BUSY: a->status = 409; break;
    case ERR_GONE: a->status = 404; break;
    default: a->status = 503;
    }
    sentence_write(&a->body, true, a->status == 200 ? "said" : "error", said.text);
}

static void rows_answer(struct page_answer *a, const struct page_view *v,
                        const struct page_request *r, struct arena *arena)
{
    struct page_search search;
    const char *wrong = page_search_read(&search, r->query, arena);
    a->type = TYPE_JSON;
    if (wrong) {
        a->status = 400;
        sentence_write(&a->body, true, "error", wrong);
    } else {
        page_rows_write(&a->body, v->snapshot, &search);
    }
}

static void login(struct page_answer *a, const struct page_view *v, const struct page_request *r,
                  struct arena *arena)
{
    if (page_door_token_is(v->door, page_field(r->body, "token", arena))) {
        a->status = 303;
        a->location = "/";
        a->sets_cookie = true;
        a->type = TYPE_PLAIN;
        return;
    }
    a->status = 401;
    login_write(a, v, true);
}

static void answer(struct page_answer *a, const struct page_view *v, const struct page_request *r,
                   const struct route *route, struct arena *arena)
{
    const struct page_snapshot *s = v->snapshot;
    a->status = 200;
    if (!s && (route->at == AT_STATUS || route->at == AT_ROWS || route->at == AT_METRICS)) {
        a->status = 503;
        a->type = route->at == AT_METRICS ? TYPE_PLAIN : TYPE_JSON;
        sentence_write(&a->body, route->at != AT_METRICS, "error",
                       "nothing is to be shown yet; ask again in a second");
        return;
    }
    switch (route->at) {
    case AT_INDEX:
        a->type = TYPE_HTML;
        a->policy = v->policy;
        buf_add_text(&a->body, v->config->index);
        return;
    case AT_EVENTS:
        a->type = TYPE_EVENTS;
        a->is_stream = true;
        return;
    case AT_STATUS:
        a->type = TYPE_JSON;
        buf_add_text(&a->body, s->status);
        return;
    case AT_ROWS: rows_answer(a, v, r, arena); return;
    case AT_METRICS:
        a->type = TYPE_METRICS;
        buf_add_text(&a->body, s->metrics);
        if (s->metrics.len)
            return;
        a->status = 404;
        buf_add_str(&a->body, "this page has no metrics\n");
        return;
    case AT_HEALTH:
        a->type = TYPE_PLAIN;
        a->status =
            page_health(v, page_door_vet(v->door, r, PAGE_NEEDS_LOOK) == PAGE_ADMITTED, &a->body);
        return;
    case AT_LOGIN: login(a, v, r, arena); return;
    case AT_ORDER: order_carry_out(a, v, r, route->order, arena); return;
    }
}

void page_answer_make(struct page_answer *a, const struct page_view *v,
                      const struct page_request *r)
{
    const struct route *route = NULL;
    bool is_json = text_starts(r->path, TEXT("/api/"));
    *a = (struct page_answer){0};
    buf_init(&a->body, PAGE_DOCUMENT_MAX);
    for (size_t i = 0; i < COUNT(routes) && !route; i++)
        if (text_eq(r->path, text_of(routes[i].path)))
            route = &routes[i];
    /* What is not there is told to those alone who may ask. */
    enum page_admission admission =
        page_door_vet(v->door, r, route ? route->need : PAGE_NEEDS_DOCUMENT);
    bool is_get = text_eq(r->method, TEXT("GET")) || text_eq(r->method, TEXT("HEAD"));
    bool is_form = route && (route->at == AT_LOGIN || route->at == AT_ORDER);
    struct text form = TEXT("application/x-www-form-urlencoded");
    if (admission == PAGE_NO_TOKEN && route && route->at == AT_INDEX && is_get) {
        a->status = 401;
        login_write(a, v, false);
    } else if (admission != PAGE_ADMITTED) {
        page_answer_refuse(a, refusals[admission].status, is_json, refusals[admission].sentence);
    } else if (!route) {
        page_answer_refuse(a, 404, is_json, "there is nothing under this path");
    } else if (is_form ? !text_eq(r->method, TEXT("POST")) : !is_get) {
        page_answer_refuse(a, 405, is_json, "this path takes another method");
        a->allow = is_form ? "POST" : "GET, HEAD";
    } else if (is_form && r->body.len &&
               !text_eq_nocase(
                   text_trim(text_slice(r->content_type, 0, text_find(r->content_type, ';'))),
                   form)) {
        page_answer_refuse(a, 415, is_json,
                           "expected a body of the type application/x-www-form-urlencoded");
    } else {
        struct arena arena;
        arena_init(&arena, 1u << 16);
        answer(a, v, r, route, &arena);
        arena_clear(&arena);
    }
}
