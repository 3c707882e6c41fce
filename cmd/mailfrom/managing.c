/* Reads Terraform states by their names. A state holds secrets: of it only what the room managed
 * gives is kept, and its bytes are wiped. */
#include "managing.h"

#include "base/plural.h"
#include "managed/managed.h"
#include "manifests/value.h"
#include "rules/judge.h"
#include "ui/messages.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* A regular file; its bytes are the caller's. */
static enum err bytes_read(const char *path, char **bytes, size_t *len, struct why *why)
{
    struct stat st;
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    if (fd < 0 || fstat(fd, &st) != 0) {
        int errnum = errno;
        if (fd >= 0)
            close(fd);
        return why_set(why, ERR_INPUT, "cannot be read: %s", strerror(errnum));
    }
    bool is_file = S_ISREG(st.st_mode), fits = st.st_size <= MANAGED_BYTES_MAX;
    size_t size = is_file && fits ? (size_t)st.st_size : 0;
    *bytes = malloc(size + 1);
    ssize_t n = 1;
    while (*bytes && *len < size && n > 0) {
        n = read(fd, *bytes + *len, size - *len);
        *len += n > 0 ? (size_t)n : 0;
    }
    close(fd);
    if (!is_file)
        return why_set(why, ERR_INPUT, "is not a regular file, expected a Terraform state");
    if (!fits)
        return why_set(why, ERR_INPUT, "is larger than %u MB", MANAGED_BYTES_MAX >> 20);
    if (!*bytes)
        return why_set(why, ERR_NOMEM, "out of memory");
    return n >= 0 ? OK : why_set(why, ERR_IO, "cannot be read to its end: %s", strerror(errno));
}

static void faults_print(const char *path, const struct managed_file *m)
{
    struct buf place;
    buf_init(&place, LINE_LEN_MAX);
    for (uint32_t i = 0; i < m->faults_len; i++) {
        const struct managed_fault *f = &m->faults[i];
        fprintf(stderr, "%s: " TEXT_FMT "\n",
                message_place(&place, text_of(path), f->line, f->column), TEXT_ARG(f->text));
    }
    buf_clear(&place);
}

static enum err settings_add(struct managed_index *index, const char *path,
                             const struct managed_file *m, struct why *why)
{
    bool fits = true;
    for (uint32_t i = 0; fits && i < m->settings_len; i++) {
        const struct managed_setting *s = &m->settings[i];
        char identity[NAME_LEN_MAX + 1], mail_from[NAME_LEN_MAX + 1];
        struct managed_resource resource = {.identity = identity_normal(s->identity, identity),
                                            .account = s->account,
                                            .region = s->region,
                                            .mail_from = host_normal(s->mail_from, mail_from),
                                            .address = s->address,
                                            .file = text_of(path)};
        behavior_parse(s->behavior, &resource.behavior); /* empty: the usual one */
        fits = !s->sets_mail_from || managed_index_add(index, &resource);
    }
    return fits ? OK : why_set(why, ERR_NOMEM, "out of memory");
}

static enum err state_take(struct managed_index *index, const char *path, struct text document,
                           struct why *why)
{
    struct managed_file m;
    const struct managed_stack nowhere = {.name = TEXT_NONE};
    enum err err = managed_read(&m, document, &nowhere, why);
    uint32_t faults = m.faults_len + m.faults_more;
    faults_print(path, &m);
    if (err == OK && faults)
        err = why_set(why, ERR_INPUT, "%u complaint%s about this Terraform state", faults,
                      plural(faults, "", "s"));
    if (err == OK && m.kind != MANAGED_STATE)
        err = why_set(why, ERR_INPUT,
                      "is a CloudFormation template or a file of CDK, expected a Terraform state");
    if (err == OK)
        err = managed_join(&m, why);
    if (err == OK)
        err = settings_add(index, path, &m, why);
    managed_clear(&m);
    return err;
}

static enum err state_read(struct managed_index *index, const char *path, struct why *why)
{
    char *bytes = NULL;
    size_t len = 0;
    enum err err = bytes_read(path, &bytes, &len, why);
    if (err == OK)
        err = state_take(index, path, (struct text){bytes, len}, why);
    if (bytes)
        explicit_bzero(bytes, len);
    free(bytes);
    return err == OK ? OK : why_wrap(why, err, "--terraform-state %s", path);
}

enum err managing_load(const struct options *o, struct managed_index **index, struct why *why)
{
    enum err first = OK;
    if (o->states_len == 0 || *index)
        return OK;
    *index = managed_index_new();
    if (!*index)
        return why_set(why, ERR_NOMEM, "out of memory");
    for (size_t i = 0; i < o->states_len; i++) {
        struct why one = {""};
        enum err err = state_read(*index, o->states[i], &one);
        if (err != OK && first == OK)
            *why = one;
        else if (err != OK)
            message_error("%s", one.text);
        first = first == OK ? err : first;
    }
    return first;
}

#define ROWS_SHOWN 5

/* The finding of a row, in memory, or empty. */
static struct text row_finding(const struct managed_index *index, const struct fleet *f,
                               uint32_t row, bool accepted_too, struct arena *memory)
{
    struct judgement j = {.memory = memory};
    managed_judge(&j, f, row, managed_of_row(index, f, row));
    struct finding_notes notes = judge_notes(&j);
    return notes.len && (accepted_too || !notes.at[0].accepted) ? notes.at[0].text : TEXT_NONE;
}

void managing_tell(const struct options *o, const struct managed_index *index,
                   const struct fleet *f, bool accepted_too)
{
    struct arena memory;
    uint32_t len = 0;
    arena_init(&memory, JUDGEMENT_BYTES_MAX);
    for (uint32_t row = 0; index && !o->quiet && row < f->choices_len; row++) {
        struct text detail = row_finding(index, f, row, accepted_too, &memory);
        if (detail.len && len++ < ROWS_SHOWN)
            message_note(TEXT_FMT, TEXT_ARG(detail));
        arena_reset(&memory);
    }
    if (len > ROWS_SHOWN)
        message_note("and so for %u more of these identities: reports have them all",
                     len - ROWS_SHOWN);
    arena_clear(&memory);
}
