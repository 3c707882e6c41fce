/*
 * Getting bytes to where they shall be: written beside, synced, renamed, the folder synced. So a
 * reader never sees half a file, and a failure leaves the file that was there.
 */
#ifndef MF_DELIVER_H
#define MF_DELIVER_H

#include "sink.h"

/* Adds everything to out->buf, with a sink_turn() now and then. */
typedef enum err deliver_writer(void *ctx, struct sink *out, struct why *why);

/* path "-" is standard output. A path that is no plain file (a pipe, /dev/null) is written to as it
 * is. ERR_INPUT: it is a directory. The sentence does not name the path. */
enum err deliver(const char *path, deliver_writer *write, void *ctx, struct why *why);

#endif
