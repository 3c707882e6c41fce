/*
 * Domain names as text, in the program's inner form: lower case, A-labels, no dot at the end (RFC
 * 1034, section 3.1; RFC 5890 for A-labels). IDNA conversion is in rules/idna.c.
 */
#ifndef MF_DNAME_H
#define MF_DNAME_H

#include "text.h"

#define DNAME_LEN_MAX  253 /* RFC 1035, section 2.3.4: 255 octets on the wire */
#define DLABEL_LEN_MAX 63

enum dname_fault {
    DNAME_OK,
    DNAME_EMPTY,
    DNAME_TOO_LONG,
    DNAME_LABEL_EMPTY,
    DNAME_LABEL_TOO_LONG,
    DNAME_LABEL_HYPHEN, /* begins or ends with one */
    DNAME_CHARACTER,    /* not a letter, digit or hyphen (RFC 952, RFC 1123) */
    DNAME_SINGLE_LABEL, /* "localhost" */
    DNAME_NUMERIC_TOP,  /* "10.0.0.1": the top label has only digits (RFC 3696) */
};

/* Returns the first reason why name is no host name for mail. An underscore is DNAME_CHARACTER: SES
 * accepts none in a MAIL FROM. */
enum dname_fault dname_check(struct text name);
const char *dname_fault_text(enum dname_fault fault); /* "a label is longer than 63 characters" */

/* Copies name in lower case and without one final dot. False: name does not fit. */
bool dname_normalize(struct text name, char out[DNAME_LEN_MAX + 1], struct text *result);

bool dname_eq(struct text a, struct text b); /* case and one final dot make no difference */
/* Is name strictly below parent? "a.example.com" is below "example.com"; "example.com" is not. */
bool dname_below(struct text name, struct text parent);
struct text dname_parent(struct text name); /* without the first label; empty at the top */
unsigned dname_labels(struct text name);
/* The rightmost count labels. */
struct text dname_tail(struct text name, unsigned count);

#endif
