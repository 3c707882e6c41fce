/*
 * Which program this is, and with which libraries it runs.
 */
#ifndef MF_VERSION_H
#define MF_VERSION_H

#include "options/options.h"

#ifndef MAILFROM_VERSION
#error "the build gives MAILFROM_VERSION"
#endif

/* In two lines; --verbose: a table with licences; --format json: a bill of materials. */
void version_print(const struct options *o);

#endif
