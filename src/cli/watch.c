/* SPDX-License-Identifier: Apache-2.0 */

/*
 * rg_job_run() blocks its caller, and rg_verify_run() does, so somebody else must look at the clock
 * and wait for signals: the one thread that is made outside the engine and the stores. It sleeps in
 * sigtimedwait(), so that signals are taken like any other event and no handler runs anywhere.
 *
 * `lock` guards what both sides touch: what runs, which may go away, and standard error. Standard
 * error may be a pipe that nobody reads, so that whoever writes may wait for ever, `lock` in hand:
 *
 * 1. Nobody writes but where there is room; who waits for room looks for signals meanwhile.
 * 2. Once a signal has come, nobody waits for room for more than a second; what is not written by
 *    then is dropped, and what finds no room after that is dropped at once.
 * 3. The thread that takes signals stops the job before it says anything, under `job_lock`, which
 *    is never held while something is written. It never waits long for `lock`.
 *
 * Not here: how progress looks (<regroup/progress.h>).
 */

#include "cli/watch.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <regroup/progress.h>

#include "cli/exit_status.h"
#include "cli/output.h"

static const uint64_t second_ns = UINT64_C(1000000000);
static const long tick_ns = 250000000;
/* With --report: points of its curves. */
static const long report_tick_ns = 20000000;
static const uint64_t show_after_ns = UINT64_C(1000000000);
static const uint64_t block_every_ns = UINT64_C(250000000);
static const uint64_t json_every_ns = UINT64_C(1000000000);
static const uint64_t line_every_ns = UINT64_C(30000000000);
/* While there is no room on standard error: how often signals are looked for, */
static const int room_ms = 100;
/* how long they are kept waiting for it, and how long for whoever does that. */
static const uint64_t patience_ns = UINT64_C(1000000000);
static const time_t lock_patience_s = 3;

static uint64_t now_ns(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * second_ns + (uint64_t)now.tv_nsec;
}

static void clock_text(char text[16])
{
    const time_t now = time(NULL);
    struct tm local;

    localtime_r(&now, &local);
    strftime(text, 16, "%H:%M:%S", &local);
}

static enum watch_mode choose_mode(const struct rg_options *options,
                                   const struct terminal *terminal, bool is_quiet)
{
    const char *wanted = rg_options_get(options, "progress");

    if (is_quiet || strcmp(wanted, "none") == 0)
        return WATCH_NONE;
    if (strcmp(wanted, "line") == 0)
        return WATCH_LINE;
    if (strcmp(wanted, "json") == 0)
        return WATCH_JSON;
    /* "block" and "auto": no escape byte ever goes where it would not be obeyed. */
    return terminal->has_escapes ? WATCH_BLOCK : WATCH_LINE;
}

static struct rg_progress *new_progress(const struct watch *watch, const char *title)
{
    const struct rg_progress_style style = {
        .size = sizeof style,
        .form = watch->mode == WATCH_BLOCK  ? RG_PROGRESS_FORM_BLOCK
                : watch->mode == WATCH_JSON ? RG_PROGRESS_FORM_JSON
                                            : RG_PROGRESS_FORM_LINE,
        .column_count = watch->terminal.columns,
        .line_count = watch->terminal.lines,
        .has_color = watch->terminal.has_color,
        .is_utf8 = watch->terminal.is_utf8,
    };

    return watch->mode == WATCH_NONE ? NULL : rg_progress_new(&style, title);
}

/* Somebody wants the process to end: the signal was taken, or is about to be. */
static bool is_urgent(const struct watch *watch)
{
    static const int numbers[] = {SIGINT, SIGTERM};
    sigset_t pending;

    if (atomic_load(&watch->signal_count) > 0)
        return true;
    sigpending(&pending);
    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++)
        if (sigismember(&watch->signals, numbers[i]) == 1 && sigismember(&pending, numbers[i]) == 1)
            return true;
    return false;
}

