/*
 * The only user of libidn2. Plain ASCII, nearly every name of a fleet, never reaches libidn2, which
 * allocates and is a hundred times slower than folding.
 */
#include "idna.h"

#include <idn2.h>
#include <string.h>

/* Does libidn2 have anything to say? Yes for bytes outside ASCII and for A-labels. */
static bool needs_idna(struct text name)
{
    for (size_t i = 0; i < name.len; i++) {
        if ((unsigned char)name.at[i] >= 0x80)
            return true;
        bool label_starts = i == 0 || name.at[i - 1] == '.';
        if (label_starts && text_eq_nocase(text_slice(name, i, i + 4), TEXT("xn--")))
            return true;
    }
    return false;
}

/* In plain ASCII, only an A-label can hide a forbidden character. */
static const char *fault_of(int code, bool ascii)
{
    switch (code) {
    case IDN2_TOO_BIG_DOMAIN: return "it is longer than 253 characters";
    case IDN2_TOO_BIG_LABEL:
    case IDN2_PUNYCODE_BIG_OUTPUT: return "a label is longer than 63 characters";
    case IDN2_ENCODING_ERROR:
    case IDN2_ICONV_FAIL: return "it is not UTF-8";
    case IDN2_PUNYCODE_BAD_INPUT:
    case IDN2_PUNYCODE_OVERFLOW:
    case IDN2_ALABEL_ROUNDTRIP_FAILED:
    case IDN2_INVALID_ALABEL: return "an xn-- label is not a valid A-label";
    case IDN2_HYPHEN_STARTEND:
    case IDN2_2HYPHEN: return "a label has hyphens where IDNA forbids them";
    case IDN2_BIDI: return "it mixes writing directions in a way that IDNA forbids";
    default:
        return ascii ? "an xn-- label is not a valid A-label"
                     : "it has a character that IDNA forbids";
    }
}

static bool is_ascii(struct text name)
{
    for (size_t i = 0; i < name.len; i++)
        if ((unsigned char)name.at[i] >= 0x80)
            return false;
    return true;
}

/* libidn2 wants C strings; a NUL inside the name would cut it short. */
static bool name_terminated(struct text name, char out[IDNA_UNICODE_LEN_MAX + 1])
{
    if (name.len > IDNA_UNICODE_LEN_MAX || memchr(name.at, '\0', name.len))
        return false;
    memcpy(out, name.at, name.len);
    out[name.len] = '\0';
    return true;
}

bool idna_to_ascii(struct text name, char out[DNAME_LEN_MAX + 1], struct text *result,
                   const char **fault)
{
    *result = TEXT_NONE;
    *fault = "it is longer than 253 characters";
    if (!needs_idna(name))
        return dname_normalize(name, out, result);

    char source[IDNA_UNICODE_LEN_MAX + 1];
    char *ascii = NULL;
    if (!name_terminated(name, source))
        return false;
    int code = idn2_to_ascii_8z(source, &ascii, IDN2_NFC_INPUT | IDN2_NONTRANSITIONAL);
    bool fits = code == IDN2_OK && dname_normalize(text_of(ascii), out, result);
    if (code != IDN2_OK)
        *fault = fault_of(code, is_ascii(name));
    idn2_free(ascii);
    return fits;
}

bool idna_to_unicode(struct text name, char out[IDNA_UNICODE_LEN_MAX + 1], struct text *result)
{
    *result = TEXT_NONE;
    if (!name.at || !name_terminated(name, out))
        return name.len == 0;
    *result = (struct text){out, name.len};
    if (!needs_idna(name))
        return true;

    /* libidn2 drops an undecodable label, so libidn2 gets only valid names. */
    char *unicode = NULL, ascii_out[DNAME_LEN_MAX + 1];
    struct text ascii;
    const char *fault;
    if (!idna_to_ascii(name, ascii_out, &ascii, &fault))
        return true;
    if (idn2_to_unicode_8z8z(out, &unicode, 0) == IDN2_OK) {
        size_t len = strlen(unicode);
        if (len <= IDNA_UNICODE_LEN_MAX) {
            memcpy(out, unicode, len + 1);
            result->len = len;
        }
    }
    idn2_free(unicode);
    return true;
}

static enum dname_fault typed_fault(struct text name)
{
    char plain[DNAME_LEN_MAX + 1];
    if (name.len > DNAME_LEN_MAX)
        return DNAME_TOO_LONG;
    for (size_t i = 0; i < name.len; i++)
        plain[i] = name.at[i] == '_' ? 'a' : name.at[i];
    return dname_check((struct text){plain, name.len});
}

bool idna_name_read(struct arena *arena, struct text given, struct text *name, const char **fault)
{
    char ascii[DNAME_LEN_MAX + 1];
    struct text result;
    if (!idna_to_ascii(given, ascii, &result, fault))
        return false;
    enum dname_fault dname_fault = typed_fault(result);
    if (dname_fault != DNAME_OK) {
        *fault = dname_fault_text(dname_fault);
        return false;
    }
    *name = arena_text(arena, result);
    *fault = "there is no memory left for it";
    return name->at != NULL;
}
