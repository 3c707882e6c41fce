/* The zone and two record sets; each is asked for once, and twice more after a SERVFAIL. */
#include "validation.h"

/* Where the resolver is the only one, what it gave it had found sound. */
static void start_recursive(struct validation *v, const struct dns_facts *facts)
{
    bool failed = facts->servers_len && text_eq(facts->servers[0].rcode, TEXT("SERVFAIL"));
    const enum dns_state states[VALIDATEDS] = {
        [VALIDATED_MX] = facts->mx_state, [VALIDATED_TXT] = facts->txt_state};
    for (unsigned i = VALIDATED_MX; i < VALIDATEDS; i++)
        if ((states[i] == DNS_TROUBLE_STATE && failed) ||
            (states[i] == DNS_FOUND && facts->has_others))
            v->steps[i] = VALIDATION_ASK;
}

void validation_start(struct validation *v, struct text name, const struct dns_facts *facts,
                      bool is_recursive)
{
    *v = (struct validation){.name = name, .zone = facts->servfail_at, .zone_type = DNS_TYPE_NS};
    if (is_recursive) {
        start_recursive(v, facts);
        return;
    }
    bool has_mx = facts->mx_state == DNS_FOUND && !facts->cname.len;
    bool has_txt = facts->txt_state == DNS_FOUND && !facts->cname.len;
    if (!v->zone.len && (has_mx || has_txt)) {
        v->zone = facts->zone;
        v->zone_type = DNS_TYPE_DS;
    }
    bool has_zone = v->zone.len > 0;
    enum validation_step then = has_zone ? VALIDATION_WAIT : VALIDATION_ASK;
    v->steps[VALIDATED_ZONE] = has_zone ? VALIDATION_ASK : VALIDATION_IDLE;
    v->steps[VALIDATED_MX] = has_mx ? then : VALIDATION_IDLE;
    v->steps[VALIDATED_TXT] = has_txt ? then : VALIDATION_IDLE;
}

bool validation_next(struct validation *v, struct dns_question *question, uint32_t *number)
{
    const uint16_t types[VALIDATEDS] = {v->zone_type, DNS_TYPE_MX, DNS_TYPE_TXT};
    for (unsigned i = 0; i < VALIDATEDS; i++) {
        if (v->steps[i] < VALIDATION_ASK || v->is_out[i])
            continue;
        v->is_out[i] = true;
        *question = (struct dns_question){.name = i == VALIDATED_ZONE ? v->zone : v->name,
                                          .type = types[i],
                                          .recurse = true,
                                          .unchecked = v->steps[i] == VALIDATION_CD,
                                          .of_all = v->steps[i] == VALIDATION_ASK};
        if (v->steps[i] != VALIDATION_ASK)
            question->server = v->by[i];
        *number = i;
        return true;
    }
    return false;
}

static bool is_answer(const struct dns_reply *reply)
{
    return reply->outcome == DNS_ANSWERED && (reply->message.rcode == DNS_RCODE_NOERROR ||
                                              reply->message.rcode == DNS_RCODE_NXDOMAIN);
}

static bool is_servfail(const struct dns_reply *reply)
{
    return reply->outcome == DNS_ANSWERED && reply->message.rcode == DNS_RCODE_SERVFAIL;
}

static bool has_type(const struct dns_message *m, uint16_t type)
{
    for (uint32_t i = 0; i < m->records_len; i++)
        if (m->records[i].section == DNS_ANSWER && m->records[i].type == type)
            return true;
    return false;
}

/* May records of the zone have signatures that a resolver checks? After an answer without DS they
 * have none; resolvers that keep silent or have failed are asked no more. A resolver that refuses
 * the question for DS, as old ones do, has said nothing about the zone. */
static bool may_be_signed(const struct validation *v, const struct dns_reply *reply)
{
    if (v->zone_type != DNS_TYPE_DS)
        return !v->is_bogus[VALIDATED_ZONE];
    if (is_answer(reply))
        return has_type(&reply->message, DNS_TYPE_DS);
    return reply->outcome == DNS_ANSWERED && !is_servfail(reply);
}

static void zone_settled(struct validation *v, bool may_be)
{
    for (unsigned i = VALIDATED_MX; i < VALIDATEDS; i++)
        if (v->steps[i] == VALIDATION_WAIT)
            v->steps[i] = may_be ? VALIDATION_ASK : VALIDATION_IDLE;
}

void validation_reply(struct validation *v, uint32_t number, const struct dns_reply *reply)
{
    enum validation_step step = v->steps[number], next = VALIDATION_IDLE;
    bool servfail = is_servfail(reply);
    if (step == VALIDATION_ASK && servfail) {
        v->by[number] = reply->by;
        next = VALIDATION_CD;
    } else if (step == VALIDATION_CD && is_answer(reply)) {
        next = VALIDATION_ASK_AGAIN;
    }
    v->is_bogus[number] = step == VALIDATION_ASK_AGAIN && servfail;
    v->steps[number] = next;
    v->is_out[number] = false;
    if (number == VALIDATED_ZONE && next == VALIDATION_IDLE)
        zone_settled(v, may_be_signed(v, reply));
}

bool validation_is_done(const struct validation *v)
{
    for (unsigned i = 0; i < VALIDATEDS; i++)
        if (v->steps[i] != VALIDATION_IDLE)
            return false;
    return true;
}
