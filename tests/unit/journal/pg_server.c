/* A server in a folder of its own. */
#include "pg_server.h"

#include "unit.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <signal.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define START_TRIES 1200 /* of 50 ms */

static struct {
    char folder[64], bin[64];
    pid_t pid, pooler, owner; /* owner: of the test that has started them */
    unsigned databases;
} server;

/* Debian keeps them out of PATH. The newest one. */
static void bin_find(void)
{
    const char *given = getenv("PG_BIN");
    int newest = 0, version;
    DIR *dir = given ? NULL : opendir("/usr/lib/postgresql");
    for (struct dirent *entry; dir && (entry = readdir(dir));)
        if ((version = atoi(entry->d_name)) > newest)
            newest = version;
    if (dir)
        closedir(dir);
    if (given)
        snprintf(server.bin, sizeof server.bin, "%s/", given);
    else if (newest)
        snprintf(server.bin, sizeof server.bin, "/usr/lib/postgresql/%d/bin/", newest);
}

static void become_user(void)
{
    if (geteuid() != 0)
        return;
    struct passwd *user = getpwnam("postgres");
    user = user ? user : getpwnam("nobody");
    if (!user || setgroups(0, NULL) != 0 || setgid(user->pw_gid) != 0 || setuid(user->pw_uid) != 0)
        _exit(126);
}

static void output_to(const char *file)
{
    int fd = open(file, O_WRONLY | O_CREAT | O_APPEND, 0600);
    dup2(fd, STDOUT_FILENO);
    dup2(fd, STDERR_FILENO);
}

static pid_t program_start(const char *name, const char *const *argv)
{
    char path[160], log[96];
    pid_t parent = getpid(), pid = fork();
    assert_true(pid >= 0);
    if (pid > 0)
        return pid;
    snprintf(path, sizeof path, "%s%s", server.bin, name);
    snprintf(log, sizeof log, "%s/log", server.folder);
    become_user();
    prctl(PR_SET_PDEATHSIG, SIGQUIT); /* the server ends at once when the test has gone */
    if (getppid() != parent)
        _exit(125);
    output_to(log);
    setenv("LC_ALL", "C", 1);
    execvp(path, (char *const *)(uintptr_t)argv);
    _exit(127);
}

static void log_show(void)
{
    char command[96];
    snprintf(command, sizeof command, "tail -5 %s/log >&2", server.folder);
    if (system(command) != 0)
        fputs("there is no log\n", stderr);
}

static void program_run(const char *name, const char *const *argv)
{
    int status = 0;
    pid_t pid = program_start(name, argv);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    if (status == 0)
        return;
    log_show();
    fail_msg("%s has ended with %d: tests of a shared journal need a server of PostgreSQL "
             "(tools/setup installs it)",
             name, WEXITSTATUS(status));
}

static void server_end(void)
{
    char command[96];
    if (server.owner != getpid())
        return; /* a child of the test */
    if (server.pooler) {
        kill(server.pooler, SIGKILL);
        waitpid(server.pooler, NULL, 0);
    }
    pg_server_stop(true);
    snprintf(command, sizeof command, "rm -rf %s", server.folder);
    if (system(command) != 0)
        fputs("the folder of the server stays\n", stderr);
}

static void folder_make(void)
{
    struct passwd *user = getpwnam("postgres");
    strcpy(server.folder, "/tmp/pg_server.XXXXXX");
    assert_non_null(mkdtemp(server.folder));
    assert_int_equal(chmod(server.folder, 0755), 0);
    user = user ? user : getpwnam("nobody");
    if (geteuid() == 0)
        assert_int_equal(chown(server.folder, user->pw_uid, user->pw_gid), 0);
}

static bool is_ready(const char *port)
{
    char data[160];
    const char *argv[] = {"psql", "-XqAtc", "SELECT 1", data, NULL};
    int status = -1;
    snprintf(data, sizeof data, "postgresql:///postgres?host=%s&port=%s&user=postgres",
             server.folder, port);
    pid_t pid = program_start("psql", argv);
    return waitpid(pid, &status, 0) == pid && status == 0;
}

static void postgres_start(void)
{
    char data[80], sockets[112];
    const char *argv[] = {"postgres",
                          "-D",
                          data,
                          "-c",
                          "listen_addresses=",
                          "-c",
                          sockets,
                          "-c",
                          "shared_buffers=32MB",
                          "-c",
                          "max_connections=60",
                          NULL};
    snprintf(data, sizeof data, "%s/data", server.folder);
    snprintf(sockets, sizeof sockets, "unix_socket_directories=%s", server.folder);
    server.pid = program_start("postgres", argv);
    for (int i = 0; i < START_TRIES && !is_ready("5432"); i++) {
        if (waitpid(server.pid, NULL, WNOHANG) == server.pid) {
            log_show();
            fail_msg("the server has ended");
        }
        usleep(50000);
    }
}

