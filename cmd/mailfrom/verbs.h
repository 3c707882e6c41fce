/*
 * The verbs of `mailfrom`. Each reads its own options and returns the exit code of the process;
 * this room is the only one that prints and the only one that ends the process.
 */
#ifndef MF_VERBS_H
#define MF_VERBS_H

#include "options.h"

enum exit_code {
    EXIT_OK = 0,
    EXIT_CANNOT_RUN = 1, /* usage, manifest, credentials, journal */
    EXIT_CHANGES = 2,    /* plan --detailed-exitcode found changes */
    EXIT_TROUBLE = 3,    /* finished, but some identities are refused, failed or expired */
    EXIT_STOPPED = 4,    /* stopped before the end, can be resumed */
};

struct verb {
    const char *name;
    const char *arguments; /* "MANIFEST...", for the usage line */
    const char *summary;   /* one line */
    enum option_set options;
    const char *help; /* what it does, in a few lines */
    const char *example;
    int (*run)(const struct options *o);
};

/* The table, in the order of a migration; ends with a NULL name. */
const struct verb *verbs_all(void);

int verb_check(const struct options *o);
int verb_plan(const struct options *o);
int verb_apply(const struct options *o);
int verb_resume(const struct options *o);
int verb_rollback(const struct options *o);
int verb_status(const struct options *o);
int verb_report(const struct options *o);
int verb_records(const struct options *o);
int verb_discover(const struct options *o);
int verb_inspect(const struct options *o);
int verb_explain(const struct options *o);
int verb_rehearse(const struct options *o);
int verb_completion(const struct options *o);

#endif
