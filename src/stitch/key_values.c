/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Only what stands in all inputs can stand in the output, so the first input's keys are all the
 * candidates there are; later inputs only take away. Memory is that of one file's key-values.
 *
 * Each key has a rule (README.md section 6):
 *
 *   equal    its values are byte for byte the same in all inputs, else it goes, with a note.
 *   schema   the same, and it describes the schema: it goes also when that changes.
 *   first    its value only matters as far as rg_file_semantics() tells, which all inputs share:
 *            the first one's is kept.
 *   calendar the same, and it stays where others lack it: an old version says what it says.
 *   geo, pandas   merged as what they are (stitch/geo_merge.h, stitch/pandas_merge.h).
 *   arrow    equal but for the key-values within it, which are made to say what these say.
 *   ours     regroup.* of an input describes that input: it goes without a word.
 *   origins  original.created.by: read together with created_by.
 *
 * Invariants, checked by key_value_merge_check() in debug builds:
 *
 *   (1) slots: open addressing over the candidates, entry number plus one, a power of two at least
 *       twice their number; every candidate is found by its key.
 *   (2) A candidate that was dropped stays dropped.
 *   (3) origins: each once, none of them ours.
 */

#include "stitch/key_values.h"

#include <assert.h>
#include <string.h>

#include "base/buffer.h"
#include "base/hash.h"
#include "stitch/arrow_schema.h"
#include "stitch/build_hash.h"
#include "stitch/file_shape.h"
#include "stitch/geo_merge.h"
#include "stitch/pandas_merge.h"
#include "stitch/writer.h"

/*
 * parquet-java believes nobody whose created_by does not match its VersionParser
 * ("name version X.Y.Z (build H)").
 */
const char rg_created_by[] = "regroup version " RG_PROJECT_VERSION " (build " RG_BUILD_HASH ")";

static const char application_name[] = "regroup";
static const char origins_key[] = "original.created.by"; /* parquet-java, ParquetRewriter. */

enum {
    NOTES_MAX = 64,
    ORIGINS_MAX = 64,
};

static const size_t note_key_bytes_max = 256;
static const size_t origin_bytes_max = 512;

static const char reason_missing[] = "not in all inputs";
static const char reason_differs[] = "differs between inputs";
static const char reason_twice[] = "given twice, with different values";
static const char reason_schema[] = "describes a schema that the output does not have";
static const char reason_broken[] = "cannot be made out";
static const char reason_delta[] =
    "its dictionary columns are plain ones now: some pages are delta-encoded, which arrow cannot "
    "read as dictionaries";

static const char reason_mixed[] =
    "its dictionary columns are plain ones now: nested ones hold pages without indices too, which "
    "arrow cannot read as dictionaries";

enum rule {
    RULE_EQUAL,
    RULE_SCHEMA,
    RULE_FIRST,
    RULE_CALENDAR,
    RULE_GEO,
    RULE_PANDAS,
    RULE_ARROW,
    RULE_OURS,
    RULE_ORIGINS,
};

struct candidate {
    struct rg_key_value pair; /* In the arena. */
    enum rule rule;
    bool is_dropped;
    bool is_same;       /* All inputs so far have the first one's bytes. */
    uint32_t seen_in;   /* Number of the last input that has it. */
    uint64_t row_count; /* Of the first input, for pandas. */
    struct rg_geo_merge *geo;
    struct rg_pandas_merge *pandas; /* NULL: not of the form. */
    bool is_arrow;                  /* The facts of an Arrow schema are set. */
    struct rg_arrow_facts arrow;
};

struct rg_key_value_merge {
    /* Set at init, then constant. */
    struct rg_arena *arena;
    const struct rg_schema *schema;
    bool is_schema_changed;

    struct candidate *candidates;
    uint32_t candidate_count;
    uint32_t *slots;
    uint32_t slot_count;

    uint32_t input_count;
    struct rg_hash128 semantics;
    bool has_delta_strings; /* Some input has DELTA pages in a column of byte arrays. */
    bool has_mixed_nested;  /* The output has pages with and without indices in a nested one. */

    struct rg_span origins[ORIGINS_MAX];
    uint32_t origin_count;
    struct rg_span newest_parquet_mr; /* created_by; data == NULL: none. */

