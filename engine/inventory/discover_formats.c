/* The table of formats. */
#include "discover_formats.h"

#include "base/count.h"

const struct discover_format discover_formats[] = {
    {.name = "yaml",
     .document = discover_yaml,
     .left_out = "Left as comments",
     .next = "Next:",
     .next_is_plan = true},
    {.name = "csv",
     .document = discover_csv,
     .left_out = "Left out",
     .next = "Next: name it in identities_from of a manifest with these accounts"},
    {.name = "json", .document = discover_json},
    {.name = "terraform",
     .document = discover_terraform,
     .files = discover_terraform_files,
     .beginnings = discover_terraform_beginnings,
     .lost = discover_terraform_lost,
     .is_code = true,
     .left_out = "Left as comments",
     .next = "Next, to see that Terraform imports and changes nothing:",
     .next_lost = "Next, to see what Terraform would import, and what it would destroy:",
     .command_add = discover_terraform_command},
    {.name = "cloudformation",
     .files = discover_cloudformation_files,
     .beginnings = discover_cloudformation_beginnings,
     .is_code = true,
     .left_out = "Left as comments",
     .next = "Next, for each account and Region, to have aws cloudformation create-change-set make "
             "change sets of type IMPORT:",
     .command_add = discover_cloudformation_command},
    {.name = "pulumi-import",
     .document = discover_pulumi,
     .is_code = true,
     .left_out = "Left out",
     .next = "Next, in the folder of the project; where the file has a nameTable, write its STACK "
             "and PROJECT there first:",
     .command_add = discover_pulumi_command},
    {.name = NULL},
};

const char *discover_format_name(size_t i)
{
    return i < COUNT(discover_formats) ? discover_formats[i].name : NULL;
}

const struct discover_format *discover_format(const struct discover_config *c)
{
    return &discover_formats[c->format];
}
