/*
 * The question before the first write.
 */
#ifndef MF_CONFIRM_H
#define MF_CONFIRM_H

#include "base/error.h"

/* ERR_INPUT: no terminal to ask on. */
enum err confirm_possible(struct why *why);
/* "yes" and nothing else says yes; ERR_INPUT otherwise. */
enum err confirm_ask(const char *question, struct why *why);

#endif
