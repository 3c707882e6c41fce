#include "workers_process.h"

#include "base/hash.h"

void process_init(struct process *p, struct machine_room *room, void (*stopped)(struct process *p))
{
    *p = (struct process){.room = room, .life = ++room->lives, .stopped = stopped};
}

instant_us process_now(const struct process *p)
{
    return world_now(p->room->world) + p->skew;
}

void process_kill(struct process *p)
{
    if (p->is_dead)
        return;
    p->is_dead = true;
    p->stopped(p);
}

bool process_sleep(struct process *p, instant_us until)
{
    struct world *world = p->room->world;
    if (p->is_dead)
        return false;
    coroutine_sleep(p->room->all, when_later(until, p->frozen));
    while (!p->is_dead && world_now(world) < p->frozen)
        coroutine_sleep(p->room->all, p->frozen);
    return !p->is_dead;
}

static double share_of(enum step step)
{
    switch (step) {
    case STEP_DECIDED: return 0.01;
    case STEP_ALLOWED: return 0.04;
    case STEP_KEPT: return 0.06;
    case STEP_SENT: return 0.03;
    default: return 0.0004;
    }
}

/* Half of them are short; the others outlive a lease. */
static span_us freeze_span(double unit)
{
    return unit < 0.5 ? (span_us)(unit * (double)SPAN_S(16)) + 1
                      : SPAN_S(10) + (span_us)((unit - 0.5) * (double)SPAN_S(180));
}

bool process_step(struct process *p, enum step step)
{
    struct machine_room *room = p->room;
    uint64_t number = hash_mix(p->life, ++p->steps);
    if (p->is_dead)
        return false;
    if (!room->has_trouble || p->is_spared || world_now(room->world) >= room->calm_at ||
        hash_unit(room->seed, number, 51) >= share_of(step))
        return true;
    if (hash_unit(room->seed, number, 52) < 0.5) {
        if (room->kills_left == 0)
            return true;
        room->kills_left--;
        room->kills++;
        process_kill(p);
        return false;
    }
    if (room->freezes_left == 0)
        return true;
    room->freezes_left--;
    room->freezes++;
    p->frozen = world_now(room->world) + freeze_span(hash_unit(room->seed, number, 53));
    p->stopped(p);
    return process_sleep(p, p->frozen);
}
