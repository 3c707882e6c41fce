/*
 * What a file is, told by its first bytes: so that a verb that is given another kind than it reads
 * says so, and does not complain about every line.
 */
#ifndef MF_CONTENT_H
#define MF_CONTENT_H

#include "text.h"

#define CONTENT_BYTES 256 /* as many tell the kinds apart */

enum content {
    CONTENT_OTHER, /* a manifest, perhaps */
    CONTENT_PLAN,
    CONTENT_JOURNAL,
    CONTENT_REPORT_CSV,
    CONTENT_REPORT_JSON,
    CONTENT_REPORT_SARIF,
    CONTENT_REPORT_MARKDOWN,
    CONTENT_HTML,
    CONTENT_XML,
    CONTENT_STATE,    /* of Terraform or OpenTofu */
    CONTENT_TEMPLATE, /* of CloudFormation, as JSON */
};

/* head: the first bytes of the file, as many as there are up to CONTENT_BYTES. */
enum content content_of(struct text head);
/* "a plan file"; NULL for CONTENT_OTHER. */
const char *content_name(enum content kind);

#endif
