#include "advice.h"
#include "deliver.h"
#include "run.h"
#include "run_plan.h"
#include "say.h"
#include "summary.h"
#include "verbs.h"

static void kept_tell(const struct run *r)
{
    struct advice a, file;
    char words[sizeof file.text + 16];
    advice_word(&file, r->options->out);
    snprintf(words, sizeof words, "--plan %s", file.text);
    const char *command = advice_make(&a, r->options, "apply", words);
    say_note_then(command, "Kept in %s; to do just that:", r->options->out);
}

static int plan_keep(struct run *r, int code, struct why *why)
{
    if (!r->options->out || code == EXIT_CANNOT_RUN)
        return code;
    if (run_plan_keep(r, why) != OK) {
        say_error("%s", why->text);
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
        say_error("%s", why.text);
    run_clear(&run);
    return code;
}
