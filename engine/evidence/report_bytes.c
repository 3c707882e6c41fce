/* Runs of sound bytes are copied as they are; nearly all of a report is one run of ASCII. */
#include "report_bytes.h"

#include "base/escape.h"

#include <string.h>

#define PIECE_MAX       (1u << 20)
#define DECLARATION_LEN 256 /* bytes in which the encoding is looked for */

void report_bytes_init(struct report_bytes *b)
{
    *b = (struct report_bytes){.is_utf8 = true};
    buf_init(&b->out, PIECE_MAX);
}

void report_bytes_clear(struct report_bytes *b)
{
    buf_clear(&b->out);
}

void report_bytes_begin(struct report_bytes *b)
{
    b->begun = false;
    b->held_len = 0;
}

/* By the mark, and by what the declaration says. */
static bool is_utf8(struct text head)
{
    if (head.len > 1 &&
        (head.at[0] == '\0' || head.at[1] == '\0' || text_starts(head, TEXT("\xff\xfe")) ||
         text_starts(head, TEXT("\xfe\xff"))))
        return false;
    struct text t = text_slice(head, 0, DECLARATION_LEN);
    t = text_slice(t, 0, text_find_text(t, TEXT("?>")));
    size_t at = text_find_text(t, TEXT("encoding"));
    if (at == t.len)
        return true;
    t = text_from(t, at + strlen("encoding"));
    while (t.len && strchr(" \t\r\n=\"'", t.at[0]))
        t = text_from(t, 1);
    return text_eq_nocase(text_slice(t, 0, 5), TEXT("utf-8")) ||
           text_eq_nocase(text_slice(t, 0, 8), TEXT("us-ascii"));
}

/* How many bytes the character at t has by its first one; 1 when that begins none. */
static size_t length_of(unsigned char first)
{
    if (first < 0xc2 || first > 0xf4)
        return 1;
    return first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : 2;
}

static bool is_plain(char c)
{
    unsigned char u = (unsigned char)c;
    return (u >= 0x20 && u < 0x80) || u == '\n' || u == '\r' || u == '\t';
}

/* A character that is not ASCII, or is none: its bytes, or a question mark for the first of them.
 */
static size_t add_character(struct buf *out, struct text t)
{
    uint32_t code = 0;
    size_t len = utf8_next(t, &code);
    if (len > 1 && code != 0xfffe && code != 0xffff) {
        buf_add_text(out, text_slice(t, 0, len));
        return len;
    }
    buf_add_char(out, '?');
    return 1;
}

static void add_bytes(struct report_bytes *b, struct text t)
{
    while (t.len) {
        size_t run = 0;
        while (run < t.len && is_plain(t.at[run]))
            run++;
        buf_add_text(&b->out, text_slice(t, 0, run));
        t = text_from(t, run);
        if (t.len == 0)
            return;
        if (t.len < length_of((unsigned char)t.at[0])) {
            memcpy(b->held, t.at, t.len);
            b->held_len = t.len;
            return;
        }
        t = text_from(t, add_character(&b->out, t));
    }
}

struct text report_bytes_mend(struct report_bytes *b, struct text piece)
{
    if (!b->begun && piece.len) {
        b->begun = true;
        b->is_utf8 = is_utf8(piece);
    }
    if (!b->is_utf8)
        return piece;
    buf_reset(&b->out);
    while (b->held_len && piece.len) {
        char joined[sizeof b->held + 4];
        size_t held = b->held_len, more = piece.len < 4 ? piece.len : 4;
        memcpy(joined, b->held, held);
        memcpy(joined + held, piece.at, more);
        struct text t = {joined, held + more};
        if (t.len < length_of((unsigned char)t.at[0])) {
            memcpy(b->held, joined, t.len);
            b->held_len = t.len;
            piece = TEXT_NONE;
            break;
        }
        size_t used = add_character(&b->out, t);
        b->held_len = used < held ? held - used : 0;
        memmove(b->held, joined + used, b->held_len);
        piece = text_from(piece, used > held ? used - held : 0);
    }
    add_bytes(b, piece);
    return b->out.failed ? TEXT_NONE : (struct text){b->out.len ? b->out.at : "", b->out.len};
}

struct text report_bytes_end(struct report_bytes *b)
{
    struct text left = b->held_len ? TEXT("?") : TEXT("");
    b->held_len = 0;
    return left;
}
