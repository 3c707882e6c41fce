/*
 * A file that may hold secrets, read whole. For the family of this folder.
 */
#ifndef MF_SECRET_FILE_H
#define MF_SECRET_FILE_H

#include "base/buf.h"
#include "base/error.h"

/* Appends a regular file to *out, whose bound is the file's. ERR_GONE: it does not exist;
 * ERR_LIMIT: it, or its path, is too long. The error tells the path, never what stands in the file.
 */
enum err secret_file_read(struct buf *out, struct text name, struct why *why);

#endif
