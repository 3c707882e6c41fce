#include "inspect_subject.h"

#include "base/dname.h"
#include "rules/mx.h"

#include <assert.h>
#include <stdio.h>

#define SUBJECT_BYTES_MAX (64u << 10) /* a name, an address and a reply of 256 records */

/* A part is the machine that asks and the machine's own number for the question. */
enum machine { MACHINE_INQUIRY, MACHINE_SPF, MACHINE_CHECK, MACHINE_DMARC, MACHINES };
#define PART_BITS 24

void subject_init(struct subject *s, const struct inspect_wish *wish)
{
    *s = (struct subject){.wish = wish, .done = true};
    arena_init(&s->arena, SUBJECT_BYTES_MAX);
    inquiry_init(&s->inquiry);
    spf_survey_init(&s->spf);
    spf_check_init(&s->check);
    dmarc_survey_init(&s->dmarc);
    s->inquiry.authority_port = wish->authority_port;
}

void subject_clear(struct subject *s)
{
    inquiry_clear(&s->inquiry);
    spf_survey_clear(&s->spf);
    spf_check_clear(&s->check);
    dmarc_survey_clear(&s->dmarc);
    arena_clear(&s->arena);
}

void subject_start(struct subject *s, struct text name)
{
    arena_reset(&s->arena);
    s->done = s->receivers_started = false;
    s->out = 0;
    s->mx_status = TEXT_NONE;
    s->mx_sentence[0] = '\0';
    s->name = arena_text(&s->arena, name);
    assert(s->name.at);
    inquiry_start(&s->inquiry, s->wish->mode, s->name);
}

/* ---- after the inquiry ---- */

static struct text organizational_domain(void *ctx, struct text name)
{
    return suffix_registrable(ctx, name);
}

static struct text sender_of(struct subject *s)
{
    struct text sender = s->wish->sender;
    if (sender.len == 0)
        sender = TEXT("postmaster");
    if (text_find(sender, '@') < sender.len)
        return sender;
    return arena_fmt(&s->arena, TEXT_FMT "@" TEXT_FMT, TEXT_ARG(sender), TEXT_ARG(s->name));
}

static void mx_look_at(struct subject *s)
{
    const struct policy policy = {.require = REQUIRE_MX_SPF};
    struct judgement j = {.suffixes = s->wish->suffixes, .feedback_host = s->wish->feedback_host};
    s->mx_status = mx_judge(&j, &policy, s->name, s->wish->region, inquiry_facts(&s->inquiry));
    if (s->mx_status.len == 0)
        s->mx_status = TEXT("trouble");
    snprintf(s->mx_sentence, sizeof s->mx_sentence, "%s", j.first_error);
}

static void receivers_start(struct subject *s)
{
    const struct inspect_wish *wish = s->wish;
    s->receivers_started = true;
    mx_look_at(s);
    spf_survey_start(&s->spf, s->name);
    if (wish->checks) {
        struct spf_mail mail = {.client = wish->client,
                                .sender = sender_of(s),
                                .helo = wish->helo.len ? wish->helo : s->name,
                                .time_s = wish->time_s};
        spf_check_start(&s->check, &mail);
    }
    if (wish->from.len)
        dmarc_survey_start(&s->dmarc, wish->from, s->name, organizational_domain,
                           (void *)wish->suffixes);
}

/* ---- what is known already ---- */

static void message_of_txt(struct subject *s, const struct dns_facts *facts, struct dns_message *m)
{
    m->records = ARENA_ARRAY(&s->arena, struct dns_record, facts->txt_len);
    for (uint32_t i = 0; m->records && i < facts->txt_len; i++)
        m->records[m->records_len++] = (struct dns_record){
            .owner = s->name, .type = DNS_TYPE_TXT, .section = DNS_ANSWER, .txt = facts->txt[i]};
}

static void message_of_mx(struct subject *s, const struct dns_facts *facts, struct dns_message *m)
{
    m->records = ARENA_ARRAY(&s->arena, struct dns_record, facts->mx_len);
    for (uint32_t i = 0; m->records && i < facts->mx_len; i++)
        m->records[m->records_len++] = (struct dns_record){.owner = s->name,
                                                           .type = DNS_TYPE_MX,
                                                           .section = DNS_ANSWER,
                                                           .preference = facts->mx[i].preference,
                                                           .name = facts->mx[i].exchange};
}

