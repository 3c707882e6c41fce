/*
 * A hook: a program of the user that gets each event on its standard input. One event at a time, in
 * their order. The program runs without a shell and in a process group of its own; after its time
 * limit the group gets SIGTERM, five seconds later SIGKILL. For the family of this room.
 *
 * It sees only the variables that hook.c lists and those that begin with HOOK_: neither keys of AWS
 * nor tokens of providers of DNS nor the webhooks' secret.
 */
#ifndef MF_HOOK_H
#define MF_HOOK_H

#include "aws/credentials/command_line.h"
#include "outlet.h"

#define HOOK_GRACE SPAN_S(5)

struct hook {
    struct command_line line;
    char **envp; /* entries borrowed from the environment */
    span_us timeout;
    int ending_fd;
    struct sayings *sayings;
};

/* Splits the command line, and finds the program. ERR_INPUT: there is none. */
enum err hook_vet(const char *command, struct why *why);
enum err hook_new(struct hook **out, const char *command, struct why *why);
/* A new list of those entries of an environment that a hook sees; NULL: no memory. */
char **hook_environment(char *const *environment);
enum delivery hook_deliver(void *ctx, struct outlet *o, const struct message *m, struct text bytes,
                           struct why *why);
void hook_free(void *ctx);

#endif