    struct rg_key_value_note *notes;
    uint32_t note_count;
};

/* Keys ending in '*' stand for all that begin so. */
static enum rule rule_of(struct rg_span key)
{
    static const struct {
        const char *key;
        enum rule rule;
    } rows[] = {
        {"regroup.*", RULE_OURS},
        {origins_key, RULE_ORIGINS},
        {"geo", RULE_GEO},
        {"pandas", RULE_PANDAS},
        {"org.apache.spark.version", RULE_FIRST},
        {"org.apache.spark.legacyDateTime", RULE_CALENDAR},
        {"org.apache.spark.legacyINT96", RULE_CALENDAR},
        {"drill.version", RULE_FIRST},
        {"ARROW:schema", RULE_ARROW},
        {"iceberg.schema", RULE_SCHEMA},
        {"writer.model.name", RULE_SCHEMA},
        {"parquet.avro.schema", RULE_SCHEMA},
        {"avro.schema", RULE_SCHEMA},
        {"parquet.proto.*", RULE_SCHEMA},
        {"thrift.*", RULE_SCHEMA},
        {"org.apache.spark.sql.parquet.row.metadata", RULE_SCHEMA},
        {"dremio.*", RULE_SCHEMA},
        {"r", RULE_SCHEMA},
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const size_t bytes = strlen(rows[i].key);
        const bool is_prefix = rows[i].key[bytes - 1] == '*';
        const size_t common = is_prefix ? bytes - 1 : bytes;

        if (key.bytes < common || (!is_prefix && key.bytes != bytes))
            continue;
        if (memcmp(key.data, rows[i].key, common) == 0)
            return rows[i].rule;
    }
    return RULE_EQUAL;
}

bool rg_created_by_is_parquet_mr(struct rg_span created_by)
{
    static const char name[] = "parquet-mr";

    return created_by.bytes >= sizeof name - 1 &&
           memcmp(created_by.data, name, sizeof name - 1) == 0;
}

struct rg_key_value_merge *rg_key_value_merge_new(struct rg_arena *arena,
                                                  const struct rg_schema *schema,
                                                  bool is_schema_changed)
{
    struct rg_key_value_merge *merge = rg_arena_array(arena, 1, sizeof *merge);

    if (merge == NULL)
        return NULL;
    *merge = (struct rg_key_value_merge){
        .arena = arena,
        .schema = schema,
        .is_schema_changed = is_schema_changed,
        .notes = rg_arena_array(arena, NOTES_MAX, sizeof *merge->notes),
    };
    return merge->notes == NULL ? NULL : merge;
}

static uint32_t *find_slot(const struct rg_key_value_merge *m, struct rg_span key)
{
    uint32_t i = (uint32_t)rg_hash_name(key) & (m->slot_count - 1);

    while (m->slots[i] != 0 && !rg_span_equal(m->candidates[m->slots[i] - 1].pair.key, key))
        i = (i + 1) & (m->slot_count - 1);
    return &m->slots[i];
}

static void key_value_merge_check(const struct rg_key_value_merge *m)
{
#ifndef NDEBUG
    assert((m->slot_count & (m->slot_count - 1)) == 0); /* (1) */
    assert(m->slot_count >= 2 * m->candidate_count);
    for (uint32_t i = 0; i < m->candidate_count; i++)
        assert(*find_slot(m, m->candidates[i].pair.key) == i + 1);
    for (uint32_t i = 1; i < m->origin_count; i++) /* (3) */
        assert(!rg_span_equal(m->origins[i - 1], m->origins[i]));
#else
    (void)m;
#endif
}

static enum rg_status no_memory(struct rg_error *err)
{
    return rg_fail(err, RG_ERR_NOMEM, "no memory for key-value metadata");
}

/* Notes are for people: when they are many or long, or memory is short, some are left out. */
static void add_note(struct rg_key_value_merge *m, struct rg_span key, const char *reason)
{
    if (m->note_count == NOTES_MAX)
        return;
    if (key.bytes > note_key_bytes_max)
        key.bytes = note_key_bytes_max;
    for (uint32_t i = 0; i < m->note_count; i++) {
        if (rg_span_equal(m->notes[i].key, key))
            return;
    }
    const struct rg_span copy = rg_arena_copy(m->arena, key);
    if (copy.data != NULL)
        m->notes[m->note_count++] = (struct rg_key_value_note){copy, reason};
}

