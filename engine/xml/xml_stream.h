/*
 * XML of others, in pieces of any size: elements and their text. No document type is taken, so
 * there are no entities but the five of XML itself, no text can grow, and no file or address is
 * ever fetched. Bounded in depth, attributes, the length of a text and of a tag (base/bounds.h).
 * Encodings are expat's: UTF-8, UTF-16, ISO-8859-1, US-ASCII. White space before the document is
 * passed by. One thread; events come from within xml_stream_add() and xml_stream_end().
 */
#ifndef MF_XML_STREAM_H
#define MF_XML_STREAM_H

#include "base/error.h"
#include "base/text.h"

struct xml_events {
    void *user;
    /* An element begins; space is its namespace or empty, name is without a prefix. False: it is
     * passed by with all that is inside, and end() does not come for it. Texts are borrowed for the
     * call. */
    bool (*start)(void *user, struct text space, struct text name);
    /* An element ends. content is the text directly inside, trimmed; empty when it has elements. */
    void (*end)(void *user, struct text content);
};

struct xml_place {
    unsigned long line, column; /* both from 1 */
};

struct xml_stream;
/* text_max: bytes of one element's text. NULL: out of memory. */
struct xml_stream *xml_stream_new(const struct xml_events *events, size_t text_max);
void xml_stream_free(struct xml_stream *x); /* accepts NULL; wipes the last text */

/* ERR_PROTO: not well-formed, or not taken here; ERR_LIMIT; ERR_NOMEM; or what an event refused
 * with. The sentence does not say where: xml_stream_place() does. Events before the error have
 * been; none comes after, and the stream takes nothing more. */
enum err xml_stream_add(struct xml_stream *x, struct text bytes, struct why *why);
/* The document is whole. */
enum err xml_stream_end(struct xml_stream *x, struct why *why);

/* Before the first byte: it is UTF-8, whatever its declaration says. */
void xml_stream_take_utf8(struct xml_stream *x);
/* From start(): of the element's text no more than text_max bytes are wanted, and the rest is no
 * error. */
void xml_stream_cut(struct xml_stream *x);
/* From an event: the document is refused for what why->text says. */
void xml_stream_refuse(struct xml_stream *x, enum err err, const struct why *why);
/* Of the event, or of the error. */
struct xml_place xml_stream_place(const struct xml_stream *x);

#endif
