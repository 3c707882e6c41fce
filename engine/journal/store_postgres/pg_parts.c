/* Waiting, SQLSTATEs, lists of hosts, and values in binary. Without libpq. */
#include "pg_parts.h"

#include <assert.h>
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* Types of pg_type.dat. They never change. */
enum { OID_BOOL = 16, OID_BYTEA = 17, OID_NAME = 19, OID_INT8 = 20, OID_INT2 = 21, OID_INT4 = 23 };
enum { OID_TEXT = 25, OID_OID = 26, OID_FLOAT4 = 700, OID_FLOAT8 = 701, OID_VARCHAR = 1043 };

/* Waiting */

instant_us pg_now(void)
{
    struct timespec now;
    clock_gettime(CLOCK_BOOTTIME, &now);
    return SPAN_S(now.tv_sec) + now.tv_nsec / 1000;
}

bool pg_ready_wait(int fd, short events, instant_us until)
{
    struct pollfd p = {.fd = fd, .events = events};
    for (;;) {
        span_us left = until - pg_now();
        int ms = left <= 0 ? 0 : (int)(left / 1000) + 1;
        int n = poll(&p, 1, ms);
        if (n > 0)
            return true;
        if (n == 0 && left <= 0)
            return false;
        if (n < 0 && errno != EINTR)
            return false;
    }
}

/* Errors */

void pg_said(const char *message, char out[PG_SAID_MAX])
{
    size_t len = 0;
    const char *at = message ? message : "";
    while (*at && len < (PG_SAID_MAX - 12)) {
        bool is_detail = *at == '\t'; /* "Is the server running ...?" */
        size_t line = strcspn(at, "\n");
        if (!is_detail && line > 0)
            len += (size_t)snprintf(
                out + len, PG_SAID_MAX - len, "%s%.*s", len ? "; " : "",
                (int)(line < (PG_SAID_MAX - 12) - len ? line : (PG_SAID_MAX - 12) - len), at);
        at += line + (at[line] == '\n');
        len = len > PG_SAID_MAX - 1 ? PG_SAID_MAX - 1 : len;
    }
    out[len] = '\0';
    for (size_t i = 0; i < len; i++)
        if ((unsigned char)out[i] < ' ')
            out[i] = ' ';
}

static bool is_one_of(const char *state, const char *list)
{
    const char *at = strstr(list, state);
    return at && strlen(state) == 5;
}

/* Classes of appendix A that a later try may find gone. */
static bool is_away(const char *state)
{
    static const char *const classes[] = {"08", "53", "57", "58", "40"};
    for (size_t i = 0; i < sizeof classes / sizeof *classes; i++)
        if (strncmp(state, classes[i], 2) == 0)
            return true;
    /* lock_not_available, idle_in_transaction_session_timeout, idle_session_timeout (of 57),
     * transaction_timeout, read_only_sql_transaction: a standby. */
    return is_one_of(state, "55P03 25P03 25P04 25006");
}

enum err pg_err_of(const char *state)
{
    if (strcmp(state, PG_FENCED) == 0)
        return ERR_FENCED;
    if (is_away(state))
        return ERR_AWAY;
    if (strncmp(state, "28", 2) == 0 || strcmp(state, "42501") == 0)
        return ERR_AUTH;
    if (is_one_of(state, "42P01 3F000 42883"))
        return ERR_GONE;
    return is_one_of(state, "3D000") ? ERR_INPUT : ERR_IO;
}

enum err pg_connect_err(char said[PG_SAID_MAX])
{
    static const char word[] = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ";
    char state[6] = "08001", *location = strstr(said, "; LOCATION:"), *at = strstr(said, ":  ");
    if (location)
        *location = '\0';
    if (at && strlen(at) > 10 && at[8] == ':' && strspn(at + 3, word) == 5) {
        memcpy(state, at + 3, 5);
        memmove(at + 3, at + 10, strlen(at + 10) + 1);
    }
    return pg_err_of(state);
}

/* Lists */

