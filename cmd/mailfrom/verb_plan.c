#include "reports/deliver.h"
#include "run.h"
#include "run_plan.h"
#include "ui/advice.h"
#include "ui/messages.h"
#include "ui/summary.h"
#include "verbs.h"

#include <stdlib.h>

struct telling {
    struct advice command, file;
    char words[sizeof((struct advice *)0)->text + 16];
};

static void kept_tell(const struct run *r)
{
    struct telling *t = malloc(sizeof *t); /* too large for a small stack */
    if (!t)
        return;
    snprintf(t->words, sizeof t->words, "--plan %s", advice_word(&t->file, r->options->out));
    message_note_then(advice_make(&t->command, r->options, "apply", t->words),
                      "Kept in %s; to do just that:", r->options->out);
    free(t);
}

static int plan_keep(struct run *r, int code, struct why *why)
{
    if (!r->options->out || code == EXIT_CANNOT_RUN)
        return code;
    if (run_plan_keep(r, why) != OK) {
        message_error("%s", why->text);
        return r->end == ENGINE_ENDED ? EXIT_CANNOT_RUN : code;
    }
    if (!r->options->quiet && deliver_stream(r->options->out) < 0)
        kept_tell(r);
    return code;
}

int verb_plan(const struct options *given)
{
    struct options o = *given;
    struct run run;
    struct why why = {""};
    int code = EXIT_CANNOT_RUN;
    run_init(&run, &o);
    run.head.verb = RUN_PLAN;
    enum err err = run_load(&run, &why);
    if (err == OK)
        err = journal_open(&run.journal, NULL, JOURNAL_MEMORY, &why);
    if (err == OK)
        code = plan_keep(&run, run_conclude(&run, run_carry_out(&run, &why), &why), &why);
    else
        message_error("%s", why.text);
    run_clear(&run);
    return code;
}
