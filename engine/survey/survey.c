/*
 * The steps of a survey, and answers known without a question.
 */
#include "survey.h"

#include "base/dname.h"
#include "dns/zone.h"

#include <assert.h>
#include <stdio.h>

#define SURVEY_BYTES_MAX (384u << 10) /* names, an address and two replies of the largest size */

/* A part is the asking machine and the machine's own number for the question. */
enum machine {
    MACHINE_INQUIRY,
    MACHINE_SPF,
    MACHINE_CHECK,
    MACHINE_DMARC,
    MACHINE_SES,
    MACHINE_ELSEWHERE,
    MACHINE_VALIDATION,
    MACHINES
};
#define PART_BITS 24

void survey_init(struct survey *s, const struct survey_options *options)
{
    *s = (struct survey){.options = options, .stage = SURVEY_DONE};
    arena_init(&s->arena, SURVEY_BYTES_MAX);
    inquiry_init(&s->inquiry);
    spf_survey_init(&s->spf);
    spf_survey_init(&s->ses);
    spf_check_init(&s->check);
    dmarc_survey_init(&s->dmarc);
    s->inquiry.authority_port = options->authority_port;
}

void survey_clear(struct survey *s)
{
    inquiry_clear(&s->inquiry);
    spf_survey_clear(&s->spf);
    spf_survey_clear(&s->ses);
    spf_check_clear(&s->check);
    dmarc_survey_clear(&s->dmarc);
    arena_clear(&s->arena);
}

/* The name above the MAIL FROM, where its identity most likely is; empty for a registered domain,
 * above which nobody's own records stand. */
static struct text parent_of(const struct survey *s)
{
    struct text registered =
        s->options->suffixes ? suffix_registrable(s->options->suffixes, s->name) : TEXT_NONE;
    bool is_below = registered.len && dname_below(s->name, registered);
    return is_below ? dname_tail(s->name, dname_labels(s->name) - 1) : TEXT_NONE;
}

/* Without memory for a name the inquiry ends in trouble, and no further question follows. */
void survey_start(struct survey *s, struct text name, struct text from, const struct denial *denial)
{
    arena_reset(&s->arena);
    s->stage = SURVEY_OF_NAME;
    s->has_receivers = s->has_ses = s->has_elsewhere = false;
    s->from_zone = TEXT_NONE;
    s->validation = (struct validation){0};
    s->out = 0;
    s->name = arena_text(&s->arena, name);
    s->from = arena_text(&s->arena, from);
    inquiry_start(&s->inquiry, s->options->mode, s->name);
    if (s->options->closer)
        inquiry_look_closer(&s->inquiry, s->from.len ? s->from : parent_of(s));
    if (s->options->above)
        inquiry_look_above(&s->inquiry);
    if (s->options->terse)
        inquiry_be_terse(&s->inquiry);
    if (denial)
        inquiry_look_for_denial(&s->inquiry, denial);
}

bool survey_name_is_known(const struct survey *s)
{
    return s->stage == SURVEY_OF_NAME && s->inquiry.done;
}

const struct dns_facts *survey_facts(const struct survey *s)
{
    return inquiry_facts(&s->inquiry);
}

/* ---- step 2 begins ---- */

static struct text organizational_domain(void *ctx, struct text name)
{
    return suffix_registrable(ctx, name);
}

static struct text sender_of(struct survey *s)
{
    struct text sender = s->options->sender;
    if (s->options->sender_is_null)
        return TEXT_NONE;
    if (sender.len == 0)
        sender = TEXT("postmaster");
    if (text_find(sender, '@') < sender.len)
        return sender;
    return arena_fmt(&s->arena, TEXT_FMT "@" TEXT_FMT, TEXT_ARG(sender), TEXT_ARG(s->name));
}

static bool elsewhere_runs(const struct survey *s)
{
    for (unsigned i = 0; s->has_elsewhere && i <= DMARC_AT_DOUBLED; i++)
        if (s->elsewhere[i].outcome == LOOKUP_RUNNING)
            return true;
    return false;
}

static bool is_done(const struct survey *s)
{
    return s->out == 0 && s->spf.walk.done && (!s->options->checks || s->check.walk.done) &&
           (!s->from.len || s->dmarc.done) && (!s->has_ses || s->ses.walk.done) &&
           !elsewhere_runs(s) && validation_is_done(&s->validation);
}

