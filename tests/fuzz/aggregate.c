/*
 * A file that may be a DMARC aggregate report, packed or not, read twice in one reading: what the
 * first gives, the second knows for copies. Rows are within their bounds, and complaints are safe
 * for a terminal.
 */
#include "fuzz.h"

#include "base/bounds.h"
#include "base/dname.h"
#include "base/escape.h"
#include "evidence/aggregate.h"

#include <arpa/inet.h>

struct seen {
    uint64_t rows, complaints;
};

static void domain_is_sound(struct text t)
{
    assert(t.len <= DNAME_LEN_MAX);
    for (size_t i = 0; i < t.len; i++)
        assert(char_is_alnum(t.at[i]) || strchr("-._", t.at[i]));
    for (size_t i = 0; i < t.len; i++)
        assert(t.at[i] == char_lower(t.at[i]));
    assert(!text_ends(t, TEXT(".")));
}

static void report_is_sound(const struct aggregate_report *r)
{
    assert(r->file.len && r->reporter.len && r->report_id.len && r->domain.len);
    assert(r->reporter.len <= EVIDENCE_REPORTER_MAX && r->report_id.len <= EVIDENCE_ID_MAX);
    assert(utf8_is(r->reporter) && utf8_is(r->report_id));
    assert(r->begin > 0 && r->begin <= r->end && r->end - r->begin <= EVIDENCE_SPAN_MAX);
    assert(memchr(r->p, '\0', sizeof r->p));
    domain_is_sound(r->domain);
}

static bool take_row(void *ctx, const struct aggregate_row *row)
{
    struct seen *s = ctx;
    char address[64] = "";
    unsigned char bytes[16];
    s->rows++;
    report_is_sound(row->report);
    assert(row->source_ip.len < sizeof address);
    memcpy(address, row->source_ip.at, row->source_ip.len);
    assert(inet_pton(AF_INET, address, bytes) == 1 || inet_pton(AF_INET6, address, bytes) == 1);
    assert(row->messages <= EVIDENCE_COUNT_MAX && row->header_from.len);
    domain_is_sound(row->header_from);
    domain_is_sound(row->envelope_from);
    domain_is_sound(row->spf_domain);
    assert(row->spf_result < AUTH_RESULTS && auth_result_name(row->spf_result));
    assert(row->dkim_len <= AGGREGATE_DKIM_MAX);
    assert(row->dkim_more == 0 || row->dkim_len == AGGREGATE_DKIM_MAX);
    for (uint32_t i = 0; i < row->dkim_len; i++) {
        domain_is_sound(row->dkim[i].domain);
        assert(row->dkim[i].result < AUTH_RESULTS && row->dkim[i].selector.len <= DNAME_LEN_MAX);
    }
    return true;
}

static void take_complaint(void *ctx, const char *sentence)
{
    struct seen *s = ctx;
    s->complaints++;
    assert(sentence[0] && fuzz_is_printable(text_of(sentence)));
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    char path[FUZZ_PATH_LEN];
    struct seen seen = {0};
    const struct aggregate_reader reader = {.ctx = &seen,
                                            .now = (instant_us)1780000000 * 1000000,
                                            .row = take_row,
                                            .complain = take_complaint};
    struct aggregate_counts c;
    struct why why = {""};
    fuzz_file("report", (struct text){(const char *)bytes, len}, path);
    const char *const twice[] = {path, path};
    assert(aggregate_read(twice, 2, &reader, &c, &why) == OK);
    assert(c.files == 2 && c.rows == seen.rows);
    assert(c.bad_files + c.bad_reports == seen.complaints && seen.complaints % 2 == 0);
    assert(c.duplicates >= c.reports);
    return 0;
}
