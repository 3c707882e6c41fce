/*
 * pause, pace and stop, and the half of resume that is told to a living process: orders for the run
 * that another process carries out. Where none takes the order, the journal says why.
 */
#include "control/client.h"
#include "options/advice.h"
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

static int order_give(const struct options *o, const struct order *order)
{
    uint64_t id;
    struct why why = {""};
    struct control_reply reply;
    if (session_number(o, &id, &why) != OK) {
        message_error("%s", why.text);
        return EXIT_CANNOT_RUN;
    }
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
