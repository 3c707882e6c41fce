/* Names the fullest bucket of a budget. */
#include "budget_text.h"

#include "base/escape.h"
#include "base/plural.h"

const char *budget_hold_action(const struct budget *b, const struct access *a)
{
    enum api api = b->held_by == CALL_SET ? access_api(a->write_api, API_V2) : b->held_api;
    return call_action(b->held_by, api);
}

void lane_need_row(struct lane_need *need, enum action action, bool is_strict)
{
    bool sets = action == ACTION_SET || action == ACTION_CHANGE || action == ACTION_RESTART;
    need->reads++;
    need->sets += sets;
    need->clears += action == ACTION_CLEAR;
    need->tightens += action == ACTION_TIGHTEN || (sets && is_strict);
}

void budget_hold(const struct budget *b, const struct fleet *f, const struct access *a,
                 struct report_need *need)
{
    const struct lane *lane = &f->lanes[b->slowest];
    need->action = budget_hold_action(b, a);
    need->calls = b->held_calls;
    need->account = names_text(&f->names, f->accounts[lane->account].name);
    need->region = names_text(&f->names, lane->region);
    need->rate_per_s = fleet_rate(f, b->slowest, a->rate_per_s);
}

void budget_hold_add(struct buf *out, const struct budget *b, const struct fleet *f,
                     const struct access *a)
{
    const struct lane *lane = &f->lanes[b->slowest];
    buf_add_fmt(out, "held by %llu %s of %s in account ", (unsigned long long)b->held_calls,
                plural(b->held_calls, "call", "calls"), budget_hold_action(b, a));
    escape_terminal(out, names_text(&f->names, f->accounts[lane->account].name));
    buf_add_str(out, ", Region ");
    escape_terminal(out, names_text(&f->names, lane->region));
    buf_add_fmt(out, ", at %g a second", fleet_rate(f, b->slowest, a->rate_per_s));
}
