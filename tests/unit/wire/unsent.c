/* Datagrams that the system does not let out, among others that leave. */
#include "unit.h"

#include "wire/resolver.h"

#include "wire/dns_server.h"

#include <errno.h>
#include <sys/socket.h>
#include <sys/uio.h>

#define TRY_MS    ((unsigned)(60 * test_timeouts()))
#define CALLS_MAX 100
#define BARRED    "\6barred" /* the first label of a name whose questions do not leave */
#define NAME_AT   12         /* in a message, behind the header */

/* What keeps a barred question in: its error, and for how many attempts. */
static int barred_error;
static unsigned barred_times;

int __real_sendmmsg(int fd, struct mmsghdr *all, unsigned len, int flags);
int __wrap_sendmmsg(int fd, struct mmsghdr *all, unsigned len, int flags);

static bool is_barred(const struct iovec *part)
{
    const size_t label_len = sizeof BARRED - 1;
    return barred_times > 0 && part->iov_len > NAME_AT + label_len &&
           memcmp((const char *)part->iov_base + NAME_AT, BARRED, label_len) == 0;
}

static int barred(void)
{
    barred_times--;
    errno = barred_error;
    return -1;
}

int __wrap_sendmmsg(int fd, struct mmsghdr *all, unsigned len, int flags)
{
    unsigned free_len = 0;
    while (free_len < len && !is_barred(all[free_len].msg_hdr.msg_iov))
        free_len++;
    return free_len ? __real_sendmmsg(fd, all, free_len, flags) : barred();
}

struct asked {
    struct resolver *resolver;
    struct dns_server_thread *server;
    struct call calls[CALLS_MAX];
    unsigned done;
};

static void on_done(void *context, struct call *c)
{
    (void)c;
    ((struct asked *)context)->done++;
}

static struct asked *asked_open(void)
{
    const struct resolver_config config = {.try_ms = TRY_MS};
    struct why why = {""};
    struct asked *a = calloc(1, sizeof *a);
    assert_non_null(a);
    a->server = dns_server_open(false);
    for (unsigned i = 0; i < CALLS_MAX; i++)
        arena_init(&a->calls[i].arena, 1u << 20);
    assert_int_equal(resolver_open(&a->resolver, &config, on_done, a, &why), OK);
    return a;
}

static void asked_close(struct asked *a)
{
    resolver_close(a->resolver);
    dns_server_close(a->server);
    for (unsigned i = 0; i < CALLS_MAX; i++)
        arena_clear(&a->calls[i].arena);
    free(a);
}

/* All leave together, and every `nth` is barred. */
static void ask_all(struct asked *a, unsigned len, unsigned nth)
{
    for (unsigned i = 0; i < len; i++) {
        struct call *c = &a->calls[i];
        bool bar = i % nth == nth - 1;
        call_answer_reset(c);
        c->question = (struct dns_question){
            .name = text_of(bar ? "barred.example.com" : "good.example.com"),
            .type = DNS_TYPE_MX,
            .server = {.family = 4, .port = dns_server_port(a->server), .address = {127, 0, 0, 1}}};
        resolver_ask(a->resolver, c);
    }
    resolver_send(a->resolver);
    for (unsigned turns = 0; resolver_is_busy(a->resolver); turns++) {
        struct pollfd fds[RESOLVER_FDS_MAX];
        uint32_t fds_len = resolver_fds(a->resolver, fds);
        assert_true(turns < 10000);
        poll(fds, fds_len, 10);
        resolver_work(a->resolver, fds, fds_len);
        resolver_tick(a->resolver);
    }
    assert_int_equal(a->done, len);
    a->done = 0;
}

static void only_the_question_that_cannot_leave_fails(void **state)
{
    (void)state;
    static const int errors[] = {EPERM, EACCES, EHOSTUNREACH, ENETUNREACH, EMSGSIZE, EINVAL};
    static const struct {
        unsigned len, nth;
    } cases[] = {{1, 1}, {20, 7}, {20, 20}, {CALLS_MAX, 2}, {CALLS_MAX, 1}};
    for (size_t e = 0; e < COUNT(errors); e++)
        for (size_t i = 0; i < COUNT(cases); i++) {
            struct asked *a = asked_open();
            unsigned nth = cases[i].nth, left = cases[i].len - cases[i].len / nth;
            barred_error = errors[e];
            barred_times = UINT32_MAX;
            ask_all(a, cases[i].len, nth);
            for (unsigned k = 0; k < cases[i].len; k++) {
                const struct dns_reply *reply = &a->calls[k].dns;
                bool bar = k % nth == nth - 1;
                if (reply->outcome != (bar ? DNS_UNREACHABLE : DNS_ANSWERED))
                    fail_msg("%s, every %u of %u, question %u: outcome %d, \"%s\"",
                             strerror(errors[e]), nth, cases[i].len, k, (int)reply->outcome,
                             reply->trouble);
                if (bar)
                    assert_non_null(strstr(reply->trouble, strerror(errors[e])));
            }
            assert_int_equal(dns_server_questions(a->server), left);
            asked_close(a);
        }
}

/* The socket has no room for a moment: the question leaves a little later. */
static void a_question_leaves_when_there_is_room_again(void **state)
{
    (void)state;
    static const int errors[] = {ENOBUFS, EAGAIN, ENOMEM};
    for (size_t e = 0; e < COUNT(errors); e++)
        for (unsigned times = 1; times <= 2; times++) {
            struct asked *a = asked_open();
            barred_error = errors[e];
            barred_times = times;
            dns_server_pretend(a->server, "good");
            ask_all(a, 20, 7);
            for (unsigned k = 0; k < 20; k++)
                if (a->calls[k].dns.outcome != DNS_ANSWERED)
                    fail_msg("%s, %u times, question %u: outcome %d, \"%s\"", strerror(errors[e]),
                             times, k, (int)a->calls[k].dns.outcome, a->calls[k].dns.trouble);
            assert_int_equal(dns_server_questions(a->server), 20);
            asked_close(a);
        }
}

/* Where there is no room for long, the question is taken for lost on its way: it is asked again. */
static void without_room_a_question_is_silent(void **state)
{
    (void)state;
    struct asked *a = asked_open();
    barred_error = ENOBUFS;
    barred_times = UINT32_MAX;
    ask_all(a, 20, 7);
    for (unsigned k = 0; k < 20; k++)
        assert_int_equal(a->calls[k].dns.outcome, k % 7 == 6 ? DNS_TIMED_OUT : DNS_ANSWERED);
    asked_close(a);
}

/* A socket whose route has gone may never send again: the next question has another. */
static void a_question_after_it_leaves_by_another_socket(void **state)
{
    (void)state;
    struct asked *a = asked_open();
    barred_error = EINVAL;
    barred_times = UINT32_MAX;
    ask_all(a, 1, 1);
    assert_int_equal(a->calls[0].dns.outcome, DNS_UNREACHABLE);
    struct pollfd fds[RESOLVER_FDS_MAX];
    ask_all(a, 2, 2);
    assert_int_equal(a->calls[0].dns.outcome, DNS_ANSWERED);
    assert_int_equal(resolver_fds(a->resolver, fds), 0);
    asked_close(a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(only_the_question_that_cannot_leave_fails),
        cmocka_unit_test(a_question_leaves_when_there_is_room_again),
        cmocka_unit_test(without_room_a_question_is_silent),
        cmocka_unit_test(a_question_after_it_leaves_by_another_socket),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
