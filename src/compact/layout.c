/* SPDX-License-Identifier: Apache-2.0 */

#include "compact/layout.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "compact/output.h"
#include "parquet/codec.h"
#include "stitch/file_merge.h"

/* Changes whenever the same inputs and options would give other bytes: old intents are not ours
 * then. */
static const uint64_t layout_revision = 1;

enum {
    KINDS_NOTED_MAX = 16,
};

static enum rg_status out_of_memory(struct rg_error *err)
{
    return rg_fail(err, RG_ERR_NOMEM, "no memory to plan a batch");
}

/* What decides an output's bytes, as 32 hexadecimal digits. */
static enum rg_status hash_content(struct rg_partition *partition, const char *options,
                                   const char **ret_text, struct rg_error *err)
{
    const struct rg_turn *turn = partition->turn;
    struct rg_hasher hasher;
    char versions[RG_CODEC_VERSIONS_BYTES];
    char digits[17];

    rg_codec_versions(versions);
    rg_hasher_init(&hasher);
    rg_hasher_add_text(&hasher, versions);
    rg_hasher_add_u64(&hasher, layout_revision);
    rg_hasher_add_text(&hasher, rg_created_by);
    rg_hasher_add_text(&hasher, options);
    if (partition->bin_rows_max > 0)
        rg_hasher_add_u64(&hasher, partition->bin_rows_max);
    for (uint32_t i = 0; i < turn->input_count; i++) {
        const struct rg_input *input = &turn->inputs[i];

        rg_hasher_add_text(&hasher, input->is_home ? input->name : input->key);
        rg_hasher_add_u64(&hasher, input->id.bytes);
        rg_hasher_add_u64(&hasher, input->footer_hash.high);
        rg_hasher_add_u64(&hasher, input->footer_hash.low);
    }
    /* Which of the schemas is the newest decides about names, and inputs do not tell. */
    if (partition->run->options->schema == RG_SCHEMA_UNION) {
        rg_hasher_add_u64(&hasher, turn->united_hash.high);
        rg_hasher_add_u64(&hasher, turn->united_hash.low);
    }
    const struct rg_hash128 hash = rg_hasher_result(&hasher);
    char *text = rg_arena_alloc(&partition->arena, 33);
    if (text == NULL)
        return out_of_memory(err);
    rg_hex_u64(hash.high, digits);
    memcpy(text, digits, 16);
    rg_hex_u64(hash.low, digits);
    memcpy(text + 16, digits, 17);
    *ret_text = text;
    return RG_OK;
}

/* Inputs as the ledger lists them: names of taken outputs, then foreign files. */
static enum rg_status list_inputs(struct rg_partition *partition, struct rg_error *err)
{
    struct rg_turn *turn = partition->turn;
    struct rg_batch *batch = &turn->batch;
    const size_t foreign_count = turn->input_count - turn->taken_count;
    const char **taken = rg_arena_array(&partition->arena, turn->taken_count, sizeof(char *));
    struct rg_batch_input *foreign =
        rg_arena_array(&partition->arena, foreign_count, sizeof *foreign);

    if (taken == NULL || foreign == NULL)
        return out_of_memory(err);
    for (uint32_t i = 0; i < turn->input_count; i++) {
        const struct rg_input *input = &turn->inputs[i];

        if (i < turn->taken_count)
            taken[i] = input->name;
        else
            foreign[i - turn->taken_count] = (struct rg_batch_input){
                .name = input->name, .id = input->id, .rows = input->row_count};
    }
    batch->taken = taken;
    batch->taken_count = turn->taken_count;
    batch->inputs = foreign;
    batch->input_count = foreign_count;
    return RG_OK;
}

/* --all, SOURCE to DEST: everything that is live falls away. */
static enum rg_status list_retired(struct rg_partition *partition, struct rg_error *err)
{
    struct rg_turn *turn = partition->turn;
    const struct rg_look *look = &turn->look;

    if (!turn->is_all || partition->run->is_in_place)
        return RG_OK;
    const char **retired = rg_arena_array(&partition->arena, look->live_count, sizeof(char *));
    if (retired == NULL)
        return out_of_memory(err);
    for (size_t i = 0; i < look->live_count; i++)
        retired[i] = look->live[i].name;
    turn->batch.retired = retired;
    turn->batch.retired_count = look->live_count;
    return RG_OK;
}

/* Number of the row groups of this input that have rows. */
static uint32_t planned_groups(const struct rg_turn *turn, uint32_t input_index)
{
    return turn->inputs[input_index].plan.row_group_count;
}

