/*
 * The parts of the page's server. For this room and its tests. All but page_http.c, page_server.c,
 * page_listen.c and page_secrets.c is pure.
 */
#ifndef MF_PAGE_INTERNAL_H
#define MF_PAGE_INTERNAL_H

#include "base/bounds.h"
#include "crypto/sha256.h"
#include "page_server.h"

#include <netinet/in.h>
#include <pthread.h>
#include <stdatomic.h>

/* ---- the address (page_listen.c) */

struct page_address {
    int family;
    uint8_t bytes[16];
    uint16_t port; /* 0: any */
    bool is_loopback;
    bool is_any; /* 0.0.0.0 or [::] */
    char host[INET6_ADDRSTRLEN];
};

/* What --listen says, whatever it may demand. */
enum err page_address_read(struct page_address *a, const char *listen, struct why *why);
/* A socket that listens, closed on exec, or -1; *a gets the port that was taken. [::] takes IPv4,
 * too. */
int page_address_listen(struct page_address *a, struct why *why);

/* ---- requests */

/* Texts are borrowed for one call. Empty: not in the request. */
struct page_request {
    struct text method, path, query;
    struct text host, origin, fetch_site, authorization, cookie, last_event_id, content_type;
    struct text body;
    bool is_twice; /* a header that may come once came more often */
};

/* The value of the first field `name` of a query or a form, decoded into the arena: "%XX", and "+"
 * for a blank. TEXT_NONE: none, or no memory. */
struct text page_field(struct text fields, const char *name, struct arena *arena);

/* ---- who may ask (page_door.c) */

#define PAGE_SESSION_LEN 65 /* 32 random bytes in hexadecimal, and a NUL */
#define PAGE_COOKIE_LEN  32
#define PAGE_HOST_LEN    256

struct page_door {
    struct page_address address; /* with the port that was taken */
    const char *const *names;    /* borrowed */
    size_t names_len;
    char machine[PAGE_HOST_LEN]; /* the name of this machine; empty: not known */
    bool is_tls;
    bool has_token;
    char token[SHA256_HEX_LEN];     /* the digest: the token itself is kept nowhere */
    char session[PAGE_SESSION_LEN]; /* value of the cookie of browsers with the token */
    char cookie[PAGE_COOKIE_LEN];   /* its name */
};

/* The name of the cookie, and the digest of the token. False: the crypto library failed. */
bool page_door_init(struct page_door *d, struct text token);
/* Takes as long wherever they differ. */
bool page_door_token_is(const struct page_door *d, struct text token);

enum page_need {
    PAGE_NEEDS_NOTHING,  /* the answer tells little, as /healthz does */
    PAGE_NEEDS_LOOK,     /* the token, where the page has one */
    PAGE_NEEDS_DOCUMENT, /* the same; a link on another site may lead there */
    PAGE_NEEDS_LOGIN,    /* a form of this page */
    PAGE_NEEDS_ORDER,    /* the token, and a form or script of this page, or a program */
};
enum page_admission {
    PAGE_ADMITTED,
    PAGE_HEADER_TWICE,
    PAGE_OTHER_HOST, /* asked for under a name that is not the page's: DNS rebinding */
    PAGE_OTHER_SITE, /* sent by a page of another origin */
    PAGE_NO_TOKEN,   /* none, or a wrong one */
    PAGE_TAKES_NONE, /* an order to a page without a token */
    PAGE_ADMISSIONS,
};
enum page_admission page_door_vet(const struct page_door *d, const struct page_request *r,
                                  enum page_need need);

/* ---- rows (page_rows.c) */

struct page_search {
    struct text words; /* blanks between them; each must be in a row */
    struct text state; /* empty: any */
    uint64_t from;     /* of the rows that fit, the first wanted */
    uint32_t limit;
};

/* Reads ?q=&state=&from=&limit=. NULL, or a sentence that says what is wrong. */
const char *page_search_read(struct page_search *s, struct text query, struct arena *arena);
bool page_row_fits(const struct page_row *row, const struct page_search *s);
/* The answer of /api/rows. */
void page_rows_write(struct buf *out, const struct page_snapshot *snapshot,
                     const struct page_search *s);

/* ---- events (page_feed.c) */

/* Bytes as they go to clients, shared by those on whose way they are. */
struct page_event {
    uint32_t refs;
    size_t len;
    char bytes[];
};
struct page_event *page_event_new(struct text bytes); /* with one reference; NULL: no memory */
void page_event_drop(struct page_event *e);           /* accepts NULL */

#define PAGE_INSTANCE_LEN 17

/* What clients are sent of the current snapshot. Versions begin at 1 and count changes of parts. */
struct page_feed {
    char instance[PAGE_INSTANCE_LEN]; /* of the process: ids of another one mean nothing */
    uint64_t version;                 /* 0: no snapshot yet */
    struct page_event *whole;         /* all parts; made when first asked for */
    struct page_event *changed;       /* those that differ from version - 1 */
    struct page_event *greeting, *beat, *farewell;
    bool is_closing; /* every stream ends with the farewell */
};