void pg_part(const char *list, unsigned nth, char *out, size_t size)
{
    for (unsigned i = 0; i < nth && list; i++) {
        list = strchr(list, ',');
        list = list ? list + 1 : NULL;
    }
    snprintf(out, size, "%.*s", list ? (int)strcspn(list, ",") : 0, list ? list : "");
}

unsigned pg_parts(const char *list)
{
    unsigned n = list && *list ? 1 : 0;
    for (const char *at = list; n && (at = strchr(at, ',')); at++)
        n++;
    return n;
}

/* Values */

static uint64_t to_network(uint64_t n)
{
    unsigned char bytes[8];
    for (int i = 0; i < 8; i++)
        bytes[i] = (unsigned char)(n >> (56 - 8 * i));
    memcpy(&n, bytes, sizeof n);
    return n;
}

static void param_take(struct pg_params *p, unsigned i, const struct store_value *v)
{
    uint64_t number = (uint64_t)v->number;
    p->formats[i] = 1;
    p->at[i] = NULL;
    p->types[i] = 0;
    switch (v->type) {
    case STORE_NULL: return;
    case STORE_REAL:
        memcpy(&number, &v->real, sizeof number);
        /* fallthrough */
    case STORE_INT:
        p->types[i] = v->type == STORE_INT ? OID_INT8 : OID_FLOAT8;
        p->numbers[i] = to_network(number);
        p->at[i] = (const char *)&p->numbers[i];
        p->lens[i] = 8;
        return;
    case STORE_TEXT:
    case STORE_BYTES:
        p->types[i] = v->type == STORE_TEXT ? OID_TEXT : OID_BYTEA;
        p->at[i] = v->text.len ? v->text.at : "";
        p->lens[i] = (int)v->text.len;
        return;
    }
}

bool pg_params_make(struct pg_params *p, const struct pg_statement *statement)
{
    size_t len = statement->len ? statement->len : 1;
    assert(statement->len <= PG_PARAMS_MAX);
    char *at = calloc(len, sizeof *p->numbers + sizeof *p->at + sizeof *p->types + 2 * sizeof(int));
    *p = (struct pg_params){.block = at};
    if (!at)
        return false;
    p->numbers = (uint64_t *)(void *)at;
    p->at = (const char **)(void *)(at += len * sizeof *p->numbers);
    p->types = (unsigned *)(void *)(at += len * sizeof *p->at);
    p->lens = (int *)(void *)(at += len * sizeof *p->types);
    p->formats = p->lens + len;
    for (unsigned i = 0; i < statement->len; i++)
        param_take(p, i, &statement->values[i]);
    return true;
}

static int64_t number_read(const char *at, unsigned len)
{
    uint64_t n = (signed char)at[0] < 0 && len > 1 ? UINT64_MAX : 0; /* the sign */
    for (unsigned i = 0; i < len; i++)
        n = n << 8 | (unsigned char)at[i];
    return (int64_t)n;
}

static double real_read(const char *at, unsigned len)
{
    uint64_t bits = (uint64_t)number_read(at, len);
    uint32_t half = (uint32_t)bits;
    double real = 0;
    float single = 0;
    if (len == sizeof real)
        memcpy(&real, &bits, sizeof real);
    else
        memcpy(&single, &half, sizeof single);
    return len == sizeof real ? real : (double)single;
}

struct store_value pg_value_read(unsigned type, struct text bytes)
{
    unsigned len = (unsigned)bytes.len;
    switch (type) {
    case OID_BOOL:
    case OID_INT2:
    case OID_INT4:
    case OID_INT8: return store_int(number_read(bytes.at, len));
    case OID_OID: return store_int((int64_t)(uint32_t)number_read(bytes.at, len));
    case OID_FLOAT4:
    case OID_FLOAT8: return store_real(real_read(bytes.at, len));
    case OID_BYTEA: return (struct store_value){.type = STORE_BYTES, .text = bytes};
    case OID_TEXT:
    case OID_NAME:
    case OID_VARCHAR: return store_text(bytes);
    }
    assert(false && "a type that is read");
    return store_null();
}
