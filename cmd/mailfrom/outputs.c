/* Files named by options: expanded, proved writable, kept apart from the run's input. */
#include "outputs.h"

#include "base/bounds.h"
#include "base/buf.h"
#include "base/count.h"
#include "journal/store_sqlite/place.h"
#include "reports/deliver.h"
#include "reports/event_line.h"
#include "reports/metrics.h"
#include "reports/records.h"
#include "ui/messages.h"

#include <errno.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const char *home_find(void)
{
    const char *home = getenv("HOME");
    if (home && *home)
        return home;
    const struct passwd *user = getpwuid(geteuid());
    return user ? user->pw_dir : NULL;
}

static enum err path_expand(const char **path, struct arena *arena, struct why *why)
{
    char whole[PATH_MAX];
    if (!*path || strncmp(*path, "~/", 2) != 0)
        return OK;
    const char *home = home_find();
    if (!home)
        return why_set(why, ERR_INPUT, "%s: HOME is not set, and the user has no home", *path);
    int len = snprintf(whole, sizeof whole, "%s%s", home, *path + 1);
    if (len < 0 || (size_t)len >= sizeof whole)
        return why_set(why, ERR_INPUT, "%s: %s", *path, strerror(ENAMETOOLONG));
    *path = arena_text(arena, text_of(whole)).at;
    return *path ? OK : why_set(why, ERR_NOMEM, "out of memory");
}

/* The team of a run is a word of the journal's URL. */
static enum err team_expand(struct options *o, struct arena *arena, struct why *why)
{
    struct buf url;
    const char *journal = options_journal(o);
    if (!o->team || !options_journal_is_shared(o))
        return OK;
    buf_init(&url, LINE_LEN_MAX);
    buf_add_fmt(&url, "%s%cteam=%s", journal, strchr(journal, '?') ? '&' : '?', o->team);
    o->journal = url.failed ? NULL : arena_text(arena, buf_text(&url)).at;
    buf_clear(&url);
    return o->journal ? OK : why_set(why, ERR_NOMEM, "out of memory");
}

enum err outputs_expand(struct options *o, struct arena *arena, struct why *why)
{
    const char **const paths[] = {&o->out,           &o->plan,
                                  &o->journal,       &o->discover.manifest,
                                  &o->notify.events, &o->notify.metrics};
    enum err err = OK;
    for (size_t i = 0; err == OK && i < COUNT(paths); i++)
        err = path_expand(paths[i], arena, why);
    for (size_t i = 0; err == OK && i < o->reports_len; i++)
        err = path_expand(&o->reports[i].path, arena, why);
    for (size_t i = 0; err == OK && i < o->dmarc_reports_len; i++)
        err = path_expand(&o->dmarc_reports[i], arena, why);
    for (size_t i = 0; err == OK && i < o->states_len; i++)
        err = path_expand(&o->states[i], arena, why);
    return err == OK ? team_expand(o, arena, why) : err;
}

/* The target of path, as far as it exists. */
static bool file_find(const char *path, struct stat *st)
{
    int stream = deliver_stream(path);
    return (stream < 0 ? stat(path, st) : fstat(stream, st)) == 0 && S_ISREG(st->st_mode);
}

/* "-" is standard input here, and standard output among the outputs. */
static bool input_find(const char *path, struct stat *st)
{
    if (strcmp(path, "-") == 0)
        return fstat(STDIN_FILENO, st) == 0 && S_ISREG(st->st_mode);
    return file_find(path, st);
}

/* Compares files under any name, even before they exist. */
static bool is_same_file(const char *output, const char *input)
{
    char to[PATH_MAX], from[PATH_MAX];
    struct stat written, read;
    struct why none;
    if (file_find(output, &written) && input_find(input, &read))
        return written.st_dev == read.st_dev && written.st_ino == read.st_ino;
    return deliver_stream(output) < 0 && deliver_stream(input) < 0 &&
           deliver_place(output, to, &none) == OK && deliver_place(input, from, &none) == OK &&
           strcmp(to, from) == 0;
}

static enum err input_spare(const char *output, const char *what, const char *input,
                            struct why *why)
{
    return input && is_same_file(output, input)
               ? why_set(why, ERR_INPUT, "is %s %s, which would be overwritten: name another file",
                         what, input)
               : OK;
}

static enum err named_spare(const struct options *o, const char *output, struct why *why)
{
    const struct {
        const char *what, *path;
    } named[] = {{"the plan", o->plan},
                 {"the manifest", o->discover.manifest},
                 {"the file of --psl-file", o->access.psl_file},
                 {"the file of --ca-bundle", o->access.ca_bundle}};
    char file[PATH_MAX + 16];
    enum err err = OK;
    static const char *const journals[] = {"", OPTIONS_LOOKS, OPTIONS_WATCHED};
    bool has_files = !options_journal_is_shared(o);
    for (size_t i = 0; has_files && err == OK && place_file_end(i / COUNT(journals)); i++) {
        snprintf(file, sizeof file, "%s%s%s", options_journal(o), journals[i % COUNT(journals)],
                 place_file_end(i / COUNT(journals)));
        err = input_spare(output, i ? "the journal's file" : "the journal", file, why);
    }
    for (size_t i = 0; err == OK && i < COUNT(named); i++)
        err = input_spare(output, named[i].what, named[i].path, why);
    for (size_t i = 0; err == OK && i < o->states_len; i++)
        err = input_spare(output, "the state", o->states[i], why);
    return err;
}

