/*
 * Shared by writer and reader of plan files: names used only here, and lines.
 */
#ifndef MF_PLAN_INTERNAL_H
#define MF_PLAN_INTERNAL_H

#include "base/error.h"
#include "crypto/sha256.h"
#include "model/fleet.h"

#include <stdio.h>

/* As mail_from_status_name(), but "UNKNOWN" for an unknown word. */
const char *plan_status_name(enum mail_from_status status);
bool plan_status_parse(struct text t, enum mail_from_status *out);
/* verification_name() and back, strictly. */
bool plan_verification_parse(struct text t, enum verification *out);

/* Lines of a file, with a bound, hashed while reading. */
struct plan_lines {
    FILE *file;
    struct sha256 *hash; /* of all lines but the last one read */
    char *line;          /* PLAN_LINE_MAX + 1 bytes */
    size_t len;
    uint32_t number; /* of the line, from 1 */
};

enum err plan_lines_open(struct plan_lines *l, const char *path, struct why *why);
void plan_lines_close(struct plan_lines *l); /* accepts lines never opened */
/* The next line without its line feed. ERR_GONE: no more lines. ERR_LIMIT: too long, or cut. */
enum err plan_lines_next(struct plan_lines *l, struct text *line);

#endif
