/*
 * One profile of the user's AWS files: the section of ~/.aws/credentials laid over the section of
 * ~/.aws/config. For the family of this folder.
 */
#ifndef MF_PROFILE_H
#define MF_PROFILE_H

#include "base/bounds.h"
#include "credentials.h"
#include "ini.h"

#define PROFILE_NAME_LEN 256

enum profile_file { PROFILE_IN_CREDENTIALS, PROFILE_IN_CONFIG, PROFILE_FILES };

struct profile {
    char name[PROFILE_NAME_LEN];
    bool is_named;        /* by the user, not by default: then the profile must exist */
    const char *variable; /* that named the profile; NULL: none did */
    bool is_found;
    struct why unread;          /* why a file was taken for empty; "": none was */
    char *paths[PROFILE_FILES]; /* owned */
    struct ini files[PROFILE_FILES];
};

/* Reads both files. A profile missing in both is no error here. As in the AWS CLI, a file that
 * cannot be opened counts as empty where the environment itself says whose keys to use. */
enum err profile_open(struct profile *p, const struct credential_request *request, struct why *why);
void profile_close(struct profile *p); /* wipes; fine after a failed open */
/* Another profile of the same files, named by the user. *other borrows from p: no close. */
enum err profile_select(struct profile *other, const struct profile *p, struct text name,
                        struct why *why);

/* A key's value without a trailing comment; at == NULL: missing. Borrowed from p. */
struct text profile_get_in(const struct profile *p, enum profile_file file, const char *key);
/* Like profile_get() from both files, credentials first. */
struct text profile_get(const struct profile *p, const char *key);
/* Is the section of this file the profile's own? */
bool profile_reads(const struct profile *p, enum profile_file file, struct text section);
bool profile_has(const struct profile *p, const char *key); /* there and not empty */
/* From both files with any trailing comment, for values where a hash is no comment. */
struct text profile_get_whole(const struct profile *p, const char *key);
/* A key of the section [KIND NAME] of the config file: "sso-session", "services". */
struct text profile_section_get(const struct profile *p, const char *kind, struct text name,
                                const char *key);
bool profile_section_is(const struct profile *p, const char *kind, struct text name);

#endif
