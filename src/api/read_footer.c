/* SPDX-License-Identifier: Apache-2.0 */

#include "api/read_footer.h"

#include <inttypes.h>

#include "parquet/footer.h"

/* Most footers are shorter: one request. */
static const uint64_t first_read_bytes = UINT64_C(64) << 10;

enum rg_status rg_read_bytes(struct rg_store *store, const char *key,
                             const struct rg_object_id *expected, uint64_t offset, uint64_t bytes,
                             uint8_t *buffer, struct rg_error *err)
{
    struct rg_store_op op = {
        .verb = RG_STORE_GET,
        .key = key,
        .expected = expected,
        .buffer = buffer,
        .offset = offset,
        .in_bytes = bytes,
    };

    RG_TRY(rg_store_wait(store, &op, err));
    if (op.out_bytes != bytes)
        return rg_fail(err, RG_ERR_CHANGED, "%" PRIu64 " bytes at %" PRIu64 ", not %" PRIu64,
                       op.out_bytes, offset, bytes);
    return RG_OK;
}

enum rg_status rg_read_footer(struct rg_store *store, const char *key, struct rg_arena *arena,
                              struct rg_read_footer *ret_footer, struct rg_error *err)
{
    uint64_t wanted = first_read_bytes;
    const struct rg_object_id *expected = NULL;

    for (;;) {
        uint8_t *tail = rg_arena_alloc(arena, wanted);
        struct rg_store_op op = {
            .verb = RG_STORE_GET,
            .key = key,
            .buffer = tail,
            .in_bytes = wanted,
            .is_suffix = true,
            .expected = expected,
            .arena = arena,
        };
        struct rg_footer_place place;

        if (tail == NULL)
            return rg_fail(err, RG_ERR_NOMEM, "no memory for a footer of %" PRIu64 " bytes",
                           wanted);
        RG_TRY(rg_store_wait(store, &op, err));
        ret_footer->id = op.id;
        expected = &ret_footer->id;
        RG_TRY(rg_footer_locate((struct rg_span){tail, op.out_bytes}, op.id.bytes, &place, err));
        if (place.footer.data != NULL) {
            ret_footer->footer_bytes = place.footer.bytes;
            return rg_footer_parse(place.footer, arena, &ret_footer->meta, err);
        }
        if (place.tail_bytes_needed <= wanted)
            return rg_fail(err, RG_ERR_CHANGED, "the file changed while its footer was read");
        wanted = place.tail_bytes_needed;
    }
}
