#include "run.h"

enum err run_report(struct run *r, struct why *why)
{
    (void)r;
    (void)why;
    return OK;
}
