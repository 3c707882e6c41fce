/*
 * The formats of discover, one table: options, help, errors, writing and the step that follows are
 * made of it. A row more is a format more.
 */
#ifndef MF_DISCOVER_FORMATS_H
#define MF_DISCOVER_FORMATS_H

#include "discover.h"
#include "discover_folder.h"

struct discover_format {
    const char *name;
    deliver_writer *document; /* a file, or standard output; ctx is struct discover; NULL: none */
    discover_files *files;    /* a folder; NULL: none. With both, standard output is a document */
    const char *const *beginnings; /* of the files in a folder, ends with NULL */
    bool is_code;          /* for tools that manage the settings: what is there, and no proposal */
    const char *left_out;  /* how a summary calls what is no entry; NULL: everything is there */
    const char *next_lost; /* the same, where resources were lost */
    const char *next;      /* the step that follows, for a person; NULL: there is none */
    bool next_is_plan;     /* its command is mailfrom plan; else of the next one, unless NULL */
    /* Resources that files in the folder have and d has not any more: how many, and the first of
     * them into names. NULL: none is lost by that. Asked before anything is written. */
    uint32_t (*lost)(const struct discover *d, const char *folder, struct buf *names);
    /* path is quoted for a shell; nothing is added where there is nothing to do */
    void (*command_add)(const struct discover *d, struct text path, struct buf *out);
};

/* In the order of --help, the default first; ends with a NULL name. */
extern const struct discover_format discover_formats[];
const char *discover_format_name(size_t i); /* NULL: there are no more */
const struct discover_format *discover_format(const struct discover_config *c);

/* The writers. */
enum err discover_yaml(void *discover, struct sink *out, struct why *why);
enum err discover_csv(void *discover, struct sink *out, struct why *why);
enum err discover_json(void *discover, struct sink *out, struct why *why);
enum err discover_terraform(void *discover, struct sink *out, struct why *why);
enum err discover_pulumi(void *discover, struct sink *out, struct why *why);
discover_files discover_terraform_files, discover_cloudformation_files;
extern const char *const discover_terraform_beginnings[];
extern const char *const discover_cloudformation_beginnings[];
uint32_t discover_terraform_lost(const struct discover *d, const char *folder, struct buf *names);
void discover_terraform_command(const struct discover *d, struct text path, struct buf *out);
void discover_cloudformation_command(const struct discover *d, struct text path, struct buf *out);
void discover_pulumi_command(const struct discover *d, struct text path, struct buf *out);

#endif
