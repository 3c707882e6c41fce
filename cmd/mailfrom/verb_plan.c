/* plan: a run that writes nothing, into a journal in memory, and into a plan file with --out. */
#include "options/advice.h"
#include "outputs.h"
#include "preview.h"
#include "reports/deliver.h"
#include "run/planned.h"
#include "session.h"
#include "ui/messages.h"
#include "verbs.h"

#include <stdlib.h>

struct telling {
    struct advice command, file;
    char words[sizeof((struct advice *)0)->text + 16];
};

static void kept_tell(const struct options *o)
{
    struct telling *t = malloc(sizeof *t); /* too large for a small stack */
    if (!t)
        return;
    snprintf(t->words, sizeof t->words, "--plan %s", advice_word(&t->file, o->out));
    message_note_then(advice_make(&t->command, o, "apply", t->words),
                      "Kept in %s; to do just that:", o->out);
    free(t);
}

static int plan_keep(struct session *s, int code, struct why *why)
{
    const struct options *o = &s->options;
    if (!o->out || code == EXIT_CANNOT_RUN)
        return code;
    enum err err = outputs_fresh(o, why); /* somebody else may have been quicker */
    if (err == OK)
        err = run_plan_keep(&s->run, o->out, why);
    if (err != OK) {
        message_error("%s", why->text);
        return err == ERR_BUSY ? code : EXIT_CANNOT_RUN;
    }
    if (!o->quiet && deliver_stream(o->out) < 0)
        kept_tell(o);
    return code;
}

int verb_plan(const struct options *given)
{
    struct session *s = session_new(given);
    struct why why = {""};
    int code = EXIT_CANNOT_RUN;
    if (!s)
        return session_refused();
    s->run.head.verb = RUN_PLAN;
    s->notes.tells_losses = true;
    s->limits_changes = true;
    enum err err = session_load(s, &why);
    if (err == OK)
        err = outputs_fresh(&s->options, &why);
    if (err == OK)
        err = run_journal_in_memory(&s->run, &why);
    if (err == OK)
        code = preview_record_sets(s, plan_keep(s, session_carry_out(s, &why), &why), &why);
    else
        message_error("%s", why.text);
    session_free(s);
    return code;
}
