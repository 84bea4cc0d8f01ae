/* SPDX-License-Identifier: Apache-2.0 */

/*
 * The engine against what people use instead. "named", "random", "bottleneck", "overhead" for one
 * table, with a number of mixes behind it; without arguments all of them.
 */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "weir/real.h"
#include "weir/tables.h"

int main(int argc, char **argv)
{
    const char *only = argc > 1 ? argv[1] : NULL;
    const uint32_t count = argc > 2 ? (uint32_t)strtoul(argv[2], NULL, 10) : 400;

    if (only == NULL || strcmp(only, "named") == 0) {
        printf("## Named workloads, simulated: 8 cores, 10 Gbit/s, time over the lower bound\n\n");
        tables_named();
    }
    if (only == NULL || strcmp(only, "random") == 0) {
        printf("\n## %u random mixes, simulated, time over the lower bound\n\n", count);
        tables_random(count);
    }
    if (only == NULL || strcmp(only, "bottleneck") == 0) {
        printf("\n## Is the bottleneck named right?\n\n");
        tables_bottleneck(count);
    }
    if (only == NULL || strcmp(only, "real") == 0) {
        printf("\n## On threads, time over the lower bound\n\n");
        real_policies();
    }
    if (only == NULL || strcmp(only, "overhead") == 0) {
        printf("\n## What the scheduler costs\n\n");
        real_overhead();
    }
    return 0;
}
