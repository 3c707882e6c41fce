/* Many surveys at once, in virtual time: the window, the limit of a server, what is asked once for
 * all, and that every survey ends whatever comes back and in whatever order. */
#include "unit.h"

#include "scripted_dns.h"
#include "survey/survey_pool.h"

#include <stdio.h>

#define NAMES      300
#define ROUND_TRIP SPAN_MS(40)

struct sent {
    struct survey_question question;
    instant_us due;
};

/* A fleet of names below example.com, and a world that answers after a while. */
struct crowd {
    struct script script;
    struct suffix_list *suffixes;
    struct survey_pool *pool;
    bool shuffled;      /* answers come in any order */
    const char *silent; /* names below this get no answer from the resolver; or NULL */
    bool own_domains;   /* each name has a From domain of its own, below example.com */
    uint64_t seed;
    instant_us now;
    struct sent out[2 * DNS_WINDOW];
    uint32_t out_len, out_max;
    uint32_t asked, asked_dmarc, asked_top, asked_ses, at_server, at_server_max;
    uint32_t started, ended;
    bool has_ended[NAMES];
    uint32_t with_receivers;
};

static bool goes_on_for_even(void *ctx, uint32_t subject, const struct survey *s, instant_us now)
{
    const struct crowd *c = ctx;
    assert_true(s->inquiry.done && s->name.len > 0);
    assert_true(now == c->now);
    return subject % 2 == 0;
}

static void crowd_init(struct crowd *c, enum inquiry_mode mode, survey_goes_on *goes_on,
                       const char *lines)
{
    struct why why = {""};
    struct text rest = text_of(lines);
    script_init(&c->script);
    c->seed = 7;
    c->now = SPAN_H(1);
    c->script.arena.limit_bytes = SIZE_MAX; /* it keeps every reply */
    while (rest.len)
        assert_true(script_line(&c->script, text_cut(&rest, '\n')));
    assert_int_equal(suffix_list_open(&c->suffixes, NULL, &why), OK);
    c->pool = test_calloc(1, sizeof *c->pool);
    const struct survey_options options = {.mode = mode, .suffixes = c->suffixes};
    survey_pool_init(c->pool, &options, siphash_key_of_seed(1), goes_on, c);
}

static void crowd_clear(struct crowd *c)
{
    survey_pool_clear(c->pool);
    test_free(c->pool);
    suffix_list_close(c->suffixes);
    script_clear(&c->script);
}

static void count(struct crowd *c, const struct dns_question *q)
{
    c->asked++;
    c->asked_dmarc += text_starts(q->name, TEXT("_dmarc.example.com"));
    c->asked_top += text_eq(q->name, TEXT("_dmarc.com"));
    c->asked_ses += text_eq(q->name, TEXT("amazonses.com"));
    c->at_server += q->server.family == 4;
    c->at_server_max = c->at_server > c->at_server_max ? c->at_server : c->at_server_max;
}

static void questions_send(struct crowd *c)
{
    struct survey_question q;
    while (survey_pool_next(c->pool, c->now, &q)) {
        assert_true(c->out_len < DNS_WINDOW);
        count(c, &q.question);
        c->out[c->out_len++] = (struct sent){q, c->now + ROUND_TRIP};
    }
    c->out_max = c->out_len > c->out_max ? c->out_len : c->out_max;
    assert_int_equal(c->pool->out, c->out_len);
}

static void surveys_take(struct crowd *c)
{
    const struct survey *s;
    uint32_t subject;
    while ((s = survey_pool_take(c->pool, &subject)) != NULL) {
        assert_true(s->stage == SURVEY_DONE && !c->has_ended[subject]);
        c->has_ended[subject] = true;
        c->with_receivers += s->has_receivers;
        c->ended++;
    }
}

static void names_start(struct crowd *c)
{
    questions_send(c);
    surveys_take(c);
    while (c->started < NAMES && survey_pool_has_room(c->pool)) {
        char name[64], from[64];
        snprintf(name, sizeof name, "bounce.d%u.example.com", c->started);
        snprintf(from, sizeof from, "d%u.example.com", c->started);
        struct text domain = c->own_domains ? text_of(from) : TEXT("example.com");
        survey_pool_start(c->pool, c->started++, text_of(name), domain, NULL, c->now);
        questions_send(c);
        surveys_take(c);
    }
}

static void answer_one(struct crowd *c, uint32_t index)
{
    struct sent sent = c->out[index];
    struct text name = sent.question.question.name;
    struct dns_reply reply = script_reply(&c->script, &sent.question.question);
    if (c->silent && sent.question.question.server.family == 0 &&
        text_find_text(name, text_of(c->silent)) < name.len)
        reply = (struct dns_reply){.outcome = DNS_TIMED_OUT, .trouble = "timed out"};
    c->at_server -= sent.question.question.server.family == 4;
    c->out[index] = c->out[--c->out_len];
    survey_pool_reply(c->pool, &sent.question, &reply, c->now);
}

