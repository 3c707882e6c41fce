/* One line there, one line back. */
#include "client.h"

#include "control_internal.h"
#include "wire/os_clock.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* Reads until the newline. false: no whole line came until then; errno 0: the time was over. */
static bool line_take(int fd, span_us until, char *line, size_t size, size_t *len)
{
    *len = 0;
    while (*len < size) {
        span_us left = until - os_clock_boot();
        struct pollfd one = {.fd = fd, .events = POLLIN};
        errno = 0;
        int ready = left > 0 ? poll(&one, 1, (int)(left / 1000) + 1) : 0;
        if (ready == 0)
            return false;
        ssize_t got = ready < 0 ? -1 : read(fd, line + *len, size - *len);
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0) {
            errno = got == 0 ? EPIPE : errno;
            return false;
        }
        *len += (size_t)got;
        if (line[*len - 1] == '\n') {
            --*len;
            return true;
        }
    }
    errno = EPROTO;
    return false;
}

static void broken(struct control_reply *reply, const char *what)
{
    reply->found = CONTROL_BROKEN;
    snprintf(reply->said, sizeof reply->said, "%s: %s", what, strerror(errno));
}

static void converse(int fd, uint64_t run, const struct order *order, span_us patience,
                     struct control_reply *reply)
{
    char line[CONTROL_LINE_MAX], answer[CONTROL_SAID_MAX];
    struct text sentence;
    size_t len;
    control_line_write(line, run, order);
    /* Whom the run refuses, it answers before it has read the order: then sending fails. */
    ssize_t sent = send(fd, line, strlen(line), MSG_NOSIGNAL);
    if (sent != (ssize_t)strlen(line) && errno != EPIPE && errno != ECONNRESET) {
        broken(reply, "cannot send the order");
    } else if (!line_take(fd, os_clock_boot() + patience, answer, sizeof answer, &len)) {
        reply->found = errno ? CONTROL_NOBODY : CONTROL_SILENT; /* the run has ended just now */
        if (errno && errno != EPIPE && errno != ECONNRESET)
            broken(reply, "no answer from the run");
    } else if (control_answer_read((struct text){answer, len}, &reply->run, &reply->word,
                                   &sentence)) {
        reply->found = CONTROL_ANSWERED;
        order_name_copy(reply->said, sizeof reply->said, sentence);
    } else {
        errno = EPROTO;
        broken(reply, "what listens there is no run of this program");
    }
}

void control_ask(const char *journal, uint64_t run, const struct order *order, span_us patience,
                 struct control_reply *reply)
{
    struct address a;
    struct why why;
    int fd = -1;
    *reply = (struct control_reply){.found = CONTROL_NOBODY};
    if (address_open(&a, journal, &why) != OK) {
        address_close(&a);
        return; /* whoever opens the journal says why */
    }
    switch (address_connect(&a, patience, &fd, &reply->owner)) {
    case ADDRESS_OPEN: converse(fd, run, order, patience, reply); break;
    case ADDRESS_NOBODY: break;
    case ADDRESS_FORBIDDEN: reply->found = CONTROL_FORBIDDEN; break;
    case ADDRESS_SILENT: reply->found = CONTROL_SILENT; break;
    case ADDRESS_BROKEN: broken(reply, "the socket beside the journal"); break;
    }
    if (fd >= 0)
        close(fd);
    address_close(&a);
}

void control_giver(struct order *order)
{
    char host[ORDER_HOST_MAX] = "";
    gethostname(host, sizeof host - 1);
    order_name_copy(order->host, sizeof order->host, text_of(host));
    order->uid = (uint32_t)geteuid();
    order->pid = (uint32_t)getpid();
    server_user_name(order->uid, order->user);
}
