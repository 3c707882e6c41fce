/* report: the reports of a run, written again from its journal. */
#include "options/advice.h"
#include "publishing_session.h"
#include "run/narrow.h"
#include "session.h"
#include "ui/messages.h"
#include "ui/run_lost.h"
#include "ui/summary.h"
#include "verbs.h"

#include <unistd.h>

/* A terminal without --report is told the verdict, and how all rows are had. Not inlined: its
 * advice would lie on the stack of the whole verb. */
__attribute__((noinline)) static enum err verdict_tell(struct session *s, struct why *why)
{
    struct report_sum sum = {0};
    struct advice a;
    struct buf verdict;
    uint64_t id = s->run.head.id;
    buf_init(&verdict, LINE_LEN_MAX);
    enum err err = summary_count(&s->run, &sum, why);
    if (err == OK) {
        report_verdict(&sum, &verdict);
        printf("Run %llu: " TEXT_FMT "\n", (unsigned long long)id, TEXT_ARG(buf_text(&verdict)));
        summary_dmarc(&sum);
        printf("Every row, as a page: %s\n",
               advice_run(&a, &s->options, "report", id, "--report html:run.html"));
    }
    buf_clear(&verdict);
    report_sum_clear(&sum);
    return err;
}

int verb_report(const struct options *given)
{
    struct session *s = session_new(given);
    struct why why = {""};
    uint64_t id;
    if (!s)
        return session_refused();
    struct options *o = &s->options;
    bool is_told = o->reports_len == 0 && isatty(STDOUT_FILENO);
    if (o->reports_len == 0 && !is_told)
        o->reports[o->reports_len++] = (struct report_wish){TEXT("csv"), "-"};
    enum err err = session_number(o, &id, &why);
    if (err == OK)
        err = session_report_vet(o, &why);
    if (err == OK)
        err = run_journal(&s->run, JOURNAL_READ, &why);
    if (err == OK)
        err = run_recall(&s->run, id, &why);
    if (err == OK)
        err = run_view(&s->run, &o->access, &o->selection, &why);
    if (err == OK)
        err = run_lost_tell(o, &s->run, &why);
    if (err == OK)
        err = publishing_attach(s, &why);
    if (err == OK && journal_verb_publishes(s->run.head.verb))
        err = publishing_report(s, is_told, &why);
    else if (err == OK)
        err = is_told ? verdict_tell(s, &why) : session_report(s, &why);
    if (err != OK)
        message_error("%s", why.text);
    session_free(s);
    return err == OK ? EXIT_OK : EXIT_CANNOT_RUN;
}
