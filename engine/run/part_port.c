/* What the leases do not let go on ends the run here; what may not leave any more comes back as not
   sent. */
#include "part_port.h"

static bool is_intent(const struct record *r)
{
    return r->kind == RECORD_INTENT ||
           (r->kind == RECORD_PUBLISH && r->publish->kind == PUBLISH_INTENT);
}

static instant_us port_now(void *world)
{
    const struct part_port *port = world;
    return port->below.now(port->below.world);
}

static uint32_t port_wait(void *world, instant_us until, struct event *events, uint32_t max)
{
    const struct part_port *port = world;
    return port->below.wait(port->below.world, until, events, max);
}

static enum err port_keep(void *keeper, const struct record *records, uint32_t len, struct why *why)
{
    struct part_port *port = keeper;
    bool intends = false;
    instant_us until = 0;
    for (uint32_t i = 0; i < len && !intends; i++)
        intends = is_intent(&records[i]);
    enum err err = port->part->may(port->part->ctx, intends, port_now(port), &until, why);
    if (err != OK)
        return err;
    port->send_until = until;
    return port->below.keep(port->below.keeper, records, len, why);
}

/* A question that may not leave any more comes back as not sent, as a write does. */
static void port_send(void *world, struct call **calls, uint32_t len)
{
    struct part_port *port = world;
    instant_us now = port_now(port), until = now;
    struct why unheard = {""};
    if (port->part->may(port->part->ctx, false, now, &until, &unheard) != OK)
        until = 1;
    for (uint32_t i = 0; i < len; i++) {
        bool is_write = call_changes_world(calls[i]->kind);
        instant_us last = is_write ? when_earlier(until, port->send_until) : until;
        if (calls[i]->not_after)
            last = when_earlier(last, calls[i]->not_after);
        if (calls[i]->kind != CALL_ASK)
            calls[i]->not_after = when_later(last, 1);
    }
    port->below.send(port->below.world, calls, len);
}

struct io part_port_io(struct part_port *port)
{
    return (struct io){port, port_now, port_wait, port_send, port_keep, port};
}
