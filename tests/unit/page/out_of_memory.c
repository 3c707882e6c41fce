/* The page's server with memory that runs out, in what runs on the owner's thread and in what the
 * server's thread is made of; see out_of_memory.h. */
#include "out_of_memory.h"

#include "page/page_internal.h"

static bool open_publish_and_close(void)
{
    struct page_config c = {.listen = "127.0.0.1:0",
                            .token = TEXT("a-token-of-22-letters."),
                            .index = TEXT("<p>"),
                            .script = TEXT("x"),
                            .style = TEXT("y")};
    struct page_server *server = NULL;
    struct why why = {{0}};
    if (page_server_open(&server, &c, &why) != OK) {
        assert_true(why.text[0] && !server);
        return false;
    }
    bool ok = true;
    for (int i = 0; i < 2; i++) {
        struct page_snapshot *s = page_snapshot_new(10000);
        struct text html = s ? arena_fmt(&s->arena, "<p>%d", i) : TEXT_NONE;
        ok = ok && html.at;
        if (html.at) {
            s->parts[s->parts_len++] = (struct page_part){"a", html};
            page_server_publish(server, s);
        } else {
            page_snapshot_free(s);
        }
    }
    page_server_close(server);
    return ok;
}

/* What a client cannot be sent for want of memory it is sent in the place of a heartbeat. */
static bool feed_two_snapshots(void)
{
    static const char *const html[] = {"1", "2"};
    struct page_feed feed = {.instance = "a"};
    struct page_snapshot *current = NULL;
    struct page_stream stream = {0};
    char out[200];
    bool ok = page_feed_init(&feed);
    for (int i = 0; i < 2 && ok; i++) {
        struct page_snapshot *s = page_snapshot_new(1000);
        ok = s;
        if (!s)
            break;
        s->parts[s->parts_len++] = (struct page_part){"a", text_of(html[i])};
        assert_true(page_feed_turn(&feed, current, s));
        page_snapshot_free(current);
        current = s;
        while (page_stream_read(&stream, &feed, current, 0, out, sizeof out))
            ;
        assert_int_equal(stream.version, feed.version);
    }
    if (stream.is_behind) {
        size_t len = page_stream_read(&stream, &feed, current, PAGE_HEARTBEAT_MS, out, sizeof out);
        struct text told = {out, len};
        assert_true(!feed.whole || text_find_text(told, TEXT("\"a\":\"2\"")) < len ||
                    text_find_text(told, TEXT("\"a\":\"1\"")) < len);
    }
    page_event_drop(stream.event);
    page_feed_clear(&feed);
    page_snapshot_free(current);
    return ok && !memory_ran_out();
}

static bool answer_a_search(void)
{
    struct page_row row = {.identity = TEXT("news.example.org"), .state = TEXT("done")};
    struct page_snapshot snapshot = {.rows = &row, .rows_len = 1};
    struct page_config config = {.index = TEXT("x")};
    struct page_door door = {0};
    struct page_view view = {.config = &config, .door = &door, .snapshot = &snapshot};
    struct page_request r = {
        .method = TEXT("GET"), .path = TEXT("/api/rows"), .query = TEXT("q=news&limit=5")};
    struct page_answer a;
    bool is_made = page_address_read(&door.address, "127.0.0.1:80", NULL) == OK &&
                   page_door_init(&door, TEXT_NONE);
    assert_true(is_made);
    page_answer_make(&a, &view, &r);
    bool ok = !a.body.failed && !memory_ran_out();
    buf_clear(&a.body);
    return ok;
}

static void a_server_is_opened_or_says_why_not(void **state)
{
    (void)state;
    fail_every_allocation(open_publish_and_close);
}

static void a_feed_loses_no_change(void **state)
{
    (void)state;
    fail_every_allocation(feed_two_snapshots);
}

static void an_answer_is_whole_or_failed(void **state)
{
    (void)state;
    fail_every_allocation(answer_a_search);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_server_is_opened_or_says_why_not),
        cmocka_unit_test(a_feed_loses_no_change),
        cmocka_unit_test(an_answer_is_whole_or_failed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
