/* The names of the types of notifications. */
#include "notification.h"

const char *notification_type_name(enum notification_type t)
{
    static const char *const names[NOTE_TYPES] = {
        [NOTE_PROBLEM] = "problem",           [NOTE_RUN_STARTED] = "run-started",
        [NOTE_WAVE_DONE] = "wave-done",       [NOTE_RUN_PAUSED] = "run-paused",
        [NOTE_RUN_RESUMED] = "run-resumed",   [NOTE_RUN_ENDED] = "run-ended",
        [NOTE_SWEEP_FAILED] = "sweep-failed",
    };
    return names[t];
}
