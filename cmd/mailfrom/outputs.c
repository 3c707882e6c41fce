#include "outputs.h"

#include "deliver.h"
#include "records.h"

#include <errno.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
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

enum err outputs_expand(struct options *o, struct arena *arena, struct why *why)
{
    const char **const paths[] = {&o->out, &o->plan, &o->journal, &o->discover.manifest};
    enum err err = OK;
    for (size_t i = 0; err == OK && i < sizeof paths / sizeof paths[0]; i++)
        err = path_expand(paths[i], arena, why);
    for (size_t i = 0; err == OK && i < o->reports_len; i++)
        err = path_expand(&o->reports[i].path, arena, why);
    return err;
}

struct output {
    const char *option, *path;
    bool is_folder;
    char place[PATH_MAX]; /* "" for a folder */
};

static enum err output_prove(struct output *new, const struct output *before, size_t len,
                             struct why *why)
{
    enum err err =
        new->is_folder ? records_folder_prove(new->path, why) : deliver_prove(new->path, why);
    if (err == OK && !new->is_folder)
        err = deliver_place(new->path, new->place, why);
    for (size_t i = 0; err == OK && i < len; i++)
        if (*new->place && strcmp(new->place, before[i].place) == 0)
            err = why_set(why, ERR_INPUT, "is the file of %s %s too: name another",
                          before[i].option, before[i].path);
    return err == OK ? OK : why_wrap(why, err, "%s %s", new->option, new->path);
}

enum err outputs_prove(const struct options *o, bool may_be_folder, struct why *why)
{
    struct output *all = calloc(REPORTS_MAX + 1, sizeof *all);
    size_t len = 0;
    enum err err = all ? OK : why_set(why, ERR_NOMEM, "out of memory");
    for (size_t i = 0; err == OK && i < o->reports_len; i++, len++) {
        all[len] = (struct output){.option = "--report", .path = o->reports[i].path};
        err = output_prove(&all[len], all, len, why);
    }
    if (err == OK && o->out) {
        all[len] = (struct output){.option = "--out",
                                   .path = o->out,
                                   .is_folder = may_be_folder && records_path_is_folder(o->out)};
        err = output_prove(&all[len], all, len, why);
    }
    free(all);
    return err;
}
