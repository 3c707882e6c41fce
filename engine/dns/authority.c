/*
 * The authority mode of an inquiry.
 */
#include "authority.h"

void authority_start(struct inquiry *q)
{
    inquiry_end_in_trouble(q, TEXT("authorities cannot be asked by this build"));
}

void authority_reply(struct inquiry *q, uint32_t number, const struct dns_reply *reply)
{
    (void)q;
    (void)number;
    (void)reply;
}
