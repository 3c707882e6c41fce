/*
 * A paged list of SES (ListIdentities, ListEmailIdentities): the token of the next page, and the
 * next step after a failed page. Tokens expire, and an expired token begins the list again. The
 * owner of the list takes the content of the pages; texts of the list live in the owner's arena.
 *
 * Every loop has an end: pages, pages that list nothing, and restarts are counted, and a list that
 * comes round is noticed, by its tokens or by its names.
 */
#ifndef MF_PAGED_LIST_H
#define MF_PAGED_LIST_H

#include "retry.h"

/* Is a lane with so many rows listed by version 2, which tells verification as well, a thousand
 * identities a page? Attributes tell it of so few in one call, and are what counts. read_api: of
 * its reads; by version 2 each tells it. */
bool list_tells_verification(uint32_t rows, enum api read_api);

/* Of zeros: nothing is listed yet. */
struct paged_list {
    struct text token;               /* of the next page; empty: the first */
    uint32_t pages;                  /* here so far */
    instant_us wake;                 /* the next page is not asked for before */
    uint8_t attempts;                /* failures of this page in a row */
    uint8_t throttles;               /* of this page */
    uint8_t restarts;                /* expired tokens; kept when the list begins again */
    bool out;                        /* a page is on its way */
    uint8_t empty;                   /* pages in a row that list nothing */
    uint64_t kept_token, kept_names; /* hashes: of a page that later ones are held against */
};

/* The next step after a page. */
enum page {
    PAGE_LAST,
    PAGE_MORE,
    PAGE_ENDLESS, /* the list comes round, lists nothing for long, or is longer than any real one */
    PAGE_UNKEPT,  /* the arena has no room for the token of the next one */
};

void paged_list_begin(
    struct paged_list *l); /* from the first page; the owner ignores calls still out */
void paged_list_ask(struct paged_list *l, struct call *call); /* fills in a CALL_LIST */
enum page paged_list_take(struct paged_list *l, const struct call *call, struct arena *memory);

/* A page has failed. After RETRY_BY_PACE and RETRY_BACKOFF the page is asked for again, not before
 * l->wake; *begins_again: the first page comes next, and the owner drops all listed names. The
 * other steps end the list, or are for the owner to do. */
enum retry paged_list_failed(struct paged_list *l, const struct retry_rules *rules,
                             const struct call *call, enum verdict verdict, uint64_t seed,
                             instant_us now, bool *begins_again);

#endif
