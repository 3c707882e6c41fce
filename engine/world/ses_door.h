/*
 * The SES model's door for calls of the engine: like ses-sim, without HTTP.
 */
#ifndef MF_SES_DOOR_H
#define MF_SES_DOOR_H

#include "calls/call.h"
#include "ses_model.h"

/* Serves the call at `now`: takes a token, reads or writes, and fills in the answer. lane is the
 * model's. */
void ses_door_serve(struct ses_model *m, uint16_t lane, struct call *call, instant_us now);

/* Fills in an error, as told by both protocols. */
void ses_door_refuse(struct call *call, unsigned status, const char *code, const char *message);

#endif
