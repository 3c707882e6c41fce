/*
 * The user of the program decides where signed requests go. A plan file or a journal may come with
 * a repository or an archive, and an endpoint or CA bundle named in the file would receive the
 * session token. So an endpoint or a bundle of a file counts only when the user's own command line
 * or environment names the value too. AWS's own hosts for a Region are exempt.
 */
#ifndef MF_TRUST_H
#define MF_TRUST_H

#include "access.h"
#include "base/error.h"

/* given: before access_read() filled in what was kept; taken: after. from: "plan a.plan", for the
 * sentence. ERR_INPUT names the option to give again. */
enum err access_trust_vet(const struct access *given, const struct access *taken, const char *from,
                          struct why *why);

#endif
