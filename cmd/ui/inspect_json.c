/* What inspect found of one name, as an object of its JSON. */
#include "inspect_json.h"

#include "base/count.h"
#include "base/json_out.h"
#include "rules/idna.h"

static void mx_write(struct json_out *j, const struct survey *s, const struct inspect_verdict *v)
{
    const struct dns_facts *facts = survey_facts(s);
    json_add_object(j, "mx");
    json_add_text_or_null(j, "status", text_of(mx_status_name(v->mx)));
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

/* Why a message passes or does not: the reason of an error, the term that has decided, the words of
 * the domain's owner. */
static void check_write(struct json_out *j, const struct spf_walk *w)
{
    json_add_word(j, "check", spf_result_name(w->result));
    json_add_text_or_null(j, "check_reason", w->reason);
    json_add_text_or_null(j, "check_matched", w->matched);
    json_add_text_or_null(j, "check_explanation", w->explanation);
}

static void spf_write(struct json_out *j, const struct survey *s, const struct inspect_verdict *v)
{
    const struct spf_walk *w = &s->spf.walk;
    enum spf_class class = spf_survey_class(&s->spf);
    bool wrong = class == SPF_CLASS_PERMERROR || class == SPF_CLASS_TEMPERROR;
    json_add_object(j, "spf");
    json_add_word(j, "result", spf_class_name(class));
    json_add_text_or_null(j, "record", w->record);
    if (inspect_knows_ses(s))
        json_add_bool(j, "authorizes_ses", w->authorizes_ses);
    else
        json_add_null(j, "authorizes_ses");
    json_add_u64(j, "lookups", w->lookups);
    /* That there is no record is not a look-up of the record's. */
    json_add_u64(j, "void_lookups", class == SPF_CLASS_NONE ? 0 : w->void_lookups);
    json_add_text_or_null(j, "error", wrong ? w->reason : TEXT_NONE);
    json_add_text_or_null(j, "status", text_of(spf_status_name(v->spf)));
    if (s->options->checks)
        check_write(j, &s->check.walk);
    json_end(j);
}

static void verdict_write(struct json_out *j, const char *key, const struct dmarc_verdict *v,
                          bool walks)
{
    json_line(j, "\n    ");
    json_add_object(j, key);
    json_add_text_or_null(j, "from_organizational_domain", v->from_organizational_domain);
    json_add_text_or_null(j, "mail_from_organizational_domain", v->mail_from_organizational_domain);
    if (v->has_record)
        json_add_bool(j, "aligned", v->aligned);
    else
        json_add_null(j, "aligned");
    json_add_text_or_null(j, "policy",
                          text_of(v->has_record ? dmarc_policy_name(v->policy) : NULL));
    if (walks)
        json_add_u64(j, "queries", v->queries);
    json_end(j);
}

static void dmarc_unknown_write(struct json_out *j)
{
    static const char *const keys[] = {
        "record", "record_domain", "aspf", "policy", "p", "sp", "np", "t", "rfc9989", "rfc7489"};
    for (size_t i = 0; i < COUNT(keys); i++)
        json_add_null(j, keys[i]);
}

static void policy_write(struct json_out *j, const char *key, const struct dmarc_verdict *v,
                         enum dmarc_policy policy)
{
    json_add_text_or_null(j, key, text_of(v->has_record ? dmarc_policy_name(policy) : NULL));
}

static void dmarc_known_write(struct json_out *j, const struct dmarc_survey *d)
{
    /* Where the rules find different records, that of the newer one stands here. */
    const struct dmarc_verdict *v = d->rfc9989.record.len ? &d->rfc9989 : &d->rfc7489;
    json_add_text_or_null(j, "record", v->record);
    json_add_text_or_null(j, "record_domain", v->record_domain);
    json_add_text_or_null(j, "aspf", text_of(!v->has_record ? NULL : v->aspf_strict ? "s" : "r"));
    policy_write(j, "policy", v, v->policy);
    policy_write(j, "p", v, v->p);
    policy_write(j, "sp", v, v->sp);
    policy_write(j, "np", v, v->np);
    json_add_text_or_null(j, "t", text_of(!v->has_record ? NULL : v->testing ? "y" : "n"));
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

static void findings_write(struct json_out *j, const struct inspect_verdict *v)
{
    struct finding_notes notes = judge_notes(&v->judgement);
    json_add_array(j, "findings");
    for (uint32_t i = 0; i < notes.len; i++) {
        json_line(j, "\n    ");
        json_add_object(j, NULL);
        json_add_word(j, "rule", finding_rule(notes.at[i].rule)->name);
        json_add_word(j, "severity", severity_name(notes.at[i].severity));
        json_add_text(j, "text", notes.at[i].text);
        json_end(j);
    }
    json_end(j);
}

/* Only authorities tell a wildcard. */
static void wildcard_write(struct json_out *j, const struct survey *s)
{
    if (s->inquiry.mode == INQUIRY_AUTHORITY)
        json_add_bool(j, "wildcard", survey_facts(s)->wildcard);
    else
        json_add_null(j, "wildcard");
}

void inspect_json(struct buf *out, const struct survey *s, const struct inspect_verdict *v)
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
    mx_write(&j, s, v);
    json_line(&j, "\n   ");
    spf_write(&j, s, v);
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
    wildcard_write(&j, s);
    json_add_bool(&j, "dnssec_bogus", inspect_notes(v, INSPECT_DNSSEC).len > 0);
    json_line(&j, "\n   ");
    findings_write(&j, v);
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
