/*
 * One file to the documents in it, by its content and never by its name: XML, gzip of XML, zip of
 * both. Bounded in the bytes that a file and a report may unpack to; nothing is written to disk.
 */
#ifndef MF_UNPACK_H
#define MF_UNPACK_H

#include "base/error.h"
#include "base/text.h"

struct unpack_sink {
    void *ctx;
    /* A document that looks like XML. name: of the file, or "file!member". */
    void (*begin)(void *ctx, struct text name);
    bool (*piece)(void *ctx, struct text bytes); /* false: no more of it is wanted */
    /* trouble: NULL, or why the document is not whole. */
    void (*end)(void *ctx, const char *trouble);
    /* A file or member without a document, and why: a sentence without its name. */
    void (*pass)(void *ctx, struct text name, const char *why);
    /* Likewise of one that is no report by its name, which is no trouble: "__MACOSX/...". */
    void (*aside)(void *ctx, struct text name, const char *why);
    bool (*goes_on)(void *ctx); /* false: nothing more is wanted */
};

/* fd is a regular file of size bytes, read by position. */
void unpack_file(int fd, int64_t size, struct text name, const struct unpack_sink *sink);

#endif
