/*
 * A DNS server for tests: a thread on a loopback port of the system's choice, whose answer depends
 * on the first label of the name that is asked:
 *
 *   good      one MX and one TXT record, AA set
 *   servfail, refused, notimp, nxdomain: that response code
 *   silent    nothing
 *   empty     a datagram without a byte
 *   garbage   the question and then nonsense
 *   cut       TC over UDP, the answer over TCP
 *   noedns    FORMERR to EDNS, else as good
 *   slow      as good, a second late
 *   once      silent at first, then as good
 *   denied    no such name, to be remembered for an hour (SOA minimum); after dns_server_publish as
 * good
 */
#ifndef MF_TEST_DNS_SERVER_H
#define MF_TEST_DNS_SERVER_H

#include <stdbool.h>
#include <stdint.h>

struct dns_server_thread;

struct dns_server_thread *dns_server_open(bool with_tcp);
void dns_server_close(struct dns_server_thread *s);
/* From now on each name counts as one with this first label; NULL: as its own again. */
void dns_server_pretend(struct dns_server_thread *s, const char *label);
void dns_server_publish(struct dns_server_thread *s); /* what was denied is there now */
uint16_t dns_server_port(const struct dns_server_thread *s);
unsigned dns_server_questions(const struct dns_server_thread *s);         /* over UDP and TCP */
bool dns_server_saw_recursion_desired(const struct dns_server_thread *s); /* in the last one */
uint16_t dns_port_without_server(void); /* a port that nobody listens on */

#endif
