/*
 * Bytes that cannot be read twice, or are no UTF-8, become a file in memory: what comes through a
 * pipe or from standard input, and UTF-16 with a byte order mark, which PowerShell and "Unicode
 * text" of spreadsheets write. All that follows reads one kind of file.
 */
#include "raw.h"

#include "base/escape.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define CHUNK 65536

/* A copy on its way. Large for a small stack, so it is kept in an arena. */
struct utf16 {
    unsigned char in[CHUNK];
    bool big_endian;
    size_t held;             /* of the bytes before, which are no whole unit yet */
    unsigned char byte;      /* that one */
    uint32_t high;           /* a surrogate that waits for its second half; 0: none */
    char out[CHUNK * 2 + 8]; /* a unit of two bytes becomes three at most */
    size_t out_len;
};

static void unit_put(struct utf16 *u, uint32_t code)
{
    char *at = u->out + u->out_len;
    if (code < 0x80) {
        at[0] = (char)code;
        u->out_len += 1;
    } else if (code < 0x800) {
        at[0] = (char)(0xc0 | code >> 6);
        at[1] = (char)(0x80 | (code & 0x3f));
        u->out_len += 2;
    } else if (code < 0x10000) {
        at[0] = (char)(0xe0 | code >> 12);
        at[1] = (char)(0x80 | (code >> 6 & 0x3f));
        at[2] = (char)(0x80 | (code & 0x3f));
        u->out_len += 3;
    } else {
        at[0] = (char)(0xf0 | code >> 18);
        at[1] = (char)(0x80 | (code >> 12 & 0x3f));
        at[2] = (char)(0x80 | (code >> 6 & 0x3f));
        at[3] = (char)(0x80 | (code & 0x3f));
        u->out_len += 4;
    }
}

/* Half a character becomes a byte that is no UTF-8, so that the reader complains at its place. */
static void half_put(struct utf16 *u)
{
    u->out[u->out_len++] = (char)0xff;
    u->high = 0;
}

static void unit_take(struct utf16 *u, uint32_t unit)
{
    bool is_low = unit >= 0xdc00 && unit <= 0xdfff;
    if (u->high && is_low) {
        unit_put(u, 0x10000 + ((u->high - 0xd800) << 10) + (unit - 0xdc00));
        u->high = 0;
        return;
    }
    if (u->high)
        half_put(u);
    if (unit >= 0xd800 && unit <= 0xdbff)
        u->high = unit;
    else if (is_low)
        half_put(u);
    else
        unit_put(u, unit);
}

static void bytes_take(struct utf16 *u, const unsigned char *bytes, size_t len)
{
    u->out_len = 0;
    for (size_t i = 0; i < len; i++) {
        if (u->held == 0) {
            u->byte = bytes[i];
            u->held = 1;
            continue;
        }
        u->held = 0;
        unit_take(u, u->big_endian ? (uint32_t)u->byte << 8 | bytes[i]
                                   : (uint32_t)bytes[i] << 8 | u->byte);
    }
}

static bool write_all(int fd, const void *bytes, size_t len)
{
    for (size_t done = 0; done < len;) {
        ssize_t n = write(fd, (const char *)bytes + done, len - done);
        if (n < 0 && errno != EINTR)
            return false;
        done += n > 0 ? (size_t)n : 0;
    }
    return true;
}

/* -1: errno says why. */
static ssize_t read_some(int fd, void *bytes, size_t len)
{
    ssize_t n;
    do
        n = read(fd, bytes, len);
    while (n < 0 && errno == EINTR);
    return n;
}

static bool is_utf16(const unsigned char *b, size_t len)
{
    bool is_utf32 = len >= 4 && b[0] == 0xff && b[1] == 0xfe && b[2] == 0 && b[3] == 0;
    return len >= 2 && !is_utf32 &&
           ((b[0] == 0xff && b[1] == 0xfe) || (b[0] == 0xfe && b[1] == 0xff));
}

/* At least the first four bytes, if there are as many: a pipe gives them one by one. */
static ssize_t read_first(const struct source *s, unsigned char bytes[CHUNK])
{
    size_t len = s->early_len;
    memcpy(bytes, s->early, len);
    while (len < 4) {
        ssize_t n = read_some(s->fd, bytes + len, CHUNK - len);
        if (n < 0)
            return -1;
        if (n == 0)
            break;
        len += (size_t)n;
    }
    return (ssize_t)len;
}

/* Copies all of the source; turns UTF-16 into UTF-8 on the way. False: *fault is a clause. */
static bool copy_all(const struct source *s, int to, struct utf16 *u, char fault[QUOTE_LEN])
{
    unsigned char *bytes = u->in;
    uint64_t taken = 0;
    ssize_t n = read_first(s, bytes);
    bool turns = n > 0 && is_utf16(bytes, (size_t)n);
    u->big_endian = n > 0 && bytes[0] == 0xfe;
    for (size_t skip = turns ? 2 : 0; n > 0; n = read_some(s->fd, bytes, sizeof u->in), skip = 0) {
        taken += (uint64_t)n;
        if (taken > MANIFEST_BYTES_MAX) {
            snprintf(fault, QUOTE_LEN, "it is larger than %u MB", MANIFEST_BYTES_MAX >> 20);
            return false;
        }
        if (turns)
            bytes_take(u, bytes + skip, (size_t)n - skip);
        if (!write_all(to, turns ? (const void *)u->out : bytes, turns ? u->out_len : (size_t)n))
            break;
    }
    if (n == 0 && turns && (u->high || u->held)) {
        u->out_len = 0;
        half_put(u);
        n = write_all(to, u->out, u->out_len) ? 0 : -1;
    }
    if (n != 0)
        snprintf(fault, QUOTE_LEN, "%s", strerror(errno));
    return n == 0;
}

bool spool_is_wanted(const struct source *s)
{
    unsigned char b[4] = {0};
    return is_utf16(b, source_peek(s, b, sizeof b));
}

bool spool(struct source *s, char fault[QUOTE_LEN])
{
    int memory = memfd_create("manifest", MFD_CLOEXEC);
    struct utf16 *u = arena_take(&s->raw->arena, sizeof *u);
    bool is_copied = false;
    if (memory < 0 || !u)
        snprintf(fault, QUOTE_LEN, "there is no memory for a copy of it");
    else
        is_copied = copy_all(s, memory, u, fault) && lseek(memory, 0, SEEK_SET) == 0;
    source_close(s);
    s->fd = memory;
    if (!is_copied)
        source_close(s);
    return is_copied;
}
