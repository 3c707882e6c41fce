/*
 * The simulation test of watching: months of virtual time in which owners break and mend records
 * and SES's 72-hour machine runs, looked at by sweeps that are late, missed, or cut off by a crash,
 * under a clock that is set. A judge knows what must have been told.
 *
 *     watch-sim [--first SEED] [--count N]   run the seeds; the first complaint ends it
 *     watch-sim --seed N                     run one, and show its last events
 *     watch-sim --terse                      name each seed
 *     watch-sim --digest                     print one number for all events of all seeds
 */
#include "seeds.h"
#include "watch_judge.h"

#include "base/hash.h"
#include "rows_kept.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Where a process ends. */
enum crash { CRASH_NONE, CRASH_BEFORE_KEEP, CRASH_BEFORE_TELL, CRASH_AMID_TELL, CRASH_AFTER_TELL };

struct play {
    uint64_t dice;
    enum talk talk;
    bool crashes, sets_clock, loses;
    span_us interval, jitter, clock; /* clock: what the watcher's is ahead of the story's */
    instant_us end;
    struct story story;
    struct watch_judge judge;
    struct rows_kept rows;
    struct watch_policy policy;
    struct watch_memory *memory;
    uint64_t sweeps;
};

static void process_begin(struct play *p)
{
    watch_close(p->memory);
    p->memory = rows_open(&p->rows, &p->policy);
    if (!p->memory) {
        fputs("out of memory\n", stderr);
        exit(1);
    }
    if (watch_left_out(p->memory))
        judge_complain(&p->judge, "%u rows of the memory were left out", watch_left_out(p->memory));
}

static void crash(struct play *p)
{
    judge_crash(&p->judge);
    process_begin(p);
}

static void event_show(const struct play *p, const struct watch_event *e, instant_us now)
{
    char at[WHEN_LEN], deadline[WHEN_LEN];
    if (p->talk == TALK_LOUD)
        printf("  %s " TEXT_FMT "/" TEXT_FMT " %s %s -> %s %s%s\n", when_format(now, at),
               TEXT_ARG(e->key.lane.region), TEXT_ARG(e->key.identity), watch_kind_name(e->kind),
               watch_level_name(e->from), watch_level_name(e->to),
               when_format(e->deadline, deadline), e->may_repeat ? " (again?)" : "");
}

static void keep(struct play *p)
{
    if (!rows_keep(&p->rows, p->memory))
        exit(1);
    watch_kept(p->memory);
}

static void look(struct play *p, instant_us now)
{
    struct watch_wanted wanted;
    struct watch_seen seen;
    struct watch_lane_seen lane_seen;
    enum truth truth[WATCH_KINDS];
    bool ok = true;
    watch_sweep_begin(p->memory, now);
    for (uint32_t i = 0; i < p->story.len; i++) {
        struct story_identity *of = &p->story.identities[i];
        const struct watch_key key = {of->lane, text_of(of->name)};
        if (!story_is_wanted(&p->story, i))
            continue;
        story_look(&p->story, i, &wanted, &seen, truth);
        bool is_success = seen.is_read && seen.exists && seen.status == MAIL_FROM_SUCCESS &&
                          text_eq(seen.mail_from, wanted.mail_from);
        judge_look(&p->judge, i, wanted.mail_from.at, is_success, truth, now);
        ok = ok && watch_look(p->memory, &key, i, &wanted, &seen, now);
    }
    for (uint16_t l = 0; l < STORY_LANES; l++) {
        const struct lane_name lane = story_lane(l);
        story_look_lane(&p->story, l, &lane_seen, truth);
        judge_look(&p->judge, STORY_IDENTITIES + l, "", false, truth, now);
        ok = ok && watch_look_lane(p->memory, &lane, 100u + l, &lane_seen, now);
    }
    if (!ok || !watch_sweep_end(p->memory, now))
        exit(1);
    judge_sweep_end(&p->judge, now);
}

/* One sweep; a process that ends in it is followed by another. */
static void sweep(struct play *p, instant_us now)
{
    uint64_t roll = story_roll(&p->dice);
    enum crash end = p->crashes && roll % 40 == 0 ? 1 + (enum crash)(roll / 40 % 4) : CRASH_NONE;
    uint32_t len;
    look(p, now);
    p->sweeps++;
    if (end == CRASH_BEFORE_KEEP) {
        crash(p);
        return;
    }
    keep(p);
    judge_kept(&p->judge);
    if (end == CRASH_BEFORE_TELL) {
        crash(p);
        return;
    }
    const struct watch_event *e = watch_events(p->memory, &len);
    for (uint32_t i = 0; i < len && (end != CRASH_AMID_TELL || i < len / 2); i++) {
        event_show(p, &e[i], now);
        judge_hear(&p->judge, &e[i], now);
    }
    if (end == CRASH_AMID_TELL) {
        crash(p);
        return;
    }
    judge_told(&p->judge);
    watch_told(p->memory);
    if (end == CRASH_AFTER_TELL) {
        crash(p);
        return;
    }
    keep(p);
    judge_told_kept(&p->judge);
    judge_compare(&p->judge, p->memory, now);
}

