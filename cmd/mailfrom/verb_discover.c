/* discover: lanes are found, read and written as a manifest (inventory/discover.h). */
#include "base/bounds.h"
#include "base/escape.h"
#include "base/plural.h"
#include "inventory/discover_formats.h"
#include "options/advice.h"
#include "outputs.h"
#include "reports/deliver.h"
#include "ui/discover_summary.h"
#include "ui/messages.h"
#include "ui/signals.h"
#include "verbs.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define STALE_BYTES_MAX (1u << 20) /* of a command; Linux takes about 2 MB */

static bool is_to_stdout(const char *path)
{
    return !path || deliver_stream(path) == STDOUT_FILENO;
}

static uint32_t lanes_refused(const struct discover *d)
{
    uint32_t len = 0;
    for (uint32_t i = 0; i < d->fleet.lanes_len; i++)
        len += inventory_lane(d->inventory, i)->phase == INVENTORY_REFUSED &&
               !discover_is_disabled(d, i);
    return len;
}

static bool is_incomplete(const struct discover *d)
{
    bool incomplete = lanes_refused(d) > 0;
    for (uint32_t i = 0; i < d->fleet.lanes_len; i++)
        incomplete = incomplete || inventory_lane(d->inventory, i)->unread > 0;
    return incomplete;
}

static bool writes_folder(const struct options *o)
{
    return !is_to_stdout(o->out) && discover_format(&o->discover)->files;
}

/* Is there nothing at --out that would be lost? */
static enum err out_vet(const struct options *o, struct why *why)
{
    if (!writes_folder(o))
        return outputs_fresh(o, why);
    return discover_folder_vet(o->out, o->force, why) == OK
               ? OK
               : why_wrap(why, ERR_INPUT, "--out %s", o->out);
}

static enum err write_out(struct discover *d, const struct options *o, struct why *why)
{
    const struct discover_format *format = discover_format(d->config);
    bool to_stdout = is_to_stdout(o->out);
    const char *path = to_stdout ? "-" : o->out;
    if (d->fleet.lanes_len == lanes_refused(d))
        return why_set(why, ERR_AUTH,
                       "no account and Region could be read, so nothing was written");
    struct signals held = {0};
    enum err err = out_vet(o, why); /* somebody else may have been quicker */
    if (err != OK)
        return err;
    if (!to_stdout)
        signals_block(&held); /* one that comes now ends the process once the file is whole */
    err = writes_folder(o) ? discover_folder_write(d, format->files, path, o->force, why)
                           : deliver(path, format->document, d, why);
    signals_end(&held);
    return err == OK ? OK : why_wrap(why, err, "%s", to_stdout ? "standard output" : path);
}

static const char *plan_advise(struct advice *a, const struct options *o)
{
    struct advice word;
    return advice_make(a, o, "plan", advice_word(&word, o->out));
}

static struct text without_slashes(struct text path)
{
    while (path.len > 1 && path.at[path.len - 1] == '/')
        path.len--;
    return path;
}

/* Other tools would read them along with the new ones. */
static void stale_tell(const struct discover *d, const struct options *o)
{
    const struct discover_format *format = discover_format(d->config);
    struct buf folder, command;
    buf_init(&folder, PATH_LEN_MAX);
    buf_init(&command, STALE_BYTES_MAX);
    buf_add_text(&folder, without_slashes(text_of(o->out)));
    buf_add_str(&command, "rm --");
    uint32_t len = folder.failed ? 0
                                 : discover_folder_stale(d, format->files, format->beginnings,
                                                         folder.at, &command);
    if (len)
        message_note_then(command.at,
                          "%u %s of an earlier discover %s not of this one, and %s not say what is "
                          "asked for and there now. To remove %s:",
                          len, plural(len, "file", "files"), plural(len, "is", "are"),
                          plural(len, "does", "do"), plural(len, "it", "them"));
    buf_clear(&folder);
    buf_clear(&command);
}

/* What a tool with a state would take back, since the files have it no more. */
struct lost {
    struct buf names;
    uint32_t len;
};

static void lost_find(const struct discover *d, const struct options *o, struct lost *l)
{
    const struct discover_format *format = discover_format(d->config);
    buf_init(&l->names, LINE_LEN_MAX);
    l->len = writes_folder(o) && format->lost ? format->lost(d, o->out, &l->names) : 0;
}

