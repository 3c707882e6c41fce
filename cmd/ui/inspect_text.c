/* One inspected name as lines: MX, SPF, DMARC, servers. */
#include "inspect_text.h"

#include "base/escape.h"
#include "base/plural.h"
#include "messages.h"
#include "rules/idna.h"

#define MX_SHOWN_MAX 16 /* the JSON has all; SES takes one only */

#define INDENT "                        "

struct text_page {
    struct buf *out;
    const struct options *o;
};

static void word_add(struct text_page *p, const char *label, enum color color, const char *word)
{
    buf_add_fmt(p->out, "  %-7s %s%-13s%s ", label, message_color(p->o, color), word,
                message_color(p->o, COLOR_PLAIN));
}

/* A word with nothing behind it leaves no blanks. */
static void line_end(struct text_page *p)
{
    while (p->out->len && p->out->at[p->out->len - 1] == ' ')
        p->out->len--;
    buf_add_char(p->out, '\n');
}

static void remark(struct text_page *p, struct text raw)
{
    if (raw.len == 0)
        return;
    buf_add_str(p->out, INDENT);
    escape_terminal(p->out, raw);
    line_end(p);
}

static enum color mx_color(enum mx_status status)
{
    switch (status) {
    case MX_STATUS_OK: return COLOR_GREEN;
    case MX_STATUS_MISSING:
    case MX_STATUS_TROUBLE:
    case MX_STATUS_UNKNOWN_REGION: return COLOR_YELLOW;
    default: return COLOR_RED;
    }
}

/* Exchanges and sentences are printable already (message.h, judge.h). */
/* Sentences are printable already (judge.h). skip: rules whose fact stands on the page. */
static void notes_add(struct text_page *p, const struct inspect_verdict *v, enum inspect_part part,
                      finding_set skip)
{
    struct finding_notes notes = inspect_notes(v, part);
    for (uint32_t i = 0; i < notes.len; i++)
        if (!(FINDING_BIT(notes.at[i].rule) & skip))
            buf_add_fmt(p->out, INDENT TEXT_FMT "\n", TEXT_ARG(notes.at[i].text));
}

static void mx_add(struct text_page *p, const struct survey *s, const struct inspect_verdict *v)
{
    const struct dns_facts *facts = survey_facts(s);
    word_add(p, "MX", mx_color(v->mx), mx_status_name(v->mx));
    uint32_t shown = facts->mx_len < MX_SHOWN_MAX ? facts->mx_len : MX_SHOWN_MAX;
    for (uint32_t i = 0; i < shown; i++) {
        struct text exchange = facts->mx[i].exchange;
        buf_add_fmt(p->out, "%s%u " TEXT_FMT, i ? ", " : "", facts->mx[i].preference,
                    TEXT_ARG(exchange.len ? exchange : TEXT(".")));
    }
    if (shown < facts->mx_len)
        buf_add_fmt(p->out, ", and %u more", facts->mx_len - shown);
    line_end(p);
    notes_add(p, v, INSPECT_MX, 0);
    if (facts->mx_state == DNS_TROUBLE_STATE)
        buf_add_fmt(p->out, INDENT TEXT_FMT "\n", TEXT_ARG(facts->trouble));
}

static void spf_add(struct text_page *p, const struct survey *s, const struct inspect_verdict *v)
{
    const struct spf_walk *w = &s->spf.walk;
    enum spf_class class = spf_survey_class(&s->spf);
    bool good = class == SPF_CLASS_VALID && w->authorizes_ses;
    enum color color = good ? COLOR_GREEN : class == SPF_CLASS_PERMERROR ? COLOR_RED : COLOR_YELLOW;
    word_add(p, "SPF", color, spf_class_name(class));
    escape_terminal(p->out, class == SPF_CLASS_NONE ? TEXT("no SPF record") : w->record);
    line_end(p);
    if (class == SPF_CLASS_PERMERROR || class == SPF_CLASS_TEMPERROR)
        remark(p, w->reason);
    if (w->record.len)
        buf_add_fmt(p->out, INDENT "%s; %u DNS lookup%s, %u void\n",
                    w->authorizes_ses       ? "authorizes Amazon SES"
                    : !inspect_knows_ses(s) ? "not known whether it authorizes Amazon SES"
                                            : "does not authorize Amazon SES",
                    w->lookups, plural(w->lookups, "", "s"), w->void_lookups);
    notes_add(p, v, INSPECT_SPF,
              FINDING_BIT(SPF_SYNTAX) | FINDING_BIT(SPF_LOOKUPS) | FINDING_BIT(SPF_VOID_LOOKUPS));
}

static void check_add(struct text_page *p, const struct survey *s)
{
    const struct spf_walk *w = &s->check.walk;
    char client[SPF_ADDRESS_LEN];
    struct text address = spf_address_format(&s->options->client, client);
    bool bad = w->result == SPF_FAIL || w->result == SPF_PERMERROR;
    word_add(p, "check",
             w->result == SPF_PASS ? COLOR_GREEN
             : bad                 ? COLOR_RED
                                   : COLOR_YELLOW,
             spf_result_name(w->result));
    buf_add_fmt(p->out, "from " TEXT_FMT, TEXT_ARG(address));
    if (w->matched.len) {
        buf_add_str(p->out, ", by ");
        escape_terminal(p->out, w->matched);
    }
    line_end(p);
    if (w->result == SPF_PERMERROR || w->result == SPF_TEMPERROR)
        remark(p, w->reason);
    remark(p, w->explanation);
}

