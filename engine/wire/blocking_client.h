/*
 * One request at a time over HTTPS: the caller waits for the answer. The credential providers reach
 * the network so. A blocking client belongs to the waiting thread.
 */
#ifndef MF_BLOCKING_CLIENT_H
#define MF_BLOCKING_CLIENT_H

#include "https.h"

struct blocking_client;

/* config is borrowed; ending_fd becomes readable when waiting has to end. */
enum err blocking_client_open(struct blocking_client **out, const struct https_config *config,
                              int ending_fd, struct why *why);
void blocking_client_close(struct blocking_client *c); /* NULL is fine */
/* Valid until close, or until the next one. ca_bundle: of the account; NULL: the config's. */
struct http_exchange blocking_client_exchange(struct blocking_client *c, const char *ca_bundle);

#endif