/* The networks of SES are wanted when the record has been followed to its end. */
static void ses_go_on(struct survey *s)
{
    if (s->has_ses || !s->spf.walk.done || !spf_survey_wants_ses(&s->spf))
        return;
    s->has_ses = true;
    spf_survey_start(&s->ses, TEXT("amazonses.com"));
}

/* _dmarc.FROM with its zone appended once more, as panels do; empty where the zone is not known. */
static struct text doubled_dmarc(struct survey *s)
{
    if (!s->from_zone.len || s->from.len + s->from_zone.len + sizeof "_dmarc.." > DNAME_LEN_MAX)
        return TEXT_NONE;
    return arena_fmt(&s->arena, "_dmarc." TEXT_FMT "." TEXT_FMT, TEXT_ARG(s->from),
                     TEXT_ARG(s->from_zone));
}

/* A domain without a DMARC record: does one stand at another name? What is known already is not
 * asked for. */
static void elsewhere_go_on(struct survey *s)
{
    const struct dns_facts *facts = survey_facts(s);
    struct dmarc_survey *d = &s->dmarc;
    if (s->has_elsewhere || !s->options->closer || !s->from.len || !d->done ||
        !dmarc_survey_wants_elsewhere(d))
        return;
    s->has_elsewhere = true;
    for (unsigned i = 0; i <= DMARC_AT_DOUBLED; i++)
        s->elsewhere[i] = (struct lookup){.outcome = LOOKUP_VOID};
    dmarc_survey_take_elsewhere(d, DMARC_AT_MAIL_FROM, s->name, facts->txt, facts->txt_len);
    bool apex_known = dname_eq(facts->apex.name, s->from);
    if (apex_known)
        dmarc_survey_take_elsewhere(d, DMARC_AT_APEX, s->from, facts->apex.txt,
                                    facts->apex.txt_len);
    if (!dmarc_survey_wants_elsewhere(d))
        return;
    struct text doubled = doubled_dmarc(s);
    if (!apex_known)
        lookup_start(&s->elsewhere[DMARC_AT_APEX], &s->arena, s->from, DNS_TYPE_TXT);
    if (doubled.len)
        lookup_start(&s->elsewhere[DMARC_AT_DOUBLED], &s->arena, doubled, DNS_TYPE_TXT);
}

void survey_go_on(struct survey *s)
{
    const struct survey_options *o = s->options;
    assert(survey_name_is_known(s));
    s->stage = SURVEY_OF_RECEIVERS;
    s->has_receivers = true;
    spf_survey_start(&s->spf, s->name);
    if (o->checks) {
        struct spf_mail mail = {.client = o->client,
                                .sender = sender_of(s),
                                .helo = o->helo.len ? o->helo : s->name,
                                .time_s = o->time_s};
        spf_check_start(&s->check, &mail);
    }
    if (s->from.len)
        dmarc_survey_start(&s->dmarc, s->from, s->name, organizational_domain, (void *)o->suffixes);
    if (o->closer)
        validation_start(&s->validation, s->name, survey_facts(s), o->mode == INQUIRY_RECURSIVE);
}

void survey_stop(struct survey *s)
{
    assert(survey_name_is_known(s));
    s->stage = SURVEY_DONE;
}

/* ---- known answers ---- */

static void message_of_txt(struct survey *s, const struct dns_facts *facts, struct dns_message *m)
{
    m->records = ARENA_ARRAY(&s->arena, struct dns_record, facts->txt_len);
    for (uint32_t i = 0; m->records && i < facts->txt_len; i++)
        m->records[m->records_len++] = (struct dns_record){
            .owner = s->name, .type = DNS_TYPE_TXT, .section = DNS_ANSWER, .txt = facts->txt[i]};
}

static void message_of_mx(struct survey *s, const struct dns_facts *facts, struct dns_message *m)
{
    m->records = ARENA_ARRAY(&s->arena, struct dns_record, facts->mx_len);
    for (uint32_t i = 0; m->records && i < facts->mx_len; i++)
        m->records[m->records_len++] = (struct dns_record){.owner = s->name,
                                                           .type = DNS_TYPE_MX,
                                                           .section = DNS_ANSWER,
                                                           .preference = facts->mx[i].preference,
                                                           .name = facts->mx[i].exchange};
}

