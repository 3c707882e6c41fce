/*
 * The number of elements of an array, known when the program is compiled. Of arrays only: of a
 * pointer it gives nonsense, about which compilers warn (-Wsizeof-pointer-div).
 */
#ifndef MF_COUNT_H
#define MF_COUNT_H

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

#endif
