/*
 * The number of elements of an array, as a constant. For arrays only: a pointer gives a wrong
 * number, and compilers warn (-Wsizeof-pointer-div).
 */
#ifndef MF_COUNT_H
#define MF_COUNT_H

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

#endif
