/* XML to (path, content) pairs. */
#include "xml.h"

#include "base/bounds.h"
#include "base/buf.h"
#include "xml/xml_stream.h"

#include <stdio.h>
#include <string.h>

#define PATH_BYTES_MAX (XML_DEPTH_MAX * 256u)

struct xml_reader {
    struct xml_stream *stream;
    const struct xml_sink *sink;
    struct buf path;
};

static bool on_start(void *user, struct text space, struct text name)
{
    struct xml_reader *r = user;
    struct why why = {""};
    (void)space;
    if (r->path.len)
        buf_add_char(&r->path, '/');
    buf_add_text(&r->path, name);
    if (r->path.failed)
        xml_stream_refuse(r->stream, why_set(&why, ERR_LIMIT, "element names are too long"), &why);
    return true;
}

static void on_end(void *user, struct text content)
{
    struct xml_reader *r = user;
    struct text path = buf_text(&r->path);
    r->sink->element(r->sink->user, path, content);
    size_t slash = text_rfind(path, '/');
    r->path.len = slash == path.len ? 0 : slash;
}

enum err xml_read(struct text document, const struct xml_sink *sink, struct why *why)
{
    struct xml_reader r = {.sink = sink};
    const struct xml_events events = {.user = &r, .start = on_start, .end = on_end};
    if (document.len > HTTP_BODY_MAX)
        return why_set(why, ERR_LIMIT, "the document is too long");
    r.stream = xml_stream_new(&events, XML_TEXT_MAX);
    if (!r.stream)
        return why_set(why, ERR_NOMEM, "out of memory");
    buf_init(&r.path, PATH_BYTES_MAX);
    enum err err = xml_stream_add(r.stream, document, why);
    if (err == OK)
        err = xml_stream_end(r.stream, why);
    if (err != OK && why) {
        size_t len = strnlen(why->text, sizeof why->text);
        snprintf(why->text + len, sizeof why->text - len, ", line %lu",
                 xml_stream_place(r.stream).line);
    }
    xml_stream_free(r.stream);
    buf_clear(&r.path);
    return err;
}
