/* due: who still has to publish which DNS records, since when and until when. */
#include "base/plural.h"
#include "handoff/due_find.h"
#include "journal/store_sqlite/store_sqlite.h"
#include "outputs.h"
#include "reports/records_index.h"
#include "session.h"
#include "ui/messages.h"
#include "ui/signals.h"
#include "verbs.h"
#include "wire/os_clock.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>

/* --format names the list's format, or with --out that of the zones' files. */
static enum err format_vet(const struct options *o, struct why *why)
{
    char known[128] = "";
    size_t used = 0;
    const char *(*name)(size_t i) = o->out ? records_format_name : due_format_name;
    struct text format = text_of(o->format);
    if (!o->format || (o->out ? records_format_known(format) : due_format_known(format)))
        return OK;
    for (size_t i = 0; name(i) && used < sizeof known; i++)
        used += (size_t)snprintf(known + used, sizeof known - used, "%s%s", i ? ", " : "", name(i));
    return why_set(why, ERR_INPUT, "--format: unknown format \"%s\"%s, expected one of %s",
                   o->format, o->out ? " of the zones' files" : "", known);
}

static enum err arguments_vet(const struct options *o, struct why *why)
{
    struct os_clock clock;
    os_clock_open(&clock, 0);
    if (o->since_at > os_clock_utc(&clock))
        return why_set(why, ERR_INPUT,
                       "--since lies in the future: nothing has changed since then");
    enum err err = format_vet(o, why);
    if (err == OK && o->out && due_folder_prove(o->out, why) != OK)
        err = why_wrap(why, ERR_INPUT, "--out %s", o->out);
    return err;
}

/* ---- what is known ---- */

struct row_learning {
    struct due *due;
    instant_us *asked; /* of each row: when it first waited for DNS; 0: never */
};

static bool move_take(void *ctx, const struct record *record)
{
    struct row_learning *l = ctx;
    if (record->row.state == JOB_WAITING_DNS && !l->asked[record->job])
        l->asked[record->job] = record->at;
    return true;
}

static bool row_take(void *ctx, const struct record *record)
{
    struct row_learning *l = ctx;
    due_learn_row(l->due, record->job, l->asked[record->job], record->row.deadline);
    return true;
}

static enum err run_learn(struct run *r, struct due *d, struct why *why)
{
    struct row_learning l = {d, calloc(r->fleet.choices_len + 1u, sizeof *l.asked)};
    if (!l.asked)
        return why_set(why, ERR_NOMEM, "out of memory");
    enum err err = journal_moves(r->journal, r->head.id, move_take, &l, why);
    if (err == OK)
        err = journal_rows(r->journal, r->head.id, row_take, &l, why);
    free(l.asked);
    return err;
}

/* A shared journal remembers looks itself, one in a file has another file beside it. */
static enum err looks_open(const struct options *o, enum journal_mode mode, struct run *r,
                           char path[PATH_MAX], struct why *why)
{
    bool is_shared = options_journal_is_shared(o);
    snprintf(path, PATH_MAX, "%s%s", options_journal(o), is_shared ? "" : OPTIONS_LOOKS);
    const struct run_config config = {.access = &o->access, .journal = path};
    run_init(r, &config);
    return is_shared ? run_journal(r, mode, why) : journal_open_file(&r->journal, path, mode, why);
}

static enum err looks_learn(const struct options *o, struct due *d, struct why *why)
{
    char path[PATH_MAX];
    struct run r;
    uint64_t run;
    enum err err = looks_open(o, JOURNAL_READ, &r, path, why);
    bool is_first = err == ERR_GONE && !options_journal_is_shared(o);
    if (err == OK && *journal_loss(r.journal, &run))
        message_error("%s: %s; since when a record has been asked for may be older than is shown",
                      path, journal_loss(r.journal, &run));
    if (err == OK)
        err = journal_asked_each(r.journal, due_learn_asked, d, why);
    run_clear(&r);
    return is_first ? OK : err;
}

/* A first look that finds nothing due leaves no file. */
static enum err look_keep(const struct options *o, const struct due *d, struct why *why)
{
    char path[PATH_MAX];
    struct run r;
    bool is_news = d->changes_len > 1 || d->last_look != 0;
    if (o->dry_run || !is_news)
        return OK;
    enum err err = looks_open(o, JOURNAL_WRITE, &r, path, why);
    if (err == OK)
        err = journal_asked_keep(r.journal, d->changes, d->changes_len, why);
    run_clear(&r);
    return err == OK
               ? OK
               : why_wrap(why, err, "this look is not remembered (--dry-run asks for no memory)");
}

/* ---- the list ---- */

