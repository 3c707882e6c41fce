/* The queue of an output: its order, its bound, what becomes of what it cannot take, and its end.
 */
#include "unit.h"

#include "notify/outlet.h"

#include <poll.h>
#include <semaphore.h>
#include <stdio.h>
#include <sys/eventfd.h>
#include <unistd.h>

struct said {
    char text[4000];
};

static void say(void *ctx, enum notice kind, const char *sentence)
{
    struct said *s = ctx;
    size_t len = strlen(s->text);
    snprintf(s->text + len, sizeof s->text - len, "%s%s\n", kind == NOTICE_ERROR ? "! " : "",
             sentence);
}

/* An output whose deliveries a test lets go on, one by one. */
struct gate {
    sem_t arrived, go;
    atomic_bool is_open; /* no delivery waits */
    char got[64][40];
    unsigned got_len;
    enum delivery answers[64];
    int ending_fd;
    struct sayings sayings;
    struct said said;
    struct outlet *outlet;
    bool is_released;
};

static enum delivery gate_deliver(void *ctx, struct outlet *o, const struct message *m,
                                  struct text bytes, struct why *why)
{
    struct gate *g = ctx;
    (void)o, (void)m;
    sem_post(&g->arrived);
    if (!g->is_open)
        sem_wait(&g->go);
    if (g->got_len == COUNT(g->got))
        return DELIVERY_DONE;
    size_t tail = bytes.len > 30 ? bytes.len - 30 : 0;
    snprintf(g->got[g->got_len], sizeof g->got[0], TEXT_FMT, TEXT_ARG(text_from(bytes, tail)));
    why_set(why, ERR_IO, "out of order");
    return g->answers[g->got_len++];
}

static void gate_release(void *ctx)
{
    ((struct gate *)ctx)->is_released = true;
}

static void gate_open(struct gate *g, bool takes_events, bool wants_newest)
{
    struct why why = {""};
    memset(g, 0, sizeof *g);
    sem_init(&g->arrived, 0, 0);
    sem_init(&g->go, 0, 0);
    sayings_init(&g->sayings);
    g->ending_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    const struct outlet_config config = {.name = "the gate",
                                         .ctx = g,
                                         .deliver = gate_deliver,
                                         .release = gate_release,
                                         .sayings = &g->sayings,
                                         .ending_fd = g->ending_fd,
                                         .takes_events = takes_events,
                                         .wants_newest = wants_newest};
    assert_int_equal(outlet_open(&g->outlet, &config, &why), OK);
}

static uint64_t gate_close(struct gate *g, uint64_t *late)
{
    outlet_finish(g->outlet);
    uint64_t lost = outlet_close(g->outlet, late);
    const struct notices notices = {&g->said, say};
    sayings_tell(&g->sayings, &notices);
    assert_true(g->is_released);
    sayings_clear(&g->sayings);
    close(g->ending_fd);
    sem_destroy(&g->arrived);
    sem_destroy(&g->go);
    return lost;
}

static void push(struct gate *g, const char *text)
{
    struct message *m = message_new(text_of(text));
    assert_non_null(m);
    outlet_push(g->outlet, m);
    message_drop(m);
}

static void messages_come_in_their_order(void **state)
{
    struct gate g;
    uint64_t late;
    (void)state;
    gate_open(&g, false, false);
    push(&g, "one");
    push(&g, "two");
    push(&g, "three");
    for (int i = 0; i < 3; i++)
        sem_post(&g.go);
    assert_int_equal(gate_close(&g, &late), 0);
    assert_int_equal(late, 0);
    assert_int_equal(g.got_len, 3);
    assert_string_equal(g.got[0], "one");
    assert_string_equal(g.got[2], "three");
    assert_string_equal(g.said.text, "");
}

/* The deciding thread goes on; what has no place is counted, said once, and told in the next one.
 */
static void a_full_queue_loses_the_newest(void **state)
{
    struct gate g;
    uint64_t late;
    (void)state;
    gate_open(&g, true, false);
    push(&g, "{\"a\":0,\"dropped\":0}\n"); /* under way */
    sem_wait(&g.arrived);
    for (unsigned i = 0; i < NOTIFY_QUEUE_MAX + 7; i++)
        push(&g, "{\"a\":1,\"dropped\":0}\n");
    g.is_open = true;
    sem_post(&g.go);
    assert_int_equal(gate_close(&g, &late), 7);
    assert_int_equal(late, 0);
    assert_string_equal(g.got[0], "{\"a\":0,\"dropped\":0}\n");
    assert_string_equal(g.got[1], "{\"a\":1,\"dropped\":7}\n");
    assert_string_equal(g.got[2], "{\"a\":1,\"dropped\":0}\n");
    assert_string_equal(g.said.text, "! the gate is too slow: 16384 events wait for it, and more "
                                     "are lost until it catches up\n");
}

static void a_queue_is_bounded_in_bytes(void **state)
{
    struct gate g;
    uint64_t late;
    static char large[NOTIFY_BYTES_MAX / 4];
    (void)state;
    memset(large, 'x', sizeof large - 1);
    gate_open(&g, false, false);
    push(&g, "first");
    sem_wait(&g.arrived);
    for (int i = 0; i < 6; i++)
        push(&g, large);
    g.is_open = true;
    sem_post(&g.go);
    assert_int_equal(gate_close(&g, &late), 2);
    assert_int_equal(g.got_len, 5);
}

static void trouble_is_said_once_and_its_end(void **state)
{
    struct gate g;
    uint64_t late;
    (void)state;
    gate_open(&g, true, false);
    g.answers[1] = g.answers[2] = DELIVERY_LOST;
    for (int i = 0; i < 4; i++) {
        push(&g, "{\"a\":2,\"dropped\":0}\n");
        sem_post(&g.go);
    }
    assert_int_equal(gate_close(&g, &late), 2);
    assert_string_equal(g.got[3], "{\"a\":2,\"dropped\":2}\n"); /* lost in deliveries, too */
    assert_string_equal(g.said.text, "! the gate: out of order\n"
                                     "the gate works again; 2 events were lost to it\n");
}

static void the_newest_takes_the_place_of_one_that_waits(void **state)
{
    struct gate g;
    uint64_t late;
    (void)state;
    gate_open(&g, false, true);
    push(&g, "one");
    sem_wait(&g.arrived);
    push(&g, "two");
    push(&g, "three");
    g.is_open = true;
    sem_post(&g.go);
    assert_int_equal(gate_close(&g, &late), 0);
    assert_int_equal(g.got_len, 2);
    assert_string_equal(g.got[1], "three");
}

static void at_the_end_what_waits_is_counted(void **state)
{
    struct gate g;
    uint64_t late;
    const uint64_t one = 1;
    (void)state;
    gate_open(&g, false, false);
    g.answers[0] = DELIVERY_ENDING;
    push(&g, "under way");
    sem_wait(&g.arrived);
    push(&g, "waits");
    push(&g, "waits too");
    assert_int_equal(write(g.ending_fd, &one, sizeof one), sizeof one);
    assert_true(outlet_is_ending(g.outlet));
    sem_post(&g.go);
    assert_int_equal(gate_close(&g, &late), 3);
    assert_int_equal(late, 2);
    assert_string_equal(g.said.text, "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(messages_come_in_their_order),
        cmocka_unit_test(a_full_queue_loses_the_newest),
        cmocka_unit_test(a_queue_is_bounded_in_bytes),
        cmocka_unit_test(trouble_is_said_once_and_its_end),
        cmocka_unit_test(the_newest_takes_the_place_of_one_that_waits),
        cmocka_unit_test(at_the_end_what_waits_is_counted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
