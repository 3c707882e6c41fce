#include "discover.h"
#include "reports/deliver.h"
#include "signals.h"
#include "ui/advice.h"
#include "ui/messages.h"
#include "verbs.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static bool is_to_stdout(const char *path)
{
    return !path || deliver_stream(path) == STDOUT_FILENO;
}

/* That it can be written is known already (outputs.h). */
static enum err out_vet(const struct options *o, struct why *why)
{
    struct stat st;
    if (!o->out || o->force || deliver_stream(o->out) >= 0 || lstat(o->out, &st) != 0)
        return OK;
    return why_set(why, ERR_INPUT, "%s is there already; --force overwrites it", o->out);
}

static uint32_t lanes_refused(const struct discover *d)
{
    uint32_t len = 0;
    for (uint32_t i = 0; i < d->fleet.lanes_len; i++)
        len += inventory_lane(d->inventory, i)->phase == INVENTORY_REFUSED;
    return len;
}

static bool is_incomplete(const struct discover *d)
{
    bool incomplete = lanes_refused(d) > 0;
    for (uint32_t i = 0; i < d->fleet.lanes_len; i++)
        incomplete = incomplete || inventory_lane(d->inventory, i)->unread > 0;
    return incomplete;
}

static enum err write_out(struct discover *d, struct why *why)
{
    static deliver_writer *const writers[] = {[DISCOVER_YAML] = discover_yaml,
                                              [DISCOVER_CSV] = discover_csv,
                                              [DISCOVER_JSON] = discover_json};
    bool to_stdout = is_to_stdout(d->options->out);
    const char *path = to_stdout ? "-" : d->options->out;
    if (d->fleet.lanes_len == lanes_refused(d))
        return why_set(why, ERR_AUTH, "nothing could be read, so nothing was written");
    struct signals held = {0};
    enum err err = out_vet(d->options, why); /* somebody else may have been quicker */
    if (err != OK)
        return err;
    if (!to_stdout)
        signals_block(&held); /* one that comes now ends the process once the file is whole */
    err = deliver(path, writers[d->options->discover.format], d, why);
    signals_end(&held);
    return err == OK ? OK : why_wrap(why, err, "%s", to_stdout ? "standard output" : path);
}

/* Not inlined: its advice would lie on the stack of the whole reading. */
__attribute__((noinline)) static void next_tell(const struct discover *d)
{
    struct advice a;
    const char *path = d->options->out;
    if (is_to_stdout(path))
        return;
    message_note("Wrote %s", path);
    if (d->options->discover.format == DISCOVER_YAML)
        message_note_then(advice_word(&a, path), "Next: mailfrom plan");
    if (d->options->discover.format == DISCOVER_CSV)
        message_note("Next: name it in identities_from of a manifest with these accounts");
}

static enum err conclude(struct discover *d, struct why *why)
{
    enum err err = discover_pick(d, why);
    if (err != OK)
        return err;
    discover_troubles(d);
    err = write_out(d, why);
    if (err == OK && !d->options->quiet) {
        discover_summary(d);
        next_tell(d);
    }
    return err;
}

static int discover_run(struct discover *d, struct why *why)
{
    enum err err = discover_vet(d->options, why);
    if (err == OK)
        err = out_vet(d->options, why);
    if (err == OK)
        err = discover_lanes(&d->fleet, d->options, &d->memory, why);
    if (err == OK)
        err = lanes_open(&d->lanes, &d->fleet, d->options, why);
    if (err == OK)
        err = discover_read(d, why);
    if (err == OK && d->stopped) {
        message_error("stopped: nothing was written");
        return EXIT_STOPPED;
    }
    if (err == OK)
        err = conclude(d, why);
    if (err == OK)
        return is_incomplete(d) ? EXIT_TROUBLE : EXIT_OK;
    message_error("%s", why->text);
    return EXIT_CANNOT_RUN;
}

int verb_discover(const struct options *o)
{
    struct discover d = {.options = o};
    struct why why = {""};
    fleet_init(&d.fleet);
    arena_init(&d.memory, SIZE_MAX);
    int code = discover_run(&d, &why);
    inventory_clear(d.inventory);
    lanes_close(&d.lanes);
    free(d.found);
    free(d.by_lane);
    fleet_clear(&d.fleet);
    arena_clear(&d.memory);
    return code;
}
