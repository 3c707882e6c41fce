/*
 * Duty: one JSON line per request. Invariant: a line is written by one call, so lines of threads
 * never mix, and flushed, so that a test may read it as soon as it has the answer.
 */
#include "base/escape.h"
#include "sim.h"

#define LOG_LINE_MAX (1u << 20) /* 100 identities of NAME_LEN_MAX, escaped */

static void add_member(struct buf *out, const char *name, struct text value)
{
    buf_add_fmt(out, ",\"%s\":", name);
    escape_json(out, value);
}

static void add_identities(struct buf *out, const struct exchange *x)
{
    buf_add_str(out, ",\"identities\":[");
    for (uint32_t i = 0; i < x->identities_len; i++) {
        buf_add_str(out, i ? "," : "");
        escape_json(out, x->identities[i]);
    }
    buf_add_str(out, "]");
}

void log_write(FILE *log, const struct exchange *x)
{
    char when[WHEN_LEN];
    struct buf line;
    if (!log)
        return;
    buf_init(&line, LOG_LINE_MAX);
    buf_add_fmt(&line, "{\"time\":\"%s\"", when_format_ms(x->real, when));
    add_member(&line, "account", x->account);
    add_member(&line, "key", x->key_id);
    add_member(&line, "region", x->region);
    add_member(&line, "protocol", text_of(protocol_name(x->protocol)));
    add_member(&line, "action", text_of(x->action));
    add_identities(&line, x);
    if (x->is_write)
        add_member(&line, "mail_from", x->mail_from);
    if (x->behavior)
        add_member(&line, "behavior", text_of(x->behavior));
    add_member(&line, "outcome", text_of(x->outcome));
    if (x->fault)
        add_member(&line, "fault", text_of(x->fault));
    buf_add_fmt(&line, ",\"status\":%u}\n", x->status);
    if (!line.failed) {
        fwrite(line.at, 1, line.len, log);
        fflush(log);
    }
    buf_clear(&line);
}
