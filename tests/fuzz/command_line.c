/* A credential_process line: what is taken apart and put into quotes again is the same. */
#include "fuzz.h"

#include "aws/credentials/command_line.h"

static void quoted_add(struct buf *out, struct text argument)
{
    buf_add_str(out, out->len ? " '" : "'");
    for (size_t i = 0; i < argument.len; i++) {
        if (argument.at[i] == '\'')
            buf_add_str(out, "'\"'\"'");
        else
            buf_add_char(out, argument.at[i]);
    }
    buf_add_char(out, '\'');
}

static void line_comes_back(const struct command_line *c)
{
    struct command_line again;
    struct buf line;
    buf_init(&line, 1u << 20);
    command_line_init(&again);
    for (unsigned i = 0; i < c->argc; i++)
        quoted_add(&line, text_of(c->argv[i]));
    assert(command_line_parse(&again, buf_text(&line), NULL) == OK && again.argc == c->argc);
    for (unsigned i = 0; i < c->argc; i++)
        assert(strcmp(c->argv[i], again.argv[i]) == 0);
    command_line_clear(&again);
    buf_clear(&line);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    struct command_line c;
    struct why why = {""};
    command_line_init(&c);
    if (command_line_parse(&c, (struct text){(const char *)bytes, len}, &why) == OK) {
        assert(c.argc > 0 && c.argc <= COMMAND_ARGUMENTS_MAX && !c.argv[c.argc]);
        line_comes_back(&c);
    } else {
        assert(why.text[0] && fuzz_is_printable(text_of(why.text)));
    }
    command_line_clear(&c);
    return 0;
}