static void drop(struct rg_key_value_merge *m, struct candidate *c, const char *reason)
{
    if (c->is_dropped)
        return;
    c->is_dropped = true;
    if (c->rule != RULE_OURS)
        add_note(m, c->pair.key, reason);
}

static bool is_equal_value(const struct rg_key_value *a, const struct rg_key_value *b)
{
    return (a->value.data == NULL) == (b->value.data == NULL) && rg_span_equal(a->value, b->value);
}

/* Copies a pair of the first input; false without memory. */
static bool take_candidate(struct rg_key_value_merge *m, const struct rg_key_value *pair,
                           uint64_t row_count)
{
    struct candidate c = {
        .rule = rule_of(pair->key), .is_same = true, .seen_in = 1, .row_count = row_count};

    c.pair.key = rg_arena_copy(m->arena, pair->key);
    if (c.pair.key.data == NULL)
        return false;
    if (pair->value.data != NULL) {
        c.pair.value = rg_arena_copy(m->arena, pair->value);
        if (c.pair.value.data == NULL)
            return false;
    }
    if (c.rule == RULE_PANDAS) {
        struct rg_pandas_merge *pandas = rg_arena_alloc(m->arena, sizeof *pandas);
        if (pandas == NULL)
            return false;
        if (rg_pandas_merge_begin(pandas, c.pair.value, row_count))
            c.pandas = pandas;
    }
    if (c.rule == RULE_ARROW)
        c.is_arrow = rg_arrow_schema_read(c.pair.value, &c.arrow);
    *find_slot(m, c.pair.key) = m->candidate_count + 1;
    m->candidates[m->candidate_count++] = c;
    return true;
}

/* The first input: its keys are the candidates. */
static enum rg_status take_candidates(struct rg_key_value_merge *m, const struct rg_file_meta *meta,
                                      uint64_t row_count, struct rg_error *err)
{
    m->slot_count = 4;
    while (m->slot_count < 2 * meta->key_value_count)
        m->slot_count *= 2;
    m->slots = rg_arena_array(m->arena, m->slot_count, sizeof *m->slots);
    m->candidates = rg_arena_array(m->arena, meta->key_value_count, sizeof *m->candidates);
    if (m->slots == NULL || m->candidates == NULL)
        return no_memory(err);
    for (uint32_t i = 0; i < meta->key_value_count; i++) {
        const struct rg_key_value *pair = &meta->key_values[i];
        const enum rule rule = rule_of(pair->key);
        const uint32_t slot = *find_slot(m, pair->key);

        if (rule == RULE_OURS || rule == RULE_ORIGINS)
            continue;
        if (slot == 0) {
            if (!take_candidate(m, pair, row_count))
                return no_memory(err);
        } else if (!is_equal_value(&m->candidates[slot - 1].pair, pair)) {
            drop(m, &m->candidates[slot - 1], reason_twice);
        }
    }
    if (!m->is_schema_changed)
        return RG_OK;
    for (uint32_t i = 0; i < m->candidate_count; i++) {
        if (m->candidates[i].rule == RULE_SCHEMA || m->candidates[i].rule == RULE_ARROW)
            drop(m, &m->candidates[i], reason_schema);
    }
    return RG_OK;
}

/* The merge of a "geo" begins with the second input: one alone is kept as it is. */
static enum rg_status add_geo(struct rg_key_value_merge *m, struct candidate *c,
                              struct rg_span value, struct rg_error *err)
{
    bool is_starved = false;

    if (c->geo == NULL && !rg_span_equal(value, c->pair.value)) {
        c->geo = rg_geo_merge_new(m->arena, c->pair.value, &is_starved);
        if (is_starved)
            return no_memory(err);
        if (c->geo == NULL) {
            drop(m, c, reason_differs);
            return RG_OK;
        }
    }
    return c->geo == NULL ? RG_OK : rg_geo_merge_add(c->geo, value, err);
}

