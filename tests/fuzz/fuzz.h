/* SPDX-License-Identifier: Apache-2.0 */

/*
 * What fuzz targets share. A target is one file with LLVMFuzzerTestOneInput(); it is linked with
 * libFuzzer (Meson option fuzz, clang), and with driver.c, which replays the committed corpus under
 * plain `meson test`.
 */

#ifndef FUZZ_FUZZ_H
#define FUZZ_FUZZ_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes);

/* Changes some of `data`, libFuzzer's way or the driver's; returns how long it is now. */
size_t LLVMFuzzerMutate(uint8_t *data, size_t bytes, size_t bytes_max);

/* The target's own way; NULL: it has none. Weak, so that one can ask. */
__attribute__((weak)) size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t bytes, size_t bytes_max,
                                                     unsigned seed);

/* Words one after another as one number. */
static inline uint64_t fuzz_mix(uint64_t hash, uint64_t word)
{
    return (hash ^ word) * UINT64_C(0x9e3779b97f4a7c15);
}

/* Ends the process: what both the fuzzer and the driver take for a finding. */
#define FUZZ_CHECK(condition)                                                                      \
    do {                                                                                           \
        if (!(condition)) {                                                                        \
            (void)fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, #condition);                  \
            abort();                                                                               \
        }                                                                                          \
    } while (0)

#endif
