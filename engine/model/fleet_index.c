/* An open-addressed table from (lane, identity) to row. */
#include "fleet_index.h"

static uint32_t slot_of(const struct fleet_index *x, uint16_t lane, name_id identity)
{
    uint32_t i = (uint32_t)siphash_pair(x->fleet->names.key, lane, identity) & x->slot_mask;
    while (x->slots[i]) {
        const struct choice *choice = &x->fleet->choices[x->slots[i] - 1];
        if (choice->lane == lane && choice->identity == identity)
            break;
        i = (i + 1) & x->slot_mask;
    }
    return i;
}

bool fleet_index_init(struct fleet_index *x, struct arena *memory, const struct fleet *fleet)
{
    uint32_t slots = 16;
    while (slots < fleet->choices_len * 2)
        slots *= 2;
    *x = (struct fleet_index){
        .fleet = fleet, .slots = ARENA_ARRAY(memory, uint32_t, slots), .slot_mask = slots - 1};
    if (!x->slots)
        return false;
    for (uint32_t i = 0; i < fleet->choices_len; i++)
        x->slots[slot_of(x, fleet->choices[i].lane, fleet->choices[i].identity)] = i + 1;
    return true;
}

uint32_t fleet_index_find(const struct fleet_index *x, uint16_t lane, struct text identity)
{
    name_id id = names_find(&x->fleet->names, identity);
    return id == NAME_NONE ? 0 : x->slots[slot_of(x, lane, id)];
}

uint32_t fleet_index_row(const struct fleet_index *x, const struct lane_name *lane,
                         struct text identity)
{
    const struct fleet *f = x->fleet;
    name_id account = names_find(&f->names, lane->account),
            number = names_find(&f->names, lane->number),
            region = names_find(&f->names, lane->region);
    uint32_t row = 0;
    for (uint32_t i = 0; i < f->lanes_len && row == 0; i++) {
        name_id mine = fleet_account_number(f, i);
        bool is_account = lane->number.len && mine != NAME_NONE
                              ? mine == number
                              : f->accounts[f->lanes[i].account].name == account;
        if (f->lanes[i].region == region && is_account)
            row = fleet_index_find(x, (uint16_t)i, identity);
    }
    return row;
}
