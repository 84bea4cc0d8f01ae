/* SPDX-License-Identifier: Apache-2.0 */

#include "compact/bad_inputs.h"

#include <stdio.h>
#include <string.h>

#include "compact/choose.h"

static bool is_alike(const struct rg_input *a, const struct rg_input *b)
{
    return a->status == b->status && strcmp(a->reason, b->reason) == 0;
}

/*
 * Leaves an input alone that turned out bad while it was stitched. What all inputs of a bin have in
 * common is told once, with their number; `told` is the last one that was told so, or NULL.
 */
static enum rg_status leave_bad_input(struct rg_partition *partition, const struct rg_input *input,
                                      const struct rg_input **told, struct rg_error *err)
{
    const struct rg_turn *turn = partition->turn;
    const struct rg_input *end = turn->inputs + turn->input_count;
    struct rg_input all = *input;
    size_t count = 0;

    if (input->status == RG_ERR_LIMIT) {
        partition->bin_rows_max = 0; /* What is left may fit as it was asked for. */
        partition->forecast_memory = (struct rg_forecast_memory){0};
    }
    if (*told != NULL && is_alike(*told, input))
        return rg_choose_leave(partition, input, true, err);
    for (const struct rg_input *at = input + 1; at < end; at++)
        count += is_alike(at, input);
    if (count == 0)
        return rg_choose_leave(partition, input, false, err);
    *told = input;
    char text[sizeof err->text + 64];
    (void)snprintf(text, sizeof text, "%s; and %zu more file%s for the same reason", input->reason,
                   count, count == 1 ? "" : "s");
    all.reason = text;
    return rg_choose_leave(partition, &all, false, err);
}

enum rg_status rg_bad_inputs_leave(struct rg_partition *partition, struct rg_error *err)
{
    struct rg_turn *turn = partition->turn;
    const struct rg_input *told = NULL;

    for (uint32_t i = 0; i < turn->input_count; i++) {
        const struct rg_input *input = &turn->inputs[i];
        const bool is_another = input->status == RG_ERR_CHANGED || input->status == RG_ERR_ABSENT;

        if (is_another)
            RG_TRY(rg_choose_note_missed(partition, input, err));
        else if (input->status != RG_OK)
            RG_TRY(leave_bad_input(partition, input, &told, err));
        turn->has_left = turn->has_left || (input->status != RG_OK && !is_another);
    }
    return RG_OK;
}
