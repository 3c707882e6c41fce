/*
 * Where a webhook or a heartbeat goes. The path of such a URL is often a secret, so sentences have
 * scheme, host and port alone. For the family of this room.
 */
#ifndef MF_NOTIFY_TARGET_H
#define MF_NOTIFY_TARGET_H

#include "aws/http_exchange.h"
#include "base/bounds.h"

#define TARGET_SHOWN_LEN 320

struct target {
    char url[NOTIFY_URL_MAX];
    char shown[TARGET_SHOWN_LEN]; /* "https://hooks.example.com" */
};

/* given: a URL, or env:NAME for an environment variable that holds one. ERR_INPUT: no such
 * variable; no sound URL; plain http to another machine. No sentence has more of the URL than its
 * host. */
enum err target_read(struct target *t, const char *given, struct why *why);
/* Before the query: "https://h/ping" and "/fail" make "https://h/ping/fail". */
void target_below(const struct target *t, const char *below, struct buf *url);
bool target_has_query(const struct target *t);

/* What a server's answer means for a message. */
enum target_answer { TARGET_TOOK, TARGET_AGAIN, TARGET_NEVER };

/* 2xx: took; 408, 429, 5xx: again; anything else: never. Then *why says it. */
enum target_answer target_judge(int http_status, struct why *why);
/* How long to wait before try number attempt + 1: by the house's backoff, longer where the server
 * says so, and TARGET_WAIT_MAX at most. */
span_us target_wait(uint64_t seed, uint32_t attempt, span_us retry_after);
#define TARGET_WAIT_MAX SPAN_M(5)

/* A client of its own for the thread of an outlet: http_exchange, and what it is made of. */
struct target_client {
    struct blocking_client *client;
    struct http_exchange exchange;
};
enum err target_client_open(struct target_client *c, const char *ca_bundle, int ending_fd,
                            struct why *why);
void target_client_close(struct target_client *c);
/* One request. TARGET_AGAIN: also where no whole answer came; *ending: the program is ending. */
enum target_answer target_ask(const struct target_client *c, const struct aws_request *request,
                              span_us *retry_after, bool *ending, struct why *why);
void target_header(struct aws_request *request, const char *name, struct text value);

#endif
