/* SPDX-License-Identifier: Apache-2.0 */

#include "plan/take.h"

size_t rg_take_batch_end(const uint64_t *bytes, size_t file_count, size_t first,
                         const struct rg_options *options)
{
    uint64_t sum = 0;
    size_t end = first;

    while (end < file_count) {
        const bool fits = bytes[end] <= options->batch_bytes - sum;

        if (!fits && end > first)
            break;
        end++;
        if (!fits)
            break;
        sum += bytes[end - 1];
    }
    return end;
}

enum rg_take rg_take_file(const struct rg_take_file *file, const struct rg_options *options,
                          struct rg_span shape)
{
    if (options->takes_all)
        return RG_TAKE_YES;
    if (file->shape.data != NULL && rg_span_equal(file->shape, shape))
        return RG_TAKE_NO_STAMP;
    if (file->row_group_count == 0)
        return RG_TAKE_YES;

    const uint64_t file_bytes_wanted = rg_options_file_bytes(options) / 4 * 3;
    const uint64_t row_group_bytes = file->bytes / file->row_group_count;
    const bool is_good =
        file->bytes >= file_bytes_wanted && row_group_bytes >= options->row_group_bytes / 2;
    return is_good ? RG_TAKE_NO_GOOD : RG_TAKE_YES;
}

size_t rg_take_trailing(const uint64_t *bytes, size_t output_count, uint64_t new_bytes,
                        const struct rg_options *options)
{
    const uint64_t short_bytes = rg_options_file_bytes(options) / 2;
    uint64_t gathered = new_bytes;
    size_t taken = 0;

    while (taken < output_count) {
        const uint64_t next = bytes[output_count - 1 - taken];
        const bool is_short = next < short_bytes;
        const bool is_affordable = next / 2 < gathered || (next / 2 == gathered && next % 2 == 0);

        if (new_bytes == 0 || !is_short || !is_affordable)
            break;
        gathered += next;
        taken++;
    }
    return taken;
}

bool rg_take_is_enough(uint64_t candidate_count, const struct rg_options *options)
{
    return options->takes_all ? candidate_count > 0 : candidate_count >= options->min_input_files;
}
