/* SPDX-License-Identifier: Apache-2.0 */

/*
 * The number comes from a listing that keeps no names, in two small arenas: the token of a page
 * lies in the page's, so that one may be emptied only when the next is there.
 */

#include "compact/crowd.h"

#include <inttypes.h>
#include <string.h>

#include "base/arena.h"
#include "compact/partition.h"

/* What a file that is listed takes, measured with names of 40 bytes, and room for longer ones. */
static const uint64_t listed_bytes = 256;

/* Above so many files no more than so many batches are made for lack of memory. */
static const uint64_t crowd_count = 10000;
static const uint64_t crowd_batches_max = 64;

/* For counting files when there is no memory to list them. */
static const size_t count_bytes_max = (size_t)4 << 20;

/* Entries of a partition, by a listing that keeps none of them; 0 where that fails. */
static uint64_t count_entries(struct rg_store *store, const char *prefix,
                              const struct rg_allocator *allocator)
{
    struct rg_store_op op = {.verb = RG_STORE_LIST, .key = prefix};
    struct rg_arena pages[2]; /* The token of a page is in its arena. */
    struct rg_error err;
    uint64_t count = 0;
    enum rg_status status;

    for (uint32_t i = 0; i < 2; i++)
        rg_arena_init(&pages[i], allocator, count_bytes_max);
    for (uint32_t page = 0;; page++) {
        op.arena = &pages[page % 2];
        rg_arena_reset(op.arena);
        status = rg_store_wait(store, &op, &err);
        if (status != RG_OK)
            break;
        count += op.object_count;
        op.page_token = op.next_page_token;
        if (op.page_token == NULL)
            break;
    }
    if (status == RG_ERR_NOMEM)
        count += op.entry_count;
    else if (status != RG_OK)
        count = 0;
    for (uint32_t i = 0; i < 2; i++)
        rg_arena_fini(&pages[i]);
    return count;
}

bool rg_crowd_is_met(const struct rg_turn *turn, uint64_t batch_files)
{
    return turn->look.free_count > crowd_count &&
           batch_files < turn->look.free_count / crowd_batches_max;
}

void rg_crowd_name_memory(const struct rg_partition *partition, struct rg_error *err)
{
    const struct rg_run *run = partition->run;
    const uint64_t count = count_entries(run->source, partition->prefix, run->allocator);
    const uint64_t entry_bytes = listed_bytes + strlen(partition->prefix);
    const uint64_t share = run->memory_limit_bytes / (run->meta_budget_bytes + 1) + 1;
    const uint64_t limit_mib = run->memory_limit_bytes >> 20;
    uint64_t wanted_mib = (count * entry_bytes * share >> 20) + 1;

    if (count == 0)
        return;
    if (wanted_mib < limit_mib * 2)
        wanted_mib = limit_mib * 2;
    *err = (struct rg_error){.status = RG_OK};
    (void)rg_fail(err, RG_ERR_NOMEM,
                  "%" PRIu64 " entries in one folder are more than --memory has room for; "
                  "--memory %" PRIu64 "MiB would do",
                  count, wanted_mib);
}