/* True when PIPE_BUF bytes can be written at once, or the write will say why not. */
static bool has_room(int wait_ms)
{
    struct pollfd error = {.fd = STDERR_FILENO, .events = POLLOUT};
    const int found = poll(&error, 1, wait_ms);

    return found > 0 || (found < 0 && errno != EINTR);
}

/* False: there was none for too long. */
static bool wait_for_room(struct watch *watch)
{
    uint64_t urgent_ns = 0; /* Since when it has been. */

    for (;;) {
        const bool urgent = is_urgent(watch);
        const bool is_hopeless = urgent && atomic_load(&watch->is_stuck);

        if (has_room(is_hopeless ? 0 : room_ms))
            return true;
        if (urgent && urgent_ns == 0)
            urgent_ns = now_ns();
        if (is_hopeless || (urgent && now_ns() - urgent_ns >= patience_ns)) {
            atomic_store(&watch->is_stuck, true);
            return false;
        }
    }
}

bool rg_watch_write(void *user, const void *data, size_t bytes)
{
    struct watch *watch = user;
    const char *at = data;
    const char *const end = at + bytes;
    const char newline = '\n';

    while (at < end) {
        if (!wait_for_room(watch))
            break;
        if (atomic_exchange(&watch->is_torn, false))
            (void)!write(STDERR_FILENO, &newline, 1);
        const size_t left = (size_t)(end - at);
        const ssize_t count = write(STDERR_FILENO, at, left < PIPE_BUF ? left : PIPE_BUF);
        if (count < 0 && errno != EAGAIN && errno != EINTR)
            return false;
        at += count > 0 ? count : 0;
    }
    if (at < end && at > (const char *)data)
        atomic_store(&watch->is_torn, true);
    return at == end;
}

static void put(struct watch *watch, const char *text)
{
    if (text != NULL)
        (void)rg_watch_write(watch, text, strlen(text));
}

static void erase_locked(struct watch *watch)
{
    if (watch->progress != NULL)
        put(watch, rg_progress_erase(watch->progress));
}

void rg_watch_say(struct watch *watch, const char *format, ...)
{
    char line[RG_OUTPUT_LINE_BYTES];
    va_list args;

    va_start(args, format);
    const size_t bytes = rg_output_line(line, format, args);
    va_end(args);
    (void)rg_watch_write(watch, line, bytes);
}

static bool is_idle(const struct watch *watch)
{
    return watch->job == NULL && watch->verify == NULL;
}

/* The text for a sample of what runs, as `progress` has it. */
static const char *sample_text(struct watch *watch, struct rg_progress *progress,
                               const char *explanation, struct rg_job_sample *ret_sample)
{
    struct rg_verify_sample verified = {.size = sizeof verified};
    char clock[16];

    clock_text(clock);
    if (watch->job == NULL) {
        rg_verify_take_sample(watch->verify, &verified);
        return rg_progress_verify_text(progress, &verified, clock);
    }
    *ret_sample = (struct rg_job_sample){.size = sizeof *ret_sample};
    rg_job_sample(watch->job, ret_sample);
    return rg_progress_text(progress, ret_sample, clock, explanation);
}

/* Takes a sample and writes it, whatever the time. */
static void show_locked(struct watch *watch)
{
    char explanation[400] = "";

    if (is_idle(watch) || watch->is_paused || watch->progress == NULL)
        return;
    if (watch->job != NULL)
        rg_job_explain(watch->job, watch->since.size != 0 ? &watch->since : NULL, explanation,
                       sizeof explanation);
    if (watch->mode == WATCH_BLOCK) {
        uint32_t columns;
        uint32_t lines;

        rg_terminal_size(&columns, &lines);
        rg_progress_resize(watch->progress, columns, lines);
    }
    put(watch, sample_text(watch, watch->progress, explanation, &watch->since));
    watch->shown_ns = now_ns();
}

