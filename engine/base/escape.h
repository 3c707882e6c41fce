/*
 * Makes text from outside (DNS, SES, manifests) safe for its destination. No byte of an attacker's
 * TXT record reaches a terminal, a JSON file or a shell raw.
 */
#ifndef MF_ESCAPE_H
#define MF_ESCAPE_H

#include "buf.h"

/* A JSON string with quotes. Bytes outside UTF-8 become U+FFFD. Control characters, C1 and
 * bidirectional controls are \u-escaped, so the file is safe to page through as well. */
void escape_json(struct buf *out, struct text t);
/* A YAML scalar, read as exactly this text by every reader, in a list, a map or a comment: plain
 * where YAML has no other reading, otherwise in double quotes with everything but printable ASCII
 * escaped. `no`, `1e3`, `-x`, `*x` and the like are quoted. Not UTF-8: as escape_json. */
void escape_yaml(struct buf *out, struct text t);
/* For a terminal: printable UTF-8 unchanged, the backslash too; control, C1, bidi and invalid bytes
 * as \xNN or \u{NNNN}. Newline and tab are escaped too: one value stays on one line. Escaping what
 * is escaped changes nothing. */
void escape_terminal(struct buf *out, struct text t);
/* The text of an element in XML 1.0. A character that XML cannot carry becomes a question mark. */
void escape_xml(struct buf *out, struct text t);
/* A string of HCL (Terraform), with quotes, that is read as exactly this text: "${" and "%{" begin
 * no template, control and bidirectional characters are \u-escaped. Not UTF-8: as escape_json.
 * Source: HCL Native Syntax Specification, "Template Expressions". */
void escape_hcl(struct buf *out, struct text t);
/* One word as a POSIX shell reads it. What no terminal gets raw becomes a printf(1), which loses a
 * newline at the end. */
void escape_shell(struct buf *out, struct text t);
/* Everything but A-Z a-z 0-9 - . _ ~ as %XX (RFC 3986, section 2.3), the slash too. */
void escape_percent(struct buf *out, struct text t);

/* True for control, C1, bidirectional control and similar characters: no terminal and no HTML page
 * gets one raw. */
bool escape_is_unsafe(uint32_t c);

/* One step through UTF-8 (RFC 3629): the length of the sequence at t (t.len > 0) and its code
 * point. Length 0: the first byte begins no valid sequence. */
size_t utf8_next(struct text t, uint32_t *code);
/* Is t whole UTF-8, without a NUL? */
bool utf8_is(struct text t);

#endif
