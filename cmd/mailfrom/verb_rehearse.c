/* rehearse: a fleet in virtual time; the forecast is printed. */
#include "session.h"
#include "ui/forecast_text.h"
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

/* Vetted and judged as by check; the rehearsal takes the fleet over. */
static enum err fleet_take(struct rehearsal *r, const struct options *o, struct why *why)
{
    struct session *s = session_new(o);
    struct fleet_verdict verdict;
    if (!s)
        return why_set(why, ERR_NOMEM, "out of memory");
    s->asks_nobody = true;
    enum err err = session_load(s, why);
    if (err == OK)
        err = session_judge(s, &verdict, why);
    if (err == OK) {
        r->fleet = s->run.fleet;
        fleet_init(&s->run.fleet);
    }
    session_free(s);
    return err;
}

int verb_rehearse(const struct options *o)
{
    struct rehearsal rehearsal;
    struct why why = {""};
    int code = EXIT_CANNOT_RUN;
    struct forecast_config config = o->rehearse;
    config.publishes = o->publish;
    enum err err = rehearsal_init(&rehearsal, &config, &o->access, &why);
    if (err == OK)
        err = fleet_take(&rehearsal, o, &why);
    if (err == OK)
        err = rehearsal_play(&rehearsal, &why);
    if (err != OK) {
        message_error("%s", why.text);
    } else {
        if (o->json)
            forecast_print_json(&rehearsal);
        else
            forecast_print_text(&rehearsal);
        code = exit_code_of(&rehearsal.forecast);
    }
    rehearsal_clear(&rehearsal);
    return code;
}
