/*
 * The redrawn part of a terminal: some lines, with the cursor below. Any end of the program leaves
 * the terminal in order: no mode is switched on that would have to be switched off.
 *
 * A terminal made narrower has broken the drawn lines into several, so as many are erased. (A
 * terminal that cuts lines instead loses a few lines above.)
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

/* Is it a terminal with erasable lines? Not with TERM=dumb, or without TERM. */
bool screen_can_draw(FILE *out);
void screen_init(struct screen *s, FILE *out, bool no_color);
void screen_size(const struct screen *s, uint32_t *columns, uint32_t *rows);
/* Can it take something without making us wait (a terminal stopped by Ctrl-S, a full pipe)? */
bool screen_is_ready(const struct screen *s);
/* Draws the progress view in place of the view before. */
void screen_show(struct screen *s, const struct progress_view *b);
/* One line of it, where nothing is drawn. type: of view_json(); NULL: words for a person. */
void screen_line(const struct screen *s, const struct progress_view *b, const char *type);
/* Erases the view; the cursor returns to the start. */
void screen_erase(struct screen *s);
/* At the end of a run: bell and title, where it was long. */
void screen_ring(const struct screen *s, const struct progress_view *b);
/* Keeps the drawn view, or a view moved by other output: the next one begins below. */
void screen_leave(struct screen *s);

#endif