/* What happens between two sweeps, beside the story. */
static instant_us next_sweep(struct play *p, instant_us now)
{
    uint64_t roll = story_roll(&p->dice);
    instant_us next = now + p->interval;
    if (p->jitter)
        next += (span_us)(story_roll(&p->dice) % (uint64_t)p->jitter);
    if (roll % 100 == 0) /* no sweep for a while */
        next += SPAN_M(story_roll(&p->dice) % (3 * 24 * 60));
    if (roll / 100 % 30 == 0) { /* another process, with nothing amiss */
        process_begin(p);
        judge_compare(&p->judge, p->memory, now + p->clock);
    }
    if (p->sets_clock && roll / 3000 % 60 == 0) {
        p->clock += SPAN_M((int64_t)(story_roll(&p->dice) % 600) - 300);
        p->judge.has_clock = true;
    }
    if (p->loses && roll / 180000 % 400 == 0) {
        memset(&p->rows, 0, sizeof p->rows);
        judge_lose(&p->judge);
        process_begin(p);
    }
    return next;
}

static void play_begin(struct play *p, uint64_t seed, enum talk talk)
{
    static const struct {
        span_us interval, length;
    } lengths[] = {{SPAN_M(5), SPAN_H(24 * 7)},
                   {SPAN_M(15), SPAN_H(24 * 30)},
                   {SPAN_H(1), SPAN_H(24 * 90)},
                   {SPAN_H(6), SPAN_H(24 * 200)}};
    static const span_us confirms[] = {SPAN_M(10), SPAN_M(10), SPAN_M(10), SPAN_M(30), SPAN_S(1)};
    *p = (struct play){.dice = hash_mix(seed, 7), .talk = talk, .policy = WATCH_POLICY_USUAL};
    uint64_t roll = story_roll(&p->dice);
    p->interval = lengths[roll % 4].interval;
    p->jitter = roll / 4 % 2 ? p->interval / 2 : 0;
    p->end = STORY_START + lengths[roll % 4].length;
    p->crashes = roll / 8 % 2;
    p->sets_clock = roll / 16 % 4 == 0;
    p->loses = roll / 64 % 5 == 0;
    p->policy.confirm = confirms[roll / 320 % 5];
    p->policy.trouble_looks = 1 + (uint32_t)(roll / 1600 % 4);
    p->policy.page_before = SPAN_H(roll / 6400 % 2 ? 24 : 12);
    p->policy.critical = SPAN_H(roll / 12800 % 2 ? 6 : 2);
    story_begin(&p->story, seed);
    judge_begin(&p->judge, &p->story, &p->policy);
    process_begin(p);
}

/* Runs a seed; true: no complaint. */
static bool play(struct play *p, uint64_t seed, enum talk talk)
{
    play_begin(p, seed, talk);
    for (instant_us at = STORY_START; at < p->end && !p->judge.complaint[0];
         at = next_sweep(p, at)) {
        story_go(&p->story, at);
        sweep(p, at + p->clock);
        if (p->judge.complaint[0] && talk != TALK_TERSE) {
            char when[WHEN_LEN];
            printf("at sweep %llu, %s\n", (unsigned long long)p->sweeps,
                   when_format(at + p->clock, when));
        }
    }
    if (p->rows.problems_len > JUDGED * WATCH_KINDS)
        judge_complain(&p->judge, "%u rows of problems", p->rows.problems_len);
    watch_close(p->memory);
    story_end(&p->story);
    return p->judge.complaint[0] == '\0';
}

int main(int argc, char **argv)
{
    static struct play p;
    uint64_t digest = 0, sweeps = 0, events = 0;
    bool fine = true;
    struct seeds seeds;
    seeds_read(&seeds, argc, argv);
    for (uint64_t seed = seeds.first; fine && seed < seeds.first + seeds.count; seed++) {
        if (seeds.talk == TALK_TERSE) { /* should it abort, the last line says where */
            printf("seed %llu\n", (unsigned long long)seed);
            fflush(stdout);
        }
        fine = play(&p, seed, seeds.talk);
        digest = hash_mix(digest, p.judge.digest);
        sweeps += p.sweeps;
        events += p.judge.events;
        if (!fine)
            printf("seed %llu: %s\n", (unsigned long long)seed, p.judge.complaint);
    }
    if (!fine)
        return 1;
    printf("%llu seeds, %llu sweeps, %llu events, no complaint", (unsigned long long)seeds.count,
           (unsigned long long)sweeps, (unsigned long long)events);
    if (seeds.prints_digest)
        printf(", digest %016llx", (unsigned long long)digest);
    putchar('\n');
    return 0;
}
