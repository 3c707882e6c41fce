/*
 * work: carries lanes of runs in a shared journal until it is stopped, or with --once until there
 * is nothing left that it could carry. What a person reads meanwhile are notices; where runs stand
 * is what status shows.
 */
#include "base/bounds.h"
#include "base/buf.h"
#include "base/count.h"
#include "base/plural.h"
#include "journal/store_postgres/store_postgres.h"
#include "options/advice.h"
#include "session.h"
#include "submitting.h"
#include "ui/messages.h"
#include "verbs.h"
#include "work/work.h"

#include <assert.h>
#include <string.h>

static_assert(OPTIONS_LANES_MAX <= WORK_PATTERNS_MAX, "each pattern has a place");

static enum err work_vet(const struct options *o, uint64_t *run, struct why *why)
{
    enum err err = session_number(o, run, why);
    if (err == OK && !options_journal_is_shared(o))
        err = why_set(why, ERR_INPUT,
                      "the journal %s is a file, and workers share one in PostgreSQL: name it, "
                      "--journal postgresql://..., or in MAILFROM_JOURNAL. A run in a file is "
                      "carried by mailfrom apply and mailfrom resume",
                      options_journal(o));
    return err;
}

static void error_say(void *ctx, enum notice kind, const char *sentence)
{
    const struct notices printed = message_notices();
    (void)ctx;
    if (kind == NOTICE_ERROR)
        printed.tell(printed.ctx, kind, sentence);
}

struct stopping {
    const struct options *options;
    struct worker *worker;
    bool is_told;
};

/* On the thread of the signals. */
static void stop(void *ctx)
{
    struct stopping *s = ctx;
    if (!s->is_told && !s->options->quiet)
        message_note("%s", SUBMITTING_STOPS);
    s->is_told = true;
    work_stop(s->worker);
}

/* Lanes of what was asked for that are open still. A worker that was to go on for ever leaves them
 * to others, but for those that it has tried. */
static uint32_t lanes_left(const struct options *o, const struct work_end *end)
{
    uint32_t others = end->lanes_held + end->lanes_barred + end->lanes_unmeant + end->lanes_waiting;
    return end->lanes_without + (o->work.once ? others : 0);
}

static void reasons_add(struct buf *out, const struct options *o, const struct work_end *end)
{
    const struct {
        uint32_t lanes;
        const char *words;
    } all[] = {
        {end->lanes_without, "for which this worker has no credentials"},
        {o->work.once ? end->lanes_held : 0, "held by other workers"},
        {o->work.once ? end->lanes_barred : 0, "which this role of the database may not carry"},
        {o->work.once ? end->lanes_unmeant : 0, "not among --lanes"},
        {o->work.once ? end->lanes_waiting : 0, "waiting for an earlier run"},
    };
    const char *between = "";
    for (size_t i = 0; i < COUNT(all); i++) {
        if (!all[i].lanes)
            continue;
        buf_add_fmt(out, "%s%u %s", between, all[i].lanes, all[i].words);
        between = ", ";
    }
}

static void left_tell(const struct options *o, uint64_t run, const struct work_end *end)
{
    struct advice a;
    struct buf reasons;
    uint32_t left = lanes_left(o, end);
    buf_init(&reasons, LINE_LEN_MAX);
    reasons_add(&reasons, o, end);
    if (left)
        message_error_then(run ? advice_run(&a, o, "status", run, "")
                               : advice_make(&a, o, "status", ""),
                           "%u %s open and not carried here: " TEXT_FMT ". To see %s:", left,
                           plural(left, "lane is", "lanes are"), TEXT_ARG(buf_text(&reasons)),
                           plural(left, "it", "them"));
    buf_clear(&reasons);
    if (end->is_run_stopped)
        message_error_then(advice_run(&a, o, "resume", run, ""),
                           "run %llu is stopped, so no worker carries it. To open it again:",
                           (unsigned long long)run);
    else if (end->lanes_stopped)
        message_error("%u %s stopped before the end: mailfrom resume RUN opens the run again",
                      end->lanes_stopped, plural(end->lanes_stopped, "lane was", "lanes were"));
}

static bool is_all_carried(const struct options *o, const struct work_end *end)
{
    return !end->stopped && !end->is_run_stopped && !end->lanes_stopped && !lanes_left(o, end);
}

static void end_tell(const struct options *o, uint64_t run, const struct work_end *end)
{
    const char *how = end->stopped             ? "stopped"
                      : is_all_carried(o, end) ? "nothing is left to carry"
                                               : "nothing more can be carried here now";
    if (!o->quiet)
        message_note("%s: %u %s carried, %u passed to other workers before their end", how,
                     end->lanes_carried, plural(end->lanes_carried, "lane was", "lanes were"),
                     end->lanes_lost);
    left_tell(o, run, end);
}

static enum err work(const struct options *o, struct signals *signals, uint64_t run,
                     struct work_end *end, struct why *why)
{
    struct worker *w = NULL;
    struct why unheard;
    char shown[POSTGRES_SHOWN_MAX];
    struct work_config config = {.access = &o->access,
                                 .journal = options_journal(o),
                                 .name = o->work.name,
                                 .version = TEXT(MAILFROM_VERSION),
                                 .lanes_len = o->work.lanes_len,
                                 .lanes_max = o->work.lanes_max,
                                 .run = run,
                                 .ends = o->work.once,
                                 .notices = message_notices()};
    if (o->quiet)
        config.notices = (struct notices){.tell = error_say};
    for (uint32_t i = 0; i < o->work.lanes_len; i++)
        config.lanes[i] = o->work.lanes[i];
    signals_block(signals);
    enum err err = work_begin(&w, &config, why);
    struct stopping stopping = {.options = o, .worker = w};
    if (err == OK)
        err = signals_serve(signals, stop, &stopping, why);
    if (err == OK && !o->quiet && !o->work.once)
        message_note("this worker looks for lanes of open runs in the journal %s, until it is "
                     "stopped",
                     postgres_journal_shown(config.journal, shown));
    if (err == OK)
        err = work_run(w, end, why);
    signals_serve(signals, NULL, NULL, &unheard);
    work_free(w);
    signals_end(signals);
    return err;
}

int verb_work(const struct options *o)
{
    struct why why = {""};
    struct work_end end = {0};
    struct signals signals = {.running = false};
    uint64_t run = 0;
    enum err err = work_vet(o, &run, &why);
    if (err == OK)
        err = work(o, &signals, run, &end, &why);
    if (err != OK) {
        message_error("%s", why.text);
        return EXIT_CANNOT_RUN;
    }
    end_tell(o, run, &end);
    return o->work.once && !is_all_carried(o, &end) ? EXIT_STOPPED : EXIT_OK;
}
