/* One line that is written over on a terminal, and now and then elsewhere. */
#include "ticker.h"

#include "progress.h"

#define TICK_EVERY SPAN_MS(200)

void ticker_begin(struct ticker *t, const struct options *o)
{
    *t = (struct ticker){.mode = progress_mode_of(o)};
    screen_init(&t->screen, stderr, o->no_color);
}

bool ticker_is_due(struct ticker *t, instant_us now)
{
    if (t->mode == PROGRESS_NONE || now < t->next || !screen_is_ready(&t->screen))
        return false;
    bool first = t->next == 0;
    t->began = first ? now : t->began;
    t->next =
        now + (t->mode == PROGRESS_BAR ? TICK_EVERY : progress_interval(t->mode, now - t->began));
    return t->mode == PROGRESS_BAR || !first;
}

void ticker_show(struct ticker *t, const char *line)
{
    uint32_t columns, rows;
    screen_size(&t->screen, &columns, &rows);
    if (t->mode == PROGRESS_BAR) {
        fprintf(stderr, "\r\033[K%.*s", (int)columns - 1, line);
        fflush(stderr);
    } else {
        fprintf(stderr, "%s\n", line);
    }
    t->shown = true;
}

void ticker_end(struct ticker *t)
{
    if (t->mode == PROGRESS_BAR && t->shown)
        fputc('\n', stderr);
}
