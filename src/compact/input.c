/* SPDX-License-Identifier: Apache-2.0 */

#include "compact/input.h"

#include "compact/unite.h"

#include "parquet/footer.h"

struct rg_span rg_input_footer(const struct rg_input *input)
{
    const size_t tail_bytes = (size_t)input->footer_bytes + RG_FOOTER_TAIL_BYTES;

    if (input->kept.data == NULL || input->kept.bytes < tail_bytes)
        return (struct rg_span){NULL, 0};
    return (struct rg_span){input->kept.data + input->kept.bytes - tail_bytes,
                            (size_t)input->footer_bytes};
}

uint32_t rg_input_output_columns(const struct rg_input *input)
{
    const bool is_united = input->schema != NULL && input->schema->united != NULL;

    return is_united ? input->schema->united->schema.leaf_count : input->column_count;
}
