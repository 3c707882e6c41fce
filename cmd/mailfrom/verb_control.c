/*
 * pause, pace and stop, and the half of resume that is told to a living process: orders for the run
 * that another process carries out. Where none takes the order, the journal says why. To a run of a
 * shared journal an order is a row: whoever carries its lanes reads it within a second.
 */
#include "control/client.h"
#include "options/advice.h"
#include "run/holders.h"
#include "run/run_orders.h"
#include "run/unfinished.h"
#include "session.h"
#include "ui/exit_codes.h"
#include "ui/messages.h"
#include "verbs.h"

#include <errno.h>
#include <pwd.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static void no_run_tell(const struct options *o, const struct run *r)
{
    struct advice a;
    char holder[JOURNAL_HOLDER_MAX], host[256] = "", end[272];
    unsigned long long id = r->head.id;
    if (run_is_over(r->head.state)) {
        message_error("run %llu has ended: no process carries it out", id);
        return;
    }
    enum journal_writer writer = r->head.state == RUN_OPEN
                                     ? journal_writer(r->journal, r->head.id, holder)
                                     : JOURNAL_NO_WRITER;
    gethostname(host, sizeof host - 1);
    snprintf(end, sizeof end, " on %s", host);
    if (writer == JOURNAL_WRITER_UNKNOWN)
        message_error("run %llu takes no orders, and it is not known whether a process carries it "
                      "out: the lock file of its journal is gone",
                      id);
    else if (writer == JOURNAL_HAS_WRITER && *holder && !text_ends(text_of(holder), text_of(end)))
        message_error("run %llu is carried out by %s, and this is %s: give the order there", id,
                      holder, host);
    else if (writer == JOURNAL_HAS_WRITER)
        message_error("run %llu is carried out by %s, which takes no orders: it is an older "
                      "program, it is only beginning or ending, or there is no socket beside its "
                      "journal. A signal stops it: kill -TERM PID",
                      id, *holder ? holder : "another process");
    else
        message_error_then(advice_run(&a, o, "resume", r->head.id, ""),
                           "run %llu is not under way, it was %s. To go on with it:", id,
                           r->head.state == RUN_STOPPED ? "stopped" : "cut off");
}

/* Nobody listens: what does the journal know of that run? */
static void nobody_tell(const struct options *o, uint64_t id)
{
    struct session *s = session_new(o);
    struct why why = {""};
    if (!s) {
        session_refused();
        return;
    }
    enum err err = run_journal(&s->run, JOURNAL_READ, &why);
    if (err == OK && id == 0)
        err = run_meant(s->run.journal, &id, &why);
    if (err == OK)
        err = journal_run(s->run.journal, id, &s->run.head, &s->run.arena, &why);
    if (err == OK)
        no_run_tell(o, &s->run);
    else
        message_error("%s", why.text);
    session_free(s);
}

static void owner_tell(uid_t owner)
{
    const struct passwd *user = getpwuid(owner);
    if (owner == 0)
        message_error("the run belongs to root: give the order as root");
    else if (user)
        message_error("the run belongs to %s: give the order as %s or as root", user->pw_name,
                      user->pw_name);
    else
        message_error("the run belongs to the user with uid %u: give the order as that user or as "
                      "root",
                      (unsigned)owner);
}

static int reply_tell(const struct options *o, uint64_t id, const struct control_reply *reply)
{
    switch (reply->found) {
    case CONTROL_ANSWERED:
        if (reply->word == CONTROL_DONE || reply->word == CONTROL_IDLE) {
            if (!o->quiet)
                message_note("%s", reply->said);
            return EXIT_OK;
        }
        message_error("%s", reply->said);
        break;
    case CONTROL_NOBODY: nobody_tell(o, id); break;
    case CONTROL_FORBIDDEN: owner_tell(reply->owner); break;
    case CONTROL_SILENT:
        message_error("the run does not answer within %lld s: its process may be stopped (kill "
                      "-CONT goes on). If it had taken the order by then, the order may still be "
                      "carried out: mailfrom status shows it, and names the process",
                      (long long)(CONTROL_PATIENCE / SPAN_S(1)));
        break;
    case CONTROL_BROKEN: message_error("%s", reply->said); break;
    }
    return EXIT_CANNOT_RUN;
}