static void tick(struct watch *watch)
{
    const uint64_t period_ns = watch->mode == WATCH_BLOCK  ? block_every_ns
                               : watch->mode == WATCH_JSON ? json_every_ns
                                                           : line_every_ns;
    const uint64_t first_ns = watch->mode == WATCH_LINE ? line_every_ns : show_after_ns;

    pthread_mutex_lock(&watch->job_lock);
    if (watch->has_report && watch->job != NULL) {
        struct rg_job_sample sample = {.size = sizeof sample};

        rg_job_sample(watch->job, &sample); /* The job keeps what its page needs. */
    }
    pthread_mutex_unlock(&watch->job_lock);
    /* Whoever writes now may do so for long. */
    if (pthread_mutex_trylock(&watch->lock) != 0)
        return;
    const uint64_t due_ns =
        watch->shown_ns != 0 ? watch->shown_ns + period_ns : watch->begin_ns + first_ns;
    if (now_ns() >= due_ns && has_room(0))
        show_locked(watch);
    pthread_mutex_unlock(&watch->lock);
}

/*
 * SIGUSR1: a line, in whatever mode; among lines, of JSON or not, it is one of them. Else nobody
 * knows what was before it, and its rates are those of the whole run.
 */
static void show_on_demand(struct watch *watch)
{
    const struct rg_progress_style style = {.size = sizeof style, .form = RG_PROGRESS_FORM_LINE};
    const bool is_one_of_many = watch->mode == WATCH_JSON || watch->mode == WATCH_LINE;
    struct rg_job_sample sample;

    pthread_mutex_lock(&watch->lock);
    struct rg_progress *line =
        is_idle(watch) || is_one_of_many ? NULL : rg_progress_new(&style, "");
    if (is_one_of_many) {
        show_locked(watch);
    } else if (line != NULL) {
        erase_locked(watch);
        put(watch, sample_text(watch, line, NULL, &sample));
        rg_progress_free(line);
    }
    pthread_mutex_unlock(&watch->lock);
}

static void say_locked(struct watch *watch, const char *kind, const char *text)
{
    erase_locked(watch);
    rg_watch_say(watch, "%s%s", kind, text);
}

/* False: nothing runs. */
static bool cancel(struct watch *watch, unsigned signal_count)
{
    pthread_mutex_lock(&watch->job_lock);
    const bool is_running = !is_idle(watch);
    if (watch->verify != NULL)
        rg_verify_cancel(watch->verify);
    else if (watch->job != NULL)
        rg_job_cancel(watch->job,
                      signal_count == 1 && !watch->only_reads ? RG_CANCEL_DRAIN : RG_CANCEL_ABORT);
    pthread_mutex_unlock(&watch->job_lock);
    return is_running;
}

/* Whoever has it gives up writing before that; false: that writer is stuck in the kernel. */
static bool lock_soon(struct watch *watch)
{
    struct timespec until;

    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_sec += lock_patience_s;
    return pthread_mutex_timedlock(&watch->lock, &until) == 0;
}

static void interrupt(struct watch *watch)
{
    static const char *const words[] = {
        "interrupted: finishing what is begun; once more stops at once",
        "interrupted again: stopping",
    };
    const unsigned signals_max = watch->only_reads ? 1 : 2;
    const unsigned signal_count = atomic_fetch_add(&watch->signal_count, 1) + 1;
    /* Mostly nobody has it, and what this says comes before what the end of the job does. */
    bool is_locked = pthread_mutex_trylock(&watch->lock) == 0;
    const bool is_over = signal_count > signals_max || !cancel(watch, signal_count);

    is_locked = is_locked || lock_soon(watch);
    if (is_over || (!is_locked && signal_count == signals_max)) {
        if (is_locked)
            erase_locked(watch);
        _exit(RG_EXIT_INTERRUPTED);
    }
    if (!is_locked)
        return;
    if (!watch->is_silent && watch->mode != WATCH_JSON)
        say_locked(watch, "",
                   watch->only_reads ? "interrupted: stopping" : words[signal_count - 1]);
    pthread_mutex_unlock(&watch->lock);
}

