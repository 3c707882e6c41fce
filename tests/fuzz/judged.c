#include "judged.h"
#include "fleets.h"
#include "fuzz.h"

#include "base/bounds.h"
#include "manifests/manifest.h"

static void complaint_is_sound(const struct complaint *c)
{
    assert(fuzz_is_printable(c->file) && fuzz_is_printable(c->text));
    assert(c->text.len > 0 && (c->line == 0) == (c->column == 0));
}

void manifest_is_judged(const char *path)
{
    struct fleet fleet;
    struct complaints complaints;
    struct why why = {""};
    struct manifest_options options = {.region = TEXT_NONE};
    fleet_init(&fleet);
    complaints_init(&complaints);
    enum err err = manifest_load(&fleet, &path, 1, &options, &complaints, &why);
    if (err == OK) {
        assert(complaints.len == 0 && complaints.more == 0);
        fleet_is_sound(&fleet);
    } else {
        assert(fleet.choices_len == 0 && fleet.accounts_len == 0 && why.text[0]);
        assert(err != ERR_INPUT || complaints.len > 0);
    }
    for (uint32_t i = 0; i < complaints.len; i++)
        complaint_is_sound(&complaints.list[i]);
    complaints_clear(&complaints);
    fleet_clear(&fleet);
}
