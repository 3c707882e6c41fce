/*
 * Tokens of pages: an expired token begins the list anew, a bounded number of times. A list that
 * comes round is found as any circle is: each page is held against one that is kept, and the first,
 * second, fourth, eighth page is kept in turn.
 */
#include "paged_list.h"

#include "backoff.h"
#include "base/bounds.h"
#include "base/hash.h"

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

static uint64_t hash_of(struct text t)
{
    return hash_bytes(t.at, t.len);
}

/* No identity is listed twice, so two pages that begin and end alike are one. 0: one name may have
 * moved from page to page, and proves nothing. */
static uint64_t content_hash(const struct call *page)
{
    uint32_t len = page->listed_len;
    return len < 2
               ? 0
               : hash_mix(hash_mix(hash_of(page->listed[0]), hash_of(page->listed[len - 1])), len);
}

static bool comes_round(struct paged_list *l, const struct call *page)
{
    uint64_t token = hash_of(page->next_token), names = content_hash(page);
    bool is_first = l->pages == 0;
    bool is_round = text_eq(page->next_token, page->token) ||
                    (!is_first && (token == l->kept_token || (names && names == l->kept_names)));
    if (is_first || !(l->pages & (l->pages - 1))) {
        l->kept_token = token;
        l->kept_names = names;
    }
    return is_round;
}

static bool lists_nothing(const struct call *page)
{
    return !page->listed_len && !page->endpoints_len && !page->advice_len && !page->items_len &&
           !page->tags_len;
}

enum page paged_list_take(struct paged_list *l, const struct call *call, struct arena *memory)
{
    l->out = false;
    l->attempts = l->throttles = 0;
    l->token = call->next_token.len ? arena_text(memory, call->next_token) : TEXT_NONE;
    l->empty = lists_nothing(call) ? (uint8_t)(l->empty + 1) : 0;
    bool is_round = comes_round(l, call);
    l->pages++;
    if (!call->next_token.len)
        return PAGE_LAST;
    if (is_round || l->empty >= LIST_EMPTY_MAX || l->pages >= LIST_PAGES_MAX)
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
