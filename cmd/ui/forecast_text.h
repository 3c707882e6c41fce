/* The forecast of a rehearsal, for a person and for a program: on standard output. */
#ifndef MF_FORECAST_TEXT_H
#define MF_FORECAST_TEXT_H

#include "forecast/forecast.h"

void forecast_print_text(const struct rehearsal *r);
void forecast_print_json(const struct rehearsal *r);

#endif
