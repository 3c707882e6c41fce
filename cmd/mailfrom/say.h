/*
 * Speaking to a person: results on standard output, complaints on standard error. Text from
 * outside passes through escape_terminal(), so nobody's DNS record drives the terminal.
 */
#ifndef MF_SAY_H
#define MF_SAY_H

#include "buf.h"
#include "manifest.h"
#include "options.h"

enum color { COLOR_PLAIN, COLOR_GREEN, COLOR_YELLOW, COLOR_RED, COLOR_DIM };

void say_setup(const struct options *o);
void say_error(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
void say_note(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
void say_complaints(const struct complaints *complaints); /* file:line:column, one a line */
/* The sequence that begins a colour on standard output, or "" where colours are not wanted. */
const char *say_color(const struct options *o, enum color color);
/* t made safe, in a buffer of the caller; returns its text as a C string. */
const char *say_safe(struct buf *scratch, struct text t);
/* Flushes standard output; a failure turns a good exit code into EXIT_CANNOT_RUN. */
int say_flush(int exit_code);

#endif
