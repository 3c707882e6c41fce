/*
 * A small DNS for tests: servers with records and faults, read from lines of text, that answer
 * questions the way real servers do (aliases, wildcards, delegations with glue, denials with SOA).
 */
#ifndef MF_SCRIPTED_DNS_H
#define MF_SCRIPTED_DNS_H

#include "dns/question.h"

#define SCRIPT_RECORDS_MAX 96
#define SCRIPT_SERVERS_MAX 32

struct script_fault {
    uint16_t type;    /* 0: every type */
    struct text what; /* "timeout", "unreachable", "garbled", "truncated", "lame", "other-question",
                         or an rcode's name */
};

struct script_server {
    struct text address; /* "192.0.2.1"; empty for the resolver */
    struct text apex;    /* "example.com": what is delegated below it gives referrals */
    struct dns_record records[SCRIPT_RECORDS_MAX];
    uint32_t records_len;
    struct script_fault faults[8];
    uint32_t faults_len;
};

struct script {
    struct arena arena;
    struct script_server resolver;
    bool resolver_is_scripted; /* else it knows the name servers and what the first one serves */
    struct script_server servers[SCRIPT_SERVERS_MAX];
    uint32_t servers_len;
};

void script_init(struct script *s);
void script_clear(struct script *s);
/* One line: `resolver`, `server ADDRESS`, `zone APEX`, `says TYPE|* FAULT`, or a record as zone
 * files write it: `OWNER TTL TYPE RDATA`. False: it is none of these. */
bool script_line(struct script *s, struct text line);
/* Answers as the server of the question would; the message lives in the script's arena. */
struct dns_reply script_reply(struct script *s, const struct dns_question *q);

#endif
