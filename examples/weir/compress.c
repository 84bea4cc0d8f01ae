/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Compresses many files at once, each to NAME.zst, inside a memory budget.
 *
 *     compress [-m MIB] [-l LEVEL] [-j WORKERS] FILE...
 *
 * A file is a group; its chunks are the group's jobs: read, compress, append. Chunks of one file
 * are compressed in any order and appended in theirs. The join gives the output its name. However
 * large the files are and however many, no more than the budget is allocated, and the compressors
 * have work as long as the disk delivers.
 *
 * What to look at: chunk_route (all the memory a chunk will ever hold is declared there), and that
 * next_file() is called only when one more file could be begun.
 */

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <weir/weir.h>
#include <zstd.h>

enum {
    CHUNK_BYTES = 4 * 1024 * 1024,
    NAME_BYTES = 4096,
};

struct file {
    const char *name;
    char temporary[NAME_BYTES];
    int in;
    int out;
    struct program *program;
};

struct chunk {
    struct file *file;
    uint64_t offset;
    size_t bytes;
    void *input;
    void *output;
    size_t output_bytes;
};

struct program {
    struct weir *w;
    int read, compress, append, finish;
    int level;
    ZSTD_CCtx **contexts; /* One for each worker, and outside of the budget. */
    char **names;
    int name_count;
    int next;
    atomic_uint_fast64_t bytes_in, bytes_out;
    atomic_uint failed; /* Files. */
};

static enum weir_status complain(const char *name, const char *what)
{
    (void)fprintf(stderr, "%s: %s: %s\n", name, what, strerror(errno));
    return WEIR_SKIP;
}

static enum weir_status run_read(struct weir_job *job, void *item, const struct weir_call *call)
{
    struct chunk *c = item;

    (void)call;
    c->input = weir_alloc(job, c->bytes);
    if (c->input == NULL && c->bytes > 0)
        return WEIR_NOMEM;
    for (size_t done = 0; done < c->bytes;) {
        const ssize_t got =
            pread(c->file->in, (char *)c->input + done, c->bytes - done, (off_t)(c->offset + done));

        if (got == 0)
            errno = EIO; /* It became shorter. */
        if (got <= 0)
            return complain(c->file->name, "read");
        done += (size_t)got;
    }
    weir_moved(job, c->bytes);
    return WEIR_OK;
}

static enum weir_status run_compress(struct weir_job *job, void *item, const struct weir_call *call)
{
    const struct program *p = call->user;
    struct chunk *c = item;
    const size_t bound = ZSTD_compressBound(c->bytes);

    c->output = weir_alloc(job, bound);
    if (c->output == NULL)
        return WEIR_NOMEM;
    const size_t bytes = ZSTD_compressCCtx(p->contexts[call->thread], c->output, bound, c->input,
                                           c->bytes, p->level);
    if (ZSTD_isError(bytes))
        return WEIR_FAILED;
    c->output_bytes = bytes;
    weir_release(job, c->input, c->bytes);
    weir_moved(job, c->bytes);
    return WEIR_OK;
}

/* One at a time for each file, in the order of its chunks. Frames one after another are a file. */
static enum weir_status run_append(struct weir_job *job, void *item, const struct weir_call *call)
{
    struct chunk *c = item;
    struct program *p = call->user;

    for (size_t done = 0; done < c->output_bytes;) {
        const ssize_t put =
            write(c->file->out, (const char *)c->output + done, c->output_bytes - done);

        if (put <= 0)
            return complain(c->file->name, "write");
        done += (size_t)put;
    }
    weir_moved(job, c->output_bytes);
    atomic_fetch_add(&p->bytes_in, c->bytes);
    atomic_fetch_add(&p->bytes_out, c->output_bytes);
    return WEIR_OK;
}

static enum weir_status run_finish(struct weir_job *job, void *item, const struct weir_call *call)
{
    const struct file *f = item;
    char name[NAME_BYTES + 8];

    (void)job;
    (void)call;
    (void)snprintf(name, sizeof name, "%s.zst", f->name);
    if (fsync(f->out) != 0 || rename(f->temporary, name) != 0)
        return complain(f->name, "finish");
    return WEIR_OK;
}

