/*
 * A file is one stream of bytes, and so is each member of a zip. What a stream is, its first bytes
 * say; a gzip stream is a stream again, once. The budget is of the file as a whole, so that members
 * of a zip that lie on one another cannot be counted anew.
 */
#include "unpack.h"

#include "base/bounds.h"
#include "base/buf.h"
#include "base/count.h"
#include "gunzip.h"
#include "unzip.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define PIECE_BYTES (64u << 10)

enum kind { KIND_OTHER, KIND_XML, KIND_GZIP, KIND_ZIP, KIND_MAIL, KIND_EMPTY };

struct budget {
    int64_t left; /* bytes that the file may still unpack to */
};

struct stream {
    const struct unpack_sink *sink;
    struct budget *budget;
    struct text name;
    enum kind kind;
    bool is_inner; /* inside gzip: is not opened again */
    bool begun, is_document, enough;
    int64_t len; /* of the document */
    struct gunzip *gunzip;
    struct stream *inner;
    struct why trouble; /* the first; "": none */
};

/* ---- what it is ---- */

/* "Received: from ...": a header of a mail, whose attachment was meant. */
static bool is_mail(struct text head)
{
    size_t len = 0;
    while (len < head.len && (char_is_alnum(head.at[len]) || head.at[len] == '-'))
        len++;
    return (len > 1 && len < 40 && len < head.len && head.at[len] == ':') ||
           text_starts(head, TEXT("From "));
}

static enum kind kind_of(struct text head)
{
    if (head.len == 0)
        return KIND_EMPTY;
    if (text_starts(head, TEXT("\x1f\x8b")))
        return KIND_GZIP;
    if (text_starts(head, TEXT("PK\3\4")) || text_starts(head, TEXT("PK\5\6")))
        return KIND_ZIP;
    if (text_starts(head, TEXT("\xff\xfe")) || text_starts(head, TEXT("\xfe\xff")))
        return KIND_XML;
    if (text_starts(head, TEXT("\xef\xbb\xbf")))
        head = text_from(head, 3);
    size_t blank = 0;
    while (blank < head.len && memchr(" \t\r\n\0", head.at[blank], 5))
        blank++;
    head = text_from(head, blank);
    return text_starts(head, TEXT("<")) ? KIND_XML : is_mail(head) ? KIND_MAIL : KIND_OTHER;
}

/* What systems and people put beside reports: hidden files, thumbnails, a text to read. Only of
 * what is no report by its content. */
static bool is_beside(struct text path)
{
    static const struct text names[] = {TEXT("thumbs.db"), TEXT("desktop.ini")};
    static const struct text ends[] = {TEXT(".txt"), TEXT(".md")};
    size_t slash = text_rfind(path, '/'), member = text_rfind(path, '!');
    struct text name = text_from(path, slash < path.len ? slash + 1 : 0);
    if (member < path.len && (slash == path.len || member > slash))
        name = text_from(path, member + 1);
    if (text_find_text(path, TEXT("!__MACOSX/")) < path.len || text_starts(name, TEXT(".")))
        return true;
    for (size_t i = 0; i < COUNT(names); i++)
        if (text_eq_nocase(name, names[i]))
            return true;
    for (size_t i = 0; i < COUNT(ends); i++)
        if (name.len > ends[i].len &&
            text_eq_nocase(text_from(name, name.len - ends[i].len), ends[i]))
            return true;
    return text_eq_nocase(name, TEXT("readme"));
}

/* ---- streams ---- */

static bool stream_piece(void *ctx, struct text bytes);

static void stream_trouble(struct stream *s, const struct why *why)
{
    if (!s->trouble.text[0])
        s->trouble = *why;
    s->enough = true;
}

/* What is neither XML nor gzip. */
static void stream_refuse(struct stream *s)
{
    struct why why = {""};
    switch (s->kind) {
    case KIND_EMPTY: why_set(&why, ERR_PROTO, "it is empty"); break;
    case KIND_MAIL:
        why_set(&why, ERR_PROTO, "it is a mail; expected is the report that is attached to it");
        break;
    case KIND_ZIP: why_set(&why, ERR_PROTO, "a zip inside another file is not opened"); break;
    case KIND_GZIP: why_set(&why, ERR_PROTO, "gzip inside gzip is not opened"); break;
    default: why_set(&why, ERR_PROTO, "it is no report: neither XML nor gzip nor zip");
    }
    stream_trouble(s, &why);
}

static void out_of_memory(struct stream *s)
{
    struct why why = {""};
    why_set(&why, ERR_NOMEM, "out of memory");
    stream_trouble(s, &why);
}

static bool budget_spend(struct stream *s, size_t len)
{
    struct why why = {""};
    s->budget->left -= (int64_t)len;
    s->len += (int64_t)len;
    if (s->budget->left < 0)
        why_set(&why, ERR_LIMIT, "the file unpacks to over %d times its size; the rest is not read",
                EVIDENCE_RATIO_MAX);
    else if (s->len > EVIDENCE_UNPACKED_MAX)
        why_set(&why, ERR_LIMIT, "the report is larger than is taken");
    if (why.text[0])
        stream_trouble(s, &why);
    return !s->enough;
}

static void stream_begin(struct stream *s, struct text head)
{
    s->begun = true;
    s->kind = kind_of(head);
    if (s->kind == KIND_XML) {
        s->is_document = true;
        s->sink->begin(s->sink->ctx, s->name);
        return;
    }
    if (s->kind != KIND_GZIP || s->is_inner) {
        stream_refuse(s);
        return;
    }
    s->inner = calloc(1, sizeof *s->inner);
    if (s->inner)
        *s->inner = (struct stream){
            .sink = s->sink, .budget = s->budget, .name = s->name, .is_inner = true};
    s->gunzip = s->inner ? gunzip_new(stream_piece, s->inner) : NULL;
    if (!s->gunzip)
        out_of_memory(s);
}

