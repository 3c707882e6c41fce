/*
 * A report's elements, by a table of what may stand in what; everything else is passed by. Elements
 * are ours in the namespace of the root or in none: RFC 7489 has a schema in which only the root is
 * in it, RFC 9990 one in which all are, and most reporters write none.
 */
#include "report_reader.h"

#include "base/bounds.h"
#include "base/buf.h"
#include "base/count.h"
#include "base/names.h"
#include "report_bytes.h"
#include "report_values.h"
#include "xml/xml_stream.h"

#include <stdlib.h>
#include <string.h>

#define SPACE_9990     "urn:ietf:params:xml:ns:dmarc-2.0"
#define SPACE_LEN_MAX  255
#define NAMES_KEPT     20000      /* texts kept for the next report, which often has the same */
#define FUTURE_ALLOWED SPAN_H(24) /* a reporter's day begins up to 14 hours before that of UTC */
#define DKIM_BYTES_MAX (128u << 20)

enum tag {
    TAG_NONE,
    TAG_FEEDBACK,
    TAG_METADATA,
    TAG_ORG_NAME,
    TAG_EMAIL,
    TAG_REPORT_ID,
    TAG_DATE_RANGE,
    TAG_BEGIN,
    TAG_END,
    TAG_POLICY,
    TAG_POLICY_DOMAIN,
    TAG_P,
    TAG_RECORD,
    TAG_ROW,
    TAG_SOURCE_IP,
    TAG_COUNT,
    TAG_EVALUATED,
    TAG_DISPOSITION,
    TAG_DKIM_ALIGNED,
    TAG_SPF_ALIGNED,
    TAG_IDENTIFIERS,
    TAG_HEADER_FROM,
    TAG_ENVELOPE_FROM,
    TAG_AUTH,
    TAG_DKIM,
    TAG_DKIM_DOMAIN,
    TAG_SELECTOR,
    TAG_DKIM_RESULT,
    TAG_SPF,
    TAG_SPF_DOMAIN,
    TAG_SCOPE,
    TAG_SPF_RESULT,
};

/* RFC 7489, appendix C; RFC 9990, section 3.1. Some reporters write "identities". */
static const struct {
    enum tag in, tag;
    const char *name;
} ELEMENTS[] = {
    {TAG_FEEDBACK, TAG_RECORD, "record"},
    {TAG_RECORD, TAG_ROW, "row"},
    {TAG_ROW, TAG_SOURCE_IP, "source_ip"},
    {TAG_ROW, TAG_COUNT, "count"},
    {TAG_ROW, TAG_EVALUATED, "policy_evaluated"},
    {TAG_EVALUATED, TAG_DISPOSITION, "disposition"},
    {TAG_EVALUATED, TAG_DKIM_ALIGNED, "dkim"},
    {TAG_EVALUATED, TAG_SPF_ALIGNED, "spf"},
    {TAG_RECORD, TAG_IDENTIFIERS, "identifiers"},
    {TAG_RECORD, TAG_IDENTIFIERS, "identities"},
    {TAG_IDENTIFIERS, TAG_HEADER_FROM, "header_from"},
    {TAG_IDENTIFIERS, TAG_ENVELOPE_FROM, "envelope_from"},
    {TAG_RECORD, TAG_AUTH, "auth_results"},
    {TAG_AUTH, TAG_DKIM, "dkim"},
    {TAG_DKIM, TAG_DKIM_DOMAIN, "domain"},
    {TAG_DKIM, TAG_SELECTOR, "selector"},
    {TAG_DKIM, TAG_DKIM_RESULT, "result"},
    {TAG_AUTH, TAG_SPF, "spf"},
    {TAG_SPF, TAG_SPF_DOMAIN, "domain"},
    {TAG_SPF, TAG_SCOPE, "scope"},
    {TAG_SPF, TAG_SPF_RESULT, "result"},
    {TAG_FEEDBACK, TAG_METADATA, "report_metadata"},
    {TAG_METADATA, TAG_ORG_NAME, "org_name"},
    {TAG_METADATA, TAG_EMAIL, "email"},
    {TAG_METADATA, TAG_REPORT_ID, "report_id"},
    {TAG_METADATA, TAG_DATE_RANGE, "date_range"},
    {TAG_DATE_RANGE, TAG_BEGIN, "begin"},
    {TAG_DATE_RANGE, TAG_END, "end"},
    {TAG_FEEDBACK, TAG_POLICY, "policy_published"},
    {TAG_POLICY, TAG_POLICY_DOMAIN, "domain"},
    {TAG_POLICY, TAG_P, "p"},
};

