/*
 * What the fuzz targets share. A target is one file with LLVMFuzzerTestOneInput(), for one parser
 * of bytes that others wrote. Linked with libFuzzer it looks for new inputs (tests/long/fuzz.sh);
 * linked with replay.c it reads those that are kept in corpus/NAME, in every run of the tests.
 *
 * Besides crashes and sanitizers' reports a target looks for broken promises: what is refused
 * leaves nothing behind, what is accepted is within its bounds and comes back the same when it is
 * written again, and a sentence for a person holds nothing that drives a terminal.
 */
#ifndef MF_FUZZ_H
#define MF_FUZZ_H

#include "base/error.h"
#include "base/text.h"

#undef NDEBUG
#include <assert.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

#define FUZZ_PATH_LEN 512

/* Writes a file into a folder of this process under TMPDIR, which is removed at the end. path is
 * filled in and returned. */
const char *fuzz_file(const char *name, struct text bytes, char path[FUZZ_PATH_LEN]);

/* The line up to the next line feed, cut off *rest; empty when there is none. */
struct text fuzz_line(struct text *rest);

/* No control character, C1 or bidirectional control, and valid UTF-8. */
bool fuzz_is_printable(struct text t);

#endif