static bool stream_piece(void *ctx, struct text bytes)
{
    struct stream *s = ctx;
    struct why why = {""};
    if (!s->enough && !s->begun)
        stream_begin(s, bytes);
    if (s->enough || !budget_spend(s, bytes.len))
        return false;
    if (s->is_document)
        s->enough = !s->sink->piece(s->sink->ctx, bytes);
    else if (gunzip_add(s->gunzip, bytes, &why) != OK)
        stream_trouble(s, &why);
    else
        s->enough = s->inner->enough;
    return !s->enough;
}

/* trouble: of what brought the bytes, or NULL. */
static void stream_end(struct stream *s, const char *trouble)
{
    struct why why = {""};
    if (trouble) {
        why_set(&why, ERR_PROTO, "%s", trouble);
        stream_trouble(s, &why);
    }
    if (!s->begun && !s->trouble.text[0]) {
        s->kind = KIND_EMPTY;
        stream_refuse(s);
    }
    if (s->gunzip && !s->trouble.text[0] && gunzip_end(s->gunzip, &why) != OK)
        stream_trouble(s, &why);
    const char *told = s->trouble.text[0] ? s->trouble.text : NULL;
    if (s->inner)
        stream_end(s->inner, told);
    else if (s->is_document)
        s->sink->end(s->sink->ctx, told);
    else if (!trouble && (s->kind == KIND_OTHER || s->kind == KIND_EMPTY) && is_beside(s->name))
        s->sink->aside(s->sink->ctx, s->name,
                       "passed over: by its name and content it is no report");
    else
        s->sink->pass(s->sink->ctx, s->name, told ? told : "");
    gunzip_free(s->gunzip);
    free(s->inner);
}

/* ---- files ---- */

struct member_reading {
    const struct unpack_sink *sink;
    struct budget *budget;
    struct text file;
    struct buf name;
    struct stream *stream;
    bool has_some; /* a member came */
};

static bool member_begin(void *ctx, struct text name)
{
    struct member_reading *m = ctx;
    m->has_some = true;
    buf_reset(&m->name);
    buf_add_text(&m->name, m->file);
    buf_add_char(&m->name, '!');
    buf_add_text(&m->name, text_slice(name, 0, PATH_LEN_MAX));
    *m->stream = (struct stream){.sink = m->sink, .budget = m->budget, .name = buf_text(&m->name)};
    return true;
}

static bool member_piece(void *ctx, struct text bytes)
{
    struct member_reading *m = ctx;
    return stream_piece(m->stream, bytes);
}

static bool member_end(void *ctx, const char *trouble)
{
    struct member_reading *m = ctx;
    stream_end(m->stream, trouble);
    return m->budget->left >= 0 && m->sink->goes_on(m->sink->ctx);
}

static void zip_file(int fd, int64_t size, struct text name, struct budget *budget,
                     const struct unpack_sink *sink)
{
    struct stream stream;
    struct member_reading m = {.sink = sink, .budget = budget, .file = name, .stream = &stream};
    const struct unzip_sink members = {
        .ctx = &m, .begin = member_begin, .piece = member_piece, .end = member_end};
    struct why why = {""};
    enum err err = OK;
    buf_init(&m.name, (size_t)PATH_LEN_MAX * 2 + 2);
    if (size > EVIDENCE_ZIP_MAX)
        err = why_set(&why, ERR_LIMIT, "the zip is over %d MB; expected are its members, unpacked",
                      (int)(EVIDENCE_ZIP_MAX >> 20));
    if (err == OK)
        err = unzip_read(fd, &members, &why);
    if (err == OK && !m.has_some)
        err = why_set(&why, ERR_PROTO, "the zip has no files in it; expected are reports");
    if (err != OK)
        sink->pass(sink->ctx, name, why.text);
    buf_clear(&m.name);
}

static void plain_file(int fd, struct stream *s)
{
    char *bytes = malloc(PIECE_BYTES);
    int64_t at = 0;
    ssize_t len = 0;
    bool wanted = bytes != NULL;
    while (wanted && (len = pread(fd, bytes, PIECE_BYTES, at)) > 0) {
        at += len;
        wanted = stream_piece(s, (struct text){bytes, (size_t)len});
    }
    stream_end(s, !bytes ? "out of memory" : len < 0 ? strerror(errno) : NULL);
    free(bytes);
}

void unpack_file(int fd, int64_t size, struct text name, const struct unpack_sink *sink)
{
    char head[4];
    struct budget budget = {EVIDENCE_RATIO_FIRST + size * (EVIDENCE_RATIO_MAX + 1)};
    struct stream s = {.sink = sink, .budget = &budget, .name = name};
    struct why why = {""};
    if (size > EVIDENCE_FILE_MAX) {
        why_set(&why, ERR_LIMIT, "the file is over %d MB", (int)(EVIDENCE_FILE_MAX >> 20));
        sink->pass(sink->ctx, name, why.text);
        return;
    }
    ssize_t len = pread(fd, head, sizeof head, 0);
    if (len > 0 && kind_of((struct text){head, (size_t)len}) == KIND_ZIP)
        zip_file(fd, size, name, &budget, sink);
    else
        plain_file(fd, &s);
}