struct kept_dkim {
    name_id domain, selector;
    enum auth_result result;
};

struct kept_spf {
    name_id domain;
    enum auth_result result;
    bool is_helo;
};

struct kept_row {
    uint64_t messages;
    name_id source_ip, header_from, envelope_from;
    struct kept_spf spf;
    uint32_t dkim_at, dkim_len, dkim_more;
    bool is_judged, spf_aligned, dkim_aligned;
    char disposition[16];
};

struct kept_head {
    name_id reporter, email_domain, report_id, domain;
    instant_us begin, end; /* 0: missing */
    bool is_rfc9990;
    char p[16];
};

struct report_reader {
    struct xml_stream *xml;
    struct report_bytes bytes;
    instant_us now;
    struct names names;
    struct kept_head head;
    struct buf rows, dkim; /* of struct kept_row, kept_dkim */
    uint32_t rows_len;
    enum tag open[XML_DEPTH_MAX + 1];
    unsigned depth;
    char space[SPACE_LEN_MAX]; /* of the root */
    size_t space_len;
    /* the record that is open */
    struct kept_row row;
    bool has_row, has_count, has_spf;
    struct kept_dkim dkim_open;
    struct kept_spf spf_open;
};

/* ---- keeping ---- */

static void refuse(struct report_reader *r, enum err err, const struct why *why)
{
    xml_stream_refuse(r->xml, err, why);
}

static name_id keep(struct report_reader *r, struct text t)
{
    struct why why;
    name_id id = NAME_NONE;
    if (t.len && !names_add(&r->names, t, &id))
        refuse(r, why_set(&why, ERR_LIMIT, "the report has more different texts than are taken"),
               &why);
    return id;
}

static name_id keep_domain(struct report_reader *r, struct text t)
{
    char out[DNAME_LEN_MAX + 1];
    return keep(r, report_domain(t, out));
}

static void keep_bytes(struct report_reader *r, struct buf *b, const void *bytes, size_t len)
{
    struct why why;
    bool fits = len <= b->max - b->len;
    buf_add(b, bytes, len);
    if (!fits)
        refuse(r, why_set(&why, ERR_LIMIT, "the report is larger than is taken"), &why);
    else if (b->failed)
        refuse(r, why_set(&why, ERR_NOMEM, "out of memory"), &why);
}

static const char *shown(struct text t, char out[64])
{
    size_t len = t.len < 60 ? t.len : 60;
    if (len)
        memcpy(out, t.at, len);
    memcpy(out + len, t.len > len ? "..." : "", t.len > len ? 4 : 1);
    return out;
}

static void take_instant(struct report_reader *r, const char *name, struct text t, instant_us *out)
{
    char found[64];
    struct why why;
    if (!report_instant(t, out))
        refuse(r,
               why_set(&why, ERR_PROTO,
                       "%s is \"%s\"; expected is an instant, in seconds since 1970", name,
                       shown(t, found)),
               &why);
}

static void take_text(struct report_reader *r, const char *name, struct text t, size_t max,
                      name_id *out)
{
    struct why why;
    if (t.len > max)
        refuse(r, why_set(&why, ERR_LIMIT, "%s is longer than %zu bytes", name, max), &why);
    else
        *out = keep(r, t);
}

static void take_count(struct report_reader *r, struct text t)
{
    char found[64];
    struct why why;
    if (r->has_count) {
        refuse(r, why_set(&why, ERR_PROTO, "a row has two counts; expected is one"), &why);
        return;
    }
    r->has_count = true;
    if (!report_count(t, &r->row.messages))
        refuse(r,
               why_set(&why, ERR_PROTO, "count is \"%s\"; expected are digits, at most %llu",
                       shown(t, found), (unsigned long long)EVIDENCE_COUNT_MAX),
               &why);
}

static void take_address(struct report_reader *r, struct text t)
{
    char found[64];
    struct why why;
    if (report_address(t))
        r->row.source_ip = keep(r, t);
    else
        refuse(r,
               why_set(&why, ERR_PROTO, "source_ip is \"%s\", which is no IPv4 or IPv6 address",
                       shown(t, found)),
               &why);
}

