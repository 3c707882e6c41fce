/*
 * The only user of expat. Invariant: without a document type there are no entities but the five of
 * XML itself.
 */
#include "xml_stream.h"

#include "base/bounds.h"
#include "base/buf.h"

#include <expat.h>
#include <stdlib.h>
#include <string.h>

#define SPACE_END '\x1f'     /* between namespace and name; in neither */
#define ADD_MAX   (1u << 20) /* bytes that expat takes at once */

struct xml_stream {
    XML_Parser parser;
    struct xml_events events;
    struct buf content;
    unsigned depth, passed_by; /* passed_by: the depth of the outermost element that is, or 0 */
    bool leaf;                 /* no child has ended inside the open element */
    bool is_cut;               /* of the open element, what is beyond the bound is left out */
    bool begun, is_marked;     /* a byte of the document came; a byte order mark did */
    unsigned long blank_lines; /* before the document */
    uint64_t fed, reached;     /* bytes given; and those before the last event */
    enum err err;
    struct why why;
    struct xml_place place; /* of the error */
};

/* Since 2.9 expat counts in 64 bits, by other names. */
static struct xml_place place_now(const struct xml_stream *x)
{
#ifdef HAVE_XML_LINE_NUMBER_64
    unsigned long line = (unsigned long)XML_GetCurrentLineNumber64(x->parser);
    unsigned long column = (unsigned long)XML_GetCurrentColumnNumber64(x->parser);
#else
    unsigned long line = (unsigned long)XML_GetCurrentLineNumber(x->parser);
    unsigned long column = (unsigned long)XML_GetCurrentColumnNumber(x->parser);
#endif
    return (struct xml_place){x->blank_lines + line, column + 1};
}

/* Bytes before the last event; negative: none has been. */
static int64_t bytes_reached(const struct xml_stream *x)
{
#ifdef HAVE_XML_LINE_NUMBER_64
    return (int64_t)XML_GetCurrentByteIndex64(x->parser);
#else
    return (int64_t)XML_GetCurrentByteIndex(x->parser);
#endif
}

void xml_stream_refuse(struct xml_stream *x, enum err err, const struct why *why)
{
    if (x->err)
        return;
    x->err = err;
    x->why = *why;
    x->place = place_now(x);
    XML_StopParser(x->parser, XML_FALSE);
}

void xml_stream_cut(struct xml_stream *x)
{
    x->is_cut = true;
}

void xml_stream_take_utf8(struct xml_stream *x)
{
    (void)XML_SetEncoding(x->parser, "UTF-8"); /* without memory the next piece fails */
}

static void refuse(struct xml_stream *x, enum err err, const char *trouble)
{
    struct why why = {""};
    why_set(&why, err, "%s", trouble);
    xml_stream_refuse(x, err, &why);
}

struct xml_place xml_stream_place(const struct xml_stream *x)
{
    return x->err ? x->place : place_now(x);
}

static size_t attributes_len(const XML_Char **attributes)
{
    size_t n = 0;
    while (attributes[n])
        n++;
    return n / 2;
}

static void XMLCALL on_start(void *user, const XML_Char *name, const XML_Char **attributes)
{
    struct xml_stream *x = user;
    if (x->err)
        return;
    buf_reset(&x->content);
    x->leaf = true;
    x->is_cut = false;
    if (++x->depth > XML_DEPTH_MAX) {
        refuse(x, ERR_LIMIT, "elements are too deep");
        return;
    }
    if (attributes_len(attributes) > XML_ATTRIBUTES_MAX) {
        refuse(x, ERR_LIMIT, "an element has too many attributes");
        return;
    }
    if (x->passed_by)
        return;
    struct text space = text_of(name), local = TEXT_NONE;
    size_t end = text_rfind(space, SPACE_END);
    if (end < space.len) {
        local = text_from(space, end + 1);
        space.len = end;
    } else {
        local = space;
        space = TEXT_NONE;
    }
    if (!x->events.start(x->events.user, space, local))
        x->passed_by = x->depth;
}

static struct text trimmed(struct text t)
{
    while (t.len && strchr(" \t\r\n", t.at[t.len - 1]))
        t.len--;
    return t;
}

