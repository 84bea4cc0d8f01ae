/* SPDX-License-Identifier: Apache-2.0 */

/* Two links as the simulator has them, in real time: requests that share a rate, on one thread. */

#ifndef BENCH_LINE_H
#define BENCH_LINE_H

#include <stdint.h>

#include "weir/weir.h"

struct line;

struct line_request {
    struct weir_job *job;
    uint32_t part;
    uint32_t link; /* 0: down, 1: up. */
    double bytes;
    uint64_t latency_ns;
};

/* NULL without memory. */
struct line *line_new(double down_rate, double up_rate, double stream_rate);
/* All requests have been answered. */
void line_free(struct line *line);

/* weir_done() follows when it is over. */
void line_send(struct line *line, const struct line_request *request);

#endif
