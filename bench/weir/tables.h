/* SPDX-License-Identifier: Apache-2.0 */

/* The simulated comparisons, as text for docs. */

#ifndef BENCH_TABLES_H
#define BENCH_TABLES_H

#include <stdint.h>

/* Ten named workloads under all policies. */
void tables_named(void);

/* Random mixes under the policies that keep a budget, against the lower bound. */
void tables_random(uint32_t count);

/* How often the bottleneck is named as the bound says, where the bound is clear. */
void tables_bottleneck(uint32_t count);

#endif
