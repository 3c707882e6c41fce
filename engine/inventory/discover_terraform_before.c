/* The resources that files in a folder have: their form, and those that would be lost. */
#include "base/bounds.h"
#include "base/escape.h"
#include "base/names.h"
#include "discover_code.h"
#include "discover_formats.h"
#include "discover_terraform.h"

#define LOST_NAMES 3 /* that are named */

/* The identity that a line names, as HCL has it, with its quotes; or empty. */
static struct text line_identity(struct text line, enum terraform_form *form)
{
    const struct text id = TEXT(TERRAFORM_ID), item = TEXT(TERRAFORM_ITEM "\""),
                      end = TEXT(TERRAFORM_ITEM_END);
    if (text_starts(line, id) && text_ends(line, TEXT("\""))) {
        *form = TERRAFORM_BLOCKS;
        return text_from(line, id.len);
    }
    if (!text_starts(line, item) || !text_ends(line, end))
        return TEXT_NONE;
    *form = TERRAFORM_MAP;
    return text_slice(line, item.len - 1, line.len - end.len);
}

static void form_take(void *ctx, struct text line)
{
    line_identity(line, ctx);
}

enum terraform_form terraform_form(const char *folder, struct text name)
{
    enum terraform_form form = TERRAFORM_NONE;
    discover_folder_lines(folder, name, discover_terraform_beginnings, form_take, &form);
    return form;
}

/* ---- what is lost ---- */

struct lost {
    const struct discover *d;
    const char *folder;
    struct text file;     /* whose lines are read */
    struct names written; /* a file's name and an identity in HCL, of all that will be written */
    struct buf key;
    struct buf *out;
    uint32_t len;
};

static struct text key_make(struct lost *l, struct text file, struct text identity)
{
    buf_reset(&l->key);
    buf_add_text(&l->key, file);
    buf_add_text(&l->key, identity);
    return buf_text(&l->key);
}

static bool lane_learn(struct lost *l, uint32_t lane)
{
    const struct found_lane *own = &l->d->by_lane[lane];
    struct buf file, identity;
    bool ok = true;
    buf_init(&file, NAME_LEN_MAX);
    buf_init(&identity, LINE_LEN_MAX);
    code_lane_add(&file, l->d, lane);
    buf_add_str(&file, ".tf");
    for (uint32_t i = 0; ok && i < own->len; i++) {
        const struct found *f = &l->d->found[own->first + i];
        name_id id;
        if (code_how(f) != CODE_RESOURCE)
            continue;
        buf_reset(&identity);
        escape_hcl(&identity, f->row->identity);
        ok = names_add(&l->written, key_make(l, buf_text(&file), buf_text(&identity)), &id);
    }
    buf_clear(&identity);
    buf_clear(&file);
    return ok;
}

static void line_take(void *ctx, struct text line)
{
    struct lost *l = ctx;
    enum terraform_form form;
    struct text identity = line_identity(line, &form);
    if (!identity.len || names_find(&l->written, key_make(l, l->file, identity)) != NAME_NONE)
        return;
    if (l->len < LOST_NAMES) {
        buf_add_str(l->out, l->len ? ", " : "");
        buf_add_text(l->out, identity);
    }
    l->len++;
}

static void file_take(void *ctx, struct text name)
{
    struct lost *l = ctx;
    l->file = name;
    if (!code_keeps_file(l->d, name))
        discover_folder_lines(l->folder, name, discover_terraform_beginnings, line_take, l);
}

uint32_t discover_terraform_lost(const struct discover *d, const char *folder, struct buf *names)
{
    struct lost l = {.d = d, .folder = folder, .out = names};
    bool ok = names_init(&l.written, NAMES_BYTES_MAX);
    buf_init(&l.key, LINE_LEN_MAX);
    for (uint32_t lane = 0; ok && lane < d->fleet.lanes_len; lane++)
        ok = !discover_shows_lane(d, lane) || lane_learn(&l, lane);
    if (ok)
        discover_folder_names(folder, discover_terraform_beginnings, file_take, &l);
    if (l.len > LOST_NAMES)
        buf_add_fmt(names, " and %u more", l.len - LOST_NAMES);
    buf_clear(&l.key);
    names_clear(&l.written);
    return l.len;
}
