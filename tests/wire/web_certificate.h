/*
 * Certificates for the web server, good and bad, made on the spot.
 */
#ifndef MF_TEST_WEB_CERTIFICATE_H
#define MF_TEST_WEB_CERTIFICATE_H

#include "web_server.h"

#include <openssl/ssl.h>

/* A server context with the certificate that the case asks for. What the client is to trust is
 * written to ca_path. */
SSL_CTX *web_context_make(enum web_security security, const char *ca_path);

#endif
