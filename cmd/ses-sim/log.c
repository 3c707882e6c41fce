/*
 * Duty: one JSON line per request. Invariant: a line is written by one call, so lines of threads
 * never mix, and flushed, so that a test may read it as soon as it has the answer.
 */
#include "base/json_out.h"
#include "sim.h"

#define LOG_LINE_MAX (1u << 20) /* 100 identities of NAME_LEN_MAX, escaped */

void log_write(FILE *log, const struct exchange *x)
{
    char when[WHEN_LEN];
    struct json_out j;
    struct buf line;
    if (!log)
        return;
    buf_init(&line, LOG_LINE_MAX);
    json_init(&j, &line);
    json_add_object(&j, NULL);
    json_add_word(&j, "time", when_format_ms(x->real, when));
    json_add_text(&j, "account", x->account);
    json_add_text(&j, "key", x->key_id);
    json_add_text(&j, "region", x->region);
    json_add_word(&j, "protocol", protocol_name(x->protocol));
    json_add_word(&j, "action", x->action);
    if (x->zone_id.len)
        json_add_text(&j, "zone", x->zone_id);
    json_add_array(&j, "identities");
    for (uint32_t i = 0; i < x->identities_len; i++)
        json_add_text(&j, NULL, x->identities[i]);
    json_end(&j);
    if (x->is_write)
        json_add_text(&j, "mail_from", x->mail_from);
    if (x->behavior)
        json_add_word(&j, "behavior", x->behavior);
    json_add_word(&j, "outcome", x->outcome);
    if (x->fault)
        json_add_word(&j, "fault", x->fault);
    json_add_u64(&j, "status", x->status);
    if (x->connection) {
        json_add_text(&j, "host", exchange_header(x, "host"));
        json_add_u64(&j, "connection", x->connection);
    }
    json_end(&j);
    buf_add_char(&line, '\n');
    if (!line.failed) {
        fwrite(line.at, 1, line.len, log);
        fflush(log);
    }
    buf_clear(&line);
}
