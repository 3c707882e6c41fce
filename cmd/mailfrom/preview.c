/* The plan before a run: standard output and options are lent to it, and given back. */
#include "preview.h"

#include "run/shown.h"
#include "ui/exit_codes.h"
#include "ui/messages.h"

#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

/* Standard output goes where fd goes; returns where it went before, or -1. */
static int stdout_turn(int fd)
{
    fflush(stdout);
    int before = fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
    return before >= 0 && dup2(fd, STDOUT_FILENO) >= 0 ? before : -1;
}

/* What is lent to a preview. */
struct lent {
    size_t reports_len;
    bool detailed_exitcode, dry_run;
    int kept; /* where standard output went; -1: it still does */
};

static struct lent lend(struct session *s)
{
    struct options *o = &s->options;
    const struct lent lent = {.reports_len = o->reports_len,
                              .detailed_exitcode = o->detailed_exitcode,
                              .dry_run = o->dry_run,
                              .kept = session_takes_stdout(o) ? stdout_turn(STDERR_FILENO) : -1};
    o->reports_len = 0;
    return lent;
}

static void give_back(struct session *s, const struct lent *lent)
{
    struct options *o = &s->options;
    signals_end(&s->signals); /* at the question nothing is under way */
    if (lent->kept >= 0)
        close(stdout_turn(lent->kept));
    if (lent->kept >= 0)
        close(lent->kept);
    o->reports_len = lent->reports_len;
    o->detailed_exitcode = lent->detailed_exitcode;
    o->dry_run = lent->dry_run;
}

/* Returns the exit code of a plan. */
static int plan_make(struct session *s, bool silent, struct why *why)
{
    struct options *o = &s->options;
    const struct run_head head = s->run.head; /* of the run that follows */
    int code = EXIT_CANNOT_RUN;
    const struct lent lent = lend(s);
    o->detailed_exitcode = true;
    o->dry_run = head.verb == RUN_ROLLBACK; /* its plan is that of a dry run */
    s->hides_plan = silent;
    if (run_shown_begin(&s->run, why) == OK)
        code = session_carry_out(s, why);
    run_shown_end(&s->run);
    s->run.head.verb = head.verb;
    s->run.head.parent = head.parent;
    s->hides_plan = false;
    give_back(s, &lent);
    return code;
}

enum err preview_targets(struct session *s, struct publishing *p, struct why *why)
{
    uint32_t refused; /* a note names each */
    bool *keep = calloc(s->run.fleet.choices_len + 1u, sizeof *keep);
    enum err err =
        keep ? run_plan_goes(&s->run, keep, why) : why_set(why, ERR_NOMEM, "out of memory");
    publishing_begin(p, s);
    if (err == OK)
        err = publishing_targets(s, p, keep, &refused, why);
    free(keep);
    return err;
}

int preview_publishing(struct session *s, struct publishing *p, uint32_t *changes, struct why *why)
{
    const struct lent lent = lend(s);
    int code = publishing_show(s, p, changes, why);
    give_back(s, &lent);
    return code;
}

enum err preview_make(struct session *s, bool silent, bool *stopped, struct why *why)
{
    int code = plan_make(s, silent, why);
    *stopped = code == EXIT_STOPPED;
    if (code == EXIT_CANNOT_RUN)
        return why_set(why, ERR_INPUT,
                       "the plan could not be made (see above), so nothing was written");
    if (code == EXIT_STOPPED)
        return why_set(why, ERR_INPUT, "stopped while planning; nothing was written");
    return OK;
}

int preview_record_sets(struct session *s, int code, struct why *why)
{
    uint32_t names;
    struct publishing p;
    if (!s->options.publish || code == EXIT_CANNOT_RUN || code == EXIT_STOPPED)
        return code;
    if (preview_targets(s, &p, why) != OK) {
        message_error("%s", why->text);
        return EXIT_CANNOT_RUN;
    }
    return p.targets_len ? exit_worse(code, preview_publishing(s, &p, &names, why)) : code;
}
