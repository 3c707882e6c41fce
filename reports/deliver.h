/*
 * Delivery of files: written beside, synced, renamed, the folder synced. So a reader never sees
 * half a file, and a failure leaves the old file.
 */
#ifndef MF_DELIVER_H
#define MF_DELIVER_H

#include "sink.h"

#include <linux/limits.h> /* PATH_MAX; <limits.h> would find our own */

/* Adds everything to out->buf, with a sink_turn() now and then. */
typedef enum err deliver_writer(void *ctx, struct sink *out, struct why *why);

/* path "-" is standard output; "/dev/stdout" and similar names stand for their descriptor; a link
 * at path stays, and the file that it leads to is replaced (deliver_target.h). ERR_INPUT: a
 * directory, a FIFO, a socket, a device. The sentence does not name the path, here and below. */
enum err deliver(const char *path, deliver_writer *write, void *ctx, struct why *why);
/* Removes the files beside of this process, which ends then: from any thread, or inside a signal
 * handler. */
void deliver_abandon(void);

/* The descriptor named by path ("-", "/dev/stdout", "/dev/fd/63"); -1: path names a file. */
int deliver_stream(const char *path);
/* Would deliver() take this path? Makes a file beside path, and removes the file again. Called
 * before the program opens any file of its own, so no path can name the journal's descriptor. */
enum err deliver_prove(const char *path, struct why *why);
/* Does the file at path, where there is one, begin so, or with a part of it? ERR_INPUT: it holds
 * other things, which would be lost. Of descriptors, FIFOs and devices nothing is read. */
enum err deliver_vet(const char *path, struct text beginning, struct why *why);
/* Two paths of one file have one place. */
enum err deliver_place(const char *path, char place[PATH_MAX], struct why *why);

/* For many files into one folder: as deliver, but nothing is on the disk for sure before
 * deliver_settle(folder), since syncing each would take milliseconds a file. */
enum err deliver_into(const char *path, deliver_writer *write, void *ctx, struct why *why);
enum err deliver_settle(const char *folder, struct why *why);

#endif
