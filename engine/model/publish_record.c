/* The names and the classes of the states of a target. */
#include "publish_record.h"

const char *publish_state_name(enum publish_state state)
{
    static const char *const names[PUBLISH_STATES] = {
        [PUBLISH_TO_LOOK] = "to-look",     [PUBLISH_READY] = "ready",
        [PUBLISH_SENT] = "sent",           [PUBLISH_UNSURE] = "unsure",
        [PUBLISH_VERIFYING] = "verifying", [PUBLISH_DONE] = "done",
        [PUBLISH_UNCHANGED] = "unchanged", [PUBLISH_PERSON] = "blocked",
        [PUBLISH_REFUSED] = "refused",     [PUBLISH_FAILED] = "failed",
    };
    return names[state];
}

bool publish_state_is_final(enum publish_state state)
{
    return state >= PUBLISH_DONE;
}

bool publish_state_is_bad(enum publish_state state)
{
    return state >= PUBLISH_PERSON;
}