static enum err fleet_spare(const struct fleet *f, const char *output, struct why *why)
{
    char file[PATH_MAX];
    enum err err = OK;
    for (uint32_t i = 0; err == OK && f && i < f->files_len; i++) {
        snprintf(file, sizeof file, TEXT_FMT, TEXT_ARG(f->files[i]));
        err = input_spare(output, "the run's input", file, why);
    }
    return err;
}

enum err outputs_spare_file(const struct options *o, const struct fleet *f, const char *path,
                            struct why *why)
{
    enum err err = named_spare(o, path, why);
    return err == OK ? fleet_spare(f, path, why) : err;
}

enum err outputs_spare(const struct options *o, const struct fleet *f, struct why *why)
{
    const struct {
        const char *option, *path;
    } single[] = {
        {"--out", o->out}, {"--events", o->notify.events}, {"--metrics", o->notify.metrics}};
    enum err err = OK;
    for (size_t i = 0; i < COUNT(single); i++)
        if (single[i].path && (err = fleet_spare(f, single[i].path, why)) != OK)
            return why_wrap(why, err, "%s %s", single[i].option, single[i].path);
    for (size_t i = 0; err == OK && i < o->reports_len; i++)
        if ((err = fleet_spare(f, o->reports[i].path, why)) != OK)
            return why_wrap(why, err, "--report %s", o->reports[i].path);
    return OK;
}

enum err outputs_fresh(const struct options *o, struct why *why)
{
    struct stat st;
    if (!o->out || o->force || deliver_stream(o->out) >= 0 || lstat(o->out, &st) != 0 ||
        !(S_ISREG(st.st_mode) || S_ISLNK(st.st_mode)))
        return OK;
    return why_set(why, ERR_INPUT, "%s is there already; --force overwrites it", o->out);
}

struct output {
    const char *option, *path;
    bool is_folder;
    bool is_appended; /* to whatever is there: a FIFO and a device, too */
    enum err (*vet)(const char *path, struct why *why); /* of what is there; may be NULL */
    char place[PATH_MAX];                               /* "" for a folder */
};

/* Arguments that are files are read: manifests, and a plan. What they include is known later. */
static enum err arguments_spare(const struct options *o, const char *output, struct why *why)
{
    struct stat st;
    enum err err = OK;
    for (size_t i = 0; err == OK && i < o->arguments_len; i++)
        if (input_find(o->arguments[i], &st))
            err = input_spare(output, "the run's input", o->arguments[i], why);
    for (size_t i = 0; err == OK && i < o->dmarc_reports_len; i++)
        if (input_find(o->dmarc_reports[i], &st))
            err = input_spare(output, "a report to be read", o->dmarc_reports[i], why);
    return err;
}

static enum err output_prove(struct output *new, const struct output *before, size_t len,
                             const struct options *o, struct why *why)
{
    enum err err = OK;
    if (new->is_folder)
        err = records_folder_prove(new->path, why);
    else if (!new->is_appended)
        err = deliver_prove(new->path, why);
    if (err == OK && !new->is_folder)
        err = deliver_place(new->path, new->place, why);
    if (err == OK)
        err = named_spare(o, new->path, why);
    if (err == OK)
        err = arguments_spare(o, new->path, why);
    if (err == OK && new->vet)
        err = new->vet(new->path, why);
    for (size_t i = 0; err == OK && i < len; i++)
        if (*new->place && strcmp(new->place, before[i].place) == 0)
            err = why_set(why, ERR_INPUT, "is the file of %s %s too: name another",
                          before[i].option, before[i].path);
    return err == OK ? OK : why_wrap(why, err, "%s %s", new->option, new->path);
}

/* In the order in which they are proved: a file of two is complained of where it comes second. */
static size_t outputs_list(const struct options *o, bool may_be_folder, struct output *all)
{
    size_t len = 0;
    for (size_t i = 0; i < o->reports_len; i++)
        all[len++] = (struct output){.option = "--report", .path = o->reports[i].path};
    if (o->out)
        all[len++] = (struct output){.option = "--out",
                                     .path = o->out,
                                     .is_folder = may_be_folder && records_path_is_folder(o->out)};
    if (o->notify.metrics)
        all[len++] =
            (struct output){.option = "--metrics", .path = o->notify.metrics, .vet = metrics_vet};
    if (o->notify.events)
        all[len++] = (struct output){
            .option = "--events", .path = o->notify.events, .is_appended = true, .vet = events_vet};
    return len;
}

enum err outputs_prove(const struct options *o, const char *verb, bool may_be_folder,
                       struct why *why)
{
    struct output *all = calloc(REPORTS_MAX + 3, sizeof *all);
    enum err first = OK;
    if (!all)
        return why_set(why, ERR_NOMEM, "out of memory");
    size_t len = outputs_list(o, may_be_folder, all);
    for (size_t i = 0; i < len; i++) {
        struct why one;
        enum err err = output_prove(&all[i], all, i, o, &one);
        if (err == OK)
            continue;
        if (first != OK)
            message_error("%s: %s", verb, why->text);
        first = first == OK ? err : first;
        *why = one;
    }
    free(all);
    return first;
}
