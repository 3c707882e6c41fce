/* ~/.aws/config and ~/.aws/credentials: the same bytes as either. */
#include "fuzz.h"

#include "aws/credentials/ini.h"

static bool is_inside(struct text part, struct text whole)
{
    return part.len == 0 || (part.at >= whole.at && part.at + part.len <= whole.at + whole.len);
}

static void file_is_sound(const struct ini *ini)
{
    struct text whole = buf_text(&ini->bytes);
    for (uint32_t i = 0; i < ini->len; i++) {
        const struct ini_entry *e = &ini->entries[i];
        assert(e->section.len > 0 && text_find(e->section, '\n') == e->section.len);
        assert(text_find(e->key, '\n') == e->key.len);
        assert(is_inside(e->section, whole) && is_inside(e->key, whole) &&
               is_inside(e->value, whole));
        assert(!e->key.len || ini_get(ini, "", e->section, "no such key").at == NULL);
        assert(ini_has_section(ini, "", e->section));
    }
    ini_get(ini, "profile", TEXT("a b"), "region");
    ini_has_section(ini, "profile", TEXT("a b"));
}

/* No sentence may repeat a line of the file, which may be a secret. */
static void sentence_is_sound(const struct why *why)
{
    assert(why->text[0] && strlen(why->text) < FUZZ_PATH_LEN + 100);
    assert(fuzz_is_printable(text_of(why->text)));
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    char path[FUZZ_PATH_LEN];
    struct ini ini;
    struct why why = {""};
    ini_init(&ini);
    fuzz_file("config", (struct text){(const char *)bytes, len}, path);
    if (ini_read(&ini, path, &why) == OK)
        file_is_sound(&ini);
    else
        sentence_is_sound(&why);
    ini_clear(&ini);
    assert(ini.len == 0 && ini.bytes.at == NULL);
    return 0;
}
