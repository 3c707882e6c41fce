/* Breaks help texts into lines. */
#include "help.h"

void help_print(FILE *out, size_t indent, struct text t)
{
    int blanks = 0; /* before the line */
    while (t.len) {
        struct text paragraph = text_cut(&t, '\n');
        while (paragraph.len) {
            struct text line = text_cut_line(&paragraph, HELP_WIDTH - indent);
            fprintf(out, "%*s" TEXT_FMT "\n", blanks, "", TEXT_ARG(line));
            blanks = (int)indent;
        }
    }
}