static void *run_watch(void *user)
{
    struct watch *watch = user;
    const struct timespec patience = {.tv_nsec = watch->has_report ? report_tick_ns : tick_ns};

    for (;;) {
        const int number = sigtimedwait(&watch->signals, NULL, &patience);

        if (atomic_load(&watch->is_ending))
            break;
        if (number == SIGINT || number == SIGTERM)
            interrupt(watch);
        else if (number == SIGUSR1)
            show_on_demand(watch);
        tick(watch);
    }
    return NULL;
}

/* What is ignored already stays so: a shell has what it runs by & ignore SIGINT (POSIX, sh). */
static void take_signal(struct watch *watch, int number)
{
    struct sigaction now;

    if (sigaction(number, NULL, &now) != 0 || now.sa_handler != SIG_IGN)
        sigaddset(&watch->signals, number);
}

static void warn_of_slips(struct watch *watch, const struct arguments *arguments)
{
    char text[RG_SLIP_BYTES];
    size_t at = 0;

    while (rg_arguments_next_slip(arguments, &at, text))
        rg_watch_event(watch, &(struct rg_event){.size = sizeof(struct rg_event),
                                                 .kind = RG_EVENT_WARNING,
                                                 .text = text});
}

bool rg_watch_init(struct watch *watch, const struct arguments *arguments, const char *title)
{
    const struct rg_options *options = arguments->options;
    int failed;

    *watch = (struct watch){
        .terminal = rg_terminal_look(),
        .is_quiet = rg_options_is_on(options, "quiet"),
        .is_silent = rg_options_count(options, "quiet") > 1,
        .is_verbose = rg_options_is_on(options, "verbose"),
        .has_report = rg_options_get(options, "report") != NULL &&
                      rg_options_origin(options, "report") != RG_ORIGIN_DEFAULT,
        .begin_ns = now_ns(),
    };
    watch->only_reads = arguments->command->bit == RG_COMMAND_PLAN ||
                        arguments->command->bit == RG_COMMAND_VERIFY ||
                        rg_options_is_on(options, "dry-run");
    watch->mode = choose_mode(options, &watch->terminal, watch->is_quiet);
    watch->progress = new_progress(watch, title);
    sigemptyset(&watch->signals);
    take_signal(watch, SIGINT);
    take_signal(watch, SIGTERM);
    sigaddset(&watch->signals, SIGUSR1);
    pthread_sigmask(SIG_BLOCK, &watch->signals, NULL);
    failed = pthread_mutex_init(&watch->lock, NULL);
    if (failed == 0)
        failed = pthread_mutex_init(&watch->job_lock, NULL);
    if (failed == 0)
        failed = pthread_create(&watch->thread, NULL, run_watch, watch);
    if (failed != 0) {
        rg_progress_free(watch->progress);
        fprintf(stderr, "error: no thread to watch the job: %s\n", strerror(failed));
        return false;
    }
    warn_of_slips(watch, arguments);
    return true;
}

/* What ran has ended, or something begins. */
static void change_locked(struct watch *watch, struct rg_job *job, struct rg_verify *verify)
{
    if (watch->mode == WATCH_JSON)
        show_locked(watch); /* The last state, for those who read along. */
    erase_locked(watch);
    pthread_mutex_lock(&watch->job_lock);
    watch->job = job;
    watch->verify = verify;
    pthread_mutex_unlock(&watch->job_lock);
}

void rg_watch_job(struct watch *watch, struct rg_job *job)
{
    pthread_mutex_lock(&watch->lock);
    change_locked(watch, job, NULL);
    pthread_mutex_unlock(&watch->lock);
}

