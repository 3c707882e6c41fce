/*
 * One DNS question to one server, and the outcome. Questions are made by pure state machines
 * (inquiry.h), carried by the world, and answered with a parsed message or with the kind of
 * failure.
 */
#ifndef MF_DNS_QUESTION_H
#define MF_DNS_QUESTION_H

#include "message.h"

/* family 0 stands for the resolvers of the run; 4 and 6 name one server, authority or resolver. */
struct dns_server {
    uint8_t family;
    uint16_t port;
    uint8_t address[16];
};

struct dns_question {
    struct text name; /* presentation form, no final dot */
    uint16_t type;
    bool recurse;   /* RD; false towards authoritative servers */
    bool unchecked; /* CD: a resolver that validates DNSSEC does not */
    bool of_all;    /* each resolver of the run is asked until one says SERVFAIL */
    struct dns_server server;
};

enum dns_outcome {
    DNS_ANSWERED, /* a message came; its rcode may be anything */
    DNS_TIMED_OUT,
    DNS_UNREACHABLE, /* connection refused, no route */
    DNS_GARBLED,     /* a message came, and dns_message_parse refused the bytes */
};

struct dns_reply {
    enum dns_outcome outcome;
    struct dns_message message; /* outcome DNS_ANSWERED */
    struct dns_server by;       /* who has sent it; family 0: a simulated resolver */
    bool has_others;            /* one of several resolvers, who may say something else */
    char trouble[128];          /* other outcomes: for a person */
    int64_t same_until; /* instant: until then the question would get an equal answer. 0: unknown,
                           as in life; a simulated world can know */
};

#endif
