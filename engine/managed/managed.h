/*
 * Infrastructure code that manages identities: which SES identities and MAIL FROM settings stand in
 * a Terraform state (version 4, of Terraform or OpenTofu), in a CloudFormation template, or in the
 * cloud assembly of a CDK app (cdk.out). Bytes in, settings out; pure.
 *
 * A state holds secrets. Only identities, MAIL FROM names, behaviours, Regions, account numbers and
 * addresses of resources are ever decoded or kept; of everything else not even a fault is quoted.
 *
 * Sources: Terraform and OpenTofu, state file version 4; hashicorp/aws, resources aws_ses_* and
 * aws_sesv2_*; CloudFormation, AWS::SES::EmailIdentity; AWS CDK, cloud assembly schema.
 */
#ifndef MF_MANAGED_H
#define MF_MANAGED_H

#include "base/arena.h"
#include "base/bounds.h"
#include "base/error.h"

enum managed_kind {
    MANAGED_NONE, /* nothing that is known; the faults say what it is */
    MANAGED_STATE,
    MANAGED_TEMPLATE,
    MANAGED_ASSEMBLY, /* manifest.json of cdk.out: names templates, and has no settings itself */
};

/* One resource. Texts are as they stand in the file, without escapes of JSON. */
struct managed_setting {
    struct text identity;
    struct text account, region; /* empty: the file does not say */
    bool is_unclear;     /* joined: its identity is in several places, and it says of none */
    bool sets_mail_from; /* false: the identity alone, so nothing is said of the next */
    struct text mail_from, behavior; /* empty: the default, and none given */
    struct text address;             /* as its tool prints it: aws_ses_domain_mail_from.a["x"] */
    struct text provider;            /* Terraform: whose account and Region are the same */
    uint32_t line, column;           /* of the identity, from 1 */
};

struct managed_fault {
    uint32_t line, column; /* 0: the file as a whole */
    struct text text;      /* one sentence, safe to print */
};

/* Another file that belongs to this one. */
struct managed_part {
    struct text path;            /* as it stands there, beside this file */
    bool is_assembly;            /* a folder with a manifest.json; otherwise a template */
    struct text stack;           /* its name */
    struct text account, region; /* where it is deployed; empty: not known */
    uint32_t line, column;
};

struct managed_file {
    struct arena arena;
    enum managed_kind kind;
    struct managed_setting *settings; /* in the order of the file, like the others */
    uint32_t settings_len, settings_cap;
    struct managed_fault *faults; /* at most MANAGED_FAULTS_MAX */
    uint32_t faults_len, faults_cap, faults_more;
    struct managed_part *parts;
    uint32_t parts_len, parts_cap;
    bool failed; /* out of memory */
};

/* Does a file begin as JSON does? Then it is for managed_read(). */
bool managed_is_json(struct text head);
/* A template as YAML, by its first bytes. NULL: it is none; else what it is, and the remedy. */
const char *managed_yaml_fault(struct text head);

/* The stack of a template, where it is known; of zeros otherwise. */
struct managed_stack {
    struct text name, account, region;
};

/* *m is due to managed_clear() in any case; it borrows from document. Only ERR_NOMEM: what is wrong
 * with the document is among the faults. */
enum err managed_read(struct managed_file *m, struct text document,
                      const struct managed_stack *stack, struct why *why);
void managed_clear(struct managed_file *m);

/* The settings of a file as identities: each once in its account and Region, with its MAIL FROM if
 * a resource sets one. In the order of the file; the place and address are those of the resource
 * that sets the MAIL FROM, or else of the identity. Two that set one to different values both stay.
 * A MAIL FROM without a place is where its identity is; one of an identity in several places stays
 * as it is, and is_unclear.
 * Reuses m->settings. */
enum err managed_join(struct managed_file *m, struct why *why);

#endif
