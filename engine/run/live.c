/* The port's functions, each a call of the wire or of the journal. */
#include "live.h"

static enum err live_keep(void *keeper, const struct record *records, uint32_t len, struct why *why)
{
    struct live *live = keeper;
    return journal_keep(live->journal, live->run, records, len, why);
}

struct io live_io(struct live *live)
{
    struct io io = wire_io(live->wire);
    io.keep = live_keep;
    io.keeper = live;
    return io;
}
