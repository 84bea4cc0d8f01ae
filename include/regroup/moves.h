/* SPDX-License-Identifier: Apache-2.0 */

/* Plain counts: how pages moved, and why not by copying. */

#ifndef REGROUP_MOVES_H
#define REGROUP_MOVES_H

#include <stdint.h>

#include <regroup/error.h>

#ifdef __cplusplus
extern "C" {
#endif

enum rg_verdict {
    RG_VERDICT_COPY,
    RG_VERDICT_PROMOTE,
    RG_VERDICT_REMAP,
    RG_VERDICT_DISSOLVE,
    RG_VERDICT_JOIN,
    RG_VERDICT_RECOMPRESS,
    RG_VERDICT_RECODE,
    RG_VERDICT_COUNT,
};

/* Why a column needed more than copy and promote; the most telling one is kept. */
enum rg_reason {
    RG_REASON_NONE,
    RG_REASON_DICTIONARIES_DIFFER,  /* remap: values were appended to the united dictionary. */
    RG_REASON_VALUES_HARDLY_REPEAT, /* dissolve: PLAIN is smaller or cheaper. */
    RG_REASON_DICTIONARY_CAP,       /* dissolve: the united dictionary would pass the cap. */
    RG_REASON_PLAIN_TAIL,           /* dissolve: some source has PLAIN pages (the order rule). */
    RG_REASON_DUPLICATE_ENTRIES,    /* remap: a source's dictionary holds a value twice. */
    RG_REASON_TINY_PAGES,           /* join. */
    RG_REASON_CODEC_ASKED,          /* recompress: --codec. */
    RG_REASON_CODECS_DIFFER,        /* recompress: sources disagree. */
    RG_REASON_REPAIR,               /* A page that readers choke on was mended. */
    RG_REASON_LEVELS_DIFFER,        /* REQUIRED in some sources, OPTIONAL in others. */
    RG_REASON_ENCODING,             /* recode: an encoding in the way. */
    RG_REASON_TYPE_WIDENED,
    RG_REASON_ENCODING_ASKED, /* recode: --encoding small. */
    RG_REASON_LONG_VALUES, /* recode: into the dictionary, which the others would swell without. */
    RG_REASON_COUNT,
};

enum {
    RG_MOVES_CODECS = 8, /* Codecs by their number in the format. */
};

struct rg_moves {
    uint64_t pages[RG_VERDICT_COUNT];     /* Data pages of the sources. */
    uint64_t in_bytes[RG_VERDICT_COUNT];  /* Their bodies, and their dictionaries', compressed. */
    uint64_t out_bytes[RG_VERDICT_COUNT]; /* What became of them, compressed, headers included. */
    uint64_t reason_pages[RG_REASON_COUNT];
    uint64_t copied_bytes;           /* Bytes that went through memcpy or a codec on their way. */
    uint32_t codecs;                 /* Bit n: codec n compressed what was made anew, */
    int32_t levels[RG_MOVES_CODECS]; /* at this level. */
};

/* "copy", "promote", ...; "values hardly repeat", ... */
RG_API const char *rg_verdict_name(enum rg_verdict verdict);
RG_API const char *rg_reason_text(enum rg_reason reason);

/* "zstd:3", "snappy"; levels are those that this run compressed at, --codec keep included. */
enum {
    RG_CODEC_TEXT_MAX = 24,
};
RG_API const char *rg_moves_codec(const struct rg_moves *moves, unsigned codec,
                                  char text[RG_CODEC_TEXT_MAX]);

#ifdef __cplusplus
}
#endif

#endif
