/*
 * The part of a terminal that is drawn again and again: some lines at the place of the cursor,
 * which stands below them. Whatever ends the program leaves the terminal as it should be: nothing
 * is switched on that would have to be switched off.
 *
 * A terminal that became narrower has broken the lines that were drawn on it into several, so as
 * many are taken back. (One that cuts lines instead loses a few lines above.)
 */
#ifndef MF_SCREEN_H
#define MF_SCREEN_H

#include "progress_view.h"

#include <stdio.h>

struct screen {
    FILE *out;
    bool is_terminal, color;
    uint32_t widths[VIEW_ROWS_MAX + 8]; /* of the lines that are there now */
    uint32_t lines;
};

/* Is it a terminal on which lines can be taken back? TERM=dumb, or none, says that it is not. */
bool screen_can_draw(FILE *out);
void screen_init(struct screen *s, FILE *out, bool no_color);
void screen_size(const struct screen *s, uint32_t *columns, uint32_t *rows);
/* Can it take something without making us wait (a terminal stopped by Ctrl-S, a full pipe)? */
bool screen_is_ready(const struct screen *s);
/* Draws the progress view in the place of what was drawn before. */
void screen_show(struct screen *s, const struct progress_view *b);
/* One line of it, where nothing is drawn. type: of view_json(); NULL: words for a person. */
void screen_line(const struct screen *s, const struct progress_view *b, const char *type);
/* Takes back what was drawn; the cursor stands where it began. */
void screen_erase(struct screen *s);
/* What was drawn stays, or has been moved by somebody else: the next one begins below. */
void screen_leave(struct screen *s);

#endif
