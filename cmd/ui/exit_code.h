/* How the process ends. */
#ifndef MF_EXIT_CODE_H
#define MF_EXIT_CODE_H

enum exit_code {
    EXIT_OK = 0,
    EXIT_CANNOT_RUN = 1, /* usage, manifest, credentials, journal */
    EXIT_CHANGES = 2,    /* plan --detailed-exitcode found changes */
    EXIT_TROUBLE = 3,    /* finished, but some identities are refused, failed or expired */
    EXIT_STOPPED = 4,    /* stopped before the end, can be resumed */
};

#endif
