/*
 * One request at a time over HTTPS, waited for: how the credential providers reach the network. A
 * courier belongs to the thread that waits.
 */
#ifndef MF_COURIER_H
#define MF_COURIER_H

#include "https.h"

struct courier;

/* config is borrowed; ending_fd becomes readable when waiting has to end. */
enum err courier_open(struct courier **out, const struct https_config *config, int ending_fd,
                      struct why *why);
void courier_close(struct courier *c); /* NULL is fine */
/* Valid until close, or until the next one. ca_bundle: of the account; NULL: the config's. */
struct http_exchange courier_exchange(struct courier *c, const char *ca_bundle);

#endif
