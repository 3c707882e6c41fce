/*
 * What is particular to DKIM in an inventory: no lane is refused for it, and what holds of an
 * address is told by its domain.
 */
#include "inventory_internal.h"

#include "base/dname.h"

#include <stdio.h>
#include <stdlib.h>

static void gap_tell(struct lane_inventory *s, const struct call *call, const char *then)
{
    snprintf(s->seen.dkim_gap, INVENTORY_REASON_LEN, "%s: %s%s%.400s%s",
             call_action(call->kind, call->api), call->reply.code, call->reply.code[0] ? ": " : "",
             call->reply.message, then);
}

void lane_inventory_dkim_missed(struct lane_inventory *s, const struct call *call)
{
    bool is_lacking = reply_knows_no_action(&call->reply);
    bool is_denied = reply_is_access_denied(&call->reply);
    if (is_lacking || is_denied || ++s->dkim_missed == OPTIONAL_MISSED_MAX)
        s->dkim = DKIM_NOT_ASKED;
    if (!is_lacking) /* of an emulator nothing is missing */
        gap_tell(s, call,
                 is_denied ? ": DKIM of all identities is not known (docs/PERMISSIONS.md)"
                           : ": DKIM of some identities is not known");
}

bool lane_inventory_dkim_refused(struct inventory *v, struct lane_inventory *s,
                                 const struct call *call)
{
    bool is_for_dkim = s->dkim == DKIM_BY_IDENTITY && s->seen.api == API_V1 && s->seen.one_by_one &&
                       !v->options.with_tags;
    if (call->kind != CALL_GET || !is_for_dkim || !reply_is_access_denied(&call->reply))
        return false;
    gap_tell(s, call,
             ": DKIM is read by the batch; --dkim needs ses:GetEmailIdentity "
             "(docs/PERMISSIONS.md)");
    s->dkim = DKIM_BY_BATCH;
    s->seen.one_by_one = false;
    batches_begin(v, s);
    return true;
}

static int name_order(const void *a, const void *b)
{
    const struct inventory_row *const *x = a, *const *y = b;
    return text_cmp((*x)->identity, (*y)->identity);
}

/* The status of the nearest domain that is an identity. Where not every listed identity is read,
 * the address's own domain alone is sure to be the nearest. */
static enum dkim_status domain_dkim(const struct lane_inventory *s,
                                    const struct inventory_row **domains, uint32_t len,
                                    struct text address)
{
    char lower[DNAME_LEN_MAX + 1];
    struct inventory_row like = {0};
    const struct inventory_row *key = &like;
    bool climbs = s->seen.listed == s->seen.rows_len;
    if (!dname_normalize(identity_domain(address), lower, &like.identity))
        return DKIM_UNKNOWN;
    while (len && like.identity.len) {
        const struct inventory_row **found =
            bsearch(&key, domains, len, sizeof(const struct inventory_row *), name_order);
        if (found)
            return (enum dkim_status)(*found)->dkim;
        like.identity = climbs ? dname_parent(like.identity) : TEXT_NONE;
    }
    return DKIM_UNKNOWN;
}

void lane_inventory_dkim_settle(struct inventory *v, struct lane_inventory *s)
{
    uint32_t rows = s->seen.rows_len, len = 0;
    const struct inventory_row **domains =
        ARENA_ARRAY(v->memory, const struct inventory_row *, rows + 1u);
    v->no_memory |= !domains;
    for (uint32_t i = 0; domains && i < rows; i++) {
        const struct inventory_row *row = lane_inventory_row(s, i);
        if (identity_type_of(row->identity) == IDENTITY_DOMAIN)
            domains[len++] = row;
    }
    if (len)
        qsort(domains, len, sizeof(const struct inventory_row *), name_order);
    for (uint32_t i = 0; domains && i < rows; i++) {
        struct inventory_row *row = lane_inventory_row(s, i);
        if (identity_type_of(row->identity) != IDENTITY_EMAIL_ADDRESS)
            continue;
        row->dkim = (uint8_t)dkim_status_held(row->identity, (enum dkim_status)row->dkim,
                                              domain_dkim(s, domains, len, row->identity));
        if (row->dkim != DKIM_UNKNOWN)
            row->known |= KNOWN_DKIM;
    }
}