/* ---- records ---- */

static void record_begin(struct report_reader *r)
{
    struct why why;
    memset(&r->row, 0, sizeof r->row);
    r->row.dkim_at = (uint32_t)(r->dkim.len / sizeof(struct kept_dkim));
    r->has_row = r->has_count = r->has_spf = false;
    if (r->rows_len >= EVIDENCE_ROWS_MAX)
        refuse(r, why_set(&why, ERR_LIMIT, "the report has over %d rows", EVIDENCE_ROWS_MAX), &why);
}

static void row_begin(struct report_reader *r)
{
    struct why why;
    if (r->has_row)
        refuse(r, why_set(&why, ERR_PROTO, "a record has two rows; each row is in its own"), &why);
    r->has_row = true;
}

static void dkim_end(struct report_reader *r)
{
    if (r->row.dkim_len >= AGGREGATE_DKIM_MAX) {
        r->row.dkim_more++;
        return;
    }
    keep_bytes(r, &r->dkim, &r->dkim_open, sizeof r->dkim_open);
    r->row.dkim_len++;
}

/* A report may have SPF of both names (RFC 7489): that of MAIL FROM counts, and one that passes. */
static int spf_rank(const struct kept_spf *s)
{
    return (s->is_helo ? 0 : 2) + (s->result == AUTH_PASS);
}

static void spf_end(struct report_reader *r)
{
    if (!r->has_spf || spf_rank(&r->spf_open) > spf_rank(&r->row.spf))
        r->row.spf = r->spf_open;
    r->has_spf = true;
}

static void record_end(struct report_reader *r)
{
    struct why why;
    const char *missing = !r->has_row         ? "row"
                          : !r->row.source_ip ? "source_ip"
                          : !r->has_count     ? "count"
                                              : NULL;
    if (missing) {
        refuse(r, why_set(&why, ERR_PROTO, "a record has no %s", missing), &why);
        return;
    }
    keep_bytes(r, &r->rows, &r->row, sizeof r->row);
    r->rows_len++;
}

/* ---- elements ---- */

static enum tag tag_of(enum tag in, struct text name)
{
    for (unsigned i = 0; i < COUNT(ELEMENTS); i++)
        if (ELEMENTS[i].in == in && text_eq(name, text_of(ELEMENTS[i].name)))
            return ELEMENTS[i].tag;
    return TAG_NONE;
}

static bool root_begin(struct report_reader *r, struct text space, struct text name)
{
    char found[64];
    struct why why;
    if (!text_eq(name, TEXT("feedback")) || space.len > SPACE_LEN_MAX) {
        refuse(r,
               why_set(&why, ERR_PROTO, "this is no DMARC report: its root element is <%s>",
                       shown(name, found)),
               &why);
        return false;
    }
    if (space.len)
        memcpy(r->space, space.at, space.len);
    r->space_len = space.len;
    r->head.is_rfc9990 = text_eq(space, TEXT(SPACE_9990));
    r->open[r->depth++] = TAG_FEEDBACK;
    return true;
}

/* A name that the sender of a mail has chosen, of any length. */
static bool is_of_sender(enum tag tag)
{
    return tag == TAG_HEADER_FROM || tag == TAG_ENVELOPE_FROM || tag == TAG_DKIM_DOMAIN ||
           tag == TAG_SELECTOR || tag == TAG_SPF_DOMAIN;
}

static bool on_start(void *user, struct text space, struct text name)
{
    struct report_reader *r = user;
    if (r->depth == 0)
        return root_begin(r, space, name);
    if (space.len && !text_eq(space, (struct text){r->space, r->space_len}))
        return false;
    enum tag tag = tag_of(r->open[r->depth - 1], name);
    if (tag == TAG_NONE)
        return false;
    r->open[r->depth++] = tag;
    if (is_of_sender(tag))
        xml_stream_cut(r->xml);
    if (tag == TAG_RECORD)
        record_begin(r);
    else if (tag == TAG_ROW)
        row_begin(r);
    else if (tag == TAG_DKIM)
        r->dkim_open = (struct kept_dkim){0};
    else if (tag == TAG_SPF)
        r->spf_open = (struct kept_spf){0};
    return true;
}

