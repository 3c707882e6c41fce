/* The few escape sequences that this program needs, and the size of the terminal. */
#include "screen.h"

#include "base/count.h"

#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#define COLUMNS_USUAL 80
#define ROWS_USUAL    24

bool screen_can_draw(FILE *out)
{
    const char *term = getenv("TERM");
    return isatty(fileno(out)) && term && *term && strcmp(term, "dumb") != 0;
}

void screen_init(struct screen *s, FILE *out, bool no_color)
{
    bool is_terminal = screen_can_draw(out);
    *s = (struct screen){.out = out, .is_terminal = is_terminal, .color = is_terminal && !no_color};
}

void screen_size(const struct screen *s, uint32_t *columns, uint32_t *rows)
{
    struct winsize size = {0};
    if (ioctl(fileno(s->out), TIOCGWINSZ, &size) != 0)
        size = (struct winsize){0};
    *columns = size.ws_col ? size.ws_col : COLUMNS_USUAL;
    *rows = size.ws_row ? size.ws_row : ROWS_USUAL;
}

bool screen_is_ready(const struct screen *s)
{
    struct pollfd fd = {.fd = fileno(s->out), .events = POLLOUT};
    return poll(&fd, 1, 0) == 1 && (fd.revents & POLLOUT);
}

static uint32_t rows_taken(const struct screen *s, uint32_t columns)
{
    uint32_t rows = 0;
    for (uint32_t i = 0; i < s->lines; i++)
        rows += s->widths[i] > columns ? (s->widths[i] + columns - 1) / columns : 1;
    return rows;
}

static void erase_add(struct buf *frame, struct screen *s, uint32_t columns)
{
    if (s->lines)
        buf_add_fmt(frame, "\r\033[%uA\033[J", rows_taken(s, columns));
    s->lines = 0;
}

/* In one write, so that nobody sees half of it. */
static void frame_write(const struct screen *s, const struct buf *frame)
{
    fflush(s->out);
    ssize_t written = write(fileno(s->out), frame->at, frame->len);
    (void)written; /* a terminal that is gone needs no progress */
}

void screen_show(struct screen *s, const struct progress_view *b)
{
    struct buf frame;
    uint32_t columns, rows;
    screen_size(s, &columns, &rows);
    buf_init(&frame, VIEW_BYTES_MAX);
    erase_add(&frame, s, columns);
    size_t begin = frame.len;
    view_draw(&frame, b, columns, rows - 1, s->color);
    if (!frame.failed && frame.len) {
        struct text lines = text_from(buf_text(&frame), begin);
        while (lines.len && s->lines < COUNT(s->widths))
            s->widths[s->lines++] = view_width(text_cut(&lines, '\n'));
        frame_write(s, &frame);
    }
    buf_clear(&frame);
}

void screen_line(const struct screen *s, const struct progress_view *b, const char *type)
{
    struct buf line;
    buf_init(&line, VIEW_BYTES_MAX);
    if (type) {
        view_json(&line, b, type);
    } else {
        view_line(&line, b);
        buf_add_char(&line, '\n');
    }
    struct text rest = buf_text(&line);
    uint32_t columns = UINT32_MAX, rows;
    if (s->is_terminal && !type)
        screen_size(s, &columns, &rows);
    while (!line.failed && rest.len) {
        struct text part = text_cut_line(&rest, columns);
        fprintf(s->out, TEXT_FMT "%s", TEXT_ARG(part), rest.len ? "\n" : "");
    }
    fflush(s->out);
    buf_clear(&line);
}

void screen_erase(struct screen *s)
{
    struct buf frame;
    uint32_t columns, rows;
    screen_size(s, &columns, &rows);
    buf_init(&frame, VIEW_BYTES_MAX);
    erase_add(&frame, s, columns);
    if (frame.len)
        frame_write(s, &frame);
    buf_clear(&frame);
}

void screen_ring(const struct screen *s, const struct progress_view *b)
{
    struct buf frame;
    if (!s->is_terminal)
        return;
    buf_init(&frame, VIEW_BYTES_MAX);
    view_ring(&frame, b);
    if (!frame.failed && frame.len)
        frame_write(s, &frame);
    buf_clear(&frame);
}

void screen_leave(struct screen *s)
{
    s->lines = 0;
}
