/* The port's functions, each a call of the wire or of the journal. */
#include "live.h"

static enum err live_keep(void *keeper, const struct record *records, uint32_t len, struct why *why)
{
    const struct run *r = ((struct live *)keeper)->run;
    enum err err = journal_keep(r->journal, r->head.id, records, len, why);
    if (err == OK)
        run_companions_kept(r, records, len);
    return err;
}

struct io live_io(struct live *live)
{
    struct io io = wire_io(live->wire);
    io.keep = live_keep;
    io.keeper = live;
    live->port = (struct part_port){.below = io, .part = live->run->config.part};
    return live->port.part ? part_port_io(&live->port) : io;
}