static void reply_make(struct subject *s, const struct dns_facts *facts, uint16_t type,
                       struct dns_reply *reply)
{
    enum dns_state state = type == DNS_TYPE_MX ? facts->mx_state : facts->txt_state;
    struct dns_message *m = &reply->message;
    *reply = (struct dns_reply){.outcome = DNS_ANSWERED};
    m->question = s->name;
    m->question_type = type;
    if (state == DNS_TROUBLE_STATE) {
        reply->outcome = DNS_TIMED_OUT;
        snprintf(reply->trouble, sizeof reply->trouble, TEXT_FMT, TEXT_ARG(facts->trouble));
    } else if (state == DNS_FOUND) {
        (type == DNS_TYPE_MX ? message_of_mx : message_of_txt)(s, facts, m);
        if (!m->records)
            m->rcode = DNS_RCODE_SERVFAIL; /* out of memory: no verdict */
    } else if (facts->cname.len) {         /* an authority gives no more than the alias */
        s->known_record = (struct dns_record){
            .owner = s->name, .type = DNS_TYPE_CNAME, .section = DNS_ANSWER, .name = facts->cname};
        m->records = &s->known_record;
        m->records_len = 1;
    } else if (state == DNS_NXDOMAIN) {
        m->rcode = DNS_RCODE_NXDOMAIN;
    }
}

/* The name's own MX and TXT are known, and so is that nothing exists at or below a name that does
 * not exist (RFC 8020). */
static bool is_known(struct subject *s, const struct dns_question *q, struct dns_reply *reply)
{
    const struct dns_facts *facts = inquiry_facts(&s->inquiry);
    bool is_name = dname_eq(q->name, s->name);
    bool missing = facts->mx_state == DNS_NXDOMAIN && facts->cname.len == 0;
    if (is_name && (q->type == DNS_TYPE_MX || q->type == DNS_TYPE_TXT)) {
        reply_make(s, facts, q->type, reply);
        return true;
    }
    if (!missing || !(is_name || dname_below(q->name, s->name)))
        return false;
    *reply = (struct dns_reply){.outcome = DNS_ANSWERED};
    reply->message.rcode = DNS_RCODE_NXDOMAIN;
    return true;
}

/* ---- questions and replies ---- */

static bool machine_next(struct subject *s, enum machine machine, struct dns_question *question,
                         uint32_t *number)
{
    switch (machine) {
    case MACHINE_INQUIRY: return inquiry_next(&s->inquiry, question, number);
    case MACHINE_SPF: return spf_survey_next(&s->spf, question, number);
    case MACHINE_CHECK: return s->wish->checks && spf_check_next(&s->check, question, number);
    case MACHINE_DMARC: return s->wish->from.len && dmarc_survey_next(&s->dmarc, question, number);
    case MACHINES: break;
    }
    return false;
}

static void machine_reply(struct subject *s, enum machine machine, uint32_t number,
                          const struct dns_reply *reply)
{
    switch (machine) {
    case MACHINE_INQUIRY: inquiry_reply(&s->inquiry, number, reply); break;
    case MACHINE_SPF: spf_survey_reply(&s->spf, number, reply); break;
    case MACHINE_CHECK: spf_check_reply(&s->check, number, reply); break;
    case MACHINE_DMARC: dmarc_survey_reply(&s->dmarc, number, reply); break;
    case MACHINES: break;
    }
}

static bool is_done(const struct subject *s)
{
    return s->receivers_started && s->out == 0 && s->spf.walk.done &&
           (!s->wish->checks || s->check.walk.done) && (!s->wish->from.len || s->dmarc.done);
}

static bool receivers_next(struct subject *s, struct dns_question *question, uint32_t *part)
{
    struct dns_reply reply;
    uint32_t number = 0;
    for (unsigned machine = MACHINE_SPF; machine < MACHINES; machine++) {
        while (machine_next(s, machine, question, &number)) {
            assert(number < 1u << PART_BITS);
            *part = machine << PART_BITS | number;
            if (!is_known(s, question, &reply))
                return true;
            machine_reply(s, machine, number, &reply);
        }
    }
    return false;
}

bool subject_next(struct subject *s, struct dns_question *question, uint32_t *part)
{
    bool more = false;
    if (s->done)
        return false;
    if (!s->inquiry.done)
        more = inquiry_next(&s->inquiry, question, part);
    if (s->inquiry.done && !s->receivers_started)
        receivers_start(s);
    if (s->receivers_started)
        more = receivers_next(s, question, part);
    s->out += more;
    s->done = is_done(s);
    return more;
}

void subject_reply(struct subject *s, uint32_t part, const struct dns_reply *reply)
{
    assert(s->out > 0);
    s->out--;
    machine_reply(s, (enum machine)(part >> PART_BITS), part & ((1u << PART_BITS) - 1), reply);
    s->done = is_done(s);
}

bool subject_has_trouble(const struct subject *s)
{
    const struct dns_facts *facts = inquiry_facts(&s->inquiry);
    return facts->mx_state == DNS_TROUBLE_STATE || facts->txt_state == DNS_TROUBLE_STATE ||
           spf_survey_class(&s->spf) == SPF_CLASS_TEMPERROR ||
           (s->wish->checks && s->check.walk.result == SPF_TEMPERROR) ||
           (s->wish->from.len && !s->dmarc.certain);
}
