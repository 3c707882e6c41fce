/*
 * Says that a profile is in neither file, and what its user may have meant. For the family of this
 * folder.
 */
#ifndef MF_PROFILE_MISSING_H
#define MF_PROFILE_MISSING_H

#include "profile.h"

/* Is there a section that is meant for this profile, but is not read as one: [x] in the config
 * file, where [profile x] is expected, or the other way round? The sentence names file and line. */
bool profile_misspelt(const struct profile *p, struct why *why);

/* Names both files, with a misspelt section or the nearest name. Returns ERR_AUTH. as: a clause
 * about the profile, such as " (a source_profile)", or "". */
enum err profile_missing(const struct profile *p, const char *as, struct why *why);

#endif
