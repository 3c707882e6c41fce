/*
 * The file of events: one JSON line for each, appended by one write(2), so a killed process leaves
 * whole lines, and several processes may share the file. A file that was moved or removed (by
 * logrotate, say) is made anew; one that was cut off is gone on with. A line that a full disk has
 * cut is closed by a newline before the next one.
 *
 * The path may be "-" and other names of descriptors, a FIFO that is read, a device. What does not
 * take a line within EVENTS_WAIT loses it. Nothing is synced: a power cut may take the last lines.
 * For the family of this room.
 */
#ifndef MF_EVENTS_FILE_H
#define MF_EVENTS_FILE_H

#include "outlet.h"

#define EVENTS_WAIT SPAN_S(10)

struct events_file {
    const char *path; /* borrowed */
    int fd;           /* -1: not open */
    int ending_fd;
    bool is_stream; /* a descriptor of the process, which is never opened anew */
    bool is_regular;
    bool is_torn; /* the last line has no end */
};

/* ERR_IO: it cannot be opened; ERR_INPUT: a folder, or a FIFO that nobody reads. The sentence does
 * not name the path. */
enum err events_file_new(struct events_file **out, const char *path, int ending_fd,
                         struct why *why);
enum delivery events_file_deliver(void *ctx, struct outlet *o, const struct message *m,
                                  struct text bytes, struct why *why);
void events_file_free(void *ctx);

#endif