static void end_in_head(struct report_reader *r, enum tag tag, struct text content)
{
    struct kept_head *h = &r->head;
    if (tag == TAG_ORG_NAME)
        take_text(r, "org_name", content, EVIDENCE_REPORTER_MAX, &h->reporter);
    else if (tag == TAG_EMAIL)
        h->email_domain = keep_domain(r, content);
    else if (tag == TAG_REPORT_ID)
        take_text(r, "report_id", content, EVIDENCE_ID_MAX, &h->report_id);
    else if (tag == TAG_BEGIN)
        take_instant(r, "begin", content, &h->begin);
    else if (tag == TAG_END)
        take_instant(r, "end", content, &h->end);
    else if (tag == TAG_POLICY_DOMAIN)
        h->domain = keep_domain(r, content);
    else if (tag == TAG_P)
        disposition_copy(content, h->p);
}

static void end_in_record(struct report_reader *r, enum tag tag, struct text content)
{
    switch (tag) {
    case TAG_RECORD: record_end(r); break;
    case TAG_SOURCE_IP: take_address(r, content); break;
    case TAG_COUNT: take_count(r, content); break;
    case TAG_DISPOSITION: disposition_copy(content, r->row.disposition); break;
    case TAG_DKIM_ALIGNED:
        r->row.is_judged = true;
        r->row.dkim_aligned = auth_word_is_pass(content);
        break;
    case TAG_SPF_ALIGNED:
        r->row.is_judged = true;
        r->row.spf_aligned = auth_word_is_pass(content);
        break;
    case TAG_HEADER_FROM: r->row.header_from = keep_domain(r, content); break;
    case TAG_ENVELOPE_FROM: r->row.envelope_from = keep_domain(r, content); break;
    case TAG_DKIM: dkim_end(r); break;
    case TAG_DKIM_DOMAIN: r->dkim_open.domain = keep_domain(r, content); break;
    case TAG_SELECTOR:
        r->dkim_open.selector = keep(r, text_slice(content, 0, DNAME_LEN_MAX));
        break;
    case TAG_DKIM_RESULT: r->dkim_open.result = auth_result_of(content); break;
    case TAG_SPF: spf_end(r); break;
    case TAG_SPF_DOMAIN: r->spf_open.domain = keep_domain(r, content); break;
    case TAG_SCOPE: r->spf_open.is_helo = text_eq_nocase(content, TEXT("helo")); break;
    case TAG_SPF_RESULT: r->spf_open.result = auth_result_of(content); break;
    default: break;
    }
}

static void on_end(void *user, struct text content)
{
    struct report_reader *r = user;
    enum tag tag = r->open[--r->depth];
    if (tag < TAG_RECORD)
        end_in_head(r, tag, content);
    else
        end_in_record(r, tag, content);
}

/* ---- the whole ---- */

struct report_reader *report_reader_new(instant_us now)
{
    struct report_reader *r = calloc(1, sizeof *r);
    if (!r)
        return NULL;
    r->now = now;
    report_bytes_init(&r->bytes);
    buf_init(&r->rows, (size_t)EVIDENCE_ROWS_MAX * sizeof(struct kept_row));
    buf_init(&r->dkim, DKIM_BYTES_MAX);
    return r;
}

void report_reader_free(struct report_reader *r)
{
    if (!r)
        return;
    xml_stream_free(r->xml);
    names_clear(&r->names);
    report_bytes_clear(&r->bytes);
    buf_clear(&r->rows);
    buf_clear(&r->dkim);
    free(r);
}

enum err report_reader_begin(struct report_reader *r, struct why *why)
{
    const struct xml_events events = {.user = r, .start = on_start, .end = on_end};
    if (r->names.len == 0 || r->names.len > NAMES_KEPT) {
        names_clear(&r->names);
        if (!names_init(&r->names, EVIDENCE_TEXTS_MAX))
            return why_set(why, ERR_NOMEM, "out of memory");
    }
    xml_stream_free(r->xml);
    r->xml = xml_stream_new(&events, EVIDENCE_TEXT_MAX);
    if (!r->xml)
        return why_set(why, ERR_NOMEM, "out of memory");
    report_bytes_begin(&r->bytes);
    r->head = (struct kept_head){0};
    buf_reset(&r->rows);
    buf_reset(&r->dkim);
    r->rows_len = 0;
    r->depth = 0;
    return OK;
}

