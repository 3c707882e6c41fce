/* The plan before a run: standard output and options are lent to it, and given back. */
#include "preview.h"

#include "run/shown.h"
#include "ui/exit_codes.h"

#include <fcntl.h>
#include <unistd.h>

/* Standard output goes where fd goes; returns where it went before, or -1. */
static int stdout_turn(int fd)
{
    fflush(stdout);
    int before = fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
    return before >= 0 && dup2(fd, STDOUT_FILENO) >= 0 ? before : -1;
}

/* Returns the exit code of a plan. */
static int plan_make(struct session *s, bool silent, struct why *why)
{
    struct options *o = &s->options;
    const struct run_head head = s->run.head; /* of the run that follows */
    const size_t reports_len = o->reports_len;
    const bool detailed_exitcode = o->detailed_exitcode, dry_run = o->dry_run;
    int code = EXIT_CANNOT_RUN;
    int kept = session_takes_stdout(o) ? stdout_turn(STDERR_FILENO) : -1;
    o->reports_len = 0;
    o->detailed_exitcode = true;
    o->dry_run = head.verb == RUN_ROLLBACK; /* its plan is that of a dry run */
    s->hides_plan = silent;
    if (run_shown_begin(&s->run, why) == OK)
        code = session_carry_out(s, why);
    run_shown_end(&s->run);
    signals_end(&s->signals); /* at the question nothing is under way */
    if (kept >= 0)
        close(stdout_turn(kept));
    if (kept >= 0)
        close(kept);
    s->run.head.verb = head.verb;
    s->run.head.parent = head.parent;
    s->hides_plan = false;
    o->reports_len = reports_len;
    o->detailed_exitcode = detailed_exitcode;
    o->dry_run = dry_run;
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
