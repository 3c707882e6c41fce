/*
 * Where signed requests go is for whoever runs the program to say. A plan file and a journal may
 * come from elsewhere, with a repository or an archive, and an endpoint or a CA bundle that they
 * name would be given the session token. So what they name counts only when the user's own command
 * line or environment names it too, except the hosts that AWS has for a Region.
 */
#ifndef MF_TRUST_H
#define MF_TRUST_H

#include "access.h"
#include "base/error.h"

/* given: before access_read() filled in what was kept; taken: after. from: "plan a.plan", for
 * the sentence. ERR_INPUT names the option that has to be given again. */
enum err access_trust_vet(const struct access *given, const struct access *taken, const char *from,
                          struct why *why);

#endif
