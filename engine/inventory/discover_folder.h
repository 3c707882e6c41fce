/*
 * A folder of files written by discover. Whatever is in it and is not known by its first bytes as a
 * file of the same format stays, and is an error where a file of that name is due.
 */
#ifndef MF_DISCOVER_FOLDER_H
#define MF_DISCOVER_FOLDER_H

#include "base/names.h"
#include "reports/deliver.h"

struct discover;
struct discover_folder;

/* Gives each file of a format to discover_file(), in an order of its own; is called once to vet and
 * once to write. */
typedef enum err discover_files(const struct discover *d, struct discover_folder *folder,
                                struct why *why);

/* A file of the folder: name without a slash, beginning at most 64 bytes. */
struct discover_file {
    const char *name;
    struct text beginning; /* a file that begins otherwise is somebody else's */
    deliver_writer *write;
    void *ctx;
};
enum err discover_file(struct discover_folder *folder, const struct discover_file *file,
                       struct why *why);

const char *discover_folder_path(const struct discover_folder *folder);

/* Would discover_folder_write() begin? ERR_INPUT: path is no folder, or is_forced is false and
 * there is something in it. The sentence does not name path, as that of the next function does not.
 */
enum err discover_folder_vet(const char *path, bool is_forced, struct why *why);
/* Makes the folder where it is missing, and writes the files, each whole or not at all. Nothing is
 * written before all names are vetted; a folder that was made is removed again when a file fails.
 */
enum err discover_folder_write(const struct discover *d, discover_files *files, const char *path,
                               bool is_forced, struct why *why);
/* The files in path that begin as one of beginnings (which ends with NULL), by name. False: the
 * folder cannot be read. */
typedef void discover_name(void *ctx, struct text name);
bool discover_folder_names(const char *path, const char *const *beginnings, discover_name *name,
                           void *ctx);
/* Gives line each line, without its end, of that file in the folder, where it is there and begins
 * as one of beginnings. False: it cannot be read to its end. */
typedef void discover_line(void *ctx, struct text line);
bool discover_folder_lines(const char *path, struct text name, const char *const *beginnings,
                           discover_line *line, void *ctx);
/* The files in path that begin as one of beginnings (which ends with NULL), and that d has none of:
 * an earlier discover wrote them. Those of lanes that could not be read are not among them. Their
 * paths go to out, as words of a shell, each with a space
 * before it. How many; 0 too where the folder cannot be read. */
uint32_t discover_folder_stale(const struct discover *d, discover_files *files,
                               const char *const *beginnings, const char *path, struct buf *out);

#endif
