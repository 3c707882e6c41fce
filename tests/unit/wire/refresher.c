/*
 * Who waits for whose keys: sources that hang, fail, grow old, against a refresher with real
 * threads. The sources are made here, in the place of engine/aws/credentials.
 */
#include "unit.h"

#include "base/hash.h"
#include "wire/refresher.h"

#include <pthread.h>
#include <stdio.h>

#define SOURCES 3

/* What a test does to it stands above, what it sees below. */
struct credential_source {
    pthread_mutex_t lock;
    pthread_cond_t changed;
    bool hangs; /* a refresh waits until this is false, or the refresher ends */
    enum err fails;
    enum keys_state state;
    unsigned refreshes, under_way, at_once_max;
    instant_us asked_at; /* what `now` the refresher gave */
};

enum keys_state credential_source_held(struct credential_source *s, instant_us now,
                                       struct credentials *out)
{
    pthread_mutex_lock(&s->lock);
    enum keys_state state = s->state;
    s->asked_at = now;
    if (state != KEYS_MISSING)
        snprintf(out->access_key_id, sizeof out->access_key_id, "AKID%u", s->refreshes);
    pthread_mutex_unlock(&s->lock);
    return state;
}

enum err credential_source_refresh(struct credential_source *s,
                                   const struct http_exchange *exchange,
                                   const struct credential_terms *terms, struct why *why)
{
    bool is_cut = false;
    (void)terms;
    pthread_mutex_lock(&s->lock);
    if (++s->under_way > s->at_once_max)
        s->at_once_max = s->under_way;
    pthread_cond_broadcast(&s->changed);
    while (s->hangs && !is_cut) {
        pthread_mutex_unlock(&s->lock);
        is_cut = !exchange->rest(exchange->context, SPAN_MS(2));
        pthread_mutex_lock(&s->lock);
    }
    s->under_way--;
    s->refreshes++;
    enum err err = is_cut ? ERR_BUSY : s->fails;
    if (err == OK)
        s->state = KEYS_GOOD;
    pthread_mutex_unlock(&s->lock);
    return err ? why_set(why, err, "no keys today") : OK;
}

struct house {
    struct os_clock clock;
    struct credential_source sources[SOURCES];
    struct wire_lane lanes[SOURCES + 1]; /* the last shares the first source */
    struct refresher *refresher;
    pthread_mutex_t lock;
    pthread_cond_t told;
    unsigned wakeup;
};

static void on_wakeup(void *context)
{
    struct house *h = context;
    pthread_mutex_lock(&h->lock);
    h->wakeup++;
    pthread_cond_broadcast(&h->told);
    pthread_mutex_unlock(&h->lock);
}

static struct house *house_open(void)
{
    struct house *h = calloc(1, sizeof *h);
    struct why why = {""};
    assert_non_null(h);
    assert_int_equal(https_library_open(&why), OK);
    os_clock_open(&h->clock, 0);
    pthread_mutex_init(&h->lock, NULL);
    pthread_cond_init(&h->told, NULL);
    for (unsigned i = 0; i <= SOURCES; i++) {
        struct credential_source *s = &h->sources[i % SOURCES];
        h->lanes[i].credentials = s;
        s->state = KEYS_MISSING;
        pthread_mutex_init(&s->lock, NULL);
        pthread_cond_init(&s->changed, NULL);
    }
    struct refresher_config config = {
        .clock = &h->clock,
        .lanes = h->lanes,
        .lanes_len = SOURCES + 1,
        .https = {.proxy = "", .no_proxy = "", .timeout_us = SPAN_S(1)},
        .wakeup = on_wakeup,
        .context = h};
    assert_int_equal(refresher_open(&h->refresher, &config, &why), OK);
    return h;
}

static void house_close(struct house *h)
{
    refresher_close(h->refresher);
    for (unsigned i = 0; i < SOURCES; i++)
        assert_true(h->sources[i].at_once_max <= 1);
    https_library_close();
    free(h);
}

static enum err ask(struct house *h, uint32_t lane, span_us later, struct credentials *out,
                    struct why *why)
{
    os_clock_advance(&h->clock, os_clock_now(&h->clock) + later);
    return refresher_get(h->refresher, lane, out, why);
}

static unsigned news_of(struct house *h)
{
    pthread_mutex_lock(&h->lock);
    unsigned news = h->wakeup;
    pthread_mutex_unlock(&h->lock);
    return news;
}

static void news_wait(struct house *h, unsigned wanted)
{
    pthread_mutex_lock(&h->lock);
    while (h->wakeup < wanted)
        pthread_cond_wait(&h->told, &h->lock);
    pthread_mutex_unlock(&h->lock);
}

