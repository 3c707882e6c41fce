/*
 * A small, bounded reader of AWS's XML: elements and their text, without document types, entities
 * of one's own, or depth beyond XML_DEPTH_MAX. Attributes are ignored; a namespace prefix is taken
 * off. For the family of this room.
 */
#ifndef MF_XML_H
#define MF_XML_H

#include "base/error.h"
#include "base/text.h"

struct xml_sink {
    void *user;
    /* An element has ended. path has the names of the element and its ancestors, joined by "/";
     * content is the text directly inside, trimmed, empty for an element with children. Both are
     * borrowed for the length of the call. Elements come in the order of their end tags. */
    void (*element)(void *user, struct text path, struct text content);
};

/* ERR_PROTO: not well-formed or beyond the limits above; ERR_LIMIT; ERR_NOMEM. Elements before the
 * error have already reached the sink. */
enum err xml_read(struct text document, const struct xml_sink *sink, struct why *why);

#endif