/* Every file's schema holds the file's own pandas and geo metadata, so the bytes differ. */
static bool is_same_arrow(const struct candidate *c, struct rg_span value)
{
    struct rg_arrow_facts facts;

    return c->is_arrow && rg_arrow_schema_read(value, &facts) &&
           facts.semantics.high == c->arrow.semantics.high &&
           facts.semantics.low == c->arrow.semantics.low;
}

static enum rg_status add_to_candidate(struct rg_key_value_merge *m, struct candidate *c,
                                       const struct rg_key_value *pair, uint64_t row_count,
                                       struct rg_error *err)
{
    const bool is_equal = is_equal_value(&c->pair, pair);

    if (c->is_dropped)
        return RG_OK;
    if (c->seen_in == m->input_count) { /* Again in the same input. */
        if (!is_equal)
            drop(m, c, reason_twice);
        return RG_OK;
    }
    c->seen_in = m->input_count;
    c->is_same = c->is_same && is_equal;
    switch (c->rule) {
    case RULE_EQUAL:
    case RULE_SCHEMA:
        if (!is_equal)
            drop(m, c, reason_differs);
        return RG_OK;
    case RULE_GEO:
        return add_geo(m, c, pair->value, err);
    case RULE_PANDAS:
        if (c->pandas == NULL ? !is_equal : !rg_pandas_merge_add(c->pandas, pair->value, row_count))
            drop(m, c, reason_differs);
        return RG_OK;
    case RULE_ARROW:
        if (!is_equal && !is_same_arrow(c, pair->value))
            drop(m, c, reason_differs);
        return RG_OK;
    case RULE_FIRST:
    case RULE_CALENDAR:
    case RULE_OURS:
    case RULE_ORIGINS:
        return RG_OK;
    }
    return RG_OK;
}

static enum rg_status add_pairs(struct rg_key_value_merge *m, const struct rg_file_meta *meta,
                                uint64_t row_count, struct rg_error *err)
{
    for (uint32_t i = 0; i < meta->key_value_count; i++) {
        const struct rg_key_value *pair = &meta->key_values[i];
        const enum rule rule = rule_of(pair->key);
        const uint32_t slot = *find_slot(m, pair->key);

        if (rule == RULE_OURS || rule == RULE_ORIGINS)
            continue;
        if (slot == 0)
            add_note(m, pair->key, reason_missing);
        else
            RG_TRY(add_to_candidate(m, &m->candidates[slot - 1], pair, row_count, err));
    }
    for (uint32_t i = 0; i < m->candidate_count; i++) {
        if (m->candidates[i].seen_in != m->input_count && m->candidates[i].rule != RULE_CALENDAR)
            drop(m, &m->candidates[i], reason_missing);
    }
    return RG_OK;
}

static enum rg_status add_origin(struct rg_key_value_merge *m, struct rg_span origin,
                                 struct rg_error *err)
{
    const struct rg_writer writer = rg_writer_parse(origin);

    if (origin.bytes == 0 || origin.bytes > origin_bytes_max || m->origin_count == ORIGINS_MAX ||
        rg_span_equal(writer.application, rg_span_of(application_name)))
        return RG_OK;
    for (uint32_t i = 0; i < m->origin_count; i++) {
        if (rg_span_equal(m->origins[i], origin))
            return RG_OK;
    }
    m->origins[m->origin_count] = rg_arena_copy(m->arena, origin);
    if (m->origins[m->origin_count].data == NULL)
        return no_memory(err);
    m->origin_count++;
    return RG_OK;
}

/* Those that the input names itself, one a line, then its own. */
static enum rg_status add_origins(struct rg_key_value_merge *m, const struct rg_file_meta *meta,
                                  struct rg_error *err)
{
    for (uint32_t i = 0; i < meta->key_value_count; i++) {
        if (rule_of(meta->key_values[i].key) != RULE_ORIGINS)
            continue;
        struct rg_span rest = meta->key_values[i].value;
        while (rest.bytes > 0 && m->origin_count < ORIGINS_MAX) {
            const uint8_t *newline = memchr(rest.data, '\n', rest.bytes);
            const size_t bytes = newline == NULL ? rest.bytes : (size_t)(newline - rest.data);

            RG_TRY(add_origin(m, (struct rg_span){rest.data, bytes}, err));
            rest.data += bytes;
            rest.bytes -= bytes;
            if (rest.bytes > 0) {
                rest.data++;
                rest.bytes--;
            }
        }
    }
    return add_origin(m, meta->created_by, err);
}