/* Adds a source to the runs: to the last one where it continues it, in the same row group. */
static void add_run(struct rg_batch_run *runs, size_t *count, uint32_t output, uint32_t input,
                    uint32_t row_group, bool is_whole)
{
    struct rg_batch_run *last = *count > 0 ? &runs[*count - 1] : NULL;

    if (last != NULL && last->output == output && last->input_count > 0) {
        const bool follows_whole =
            is_whole && last->row_group_count == 0 && last->input + last->input_count == input;
        const bool follows_group = !is_whole && last->row_group_count > 0 && last->input == input &&
                                   last->row_group + last->row_group_count == row_group;

        if (follows_whole) {
            last->input_count++;
            return;
        }
        if (follows_group) {
            last->row_group_count++;
            return;
        }
    }
    runs[(*count)++] = (struct rg_batch_run){
        .output = output,
        .input = input,
        .input_count = 1,
        .row_group = is_whole ? 0 : row_group,
        .row_group_count = is_whole ? 0 : 1,
    };
}

/*
 * Sources of one row group of an output as runs. An input whose row groups stand there one after
 * another, all of them and in order, is a whole one.
 */
static void run_bin(struct rg_turn *turn, uint32_t output, uint32_t first, uint32_t end,
                    struct rg_batch_run *runs, size_t *count)
{
    const struct rg_plan_source *sources = turn->plan.sources;

    for (uint32_t i = first; i < end;) {
        const uint32_t input = sources[i].file_index;
        const uint32_t groups = planned_groups(turn, input);
        bool is_whole = i + groups <= end;

        for (uint32_t g = 0; g < groups && is_whole; g++)
            is_whole = sources[i + g].file_index == input && sources[i + g].row_group_index == g;
        const uint32_t group_index =
            turn->inputs[input].plan.row_groups[sources[i].row_group_index].index;
        add_run(runs, count, output, input, group_index, is_whole);
        i += is_whole ? groups : 1;
    }
}

static enum rg_status list_runs(struct rg_partition *partition, struct rg_error *err)
{
    struct rg_turn *turn = partition->turn;
    const struct rg_plan *plan = &turn->plan;
    /* No more than there are sources, and borders of row groups. */
    struct rg_batch_run *runs = rg_arena_array(
        &partition->arena, (size_t)plan->source_count + plan->bin_count, sizeof *runs);
    size_t count = 0;

    if (runs == NULL)
        return out_of_memory(err);
    for (uint32_t o = 0; o < plan->output_count; o++) {
        const struct rg_plan_output *output = &plan->outputs[o];

        for (uint32_t b = 0; b < output->bin_count; b++) {
            const struct rg_plan_bin *bin = &plan->bins[output->first_bin + b];

            if (b > 0)
                runs[count++] = (struct rg_batch_run){.output = o};
            run_bin(turn, o, bin->first_source, bin->first_source + bin->source_count, runs,
                    &count);
        }
    }
    turn->batch.runs = runs;
    turn->batch.run_count = count;
    return RG_OK;
}

static enum rg_status lay_out_bin(struct rg_partition *partition, const struct rg_plan_bin *from,
                                  struct rg_bin *bin, struct rg_error *err)
{
    const struct rg_turn *turn = partition->turn;

    bin->refs = rg_arena_array(&partition->arena, from->source_count, sizeof *bin->refs);
    if (bin->refs == NULL)
        return out_of_memory(err);
    for (uint32_t i = 0; i < from->source_count; i++) {
        const struct rg_plan_source *source = &turn->plan.sources[from->first_source + i];

        bin->refs[i] = (struct rg_bin_ref){
            .input_index = source->file_index,
            .group_index =
                turn->inputs[source->file_index].plan.row_groups[source->row_group_index].index,
        };
    }
    bin->ref_count = from->source_count;
    bin->row_count = from->row_count;
    bin->in_bytes = from->compressed_bytes;
    return RG_OK;
}

static enum rg_status lay_out_output(struct rg_partition *partition, const struct rg_home *home,
                                     uint32_t index, uint64_t hash, struct rg_error *err)
{
    struct rg_turn *turn = partition->turn;
    const struct rg_plan_output *from = &turn->plan.outputs[index];
    struct rg_output *output = &turn->open.outputs[index];
    char name[rg_minted_name_bytes];

    rg_minted_name(&home->id, partition->prefix, turn->batch.number, index, turn->plan.output_count,
                   hash, name);
    const size_t key_bytes = strlen(partition->prefix) + strlen(name) + 1;
    char *key = rg_arena_alloc(&partition->arena, key_bytes);
    output->bins = rg_arena_array(&partition->arena, from->bin_count, sizeof *output->bins);
    if (key == NULL || output->bins == NULL)
        return out_of_memory(err);
    (void)snprintf(key, key_bytes, "%s%s", partition->prefix, name);
    output->batch = &turn->open;
    output->output_index = index;
    output->key = key;
    output->bin_count = from->bin_count;
    output->row_count = from->row_count;
    for (uint32_t b = 0; b < from->bin_count; b++) {
        output->bins[b].output = output;
        output->bins[b].bin_index = b;
        RG_TRY(
            lay_out_bin(partition, &turn->plan.bins[from->first_bin + b], &output->bins[b], err));
    }
    return RG_OK;
}