static void trouble_reply(const struct dns_facts *facts, struct dns_reply *reply)
{
    reply->outcome = DNS_TIMED_OUT;
    snprintf(reply->trouble, sizeof reply->trouble, TEXT_FMT, TEXT_ARG(facts->trouble));
}

static struct text top_of(struct text name)
{
    size_t dot = text_rfind(name, '.');
    return dot < name.len ? text_from(name, dot + 1) : name;
}

/* The name's own MX and TXT are known, and no name exists at or below a missing name (RFC 8020). A
 * resolver with QNAME minimisation (RFC 9156) asks for the name itself before a name below. So
 * while the authorities have not said whether the name exists, the resolver gets no question at or
 * below the name. A resolver that denies all parents of the name is not heard about their names. */
static bool is_known(struct survey *s, const struct dns_question *q, struct dns_reply *reply)
{
    const struct dns_facts *facts = survey_facts(s);
    bool is_name = dname_eq(q->name, s->name);
    bool is_missing = facts->mx_state == DNS_NXDOMAIN && facts->cname.len == 0;
    bool is_open = s->inquiry.mode == INQUIRY_AUTHORITY && facts->mx_state == DNS_TROUBLE_STATE &&
                   facts->txt_state == DNS_TROUBLE_STATE && facts->cname.len == 0;
    *reply = (struct dns_reply){.outcome = DNS_ANSWERED};
    if (is_name && (q->type == DNS_TYPE_MX || q->type == DNS_TYPE_TXT)) {
        enum dns_state state = q->type == DNS_TYPE_MX ? facts->mx_state : facts->txt_state;
        struct dns_message *m = &reply->message;
        m->question = s->name;
        m->question_type = q->type;
        if (state == DNS_TROUBLE_STATE) {
            trouble_reply(facts, reply);
        } else if (state == DNS_FOUND) {
            (q->type == DNS_TYPE_MX ? message_of_mx : message_of_txt)(s, facts, m);
            if (!m->records)
                m->rcode = DNS_RCODE_SERVFAIL; /* out of memory: no verdict */
        } else if (facts->cname.len) {         /* an authority gives no more than the alias */
            s->known_record = (struct dns_record){.owner = s->name,
                                                  .type = DNS_TYPE_CNAME,
                                                  .section = DNS_ANSWER,
                                                  .name = facts->cname};
            m->records = &s->known_record;
            m->records_len = 1;
        } else if (state == DNS_NXDOMAIN) {
            m->rcode = DNS_RCODE_NXDOMAIN;
        }
        return true;
    }
    if (facts->no_parents && dname_eq(top_of(q->name), top_of(s->name))) {
        trouble_reply(facts, reply);
        return true;
    }
    if (!(is_missing || is_open) || !(is_name || dname_below(q->name, s->name)))
        return false;
    if (is_missing)
        reply->message.rcode = DNS_RCODE_NXDOMAIN;
    else
        trouble_reply(facts, reply);
    return true;
}

/* ---- questions and replies ---- */

static bool elsewhere_next(struct survey *s, struct dns_question *question, uint32_t *number)
{
    for (*number = 0; s->has_elsewhere && *number <= DMARC_AT_DOUBLED; ++*number)
        if (lookup_next(&s->elsewhere[*number], question))
            return true;
    return false;
}

static bool machine_next(struct survey *s, enum machine machine, struct dns_question *question,
                         uint32_t *number)
{
    switch (machine) {
    case MACHINE_INQUIRY: return inquiry_next(&s->inquiry, question, number);
    case MACHINE_SPF: return spf_survey_next(&s->spf, question, number);
    case MACHINE_CHECK: return s->options->checks && spf_check_next(&s->check, question, number);
    case MACHINE_DMARC: return s->from.len && dmarc_survey_next(&s->dmarc, question, number);
    case MACHINE_SES: return s->has_ses && spf_survey_next(&s->ses, question, number);
    case MACHINE_ELSEWHERE: return elsewhere_next(s, question, number);
    case MACHINE_VALIDATION: return validation_next(&s->validation, question, number);
    case MACHINES: break;
    }
    return false;
}

