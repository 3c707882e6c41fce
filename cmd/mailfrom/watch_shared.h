/*
 * What watching keeps in a shared journal beside its memory: whether the last look could look, and
 * whose turn it is. A journal in a file has a file of its own for the memory, with a lock and a
 * head of a run; a shared one has neither, so both are rows of the memory with numbers that no
 * identity gets.
 *
 * The turn is a courtesy, no fence: a look that begins while another goes on is left out, and one
 * whose turn was taken meanwhile (it lasted long, or two began at the same instant) is not kept.
 */
#ifndef MF_WATCH_SHARED_H
#define MF_WATCH_SHARED_H

#include "journal/journal.h"

#define WATCH_TURN     SPAN_M(15)
#define WATCH_MARK_MAX 192

struct watch_turn {
    char mark[WATCH_MARK_MAX]; /* "pid 7 on host, 1a2b3c": of this look */
    instant_us last_success;
    bool is_failing;
};

/* Reads what the last look has left, and takes the turn unless only_reads. ERR_BUSY: another one is
 * looking now. */
enum err watch_turn_take(struct watch_turn *t, struct journal *journal, bool only_reads,
                         instant_us now, struct why *why);
/* Before something is kept: is it still this look's turn? ERR_BUSY: another has begun since. */
enum err watch_turn_hold(const struct watch_turn *t, struct journal *journal, struct why *why);
/* The look is over: keeps how it went, and lets others look. */
enum err watch_turn_leave(const struct watch_turn *t, struct journal *journal, struct why *why);
/* A row of this page, and of no identity. */
bool watch_turn_has(uint64_t number);

#endif
