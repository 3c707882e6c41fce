/*
 * What a run has changed and when, for evidence: its rows and moves, folded by the rooms that fold
 * them for reports.
 */
#ifndef MF_CHANGES_READ_H
#define MF_CHANGES_READ_H

#include "evidence/changes.h"
#include "run.h"

/* Of r, just recalled: a run of apply or rollback. *c is fresh from changes_init(). Custom MAIL
 * FROMs are those of the run's rows, and those that any run of the journal has sent. */
enum err changes_read(struct run *r, struct changes *c, struct why *why);

#endif