/* Files that share no outputs, by their kinds: an example of the first two. */
static void note_kinds(const struct rg_partition *partition)
{
    const struct rg_turn *turn = partition->turn;
    const struct rg_input *examples[KINDS_NOTED_MAX];
    uint32_t count = 0;

    for (uint32_t i = 0; i < turn->input_count && count < KINDS_NOTED_MAX; i++) {
        const struct rg_hash128 shape = turn->inputs[i].plan.shape;
        uint32_t k = 0;

        if (turn->inputs[i].row_count == 0)
            continue;
        while (k < count && (examples[k]->plan.shape.high != shape.high ||
                             examples[k]->plan.shape.low != shape.low))
            k++;
        if (k == count)
            examples[count++] = &turn->inputs[i];
    }
    if (count > 1)
        rg_run_note(partition->run,
                    "files of %s%" PRIu32 " kinds share no outputs, by their schemas or what "
                    "key-values say of values: such as %s, and %s (--schema union unites schemas)",
                    count == KINDS_NOTED_MAX ? "at least " : "", count, examples[0]->name,
                    examples[1]->name);
}

static enum rg_status plan_inputs(struct rg_partition *partition, struct rg_error *err)
{
    struct rg_turn *turn = partition->turn;
    struct rg_options options = *partition->run->options;
    struct rg_plan_file *files =
        rg_arena_array(&partition->arena, turn->input_count, sizeof *files);
    struct rg_arena scratch;

    if (files == NULL)
        return out_of_memory(err);
    if (partition->run->options->schema == RG_SCHEMA_UNION)
        RG_TRY(rg_unite(partition->run, &turn->shelf, turn->inputs, turn->input_count,
                        &partition->arena, &partition->memory, &turn->united_hash, err));
    else
        note_kinds(partition);
    for (uint32_t i = 0; i < turn->input_count; i++)
        RG_TRY(rg_united_plan_file(&turn->inputs[i], &partition->arena, &files[i], err));
    if (partition->bin_rows_max > 0)
        options.row_group_rows_max = partition->bin_rows_max;
    rg_arena_init(&scratch, &partition->memory, SIZE_MAX);
    const enum rg_status status = rg_plan_batch(files, turn->input_count, &options,
                                                &partition->arena, &scratch, &turn->plan, err);
    rg_arena_fini(&scratch);
    return status;
}

enum rg_status rg_layout_turn(struct rg_partition *partition, const struct rg_home *home,
                              struct rg_error *err)
{
    struct rg_turn *turn = partition->turn;
    struct rg_batch *batch = &turn->batch;
    struct rg_open_batch *open = &turn->open;

    *batch = (struct rg_batch){
        .number = turn->look.next_number,
        .is_in_place = partition->run->is_in_place,
        .is_all = turn->is_all,
    };
    RG_TRY(plan_inputs(partition, err));
    batch->options = partition->run->shape_text;
    RG_TRY(hash_content(partition, batch->options, &batch->content, err));
    RG_TRY(list_inputs(partition, err));
    RG_TRY(list_retired(partition, err));
    RG_TRY(list_runs(partition, err));
    RG_TRY(rg_minted_check_count(turn->plan.output_count, err));

    *open = (struct rg_open_batch){
        .run = partition->run,
        .partition = partition,
        .inputs = turn->inputs,
        .input_count = turn->input_count,
        .output_count = turn->plan.output_count,
        .shape_text = batch->options,
        .batch_text = batch->content,
        .token = batch->content,
        .arena = &partition->arena,
        .lock = &partition->lock,
    };
    open->outputs = rg_arena_array(&partition->arena, open->output_count, sizeof *open->outputs);
    if (open->outputs == NULL)
        return out_of_memory(err);
    const uint64_t hash = rg_batch_hash(batch, partition->prefix);
    for (uint32_t o = 0; o < open->output_count; o++)
        RG_TRY(lay_out_output(partition, home, o, hash, err));
    return RG_OK;
}

enum rg_status rg_layout_note_outputs(struct rg_partition *partition, struct rg_error *err)
{
    struct rg_turn *turn = partition->turn;
    struct rg_batch_output *outputs =
        rg_arena_array(&partition->arena, turn->open.output_count, sizeof *outputs);

    if (outputs == NULL)
        return out_of_memory(err);
    for (uint32_t o = 0; o < turn->open.output_count; o++) {
        const struct rg_output *output = &turn->open.outputs[o];

        outputs[o] = (struct rg_batch_output){
            .name = output->key + strlen(partition->prefix),
            .id = output->id,
            .rows = output->row_count,
            .row_groups = output->bin_count,
        };
    }
    turn->batch.outputs = outputs;
    turn->batch.output_count = turn->open.output_count;
    return RG_OK;
}