static void elsewhere_reply(struct survey *s, enum dmarc_elsewhere place,
                            const struct dns_reply *reply)
{
    struct lookup *l = &s->elsewhere[place];
    lookup_reply(l, reply);
    struct text *txt = ARENA_ARRAY(&s->arena, struct text, l->records_len);
    for (uint32_t i = 0; txt && i < l->records_len; i++)
        txt[i] = l->records[i].txt;
    if (txt && l->outcome == LOOKUP_FOUND)
        dmarc_survey_take_elsewhere(&s->dmarc, place, l->name, txt, l->records_len);
}

/* The denial of _dmarc.FROM shows the zone, for elsewhere_go_on(). */
static void dmarc_reply(struct survey *s, uint32_t number, const struct dns_reply *reply)
{
    if (dname_eq(s->dmarc.names[number].domain, s->from) && reply->outcome == DNS_ANSWERED &&
        !s->from_zone.len)
        s->from_zone = arena_text(&s->arena, zone_of_denial(&reply->message, s->from));
    dmarc_survey_reply(&s->dmarc, number, reply);
}

static void machine_reply(struct survey *s, enum machine machine, uint32_t number,
                          const struct dns_reply *reply)
{
    switch (machine) {
    case MACHINE_INQUIRY: inquiry_reply(&s->inquiry, number, reply); break;
    case MACHINE_SPF: spf_survey_reply(&s->spf, number, reply); break;
    case MACHINE_CHECK: spf_check_reply(&s->check, number, reply); break;
    case MACHINE_DMARC: dmarc_reply(s, number, reply); break;
    case MACHINE_SES:
        spf_survey_reply(&s->ses, number, reply);
        if (s->ses.walk.done)
            spf_survey_take_ses(&s->spf, &s->ses);
        break;
    case MACHINE_ELSEWHERE: elsewhere_reply(s, (enum dmarc_elsewhere)number, reply); break;
    case MACHINE_VALIDATION: validation_reply(&s->validation, number, reply); break;
    case MACHINES: break;
    }
}

static bool receivers_next(struct survey *s, struct dns_question *question, uint32_t *part)
{
    struct dns_reply reply;
    uint32_t number = 0;
    for (unsigned machine = MACHINE_SPF; machine < MACHINES; machine++) {
        ses_go_on(s);
        elsewhere_go_on(s);
        while (machine_next(s, machine, question, &number)) {
            assert(number < 1u << PART_BITS);
            *part = machine << PART_BITS | number;
            if (machine == MACHINE_VALIDATION || !is_known(s, question, &reply))
                return true;
            machine_reply(s, machine, number, &reply);
        }
    }
    return false;
}

bool survey_next(struct survey *s, struct dns_question *question, uint32_t *part)
{
    bool more = false;
    switch (s->stage) {
    case SURVEY_OF_NAME: more = inquiry_next(&s->inquiry, question, part); break;
    case SURVEY_OF_RECEIVERS: more = receivers_next(s, question, part); break;
    case SURVEY_DONE: break;
    }
    s->out += more;
    if (s->stage == SURVEY_OF_RECEIVERS && is_done(s))
        s->stage = SURVEY_DONE;
    return more;
}

void survey_reply(struct survey *s, uint32_t part, const struct dns_reply *reply)
{
    assert(s->out > 0);
    s->out--;
    machine_reply(s, (enum machine)(part >> PART_BITS), part & ((1u << PART_BITS) - 1), reply);
    if (s->stage == SURVEY_OF_RECEIVERS) {
        ses_go_on(s);
        elsewhere_go_on(s);
    }
    if (s->stage == SURVEY_OF_RECEIVERS && is_done(s))
        s->stage = SURVEY_DONE;
}

bool survey_part_is_of_receivers(uint32_t part)
{
    return part >> PART_BITS != MACHINE_INQUIRY;
}

bool survey_has_trouble(const struct survey *s)
{
    const struct dns_facts *facts = survey_facts(s);
    bool name = facts->mx_state == DNS_TROUBLE_STATE || facts->txt_state == DNS_TROUBLE_STATE;
    if (!s->has_receivers)
        return name;
    return name || spf_survey_class(&s->spf) == SPF_CLASS_TEMPERROR ||
           (s->options->checks && s->check.walk.result == SPF_TEMPERROR) ||
           (s->from.len && !s->dmarc.certain);
}