static struct text or_unknown(struct text domain)
{
    return domain.len ? domain : TEXT("not known");
}

static void verdict_add(struct text_page *p, const char *rule, const struct dmarc_verdict *v)
{
    buf_add_fmt(p->out, INDENT "%s: %s (" TEXT_FMT " and " TEXT_FMT ")\n", rule,
                !v->has_record ? "no record"
                : v->aligned   ? "aligned"
                               : "not aligned",
                TEXT_ARG(or_unknown(v->mail_from_organizational_domain)),
                TEXT_ARG(or_unknown(v->from_organizational_domain)));
}

static void policy_add(struct text_page *p, const struct dmarc_verdict *v)
{
    buf_add_fmt(p->out, INDENT "policy %s (p=%s, sp=%s, np=%s, t=%s)\n",
                dmarc_policy_name(v->policy), dmarc_policy_name(v->p), dmarc_policy_name(v->sp),
                dmarc_policy_name(v->np), v->testing ? "y" : "n");
}

static void dmarc_add(struct text_page *p, const struct survey *s,
                      const struct inspect_verdict *verdict)
{
    const struct dmarc_survey *d = &s->dmarc;
    const struct dmarc_verdict *v = d->rfc9989.record.len ? &d->rfc9989 : &d->rfc7489;
    if (!d->certain) {
        word_add(p, "DMARC", COLOR_YELLOW, dmarc_status_name(DMARC_STATUS_TROUBLE));
        escape_terminal(p->out, d->trouble);
        line_end(p);
        notes_add(p, verdict, INSPECT_DMARC, (finding_set)-1 & ~FINDING_BIT(RECORD_NEAR_MISS));
        return;
    }
    enum dmarc_status status = judge_dmarc_status(d);
    bool has_record = status != DMARC_STATUS_MISSING, is_ok = status == DMARC_STATUS_OK;
    word_add(p, "DMARC", is_ok ? COLOR_GREEN : COLOR_YELLOW,
             is_ok ? "aligned" : dmarc_status_name(status));
    escape_terminal(p->out, has_record || v->record.len ? v->record : TEXT("no DMARC record"));
    line_end(p);
    if (v->record.len)
        buf_add_fmt(p->out, INDENT "at _dmarc." TEXT_FMT ", aspf=%s, for From " TEXT_FMT "\n",
                    TEXT_ARG(v->record_domain), v->aspf_strict ? "s" : "r", TEXT_ARG(d->from));
    if (v->has_record)
        policy_add(p, v);
    verdict_add(p, "RFC 9989", &d->rfc9989);
    verdict_add(p, "RFC 7489", &d->rfc7489);
    notes_add(p, verdict, INSPECT_DMARC, (finding_set)-1 & ~FINDING_BIT(RECORD_NEAR_MISS));
    if (d->trouble.len)
        remark(p, d->trouble);
}

void inspect_text(struct buf *out, const struct survey *s, const struct inspect_verdict *v,
                  const struct options *o)
{
    struct text_page page = {out, o};
    char shown[IDNA_UNICODE_LEN_MAX + 1];
    struct text unicode;
    if (idna_to_unicode(s->name, shown, &unicode) && !text_eq(unicode, s->name)) {
        escape_terminal(page.out, unicode);
        buf_add_fmt(page.out, " (" TEXT_FMT ")\n", TEXT_ARG(s->name));
    } else {
        buf_add_fmt(page.out, TEXT_FMT "\n", TEXT_ARG(s->name));
    }
    mx_add(&page, s, v);
    spf_add(&page, s, v);
    if (s->options->checks)
        check_add(&page, s);
    if (s->from.len)
        dmarc_add(&page, s, v);
    if (inspect_notes(v, INSPECT_DNSSEC).len) {
        word_add(&page, "DNSSEC", COLOR_RED, "bogus");
        line_end(&page);
        notes_add(&page, v, INSPECT_DNSSEC, 0);
    }
    /* Notes are printable already (facts.h). */
    const struct dns_facts *facts = survey_facts(s);
    for (uint32_t i = 0; i < facts->servers_len; i++) {
        const struct server_note *n = &facts->servers[i];
        buf_add_fmt(page.out, "  %s%-7s " TEXT_FMT ": " TEXT_FMT "%s",
                    message_color(page.o, COLOR_DIM), i ? "" : "asked", TEXT_ARG(n->server),
                    TEXT_ARG(n->error.len ? n->error : n->rcode),
                    message_color(page.o, COLOR_PLAIN));
        if (page.o->access.verbose && n->said.len)
            buf_add_fmt(page.out, " - " TEXT_FMT, TEXT_ARG(n->said));
        line_end(&page);
    }
}
