/* The two Regions of a global endpoint, held against each other as SES shows them. */
#include "base/dname.h"
#include "discover.h"

/* The lane of a Region in the account of another lane, where it was read; lanes_len: none. */
static uint32_t lane_find(const struct discover *d, uint16_t account, struct text region)
{
    uint32_t i = 0;
    while (i < d->fleet.lanes_len &&
           (d->fleet.lanes[i].account != account || !discover_has_lane(d, i) ||
            !text_eq(discover_region(d, i), region)))
        i++;
    return i;
}

static bool is_equal(const struct inventory_row *a, const struct inventory_row *b)
{
    if (!(a->known & b->known & KNOWN_MAIL_FROM))
        return true; /* not known */
    if (a->mail_from.len == 0 || b->mail_from.len == 0)
        return a->mail_from.len == b->mail_from.len;
    return dname_eq(a->mail_from, b->mail_from) && a->behavior == b->behavior;
}

bool discover_endpoint(const struct discover *d, uint32_t lane, const struct global_endpoint *e,
                       struct endpoint_differences *out)
{
    uint32_t first = lane_find(d, d->fleet.lanes[lane].account, e->regions[0]);
    uint32_t second = lane_find(d, d->fleet.lanes[lane].account, e->regions[1]);
    *out = (struct endpoint_differences){0};
    if (first == d->fleet.lanes_len || second == d->fleet.lanes_len)
        return false;
    const struct found_lane *a = &d->by_lane[first], *b = &d->by_lane[second];
    /* Both are sorted by name. */
    for (uint32_t i = 0, k = 0; i < a->len && k < b->len && global_endpoint_counts(e);) {
        const struct inventory_row *x = d->found[a->first + i].row, *y = d->found[b->first + k].row;
        int order = text_cmp(x->identity, y->identity);
        if (order == 0 && !is_equal(x, y)) {
            if (out->len < ENDPOINT_NAMES)
                out->names[out->len] = x->identity;
            out->len++;
        }
        i += order <= 0;
        k += order >= 0;
    }
    return true;
}
