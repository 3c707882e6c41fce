/*
 * What the writers of infrastructure code share: which identities are resources, and how lanes and
 * resources are called. A name depends on its identity alone, so it stays when others come and go.
 *
 *     lane  account prod, us-east-1   prod_us-east-1
 *     label  shop.example.com         shop_example_com
 *            info@example.com         info__example_com
 *            1und1.example            _1und1_example
 *            O'Brien@example.com      o_brien_example_com___ and 24 digits of its SHA-256
 *
 * Two names have two labels: a label without "___" can be read back, and the digits are 96 bits.
 */
#ifndef MF_DISCOVER_CODE_H
#define MF_DISCOVER_CODE_H

#include "discover.h"

/* What code makes of an identity. */
enum code_how {
    CODE_RESOURCE,
    CODE_DEFAULT, /* no resources, from here on: no custom MAIL FROM, */
    CODE_UNREAD,  /* ... SES does not tell of the MAIL FROM, */
    CODE_UNFIT,   /* ... or a tool would read another name than SES has */
    CODE_HOWS,
};

enum code_how code_how(const struct found *f);
/* "no custom MAIL FROM, the default, which needs no resource"; NULL of a resource. */
const char *code_reason(enum code_how how);
/* Of the lane, the identities that are resources; sums[] of enum code_how. */
struct code_sum {
    uint32_t by_how[CODE_HOWS];
};
struct code_sum code_sum(const struct discover *d, uint32_t lane);

/* A lane that is written, by a name that is an identifier and a safe file name. */
void code_lane_add(struct buf *out, const struct discover *d, uint32_t lane);
/* Is the file, by its name, of a lane that was asked for and could not be read? It stays as it is.
 */
bool code_keeps_file(const struct discover *d, struct text name);
/* An identifier of HCL, unique in its lane. */
void code_label_add(struct buf *out, struct text identity);
/* An identifier of letters and digits, at most 64, unique in its lane: "ShopExampleCom". */
void code_logical_id_add(struct buf *out, struct text identity);

/* "12 of 30 identities have a custom MAIL FROM" */
void code_share_add(struct buf *out, const struct discover *d, uint32_t lane);
/* Lines of comments with "#": the identities that are left out and why; then what is unusual at a
 * resource, indented. False: a write has failed. */
bool code_left_out_add(const struct discover *d, uint32_t lane, struct sink *out);
void code_status_add(struct buf *out, const struct found *f, const char *indent);
/* "# account prod, Region us-east-1", and why nothing follows where the lane was not read. */
void code_lane_note_add(struct buf *out, const struct discover *d, uint32_t lane);

/* How tools reach the account: its own profile, or the one that assumes its role; else empty. */
struct text code_profile(const struct discover *d, uint32_t lane);
struct text code_role(const struct discover *d, uint32_t lane);
struct text code_external_id(const struct discover *d, uint32_t lane);
struct text code_number(const struct discover *d, uint32_t lane); /* twelve digits, or empty */

#endif