static bool is_newer(const struct rg_writer *a, const struct rg_writer *b)
{
    if (a->major != b->major)
        return a->major > b->major;
    if (a->minor != b->minor)
        return a->minor > b->minor;
    return a->patch > b->patch;
}

static enum rg_status add_created_by(struct rg_key_value_merge *m, struct rg_span created_by,
                                     struct rg_error *err)
{
    const struct rg_writer writer = rg_writer_parse(created_by);
    const struct rg_writer newest = rg_writer_parse(m->newest_parquet_mr);

    if (!rg_created_by_is_parquet_mr(created_by) ||
        (m->newest_parquet_mr.data != NULL && !is_newer(&writer, &newest)))
        return RG_OK;
    m->newest_parquet_mr = rg_arena_copy(m->arena, created_by);
    return m->newest_parquet_mr.data == NULL ? no_memory(err) : RG_OK;
}

static bool has_delta_strings(const struct rg_file_meta *meta)
{
    const uint32_t delta = UINT32_C(1) << RG_ENCODING_DELTA_LENGTH_BYTE_ARRAY |
                           UINT32_C(1) << RG_ENCODING_DELTA_BYTE_ARRAY;

    for (uint32_t i = 0; i < meta->row_group_count; i++) {
        for (uint32_t j = 0; j < meta->schema.leaf_count; j++) {
            if ((meta->row_groups[i].columns[j].encodings & delta) != 0)
                return true;
        }
    }
    return false;
}

enum rg_status rg_key_value_merge_add(struct rg_key_value_merge *merge,
                                      const struct rg_file_meta *meta, struct rg_error *err)
{
    const bool is_first = merge->input_count == 0;
    uint64_t row_count = 0;

    if (meta->key_value_count > rg_key_values_max)
        return rg_fail(err, RG_ERR_LIMIT, "%u key-values, more than %u", meta->key_value_count,
                       rg_key_values_max);
    const struct rg_hash128 semantics = rg_file_semantics(meta, merge->schema);
    if (is_first)
        merge->semantics = semantics;
    if (semantics.high != merge->semantics.high || semantics.low != merge->semantics.low)
        return rg_fail(err, RG_ERR_UNSUPPORTED,
                       "its key-values give dates, timestamps or coordinates another meaning");
    for (uint32_t i = 0; i < meta->row_group_count; i++)
        row_count += meta->row_groups[i].row_count;

    merge->input_count++;
    if (is_first)
        RG_TRY(take_candidates(merge, meta, row_count, err));
    else
        RG_TRY(add_pairs(merge, meta, row_count, err));
    RG_TRY(add_origins(merge, meta, err));
    RG_TRY(add_created_by(merge, meta->created_by, err));
    merge->has_delta_strings = merge->has_delta_strings || has_delta_strings(meta);
    key_value_merge_check(merge);
    return RG_OK;
}

/* pyarrow makes no dictionary arrays of DELTA pages ("not yet implemented"). */
static bool is_spoilt_by_delta(const struct rg_key_value_merge *m, const struct candidate *c)
{
    return m->has_delta_strings && c->rule == RULE_ARROW &&
           (!c->is_arrow || c->arrow.has_dictionary);
}

/* pyarrow 26: "Nested data conversions not implemented for chunked array outputs" (run). */
static bool is_spoilt_by_mixture(const struct rg_key_value_merge *m, const struct candidate *c)
{
    return m->has_mixed_nested && c->rule == RULE_ARROW &&
           (!c->is_arrow || c->arrow.has_nested_dictionary);
}

