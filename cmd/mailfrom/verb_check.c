/* check: reads, vets and judges manifests by every rule that needs no network. */
#include "session.h"
#include "ui/messages.h"
#include "verbs.h"

#include "base/plural.h"

static void result_print(const struct fleet *f, const struct fleet_verdict *verdict)
{
    printf("%u %s in %u %s, %u %s of account and Region: ", f->choices_len,
           plural(f->choices_len, "identity", "identities"), f->accounts_len,
           plural(f->accounts_len, "account", "accounts"), f->lanes_len,
           plural(f->lanes_len, "pair", "pairs"));
    if (verdict->refused || verdict->warnings)
        printf("%u would be refused, %u %s\n", verdict->refused, verdict->warnings,
               plural(verdict->warnings, "warning", "warnings"));
    else
        printf("no complaints\n");
}

int verb_check(const struct options *o)
{
    struct session *s = session_new(o);
    struct why why = {""};
    struct fleet_verdict verdict = {0};
    if (!s)
        return session_refused();
    enum err err = session_load(s, &why);
    if (err == OK)
        err = session_judge(s, &verdict, &why);
    if (err != OK)
        message_error("%s", why.text);
    else if (!o->quiet)
        result_print(&s->run.fleet, &verdict);
    session_free(s);
    if (err != OK)
        return EXIT_CANNOT_RUN;
    return verdict.refused ? EXIT_TROUBLE : EXIT_OK;
}
