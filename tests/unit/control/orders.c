/*
 * The way of an order through its slot, with a deciding thread of the test's own: given, taken in
 * the order of giving, answered once, withdrawn when nobody takes it, and never called withdrawn
 * once it was taken. And the lines of the socket.
 */
#include "control/client.h"
#include "control/control_internal.h"
#include "scheduler/record.h"
#include "unit.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

/* ---- a wire that is none ---- */

struct wire {
    struct wire_orders orders;
    atomic_uint wakes;
};

void wire_wake(struct wire *w)
{
    atomic_fetch_add(&w->wakes, 1);
}

void wire_take_orders(struct wire *w, const struct wire_orders *orders)
{
    w->orders = orders ? *orders : (struct wire_orders){.ctx = NULL};
}

struct room {
    struct wire wire;
    struct run run;
    struct control *control;
    struct run_companion companion;
};

static struct room *room_of(const char *journal)
{
    static const struct notices silent = {0};
    struct why why = {""};
    struct room *r = calloc(1, sizeof *r);
    r->run.head.id = 7;
    r->control = control_new(journal, &silent);
    r->companion = control_companion(r->control);
    assert_int_equal(r->companion.begin(r->control, &r->run, &r->wire, 1, &why), OK);
    return r;
}

static int open_room(void **state)
{
    *state = room_of(NULL);
    return 0;
}

static void ends(struct room *r)
{
    if (r->wire.orders.take)
        r->companion.end(r->control, &r->run, false, 9);
}

static int close_room(void **state)
{
    struct room *r = *state;
    ends(r);
    control_free(r->control);
    free(r);
    return 0;
}

/* ---- who gives ---- */

struct giver {
    struct room *room;
    struct order order;
    uint64_t run;
    span_us patience;
    pthread_t thread;
    enum control_word word;
    char said[CONTROL_SAID_MAX];
};

static void *give(void *arg)
{
    struct giver *g = arg;
    g->word = control_order(g->room->control, g->run, &g->order, g->patience, g->said);
    return NULL;
}

static void gives(struct giver *g, struct room *r, enum order_kind kind, span_us patience)
{
    unsigned before = atomic_load(&r->wire.wakes);
    const struct timespec moment = {0, 1000000};
    *g = (struct giver){.room = r, .order = {.kind = kind, .pid = 3}, .patience = patience};
    snprintf(g->order.user, sizeof g->order.user, "alice");
    snprintf(g->order.host, sizeof g->order.host, "host");
    pthread_create(&g->thread, NULL, give, g);
    while (atomic_load(&r->wire.wakes) == before)
        nanosleep(&moment, NULL);
}

static void hears(struct giver *g, enum control_word word, const char *part)
{
    pthread_join(g->thread, NULL);
    if (g->word != word || !strstr(g->said, part))
        fail_msg("word %d: %s", g->word, g->said);
}

static struct order *takes(struct room *r)
{
    return r->wire.orders.take(r->wire.orders.ctx);
}

static void keeps(struct room *r, struct order *o)
{
    const struct record record = {.kind = RECORD_ORDER, .order = o};
    o->answer = ORDER_TAKEN;
    r->companion.turn(r->control, 2); /* it is not durable yet, and not acknowledged */
    r->companion.kept(r->control, &record, 1);
}

static void what_is_kept_is_acknowledged(void **state)
{
    struct room *r = *state;
    struct giver g;
    gives(&g, r, ORDER_PAUSE, SPAN_S(20));
    struct order *o = takes(r);
    assert_non_null(o);
    assert_null(takes(r));
    o->at = SPAN_S(1);
    keeps(r, o);
    hears(&g, CONTROL_DONE, "run 7 is paused");
    gives(&g, r, ORDER_PAUSE, SPAN_S(20));
    o = takes(r);
    o->answer = ORDER_IDLE;
    r->companion.turn(r->control, 3);
    hears(&g, CONTROL_IDLE, "already, by alice (pid 3 on host) since 1970-01-01T00:00:01Z");
    gives(&g, r, ORDER_STOP, SPAN_S(20));
    o = takes(r);
    o->answer = ORDER_TOO_LATE;
    r->companion.turn(r->control, 3);
    hears(&g, CONTROL_LATE, "run 7 is stopping");
}

