/* What holds the earliest finish of a budget: the same words for plan, apply and rehearse. */
#ifndef MF_BUDGET_TEXT_H
#define MF_BUDGET_TEXT_H

#include "access/access.h"
#include "base/buf.h"
#include "calls/budget.h"
#include "model/fleet.h"
#include "reports/report.h"
#include "scheduler/job.h"

/* A row that is read first, and what it may need written: is_strict where REJECT_MESSAGE is wanted.
 */
void lane_need_row(struct lane_need *need, enum action action, bool is_strict);
/* Fills in what holds the finish; the budget has calls. */
void budget_hold(const struct budget *b, const struct fleet *f, const struct access *a,
                 struct report_need *need);
/* "held by 101 calls of GetIdentityMailFromDomainAttributes in account main, Region eu-west-1, at 1
 * a second". The lanes of the budget are those of the fleet, in order; it has calls. Safe for a
 * terminal. */
void budget_hold_add(struct buf *out, const struct budget *b, const struct fleet *f,
                     const struct access *a);
/* The action of that bucket: "PutEmailIdentityMailFromAttributes". */
const char *budget_hold_action(const struct budget *b, const struct access *a);

#endif
