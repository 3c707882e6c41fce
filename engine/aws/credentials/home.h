/*
 * The user's home folder, as the AWS CLI finds it. For the family of this folder.
 */
#ifndef MF_HOME_H
#define MF_HOME_H

#include <stddef.h>

/* HOME, or without it the folder of the user database (a service or a container may lack HOME).
 * Returns out; "" when neither is known. */
const char *home_folder(char *out, size_t out_len);

#endif
