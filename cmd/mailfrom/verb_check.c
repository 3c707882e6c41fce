/* check: reads, vets and judges manifests by every rule that needs no network. */
#include "session.h"
#include "ui/messages.h"
#include "verbs.h"

static void result_print(const struct fleet *f, const struct fleet_verdict *verdict)
{
    printf("%u identities in %u lanes of %u accounts: ", f->choices_len, f->lanes_len,
           f->accounts_len);
    if (verdict->refused || verdict->warnings)
        printf("%u would be refused, %u warnings\n", verdict->refused, verdict->warnings);
    else
        printf("no complaints\n");
}

int verb_check(const struct options *o)
{
    struct session s;
    struct why why = {""};
    struct fleet_verdict verdict = {0};
    session_init(&s, o);
    enum err err = session_load(&s, &why);
    if (err == OK)
        err = session_judge(&s, &verdict, &why);
    if (err != OK)
        message_error("%s", why.text);
    else if (!o->quiet)
        result_print(&s.run.fleet, &verdict);
    session_clear(&s);
    if (err != OK)
        return EXIT_CANNOT_RUN;
    return verdict.refused ? EXIT_TROUBLE : EXIT_OK;
}