static bool is_mixed(const struct rg_column_chunk *chunk)
{
    bool has_indices = false;
    bool has_others = false;

    /* What sink.c says nothing of holds both. */
    if (chunk->encoding_stats_count == 0)
        return chunk->has_dictionary_offset;
    for (uint32_t i = 0; i < chunk->encoding_stats_count; i++) {
        const struct rg_page_encoding_stats *stats = &chunk->encoding_stats[i];
        const bool is_index = rg_encoding_is_dictionary(stats->encoding);

        if (stats->page_type == RG_PAGE_DICTIONARY)
            continue;
        has_indices = has_indices || is_index;
        has_others = has_others || !is_index;
    }
    return has_indices && has_others;
}

void rg_key_value_merge_note_pages(struct rg_key_value_merge *merge,
                                   const struct rg_row_group *row_groups, uint32_t count)
{
    const struct rg_schema *schema = merge->schema;

    merge->has_mixed_nested = false;
    for (uint32_t c = 0; c < schema->leaf_count; c++) {
        const struct rg_leaf *leaf = &schema->leaves[c];

        if (leaf->type != RG_TYPE_BYTE_ARRAY ||
            schema->elements[leaf->element_index].parent_index == 0)
            continue;
        for (uint32_t i = 0; i < count && !merge->has_mixed_nested; i++)
            merge->has_mixed_nested = is_mixed(&row_groups[i].columns[c]);
    }
}

/* Writes the merged value of a candidate that is more than bytes. */
static enum rg_status emit_value(const struct rg_key_value_merge *m, const struct candidate *c,
                                 uint64_t row_count, struct rg_span *ret_value,
                                 struct rg_error *err)
{
    struct rg_buffer out;

    rg_buffer_init(&out, m->arena->allocator, SIZE_MAX);
    if (c->rule == RULE_GEO)
        rg_geo_merge_emit(c->geo, &out);
    else
        rg_pandas_merge_emit(c->pandas, row_count, &out);
    enum rg_status status = rg_buffer_check(&out, "merged key-value", err);
    if (status == RG_OK) {
        *ret_value = rg_arena_copy(m->arena, rg_buffer_span(&out));
        if (ret_value->data == NULL)
            status = no_memory(err);
    }
    rg_buffer_fini(&out);
    return status;
}

static enum rg_status finish_candidate(const struct rg_key_value_merge *m,
                                       const struct candidate *c, uint64_t row_count,
                                       struct rg_key_value *ret_pair, struct rg_error *err)
{
    const bool is_geo = c->rule == RULE_GEO && c->geo != NULL;
    const bool is_pandas = c->rule == RULE_PANDAS && c->pandas != NULL && c->pandas->has_range;
    const bool is_one_input = m->input_count == 1 && row_count == c->row_count;

    *ret_pair = c->pair;
    if (is_geo || (is_pandas && !is_one_input))
        return emit_value(m, c, row_count, &ret_pair->value, err);
    return RG_OK;
}

/* Their names joined by newlines, as ParquetRewriter does. */
static enum rg_status finish_origins(const struct rg_key_value_merge *m,
                                     struct rg_key_value *ret_pair, struct rg_error *err)
{
    size_t bytes = 0;

    for (uint32_t i = 0; i < m->origin_count; i++)
        bytes += m->origins[i].bytes + 1;
    uint8_t *text = rg_arena_alloc(m->arena, bytes);
    if (text == NULL)
        return no_memory(err);
    size_t used = 0;
    for (uint32_t i = 0; i < m->origin_count; i++) {
        memcpy(text + used, m->origins[i].data, m->origins[i].bytes);
        used += m->origins[i].bytes;
        text[used++] = '\n';
    }
    *ret_pair = (struct rg_key_value){rg_span_of(origins_key), {text, bytes - 1}};
    return RG_OK;
}

/*
 * Arrow reads the schema's key-values from within its schema: they must be those of the output. One
 * that cannot be made out, but is the same in all inputs, stays; one that can only half be goes.
 */
