/*
 * A delivery (deliver.h) that is under way while others are. For this room only.
 */
#ifndef MF_DELIVERY_H
#define MF_DELIVERY_H

#include "deliver_part.h"
#include "sink.h"

/* A delivery of which the bytes come little by little. After OK of begin they are added to
 * sink.buf, with a sink_turn() now and then, and end is called: with OK it settles the file, with
 * the error of whoever adds it leaves the old one. */
struct delivery {
    struct sink sink;
    struct part part;
    char target[PATH_MAX]; /* that the path leads to */
    int stream;            /* -1: path names a file */
    bool sync;
};
enum err delivery_begin(struct delivery *d, const char *path, struct why *why);
enum err delivery_end(struct delivery *d, enum err err, struct why *why);
/* Had the disk no room for the file? Known once a write has failed. */
bool delivery_lacked_room(const struct delivery *d);

#endif
