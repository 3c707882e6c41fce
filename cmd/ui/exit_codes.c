/* What the exit codes mean. */
#include "exit_codes.h"

#include "base/count.h"
#include "options/help.h"

static const struct {
    enum exit_code code;
    const char *meaning;
} exit_codes[] = {
    {EXIT_OK, "done, nothing wrong"},
    {EXIT_CANNOT_RUN, "could not run: usage, manifest, credentials, journal"},
    {EXIT_CHANGES, "plan --detailed-exitcode found changes"},
    {EXIT_TROUBLE,
     "finished, but some identities are refused, failed, expired or drifted; or they are "
     "as wanted, but DNS or SES is not as it should be; or SES rejects mail of some now"},
    {EXIT_STOPPED, "stopped before the end, can be resumed"},
};

int exit_worse(int a, int b)
{
    static const int rising[] = {EXIT_OK, EXIT_CHANGES, EXIT_TROUBLE, EXIT_STOPPED,
                                 EXIT_CANNOT_RUN};
    size_t worst = 0;
    for (size_t i = 0; i < COUNT(rising); i++)
        if (rising[i] == a || rising[i] == b)
            worst = i;
    return rising[worst];
}

void exit_codes_print(FILE *out)
{
    for (size_t i = 0; i < COUNT(exit_codes); i++) {
        fprintf(out, "  %d  ", exit_codes[i].code);
        help_print(out, 5, text_of(exit_codes[i].meaning));
    }
}
