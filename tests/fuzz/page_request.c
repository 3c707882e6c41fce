/* A request to the live page: one header a line (method, target, Host, Origin, Sec-Fetch-Site,
 * Authorization, Cookie, Last-Event-ID, Content-Type), then the body. */
#include "fuzz.h"

#include "page/page_internal.h"

#include <stdio.h>
#include <string.h>

#define TOKEN   "a-token-of-22-letters."
#define SECRET  "what the page shows"
#define SESSION "mailfrom-8080=7777777777777777777777777777777777777777777777777777777777777777"

static unsigned orders;

static enum err take_order(void *ctx, enum page_order order, struct text value, struct why *said)
{
    (void)ctx;
    orders++;
    assert(order < PAGE_ORDERS && (order == PAGE_PACE) == (value.len > 0));
    return why_set(said, value.len ? ERR_INPUT : OK, "heard");
}

static bool holds(struct text t, struct text what)
{
    return text_find_text(t, what) < t.len;
}

/* Whoever shows neither the token nor the cookie gets no secret and gives no order. */
static void answer_is_sound(const struct page_answer *a, const struct page_request *r)
{
    struct text body = buf_text(&a->body);
    bool knows = holds(r->authorization, TEXT(TOKEN)) || holds(r->cookie, TEXT(SESSION));
    assert(a->status >= 200 && a->status < 600 && a->type);
    assert(knows || !holds(body, TEXT(SECRET)));
    assert(knows || orders == 0);
    assert(knows || !a->is_stream);
    assert(!holds(body, TEXT(TOKEN)));
    assert(!a->sets_cookie || (a->status == 303 && strcmp(a->location, "/") == 0));
    if (text_eq(r->method, TEXT("GET")))
        assert(orders == 0 && !a->sets_cookie);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    struct page_row row = {.identity = TEXT(SECRET), .state = TEXT("done")};
    struct page_config config = {.index = TEXT(SECRET), .order = take_order};
    struct page_snapshot snapshot = {.status = TEXT(SECRET), .metrics = TEXT(SECRET), .rows = &row};
    struct page_door door = {0};
    struct page_feed feed = {.instance = "0123456789abcdef", .version = 7};
    struct page_request r = {0};
    struct page_answer a;
    struct text rest = {(const char *)bytes, len}, target = TEXT_NONE;
    struct text *lines[] = {&r.method, &target,          &r.host,
                            &r.origin, &r.fetch_site,    &r.authorization,
                            &r.cookie, &r.last_event_id, &r.content_type};
    struct page_view view = {.config = &config,
                             .door = &door,
                             .snapshot = &snapshot,
                             .policy = "default-src 'none'",
                             .login_policy = "default-src 'none'"};
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++)
        *lines[i] = text_cut(&rest, '\n');
    r.body = rest;
    r.query = target;
    r.path = text_cut(&r.query, '?');
    snapshot.rows_len = 1;
    assert(page_address_read(&door.address, "127.0.0.1:8080", NULL) == OK);
    memset(door.session, '7', sizeof door.session - 1);
    assert(page_door_init(&door, TEXT(TOKEN)));
    orders = 0;
    page_answer_make(&a, &view, &r);
    answer_is_sound(&a, &r);
    buf_clear(&a.body);
    assert(page_feed_version(&feed, r.last_event_id) <= feed.version);
    return 0;
}
