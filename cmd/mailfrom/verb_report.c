/* report: the reports of a run, written again from its journal. */
#include "run/narrow.h"
#include "session.h"
#include "ui/messages.h"
#include "ui/run_lost.h"
#include "verbs.h"

int verb_report(const struct options *given)
{
    struct session s;
    struct options *o = &s.options;
    struct why why = {""};
    uint64_t id;
    session_init(&s, given);
    if (o->reports_len == 0)
        o->reports[o->reports_len++] = (struct report_wish){TEXT("csv"), "-"};
    enum err err = session_number(o, &id, &why);
    if (err == OK)
        err = session_report_vet(o, &why);
    if (err == OK)
        err = run_journal(&s.run, JOURNAL_READ, &why);
    if (err == OK)
        err = run_recall(&s.run, id, &why);
    if (err == OK)
        err = run_view(&s.run, &o->access, &o->selection, &why);
    if (err == OK)
        err = run_lost_tell(o, &s.run, &why);
    if (err == OK)
        err = session_report(&s, &why);
    if (err != OK)
        message_error("%s", why.text);
    session_clear(&s);
    return err == OK ? EXIT_OK : EXIT_CANNOT_RUN;
}