static void orders_are_taken_as_they_were_given(void **state)
{
    struct room *r = *state;
    struct giver g[5];
    struct order *o[5];
    for (int i = 0; i < 5; i++)
        gives(&g[i], r, i % 2 ? ORDER_RESUME : ORDER_PAUSE, SPAN_S(20));
    for (int i = 0; i < 5; i++) {
        o[i] = takes(r);
        assert_int_equal(o[i]->kind, i % 2 ? ORDER_RESUME : ORDER_PAUSE);
    }
    for (int i = 4; i >= 0; i--)
        keeps(r, o[i]);
    for (int i = 0; i < 5; i++)
        hears(&g[i], CONTROL_DONE, "run 7");
}

static void what_nobody_takes_is_withdrawn(void **state)
{
    struct room *r = *state;
    char said[CONTROL_SAID_MAX];
    const struct order pause = {.kind = ORDER_PAUSE};
    assert_int_equal(control_order(r->control, 0, &pause, SPAN_MS(20), said), CONTROL_LATE);
    assert_non_null(strstr(said, "withdrawn"));
    assert_null(takes(r));
}

static void what_was_taken_is_never_called_withdrawn(void **state)
{
    struct room *r = *state;
    struct giver g;
    gives(&g, r, ORDER_PAUSE, SPAN_MS(300));
    struct order *o = takes(r);
    hears(&g, CONTROL_TAKEN, "may still be carried out");
    keeps(r, o); /* the disk came back */
    gives(&g, r, ORDER_PAUSE, SPAN_S(20));
    o = takes(r);
    o->answer = ORDER_IDLE;
    r->companion.turn(r->control, 3);
    hears(&g, CONTROL_IDLE, "already, by alice");
}

static void an_answer_that_comes_as_the_giver_leaves_is_given(void **state)
{
    struct room *r = *state;
    enum control_word word;
    char said[CONTROL_SAID_MAX];
    uint32_t slot = orders_give(r->control, 0, &(struct order){.kind = ORDER_PAUSE}, &word, said);
    keeps(r, takes(r));
    assert_int_equal(orders_leave(r->control, slot, said), CONTROL_DONE);
    assert_non_null(strstr(said, "run 7 is paused"));
}

static void *ask(void *arg)
{
    struct control_reply *reply = arg;
    control_ask("run.db", 7, &(struct order){.kind = ORDER_PAUSE}, CONTROL_PATIENCE, reply);
    return NULL;
}

/* Both within the patience of a client. */
static void a_client_is_told_in_time_what_became_of_its_order(void **state)
{
    char folder[] = "/tmp/mailfrom-orders-XXXXXX", path[64];
    struct control_reply taken, given;
    pthread_t threads[2];
    const struct timespec moment = {0, 1000000};
    (void)state;
    assert_non_null(mkdtemp(folder));
    assert_int_equal(chdir(folder), 0);
    FILE *journal = fopen("run.db", "w"); /* the socket lies beside a file that is there */
    assert_non_null(journal);
    fclose(journal);
    struct room *r = room_of("run.db");
    assert_true(r->control->is_serving);
    pthread_create(&threads[0], NULL, ask, &taken);
    while (!takes(r))
        nanosleep(&moment, NULL);
    pthread_create(&threads[1], NULL, ask, &given);
    pthread_join(threads[0], NULL);
    pthread_join(threads[1], NULL);
    assert_int_equal(taken.found, CONTROL_ANSWERED);
    assert_int_equal(taken.word, CONTROL_TAKEN);
    assert_non_null(strstr(taken.said, "may still be carried out"));
    assert_int_equal(given.found, CONTROL_ANSWERED);
    assert_int_equal(given.word, CONTROL_LATE);
    assert_non_null(strstr(given.said, "it will not be carried out"));
    assert_null(takes(r));
    close_room((void **)&r);
    assert_int_equal(chdir("/"), 0);
    assert_int_equal(unlink(strcat(strcpy(path, folder), "/run.db")), 0);
    assert_int_equal(rmdir(folder), 0); /* no socket is left */
}