void pg_server_start(void)
{
    char data[80];
    if (server.pid)
        return;
    if (!*server.folder) {
        const char *argv[] = {"initdb",   "-D", data,   "-A", "trust",      "-U",
                              "postgres", "-E", "UTF8", "-N", "--locale=C", "--no-instructions",
                              NULL};
        bin_find();
        folder_make();
        server.owner = getpid();
        assert_int_equal(atexit(server_end), 0);
        snprintf(data, sizeof data, "%s/data", server.folder);
        program_run("initdb", argv);
    }
    postgres_start();
}

void pg_server_stop(bool immediately)
{
    if (!server.pid)
        return;
    kill(server.pid, immediately ? SIGQUIT : SIGINT);
    kill(server.pid, SIGCONT);
    waitpid(server.pid, NULL, 0);
    server.pid = 0;
}

/* Its backends are its children, and each has a process group of its own. */
void pg_server_freeze(bool is_frozen)
{
    char command[160];
    snprintf(command, sizeof command, "for p in %d $(ps -o pid= --ppid %d); do kill -%s $p; done",
             (int)server.pid, (int)server.pid, is_frozen ? "STOP" : "CONT");
    assert_int_equal(system(command), 0);
}

const char *pg_server_database(void)
{
    static char urls[8][160];
    char statement[64], url[160], *out = urls[server.databases % 8];
    pg_server_start();
    snprintf(url, sizeof url, "postgresql:///postgres?host=%s&user=postgres", server.folder);
    snprintf(statement, sizeof statement, "CREATE DATABASE test%u", ++server.databases);
    pg_server_sql(url, statement);
    snprintf(out, sizeof urls[0], "postgresql:///test%u?host=%s&user=postgres", server.databases,
             server.folder);
    return out;
}

#define POOLER_PORT "6432" /* of its socket */

static void pooler_start(void)
{
    char config[96], path[] = "/usr/sbin/pgbouncer";
    const char *argv[] = {"pgbouncer", config, NULL};
    snprintf(config, sizeof config, "%s/pooler.ini", server.folder);
    FILE *file = fopen(config, "w");
    assert_non_null(file);
    /* Three backends, whatever comes; auth_type=any makes everybody the user of the first line. */
    fprintf(file,
            "[databases]\n* = host=%s port=5432 user=postgres\n[pgbouncer]\nlisten_port = %s\n"
            "unix_socket_dir = %s\nauth_type = any\npool_mode = transaction\n"
            "default_pool_size = 3\nserver_login_retry = 1\n",
            server.folder, POOLER_PORT, server.folder);
    assert_int_equal(fclose(file), 0);
    assert_int_equal(chmod(config, 0644), 0);
    char *bin = strdup(server.bin);
    *server.bin = '\0'; /* it lies elsewhere */
    server.pooler = program_start(path, argv);
    strcpy(server.bin, bin);
    free(bin);
    for (int i = 0; i < START_TRIES && !is_ready(POOLER_PORT); i++)
        usleep(50000);
}

const char *pg_server_pooled(const char *url)
{
    static char out[220];
    if (!server.pooler)
        pooler_start();
    snprintf(out, sizeof out, "%s&port=" POOLER_PORT, url);
    return out;
}

void pg_server_terminate(const char *url)
{
    pg_server_sql(url, "SELECT count(pg_terminate_backend(pid, 20000)) FROM pg_stat_activity"
                       " WHERE datname = current_database() AND pid <> pg_backend_pid()");
}

const char *pg_server_url_of(const char *url, const char *role)
{
    static char out[200];
    const char *user = strstr(url, "user=");
    assert_non_null(user);
    snprintf(out, sizeof out, "%.*suser=%s", (int)(user - url), url, role);
    return out;
}

const char *pg_server_sql(const char *url, const char *statement)
{
    static char out[4096];
    int ends[2], status = 0;
    size_t len = 0;
    assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        dup2(ends[1], STDOUT_FILENO);
        execlp("psql", "psql", "-XqAt", "-v", "ON_ERROR_STOP=1", "-c", statement, url,
               (char *)NULL);
        _exit(127);
    }
    close(ends[1]);
    for (ssize_t n;
         len < sizeof out - 1 && (n = read(ends[0], out + len, sizeof out - 1 - len)) > 0;)
        len += (size_t)n;
    close(ends[0]);
    out[len] = '\0';
    out[strcspn(out, "\n")] = '\0';
    assert_int_equal(waitpid(pid, &status, 0), pid);
    if (status != 0)
        fail_msg("psql: %s", statement);
    return out;
}
