#include "progress.h"

#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#define BAR_EVERY   SPAN_MS(200)
#define LINES_EVERY SPAN_S(10)
#define LINE_BYTES  512

void progress_begin(struct progress *p, const struct options *o, const struct fleet *fleet)
{
    *p = (struct progress){.mode = o->progress, .fleet = fleet};
    if (o->quiet)
        p->mode = PROGRESS_NONE;
    else if (o->progress == PROGRESS_AUTO)
        p->mode = isatty(STDERR_FILENO) ? PROGRESS_BAR : PROGRESS_LINES;
}

static void line_make(const struct desk *desk, char *line, size_t size)
{
    struct desk_totals t;
    uint64_t calls = 0, throttled = 0;
    desk_totals(desk, &t);
    for (int kind = 0; kind < CALL_ASK; kind++) {
        calls += t.calls[kind];
        throttled += t.throttled[kind];
    }
    snprintf(line, size,
             "%u of %u final; looking %u, dns %u, to write %u, in flight %u, following %u; "
             "calls %llu (writes %llu, throttled %llu)",
             t.by_state[JOB_DONE], t.jobs, t.by_state[JOB_LOOKING] + t.by_state[JOB_UNSURE],
             t.by_state[JOB_JUDGING] + t.by_state[JOB_WAITING_DNS], t.by_state[JOB_READY],
             t.by_state[JOB_WRITING], t.by_state[JOB_FOLLOWING], (unsigned long long)calls,
             (unsigned long long)t.writes, (unsigned long long)throttled);
}

static size_t columns(void)
{
    struct winsize size;
    return ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 1 ? size.ws_col : 80;
}

void progress_show(struct progress *p, char *line)
{
    if (p->mode == PROGRESS_BAR) {
        if (columns() <= strlen(line))
            line[columns() - 1] = '\0';
        fprintf(stderr, "\r\033[K%s", line);
        fflush(stderr);
    } else {
        fprintf(stderr, "%s\n", line);
    }
    p->shown = true;
}

static void desk_show(struct progress *p, const struct desk *desk)
{
    char line[LINE_BYTES];
    line_make(desk, line, sizeof line);
    progress_show(p, line);
}

bool progress_is_due(struct progress *p, instant_us now)
{
    if (p->mode == PROGRESS_NONE || now < p->next)
        return false;
    bool first = p->next == 0;
    p->next = now + (p->mode == PROGRESS_BAR ? BAR_EVERY : LINES_EVERY);
    return p->mode == PROGRESS_BAR || !first;
}

void progress_turn(void *ctx, const struct desk *desk, instant_us now)
{
    if (progress_is_due(ctx, now))
        desk_show(ctx, desk);
}

void progress_close(struct progress *p)
{
    if (p->mode == PROGRESS_BAR && p->shown)
        fputc('\n', stderr);
}

void progress_end(struct progress *p, const struct desk *desk)
{
    if (p->mode == PROGRESS_NONE)
        return;
    desk_show(p, desk);
    progress_close(p);
}
