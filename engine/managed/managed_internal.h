/*
 * Family header of the room: a document under reading.
 */
#ifndef MF_MANAGED_INTERNAL_H
#define MF_MANAGED_INTERNAL_H

#include "json_span.h"
#include "managed.h"

struct managed_reader {
    struct managed_file *m;
    struct text document;
    struct managed_stack stack;
    const char *counted_to; /* places are counted on from here, for they are asked in order */
    uint32_t line, column;  /* of counted_to */
};

/* The members of a document that say what it is; TEXT_NONE: absent. */
struct managed_head {
    struct text version, resources, backend, encrypted, format_version, values, planned;
    struct text cf_resources, cf_format, artifacts;
};

/* A fault at a value of the document; TEXT_NONE: of the file. */
void managed_complain(struct managed_reader *r, struct text value, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
/* Adds it, at the place of value. */
void managed_add(struct managed_reader *r, struct managed_setting setting, struct text value);
void managed_part_add(struct managed_reader *r, struct managed_part part, struct text value);
/* Members of an object, as json_span_members() gives them. Complains of one that stands twice. */
void managed_members(struct managed_reader *r, struct text object, const struct json_wanted *wanted,
                     size_t len);
/* A value that is a text, decoded; otherwise empty. */
struct text managed_text(struct managed_reader *r, struct text value);
/* TEXT with what a terminal must not get escaped, in the arena. */
struct text managed_shown(struct managed_reader *r, struct text t);

void managed_state_read(struct managed_reader *r, const struct managed_head *head);
void managed_template_read(struct managed_reader *r, const struct managed_head *head);
void managed_assembly_read(struct managed_reader *r, const struct managed_head *head);

#endif
