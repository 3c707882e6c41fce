/* Rows are moved to the front of their arrays; names, accounts and policies stay. */
#include "fleet_part.h"

/* By name: rows that want it, saturating at two. */
static bool shared_note(struct fleet *f)
{
    bool *shared = ARENA_ARRAY(&f->arena, bool, f->names.len + 1u);
    bool *used = ARENA_ARRAY(&f->arena, bool, f->names.len + 1u);
    if (!shared || !used)
        return false;
    for (uint32_t i = 0; i < f->choices_len; i++) {
        name_id name = f->choices[i].mail_from;
        shared[name] = used[name];
        used[name] = true;
    }
    f->shared = shared;
    f->shared_len = f->names.len + 1;
    return true;
}

static void lanes_take(struct fleet *f, struct fleet_part *part)
{
    uint32_t len = 0;
    for (uint32_t i = 0; i < f->choices_len; i++)
        part->lane[f->choices[i].lane] = 0;
    for (uint32_t i = 0; i < f->lanes_len; i++) {
        if (part->lane[i] == FLEET_LEFT_OUT)
            continue;
        f->lanes[len] = f->lanes[i];
        part->lane[i] = len++;
    }
    f->lanes_len = len;
    for (uint32_t i = 0; i < f->choices_len; i++)
        f->choices[i].lane = (uint16_t)part->lane[f->choices[i].lane];
}

bool fleet_part_take(struct fleet *f, const bool *keep, struct arena *arena,
                     struct fleet_part *part)
{
    uint32_t len = 0;
    part->rows = f->choices_len;
    part->lanes = f->lanes_len;
    part->row = ARENA_ARRAY(arena, uint32_t, f->choices_len + 1u);
    part->lane = ARENA_ARRAY(arena, uint32_t, f->lanes_len + 1u);
    if (!part->row || !part->lane || (!f->shared && !shared_note(f)))
        return false;
    for (uint32_t i = 0; i < f->lanes_len; i++)
        part->lane[i] = FLEET_LEFT_OUT;
    for (uint32_t i = 0; i < f->choices_len; i++) {
        part->row[i] = keep[i] ? len : FLEET_LEFT_OUT;
        if (!keep[i])
            continue;
        f->choices[len] = f->choices[i];
        if (f->expected)
            f->expected[len] = f->expected[i];
        if (f->recent)
            f->recent[len] = f->recent[i];
        len++;
    }
    f->choices_len = len;
    lanes_take(f, part);
    return true;
}
