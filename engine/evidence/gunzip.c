/* The only user of zlib. zlib is here, and no library of archives, because it checks the sums. */
#include "gunzip.h"

#include <stdlib.h>
#define ZLIB_CONST /* what is read is not written to */
#include <zlib.h>

#define OUT_BYTES   (64u << 10)
#define GZIP_WINDOW (15 + 16) /* the largest window; gzip, not zlib's own format */

struct gunzip {
    z_stream stream;
    gunzip_piece piece;
    void *ctx;
    bool is_over; /* a member has ended, and no other has begun */
    bool enough;
    unsigned char out[OUT_BYTES];
};

struct gunzip *gunzip_new(gunzip_piece piece, void *ctx)
{
    struct gunzip *g = calloc(1, sizeof *g);
    if (g && inflateInit2(&g->stream, GZIP_WINDOW) == Z_OK) {
        g->piece = piece;
        g->ctx = ctx;
        return g;
    }
    free(g);
    return NULL;
}

void gunzip_free(struct gunzip *g)
{
    if (g)
        inflateEnd(&g->stream);
    free(g);
}

/* What was inflated into out. */
static void hand_over(struct gunzip *g)
{
    size_t len = OUT_BYTES - g->stream.avail_out;
    if (len && !g->piece(g->ctx, (struct text){(const char *)g->out, len}))
        g->enough = true;
}

static enum err inflate_some(struct gunzip *g, struct why *why)
{
    g->stream.next_out = g->out;
    g->stream.avail_out = OUT_BYTES;
    int status = inflate(&g->stream, Z_NO_FLUSH);
    if (status == Z_MEM_ERROR)
        return why_set(why, ERR_NOMEM, "out of memory");
    if (status != Z_OK && status != Z_STREAM_END && status != Z_BUF_ERROR)
        return why_set(why, ERR_PROTO, "the gzip data is damaged: %s",
                       g->stream.msg ? g->stream.msg : "it is not what gzip writes");
    g->is_over = status == Z_STREAM_END;
    hand_over(g);
    return OK;
}

/* Behind a member there may be another, or zeros that fill up a block of a tape. */
static bool has_more(struct gunzip *g)
{
    if (!g->is_over)
        return g->stream.avail_in > 0 || g->stream.avail_out == 0;
    while (g->stream.avail_in && *g->stream.next_in == 0) {
        g->stream.next_in++;
        g->stream.avail_in--;
    }
    if (g->stream.avail_in == 0)
        return false;
    inflateReset(&g->stream);
    g->is_over = false;
    return true;
}

enum err gunzip_add(struct gunzip *g, struct text bytes, struct why *why)
{
    enum err err = OK;
    g->stream.next_in = (const unsigned char *)bytes.at;
    g->stream.avail_in = (unsigned)bytes.len;
    g->stream.avail_out = 1;
    while (err == OK && !g->enough && has_more(g))
        err = inflate_some(g, why);
    return err;
}

enum err gunzip_end(const struct gunzip *g, struct why *why)
{
    return g->is_over || g->enough ? OK : why_set(why, ERR_PROTO, "the gzip data breaks off");
}
