/* What inspect found of one name, as an object of its JSON. */
#include "inspect_json.h"

#include "base/count.h"
#include "base/json_out.h"
#include "rules/idna.h"

static void mx_write(struct json_out *j, const struct survey *s, const struct inspect_mx *mx)
{
    const struct dns_facts *facts = survey_facts(s);
    json_add_object(j, "mx");
    json_add_text_or_null(j, "status", text_of(mx_status_name(mx->status)));
    json_add_array(j, "values");
    for (uint32_t i = 0; i < facts->mx_len; i++) {
        struct text exchange = facts->mx[i].exchange;
        json_add_object(j, NULL);
        json_add_u64(j, "preference", facts->mx[i].preference);
        json_add_text(j, "exchange", exchange.len ? exchange : TEXT("."));
        json_end(j);
    }
    json_end(j);
    json_end(j);
}

static void spf_write(struct json_out *j, const struct survey *s)
{
    const struct spf_walk *w = &s->spf.walk;
    enum spf_class class = spf_survey_class(&s->spf);
    bool wrong = class == SPF_CLASS_PERMERROR || class == SPF_CLASS_TEMPERROR;
    json_add_object(j, "spf");
    json_add_word(j, "result", spf_class_name(class));
    json_add_text_or_null(j, "record", w->record);
    json_add_bool(j, "authorizes_ses", w->authorizes_ses);
    json_add_u64(j, "lookups", w->lookups);
    /* That there is no record is not a look-up of the record's. */
    json_add_u64(j, "void_lookups", class == SPF_CLASS_NONE ? 0 : w->void_lookups);
    json_add_text_or_null(j, "error", wrong ? w->reason : TEXT_NONE);
    if (s->options->checks)
        json_add_word(j, "check", spf_result_name(s->check.walk.result));
    json_end(j);
}

static void verdict_write(struct json_out *j, const char *key, const struct dmarc_verdict *v,
                          bool walks)
{
    json_line(j, "\n    ");
    json_add_object(j, key);
    json_add_text_or_null(j, "from_organizational_domain", v->from_organizational_domain);
    json_add_text_or_null(j, "mail_from_organizational_domain", v->mail_from_organizational_domain);
    json_add_bool(j, "aligned", v->aligned);
    if (walks)
        json_add_u64(j, "queries", v->queries);
    json_end(j);
}

static void dmarc_unknown_write(struct json_out *j)
{
    static const char *const keys[] = {"record", "record_domain", "aspf", "rfc9989", "rfc7489"};
    for (size_t i = 0; i < COUNT(keys); i++)
        json_add_null(j, keys[i]);
}

static void dmarc_known_write(struct json_out *j, const struct dmarc_survey *d)
{
    /* Where the rules find different records, that of the newer one stands here. */
    const struct dmarc_verdict *v = d->rfc9989.record.len ? &d->rfc9989 : &d->rfc7489;
    json_add_text_or_null(j, "record", v->record);
    json_add_text_or_null(j, "record_domain", v->record_domain);
    json_add_text_or_null(j, "aspf", text_of(!v->has_record ? NULL : v->aspf_strict ? "s" : "r"));
    verdict_write(j, "rfc9989", &d->rfc9989, true);
    verdict_write(j, "rfc7489", &d->rfc7489, false);
}

static void server_write(struct json_out *j, struct text server, struct text rcode,
                         struct text error)
{
    json_add_object(j, NULL);
    json_add_text_or_null(j, "server", server);
    if (error.len)
        json_add_text(j, "error", error);
    else
        json_add_text_or_null(j, "rcode", rcode);
    json_end(j);
}

void inspect_json(struct buf *out, const struct survey *s, const struct inspect_mx *mx)
{
    struct json_out j;
    json_init(&j, out);
    j.spaced = true;
    buf_add_str(out, "  ");
    json_add_object(&j, NULL);
    char shown[IDNA_UNICODE_LEN_MAX + 1];
    struct text unicode;
    json_add_text_or_null(&j, "name", s->name);
    if (idna_to_unicode(s->name, shown, &unicode) && !text_eq(unicode, s->name))
        json_add_text_or_null(&j, "name_unicode", unicode);
    json_line(&j, "\n   ");
    mx_write(&j, s, mx);
    json_line(&j, "\n   ");
    spf_write(&j, s);
    if (s->from.len) {
        json_line(&j, "\n   ");
        const struct dmarc_survey *d = &s->dmarc;
        json_add_object(&j, "dmarc");
        if (d->certain)
            dmarc_known_write(&j, d);
        else
            dmarc_unknown_write(&j);
        if (!d->certain || d->trouble.len)
            json_add_text_or_null(&j, "error", d->trouble);
        json_end(&j);
    }
    json_line(&j, "\n   ");
    /* When the servers could not even be found, it was the resolver that failed. */
    const struct dns_facts *facts = survey_facts(s);
    json_add_array(&j, "servers");
    if (facts->servers_len == 0 && facts->trouble.len)
        server_write(&j, TEXT("resolver"), TEXT_NONE, facts->trouble);
    for (uint32_t i = 0; i < facts->servers_len; i++) {
        const struct server_note *n = &facts->servers[i];
        server_write(&j, n->server, n->rcode, n->error);
    }
    json_end(&j);
    json_end(&j);
}