static void source_set(struct credential_source *s, bool hangs, enum err fails,
                       enum keys_state state)
{
    pthread_mutex_lock(&s->lock);
    s->hangs = hangs;
    s->fails = fails;
    s->state = state;
    pthread_mutex_unlock(&s->lock);
}

static void refresh_await(struct credential_source *s)
{
    pthread_mutex_lock(&s->lock);
    while (s->under_way == 0)
        pthread_cond_wait(&s->changed, &s->lock);
    pthread_mutex_unlock(&s->lock);
}

static void a_source_that_hangs_holds_up_its_own_lanes_only(void **state)
{
    struct house *h = house_open();
    struct credentials out;
    struct why why;
    (void)state;
    source_set(&h->sources[0], true, OK, KEYS_MISSING);
    assert_int_equal(ask(h, 0, 0, &out, &why), ERR_BUSY);
    refresh_await(&h->sources[0]);
    assert_int_equal(ask(h, SOURCES, 0, &out, &why), ERR_BUSY); /* the same account */
    for (uint32_t lane = 1; lane < SOURCES; lane++) {
        unsigned news = news_of(h);
        assert_int_equal(ask(h, lane, 0, &out, &why), ERR_BUSY);
        news_wait(h, news + 1);
        assert_int_equal(ask(h, lane, 0, &out, &why), OK);
        assert_string_equal(out.access_key_id, "AKID1");
    }
    unsigned news = news_of(h);
    source_set(&h->sources[0], false, OK, KEYS_MISSING);
    news_wait(h, news + 1);
    assert_int_equal(ask(h, 0, 0, &out, &why), OK);
    assert_int_equal(ask(h, SOURCES, 0, &out, &why), OK);
    assert_int_equal(h->sources[0].refreshes, 1); /* one for everybody */
    house_close(h);
}

static void a_failure_answers_all_who_waited_and_is_then_tried_again(void **state)
{
    static const struct {
        enum err fails, told;
    } rows[] = {{ERR_AUTH, ERR_AUTH}, {ERR_INPUT, ERR_AUTH}, {ERR_IO, ERR_IO}};
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct house *h = house_open();
        struct credentials out;
        struct why why = {""};
        source_set(&h->sources[0], false, rows[i].fails, KEYS_MISSING);
        assert_int_equal(ask(h, 0, 0, &out, &why), ERR_BUSY);
        news_wait(h, 1);
        assert_int_equal(ask(h, 0, 0, &out, &why), rows[i].told);
        assert_string_equal(why.text, "no keys today");
        assert_int_equal(ask(h, SOURCES, 0, &out, &why), rows[i].told);
        source_set(&h->sources[0], false, OK, KEYS_MISSING);
        assert_int_equal(ask(h, 0, SPAN_S(6), &out, &why), ERR_BUSY);
        news_wait(h, 2);
        assert_int_equal(ask(h, 0, 0, &out, &why), OK);
        assert_int_equal(h->sources[0].refreshes, 2);
        house_close(h);
    }
}

/* They are used while new ones are fetched, and while that fails once a minute. */
static void keys_that_grow_old_are_used_and_renewed_beside(void **state)
{
    struct house *h = house_open();
    struct credentials out;
    struct why why;
    (void)state;
    source_set(&h->sources[0], false, ERR_IO, KEYS_AGING);
    assert_int_equal(ask(h, 0, 0, &out, &why), OK);
    news_wait(h, 1);
    for (unsigned i = 0; i < 10; i++)
        assert_int_equal(ask(h, 0, SPAN_S(5), &out, &why), OK);
    assert_int_equal(h->sources[0].refreshes, 1);
    source_set(&h->sources[0], false, OK, KEYS_AGING);
    assert_int_equal(ask(h, 0, SPAN_S(70), &out, &why), OK);
    news_wait(h, 2);
    assert_int_equal(ask(h, 0, 0, &out, &why), OK);
    assert_string_equal(out.access_key_id, "AKID2");
    house_close(h);
}

