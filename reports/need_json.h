/*
 * What holds the earliest finish, in JSON: alike in the report of a plan and in a rehearsal.
 */
#ifndef MF_NEED_JSON_H
#define MF_NEED_JSON_H

#include "base/json_out.h"
#include "report.h"

/* The member "held_by"; nothing where need->action is NULL. */
void need_held_json(struct json_out *j, const struct report_need *need);

#endif
