/* Tokens of pages: an expired token begins the list anew, a bounded number of times. */
#include "paged_list.h"

#include "backoff.h"

bool list_tells_verification(uint32_t rows, enum api read_api)
{
    return read_api == API_V1 && rows > SES_BATCH_MAX;
}

void paged_list_begin(struct paged_list *l)
{
    *l = (struct paged_list){.restarts = l->restarts};
}

void paged_list_ask(struct paged_list *l, struct call *call)
{
    call->token = l->token;
    call->attempt = l->attempts + 1u;
    l->out = true;
}

enum page paged_list_take(struct paged_list *l, const struct call *call, struct arena *memory)
{
    l->out = false;
    l->attempts = l->throttles = 0;
    l->token = call->next_token.len ? arena_text(memory, call->next_token) : TEXT_NONE;
    l->pages++;
    if (!call->next_token.len)
        return PAGE_LAST;
    if (list_is_endless(call, l->pages))
        return PAGE_ENDLESS;
    return l->token.len ? PAGE_MORE : PAGE_UNKEPT;
}

enum retry paged_list_failed(struct paged_list *l, const struct retry_rules *rules,
                             const struct call *call, enum verdict verdict, uint64_t seed,
                             instant_us now, bool *begins_again)
{
    bool is_old = text_eq(text_of(call->reply.code), TEXT("InvalidNextTokenException"));
    unsigned attempts = is_old ? l->restarts : l->attempts;
    const struct retry_case failure = {verdict, &call->reply, call->api, attempts, 0, l->throttles};
    enum retry next = retry_next(rules, &failure);
    l->out = false;
    l->throttles =
        (uint8_t)(l->throttles + (verdict == VERDICT_SLOW_DOWN && l->throttles < UINT8_MAX));
    l->restarts = (uint8_t)(l->restarts + is_old);
    *begins_again = is_old && next == RETRY_BACKOFF;
    if (*begins_again)
        paged_list_begin(l);
    if (next == RETRY_BACKOFF) {
        l->attempts = (uint8_t)(attempts + 1);
        l->wake = now + backoff_span(BACKOFF_ERROR, seed, call->lane, l->attempts);
    }
    return next;
}
