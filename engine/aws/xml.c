/*
 * XML to (path, content) pairs, by expat; the only user of expat. Invariant: without a document
 * type there are no entities but the five of XML itself, so no text can grow, and no file or
 * address is ever fetched.
 */
#include "xml.h"

#include "base/bounds.h"
#include "base/buf.h"

#include <expat.h>
#include <string.h>

#define PATH_BYTES_MAX (XML_DEPTH_MAX * 256u)

struct xml_reader {
    XML_Parser parser;
    const struct xml_sink *sink;
    struct buf path, content;
    unsigned depth;
    bool leaf; /* no child has ended inside the open element: content is the element's own */
    enum err err;
    const char *trouble;
};

static void reader_stop(struct xml_reader *r, enum err err, const char *trouble)
{
    if (r->err)
        return;
    r->err = err;
    r->trouble = trouble;
    XML_StopParser(r->parser, XML_FALSE);
}

static void XMLCALL on_start(void *user, const XML_Char *name, const XML_Char **attributes)
{
    struct xml_reader *r = user;
    (void)attributes;
    if (r->err)
        return;
    if (++r->depth > XML_DEPTH_MAX) {
        reader_stop(r, ERR_LIMIT, "elements are too deep");
        return;
    }
    const char *colon = strrchr(name, ':');
    if (r->path.len)
        buf_add_char(&r->path, '/');
    buf_add_str(&r->path, colon ? colon + 1 : name);
    buf_reset(&r->content);
    r->leaf = true;
    if (r->path.failed)
        reader_stop(r, ERR_LIMIT, "element names are too long");
}

static struct text trimmed(struct text t)
{
    while (t.len && strchr(" \t\r\n", t.at[0]))
        t = text_from(t, 1);
    while (t.len && strchr(" \t\r\n", t.at[t.len - 1]))
        t.len--;
    return t;
}

static void XMLCALL on_end(void *user, const XML_Char *name)
{
    struct xml_reader *r = user;
    (void)name;
    if (r->err)
        return;
    struct text path = buf_text(&r->path);
    struct text content = r->leaf ? trimmed(buf_text(&r->content)) : TEXT_NONE;
    r->sink->element(r->sink->user, path, content);
    size_t slash = text_rfind(path, '/');
    r->path.len = slash == path.len ? 0 : slash;
    r->depth--;
    r->leaf = false;
}

static void XMLCALL on_text(void *user, const XML_Char *bytes, int len)
{
    struct xml_reader *r = user;
    if (r->err || !r->leaf)
        return;
    buf_add(&r->content, bytes, (size_t)len);
    if (r->content.failed)
        reader_stop(r, ERR_LIMIT, "the text of an element is too long");
}

static void XMLCALL on_doctype(void *user, const XML_Char *name, const XML_Char *system_id,
                               const XML_Char *public_id, int has_internal_subset)
{
    (void)name, (void)system_id, (void)public_id, (void)has_internal_subset;
    reader_stop(user, ERR_PROTO, "a document type is not allowed");
}

/* Since 2.9 expat counts lines in 64 bits, by another name. */
static unsigned long line_of(XML_Parser parser)
{
#ifdef HAVE_XML_LINE_NUMBER_64
    return (unsigned long)XML_GetCurrentLineNumber64(parser);
#else
    return (unsigned long)XML_GetCurrentLineNumber(parser);
#endif
}

static enum err reader_run(struct xml_reader *r, struct text document, struct why *why)
{
    XML_SetUserData(r->parser, r);
    XML_SetElementHandler(r->parser, on_start, on_end);
    XML_SetCharacterDataHandler(r->parser, on_text);
    XML_SetStartDoctypeDeclHandler(r->parser, on_doctype);
    if (XML_Parse(r->parser, document.len ? document.at : "", (int)document.len, XML_TRUE) ==
        XML_STATUS_OK)
        return OK;
    if (r->err)
        return why_set(why, r->err, "%s", r->trouble);
    enum XML_Error code = XML_GetErrorCode(r->parser);
    return why_set(why, code == XML_ERROR_NO_MEMORY ? ERR_NOMEM : ERR_PROTO, "%s, line %lu",
                   XML_ErrorString(code), line_of(r->parser));
}

enum err xml_read(struct text document, const struct xml_sink *sink, struct why *why)
{
    struct xml_reader r = {.sink = sink};
    if (document.len > HTTP_BODY_MAX)
        return why_set(why, ERR_LIMIT, "the document is too long");
    r.parser = XML_ParserCreate(NULL);
    if (!r.parser)
        return why_set(why, ERR_NOMEM, "out of memory");
    buf_init(&r.path, PATH_BYTES_MAX);
    buf_init(&r.content, XML_TEXT_MAX);
    enum err err = reader_run(&r, document, why);
    XML_ParserFree(r.parser);
    buf_clear(&r.path);
    buf_wipe(&r.content); /* STS sends secrets in XML */
    return err;
}