static enum rg_status finish_arrow(struct rg_key_value_merge *m, struct rg_key_value *pairs,
                                   uint32_t *count, struct rg_error *err)
{
    for (uint32_t i = 0; i < *count; i++) {
        struct rg_key_value *pair = &pairs[i];
        struct rg_arrow_facts facts;

        if (rule_of(pair->key) != RULE_ARROW || !rg_arrow_schema_read(pair->value, &facts))
            continue;
        const enum rg_status status =
            rg_arrow_schema_rewrite(pair->value, pairs, *count, m->arena, &pair->value, err);
        if (status != RG_ERR_CORRUPT)
            return status;
        add_note(m, pair->key, reason_broken);
        memmove(pair, pair + 1, (*count - i - 1) * sizeof *pair);
        (*count)--;
        return RG_OK;
    }
    return RG_OK;
}

/*
 * Columns of this output are no dictionaries for Arrow; the rest of its schema stays. One that
 * cannot be made out goes.
 */
static enum rg_status forget_dictionaries(struct rg_key_value_merge *m, struct rg_key_value *pair,
                                          const char *reason, bool *ret_is_kept,
                                          struct rg_error *err)
{
    const enum rg_status status =
        rg_arrow_schema_forget_dictionaries(pair->value, m->arena, &pair->value, err);

    add_note(m, pair->key, reason);
    *ret_is_kept = status == RG_OK;
    return status == RG_ERR_CORRUPT ? RG_OK : status;
}

enum rg_status rg_key_value_merge_finish(struct rg_key_value_merge *merge, uint64_t row_count,
                                         struct rg_key_value **ret_pairs, uint32_t *ret_count,
                                         struct rg_error *err)
{
    const size_t room = (size_t)merge->candidate_count + 1;
    struct rg_key_value *pairs = rg_arena_array(merge->arena, room, sizeof *pairs);
    uint32_t count = 0;

    if (pairs == NULL)
        return no_memory(err);
    for (uint32_t i = 0; i < merge->candidate_count; i++) {
        struct candidate *c = &merge->candidates[i];

        bool is_kept = !c->is_dropped;

        if (is_kept)
            RG_TRY(finish_candidate(merge, c, row_count, &pairs[count], err));
        if (is_kept && is_spoilt_by_delta(merge, c))
            RG_TRY(forget_dictionaries(merge, &pairs[count], reason_delta, &is_kept, err));
        else if (is_kept && is_spoilt_by_mixture(merge, c))
            RG_TRY(forget_dictionaries(merge, &pairs[count], reason_mixed, &is_kept, err));
        count += is_kept;
    }
    RG_TRY(finish_arrow(merge, pairs, &count, err));
    if (merge->origin_count > 0) {
        RG_TRY(finish_origins(merge, &pairs[count], err));
        count++;
    }
    *ret_pairs = pairs;
    *ret_count = count;
    return RG_OK;
}

struct rg_span rg_key_value_merge_created_by(const struct rg_key_value_merge *merge)
{
    for (uint32_t i = 0; i < merge->schema->leaf_count; i++) {
        if (merge->schema->leaves[i].type == RG_TYPE_INT96 && merge->newest_parquet_mr.data != NULL)
            return merge->newest_parquet_mr;
    }
    return rg_span_of(rg_created_by);
}

const struct rg_key_value_note *rg_key_value_merge_notes(const struct rg_key_value_merge *merge,
                                                         uint32_t *ret_count)
{
    *ret_count = merge->note_count;
    return merge->notes;
}

static bool is_equal_list(const struct rg_column_chunk *a, const struct rg_column_chunk *b)
{
    if (a->key_value_count != b->key_value_count)
        return false;
    for (uint32_t i = 0; i < a->key_value_count; i++) {
        if (!rg_span_equal(a->key_values[i].key, b->key_values[i].key) ||
            !is_equal_value(&a->key_values[i], &b->key_values[i]))
            return false;
    }
    return true;
}

void rg_chunk_key_values_merge(const struct rg_column_chunk *const *chunks, size_t chunk_count,
                               struct rg_key_value **ret_pairs, uint32_t *ret_count)
{
    *ret_pairs = NULL;
    *ret_count = 0;
    for (size_t i = 1; i < chunk_count; i++) {
        if (!is_equal_list(chunks[0], chunks[i]))
            return;
    }
    if (chunk_count > 0 && chunks[0]->key_value_count > 0) {
        *ret_pairs = chunks[0]->key_values;
        *ret_count = chunks[0]->key_value_count;
    }
}
