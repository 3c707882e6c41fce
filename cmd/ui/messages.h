/*
 * Speaking to a person: results on standard output, complaints on standard error. Text from
 * outside passes through escape_terminal(), so nobody's DNS record drives the terminal.
 */
#ifndef MF_MESSAGES_H
#define MF_MESSAGES_H

#include "base/buf.h"
#include "base/notices.h"
#include "manifests/manifest.h"
#include "options/options.h"

enum color { COLOR_PLAIN, COLOR_GREEN, COLOR_YELLOW, COLOR_RED, COLOR_DIM, COLOR_BOLD };

void message_setup(const struct options *o);
void message_error(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
void message_note(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
/* Like message_error(), with a command for pasting (advice.h) behind, unchanged. */
void message_error_then(const char *command, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));
void message_note_then(const char *command, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));
/* Notices of the rooms below, as the two above. */
struct notices message_notices(void);
/* file:line:column, one a line; the first COMPLAINTS_SHOWN, or with --all each that was kept, and
 * how many there are. */
void message_complaints(const struct options *o, const struct complaints *complaints);
/* "fleet.yaml:12:5", made safe; "fleet.yaml" for the file as a whole. Returns it as a C string. */
const char *message_place(struct buf *scratch, struct text file, uint32_t line, uint32_t column);
/* The sequence that begins a colour on standard output, or "" where colours are not wanted. */
const char *message_color(const struct options *o, enum color color);
/* t made safe, in a buffer of the caller; returns its text as a C string. */
const char *message_safe(struct buf *scratch, struct text t);
/* A value that somebody has typed, for a sentence: safe for a terminal, short, and with characters
 * that cannot be seen as <U+00A0>. Valid until scratch changes. */
const char *message_value(struct buf *scratch, struct text t);
/* Columns of the terminal on standard output; 0: it is none, and lines stay whole. */
size_t message_width(void);
/* Prints safe text on lines of its own, each after the indent, broken at blanks where it is wider
 * than the terminal. */
void message_wrapped(size_t indent, struct text safe);
/* The same, of a sentence that is safe already. */
void message_say(size_t indent, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* Flushes standard output; a failure turns a good exit code into EXIT_CANNOT_RUN. */
int message_flush(int exit_code);

#endif
