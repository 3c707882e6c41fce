/* Up to three record sets, each asked for once as usual and at most once without checking. */
#include "validation.h"

static const uint16_t types[VALIDATEDS] = {
    [VALIDATED_ZONE] = DNS_TYPE_NS, [VALIDATED_MX] = DNS_TYPE_MX, [VALIDATED_TXT] = DNS_TYPE_TXT};

static enum validation_step first_step(enum dns_state state, bool has_failed)
{
    if (has_failed && state == DNS_TROUBLE_STATE)
        return VALIDATION_ASK_CD;
    return state == DNS_FOUND && !has_failed ? VALIDATION_ASK : VALIDATION_IDLE;
}

void validation_start(struct validation *v, struct text name, const struct dns_facts *facts,
                      bool is_recursive)
{
    *v = (struct validation){.name = name, .zone = facts->servfail_at};
    if (is_recursive) { /* what the resolver gave it had found sound */
        bool failed = facts->servers_len && text_eq(facts->servers[0].rcode, TEXT("SERVFAIL"));
        if (failed) {
            v->steps[VALIDATED_MX] = first_step(facts->mx_state, true);
            v->steps[VALIDATED_TXT] = first_step(facts->txt_state, true);
        }
        return;
    }
    if (v->zone.len)
        v->steps[VALIDATED_ZONE] = VALIDATION_ASK_CD;
    if (facts->cname.len)
        return;
    v->steps[VALIDATED_MX] = first_step(facts->mx_state, false);
    v->steps[VALIDATED_TXT] = first_step(facts->txt_state, false);
}

bool validation_next(struct validation *v, struct dns_question *question, uint32_t *number)
{
    for (unsigned i = 0; i < VALIDATEDS; i++) {
        bool cd = v->steps[i] == VALIDATION_ASK_CD;
        if (!cd && v->steps[i] != VALIDATION_ASK)
            continue;
        v->steps[i] = cd ? VALIDATION_OUT_CD : VALIDATION_OUT;
        *question = (struct dns_question){.name = i == VALIDATED_ZONE ? v->zone : v->name,
                                          .type = types[i],
                                          .recurse = true,
                                          .unchecked = cd};
        *number = i;
        return true;
    }
    return false;
}

void validation_reply(struct validation *v, uint32_t number, const struct dns_reply *reply)
{
    bool answered = reply->outcome == DNS_ANSWERED;
    unsigned rcode = reply->message.rcode;
    bool was_unchecked = v->steps[number] == VALIDATION_OUT_CD;
    v->steps[number] = VALIDATION_IDLE;
    if (was_unchecked)
        v->is_bogus[number] =
            answered && (rcode == DNS_RCODE_NOERROR || rcode == DNS_RCODE_NXDOMAIN);
    else if (answered && rcode == DNS_RCODE_SERVFAIL)
        v->steps[number] = VALIDATION_ASK_CD;
}

bool validation_is_done(const struct validation *v)
{
    for (unsigned i = 0; i < VALIDATEDS; i++)
        if (v->steps[i] != VALIDATION_IDLE)
            return false;
    return true;
}
