/*
 * Where signed requests go is for whoever runs the program to say. A plan file and a journal may
 * come from elsewhere, with a repository or an archive, and an endpoint or a CA bundle that they
 * name would be given the session token. So what they name counts only when the user's own command
 * line or environment names it too, except the hosts that AWS has for a Region.
 */
#ifndef MF_RUN_TRUST_H
#define MF_RUN_TRUST_H

#include "base/error.h"
#include "options.h"

/* given: before run_options_read() filled in what was kept; taken: after. from: "plan a.plan", for
 * the sentence. ERR_INPUT names the option that has to be given again. */
enum err run_trust_vet(const struct options *given, const struct options *taken, const char *from,
                       struct why *why);

#endif
