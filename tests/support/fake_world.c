/* SPDX-License-Identifier: Apache-2.0 */

#include "support/fake_world.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "store/local.h"
#include "support/scratch.h"
#include "support/store_contract.h"

static const char partition[] = "p=1/";

static void path_in(char path[512], const struct fake_world *w, bool is_home, const char *name)
{
    (void)snprintf(path, 512, "%s/%s/%s%s", w->root, is_home ? "home" : "source", partition, name);
}

void fake_world_init(struct test *t, struct fake_world *w, bool is_in_place)
{
    fake_world_init_paged(t, w, is_in_place, 0);
}

void fake_world_init_paged(struct test *t, struct fake_world *w, bool is_in_place,
                           uint32_t page_key_max)
{
    const struct rg_local_options options = {.keeps_page_cache = true,
                                             .page_key_max = page_key_max};
    char path[512];

    *w = (struct fake_world){
        .root = scratch_new(), .partition = partition, .is_in_place = is_in_place};
    (void)snprintf(path, sizeof path, "%s/home", w->root);
    CHECK_OK(rg_local_store_new(path, &options, &t->allocator, &w->home, &t->err));
    if (is_in_place)
        return;
    (void)snprintf(path, sizeof path, "%s/source", w->root);
    CHECK_OK(rg_local_store_new(path, &options, &t->allocator, &w->source, &t->err));
}

void fake_world_fini(struct fake_world *w)
{
    rg_store_free(w->home);
    rg_store_free(w->source);
    scratch_remove(w->root);
}

struct fake_job fake_world_job(const struct fake_world *w)
{
    return (struct fake_job){.home = w->home, .source = w->source, .partition = w->partition};
}

static void write_file(const struct fake_world *w, bool is_home, const char *name, const char *text)
{
    char path[512];
    char directory[300];

    (void)snprintf(directory, sizeof directory, "%s/%s/%s", w->root, is_home ? "home" : "source",
                   partition);
    scratch_write(directory, ".user", text, strlen(text));
    path_in(path, w, is_home, name);
    char from[512];
    path_in(from, w, is_home, ".user");
    if (rename(from, path) != 0)
        test_fail(__FILE__, __LINE__, "%s cannot be written", path);
}

void fake_world_write(const struct fake_world *w, const char *name, const char *text)
{
    write_file(w, w->is_in_place, name, text);
}

void fake_world_write_home(const struct fake_world *w, const char *name, const char *text)
{
    write_file(w, true, name, text);
}

void fake_world_remove(const struct fake_world *w, const char *name)
{
    char path[512];

    path_in(path, w, w->is_in_place, name);
    (void)unlink(path);
}

static bool is_data(const char *key)
{
    const size_t bytes = strlen(key);

    return bytes > 8 && strcmp(key + bytes - 8, ".parquet") == 0;
}

/* One request, so that nobody comes between; false when it is gone. */
static bool count_object(struct test *t, struct rg_store *store, const char *key,
                         unsigned counts[fake_rows_max])
{
    uint8_t text[4096];
    struct rg_store_op op = {
        .verb = RG_STORE_GET, .key = key, .buffer = text, .in_bytes = sizeof text - 1};
    const enum rg_status status = rg_store_wait(store, &op, &t->err);

    if (status == RG_ERR_ABSENT)
        return false;
    CHECK_OK(status);
    text[op.out_bytes] = '\0';
    fake_count_rows((const char *)text, counts);
    return true;
}

static void count_level(struct test *t, struct rg_store *store, const char *prefix,
                        unsigned counts[fake_rows_max])
{
    struct rg_arena arena;
    struct rg_object *objects;
    size_t count;

    rg_arena_init(&arena, &rg_allocator_system, SIZE_MAX);
    CHECK_OK(rg_store_list_all(store, prefix, &arena, &objects, &count, &t->err));
    for (size_t i = 0; i < count; i++) {
        if (!objects[i].is_prefix && is_data(objects[i].key))
            (void)count_object(t, store, objects[i].key, counts);
    }
    rg_arena_fini(&arena);
}

void fake_world_visible(struct test *t, const struct fake_world *w, unsigned counts[fake_rows_max])
{
    count_level(t, w->home, partition, counts);
}

