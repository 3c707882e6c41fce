/* check: reads and vets manifests, without any question to SES or DNS. */
#include "session.h"
#include "ui/messages.h"
#include "verbs.h"

int verb_check(const struct options *o)
{
    struct session s;
    struct why why = {""};
    session_init(&s, o);
    enum err err = session_load(&s, &why);
    const struct fleet *f = &s.run.fleet;
    if (err != OK)
        message_error("%s", why.text);
    else if (!o->quiet)
        printf("%u identities in %u lanes of %u accounts: no complaints\n", f->choices_len,
               f->lanes_len, f->accounts_len);
    session_clear(&s);
    return err == OK ? EXIT_OK : EXIT_CANNOT_RUN;
}