/* A run that begins or ends just now has no socket for a moment. */
static void ask(const struct options *o, uint64_t id, const struct order *order,
                struct control_reply *reply)
{
    const struct timespec moment = {0, 300 * 1000000};
    control_ask(options_journal(o), id, order, CONTROL_PATIENCE, reply);
    if (reply->found != CONTROL_NOBODY || access(options_journal(o), F_OK) != 0)
        return;
    nanosleep(&moment, NULL);
    control_ask(options_journal(o), id, order, CONTROL_PATIENCE, reply);
}

/* ---- a shared journal ---- */

struct open_runs {
    uint32_t len;
    uint64_t newest;
};

static bool open_count(void *ctx, const struct run_head *head)
{
    struct open_runs *runs = ctx;
    bool is_open = head->state == RUN_OPEN && head->verb != RUN_PLAN;
    if (is_open && runs->len++ == 0)
        runs->newest = head->id;
    return true;
}

/* Several runs may be under way at once. */
static enum err open_choose(const struct options *o, struct journal *j, uint64_t *id,
                            struct why *why)
{
    struct advice a;
    struct open_runs runs = {0};
    enum err err = *id ? OK : journal_runs(j, open_count, &runs, why);
    if (err != OK || *id)
        return err;
    *id = runs.newest;
    if (runs.len == 0)
        return why_set(why, ERR_GONE, "no run of this journal is open");
    if (runs.len > 1)
        return why_set(
            why, ERR_INPUT,
            "%u runs of this journal are open: name the one that is meant. %s lists them", runs.len,
            advice_make(&a, o, "status", "--all"));
    return OK;
}

static void row_taken_tell(uint64_t run, const struct order *order, const struct shared_run *view)
{
    unsigned long long id = run;
    const char *heard = view->lanes_held ? "its workers hear of it within a second"
                                         : "no worker carries any lane of it now";
    switch (order->kind) {
    case ORDER_PAUSE:
        message_note("run %llu is paused, and %s: no write begins. What is written is followed, "
                     "and deadlines run on",
                     id, heard);
        break;
    case ORDER_RESUME: message_note("run %llu goes on, and %s", id, heard); break;
    case ORDER_PACE:
        message_note("run %llu makes at most %g calls a second of each action from now on, in each "
                     "account and Region: %s",
                     id, order->rate_per_s, heard);
        break;
    case ORDER_STOP:
    case ORDER_LEAVE:
    case ORDER_KINDS:
        if (view->lanes_held)
            message_note("run %llu stops, and %s: calls on their way are awaited", id, heard);
        else
            message_note("run %llu is stopped: no worker carried any lane of it", id);
    }
}

static enum err row_idle_tell(struct session *s, const struct order *order, struct why *why)
{
    struct run_orders orders;
    const struct run *r = &s->run;
    unsigned long long id = r->head.id;
    char who[ORDER_GIVER_MAX], since[WHEN_LEN];
    enum err err = run_orders_read(&orders, r->journal, r->head.id, &s->run.arena, why);
    if (err != OK)
        return err;
    if (order->kind == ORDER_PAUSE && orders.pause)
        message_note("run %llu is paused already, by %s since %s", id,
                     order_giver(orders.pause, who), when_format(orders.pause->at, since));
    else
        message_note("run %llu %s", id,
                     order->kind == ORDER_RESUME ? "is not paused"
                     : order->kind == ORDER_PACE ? "goes at that pace already"
                     : order->kind == ORDER_STOP ? "is stopping already"
                                                 : "is paused already");
    return OK;
}

