/*
 * work: carries lanes of runs in a shared journal until it is stopped, or with --once until there
 * is nothing left that it could carry. What a person reads meanwhile are notices; where runs stand
 * is what status shows.
 */
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

static void end_tell(const struct options *o, const struct work_end *end)
{
    struct advice a;
    if (!o->quiet)
        message_note("%s: %u %s carried, %u passed to other workers before their end",
                     end->stopped ? "stopped" : "nothing is left to carry", end->lanes_carried,
                     plural(end->lanes_carried, "lane was", "lanes were"), end->lanes_lost);
    if (end->lanes_without)
        message_error_then(advice_make(&a, o, "status", ""),
                           "%u %s open, and this worker has no credentials for %s: a worker that "
                           "has them can carry %s. To see who has tried:",
                           end->lanes_without, plural(end->lanes_without, "lane is", "lanes are"),
                           plural(end->lanes_without, "it", "them"),
                           plural(end->lanes_without, "it", "them"));
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
    end_tell(o, &end);
    return o->work.once && (end.lanes_without || end.stopped) ? EXIT_STOPPED : EXIT_OK;
}
