/*
 * The version of the program and of the libraries that it runs with.
 */
#ifndef MF_VERSION_H
#define MF_VERSION_H

#ifndef MAILFROM_VERSION
#error "the build gives MAILFROM_VERSION"
#endif

void version_print(void);

#endif
