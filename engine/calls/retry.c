/* The table of retry.h as a switch. */
#include "retry.h"

#include <assert.h>

static enum retry denied(const struct retry_rules *rules, const struct retry_case *c)
{
    bool is_version_1 = c->api == API_V1 && reply_refuses_action(c->reply);
    return rules->may_fall_back && is_version_1 ? RETRY_FALL_BACK : RETRY_DENIED;
}

enum retry retry_next(const struct retry_rules *rules, const struct retry_case *c)
{
    switch (c->verdict) {
    case VERDICT_SLOW_DOWN:
        if (!rules->is_paced)
            break;
        return rules->throttles_max && c->throttles + 1 >= rules->throttles_max ? RETRY_EXHAUSTED
                                                                                : RETRY_BY_PACE;
    case VERDICT_AGAIN:
    case VERDICT_RENEW:
    case VERDICT_SKEW: break;
    case VERDICT_DENIED: return denied(rules, c);
    case VERDICT_REFUSED:
    case VERDICT_GONE: return c->count > 1 ? RETRY_SPLIT : RETRY_REFUSED;
    case VERDICT_OK:
    case VERDICT_UNSURE: assert(false && "a question that failed");
    }
    return c->attempts + 1 < rules->attempts_max ? RETRY_BACKOFF : RETRY_EXHAUSTED;
}

bool retry_pace_learn(struct pace *pace, const struct call *call, enum verdict verdict,
                      instant_us now)
{
    if (verdict == VERDICT_SLOW_DOWN)
        return pace_throttled(pace, call->departure.turn, call->sent_at, now,
                              SPAN_MS(call->reply.retry_after_ms));
    pace->failed += verdict != VERDICT_OK;
    if (call->reply.how == REPLY_HTTP)
        pace_answered(pace, call->departure.turn, call->sent_at, call->answered_at);
    return false;
}

enum verdict retry_gone_is_told(struct call *call, enum verdict verdict)
{
    if (verdict != VERDICT_GONE || call->kind != CALL_GET)
        return verdict;
    call->facts[0] = (struct ses_facts){.known = KNOWN_VERIFICATION | KNOWN_MAIL_FROM};
    return VERDICT_OK;
}
