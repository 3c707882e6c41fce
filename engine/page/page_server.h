/*
 * The live page: an HTTP server that shows what its owner publishes, and knows nothing of runs.
 *
 *     GET  /            the index page (config.index), or a form that asks for the token
 *     GET  /events      server-sent events: the newest parts at once, then each newer snapshot
 *     GET  /api/status  snapshot.status, JSON
 *     GET  /api/rows    ?q=&state=&from=&limit=: rows of the snapshot that fit, JSON
 *     GET  /metrics     snapshot.metrics, Prometheus text format 0.0.4
 *     GET  /healthz     200 or 503, and one line: how old the last success is, to everybody
 *     POST /api/pause, /api/resume, /api/pace (body rate=0.5), /api/stop: for holders of the token
 *     POST /login       token=...: sets the cookie of a browser
 *
 * An event of /events has the name `parts`. Its data is one line of JSON, with the parts that
 * differ from those the client has (all of them at first, and after a gap):
 *
 *     {"at":"2026-05-20T08:30:00.250Z","parts":{"verdict":"<p>...","lanes":"<table>..."}}
 *
 * Its id names process and snapshot; a browser that comes back with it (Last-Event-ID) is sent only
 * what is new. Before the server closes, each client gets an event `closing` with the data {}.
 *
 * /api/rows answers {"at":..., "total": rows of the snapshot, "found": rows that fit, "from":N,
 * "rows":[{"identity":...,"account":...,"region":...,"mail_from":...,"state":...,"reason":...}]},
 * and has a member "html" with the rows laid out, where the snapshot has row_html. `q` is searched
 * in all texts but state, in ASCII without regard to case; each word (up to a blank) must fit.
 * `state` is compared with row.state. `limit` is PAGE_ROWS_USUAL unless given, PAGE_ROWS_MAX at
 * most.
 *
 * Who may ask, and how the page is kept from other sites: docs/THREATS.md.
 *
 * Threads: one of its own serves every client. The owner's thread opens, publishes and closes.
 * Sources: WHATWG HTML, "Server-sent events"; RFC 9110; CSP Level 3; Prometheus, "Exposition
 * formats".
 */
#ifndef MF_PAGE_SERVER_H
#define MF_PAGE_SERVER_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/error.h"
#include "base/when.h"

struct page_server;

/* One identity of the table behind /api/rows. Texts live as long as the snapshot. */
struct page_row {
    struct text identity, account, region, mail_from, reason;
    struct text state; /* one word, as in ?state=: "waiting-dns" */
};

/* A piece of the page: HTML that the page's script puts into the element with this id. */
struct page_part {
    const char *name; /* a literal: ASCII letters, digits and hyphens; once in a snapshot */
    struct text html;
};

#define PAGE_PARTS_MAX 32

/* What the page shows at one moment. Made by page_snapshot_new(), filled in by one thread, never
 * changed once published. Texts and rows are in the arena, or of what outlives the server. */
struct page_snapshot {
    struct arena arena; /* cleared with the snapshot, by the last one who reads it: any thread */
    struct page_part parts[PAGE_PARTS_MAX];
    uint32_t parts_len;
    struct text status;  /* JSON */
    struct text metrics; /* Prometheus text; empty: /metrics answers 404 */
    const struct page_row *rows;
    uint32_t rows_len;
    /* Lays row i out, or NULL. Called on the server's thread, while the snapshot is there; data is
     * the owner's, and may be read by that thread as long. */
    void (*row_html)(const struct page_snapshot *s, uint32_t i, struct buf *out);
    const void *data;
    instant_us at;
    /* /healthz: 200 while now - last_success <= 2.5 intervals. 0: no success yet, which is well
     * until 2.5 intervals after the server was opened. interval 0: 200 always, as for a run that is
     * over. */
    instant_us last_success;
    span_us interval;
    /* One sentence for /healthz where it is not well, to those who may look at the page; may be
     * empty. */
    struct text trouble;
};

/* NULL: no memory. bytes_max: of the arena. */
struct page_snapshot *page_snapshot_new(size_t bytes_max);
/* Of one that is not published. Accepts NULL. */
void page_snapshot_free(struct page_snapshot *s);

enum page_order { PAGE_PAUSE, PAGE_RESUME, PAGE_PACE, PAGE_STOP, PAGE_ORDERS };

/* Texts and pointers are borrowed for the life of the server, but for token, which is copied. */
struct page_config {
    const char *listen;       /* "127.0.0.1:8080", "[::1]:0", "localhost:8080"; port 0: any */
    const char *const *names; /* further host names under which the page is asked for */
    size_t names_len;
    struct text token;     /* by page_token_read(); empty: none, and no orders are taken */
    const char *cert_file; /* PEM files, both or none: HTTPS (TLS 1.2 or later) */
    const char *key_file;
    struct text index;         /* the whole document; its one script and one style are inline ... */
    struct text script, style; /* ... and are, to the byte, these: for their hashes in the policy */
    void *ctx;
    /* An order of a token holder. Called on the server's thread, which serves nobody meanwhile, so
     * it answers within a second or two. value: the rate of a pace, otherwise empty. said: one
     * sentence for the person, also with OK. ERR_INPUT answers 400, ERR_BUSY 409, ERR_GONE 404,
     * others 503. NULL: the page takes no orders. */
    enum err (*order)(void *ctx, enum page_order order, struct text value, struct why *said);
    instant_us (*now)(void *ctx); /* NULL: the system's clock; called on the server's thread */
};

/* ---- before anything is opened: for the checks of a command line; page_server_open() makes the
 * same ones. All sentences begin with the option: --listen, --token-env, --tls-key. */

/* ADDRESS:PORT, and what it demands: any but a loopback address demands a token or TLS files. Pure.
 */
enum err page_listen_vet(const char *listen, bool has_token, bool has_tls, struct why *why);
/* The token in the environment variable `name`: at least 16 visible characters of ASCII. *token is
 * borrowed from the environment. */
enum err page_token_read(const char *name, struct text *token, struct why *why);

/* ---- */

/* Listens and serves: /healthz answers at once, the rest 503 until the first snapshot. ERR_INPUT:
 * the config is wrong. ERR_IO: the address is in use, or a file cannot be read. */
enum err page_server_open(struct page_server **out, const struct page_config *config,
                          struct why *why);
/* "http://127.0.0.1:8080/", with the port that was taken. Lives as long as the server. */
const char *page_server_url(const struct page_server *s);
/* Takes the snapshot over. Never waits for a client: it changes one pointer. May be called as often
 * as one likes: clients are sent the newest at most once a second. */
void page_server_publish(struct page_server *s, struct page_snapshot *snapshot);
/* Clients at /events now. Cheap: an owner need not make snapshots that nobody looks at, but for
 * /api/status, /metrics and /healthz. Any thread. */
unsigned page_server_clients(const struct page_server *s);
/* Clients are sent the newest snapshot and `closing`, and are cut off within a second. NULL
 * allowed. */
void page_server_close(struct page_server *s);

#endif