/* False: no memory. */
bool page_feed_init(struct page_feed *f);
void page_feed_clear(struct page_feed *f);
/* Goes over to newer. older: the one before, or NULL. True: a part has changed. */
bool page_feed_turn(struct page_feed *f, const struct page_snapshot *older,
                    const struct page_snapshot *newer);
/* The version a client has, by its Last-Event-ID. 0: none of this process. */
uint64_t page_feed_version(const struct page_feed *f, struct text last_event_id);
/* What a client with that version lacks of current: a reference for the caller, or NULL: nothing,
 * or no memory. */
struct page_event *page_feed_since(struct page_feed *f, const struct page_snapshot *current,
                                   uint64_t version);

/* One client at /events. Begin with {.version = page_feed_version(), .told_at = now}. */
struct page_stream {
    bool has_begun, has_closed, is_behind;
    uint64_t version;         /* that the client has, or is being sent */
    int64_t told_at;          /* ms: something was sent last */
    struct page_event *event; /* on its way, or NULL; the stream's reference */
    size_t sent;              /* of event */
};

#define PAGE_HEARTBEAT_MS 15000 /* proxies close what is silent for a minute or half of one */

/* The next bytes for the client; 0: none for now, and none at all if has_closed. now: ms. */
size_t page_stream_read(struct page_stream *st, struct page_feed *f,
                        const struct page_snapshot *current, int64_t now, char *out, size_t max);
/* Would page_stream_read() of a stream that had nothing have something now? */
bool page_stream_is_due(const struct page_stream *st, const struct page_feed *f, int64_t now);

/* ---- answers (page_answer.c) */

/* What answers are made from. */
struct page_view {
    const struct page_config *config;
    const struct page_door *door;
    const struct page_snapshot *snapshot; /* NULL: none yet */
    instant_us opened_at, now;
    const char *policy;       /* Content-Security-Policy of the index page */
    const char *login_policy; /* and of the form that asks for the token */
};

#define PAGE_POLICY_LEN 512

struct page_answer {
    unsigned status;
    const char *type; /* Content-Type */
    struct buf body;
    const char *policy;   /* NULL: the strictest */
    const char *allow;    /* of a 405; or NULL */
    const char *location; /* of a 303; or NULL */
    bool sets_cookie;
    bool is_stream; /* /events: the server sends it by itself */
};

/* The policies of both pages. False: the crypto library failed. */
bool page_policy_write(char out[PAGE_POLICY_LEN], struct text script, struct text style);
bool page_login_policy_write(char out[PAGE_POLICY_LEN]);
/* 200 or 503, and the line. tells_trouble: with the snapshot's sentence, which may hold names of
 * accounts and files; times alone are for everybody. */
unsigned page_health(const struct page_view *v, bool tells_trouble, struct buf *out);
/* Also carries out orders. a->body is initialised here, and the caller's to clear. */
void page_answer_make(struct page_answer *a, const struct page_view *v,
                      const struct page_request *r);
/* A refusal without a request: the server is full, the body too large. */
void page_answer_refuse(struct page_answer *a, unsigned status, bool is_json, const char *sentence);

/* ---- the server (page_server.c), and its thread (page_http.c) */

#define PAGE_REASON_LEN 256
#define PAGE_SPARE      32 /* connections beyond the bound that are told so */

struct MHD_Daemon;
struct page_client;

struct page_server {
    struct page_config config; /* without the token */
    struct page_door door;
    char url[PAGE_HOST_LEN];
    char policy[PAGE_POLICY_LEN], login_policy[PAGE_POLICY_LEN];
    char reason[PAGE_REASON_LEN]; /* what libmicrohttpd said last, at the start */
    instant_us opened_at;
    struct MHD_Daemon *daemon; /* NULL: not started */
    pthread_t thread;
    int listen_fd, wake_fd;

    pthread_mutex_t lock;
    struct page_snapshot *pending; /* by lock */
    bool is_closing;               /* by lock */
    atomic_uint streams;

    /* The thread's own, and the owner's before it starts and after it ends. Times in ms. */
    struct page_snapshot *current;
    struct page_feed feed;
    struct page_client *clients;
    unsigned clients_len, clients_max;
    size_t answers_bytes;
    int64_t now, turned_at, ticked_at, looked_at;
    int64_t accepts_at; /* no connection is taken before: there are no descriptors */
    int64_t ends_at;    /* clients are cut off then; 0: the server goes on */
    uint64_t asked;     /* times that libmicrohttpd has called for a request or a stream */
    unsigned idle;      /* turns in which nothing happened, although it wanted another one */
};

enum err page_http_start(struct page_server *s, struct why *why);
void *page_http_thread(void *server);       /* until is_closing */
void page_http_stop(struct page_server *s); /* after the thread; or after a start that failed */
instant_us page_wall_clock(const struct page_server *s);

/* ---- secrets (page_secrets.c) */

/* 2 * len hexadecimal digits and a NUL of random bytes. */
enum err page_random(char *out, size_t len, struct why *why);
/* The TLS files, each a PEM text with a NUL. cert and key are initialised here, and the caller's to
 * clear and to wipe, also after an error. */
enum err page_tls_read(struct buf *cert, struct buf *key, const struct page_config *c,
                       struct why *why);

#endif
