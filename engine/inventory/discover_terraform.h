/*
 * What an earlier discover wrote into a folder for Terraform. A state knows resources by their
 * addresses: blocks that become items of a map, or the other way round, have others, and Terraform
 * would destroy what had the old ones, which sets the default MAIL FROM. So a file keeps the form
 * that it has, and what it no longer has is told.
 */
#ifndef MF_DISCOVER_TERRAFORM_H
#define MF_DISCOVER_TERRAFORM_H

#include "discover.h"

#define TERRAFORM_RESOURCE "aws_sesv2_email_identity_mail_from_attributes"
#define TERRAFORM_LOCAL    "mail_from_"
#define TERRAFORM_HEAD     "# Written by mailfrom discover --format terraform"
/* Before an identity, on the line that names it: the id of a block, the key of an item. And after
 * that key. */
#define TERRAFORM_ID       "  id = "
#define TERRAFORM_ITEM     "    "
#define TERRAFORM_ITEM_END " = {"

enum terraform_form { TERRAFORM_NONE, TERRAFORM_BLOCKS, TERRAFORM_MAP };

/* The form of the resources in that file of the folder; TERRAFORM_NONE: it is not there, or has
 * none. */
enum terraform_form terraform_form(const char *folder, struct text name);

#endif
