/*
 * A manifest, loaded, and what must be true of it whether it was accepted or refused.
 */
#ifndef MF_JUDGED_H
#define MF_JUDGED_H

void manifest_is_judged(const char *path);

#endif
