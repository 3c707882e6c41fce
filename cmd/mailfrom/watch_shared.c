/* Two rows of the memory of watching: how the last look went, and who looks now. */
#include "watch_shared.h"

#include <stdio.h>
#include <sys/random.h>
#include <unistd.h>

#define LAST_NUMBER ((uint64_t)INT64_MAX)     /* .looked: the end of the last good look */
#define TURN_NUMBER ((uint64_t)INT64_MAX - 1) /* .identity: the mark; .looked: until when */

bool watch_turn_has(uint64_t number)
{
    return number >= TURN_NUMBER;
}

struct turn_reading {
    instant_us last_success, until;
    bool is_failing;
    char mark[WATCH_MARK_MAX];
};

static bool row_read(void *ctx, const struct watch_identity_record *r)
{
    struct turn_reading *t = ctx;
    if (r->number == LAST_NUMBER) {
        t->last_success = r->looked;
        t->is_failing = !r->was_success;
    } else if (r->number == TURN_NUMBER) {
        t->until = r->looked;
        snprintf(t->mark, sizeof t->mark, TEXT_FMT, TEXT_ARG(r->key.identity));
    }
    return true;
}

static bool problem_pass(void *ctx, const struct watch_problem_record *r)
{
    (void)ctx, (void)r;
    return true;
}

static enum err turn_read(struct turn_reading *t, struct journal *journal, struct why *why)
{
    *t = (struct turn_reading){.until = 0};
    return journal_watch_each(journal, row_read, problem_pass, t, why);
}

/* The account and Region are no names that a manifest could have. */
static struct watch_identity_record row_of(uint64_t number, const char *mark, instant_us looked,
                                           bool was_success)
{
    return (struct watch_identity_record){
        .number = number,
        .key = {.lane = {.account = TEXT("*"), .region = TEXT("*")}, .identity = text_of(mark)},
        .was_success = was_success,
        .looked = looked};
}

static enum err row_keep(struct journal *journal, const struct watch_identity_record *rows,
                         uint32_t len, struct why *why)
{
    const struct watch_rows all = {.identities = rows, .identities_len = len};
    return journal_watch_keep(journal, &all, why);
}

static void mark_make(struct watch_turn *t)
{
    char host[64] = "";
    uint32_t nonce = 0;
    gethostname(host, sizeof host - 1);
    if (getrandom(&nonce, sizeof nonce, 0) != (ssize_t)sizeof nonce)
        nonce = (uint32_t)getpid();
    snprintf(t->mark, sizeof t->mark, "pid %ld on %s, %08x", (long)getpid(), host, nonce);
}

enum err watch_turn_take(struct watch_turn *t, struct journal *journal, bool only_reads,
                         instant_us now, struct why *why)
{
    struct turn_reading read;
    enum err err = turn_read(&read, journal, why);
    if (err != OK)
        return err;
    if (now < read.until && read.until - now <= WATCH_TURN && !only_reads)
        return why_set(why, ERR_BUSY,
                       "another mailfrom watch (%s) is looking and uses the same memory: this look "
                       "is left out. One look at a time, or --dry-run, which remembers nothing",
                       read.mark);
    t->last_success = read.last_success;
    t->is_failing = read.is_failing;
    mark_make(t);
    const struct watch_identity_record row = row_of(TURN_NUMBER, t->mark, now + WATCH_TURN, false);
    return only_reads ? OK : row_keep(journal, &row, 1, why);
}

enum err watch_turn_hold(const struct watch_turn *t, struct journal *journal, struct why *why)
{
    struct turn_reading read;
    enum err err = turn_read(&read, journal, why);
    if (err == OK && !text_eq(text_of(read.mark), text_of(t->mark)))
        err = why_set(why, ERR_BUSY,
                      "another mailfrom watch (%s) has begun to look meanwhile, so this look is "
                      "not remembered",
                      read.mark);
    return err;
}

enum err watch_turn_leave(const struct watch_turn *t, struct journal *journal, struct why *why)
{
    struct why unheld;
    if (watch_turn_hold(t, journal, &unheld) != OK)
        return OK; /* whoever has the turn now says how it goes */
    const struct watch_identity_record rows[] = {
        row_of(LAST_NUMBER, "", t->last_success, !t->is_failing),
        row_of(TURN_NUMBER, t->mark, 0, false)};
    return row_keep(journal, rows, 2, why);
}
