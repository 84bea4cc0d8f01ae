/* SPDX-License-Identifier: Apache-2.0 */

/*
 * A table is compacted by a program of one's own: what a scheduler or a service does.
 *
 *     compact [-o NAME=VALUE]... SOURCE DEST
 *
 * NAME is an option of the command without its dashes ("memory=256MiB"). A second thread looks at
 * the job four times a second and tells how far it is. SIGINT or SIGTERM ends it in order: batches
 * that are being written are committed, and the next run goes on behind them; a second one does not
 * wait for them. Either way nothing is lost or doubled.
 *
 * What to look at: the library prints nothing, so show_event() is where inputs that were left alone
 * are named; and a run that left some alone is no failure (rg_job_run() answers RG_OK).
 */

#include <inttypes.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <regroup/regroup.h>

enum {
    NAME_BYTES = 64,
};

static const struct timespec between_looks = {.tv_nsec = 250 * 1000 * 1000};

/* What is ignored already stays so: a shell has what it runs by & ignore SIGINT. */
static void add_unless_ignored(sigset_t *signals, int number)
{
    struct sigaction now;

    if (sigaction(number, NULL, &now) != 0 || now.sa_handler != SIG_IGN)
        sigaddset(signals, number);
}

/* Those that the watching thread waits for; SIGUSR1 tells it that the job has ended. */
static sigset_t watched_signals(void)
{
    sigset_t signals;

    sigemptyset(&signals);
    add_unless_ignored(&signals, SIGINT);
    add_unless_ignored(&signals, SIGTERM);
    sigaddset(&signals, SIGUSR1);
    return signals;
}

static void *watch(void *user)
{
    struct rg_job *job = user;
    struct rg_job_sample sample = {.size = sizeof sample};
    const sigset_t signals = watched_signals();

    for (;;) {
        const int signal_number = sigtimedwait(&signals, NULL, &between_looks);

        if (signal_number == SIGUSR1)
            return NULL;
        if (signal_number > 0)
            rg_job_cancel(job, sample.is_draining ? RG_CANCEL_ABORT : RG_CANCEL_DRAIN);
        rg_job_sample(job, &sample);
        fprintf(stderr, "%" PRIu64 " of %" PRIu64 "%s files, %" PRIu64 " MiB resident\n",
                sample.file_done_count, sample.file_count, sample.is_total_known ? "" : " or more",
                sample.resident_bytes >> 20);
    }
}

static void show_event(void *user, const struct rg_event *event)
{
    (void)user;
    if (event->kind == RG_EVENT_LEFT_ALONE)
        fprintf(stderr, "left alone: %s: %s\n", event->alone->path, event->text);
    if (event->kind == RG_EVENT_WARNING)
        fprintf(stderr, "warning: %s\n", event->text);
    if (event->kind == RG_EVENT_COMMITTED)
        printf("a batch of %zu inputs is committed\n", event->batch->input_count);
}

static enum rg_status set_option(struct rg_options *options, const char *argument,
                                 struct rg_error *err)
{
    const char *equals = strchr(argument, '=');
    const size_t bytes = equals != NULL ? (size_t)(equals - argument) : strlen(argument);
    char name[NAME_BYTES];

    snprintf(name, sizeof name, "%.*s", (int)(bytes < NAME_BYTES ? bytes : NAME_BYTES), argument);
    return rg_options_set(options, name, equals != NULL ? equals + 1 : "true", RG_ORIGIN_FLAG, err);
}

static enum rg_status run_watched(struct rg_job *job, struct rg_error *err)
{
    pthread_t watcher;

    if (pthread_create(&watcher, NULL, watch, job) != 0) {
        err->status = RG_ERR_NOMEM;
        snprintf(err->text, sizeof err->text, "no thread to watch the job");
        return err->status;
    }
    const enum rg_status status = rg_job_run(job, err);
    pthread_kill(watcher, SIGUSR1);
    pthread_join(watcher, NULL);
    return status;
}

static void say_result(const struct rg_report *report)
{
    printf("%" PRIu64 " files -> %" PRIu64 ", %" PRIu64 " rows, %" PRIu64
           " left alone, at most %" PRIu64 " MiB\n",
           report->file_in_count, report->file_out_count, report->row_count,
           report->file_alone_count, report->memory_peak_bytes >> 20);
}

static enum rg_status compact(const struct rg_options *options, const char *source,
                              const char *dest, struct rg_error *err)
{
    const struct rg_job_config config = {
        .size = sizeof config,
        .options = options,
        .source = source,
        .dest = dest,
        .event = show_event,
    };
    struct rg_job *job;
    enum rg_status status = rg_job_new(&config, &job, err);

    if (status != RG_OK)
        return status;
    status = run_watched(job, err);
    say_result(rg_job_report(job));
    rg_job_free(job);
    return status;
}

/* The index of SOURCE in argv; 0: an error is told already. */
static int read_arguments(int argc, char **argv, struct rg_options *options)
{
    struct rg_error err;
    int letter;

    while ((letter = getopt(argc, argv, "o:")) != -1) {
        if (letter != 'o')
            return 0;
        if (set_option(options, optarg, &err) != RG_OK) {
            fprintf(stderr, "%s\n", err.text);
            return 0;
        }
    }
    if (argc - optind == 2)
        return optind;
    fprintf(stderr, "usage: %s [-o NAME=VALUE]... SOURCE DEST\n", argv[0]);
    return 0;
}

int main(int argc, char **argv)
{
    const sigset_t signals = watched_signals();
    struct rg_error err;

    /* Threads inherit it, those of the library too: the one that watches gets all signals. */
    pthread_sigmask(SIG_BLOCK, &signals, NULL);
    /* A reader that is gone and a limit on the size of files are errors of the write instead. */
    signal(SIGPIPE, SIG_IGN);
    signal(SIGXFSZ, SIG_IGN);

    struct rg_options *options = rg_options_new();
    if (options == NULL)
        return 1;
    const int first = read_arguments(argc, argv, options);
    if (first == 0) {
        rg_options_free(options);
        return 2;
    }
    const enum rg_status status = compact(options, argv[first], argv[first + 1], &err);
    if (status != RG_OK)
        fprintf(stderr, "%s\n", err.text);
    rg_options_free(options);
    return status == RG_OK ? 0 : 1;
}