/* For twelve minutes it refuses for good, in its own words. */
static void a_source_that_has_given_keys_is_asked_until_it_gives_some(void **state)
{
    struct house *h = house_open();
    struct credentials out;
    struct why why = {""};
    unsigned refused = 0;
    span_us passed = 0;
    (void)state;
    source_set(&h->sources[0], false, OK, KEYS_MISSING);
    assert_int_equal(ask(h, 0, 0, &out, &why), ERR_BUSY);
    news_wait(h, 1);
    assert_int_equal(ask(h, 0, 0, &out, &why), OK);
    source_set(&h->sources[0], false, ERR_AUTH, KEYS_MISSING);
    for (; passed < SPAN_M(12); passed += SPAN_S(1)) {
        unsigned news = news_of(h);
        enum err err = ask(h, 0, SPAN_S(1), &out, &why);
        if (err == ERR_BUSY) {
            news_wait(h, news + 1);
            refused++;
            err = ask(h, 0, 0, &out, &why);
        }
        assert_int_equal(err, ERR_IO); /* so the scheduler asks again, and no lane is closed */
        assert_string_equal(why.text, "no keys today");
    }
    assert_between(refused, 12, 26); /* once or twice a minute */
    source_set(&h->sources[0], false, OK, KEYS_MISSING);
    enum err err = ERR_IO;
    for (passed = 0; err == ERR_IO; passed += SPAN_S(1))
        err = ask(h, 0, SPAN_S(1), &out, &why);
    assert_between(passed, 0, SPAN_M(1) + SPAN_S(1));
    assert_int_equal(err, ERR_BUSY);
    news_wait(h, 2 + refused);
    assert_int_equal(ask(h, 0, 0, &out, &why), OK);
    house_close(h);
}

static uint64_t hash_of(const char *id)
{
    return hash_bytes(id, strlen(id));
}

/* The source here lets no key be vetted, so none but the first is ever known to be the account's.
 */
static void keys_that_nobody_has_vetted_are_given_to_nobody(void **state)
{
    struct house *h = house_open();
    struct credentials out;
    struct why why = {""};
    (void)state;
    source_set(&h->sources[0], false, OK, KEYS_MISSING);
    assert_int_equal(ask(h, 0, 0, &out, &why), ERR_BUSY);
    news_wait(h, 1);
    assert_int_equal(ask(h, 0, 0, &out, &why), OK);
    refresher_expect(h->refresher, 0, TEXT("111122223333"), hash_of("AKID1"));
    assert_int_equal(ask(h, 0, 0, &out, &why), OK);
    assert_int_equal(ask(h, SOURCES, 0, &out, &why), OK); /* another lane of the account */
    source_set(&h->sources[0], false, OK, KEYS_MISSING);
    for (unsigned i = 2; i < 5; i++) {
        out = (struct credentials){.expires = 0};
        assert_int_equal(ask(h, 0, 0, &out, &why), ERR_BUSY);
        news_wait(h, i);
        assert_int_equal(out.access_key_id[0], '\0');
    }
    refresher_expect(h->refresher, 0, TEXT("111122223333"), hash_of("AKID4"));
    assert_int_equal(ask(h, 0, 0, &out, &why), OK);
    house_close(h);
}

static instant_us asked_at(struct credential_source *s)
{
    pthread_mutex_lock(&s->lock);
    instant_us at = s->asked_at;
    pthread_mutex_unlock(&s->lock);
    return at;
}

static void what_has_expired_is_judged_by_the_clock_of_a_server(void **state)
{
    struct house *h = house_open();
    struct credentials out;
    struct why why = {""};
    (void)state;
    source_set(&h->sources[0], false, OK, KEYS_GOOD);
    assert_int_equal(ask(h, 0, 0, &out, &why), OK);
    assert_true(asked_at(&h->sources[0]) == CLOCK_NOT_TOLD);
    refresher_clock(h->refresher, SOURCES, SPAN_H(-24)); /* ours is a day ahead */
    instant_us before = os_clock_utc(&h->clock);
    assert_int_equal(ask(h, 0, 0, &out, &why), OK);
    assert_true(asked_at(&h->sources[0]) >= before - SPAN_H(24));
    assert_true(asked_at(&h->sources[0]) <= os_clock_utc(&h->clock) - SPAN_H(24));
    house_close(h);
}

static void the_end_waits_for_no_source(void **state)
{
    struct house *h = house_open();
    struct credentials out;
    struct why why;
    (void)state;
    source_set(&h->sources[0], true, OK, KEYS_MISSING);
    assert_int_equal(ask(h, 0, 0, &out, &why), ERR_BUSY);
    refresh_await(&h->sources[0]);
    refresher_end(h->refresher);
    assert_int_equal(ask(h, 0, 0, &out, &why), ERR_BUSY); /* carriers may still ask */
    house_close(h);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_source_that_hangs_holds_up_its_own_lanes_only),
        cmocka_unit_test(a_failure_answers_all_who_waited_and_is_then_tried_again),
        cmocka_unit_test(keys_that_grow_old_are_used_and_renewed_beside),
        cmocka_unit_test(a_source_that_has_given_keys_is_asked_until_it_gives_some),
        cmocka_unit_test(keys_that_nobody_has_vetted_are_given_to_nobody),
        cmocka_unit_test(what_has_expired_is_judged_by_the_clock_of_a_server),
        cmocka_unit_test(the_end_waits_for_no_source),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
