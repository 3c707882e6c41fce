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

/* For many files into one folder: as deliver, but nothing is on the disk for sure before
 * deliver_settle(folder), since syncing each would take milliseconds a file. */
enum err deliver_into(const char *path, deliver_writer *write, void *ctx, struct why *why);
enum err deliver_settle(const char *folder, struct why *why);

#endif