static void what_was_taken_and_has_no_end_frees_its_slot_in_the_end(void **state)
{
    struct room *r = *state;
    struct giver g;
    for (int i = 0; i < 100; i++) { /* more than there are slots */
        gives(&g, r, ORDER_PAUSE, SPAN_S(20));
        struct order *o = takes(r);
        assert_non_null(o);
        keeps(r, o);
        hears(&g, CONTROL_DONE, "");
    }
    gives(&g, r, ORDER_RESUME, SPAN_S(20));
    assert_non_null(takes(r));
    ends(r); /* the journal never had it */
    hears(&g, CONTROL_LATE, "run 7 has ended");
    char said[CONTROL_SAID_MAX];
    const struct order pause = {.kind = ORDER_PAUSE};
    assert_int_equal(control_order(r->control, 0, &pause, SPAN_S(5), said), CONTROL_LATE);
}

static void an_order_that_is_none_is_refused_at_once(void **state)
{
    struct room *r = *state;
    char said[CONTROL_SAID_MAX];
    const struct order pause = {.kind = ORDER_PAUSE},
                       fast = {.kind = ORDER_PACE, .rate_per_s = 1e6}, none = {.kind = ORDER_PACE};
    assert_int_equal(control_order(r->control, 8, &pause, SPAN_S(5), said), CONTROL_OTHER);
    assert_string_equal(said, "run 7 is under way, and not run 8");
    assert_int_equal(control_order(r->control, 0, &fast, SPAN_S(5), said), CONTROL_BAD);
    assert_int_equal(control_order(r->control, 0, &none, SPAN_S(5), said), CONTROL_BAD);
    assert_int_equal(
        control_order_of_page(r->control, TEXT("dance"), TEXT_NONE, TEXT("page"), said),
        CONTROL_BAD);
    assert_int_equal(
        control_order_of_page(r->control, TEXT("pace"), TEXT("0.001"), TEXT("page"), said),
        CONTROL_BAD);
    assert_int_equal(
        control_order_of_page(r->control, TEXT("pause"), TEXT("1"), TEXT("page"), said),
        CONTROL_BAD);
    assert_null(takes(r));
}

static void *give_page(void *arg)
{
    struct giver *g = arg;
    g->word =
        control_order_of_page(g->room->control, TEXT("pace"), TEXT("0.5"), TEXT("page"), g->said);
    return NULL;
}

static void the_page_takes_the_same_way(void **state)
{
    struct room *r = *state;
    struct giver g = {.room = r};
    struct order *o;
    const struct timespec moment = {0, 1000000};
    pthread_create(&g.thread, NULL, give_page, &g);
    while (!(o = takes(r)))
        nanosleep(&moment, NULL);
    assert_int_equal(o->kind, ORDER_PACE);
    assert_string_equal(o->user, "page");
    assert_true(o->pid > 0);
    keeps(r, o);
    hears(&g, CONTROL_DONE, "at most 0.5 calls a second");
}

/* ---- lines ---- */

