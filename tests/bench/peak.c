/*
 * Runs a program and writes what it cost: peak FILE COMMAND [ARGUMENT]... leaves JSON in FILE and
 * ends with the program's exit code. The kernel charges a program with the peak memory of the one
 * that started it; so what starts it here is small.
 */
#include <stdio.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static double seconds(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static double seconds_of(struct timeval t)
{
    return (double)t.tv_sec + (double)t.tv_usec / 1e6;
}

int main(int argc, char **argv)
{
    if (argc < 3)
        return 127;
    int status;
    struct rusage used;
    double start = seconds();
    pid_t pid = fork();
    if (pid == 0) {
        execvp(argv[2], argv + 2);
        perror(argv[2]);
        _exit(127);
    }
    if (pid < 0 || wait4(pid, &status, 0, &used) != pid)
        return 127;
    double wall = seconds() - start;
    FILE *out = fopen(argv[1], "w");
    if (!out)
        return 127;
    fprintf(out, "{\"wall\": %.6f, \"cpu\": %.6f, \"memory\": %ld}\n", wall,
            seconds_of(used.ru_utime) + seconds_of(used.ru_stime), used.ru_maxrss * 1024);
    if (fclose(out) != 0)
        return 127;
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}