static void XMLCALL on_end(void *user, const XML_Char *name)
{
    struct xml_stream *x = user;
    (void)name;
    if (x->err)
        return;
    if (!x->passed_by)
        x->events.end(x->events.user, x->leaf ? trimmed(buf_text(&x->content)) : TEXT_NONE);
    else if (x->passed_by == x->depth)
        x->passed_by = 0;
    x->depth--;
    x->leaf = false;
}

static void XMLCALL on_text(void *user, const XML_Char *bytes, int len)
{
    struct xml_stream *x = user;
    struct text t = {bytes, (size_t)len};
    if (x->err || !x->leaf || x->passed_by)
        return;
    while (x->content.len == 0 && t.len && strchr(" \t\r\n", t.at[0])) /* no bound for blanks */
        t = text_from(t, 1);
    if (x->is_cut)
        t = text_slice(t, 0, x->content.max - x->content.len);
    buf_add_text(&x->content, t);
    if (x->content.failed)
        refuse(x, ERR_LIMIT, "the text of an element is too long");
}

static void XMLCALL on_doctype(void *user, const XML_Char *name, const XML_Char *system_id,
                               const XML_Char *public_id, int has_internal_subset)
{
    (void)name, (void)system_id, (void)public_id, (void)has_internal_subset;
    struct xml_stream *x = user;
    refuse(x, ERR_PROTO, "a document type is not allowed");
}

struct xml_stream *xml_stream_new(const struct xml_events *events, size_t text_max)
{
    struct xml_stream *x = calloc(1, sizeof *x);
    XML_Parser parser = x ? XML_ParserCreateNS(NULL, SPACE_END) : NULL;
    if (!parser) {
        free(x);
        return NULL;
    }
    x->parser = parser;
    x->events = *events;
    buf_init(&x->content, text_max);
    XML_SetUserData(parser, x);
    XML_SetElementHandler(parser, on_start, on_end);
    XML_SetCharacterDataHandler(parser, on_text);
    XML_SetStartDoctypeDeclHandler(parser, on_doctype);
    return x;
}

void xml_stream_free(struct xml_stream *x)
{
    if (!x)
        return;
    XML_ParserFree(x->parser);
    buf_wipe(&x->content); /* STS sends secrets in XML */
    free(x);
}

/* XML wants its declaration at the very beginning; some senders have empty lines before it. */
static struct text begin(struct xml_stream *x, struct text bytes)
{
    const struct text mark = TEXT("\xef\xbb\xbf");
    if (!x->is_marked && text_starts(bytes, mark)) {
        bytes = text_from(bytes, mark.len);
        x->is_marked = true;
    }
    while (bytes.len && strchr(" \t\r\n", bytes.at[0]) && bytes.at[0]) {
        x->blank_lines += bytes.at[0] == '\n';
        bytes = text_from(bytes, 1);
    }
    x->begun = bytes.len != 0;
    return bytes;
}

static enum err parse(struct xml_stream *x, struct text bytes, bool is_last, struct why *why)
{
    enum XML_Status status =
        x->err ? XML_STATUS_ERROR
               : XML_Parse(x->parser, bytes.len ? bytes.at : "", (int)bytes.len, is_last);
    x->fed += bytes.len;
    if (status != XML_STATUS_OK && !x->err) {
        enum XML_Error code = XML_GetErrorCode(x->parser);
        refuse(x, code == XML_ERROR_NO_MEMORY ? ERR_NOMEM : ERR_PROTO, XML_ErrorString(code));
    }
    int64_t at = bytes_reached(x);
    if (at >= 0)
        x->reached = (uint64_t)at;
    if (!x->err && !is_last && x->fed - x->reached > XML_PENDING_MAX + bytes.len)
        refuse(x, ERR_LIMIT, "a tag or a comment is too long");
    return x->err ? why_set(why, x->err, "%s", x->why.text) : OK;
}

enum err xml_stream_add(struct xml_stream *x, struct text bytes, struct why *why)
{
    if (!x->begun)
        bytes = begin(x, bytes);
    enum err err = OK;
    while (bytes.len && err == OK) {
        struct text piece = text_slice(bytes, 0, ADD_MAX);
        bytes = text_from(bytes, piece.len);
        err = parse(x, piece, false, why);
    }
    return err;
}

enum err xml_stream_end(struct xml_stream *x, struct why *why)
{
    return parse(x, TEXT_NONE, true, why);
}
