/*
 * Reads a whole file with possible secrets. For the family of this folder, and for keys to DNS.
 */
#ifndef MF_SECRET_FILE_H
#define MF_SECRET_FILE_H

#include "base/buf.h"
#include "base/error.h"

/* Appends a regular file, or nothing of /dev/null, to *out; the bound of *out bounds the file.
 * ERR_GONE: no such file; ERR_LIMIT: the file or the path is too long. The error tells the path,
 * never the content.
 */
enum err secret_file_read(struct buf *out, struct text name, struct why *why);
/* The same of a file that holds nothing but a secret: ERR_INPUT where group or others may read it.
 */
enum err secret_file_read_own(struct buf *out, struct text name, struct why *why);

#endif
