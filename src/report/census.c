/* SPDX-License-Identifier: Apache-2.0 */

#include "report/census.h"

#include <string.h>

static unsigned size_class(uint64_t bytes)
{
    unsigned power = 0;

    while (power < RG_CENSUS_SIZES - 1 && bytes >> (power + 1) != 0)
        power++;
    return power;
}

static void keep(struct rg_census *census, struct rg_arena *arena, const struct rg_batch_file *file,
                 uint64_t record_number)
{
    const struct rg_span name = {(const uint8_t *)file->path, strlen(file->path) + 1};

    census->file_count_all++;
    if (census->file_count == RG_CENSUS_FILES_MAX)
        return;
    const char *path = (const char *)rg_arena_copy(arena, name).data;
    if (path == NULL)
        return;
    census->files[census->file_count++] = (struct rg_census_file){
        .path = path,
        .row_count = file->row_count,
        .bytes = file->bytes,
        .record_number = record_number,
    };
}

void rg_census_add(struct rg_census *census, struct rg_arena *arena,
                   const struct rg_report_batch *batch)
{
    for (size_t i = 0; i < batch->input_count; i++)
        census->in_bytes[size_class(batch->inputs[i].bytes)] += batch->inputs[i].bytes;
    for (size_t i = 0; i < batch->output_count; i++) {
        census->out_bytes[size_class(batch->outputs[i].bytes)] += batch->outputs[i].bytes;
        keep(census, arena, &batch->outputs[i], batch->record_number);
    }
}
