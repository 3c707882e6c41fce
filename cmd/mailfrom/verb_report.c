#include "run.h"
#include "run_lost.h"
#include "ui/messages.h"
#include "verbs.h"

int verb_report(const struct options *given)
{
    struct options o = *given;
    struct run run;
    struct why why = {""};
    uint64_t id;
    if (o.reports_len == 0)
        o.reports[o.reports_len++] = (struct report_wish){TEXT("csv"), "-"};
    run_init(&run, &o);
    enum err err = run_number(&o, &id, &why);
    if (err == OK)
        err = run_report_vet(&o, &why);
    if (err == OK)
        err = run_journal(&run, JOURNAL_READ, &why);
    if (err == OK)
        err = journal_run(run.journal, id, &run.head, &run.arena, &why);
    if (err == OK)
        err = journal_fleet(run.journal, run.head.id, &run.fleet, &why);
    if (err == OK)
        err = run_lost_tell(&run, &why);
    if (err == OK)
        err = run_report(&run, &why);
    if (err != OK)
        message_error("%s", why.text);
    run_clear(&run);
    return err == OK ? EXIT_OK : EXIT_CANNOT_RUN;
}
