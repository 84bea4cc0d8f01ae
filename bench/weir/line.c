/* SPDX-License-Identifier: Apache-2.0 */

#include "weir/line.h"

#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>
#include <time.h>

enum {
    REQUESTS_MAX = 4096
};

struct flight {
    struct line_request request;
    double left;      /* Bytes. */
    double starts_ns; /* When its latency is over. */
    uint64_t total;
};

struct line {
    double rates[2];
    double stream_rate;
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t wake;
    struct flight flights[REQUESTS_MAX]; /* Guarded by lock. */
    uint32_t count;
    bool is_over;
};

static const double tick_ns = 200000;

static double now_ns(void)
{
    struct timespec t;

    (void)clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

/* Moves what could be moved since the last tick; puts what is over into `done`. */
static uint32_t move(struct line *line, double now, double elapsed_ns, struct flight *done)
{
    uint32_t active[2] = {0, 0};
    uint32_t done_count = 0;

    for (uint32_t i = 0; i < line->count; i++)
        active[line->flights[i].request.link] += line->flights[i].starts_ns <= now;
    for (uint32_t i = 0; i < line->count;) {
        struct flight *f = &line->flights[i];
        const uint32_t link = f->request.link;

        if (f->starts_ns <= now) {
            const double share = line->rates[link] / active[link];
            const double rate = share < line->stream_rate ? share : line->stream_rate;
            const double since = now - f->starts_ns;

            f->left -= rate * (since < elapsed_ns ? since : elapsed_ns) / 1e9;
        }
        if (f->left <= 0) {
            done[done_count++] = *f;
            *f = line->flights[--line->count];
        } else {
            i++;
        }
    }
    return done_count;
}

static void *run_line(void *argument)
{
    static struct flight done[REQUESTS_MAX];
    struct line *line = argument;
    double last = now_ns();

    (void)pthread_mutex_lock(&line->lock);
    for (;;) {
        while (line->count == 0 && !line->is_over) {
            (void)pthread_cond_wait(&line->wake, &line->lock);
            last = now_ns();
        }
        if (line->count == 0)
            break;
        (void)pthread_mutex_unlock(&line->lock);
        const struct timespec tick = {.tv_nsec = (long)tick_ns};
        (void)nanosleep(&tick, NULL);
        (void)pthread_mutex_lock(&line->lock);
        const double now = now_ns();
        const uint32_t count = move(line, now, now - last, done);
        last = now;
        (void)pthread_mutex_unlock(&line->lock);
        for (uint32_t i = 0; i < count; i++)
            weir_done(done[i].request.job, done[i].request.part, WEIR_OK, done[i].total);
        (void)pthread_mutex_lock(&line->lock);
    }
    (void)pthread_mutex_unlock(&line->lock);
    return NULL;
}

struct line *line_new(double down_rate, double up_rate, double stream_rate)
{
    struct line *line = calloc(1, sizeof *line);

    if (line == NULL)
        return NULL;
    line->rates[0] = down_rate;
    line->rates[1] = up_rate;
    line->stream_rate = stream_rate;
    (void)pthread_mutex_init(&line->lock, NULL);
    (void)pthread_cond_init(&line->wake, NULL);
    if (pthread_create(&line->thread, NULL, run_line, line) != 0) {
        free(line);
        return NULL;
    }
    return line;
}

void line_free(struct line *line)
{
    (void)pthread_mutex_lock(&line->lock);
    line->is_over = true;
    (void)pthread_cond_signal(&line->wake);
    (void)pthread_mutex_unlock(&line->lock);
    (void)pthread_join(line->thread, NULL);
    (void)pthread_cond_destroy(&line->wake);
    (void)pthread_mutex_destroy(&line->lock);
    free(line);
}

void line_send(struct line *line, const struct line_request *request)
{
    (void)pthread_mutex_lock(&line->lock);
    if (line->count == REQUESTS_MAX)
        abort();
    line->flights[line->count++] = (struct flight){
        .request = *request,
        .left = request->bytes,
        .starts_ns = now_ns() + (double)request->latency_ns,
        .total = (uint64_t)request->bytes,
    };
    (void)pthread_cond_signal(&line->wake);
    (void)pthread_mutex_unlock(&line->lock);
}
