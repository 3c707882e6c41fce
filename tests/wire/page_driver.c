/*
 * The page's server with snapshots that a test asks for, one command a line on standard input:
 *
 *     publish N   N snapshots, one after the other
 *     beat N      the part that changes has N bytes from now on
 *     health W    one whose last success was W seconds ago, with an interval of 10 s
 *     clients     prints how many look on
 *     memory      prints the peak of the process in KB
 *
 * At the end of standard input the server is closed, and the time that took is printed. Each order
 * is printed as it comes.
 *
 * usage: page_driver LISTEN ROWS BYTES [--token-env NAME] [--tls-cert FILE --tls-key FILE] [--name
 * NAME]
 */
#include "base/arena.h"
#include "page/page_server.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

static const char index_page[] = "<!DOCTYPE html><html lang=\"en\"><title>test</title>"
                                 "<style>b{color:red}</style><b id=\"beat\"></b>"
                                 "<script>var x=1</script></html>";

struct driver {
    struct page_server *server;
    uint32_t rows, count;
    size_t bytes; /* of the part that never changes */
    int beat;     /* of the one that does */
};

static instant_us now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_REALTIME, &t);
    return SPAN_S(t.tv_sec) + t.tv_nsec / 1000;
}

static enum err order(void *ctx, enum page_order o, struct text value, struct why *said)
{
    static const char *const names[] = {"pause", "resume", "pace", "stop"};
    (void)ctx;
    printf("order %s " TEXT_FMT "\n", names[o], TEXT_ARG(value));
    fflush(stdout);
    if (o == PAGE_PACE && !text_eq(value, TEXT("0.5")))
        return why_set(said, ERR_INPUT, "the pace is no number");
    return why_set(said, OK, "the run will %s", names[o]);
}

static void row_html(const struct page_snapshot *s, uint32_t i, struct buf *out)
{
    buf_add_str(out, "<li>");
    buf_add_text(out, s->rows[i].identity);
    buf_add_str(out, "</li>");
}

static void publish(struct driver *d, span_us since_success, span_us interval)
{
    struct page_snapshot *s = page_snapshot_new(64u << 20);
    if (!s)
        abort();
    struct arena *a = &s->arena;
    struct page_row *rows = ARENA_ARRAY(a, struct page_row, d->rows + 1);
    char *big = arena_take_packed(a, d->bytes + 1);
    if (!rows || !big)
        abort();
    memset(big, 'x', d->bytes);
    for (uint32_t i = 0; i < d->rows; i++)
        rows[i] = (struct page_row){.identity = arena_fmt(a, "news%u.Example.org", i),
                                    .account = TEXT("main"),
                                    .region = i % 2 ? TEXT("eu-west-1") : TEXT("us-east-1"),
                                    .mail_from = arena_fmt(a, "bounce.news%u.example.org", i),
                                    .reason = TEXT("waits for the MX record of its owner"),
                                    .state = i % 10 ? TEXT("done") : TEXT("waiting-dns")};
    d->count++;
    s->parts[0] = (struct page_part){"beat", arena_fmt(a, "<b>%0*u</b>", d->beat, d->count)};
    s->parts[1] = (struct page_part){"still", (struct text){big, d->bytes}};
    s->parts_len = 2;
    s->status = arena_fmt(a, "{\"count\":%u}", d->count);
    s->metrics = arena_fmt(a,
                           "# HELP mailfrom_count Snapshots.\n# TYPE mailfrom_count gauge\n"
                           "mailfrom_count %u\n",
                           d->count);
    s->rows = rows;
    s->rows_len = d->rows;
    s->row_html = row_html;
    s->at = now();
    s->last_success = s->at - since_success;
    s->interval = interval;
    s->trouble = TEXT("SES did not answer");
    page_server_publish(d->server, s);
}

static void commands_take(struct driver *d)
{
    char line[100];
    while (fgets(line, sizeof line, stdin)) {
        unsigned number = 0;
        if (sscanf(line, "publish %u", &number) == 1) {
            while (number--)
                publish(d, 0, 0);
        } else if (sscanf(line, "beat %u", &number) == 1) {
            d->beat = (int)(number < 1000000 ? number : 1000000);
        } else if (sscanf(line, "health %u", &number) == 1) {
            publish(d, SPAN_S(number), SPAN_S(10));
        } else if (strcmp(line, "clients\n") == 0) {
            printf("clients %u\n", page_server_clients(d->server));
        } else if (strcmp(line, "memory\n") == 0) {
            struct rusage usage;
            getrusage(RUSAGE_SELF, &usage);
            printf("memory %ld\n", usage.ru_maxrss);
        }
        fflush(stdout);
    }
}

int main(int argc, char **argv)
{
    struct driver d = {0};
    struct why why = {{0}};
    const char *names[1];
    struct page_config c = {.index = TEXT(index_page),
                            .script = TEXT("var x=1"),
                            .style = TEXT("b{color:red}"),
                            .ctx = &d,
                            .order = order};
    if (argc < 4)
        return 2;
    c.listen = argv[1];
    d.rows = (uint32_t)strtoul(argv[2], NULL, 10);
    d.bytes = strtoul(argv[3], NULL, 10);
    enum err err = OK;
    for (int i = 4; i + 1 < argc && err == OK; i += 2) {
        if (strcmp(argv[i], "--token-env") == 0)
            err = page_token_read(argv[i + 1], &c.token, &why);
        else if (strcmp(argv[i], "--tls-cert") == 0)
            c.cert_file = argv[i + 1];
        else if (strcmp(argv[i], "--tls-key") == 0)
            c.key_file = argv[i + 1];
        else if (strcmp(argv[i], "--name") == 0)
            c.names = names, c.names_len = 1, names[0] = argv[i + 1];
    }
    if (err == OK)
        err = page_server_open(&d.server, &c, &why);
    if (err != OK) {
        printf("error %s\n", why.text);
        return 1;
    }
    printf("ready %s\n", page_server_url(d.server));
    fflush(stdout);
    commands_take(&d);
    instant_us began = now();
    page_server_close(d.server);
    printf("closed %lld\n", (long long)(now() - began) / 1000);
    return 0;
}
