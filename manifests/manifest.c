/*
 * Loading: every file named by the user, each followed by the files named inside, into one fleet.
 */
#include "base/plural.h"
#include "model/region.h"
#include "raw.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* A second reading of a file, by a loop of includes or two patterns, would only repeat entries. */
static bool is_read_already(struct raw *r, uint32_t index)
{
    const struct raw_file *file = &r->files[index];
    char q[QUOTE_LEN];
    for (uint32_t i = 0; i < index; i++) {
        if (r->files[i].device != file->device || r->files[i].inode != file->inode)
            continue;
        struct source_place at =
            file->nested ? file->from : (struct source_place){.file = (uint16_t)index};
        complain(r, at, "%s is read already, as " TEXT_FMT, quote(r->fleet->files[index], q),
                 TEXT_ARG(r->fleet->files[i]));
        return true;
    }
    return false;
}

static void file_read(struct raw *r, uint32_t index)
{
    struct source source;
    char fault[QUOTE_LEN], q[QUOTE_LEN];
    struct raw_file *file = &r->files[index];
    struct text shown = r->fleet->files[index];
    if (!source_open(&source, r, r->folder, file->path, file, fault)) {
        if (file->nested)
            complain(r, file->from, "%s cannot be read: %s%s", quote(shown, q), fault,
                     file->is_folder
                         ? "; what was named is not a regular file, so a folder that cdk "
                           "synth wrote is expected"
                         : "");
        else
            complain(r, (struct source_place){.file = (uint16_t)index}, "%scannot be read: %s",
                     shown.len ? "" : "a manifest whose name is empty ", fault);
        return;
    }
    if (!is_read_already(r, index)) {
        if (file->kind == FILE_YAML)
            walk_file(r, &source, (uint16_t)index);
        else
            rows_file(r, &source, (uint16_t)index);
        if (r->err == OK) {
            /* Names are hashed with the final NUL, and file contents as digests, so no two lists of
             * files give equal input. */
            sha256_t bytes;
            bool taken = sha256_take(r->file_digest, bytes);
            sha256_add(r->digest, shown);
            sha256_add(r->digest, (struct text){"", 1});
            sha256_add(r->digest, (struct text){(const char *)bytes, sizeof bytes});
            if (!taken)
                raw_fail(r, ERR_NOMEM, "no memory for the digest of a manifest");
        } else
            why_wrap(r->why, r->err, TEXT_FMT, TEXT_ARG(shown));
    }
    source_close(&source);
}

static void root_read(struct raw *r, const char *path)
{
    struct text name;
    int errnum;
    uint32_t index = r->files_len;
    bool is_open = source_folder(path, &r->folder, &name, &errnum);
    include_root(r, name, text_of(path));
    if (r->err != OK)
        return;
    if (!is_open) {
        complain(r, (struct source_place){.file = (uint16_t)index}, "its folder cannot be read: %s",
                 strerror(errnum));
        return;
    }
    for (uint32_t i = index; i < r->files_len && r->err == OK; i++)
        file_read(r, i);
    close(r->folder);
    r->folder = -1;
}

enum err manifest_load(struct fleet *f, const char *const *paths, size_t paths_len,
                       const struct manifest_options *options, struct complaints *complaints,
                       struct why *why)
{
    struct raw r;
    r = (struct raw){.fleet = f, .complaints = complaints, .folder = -1, .why = why};
    arena_init(&r.arena, NAMES_BYTES_MAX);
    bool fits = names_init(&f->names, NAMES_BYTES_MAX) &&
                names_init(&r.settings, NAMES_BYTES_MAX) && names_init(&r.lists, NAMES_BYTES_MAX);
    r.digest = sha256_new();
    r.file_digest = sha256_new();
    if (!fits || !r.digest || !r.file_digest)
        raw_fail(&r, ERR_NOMEM, "no memory to read manifests");
    if (r.err == OK) {
        r.options = options;
        char q[QUOTE_LEN], m[QUOTE_LEN];
        if (options->region.len && !region_is(options->region))
            complain(&r, (struct source_place){0},
                     "--region: found %s, expected a Region such as us-east-1%s",
                     quote(options->region, q), meant(region_near(options->region), m));
        else
            r.region = options->region;
        for (size_t i = 0; i < paths_len && r.err == OK; i++)
            root_read(&r, paths[i]);
        if (r.err == OK)
            vet_fleet(&r);
        if (r.err == OK && !sha256_take(r.digest, f->digest))
            raw_fail(&r, ERR_NOMEM, "no memory for the digest of the manifests");
    }
    if (r.err == OK && complaints->len + complaints->more > 0)
        r.err = why_set(why, ERR_INPUT, "%u complaint%s about the manifest; nothing was sent",
                        complaints->len + complaints->more,
                        plural(complaints->len + complaints->more, "", "s"));
    if (r.err != OK)
        fleet_clear(f);
    arena_clear(&r.arena);
    names_clear(&r.settings);
    names_clear(&r.lists);
    names_clear(&r.owner_names);
    free(r.owners);
    free(r.providers);
    while (r.rows)
        raw_rows_drop(&r);
    free(r.files);
    free(r.accounts);
    free(r.refs);
    sha256_free(r.digest);
    sha256_free(r.file_digest);
    return r.err;
}