void fake_world_anywhere(struct test *t, const struct fake_world *w, unsigned counts[fake_rows_max])
{
    struct rg_arena arena;
    struct rg_object *runs;
    size_t count;

    count_level(t, w->home, partition, counts);
    if (w->source != NULL)
        count_level(t, w->source, partition, counts);
    rg_arena_init(&arena, &rg_allocator_system, SIZE_MAX);
    CHECK_OK(rg_store_list_all(w->home, "_regroup/p=1/_trash/", &arena, &runs, &count, &t->err));
    for (size_t i = 0; i < count; i++)
        count_level(t, w->home, runs[i].key, counts);
    rg_arena_fini(&arena);
}

bool fake_world_live(struct test *t, const struct fake_world *w, unsigned counts[fake_rows_max])
{
    const struct fake_job job = fake_world_job(w);
    struct rg_arena arena;
    struct rg_look look;
    bool is_whole = true;

    rg_arena_init(&arena, &rg_allocator_system, SIZE_MAX);
    const enum rg_status status = fake_job_look(&job, &arena, &look, &t->err);
    if (status == RG_ERR_AGAIN) {
        rg_arena_fini(&arena);
        return false;
    }
    CHECK_OK(status);
    for (size_t i = 0; i < look.live_count; i++) {
        char key[300];

        (void)snprintf(key, sizeof key, "%s%s", partition, look.live[i].name);
        is_whole = count_object(t, w->home, key, counts) && is_whole;
    }
    for (size_t i = 0; i < look.free_count && w->is_in_place; i++)
        is_whole = count_object(t, w->home, look.free[i].key, counts) && is_whole;
    for (size_t i = 0; i < look.changed_count && w->is_in_place; i++)
        is_whole = count_object(t, w->home, look.changed[i].key, counts) && is_whole;
    rg_arena_fini(&arena);
    return is_whole;
}

const char *fake_world_home_text(struct test *t, const struct fake_world *w, struct rg_arena *arena)
{
    struct rg_object *objects;
    size_t count;
    size_t bytes = 1;

    CHECK_OK(rg_store_list_all(w->home, partition, arena, &objects, &count, &t->err));
    for (size_t i = 0; i < count; i++)
        bytes += strlen(objects[i].key) + 1;
    char *text = rg_arena_alloc(arena, bytes);
    CHECK_MEMORY(text);
    size_t end = 0;
    for (size_t i = 0; i < count; i++) {
        const char *name = objects[i].key + sizeof partition - 1;
        struct rg_minted minted;
        const size_t length = rg_minted_parse(name, &minted) ? 15 : strlen(name);

        if (i > 0)
            text[end++] = ' ';
        memcpy(text + end, name, length);
        end += length;
    }
    text[end] = '\0';
    return text;
}

/* Names in the ledger's directory that are neither records nor snapshots. */
static void check_ledger(struct test *t, const struct fake_world *w, const char *about)
{
    struct rg_arena arena;

    rg_arena_init(&arena, &rg_allocator_system, SIZE_MAX);
    const char *text = store_list_text(t, w->home, "_regroup/p=1/", &arena);
    if (strstr(text, ".intent") != NULL || strstr(text, "_trash") != NULL ||
        strstr(text, ".tmp") != NULL)
        test_fail(__FILE__, __LINE__, "%s: left behind: %s", about, text);
    rg_arena_fini(&arena);
}

static void check_outputs(struct test *t, const struct fake_world *w, const char *about)
{
    const struct fake_job job = fake_world_job(w);
    struct rg_arena arena;
    struct rg_look look;

    rg_arena_init(&arena, &rg_allocator_system, SIZE_MAX);
    CHECK_OK(fake_job_look(&job, &arena, &look, &t->err));
    if (look.pending_count != 0 || look.dead_count != 0)
        test_fail(__FILE__, __LINE__, "%s: %zu pending and %zu dead outputs: %s", about,
                  look.pending_count, look.dead_count, fake_world_home_text(t, w, &arena));
    rg_arena_fini(&arena);
}

void fake_world_check_clean(struct test *t, const struct fake_world *w, unsigned row_count,
                            const char *about)
{
    unsigned counts[fake_rows_max] = {0};
    struct rg_arena arena;

    fake_world_visible(t, w, counts);
    rg_arena_init(&arena, &rg_allocator_system, SIZE_MAX);
    for (unsigned row = 1; row <= row_count; row++) {
        if (counts[row] != 1)
            test_fail(__FILE__, __LINE__, "%s: row %u is visible %u times: %s", about, row,
                      counts[row], fake_world_home_text(t, w, &arena));
    }
    rg_arena_fini(&arena);
    check_ledger(t, w, about);
    check_outputs(t, w, about);
}