static void drop_chunk(void *item, enum weir_status why)
{
    (void)why;
    free(item);
}

static void drop_file(void *item, enum weir_status why)
{
    struct file *f = item;

    (void)close(f->in);
    (void)close(f->out);
    if (why != WEIR_OK) {
        atomic_fetch_add(&f->program->failed, 1);
        (void)unlink(f->temporary);
    }
    free(f);
}

static enum weir_status submit_chunk(struct program *p, struct weir_group *group, struct file *f,
                                     uint64_t offset, size_t bytes)
{
    const struct weir_step chunk_route[] = {
        {.stage = p->read, .grow_bytes = bytes},
        {.stage = p->compress, .grow_bytes = ZSTD_compressBound(bytes), .drop_bytes = bytes},
        {.stage = p->append, .drop_bytes = ZSTD_compressBound(bytes)},
    };
    struct chunk *c = malloc(sizeof *c);

    if (c == NULL)
        return WEIR_NOMEM;
    *c = (struct chunk){.file = f, .offset = offset, .bytes = bytes};
    const enum weir_status status =
        weir_submit(p->w, group, WEIR_DATA, chunk_route, 3, c, drop_chunk);
    if (status != WEIR_OK)
        free(c);
    return status;
}

static struct file *open_file(struct program *p, const char *name, uint64_t *ret_bytes)
{
    struct stat info;
    struct file *f = calloc(1, sizeof *f);

    if (f == NULL)
        return NULL;
    f->name = name;
    f->program = p;
    f->out = -1;
    const int length = snprintf(f->temporary, sizeof f->temporary, "%s.zst.part", name);
    const bool is_cut = length < 0 || (size_t)length >= sizeof f->temporary;
    f->in = open(name, O_RDONLY | O_CLOEXEC);
    if (f->in >= 0 && !is_cut && fstat(f->in, &info) == 0 && S_ISREG(info.st_mode))
        f->out = open(f->temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
    if (f->out < 0) {
        atomic_fetch_add(&p->failed, 1);
        (void)complain(name, "open");
        if (f->in >= 0)
            (void)close(f->in);
        free(f);
        return NULL;
    }
    *ret_bytes = (uint64_t)info.st_size;
    return f;
}

/* The source. Called when the engine could begin one more file, and not before. */
static enum weir_status next_file(struct weir *w, void *user)
{
    struct program *p = user;
    uint64_t bytes;