static void folder_note(const struct options *o, const struct due_sum *sum)
{
    if (o->quiet)
        return;
    message_note("%u %s and %u %s are in %s", sum->messages,
                 plural(sum->messages, "message", "messages"), sum->files,
                 plural(sum->files, "file of a zone", "files of zones"), o->out);
    message_note("since yesterday: %u %s new, %u changed; %u done since the last "
                 "look; " RECORDS_INDEX_FILE " lists them",
                 sum->fresh, plural(sum->fresh, "zone", "zones"), sum->changed, sum->done);
    if (sum->nobody)
        message_note("for %u %s nobody is known: the folder nobody has what they have to publish, "
                     "and owners in the manifest names whom to ask",
                     sum->nobody, plural(sum->nobody, "zone", "zones"));
    if (sum->left_out)
        message_note("left out, because the format of the file cannot express the records that DNS "
                     "has beside them: %llu record %s",
                     (unsigned long long)sum->left_out, plural(sum->left_out, "set", "sets"));
}

static enum err list_write(const struct options *o, const struct due_list *list, struct why *why)
{
    char server[SERVER_LEN];
    struct due_style style = {.verbose = o->access.verbose, .ttl_s = o->ttl_s, .csv = o->csv};
    struct due_sum sum;
    enum err err = session_server(o, server, &style.server, why);
    if (err != OK)
        return err;
    if (!o->out)
        return due_write(o->format ? text_of(o->format) : TEXT("text"), list, &style, why);
    if (o->format)
        style.format = text_of(o->format);
    struct signals held = {0};
    signals_block(&held); /* one that comes now ends the process once the folder is whole */
    err = due_folder_write(o->out, list, &style, &sum, why);
    signals_end(&held);
    if (err == OK)
        err = due_write(TEXT("text"), list, &style, why);
    if (err == OK)
        folder_note(o, &sum);
    return err;
}

static instant_us since_of(const struct options *o, instant_us now)
{
    return o->since_before ? now - o->since_before : o->since_at;
}

static enum err due_find(struct session *s, struct records_gather *g, struct due *d,
                         struct why *why)
{
    const struct options *o = &s->options;
    bool is_run = session_names_run(o);
    struct due_list list;
    struct os_clock clock;
    enum err err = records_gather_fleet(g, why);
    if (err == OK)
        err = due_init(d, g, is_run ? s->run.head.id : 0, why);
    if (err == OK && is_run)
        err = run_learn(&s->run, d, why);
    if (err == OK)
        err = looks_learn(o, d, why);
    if (err == OK)
        err = records_gather_live(g, why);
    if (err == OK)
        err = records_gather_arrange(g, why);
    if (err != OK)
        return err;
    os_clock_open(&clock, 0);
    /* A clock that was set back makes no look earlier than the last one. */
    instant_us now = when_later(os_clock_utc(&clock), d->last_look + 1);
    const struct due_wish wish = {.by = o->by, .now = now, .since = since_of(o, now)};
    err = due_make(d, &wish, &list, why);
    if (err == OK)
        err = list_write(o, &list, why);
    return err == OK ? look_keep(o, d, why) : err;
}

static enum err due_carry_out(struct session *s, bool *whole, struct why *why)
{
    const struct options *o = &s->options;
    struct run *r = &s->run;
    struct notices silent = {0};
    struct due d = {0};
    struct records_gather g;
    struct handoff_config config = {.access = &o->access,
                                    .zones = o->zones,
                                    .zones_len = o->zones_len,
                                    .verbose = o->access.verbose,
                                    .notices = o->quiet ? silent : message_notices()};
    enum err err = arguments_vet(o, why);
    if (err == OK)
        err = session_fleet(s, why);
    bool *keep = NULL;
    if (err == OK)
        err = session_keep(s, &keep, why);
    if (err == OK)
        err = suffix_list_open(&r->suffixes, o->access.psl_file, why);
    if (err != OK) {
        free(keep);
        return err;
    }
    config.keep = keep;
    records_gather_init(&g, &config, &r->fleet, r->suffixes);
    err = due_find(s, &g, &d, why);
    *whole = err == OK && !g.refused && !g.blocked;
    if (err == OK)
        session_records_notes(o, &g);
    due_clear(&d);
    records_gather_clear(&g);
    free(keep);
    return err;
}

int verb_due(const struct options *given)
{
    struct session *s = session_new(given);
    struct why why = {""};
    bool whole = false;
    if (!s)
        return session_refused();
    s->keeps_whole = s->asks_nobody = true;
    enum err err = due_carry_out(s, &whole, &why);
    if (err != OK)
        message_error("%s", why.text);
    session_free(s);
    if (err != OK)
        return EXIT_CANNOT_RUN;
    return whole ? EXIT_OK : EXIT_TROUBLE;
}