void rg_watch_verify(struct watch *watch, struct rg_verify *verify)
{
    pthread_mutex_lock(&watch->lock);
    change_locked(watch, NULL, verify);
    pthread_mutex_unlock(&watch->lock);
}

void rg_watch_pause(struct watch *watch)
{
    pthread_mutex_lock(&watch->lock);
    erase_locked(watch);
    watch->is_paused = true; /* Not the lock: the caller may write to a pipe that nobody reads. */
    pthread_mutex_unlock(&watch->lock);
}

void rg_watch_resume(struct watch *watch)
{
    pthread_mutex_lock(&watch->lock);
    watch->is_paused = false;
    pthread_mutex_unlock(&watch->lock);
}

void rg_watch_fini(struct watch *watch)
{
    atomic_store(&watch->is_ending, true);
    /* Wakes it: otherwise every run would end on a multiple of its patience. */
    pthread_kill(watch->thread, SIGUSR1);
    pthread_join(watch->thread, NULL);
    erase_locked(watch);
    rg_progress_free(watch->progress);
    pthread_mutex_destroy(&watch->job_lock);
    pthread_mutex_destroy(&watch->lock);
}

static void say_event_locked(struct watch *watch, const struct rg_event *event)
{
    const char *partition;

    switch (event->kind) {
    case RG_EVENT_LEFT_ALONE:
        erase_locked(watch);
        rg_watch_say(watch, "left alone: %s: %s", event->alone->path, event->alone->text);
        break;
    case RG_EVENT_WARNING:
        say_locked(watch, "warning: ", event->text);
        break;
    case RG_EVENT_NOTE:
        if (watch->is_verbose)
            say_locked(watch, "", event->text);
        break;
    case RG_EVENT_COMMITTED:
        if (!watch->is_verbose)
            break;
        erase_locked(watch);
        partition = event->batch->partition[0] != 0 ? event->batch->partition : "./";
        rg_watch_say(watch, "%s record %llu: %zu file%s -> %zu", partition,
                     (unsigned long long)event->batch->record_number, event->batch->input_count,
                     rg_output_plural(event->batch->input_count), event->batch->output_count);
        break;
    case RG_EVENT_PLANNED:
        break;
    }
}

void rg_watch_event(void *user, const struct rg_event *event)
{
    struct watch *watch = user;

    pthread_mutex_lock(&watch->lock);
    if (watch->mode == WATCH_JSON && watch->progress != NULL)
        put(watch, rg_progress_event(watch->progress, event));
    else if (!watch->is_silent)
        say_event_locked(watch, event);
    pthread_mutex_unlock(&watch->lock);
}

void rg_watch_summary(struct watch *watch, const struct rg_report *report, enum rg_status status,
                      const struct rg_error *err)
{
    /* Of a job that ended before it did anything there is nothing to sum up. */
    const bool has_summary = status == RG_OK || report->batch_count > 0;
    struct rg_error ignored;

    pthread_mutex_lock(&watch->lock);
    erase_locked(watch);
    if (watch->mode == WATCH_JSON && watch->progress != NULL)
        put(watch, rg_progress_finish(watch->progress, report, status, err->text));
    else if (!watch->is_quiet && has_summary)
        (void)!rg_report_text(report, watch->is_verbose, rg_watch_write, watch, &ignored);
    pthread_mutex_unlock(&watch->lock);
}

int rg_watch_exit(struct watch *watch, const struct rg_error *err)
{
    pthread_mutex_lock(&watch->lock);
    erase_locked(watch);
    rg_watch_say(watch, "error: %s", err->text);
    pthread_mutex_unlock(&watch->lock);
    return rg_exit_status(err->status);
}

int rg_watch_fail(struct watch *watch, const struct rg_error *err)
{
    const struct rg_report nothing = {.size = sizeof nothing};

    if (watch->mode != WATCH_JSON)
        return rg_watch_exit(watch, err);
    rg_watch_summary(watch, &nothing, err->status, err);
    return rg_exit_status(err->status);
}
