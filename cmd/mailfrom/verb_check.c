#include "run.h"
#include "ui/messages.h"
#include "verbs.h"

int verb_check(const struct options *o)
{
    struct run run;
    struct why why = {""};
    run_init(&run, o);
    enum err err = run_load(&run, &why);
    if (err != OK)
        message_error("%s", why.text);
    else if (!o->quiet)
        printf("%u identities in %u lanes of %u accounts: no complaints\n", run.fleet.choices_len,
               run.fleet.lanes_len, run.fleet.accounts_len);
    run_clear(&run);
    return err == OK ? EXIT_OK : EXIT_CANNOT_RUN;
}
