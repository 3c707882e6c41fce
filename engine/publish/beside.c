/* Which rows wait for which target, and the news for them. */
#include "beside.h"

static bool owns(const void *ctx, const struct call *call)
{
    return publisher_owns(ctx, call);
}

static void target_ended(void *ctx, uint32_t target, instant_us now)
{
    const struct publish_beside *b = ctx;
    for (uint32_t row = b->rows[target]; row; row = b->next[row - 1])
        scheduler_published(b->scheduler, row - 1, now);
}

static bool rows_find(struct publish_beside *b, const struct publisher_options *o,
                      struct arena *memory)
{
    const struct fleet *f = o->fleet;
    uint32_t *target_of = ARENA_ARRAY(memory, uint32_t, f->names.len + 1u); /* by name, plus one */
    b->rows = ARENA_ARRAY(memory, uint32_t, o->targets_len + 1u);
    b->next = ARENA_ARRAY(memory, uint32_t, f->choices_len + 1u);
    if (!target_of || !b->rows || !b->next)
        return false;
    for (uint32_t i = 0; i < o->targets_len; i++)
        target_of[f->choices[o->targets[i].row].mail_from] = i + 1;
    for (uint32_t row = f->choices_len; row > 0; row--) {
        uint32_t target = target_of[f->choices[row - 1].mail_from];
        if (!target)
            continue;
        b->next[row - 1] = b->rows[target - 1];
        b->rows[target - 1] = row;
    }
    return true;
}

bool publish_beside_init(struct publish_beside *b, struct scheduler *scheduler,
                         const struct publisher_options *options, struct arena *memory)
{
    struct publisher_options mine = *options;
    *b = (struct publish_beside){.scheduler = scheduler, .targets_len = options->targets_len};
    mine.ended = target_ended;
    mine.ctx = b;
    if (!rows_find(b, options, memory))
        return false;
    b->publisher = publisher_init(&mine);
    return b->publisher != NULL;
}

void publish_beside_start(struct publish_beside *b, struct machine *machine, instant_us now)
{
    for (uint32_t i = 0; i < b->targets_len; i++)
        for (uint32_t row = b->rows[i]; row && !publisher_has_ended(b->publisher, i);
             row = b->next[row - 1])
            scheduler_publishing(b->scheduler, row - 1);
    publisher_start(b->publisher, now);
    b->joined = (struct joined){
        .first = *machine, .second = publisher_machine(b->publisher), .second_owns = owns};
    *machine = joined_machine(&b->joined);
}

void publish_beside_clear(struct publish_beside *b)
{
    publisher_clear(b->publisher);
    joined_clear(&b->joined);
    b->publisher = NULL;
}