static enum err placed(const struct report_reader *r, enum err err, struct why *why)
{
    struct xml_place at = xml_stream_place(r->xml);
    return err ? why_wrap(why, err, "%lu:%lu", at.line, at.column) : OK;
}

enum err report_reader_add(struct report_reader *r, struct text bytes, struct why *why)
{
    bool is_first = !r->bytes.begun;
    struct text mended = report_bytes_mend(&r->bytes, bytes);
    if (!mended.at && bytes.len)
        return why_set(why, ERR_NOMEM, "out of memory");
    if (is_first && bytes.len && report_bytes_are_utf8(&r->bytes))
        xml_stream_take_utf8(r->xml);
    return placed(r, xml_stream_add(r->xml, mended, why), why);
}

static enum err head_vet(struct report_reader *r, struct why *why)
{
    struct kept_head *h = &r->head;
    if (!h->reporter)
        h->reporter = h->email_domain;
    const char *missing = !h->reporter    ? "report_metadata has no org_name and no email"
                          : !h->report_id ? "report_metadata has no report_id"
                          : !h->begin     ? "date_range has no begin"
                          : !h->end       ? "date_range has no end"
                          : !h->domain    ? "policy_published has no domain"
                                          : NULL;
    if (missing)
        return why_set(why, ERR_PROTO, "%s", missing);
    if (h->begin > h->end) {
        instant_us begin = h->end;
        h->end = h->begin;
        h->begin = begin;
    }
    if (h->end - h->begin > EVIDENCE_SPAN_MAX)
        return why_set(why, ERR_PROTO, "the report spans %lld days; expected are %d at most",
                       (long long)((h->end - h->begin) / SPAN_H(24)),
                       (int)(EVIDENCE_SPAN_MAX / SPAN_H(24)));
    if (r->now && h->begin > r->now + FUTURE_ALLOWED) {
        char begin[WHEN_LEN];
        return why_set(why, ERR_PROTO, "the report begins in the future, at %s",
                       when_format(h->begin, begin));
    }
    return OK;
}

enum err report_reader_end(struct report_reader *r, struct why *why)
{
    enum err err = xml_stream_add(r->xml, report_bytes_end(&r->bytes), why);
    if (err == OK)
        err = xml_stream_end(r->xml, why);
    return placed(r, err ? err : head_vet(r, why), why);
}

void report_reader_head(const struct report_reader *r, struct aggregate_report *head)
{
    const struct kept_head *h = &r->head;
    head->reporter = names_text(&r->names, h->reporter);
    head->report_id = names_text(&r->names, h->report_id);
    head->domain = names_text(&r->names, h->domain);
    head->begin = h->begin;
    head->end = h->end;
    head->is_rfc9990 = h->is_rfc9990;
    memcpy(head->p, h->p, sizeof head->p);
}

uint32_t report_reader_rows(const struct report_reader *r)
{
    return r->rows_len;
}

void report_reader_row(const struct report_reader *r, uint32_t row, struct aggregate_row *out)
{
    const struct kept_row *k = (const struct kept_row *)(const void *)r->rows.at + row;
    const struct kept_dkim *dkim = (const struct kept_dkim *)(const void *)r->dkim.at;
    const struct names *n = &r->names;
    out->source_ip = names_text(n, k->source_ip);
    out->messages = k->messages;
    out->header_from = names_text(n, k->header_from ? k->header_from : r->head.domain);
    out->envelope_from = names_text(n, k->envelope_from);
    out->is_unjudged = !k->is_judged;
    out->spf_aligned = k->spf_aligned;
    out->dkim_aligned = k->dkim_aligned;
    memcpy(out->disposition, k->disposition, sizeof out->disposition);
    out->spf_domain = names_text(n, k->spf.domain);
    out->spf_result = k->spf.result;
    out->spf_is_helo = k->spf.is_helo;
    out->dkim_len = k->dkim_len;
    out->dkim_more = k->dkim_more;
    for (uint32_t i = 0; i < k->dkim_len; i++)
        out->dkim[i] =
            (struct aggregate_dkim){.domain = names_text(n, dkim[k->dkim_at + i].domain),
                                    .selector = names_text(n, dkim[k->dkim_at + i].selector),
                                    .result = dkim[k->dkim_at + i].result};
}