    if (p->next == p->name_count)
        return WEIR_END;
    struct file *f = open_file(p, p->names[p->next++], &bytes);
    if (f == NULL)
        return WEIR_OK;
    const struct weir_step finish_route[] = {{.stage = p->finish}};
    struct weir_group *group = weir_group_new(w, WEIR_DATA, 0, finish_route, 1, f, drop_file);
    if (group == NULL) {
        drop_file(f, WEIR_NOMEM);
        return WEIR_NOMEM;
    }
    enum weir_status status = WEIR_OK;
    /* An empty file has a chunk as well: its output is a frame of nothing. */
    for (uint64_t at = 0; (at < bytes || at == 0) && status == WEIR_OK; at += CHUNK_BYTES) {
        const uint64_t left = bytes - at;

        status = submit_chunk(p, group, f, at, left < CHUNK_BYTES ? (size_t)left : CHUNK_BYTES);
    }
    weir_group_close(group);
    /* A chunk of this file has failed already, or the run is over: then we are not called again. */
    return status == WEIR_CANCELLED ? WEIR_OK : status;
}

static int add_stage(struct program *p, const char *name, int resource, weir_run_fn *run,
                     bool in_order)
{
    return weir_stage_add(p->w, &(struct weir_stage){
                                    .size = sizeof(struct weir_stage),
                                    .name = name,
                                    .resource = resource,
                                    .run = run,
                                    .in_order = in_order,
                                    .user = p,
                                });
}

/* Makes the compressors, each with all the memory it will ever take. Returns that; 0: failure. */
static uint64_t make_contexts(struct program *p, uint32_t workers)
{
    const size_t bound = ZSTD_compressBound(CHUNK_BYTES);
    char *input = calloc(1, CHUNK_BYTES);
    char *output = malloc(bound);
    uint64_t bytes = 0;

    p->contexts = calloc(workers, sizeof(ZSTD_CCtx *));
    for (uint32_t i = 0; p->contexts != NULL && input != NULL && output != NULL && i < workers;
         i++) {
        ZSTD_CCtx *context = ZSTD_createCCtx();

        p->contexts[i] = context;
        if (context == NULL ||
            ZSTD_isError(ZSTD_compressCCtx(context, output, bound, input, CHUNK_BYTES, p->level)))
            break;
        bytes += ZSTD_sizeof_CCtx(context);
        if (i + 1 == workers) {
            free(input);
            free(output);
            return bytes;
        }
    }
    free(input);
    free(output);
    return 0;
}

static bool build(struct program *p, uint64_t memory_bytes, uint32_t workers)
{
    const uint64_t contexts = make_contexts(p, workers);

    if (contexts == 0 || memory_bytes <= contexts) {
        (void)fprintf(stderr, "the compressors alone need %" PRIu64 " MiB\n", contexts >> 20);
        return false;
    }
    p->w = weir_new(&(struct weir_config){
        .size = sizeof(struct weir_config),
        .data_budget_bytes = memory_bytes - contexts,
        .worker_count = workers,
    });
    if (p->w == NULL)
        return false;
    const int disk = weir_resource_add(p->w, &(struct weir_resource){
                                                 .size = sizeof(struct weir_resource),
                                                 .name = "disk",
                                                 .kind = WEIR_BLOCKING,
                                                 .slots_min = 2,
                                                 .slots_max = 2,
                                             });
    p->read = add_stage(p, "read", disk, run_read, false);
    p->compress = add_stage(p, "compress", WEIR_CPU, run_compress, false);
    p->append = add_stage(p, "append", disk, run_append, true);
    p->finish = add_stage(p, "finish", disk, run_finish, false);
    return p->finish >= 0 && weir_source_add(p->w, next_file, p) == WEIR_OK;
}

static void report(const struct program *p, enum weir_status status)
{
    struct weir_sample sample = {.size = sizeof sample};
    char text[512];

    weir_sample(p->w, &sample, NULL, 0, NULL, 0);
    (void)weir_explain(p->w, NULL, text, sizeof text);
    (void)fprintf(stderr, "%s: %.1f MiB to %.1f MiB in %.2f s; peak %.1f MiB of %.1f MiB\n%s\n",
                  status == WEIR_OK && atomic_load(&p->failed) == 0 ? "done" : "failed",
                  (double)atomic_load(&p->bytes_in) / 1048576,
                  (double)atomic_load(&p->bytes_out) / 1048576, (double)sample.wall_ns / 1e9,
                  (double)sample.data_used_max / 1048576, (double)sample.data_budget / 1048576,
                  text);
}

int main(int argc, char **argv)
{
    struct program p = {.level = 3};
    uint64_t memory_mib = 64;
    uint32_t workers = weir_cpu_count();
    int option;

    while ((option = getopt(argc, argv, "m:l:j:")) != -1) {
        if (option == 'm')
            memory_mib = strtoull(optarg, NULL, 10);
        else if (option == 'l')
            p.level = (int)strtol(optarg, NULL, 10);
        else if (option == 'j')
            workers = (uint32_t)strtoul(optarg, NULL, 10);
        else
            return 2;
    }
    p.names = argv + optind;
    p.name_count = argc - optind;
    if (p.name_count == 0 || workers == 0) {
        (void)fprintf(stderr, "usage: %s [-m MIB] [-l LEVEL] [-j WORKERS] FILE...\n", argv[0]);
        return 2;
    }
    if (!build(&p, memory_mib << 20, workers))
        return 1;
    const enum weir_status status = weir_run(p.w);
    report(&p, status);
    weir_free(p.w);
    for (uint32_t i = 0; i < workers; i++)
        (void)ZSTD_freeCCtx(p.contexts[i]);
    free(p.contexts);
    return status == WEIR_OK && atomic_load(&p.failed) == 0 ? 0 : 1;
}