static enum err row_give(struct session *s, struct order *order, uint64_t id, struct why *why)
{
    struct shared_run view;
    struct run *r = &s->run;
    const struct options *o = &s->options;
    enum err err = run_journal(r, JOURNAL_UPDATE, why);
    if (err == OK)
        err = open_choose(o, r->journal, &id, why);
    if (err == OK)
        err = journal_run(r->journal, id, &r->head, &r->arena, why);
    if (err == OK)
        err = leases_run(r->journal, id, &view, why);
    control_giver(order);
    if (err == OK)
        err = leases_order(r->journal, id, order, why);
    if (err != OK)
        return err;
    if (order->answer == ORDER_TOO_LATE)
        return why_set(why, ERR_GONE, "run %llu %s, so the order changes nothing",
                       (unsigned long long)id,
                       run_is_over(r->head.state)     ? "has ended"
                       : r->head.state == RUN_STOPPED ? "is stopped"
                                                      : "is stopping");
    if (o->quiet)
        return OK;
    if (order->answer == ORDER_IDLE)
        return row_idle_tell(s, order, why);
    row_taken_tell(id, order, &view);
    return OK;
}

static int row_order(const struct options *o, const struct order *given, uint64_t id)
{
    struct session *s = session_new(o);
    struct order order = *given;
    struct why why = {""};
    if (!s)
        return session_refused();
    enum err err =
        given->kind == ORDER_LEAVE
            ? why_set(&why, ERR_INPUT,
                      "--now makes the process of a run leave at once, and a run of a shared "
                      "journal has as many as there are workers: send those a second signal, or "
                      "leave --now out")
            : row_give(s, &order, id, &why);
    if (err != OK)
        message_error("%s", why.text);
    session_free(s);
    return err == OK ? EXIT_OK : EXIT_CANNOT_RUN;
}

/* ---- either ---- */

static int order_give(const struct options *o, const struct order *order)
{
    uint64_t id;
    struct why why = {""};
    struct control_reply reply;
    if (session_number(o, &id, &why) != OK) {
        message_error("%s", why.text);
        return EXIT_CANNOT_RUN;
    }
    if (options_journal_is_shared(o))
        return row_order(o, order, id);
    ask(o, id, order, &reply);
    return reply_tell(o, id, &reply);
}

int verb_pause(const struct options *o)
{
    return order_give(o, &(const struct order){.kind = ORDER_PAUSE});
}

int verb_pace(const struct options *o)
{
    if (o->access.rate_per_s > 0)
        return order_give(
            o, &(const struct order){.kind = ORDER_PACE, .rate_per_s = o->access.rate_per_s});
    message_error("pace: no rate given: --rate takes requests per second, from 0.01 to 10000");
    return EXIT_CANNOT_RUN;
}

int verb_stop(const struct options *o)
{
    return order_give(o, &(const struct order){.kind = o->now ? ORDER_LEAVE : ORDER_STOP});
}

bool control_resumes(const struct options *o, int *code)
{
    uint64_t id;
    struct why why = {""};
    struct control_reply reply;
    if (options_journal_is_shared(o)) /* submitting.c */
        return false;
    bool is_plain = !o->give_up && !o->retry_failed && !o->refresh && !o->force && !o->reports_len;
    if (!is_plain || session_number(o, &id, &why) != OK)
        return false;
    control_ask(options_journal(o), id, &(const struct order){.kind = ORDER_RESUME},
                CONTROL_PATIENCE, &reply);
    bool is_told = reply.found == CONTROL_SILENT || reply.found == CONTROL_FORBIDDEN ||
                   (reply.found == CONTROL_ANSWERED &&
                    (reply.word == CONTROL_DONE || reply.word == CONTROL_TAKEN));
    if (is_told)
        *code = reply_tell(o, id, &reply);
    bool goes_on = reply.found == CONTROL_ANSWERED && reply.word == CONTROL_DONE;
    if (goes_on && o->access.rate_per_s > 0)
        *code = order_give(
            o, &(const struct order){.kind = ORDER_PACE, .rate_per_s = o->access.rate_per_s});
    return is_told;
}
