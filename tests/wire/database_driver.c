/* Connects to a database as a journal does, and prints what is said: "notice: ...", then the number
 * of the error and its sentence. Usage: database_driver URL. */
#include "journal/store_postgres/pg.h"

#include <stdio.h>

static void tell(void *ctx, enum notice kind, const char *sentence)
{
    (void)ctx;
    (void)kind;
    printf("notice: %s\n", sentence);
}

int main(int argc, char **argv)
{
    const struct notices notices = {.tell = tell};
    struct why why = {""};
    struct pg *pg = NULL;
    if (argc != 2)
        return 2;
    enum err err = pg_new(&pg, argv[1], SPAN_S(10), &why);
    if (err == OK)
        err = pg_connect(pg, &notices, &why);
    printf("%d %s\n", err, why.text);
    pg_free(pg);
    return 0;
}