/* Lets time pass to what comes first: an answer, or the pool's own wake. */
static void wait(struct crowd *c)
{
    instant_us first = survey_pool_wake(c->pool, c->now);
    for (uint32_t i = 0; i < c->out_len; i++)
        first = c->out[i].due < first ? c->out[i].due : first;
    assert_true(first < WHEN_NEVER); /* else it would wait for ever */
    c->now = first > c->now ? first : c->now;
    uint32_t start = c->shuffled && c->out_len ? (uint32_t)(dice(&c->seed) % c->out_len) : 0;
    for (uint32_t tried = 0, len = c->out_len; tried < len; tried++) {
        uint32_t i = (start + tried) % len;
        if (i < c->out_len && c->out[i].due <= c->now)
            answer_one(c, i);
    }
}

static void crowd_run(struct crowd *c)
{
    for (unsigned turn = 0; c->ended < NAMES; turn++) {
        assert_true(turn < 100000);
        names_start(c);
        if (c->ended < NAMES)
            wait(c);
    }
    assert_int_equal(c->out_len, 0);
    assert_int_equal(survey_pool_wake(c->pool, c->now), WHEN_NEVER);
}

static void every_survey_ends_and_the_window_holds(void **state)
{
    (void)state;
    for (unsigned i = 0; i < 8; i++) {
        struct crowd c = {.shuffled = i & 1, .own_domains = i & 2};
        enum inquiry_mode mode = i & 4 ? INQUIRY_AUTHORITY : INQUIRY_RECURSIVE;
        crowd_init(&c, mode, NULL, "server 192.0.2.1");
        crowd_run(&c);
        assert_int_equal(c.with_receivers, NAMES);
        assert_between(c.out_max, DNS_WINDOW / 4, DNS_WINDOW);
        crowd_clear(&c);
    }
}

static void one_organization_is_asked_for_its_dmarc_record_once(void **state)
{
    struct crowd c = {.own_domains = true};
    (void)state;
    crowd_init(&c, INQUIRY_RECURSIVE, NULL,
               "server 192.0.2.1\n_dmarc.example.com 300 TXT \"v=DMARC1; p=none\"\n"
               "*.example.com 300 TXT \"v=spf1 include:amazonses.com ~all\"");
    crowd_run(&c);
    assert_int_equal(c.asked_dmarc, 1);
    assert_int_equal(c.asked_top, 1);
    assert_int_equal(c.asked_ses, 1);
    crowd_clear(&c);
}

static void one_server_gets_no_more_than_its_limit(void **state)
{
    struct crowd c = {0};
    (void)state;
    crowd_init(&c, INQUIRY_AUTHORITY, NULL, "server 192.0.2.1");
    instant_us began = c.now;
    crowd_run(&c);
    assert_int_equal(c.at_server_max, DNS_SERVER_OUT_MAX);
    span_us least = SPAN_S(2 * NAMES - DNS_SERVER_OUT_MAX) / DNS_SERVER_RATE_MAX;
    assert_between(c.now - began, least, least + SPAN_S(1)); /* the rate is kept, and used */
    crowd_clear(&c);
}

static void the_owner_says_whether_receivers_are_asked_about(void **state)
{
    struct crowd c = {0};
    (void)state;
    crowd_init(&c, INQUIRY_RECURSIVE, goes_on_for_even, "server 192.0.2.1");
    crowd_run(&c);
    assert_int_equal(c.with_receivers, NAMES / 2);
    crowd_clear(&c);
}

static void silence_about_receivers_is_counted_until_an_answer_comes(void **state)
{
    struct crowd c = {.own_domains = true, .silent = "_dmarc."};
    (void)state;
    crowd_init(&c, INQUIRY_RECURSIVE, NULL, "server 192.0.2.1");
    crowd_run(&c);
    assert_between(c.pool->unanswered, NAMES, 3 * NAMES);
    c.silent = NULL;
    c.started = c.ended = 0;
    memset(c.has_ended, 0, sizeof c.has_ended);
    c.now += 2 * DNS_CACHE_KEEP;
    crowd_run(&c);
    assert_int_equal(c.pool->unanswered, 0);
    crowd_clear(&c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_survey_ends_and_the_window_holds),
        cmocka_unit_test(one_organization_is_asked_for_its_dmarc_record_once),
        cmocka_unit_test(one_server_gets_no_more_than_its_limit),
        cmocka_unit_test(the_owner_says_whether_receivers_are_asked_about),
        cmocka_unit_test(silence_about_receivers_is_counted_until_an_answer_comes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
