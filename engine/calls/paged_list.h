/*
 * A list that SES gives page by page (ListIdentities, ListEmailIdentities): the token of the next
 * page, and what is done about a page that fails. A token lives for a while only, so one that is
 * too old begins the list again. Whoever owns the list takes what is on the pages; texts of the
 * list live in the owner's arena.
 *
 * Every loop has an end: pages and restarts are counted, and a page that leads to itself is found.
 */
#ifndef MF_PAGED_LIST_H
#define MF_PAGED_LIST_H

#include "retry.h"

/* Of zeros: nothing is listed yet. */
struct paged_list {
    struct text token; /* of the next page; empty: the first */
    uint32_t pages;    /* here so far */
    instant_us wake;   /* the next page is not asked for before */
    uint8_t attempts;  /* failures of this page in a row */
    uint8_t restarts;  /* tokens that were too old; kept when the list begins again */
    bool out;          /* a page is on its way */
};

/* What a page leaves to be done. */
enum page {
    PAGE_LAST,
    PAGE_MORE,
    PAGE_ENDLESS, /* it leads back to itself, or there are more than any list has */
    PAGE_UNKEPT,  /* the arena has no room for the token of the next one */
};

void paged_list_begin(struct paged_list *l); /* from the first page; calls that are out are the
                                                owner's to ignore */
void paged_list_ask(struct paged_list *l, struct call *call); /* fills in a CALL_LIST */
enum page paged_list_take(struct paged_list *l, const struct call *call, struct arena *memory);

/* A page has failed. By RETRY_BY_PACE and RETRY_BACKOFF it is asked for again, not before l->wake;
 * then *begins_again says that it is the first one, and that what was listed is to be forgotten.
 * All others end the list, or are for the owner to act on. */
enum retry paged_list_failed(struct paged_list *l, const struct retry_rules *rules,
                             const struct call *call, enum verdict verdict, uint64_t seed,
                             instant_us now, bool *begins_again);

#endif
