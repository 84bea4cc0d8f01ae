/* SPDX-License-Identifier: Apache-2.0 */

#include "stitch/moves.h"

#include <stdio.h>

#include "parquet/codec.h"
#include "parquet/types.h"

static const char *const verdict_names[RG_VERDICT_COUNT] = {
    [RG_VERDICT_COPY] = "copy",     [RG_VERDICT_PROMOTE] = "promote",
    [RG_VERDICT_REMAP] = "remap",   [RG_VERDICT_DISSOLVE] = "dissolve",
    [RG_VERDICT_JOIN] = "join",     [RG_VERDICT_RECOMPRESS] = "recompress",
    [RG_VERDICT_RECODE] = "recode",
};

static const char *const reason_texts[RG_REASON_COUNT] = {
    [RG_REASON_NONE] = "nothing in the way",
    [RG_REASON_DICTIONARIES_DIFFER] = "dictionaries differ",
    [RG_REASON_VALUES_HARDLY_REPEAT] = "values hardly repeat",
    [RG_REASON_DICTIONARY_CAP] = "the united dictionary would pass its cap",
    [RG_REASON_PLAIN_TAIL] = "pages without a dictionary come before",
    [RG_REASON_DUPLICATE_ENTRIES] = "a dictionary holds a value twice",
    [RG_REASON_TINY_PAGES] = "tiny pages",
    [RG_REASON_CODEC_ASKED] = "another codec was asked for",
    [RG_REASON_CODECS_DIFFER] = "codecs differ",
    [RG_REASON_REPAIR] = "a page that readers choke on was mended",
    [RG_REASON_LEVELS_DIFFER] = "required in some inputs, optional in others",
    [RG_REASON_ENCODING] = "an encoding is in the way",
    [RG_REASON_TYPE_WIDENED] = "the type was widened",
    [RG_REASON_ENCODING_ASKED] = "another encoding is smaller, as was asked for",
    [RG_REASON_LONG_VALUES] = "long values that repeat stay in a dictionary",
};

void rg_moves_add(struct rg_moves *moves, const struct rg_moves *more)
{
    for (unsigned i = 0; i < RG_VERDICT_COUNT; i++) {
        moves->pages[i] += more->pages[i];
        moves->in_bytes[i] += more->in_bytes[i];
        moves->out_bytes[i] += more->out_bytes[i];
    }
    for (unsigned i = 0; i < RG_REASON_COUNT; i++)
        moves->reason_pages[i] += more->reason_pages[i];
    moves->copied_bytes += more->copied_bytes;
    moves->codecs |= more->codecs;
    for (unsigned i = 0; i < RG_MOVES_CODECS; i++)
        if ((more->codecs & 1U << i) != 0)
            moves->levels[i] = more->levels[i];
}

const char *rg_verdict_name(enum rg_verdict verdict)
{
    return (unsigned)verdict < RG_VERDICT_COUNT ? verdict_names[verdict] : "?";
}

const char *rg_reason_text(enum rg_reason reason)
{
    return (unsigned)reason < RG_REASON_COUNT ? reason_texts[reason] : "?";
}

const char *rg_moves_codec(const struct rg_moves *moves, unsigned codec,
                           char text[RG_CODEC_TEXT_MAX])
{
    const bool has_level =
        codec == RG_CODEC_GZIP || codec == RG_CODEC_BROTLI || codec == RG_CODEC_ZSTD;

    if (has_level)
        (void)snprintf(text, RG_CODEC_TEXT_MAX, "%s:%d", rg_codec_name((uint8_t)codec),
                       (int)moves->levels[codec]);
    else
        (void)snprintf(text, RG_CODEC_TEXT_MAX, "%s", rg_codec_name((uint8_t)codec));
    return text;
}
