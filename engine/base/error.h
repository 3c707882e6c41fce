/*
 * How a function reports a failure.
 *
 * Code branches on `enum err`; a person reads `struct why`, one sentence. Each caller puts its noun
 * in front, so the outermost noun comes first: "journal .mailfrom/journal.db: disk I/O error".
 * Failures of the outside world are reported so. A fault of the program is an assert, on in release
 * builds too. Only cmd/ ends the process.
 */
#ifndef MF_ERROR_H
#define MF_ERROR_H

enum err {
    OK = 0,
    ERR_INPUT,  /* wrong input from the user: manifest, option, file */
    ERR_LIMIT,  /* a bound of limits.h was reached */
    ERR_NOMEM,  /* the allocator said no */
    ERR_IO,     /* the operating system or the disk said no */
    ERR_BUSY,   /* another process holds the file or lock */
    ERR_AUTH,   /* no usable credentials, or the wrong ones */
    ERR_PROTO,  /* the peer broke its protocol */
    ERR_GONE,   /* the thing asked for does not exist */
    ERR_AWAY,   /* a database cannot be reached now: what was asked of it is not known to have been
                   done, and a later try may work */
    ERR_FENCED, /* the right to write has passed to another worker: nothing was kept */
};

#define WHY_LEN_MAX 1024 /* longest sentence; a longer one is cut */

struct why {
    char text[WHY_LEN_MAX];
};

/* Puts the sentence into *why (NULL allowed) and returns err. A function can end with return
 * why_set(why, ERR_IO, "cannot open %s: %s", path, strerror(errno)); */
enum err why_set(struct why *why, enum err err, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

/* Puts "outer: " before the sentence of *why. Returns err. */
enum err why_wrap(struct why *why, enum err err, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

#endif