static void a_line_is_an_order_or_says_what_is_wrong(void **state)
{
    (void)state;
    static const struct {
        const char *line;
        enum order_kind kind; /* ORDER_KINDS: it is none */
        uint64_t run;
    } lines[] = {
        {"mailfrom-control 1 7 pause", ORDER_PAUSE, 7},
        {"mailfrom-control 1 0 resume", ORDER_RESUME, 0},
        {"mailfrom-control 1 0 stop", ORDER_STOP, 0},
        {"mailfrom-control 1 0 leave", ORDER_LEAVE, 0},
        {"mailfrom-control 1 18446744073709551615 pace 0.5", ORDER_PACE, UINT64_MAX},
        {"mailfrom-control 1 0 pace 1e2", ORDER_PACE, 0},
        {"mailfrom-control 1 0 pace", ORDER_KINDS, 0},
        {"mailfrom-control 1 0 pace ", ORDER_KINDS, 0},
        {"mailfrom-control 1 0 pace 0", ORDER_KINDS, 0},
        {"mailfrom-control 1 0 pace -1", ORDER_KINDS, 0},
        {"mailfrom-control 1 0 pace nan", ORDER_KINDS, 0},
        {"mailfrom-control 1 0 pace inf", ORDER_KINDS, 0},
        {"mailfrom-control 1 0 pace 1 2", ORDER_KINDS, 0},
        {"mailfrom-control 1 0 pace 0.0000000000000000000000000000000000001", ORDER_KINDS, 0},
        {"mailfrom-control 1 0 pause 1", ORDER_KINDS, 0},
        {"mailfrom-control 1 0 pause ", ORDER_KINDS, 0},
        {"mailfrom-control 2 0 pause", ORDER_KINDS, 0},
        {"mailfrom-control 1 x pause", ORDER_KINDS, 0},
        {"mailfrom-control 1 0", ORDER_KINDS, 0},
        {"mailfrom-control", ORDER_KINDS, 0},
        {"pause", ORDER_KINDS, 0},
        {"", ORDER_KINDS, 0},
    };
    for (size_t i = 0; i < COUNT(lines); i++) {
        uint64_t run = 0;
        struct order o;
        const char *said;
        char again[CONTROL_LINE_MAX];
        bool is_order = control_line_read(text_of(lines[i].line), &run, &o, &said);
        if (is_order != (lines[i].kind != ORDER_KINDS) ||
            (is_order && (o.kind != lines[i].kind || run != lines[i].run)))
            fail_msg("%s: %d", lines[i].line, o.kind);
        if (!is_order)
            continue;
        control_line_write(again, run, &o);
        struct order same;
        assert_int_equal(again[strlen(again) - 1], '\n');
        assert_true(control_line_read((struct text){again, strlen(again) - 1}, &run, &same, &said));
        assert_memory_equal(&same.rate_per_s, &o.rate_per_s, sizeof o.rate_per_s);
    }
}

static void an_answer_is_cut_and_comes_back(void **state)
{
    (void)state;
    char line[CONTROL_SAID_MAX], long_one[2 * CONTROL_SAID_MAX];
    uint64_t run;
    enum control_word word;
    struct text sentence;
    size_t len = control_answer_write(line, 7, CONTROL_LATE, "it is late");
    assert_true(control_answer_read((struct text){line, len - 1}, &run, &word, &sentence));
    assert_int_equal(run, 7);
    assert_int_equal(word, CONTROL_LATE);
    assert_text(sentence, TEXT("it is late"));
    memset(long_one, 'x', sizeof long_one - 1);
    long_one[sizeof long_one - 1] = '\0';
    len = control_answer_write(line, 7, CONTROL_BAD, long_one);
    assert_int_equal(len, CONTROL_SAID_MAX - 1);
    assert_int_equal(line[len - 1], '\n');
    assert_false(control_answer_read(TEXT("mailfrom-control 1 7 what"), &run, &word, &sentence));
    assert_false(control_answer_read(TEXT(""), &run, &word, &sentence));
}

int main(void)
{
#define IN_ROOM(name) cmocka_unit_test_setup_teardown(name, open_room, close_room)
    const struct CMUnitTest tests[] = {
        IN_ROOM(what_is_kept_is_acknowledged),
        IN_ROOM(orders_are_taken_as_they_were_given),
        IN_ROOM(what_nobody_takes_is_withdrawn),
        IN_ROOM(what_was_taken_is_never_called_withdrawn),
        IN_ROOM(an_answer_that_comes_as_the_giver_leaves_is_given),
        cmocka_unit_test(a_client_is_told_in_time_what_became_of_its_order),
        IN_ROOM(what_was_taken_and_has_no_end_frees_its_slot_in_the_end),
        IN_ROOM(an_order_that_is_none_is_refused_at_once),
        IN_ROOM(the_page_takes_the_same_way),
        cmocka_unit_test(a_line_is_an_order_or_says_what_is_wrong),
        cmocka_unit_test(an_answer_is_cut_and_comes_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
