/*
 * Reads DMARC aggregate reports and writes what it found as JSON lines: {"row": ...} for each row,
 * {"complaint": ...}, and {"counts": ...} at the end, or {"error": ...}.
 *
 * usage: evidence_driver [--now SECONDS] [--stop-after ROWS] [--quiet] PATH...
 */
#include "evidence/aggregate.h"

#include "base/json_out.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct taker {
    struct buf out;
    struct json_out json;
    bool is_quiet;
    uint64_t rows, stop_after;
};

static void line_begin(struct taker *t)
{
    buf_reset(&t->out);
    json_init(&t->json, &t->out);
    json_add_object(&t->json, NULL);
}

static void line_end(struct taker *t)
{
    json_end(&t->json);
    buf_add_char(&t->out, '\n');
    if (t->out.failed)
        abort();
    fwrite(t->out.at, 1, t->out.len, stdout);
}

static void add_report(struct json_out *j, const struct aggregate_report *r)
{
    json_add_text(j, "file", r->file);
    json_add_text(j, "reporter", r->reporter);
    json_add_text(j, "report_id", r->report_id);
    json_add_text(j, "domain", r->domain);
    json_add_u64(j, "begin", (uint64_t)(r->begin / 1000000));
    json_add_u64(j, "end", (uint64_t)(r->end / 1000000));
    json_add_bool(j, "is_rfc9990", r->is_rfc9990);
    json_add_word(j, "p", r->p);
}

static void add_results(struct json_out *j, const struct aggregate_row *row)
{
    json_add_text(j, "spf_domain", row->spf_domain);
    json_add_word(j, "spf_result", auth_result_name(row->spf_result));
    json_add_bool(j, "spf_is_helo", row->spf_is_helo);
    json_add_array(j, "dkim");
    for (uint32_t i = 0; i < row->dkim_len; i++) {
        json_add_array(j, NULL);
        json_add_text(j, NULL, row->dkim[i].domain);
        json_add_text(j, NULL, row->dkim[i].selector);
        json_add_word(j, NULL, auth_result_name(row->dkim[i].result));
        json_end(j);
    }
    json_end(j);
    json_add_u64(j, "dkim_more", row->dkim_more);
}

static bool take_row(void *ctx, const struct aggregate_row *row)
{
    struct taker *t = ctx;
    t->rows++;
    if (!t->is_quiet) {
        line_begin(t);
        json_add_object(&t->json, "row");
        add_report(&t->json, row->report);
        json_add_text(&t->json, "source_ip", row->source_ip);
        json_add_u64(&t->json, "messages", row->messages);
        json_add_text(&t->json, "header_from", row->header_from);
        json_add_text(&t->json, "envelope_from", row->envelope_from);
        json_add_bool(&t->json, "spf_aligned", row->spf_aligned);
        json_add_bool(&t->json, "dkim_aligned", row->dkim_aligned);
        json_add_word(&t->json, "disposition", row->disposition);
        add_results(&t->json, row);
        json_end(&t->json);
        line_end(t);
    }
    return t->rows != t->stop_after;
}

static void take_complaint(void *ctx, const char *sentence)
{
    struct taker *t = ctx;
    line_begin(t);
    json_add_word(&t->json, "complaint", sentence);
    line_end(t);
}

static void take_note(void *ctx, const char *sentence)
{
    struct taker *t = ctx;
    line_begin(t);
    json_add_word(&t->json, "note", sentence);
    line_end(t);
}

/* The most memory that this program has had, in KB; that of getrusage() is of its parent too. */
static uint64_t memory_kb(void)
{
    char line[256];
    unsigned long kb = 0;
    FILE *status = fopen("/proc/self/status", "r");
    while (status && fgets(line, sizeof line, status) && sscanf(line, "VmHWM: %lu", &kb) != 1)
        ;
    if (status)
        fclose(status);
    return kb;
}

static void counts_write(struct taker *t, const struct aggregate_counts *c)
{
    line_begin(t);
    json_add_object(&t->json, "counts");
    json_add_u64(&t->json, "files", c->files);
    json_add_u64(&t->json, "reports", c->reports);
    json_add_u64(&t->json, "duplicates", c->duplicates);
    json_add_u64(&t->json, "rows", c->rows);
    json_add_u64(&t->json, "bad_files", c->bad_files);
    json_add_u64(&t->json, "bad_reports", c->bad_reports);
    json_add_u64(&t->json, "memory_kb", memory_kb());
    json_end(&t->json);
    line_end(t);
}

int main(int argc, char **argv)
{
    struct taker t = {0};
    struct aggregate_reader reader = {
        .ctx = &t, .row = take_row, .complain = take_complaint, .note = take_note};
    struct aggregate_counts counts;
    struct why why = {""};
    int i = 1;
    buf_init(&t.out, 1u << 20);
    for (; i < argc && strncmp(argv[i], "--", 2) == 0; i++) {
        if (strcmp(argv[i], "--quiet") == 0)
            t.is_quiet = true;
        else if (strcmp(argv[i], "--now") == 0)
            reader.now = strtoll(argv[++i], NULL, 10) * 1000000;
        else if (strcmp(argv[i], "--stop-after") == 0)
            t.stop_after = strtoull(argv[++i], NULL, 10);
    }
    enum err err =
        aggregate_read((const char *const *)argv + i, (uint32_t)(argc - i), &reader, &counts, &why);
    if (err == OK) {
        counts_write(&t, &counts);
    } else {
        line_begin(&t);
        json_add_word(&t.json, "error", why.text);
        json_add_u64(&t.json, "code", err);
        line_end(&t);
    }
    buf_clear(&t.out);
    return err == OK ? 0 : 1;
}
