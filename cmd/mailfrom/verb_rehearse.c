#include "rehearse.h"
#include "ui/messages.h"
#include "verbs.h"

static int exit_code_of(const struct forecast *f)
{
    uint32_t bad = forecast_unfinished(f);
    for (int o = 0; o < OUTCOMES; o++)
        if (outcome_is_bad((enum outcome)o))
            bad += f->totals.by_outcome[o];
    return bad ? EXIT_TROUBLE : EXIT_OK;
}

int verb_rehearse(const struct options *o)
{
    struct run run;
    struct rehearsal rehearsal;
    struct why why = {""};
    int code = EXIT_CANNOT_RUN;
    run_init(&run, o);
    enum err err = rehearsal_init(&rehearsal, &run, &why);
    if (err == OK)
        err = run_load(&run, &why);
    if (err == OK)
        err = rehearsal_play(&rehearsal, &why);
    if (err != OK) {
        message_error("%s", why.text);
    } else {
        if (o->json)
            rehearsal_print_json(&rehearsal);
        else
            rehearsal_print_text(&rehearsal);
        code = exit_code_of(&rehearsal.forecast);
    }
    run_clear(&run);
    return code;
}
