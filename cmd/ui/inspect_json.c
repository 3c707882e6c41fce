#include "inspect_json.h"

#include "base/escape.h"
#include "rules/idna.h"

static void key(struct buf *out, const char *name)
{
    buf_add_fmt(out, "\"%s\": ", name);
}

static void text_or_null(struct buf *out, struct text t)
{
    if (t.len)
        escape_json(out, t);
    else
        buf_add_str(out, "null");
}

static void member_text(struct buf *out, const char *name, struct text value)
{
    key(out, name);
    text_or_null(out, value);
}

static void member_bool(struct buf *out, const char *name, bool value)
{
    key(out, name);
    buf_add_str(out, value ? "true" : "false");
}

static void member_count(struct buf *out, const char *name, unsigned value)
{
    key(out, name);
    buf_add_u64(out, value);
}

static void name_write(struct buf *out, struct text name)
{
    char shown[IDNA_UNICODE_LEN_MAX + 1];
    struct text unicode;
    member_text(out, "name", name);
    if (!idna_to_unicode(name, shown, &unicode) || text_eq(unicode, name))
        return;
    buf_add_str(out, ", ");
    member_text(out, "name_unicode", unicode);
}

static void mx_write(struct buf *out, const struct survey *s, const struct inspect_mx *mx)
{
    const struct dns_facts *facts = survey_facts(s);
    buf_add_str(out, "\"mx\": {");
    member_text(out, "status", mx->status);
    buf_add_str(out, ", \"values\": [");
    for (uint32_t i = 0; i < facts->mx_len; i++) {
        buf_add_str(out, i ? ", {" : "{");
        member_count(out, "preference", facts->mx[i].preference);
        buf_add_str(out, ", ");
        key(out, "exchange");
        escape_json(out, facts->mx[i].exchange.len ? facts->mx[i].exchange : TEXT("."));
        buf_add_char(out, '}');
    }
    buf_add_str(out, "]}");
}

static void spf_write(struct buf *out, const struct survey *s)
{
    const struct spf_walk *w = &s->spf.walk;
    enum spf_class class = spf_survey_class(&s->spf);
    bool wrong = class == SPF_CLASS_PERMERROR || class == SPF_CLASS_TEMPERROR;
    buf_add_str(out, "\"spf\": {");
    member_text(out, "result", text_of(spf_class_name(class)));
    buf_add_str(out, ", ");
    member_text(out, "record", w->record);
    buf_add_str(out, ", ");
    member_bool(out, "authorizes_ses", w->authorizes_ses);
    buf_add_str(out, ", ");
    member_count(out, "lookups", w->lookups);
    buf_add_str(out, ", ");
    /* That there is no record is not a look-up of the record's. */
    member_count(out, "void_lookups", class == SPF_CLASS_NONE ? 0 : w->void_lookups);
    buf_add_str(out, ", ");
    member_text(out, "error", wrong ? w->reason : TEXT_NONE);
    if (s->options->checks) {
        buf_add_str(out, ", ");
        member_text(out, "check", text_of(spf_result_name(s->check.walk.result)));
    }
    buf_add_char(out, '}');
}

static void verdict_write(struct buf *out, const char *name, const struct dmarc_verdict *v,
                          bool walks)
{
    key(out, name);
    buf_add_char(out, '{');
    member_text(out, "from_organizational_domain", v->from_organizational_domain);
    buf_add_str(out, ", ");
    member_text(out, "mail_from_organizational_domain", v->mail_from_organizational_domain);
    buf_add_str(out, ", ");
    member_bool(out, "aligned", v->aligned);
    if (walks) {
        buf_add_str(out, ", ");
        member_count(out, "queries", v->queries);
    }
    buf_add_char(out, '}');
}

/* Where the rules find different records, that of the newer one stands here. */
static void dmarc_write(struct buf *out, const struct survey *s)
{
    const struct dmarc_survey *d = &s->dmarc;
    const struct dmarc_verdict *v = d->rfc9989.record.len ? &d->rfc9989 : &d->rfc7489;
    buf_add_str(out, "\"dmarc\": {");
    if (!d->certain) {
        buf_add_str(out, "\"record\": null, \"record_domain\": null, \"aspf\": null, "
                         "\"rfc9989\": null, \"rfc7489\": null, ");
        member_text(out, "error", d->trouble);
        buf_add_char(out, '}');
        return;
    }
    member_text(out, "record", v->record);
    buf_add_str(out, ", ");
    member_text(out, "record_domain", v->record_domain);
    buf_add_str(out, ", ");
    member_text(out, "aspf", !v->has_record ? TEXT_NONE : v->aspf_strict ? TEXT("s") : TEXT("r"));
    buf_add_str(out, ",\n    ");
    verdict_write(out, "rfc9989", &d->rfc9989, true);
    buf_add_str(out, ",\n    ");
    verdict_write(out, "rfc7489", &d->rfc7489, false);
    if (d->trouble.len) {
        buf_add_str(out, ", ");
        member_text(out, "error", d->trouble);
    }
    buf_add_char(out, '}');
}

static void server_write(struct buf *out, struct text server, struct text rcode, struct text error)
{
    buf_add_char(out, '{');
    member_text(out, "server", server);
    buf_add_str(out, ", ");
    if (error.len)
        member_text(out, "error", error);
    else
        member_text(out, "rcode", rcode);
    buf_add_char(out, '}');
}

/* When the servers could not even be found, it was the resolver that failed. */
static void servers_write(struct buf *out, const struct survey *s)
{
    const struct dns_facts *facts = survey_facts(s);
    buf_add_str(out, "\"servers\": [");
    if (facts->servers_len == 0 && facts->trouble.len)
        server_write(out, TEXT("resolver"), TEXT_NONE, facts->trouble);
    for (uint32_t i = 0; i < facts->servers_len; i++) {
        const struct server_note *n = &facts->servers[i];
        buf_add_str(out, i ? ", " : "");
        server_write(out, n->server, n->rcode, n->error);
    }
    buf_add_char(out, ']');
}

void inspect_json(struct buf *out, const struct survey *s, const struct inspect_mx *mx)
{
    buf_add_str(out, "  {");
    name_write(out, s->name);
    buf_add_str(out, ",\n   ");
    mx_write(out, s, mx);
    buf_add_str(out, ",\n   ");
    spf_write(out, s);
    if (s->from.len) {
        buf_add_str(out, ",\n   ");
        dmarc_write(out, s);
    }
    buf_add_str(out, ",\n   ");
    servers_write(out, s);
    buf_add_char(out, '}');
}