static void lost_tell(const struct lost *l)
{
    message_note("%u %s that the folder had %s not in what was written now: " TEXT_FMT
                 ". Where a state of Terraform has %s, the next terraform apply destroys %s, "
                 "which sets the default MAIL FROM. To keep what is set, take %s out of the "
                 "state first (terraform state rm), or run discover with the selection of "
                 "before",
                 l->len, plural(l->len, "resource", "resources"), plural(l->len, "is", "are"),
                 TEXT_ARG(buf_text(&l->names)), plural(l->len, "it", "them"),
                 plural(l->len, "it", "them"), plural(l->len, "it", "them"));
}

static void command_tell(const struct discover *d, const struct options *o, bool is_lost)
{
    const struct discover_format *format = discover_format(d->config);
    struct buf word, command;
    buf_init(&word, LINE_LEN_MAX);
    buf_init(&command, LINE_LEN_MAX);
    escape_shell(&word, without_slashes(text_of(o->out)));
    format->command_add(d, buf_text(&word), &command);
    if (command.len)
        message_note_then(command.at, "%s", is_lost ? format->next_lost : format->next);
    buf_clear(&word);
    buf_clear(&command);
}

/* Not inlined: its advice would lie on the stack of the whole reading. */
__attribute__((noinline)) static void next_tell(const struct discover *d, const struct options *o,
                                                bool is_lost)
{
    const struct discover_format *format = discover_format(d->config);
    struct advice a;
    if (is_to_stdout(o->out))
        return;
    message_note("Wrote %s", o->out);
    if (writes_folder(o))
        stale_tell(d, o);
    if (format->next_is_plan)
        message_note_then(plan_advise(&a, o), "%s", format->next);
    else if (format->command_add)
        command_tell(d, o, is_lost);
    else if (format->next)
        message_note("%s", format->next);
}

static enum err conclude(struct discover *d, const struct options *o, struct why *why)
{
    enum err err = discover_pick(d, why);
    if (err != OK)
        return err;
    discover_troubles(d);
    struct lost lost;
    lost_find(d, o, &lost); /* while the files of before are there */
    err = write_out(d, o, why);
    if (err == OK && !o->quiet)
        discover_summary(d);
    if (err == OK && lost.len)
        lost_tell(&lost);
    if (err == OK && !o->quiet)
        next_tell(d, o, lost.len > 0);
    buf_clear(&lost.names);
    return err;
}

static enum err lanes_find(struct discover *d, const struct options *o, struct why *why)
{
    struct complaints complaints;
    complaints_init(&complaints);
    enum err err = discover_lanes(d, &complaints, why);
    message_complaints(o, &complaints);
    complaints_clear(&complaints);
    return err == OK ? outputs_spare(o, &d->fleet, why) : err;
}

static enum err read_all(struct discover *d, const struct options *o, struct why *why)
{
    struct signals signals = {0};
    struct ticker ticker;
    d->owner = signals_owner(&signals);
    d->progress = discover_progress;
    d->progress_ctx = &ticker;
    signals_block(&signals);
    ticker_begin(&ticker, o);
    enum err err = discover_read(d, why);
    ticker_end(&ticker);
    signals_end(&signals);
    return err;
}

static enum err vet(const struct options *o, struct why *why)
{
    if (o->arguments_len)
        return why_set(why, ERR_INPUT,
                       "found \"%s\": --manifest FILE names a manifest whose accounts are to be "
                       "read",
                       o->arguments[0]);
    enum err err = discover_vet(&o->discover, why);
    return err == OK ? out_vet(o, why) : err;
}

static int discover_run(struct discover *d, const struct options *o, struct why *why)
{
    enum err err = vet(o, why);
    if (err == OK)
        err = lanes_find(d, o, why);
    if (err == OK)
        err = lanes_open(&d->lanes, &d->fleet, d->access, LANES_OF_SES, &d->notices, why);
    if (err == OK)
        err = read_all(d, o, why);
    if (err == OK && d->stopped) {
        message_error("stopped: nothing was written");
        return EXIT_STOPPED;
    }
    if (err == OK)
        err = conclude(d, o, why);
    if (err == OK)
        return is_incomplete(d) ? EXIT_TROUBLE : EXIT_OK;
    message_error("%s", why->text);
    return EXIT_CANNOT_RUN;
}

int verb_discover(const struct options *o)
{
    struct discover d = {
        .config = &o->discover, .access = &o->access, .notices = message_notices()};
    struct why why = {""};
    fleet_init(&d.fleet);
    arena_init(&d.memory, SIZE_MAX);
    int code = discover_run(&d, o, &why);
    inventory_clear(d.inventory);
    lanes_close(&d.lanes);
    free(d.found);
    free(d.by_lane);
    fleet_clear(&d.fleet);
    arena_clear(&d.memory);
    return code;
}
