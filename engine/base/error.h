/*
 * How a function says that it could not do its work.
 *
 * `enum err` is what code branches on; `struct why` is one sentence for a person, wrapped on its
 * way up with the outermost noun first: "journal .mailfrom/journal.db: disk I/O error".
 * Trouble in the outside world travels this way. Trouble in the program is an assert, which stays
 * on in release builds. Only cmd/ ends the process.
 */
#ifndef MF_ERROR_H
#define MF_ERROR_H

enum err {
    OK = 0,
    ERR_INPUT, /* what the user gave is wrong: manifest, option, file */
    ERR_LIMIT, /* a bound of limits.h was reached */
    ERR_NOMEM, /* the allocator said no */
    ERR_IO,    /* the operating system or the disk said no */
    ERR_BUSY,  /* somebody else holds it */
    ERR_AUTH,  /* no usable credentials, or the wrong ones */
    ERR_PROTO, /* the other side sent something that its protocol does not allow */
    ERR_GONE,  /* what was asked for is not there */
};

#define WHY_LEN_MAX 1024 /* longest sentence; a longer one is cut */

struct why {
    char text[WHY_LEN_MAX];
};

/* Puts the sentence into *why (which may be NULL) and returns err, so that it ends a function:
 * return why_set(why, ERR_IO, "cannot open %s: %s", path, strerror(errno)); */
enum err why_set(struct why *why, enum err err, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

/* Puts "outer: " before the sentence that is there. Returns err. */
enum err why_wrap(struct why *why, enum err err, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

#endif
