/* SPDX-License-Identifier: Apache-2.0 */

/* The engine with its threads: what it costs, and against the usual ways, on this machine. */

#ifndef BENCH_REAL_H
#define BENCH_REAL_H

/* Microseconds a step, with steps that do nothing. */
void real_overhead(void);

/* The usual ways and the engine on threads, and what the simulator says of the same load. */
void real_policies(void);

#endif
