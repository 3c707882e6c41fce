/* The record of a target as one of the run's. */
#include "record_publish.h"

#include "record_digest.h"

struct record publish_as_record(const struct publish_record *p)
{
    return (struct record){.job = p->target, .kind = RECORD_PUBLISH, .at = p->at, .publish = p};
}

uint64_t publish_digest(const struct publish_record *p)
{
    struct digest_fold f = {.digest = 4};
    digest_number(&f, p->target);
    digest_number(&f, p->kind);
    digest_number(&f, (uint64_t)p->at);
    digest_number(&f, p->from);
    digest_number(&f, p->state);
    digest_words(&f, p->zone);
    digest_words(&f, p->zone_id);
    digest_words(&f, p->reason);
    digest_number(&f, p->change);
    digest_number(&f, p->mx_changed);
    digest_number(&f, p->txt_changed);
    digest_words(&f, p->txt_before);
    digest_words(&f, p->txt_after);
    digest_number(&f, p->calls);
    return f.digest ? f.digest : 1;
}

void publish_created(const struct publish_record *p, bool *mx, bool *txt)
{
    bool was_sent = p->state != PUBLISH_TO_LOOK && p->state != PUBLISH_READY;
    *mx = was_sent && p->change != CHANGE_DELETE && p->mx_changed;
    *txt = was_sent && p->change == CHANGE_CREATE && p->txt_changed;
}
