/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Schemas and maps are written as text.
 *
 *     a!i b?s#7 g?{x*l} k?L{list*{element?i}}
 *
 * is a name, ! ? or * for REQUIRED, OPTIONAL and REPEATED, and a type: one of the letters below, or
 * inner fields in braces, with L, M, K or V in front for LIST, MAP, MAP_KEY_VALUE and VARIANT; a
 * field id follows.
 *
 * A source's map has a word for each output leaf: "2" values of leaf 2, "2[013]" with definition
 * levels mapped so, "2~1" with conversion 1; "L2[01]r1" nulls by the levels of leaf 2, entries of a
 * repetition level above 1 left out; "N0" nulls of level 0.
 */

#include "stitch/schema_map.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "parquet/field_ids.h"
#include "parquet/schema.h"
#include "small_meta.h"
#include "support/test.h"

enum {
    SOURCES_MAX = 3,
    TEXT_BYTES = 600,
};

struct type {
    char letter;
    uint8_t type;
    uint8_t logical;
    uint8_t bit_width;
    bool is_signed;
    int32_t scale, precision, type_length;
};

static const struct type types[] = {
    {'i', RG_TYPE_INT32, RG_LOGICAL_NONE, 0, false, 0, 0, 0},
    {'l', RG_TYPE_INT64, RG_LOGICAL_NONE, 0, false, 0, 0, 0},
    {'f', RG_TYPE_FLOAT, RG_LOGICAL_NONE, 0, false, 0, 0, 0},
    {'d', RG_TYPE_DOUBLE, RG_LOGICAL_NONE, 0, false, 0, 0, 0},
    {'s', RG_TYPE_BYTE_ARRAY, RG_LOGICAL_STRING, 0, false, 0, 0, 0},
    {'b', RG_TYPE_BYTE_ARRAY, RG_LOGICAL_NONE, 0, false, 0, 0, 0},
    {'p', RG_TYPE_BYTE_ARRAY, RG_LOGICAL_GEOMETRY, 0, false, 0, 0, 0},
    {'q', RG_TYPE_BYTE_ARRAY, RG_LOGICAL_GEOMETRY, 0, false, 0, 0, 0}, /* Of another CRS. */
    {'n', RG_TYPE_INT32, RG_LOGICAL_UNKNOWN, 0, false, 0, 0, 0},
    {'c', RG_TYPE_INT32, RG_LOGICAL_INTEGER, 8, true, 0, 0, 0},
    {'h', RG_TYPE_INT32, RG_LOGICAL_INTEGER, 16, true, 0, 0, 0},
    {'C', RG_TYPE_INT32, RG_LOGICAL_INTEGER, 8, false, 0, 0, 0},
    {'I', RG_TYPE_INT32, RG_LOGICAL_INTEGER, 32, false, 0, 0, 0},
    {'U', RG_TYPE_INT64, RG_LOGICAL_INTEGER, 64, false, 0, 0, 0},
    {'D', RG_TYPE_INT32, RG_LOGICAL_DATE, 0, false, 0, 0, 0},
    {'T', RG_TYPE_INT64, RG_LOGICAL_TIMESTAMP, 0, false, 0, 0, 0},
    {'0', RG_TYPE_INT32, RG_LOGICAL_DECIMAL, 0, false, 2, 5, 0},
    {'1', RG_TYPE_INT32, RG_LOGICAL_DECIMAL, 0, false, 2, 9, 0},
    {'2', RG_TYPE_INT64, RG_LOGICAL_DECIMAL, 0, false, 2, 18, 0},
    {'3', RG_TYPE_FIXED_LEN_BYTE_ARRAY, RG_LOGICAL_DECIMAL, 0, false, 2, 20, 9},
    {'4', RG_TYPE_FIXED_LEN_BYTE_ARRAY, RG_LOGICAL_DECIMAL, 0, false, 2, 30, 13},
    {'5', RG_TYPE_INT64, RG_LOGICAL_DECIMAL, 0, false, 3, 18, 0},
    {'6', RG_TYPE_FIXED_LEN_BYTE_ARRAY, RG_LOGICAL_NONE, 0, false, 0, 0, 6},
    {'7', RG_TYPE_FIXED_LEN_BYTE_ARRAY, RG_LOGICAL_NONE, 0, false, 0, 0, 7},
};

static const struct {
    char letter;
    uint8_t logical;
    int8_t converted_type;
} groups[] = {{'L', RG_LOGICAL_LIST, RG_CONVERTED_NONE},
              {'M', RG_LOGICAL_MAP, RG_CONVERTED_NONE},
              {'K', RG_LOGICAL_NONE, RG_CONVERTED_MAP_KEY_VALUE},
              {'V', RG_LOGICAL_VARIANT, RG_CONVERTED_NONE}};

/* Reads fields up to a brace or the end; returns how many. */
static uint32_t read_fields(struct small_meta *m, const char **text)
{
    uint32_t count = 0;

    while (**text != 0 && **text != '}') {
        if (**text == ' ') {
            (*text)++;
            continue;
        }
        const char *name = *text;
        const size_t name_bytes = strcspn(name, "!?*");
        const char repetition = name[name_bytes];
        struct rg_schema_element *element = small_meta_leaf(m, "", RG_TYPE_INT32, RG_LOGICAL_NONE);

        element->name = (struct rg_span){(const uint8_t *)name, name_bytes};
        element->repetition = repetition == '!'   ? RG_REQUIRED
                              : repetition == '?' ? RG_OPTIONAL
                                                  : RG_REPEATED;
        *text += name_bytes + 1;
        for (size_t i = 0; i < sizeof groups / sizeof groups[0]; i++) {
            if (**text == groups[i].letter && (*text)[1] == '{') {
                element->logical = groups[i].logical;
                element->converted_type = groups[i].converted_type;
                (*text)++;
            }
        }
        if (**text == '{') {
            (*text)++;
            element->has_type = false;
            element->child_count = read_fields(m, text);
        }
        for (size_t i = 0; element->has_type && i < sizeof types / sizeof types[0]; i++) {
            if (types[i].letter != **text)
                continue;
            element->type = types[i].type;
            element->logical = types[i].logical;
            element->bit_width = types[i].bit_width;
            element->is_signed = types[i].is_signed;
            element->scale = types[i].scale;
            element->precision = types[i].precision;
            element->type_length = types[i].type_length;
            if (types[i].letter == 'q')
                element->annotation = rg_span_of("another");
        }
        (*text)++;
        if (**text == '#') {
            char *end;
            element->has_field_id = true;
            element->field_id = (int32_t)strtol(*text + 1, &end, 10);
            *text = end;
        }
        count++;
    }
    return count;
}

static char letter_of(const struct rg_schema_element *e)
{
    const struct rg_annotation a = rg_schema_annotation(e);

    for (size_t i = 0; i < sizeof types / sizeof types[0]; i++) {
        const struct type *t = &types[i];
        if (t->type == e->type && t->logical == a.logical && t->bit_width == a.bit_width &&
            t->is_signed == a.is_signed && t->scale == a.scale && t->precision == a.precision &&
            t->type_length == e->type_length)
            return t->letter;
    }
    return '?';
}

static uint32_t write_fields(const struct rg_schema *schema, uint32_t parent, uint32_t child,
                             char *text)
{
    for (uint32_t i = 0; i < schema->elements[parent].child_count; i++) {
        const struct rg_schema_element *e = &schema->elements[child];

        CHECK_U64(e->parent_index, parent);
        text += strlen(text);
        text += sprintf(text, "%s%.*s%c", i == 0 ? "" : " ", (int)e->name.bytes,
                        (const char *)e->name.data, "!?*"[e->repetition]);
        const uint32_t self = child++;
        if (e->has_type) {
            text += sprintf(text, "%c", letter_of(e));
        } else {
            for (size_t j = 0; j < sizeof groups / sizeof groups[0]; j++) {
                if (groups[j].logical == e->logical &&
                    groups[j].converted_type == e->converted_type)
                    text += sprintf(text, "%c", groups[j].letter);
            }
            text += sprintf(text, "{");
            child = write_fields(schema, self, child, text);
            text += strlen(text);
            text += sprintf(text, "}");
        }
        if (e->has_field_id)
            text += sprintf(text, "#%d", e->field_id);
    }
    return child;
}

static void write_map(const struct rg_schema_map *map, size_t source, const struct rg_schema *own,
                      char *text)
{
    for (uint32_t i = 0; i < map->schema.leaf_count; i++) {
        const struct rg_leaf_map *m = &map->leaves[source * map->schema.leaf_count + i];

        text += sprintf(text, "%s", i == 0 ? "" : " ");
        if (m->origin == RG_LEAF_NULLS) {
            text += sprintf(text, "N%u", m->def_level);
            continue;
        }
        text += sprintf(text, "%s%u", m->origin == RG_LEAF_LEVELS ? "L" : "", m->leaf_index);
        if (m->conversion != RG_CONVERSION_NONE)
            text += sprintf(text, "~%d", (int)m->conversion);
        if (m->def_map != NULL) {
            text += sprintf(text, "[");
            for (uint32_t level = 0; level <= own->leaves[m->leaf_index].def_max; level++)
                text += sprintf(text, "%u", m->def_map[level]);
            text += sprintf(text, "]");
        }
        if (m->rep_max != own->leaves[m->leaf_index].rep_max)
            text += sprintf(text, "r%u", m->rep_max);
    }
}

static const struct {
    const char *about;
    const char *sources[SOURCES_MAX]; /* Oldest first. */
    const char *merged;               /* NULL: refused. */
    const char *maps;                 /* Of all sources, joined by " | "; or the refusal's text. */
    bool has_ids;
} rows[] = {
    {"one schema", {"a?i b!s"}, "a?i b!s", "0 1", false},
    {"the same twice", {"a?i b!s", "a?i b!s"}, "a?i b!s", "0 1 | 0 1", false},
    {"another order", {"a?i b?s", "b?s a?i"}, "b?s a?i", "1 0 | 0 1", false},
    {"a column is new", {"a?i", "a?i b?s"}, "a?i b?s", "0 N0 | 0 1", false},
    {"a column is gone: last", {"a?i b?s", "b?s"}, "b?s a?i", "1 0 | 0 N0", false},
    {"a required column is new", {"a?i", "a?i b!s"}, "a?i b?s", "0 N0 | 0 1[1]", false},
    {"required becomes optional", {"a!i", "a?i"}, "a?i", "0[1] | 0", false},
    {"optional stays optional", {"a?i", "a!i"}, "a?i", "0 | 0[1]", false},
    {"a repeated column is new", {"a?i", "a?i b*i"}, "a?i b*i", "0 N0 | 0 1", false},
    {"three", {"a!i", "b!i", "c!i"}, "c?i b?i a?i", "N0 N0 0[1] | N0 0[1] N0 | 0[1] N0 N0", false},

    {"a field of a struct is new",
     {"g?{x?i}", "g?{x?i y?i}"},
     "g?{x?i y?i}",
     "0 L0[011] | 0 1",
     false},
    {"a field of a required struct is new",
     {"g!{x?i}", "g!{x?i y?i}"},
     "g!{x?i y?i}",
     "0 N0 | 0 1",
     false},
    {"a struct becomes optional", {"g!{x?i}", "g?{x?i}"}, "g?{x?i}", "0[12] | 0", false},
    {"a struct becomes optional, its field not",
     {"g!{x!i}", "g?{x!i}"},
     "g?{x!i}",
     "0[1] | 0",
     false},
    {"a struct becomes optional and gets a field",
     {"g!{x?i}", "g?{x?i y!i}"},
     "g?{x?i y?i}",
     "0[12] N1 | 0 1[02]",
     false},
    {"a field two structs deep",
     {"g?{h?{x?i}}", "g?{h?{x?i y?i} z?i}"},
     "g?{h?{x?i y?i} z?i}",
     "0 L0[0122] L0[0111] | 0 1 2",
     false},
    {"a struct is new", {"a?i", "a?i g?{x?i y*i}"}, "a?i g?{x?i y*i}", "0 N0 N0 | 0 1 2", false},
    {"a field below what repeats",
     {"g*{x?i}", "g*{x?i y?i}"},
     "g*{x?i y?i}",
     "0 L0[011] | 0 1",
     false},
    {"a sibling that repeats more",
     {"g?{x*i}", "g?{x*i y?i}"},
     "g?{x*i y?i}",
     "0 L0[011]r0 | 0 1",
     false},
    {"the sibling that repeats least",
     {"g?{x*i w?i}", "g?{x*i w?i y?i}"},
     "g?{x*i w?i y?i}",
     "0 1 L1[011] | 0 1 2",
     false},
    {"another struct's leaves are no siblings",
     {"f?{u?i} g?{x*i}", "f?{u?i} g?{x*i y?i}"},
     "f?{u?i} g?{x*i y?i}",
     "0 1 L1[011]r0 | 0 1 2",
     false},

    {"lists, called differently",
     {"k?L{bag*{array_element?i}}", "k?L{list*{element?i}}"},
     "k?L{list*{element?i}}",
     "0 | 0",
     false},
    {"a list's element becomes optional",
     {"k?L{list*{element!i}}", "k?L{list*{item?i}}"},
     "k?L{list*{item?i}}",
     "0[013] | 0",
     false},
    {"a list of structs gets a field",
     {"k?L{list*{element?{x?i}}}", "k?L{list*{element?{x?i y?i}}}"},
     "k?L{list*{element?{x?i y?i}}}",
     "0 L0[01233] | 0 1",
     false},
    {"two-level lists",
     {"k?L{array*{x?i}}", "k?L{array*{x?i y?i}}"},
     "k?L{array*{x?i y?i}}",
     "0 L0[0122] | 0 1",
     false},
    {"a group without columns",
     {"g?{} x?i", "g?{a?i} x?i"},
     NULL,
     "a group without columns in another input",
     false},
    {"a required group without columns",
     {"g!{} x?i", "g!{a?i} x?i"},
     "g!{a?i} x?i",
     "N0 0 | 0 1",
     false},
    {"two-level lists of values", {"k?L{a*i}", "k?L{b*l}"}, "k?L{b*l}", "0~1 | 0", false},
    {"lists of another shape",
     {"k?L{array*{x?i}}", "k?L{list*{x?i}}"},
     NULL,
     "column k.array: is a list of another shape",
     false},
    {"a two-level and a three-level list",
     {"k?L{list*i}", "k?L{list*{x?i}}"},
     NULL,
     "column k.list: INT32 does not go with group of another input",
     false},
    {"maps, called differently",
     {"m?M{map*{key!s value?i}}", "m?M{key_value*{k!s v?l}}"},
     "m?M{key_value*{k!s v?l}}",
     "0 1~1 | 0 1",
     false},
    {"what repeats in a map may be annotated, too",
     {"m?M{map*K{key!s value?{x?i y?i}}}", "m?M{key_value*{k!s v?{y?i x?i}}}"},
     "m?M{key_value*{k!s v?{y?i x?i}}}",
     "0 2 1 | 0 1 2",
     false},
    {"it is not annotated any more where others do not",
     {"m?M{e*{k!s v?i}}", "m?M{map*K{key!s value?i}}"},
     "m?M{map*{key!s value?i}}",
     "0 1 | 0 1",
     false},
    {"MAP_KEY_VALUE is a map",
     {"m?M{e*{k!s v?i}}", "m?K{map*K{key!s value?i}}"},
     "m?M{map*{key!s value?i}}",
     "0 1 | 0 1",
     false},
    {"MAP_KEY_VALUE stays where all have it",
     {"m?K{e*{k!s v?i}}", "m?K{map*{key!s value?l}}"},
     "m?K{map*{key!s value?l}}",
     "0 1~1 | 0 1",
     false},
    {"keys of MAP_KEY_VALUE",
     {"m?K{e*K{k?s v?i}}", "m?M{e*{k!s v?i}}"},
     NULL,
     "column m.e.k: is the key of a map, and optional in some inputs",
     false},
    {"the first field of a map's value is no key",
     {"m?M{map*K{key!s value?{x?i}}}", "m?M{map*K{key!s value?{x!i}}}"},
     "m?M{map*K{key!s value?{x?i}}}",
     "0 1 | 0 1[0124]",
     false},
    {"maps whose keys are optional",
     {"m?M{e*{k?s v?i}}", "m?M{e*{k?s v?l}}"},
     "m?M{e*{k?s v?l}}",
     "0 1~1 | 0 1",
     false},
    {"a map whose keys are optional among others",
     {"m?M{e*{k?s v?i}}", "m?M{e*{k!s v?i}}"},
     NULL,
     "column m.e.k: is the key of a map, and optional in some inputs",
     false},
    {"another whose keys are optional",
     {"m?M{e*{k!s v?i}}", "m?M{e*{k?s v?i}}"},
     NULL,
     "column m.e.k: is the key of a map, and optional in some inputs",
     false},
    {"what is no map may be optional",
     {"m?{e*{k?s v?i}}", "m?{e*{k!s v?i}}"},
     "m?{e*{k?s v?i}}",
     "0 1 | 0[013] 1",
     false},
    {"keys that are only nulls",
     {"m?M{e*{k!n v?n}}", "m?M{e*{k!s v?i}}"},
     NULL,
     "column m.e.k: is the key of a map, and of no type",
     false},
    {"keys that are only nulls, newest",
     {"m?M{e*{k!s v?i}}", "m?M{e*{k!n v?n}}"},
     NULL,
     "column m.e.k: is the key of a map, and of no type",
     false},
    {"keys that are only nulls everywhere",
     {"m?M{e*{k!n v?n}}", "m?M{e*{k!n v?i}}"},
     "m?M{e*{k!n v?i}}",
     "0 L0 | 0 1",
     false},
    {"maps with and without values",
     {"m?M{e*{key!s}}", "m?M{e*{key!s value?i}}"},
     NULL,
     "column m.e: has another number of inner fields",
     false},
    {"a list and a struct",
     {"k?{list*{element?i}}", "k?L{list*{element?i}}"},
     NULL,
     "column k: group does not go with LIST of another input",
     false},
    {"a repeated leaf and a list",
     {"k*i", "k?L{list*{element?i}}"},
     NULL,
     "column k: INT32 does not go with LIST of another input",
     false},
    {"repeated and not", {"k*i", "k?i"}, NULL, "column k: is repeated in one input", false},

    {"int8, int16, int32", {"a?c b?h", "a?h b?i", "a?i b?c"}, "a?i b?i", "0 1 | 0 1 | 0 1", false},
    {"uint8 and uint32", {"a?C", "a?I"}, "a?I", "0 | 0", false},
    {"int32 and int64", {"a?i", "a?l"}, "a?l", "0~1 | 0", false},
    {"int64 and int32", {"a?l", "a?i"}, "a?l", "0 | 0~1", false},
    {"int8 and int64", {"a?c", "a?l"}, "a?l", "0~1 | 0", false},
    {"uint32 and uint64", {"a?I", "a?U"}, "a?U", "0~2 | 0", false},
    {"int32 and double", {"a?i", "a?d"}, "a?d", "0~3 | 0", false},
    {"float and double", {"a?f", "a?d"}, "a?d", "0~4 | 0", false},
    {"int32, int64 and double", {"a?i", "a?l", "a?d"}, NULL, "does not go with", false},
    {"int32 in two directions", {"a?l", "a?d", "a?i"}, NULL, "does not go with", false},
    {"int64 and double", {"a?l", "a?d"}, NULL, "does not go with", false},
    {"signed and unsigned", {"a?C", "a?h"}, NULL, "does not go with", false},
    {"float and int", {"a?f", "a?i"}, NULL, "does not go with", false},
    {"decimals of more digits", {"a?0", "a?1"}, "a?1", "0 | 0", false},
    {"decimals in int64", {"a?1", "a?2"}, "a?2", "0~1 | 0", false},
    {"decimals in bytes", {"a?0", "a?2", "a?3"}, "a?3", "0~5 | 0~5 | 0", false},
    {"decimals in more bytes", {"a?3", "a?4"}, "a?4", "0~5 | 0", false},
    {"decimals of another scale", {"a?2", "a?5"}, NULL, "does not go with", false},
    {"fixed of another length", {"a?6", "a?7"}, NULL, "does not go with", false},
    {"string and binary", {"a?b", "a?s"}, NULL, "does not go with", false},
    {"date and timestamp", {"a?D", "a?T"}, NULL, "does not go with", false},
    {"date and int", {"a?D", "a?i"}, NULL, "does not go with", false},

    {"coordinates", {"a?p", "a!p"}, "a?p", "0 | 0[1]", false},
    {"coordinates of two systems",
     {"a?p", "a?q"},
     NULL,
     "column a: BYTE_ARRAY GEOMETRY has other parameters in another input",
     false},

    {"nothing but nulls", {"a?n", "a?s"}, "a?s", "N0 | 0", false},
    {"nothing but nulls, newest", {"a!s", "a?n"}, "a?s", "0[1] | N0", false},
    {"nothing but nulls anywhere", {"a?n", "a?n"}, "a?n", "0 | 0", false},
    {"nothing but nulls where a struct is", {"a?n", "a?{x?i}"}, "a?{x?i}", "N0 | 0", false},
    {"nothing but nulls in a list",
     {"k?L{list*{element?n}}", "k?L{list*{element?s}}"},
     "k?L{list*{element?s}}",
     "L0[0122] | 0",
     false},

    {"variants alike",
     {"v?V{metadata!b value?b}", "v?V{metadata!b value?b}"},
     "v?V{metadata!b value?b}",
     "0 1 | 0 1",
     false},
    {"a date is no timestamp",
     {"a?D", "a?T"},
     NULL,
     "column a: INT32 DATE does not go with INT64 TIMESTAMP",
     false},
    {"widening is no chain",
     {"a?l", "a?i", "a?d"},
     NULL,
     "column a: INT64 does not go with DOUBLE of another input",
     false},
    {"variants shredded differently",
     {"v?V{metadata!b value!b}", "v?V{metadata!b value?b}"},
     NULL,
     "column v.value: is part of a variant that is shredded differently",
     false},
    {"variants with more",
     {"v?V{metadata!b value?b}", "v?V{metadata!b value?b typed_value?i}"},
     NULL,
     "column v.typed_value: is part of a variant",
     false},
    {"variants of wider values",
     {"v?V{metadata!b typed_value?i}", "v?V{metadata!b typed_value?l}"},
     NULL,
     "column v.typed_value: INT32 does not go with INT64",
     false},

    {"names that differ in case only",
     {"user_Id?i", "User_id?i b?i"},
     NULL,
     "column user_Id: differs only in case from a column of another input",
     false},
    {"the same by field id",
     {"a?i#1 b?i#2", "A?i#3 b?i#2"},
     NULL,
     "column a: differs only in case",
     true},
    {"within a struct", {"g?{x?i}", "g?{X?i}"}, NULL, "column g.x: differs only in case", false},
    {"names that differ in case only, in one file",
     {"a?i A?i", "A?i"},
     "A?i a?i",
     "1 0 | 0 N0",
     false},
    {"in one file, if in no other",
     {"a?i", "A?i", "A?i a?i b?i"},
     "A?i a?i b?i",
     "N0 0 N0 | 0 N0 N0 | 0 1 2",
     false},
    {"in another struct", {"g?{x?i}", "X?i g?{x?i}"}, "X?i g?{x?i}", "N0 0 | 0 1", false},
    {"a rename that changes case", {"a?i#1", "A?i#1"}, "A?i#1", "0 | 0", true},

    {"a name twice", {"a?i a?i"}, NULL, "column a: stands twice", false},
    {"renamed", {"a?i#1 b?s#2", "c?l#1 b?s#2"}, "c?l#1 b?s#2", "0~1 1 | 0 1", true},
    {"renamed, the newest is narrower", {"a?l#1", "c?i#1"}, "c?l#1", "0 | 0~1", true},
    {"renamed, and of another type",
     {"a?s#1", "c?l#1"},
     NULL,
     "column a: BYTE_ARRAY STRING does not go with INT64 of another input",
     true},
    {"renamed by one that has only nulls",
     {"a?s#1 b?i#2", "b?s#1 a?n#2"},
     "b?s#1 a?i#2",
     "0 1 | 0 N0",
     true},
    {"a struct renamed by one that has only nulls",
     {"a?{x?i#3}#1 b?i#2", "c?n#1 b?i#2"},
     "c?{x?i#3}#1 b?i#2",
     "0 1 | N0 1",
     true},
    {"renamed, ids not given", {"a?i#1", "c?i#1"}, "c?i a?i", "N0 0 | 0 N0", false},
    {"ids not given, but no id twice", {"a?i#1", "c?i#2"}, "c?i#2 a?i#1", "N0 0 | 0 N0", false},
    {"renamed within a struct, ids not given",
     {"g?{x?i#2}#1 b?i", "g?{y?i#2}#1"},
     "g?{y?i x?i} b?i",
     "L0[011] 0 1 | 0 L0[011] N0",
     false},
    {"renamed within a struct",
     {"g?{x?i#2}#1", "g?{y?i#2 x?i#3}#1"},
     "g?{y?i#2 x?i#3}#1",
     "0 L0[011] | 0 1",
     true},
    {"dropped, and the name taken again",
     {"a?i#1", "a?s#2"},
     NULL,
     "column a: has the name of another column",
     true},
    {"an element with another id",
     {"k?L{list*{element?i#2}}#1", "k?L{list*{element?i#3}}#1"},
     NULL,
     "column k.list.element: has another field id",
     true},
    {"an id twice", {"a?i#1 b?i#1"}, NULL, "column a: stands twice", true},
};

static bool make_sources(struct small_meta *metas, size_t row, struct rg_schema_source *sources,
                         size_t *ret_count, struct rg_arena *arena)
{
    size_t count = 0;

    for (; count < SOURCES_MAX && rows[row].sources[count] != NULL; count++) {
        const char *text = rows[row].sources[count];

        small_meta_begin(&metas[count]);
        (void)read_fields(&metas[count], &text);
        if (!small_meta_build(&metas[count], arena))
            return false;
        sources[count] = (struct rg_schema_source){&metas[count].meta.schema, rows[row].has_ids};
    }
    *ret_count = count;
    return true;
}

TEST(schemas_are_united_or_refused_by_name)
{
    static struct small_meta metas[SOURCES_MAX];

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct rg_schema_source sources[SOURCES_MAX];
        struct rg_schema_map map;
        struct rg_arena arena;
        char text[TEXT_BYTES] = "";
        size_t culprit;
        size_t count = 0;

        rg_arena_init(&arena, &t->allocator, SIZE_MAX);
        CHECK_MADE(make_sources(metas, i, sources, &count, &arena));
        const enum rg_status status =
            rg_schema_map_make(sources, count, &arena, &map, &culprit, &t->err);
        if (rows[i].merged == NULL) {
            if (status != RG_ERR_NOMEM &&
                (status != RG_ERR_UNSUPPORTED || strstr(t->err.text, rows[i].maps) == NULL ||
                 culprit >= count))
                test_fail(__FILE__, __LINE__, "%s: status %d: %s", rows[i].about, (int)status,
                          t->err.text);
        } else {
            CHECK_OK(status);
            (void)write_fields(&map.schema, 0, 1, text);
            if (strcmp(text, rows[i].merged) != 0)
                test_fail(__FILE__, __LINE__, "%s: %s", rows[i].about, text);
            text[0] = 0;
            for (size_t s = 0; s < count; s++) {
                strcat(text, s == 0 ? "" : " | ");
                write_map(&map, s, sources[s].schema, text + strlen(text));
                CHECK(map.is_unchanged[s] == (strcmp(rows[i].sources[s], rows[i].merged) == 0));
            }
            if (strcmp(text, rows[i].maps) != 0)
                test_fail(__FILE__, __LINE__, "%s: %s", rows[i].about, text);
            CHECK_U64(map.schema.leaves[0].column_order, RG_COLUMN_ORDER_WRITTEN);
        }
        rg_arena_fini(&arena);
    }
}

/*
 * A property: random schemas of a few fields, some with fields inside, against a model that goes
 * field by field. A field is the same one wherever it stands, however it is called (by id), and
 * whatever of its chain of widening types it has.
 */

enum {
    TOPS = 4,
    INNERS = 3,
    FIELDS = TOPS * (INNERS + 1), /* Field k, and behind all of them those inside. */
};

struct drawn_field {
    bool is_there;
    bool is_optional;
    char name;     /* Of two that it may have. */
    uint32_t rank; /* In its chain. */
};

struct drawn_schema {
    struct drawn_field fields[FIELDS];
    uint32_t order[FIELDS]; /* Of fields at the top, then of those inside the first, and so on. */
    uint32_t leaf_index[FIELDS];
    char text[TEXT_BYTES];
};

struct drawn_case {
    const char *chains[FIELDS]; /* NULL: has fields inside. */
    struct drawn_schema sources[SOURCES_MAX];
    struct drawn_schema merged;
    uint32_t count;
    bool is_by_id;
};

static uint32_t first_inside(uint32_t top)
{
    return TOPS + top * INNERS;
}

static void draw_order(struct choices *c, uint32_t first, uint32_t count, uint32_t *order)
{
    for (uint32_t i = 0; i < count; i++) {
        const uint32_t at = choose(c, i);

        order[first + i] = order[first + at];
        order[first + at] = first + i;
    }
}

static void draw_fields(struct choices *c, const struct drawn_case *d, struct drawn_schema *s,
                        uint32_t first, uint32_t count)
{
    draw_order(c, first, count, s->order);
    for (uint32_t i = first; i < first + count; i++)
        s->fields[i] = (struct drawn_field){
            .is_there = choose(c, 3) != 0,
            .is_optional = choose_bool(c),
            .name = d->is_by_id && choose_bool(c) ? 'y' : 'x',
            .rank = d->chains[i] == NULL ? 0 : choose(c, (uint32_t)strlen(d->chains[i]) - 1),
        };
    s->fields[first + choose(c, count - 1)].is_there = true;
}

/* What write_fields() writes. */
static char *write_drawn(const struct drawn_case *d, struct drawn_schema *s, uint32_t first,
                         uint32_t count, uint32_t *leaf_count, char *text)
{
    bool is_first = true;

    for (uint32_t i = first; i < first + count; i++) {
        const uint32_t number = s->order[i];
        const struct drawn_field *f = &s->fields[number];

        if (!f->is_there)
            continue;
        text += sprintf(text, "%s%c%u%c", is_first ? "" : " ", f->name, number,
                        f->is_optional ? '?' : '!');
        is_first = false;
        if (d->chains[number] != NULL) {
            text += sprintf(text, "%c", d->chains[number][f->rank]);
            s->leaf_index[number] = (*leaf_count)++;
        } else {
            text += sprintf(text, "{");
            text = write_drawn(d, s, first_inside(number), INNERS, leaf_count, text);
            text += sprintf(text, "}");
        }
        if (d->is_by_id)
            text += sprintf(text, "#%u", number + 1);
    }
    return text;
}

static void draw_case(struct choices *c, struct drawn_case *d)
{
    static const char *const chains[] = {"chil", "01234", "s", "fd", "b", "id", "h"};

    memset(d, 0, sizeof *d);
    d->is_by_id = choose_bool(c);
    d->count = 1 + choose(c, SOURCES_MAX - 1);
    for (uint32_t i = 0; i < FIELDS; i++)
        d->chains[i] = i < TOPS && choose(c, 2) == 0
                           ? NULL
                           : chains[choose(c, sizeof chains / sizeof chains[0] - 1)];
    for (uint32_t s = 0; s < d->count; s++) {
        uint32_t leaf_count = 0;

        draw_fields(c, d, &d->sources[s], 0, TOPS);
        for (uint32_t top = 0; top < TOPS; top++)
            draw_fields(c, d, &d->sources[s], first_inside(top), INNERS);
        (void)write_drawn(d, &d->sources[s], 0, TOPS, &leaf_count, d->sources[s].text);
    }
}

/* Field by field, from the newest source on. `top` holds the fields, or is TOPS. */
static void merge_drawn(struct drawn_case *d, uint32_t top, uint32_t first, uint32_t count)
{
    struct drawn_schema *m = &d->merged;
    uint32_t at = first;

    for (uint32_t s = d->count; s-- > 0;) {
        const struct drawn_schema *source = &d->sources[s];

        for (uint32_t i = first; i < first + count; i++) {
            const uint32_t number = source->order[i];
            const struct drawn_field *f = &source->fields[number];

            if (!f->is_there || (top < TOPS && !source->fields[top].is_there))
                continue;
            if (!m->fields[number].is_there) {
                m->fields[number] = *f;
                m->order[at++] = number;
            }
            if (f->rank > m->fields[number].rank)
                m->fields[number].rank = f->rank;
        }
    }
    for (uint32_t i = first; i < first + count; i++) {
        for (uint32_t s = 0; s < d->count; s++) {
            const struct drawn_schema *source = &d->sources[s];
            const struct drawn_field *f = &source->fields[i];

            if (top == TOPS || source->fields[top].is_there)
                m->fields[i].is_optional =
                    m->fields[i].is_optional || !f->is_there || f->is_optional;
        }
        if (!m->fields[i].is_there)
            m->order[at++] = i;
    }
}

/* The output's level where `level` is the source's, on a path of one or two fields. */
static uint32_t mapped_level(const struct drawn_case *d, uint32_t source, const uint32_t *path,
                             uint32_t depth, uint32_t level)
{
    uint32_t out = 0;

    for (uint32_t i = 0; i < depth; i++) {
        if (d->sources[source].fields[path[i]].is_optional && level-- == 0)
            break;
        out += d->merged.fields[path[i]].is_optional;
    }
    return out;
}

static void check_levels_of(const struct drawn_case *d, uint32_t source,
                            const struct rg_leaf_map *map, const struct rg_schema *own,
                            const uint32_t *path, uint32_t depth)
{
    for (uint32_t level = 0; level <= own->leaves[map->leaf_index].def_max; level++)
        CHECK_U64(map->def_map == NULL ? level : map->def_map[level],
                  mapped_level(d, source, path, depth, level));
}

static void check_leaf(const struct drawn_case *d, uint32_t source, const struct rg_leaf_map *map,
                       const struct rg_schema *own, uint32_t number)
{
    const struct drawn_schema *s = &d->sources[source];
    const uint32_t top = number < TOPS ? number : (number - TOPS) / INNERS;
    const bool is_inside = number >= TOPS;
    const uint32_t path[] = {top, number};

    if (s->fields[top].is_there && s->fields[number].is_there) {
        CHECK(map->origin == RG_LEAF_VALUES);
        CHECK_U64(map->leaf_index, s->leaf_index[number]);
        check_levels_of(d, source, map, own, path, is_inside ? 2 : 1);
    } else if (is_inside && s->fields[top].is_there && s->fields[top].is_optional) {
        CHECK(map->origin == RG_LEAF_LEVELS);
        CHECK(map->leaf_index < own->leaf_count);
        check_levels_of(d, source, map, own, path, 1);
    } else {
        CHECK(map->origin == RG_LEAF_NULLS);
        CHECK_U64(map->def_level,
                  is_inside && s->fields[top].is_there ? d->merged.fields[top].is_optional : 0);
    }
}

static void property_a_union_is_that_of_its_fields(struct test *t, struct choices *c)
{
    static struct small_meta metas[SOURCES_MAX];
    static struct drawn_case d;
    struct rg_schema_source sources[SOURCES_MAX];
    struct rg_schema_map map;
    struct rg_arena arena;
    char text[TEXT_BYTES] = "";
    size_t culprit;
    uint32_t leaf_count = 0;

    draw_case(c, &d);
    merge_drawn(&d, TOPS, 0, TOPS);
    for (uint32_t top = 0; top < TOPS; top++)
        merge_drawn(&d, top, first_inside(top), INNERS);
    (void)write_drawn(&d, &d.merged, 0, TOPS, &leaf_count, d.merged.text);
    rg_arena_init(&arena, &t->allocator, SIZE_MAX);
    for (uint32_t s = 0; s < d.count; s++) {
        const char *rest = d.sources[s].text;

        small_meta_begin(&metas[s]);
        (void)read_fields(&metas[s], &rest);
        CHECK_MADE(small_meta_build(&metas[s], &arena));
        sources[s] = (struct rg_schema_source){&metas[s].meta.schema, d.is_by_id};
    }
    CHECK_OK(rg_schema_map_make(sources, d.count, &arena, &map, &culprit, &t->err));
    (void)write_fields(&map.schema, 0, 1, text);
    if (strcmp(text, d.merged.text) != 0)
        test_fail(__FILE__, __LINE__, "%s | %s | %s: %s, not %s", d.sources[0].text,
                  d.sources[1].text, d.sources[2].text, text, d.merged.text);
    CHECK_U64(map.schema.leaf_count, leaf_count);
    for (uint32_t s = 0; s < d.count; s++) {
        for (uint32_t number = 0; number < FIELDS; number++) {
            const uint32_t top = number < TOPS ? number : (number - TOPS) / INNERS;

            if (d.chains[number] != NULL && (number < TOPS || d.chains[top] == NULL) &&
                d.merged.fields[top].is_there && d.merged.fields[number].is_there)
                check_leaf(&d, s, &map.leaves[s * leaf_count + d.merged.leaf_index[number]],
                           sources[s].schema, number);
        }
        CHECK(map.is_unchanged[s] == (strcmp(d.sources[s].text, d.merged.text) == 0));
    }
    rg_arena_fini(&arena);
}

TEST(a_union_is_that_of_its_fields)
{
    test_property(t, "a union is that of its fields", 3000, property_a_union_is_that_of_its_fields);
}

TEST(ids_that_writers_made_up_are_not_given)
{
    static const struct {
        const char *about;
        const char *schema;
        const char *created_by;
        bool is_given;
        const char *origins;
    } cases[] = {
        {"all", "a?i#1 g?{x?i#3}#2", "x version 1.0.0", true, NULL},
        {"one lacks it", "a?i#1 g?{x?i}#2", "x version 1.0.0", false, NULL},
        {"inner levels of lists and maps", "k?L{list*{element?i#2}}#1", "x version 1.0.0", true,
         NULL},
        {"elements of lists", "k?L{list*{element?i}}#1", "x version 1.0.0", false, NULL},
        {"variants", "v?V{metadata!b value?b}#1", "x version 1.0.0", true, NULL},
        {"the same for each", "a?i#0 b?i#0", "parquet-go version latest", false, NULL},
        {"the same for each but the last", "a?i#0 b?i#0 c?i#3", "x version 1.0.0", false, NULL},
        {"the same for each in a struct", "a?i#1 g?{x?i#0 y?i#0}#2", "x version 1.0.0", false,
         NULL},
        {"in each struct anew", "a?i#1 g?{x?i#1 y?i#2}#2", "x version 1.0.0", true, NULL},
        {"a struct of one field", "g?{x?i#0}#0", "x version 1.0.0", true, NULL},
        {"arrow 4", "a?i#1 b?i#2", "parquet-cpp-arrow version 4.0.1", false, NULL},
        {"arrow 1", "a?i#1 b?i#2", "parquet-cpp version 1.5.1-SNAPSHOT", false, NULL},
        {"arrow 14", "a?i#1 b?i#2", "parquet-cpp-arrow version 14.0.1", true, NULL},
        {"arrow 4, rewritten", "a?i#1 b?i#2", "x version 1.0.0", false,
         "parquet-cpp-arrow version 4.0.1"},
        {"arrow 4 among others, rewritten", "a?i#1 b?i#2", "x version 1.0.0", false,
         "y version 1\nparquet-cpp-arrow version 4.0.1\n\nz"},
        {"others, rewritten", "a?i#1 b?i#2", "x version 1.0.0", true,
         "y version 1\nparquet-cpp-arrow version 7.0.0\n"},
        {"nobody", "a?i#1 b?i#2", "x version 1.0.0", true, ""},
    };
    static struct small_meta m;

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const char *text = cases[i].schema;
        struct rg_arena arena;

        rg_arena_init(&arena, &t->allocator, SIZE_MAX);
        small_meta_begin(&m);
        (void)read_fields(&m, &text);
        m.meta.created_by = rg_span_of(cases[i].created_by);
        if (cases[i].origins != NULL)
            small_meta_pair(&m, "original.created.by", cases[i].origins);
        CHECK_MADE(small_meta_build(&m, &arena));
        if (rg_field_ids_are_given(&m.meta) != cases[i].is_given)
            test_fail(__FILE__, __LINE__, "%s", cases[i].about);
        rg_arena_fini(&arena);
    }
}

TEST(no_schemas_are_no_union)
{
    struct rg_schema_map map;
    struct rg_arena arena;
    size_t culprit;

    rg_arena_init(&arena, &t->allocator, SIZE_MAX);
    CHECK_ERROR(rg_schema_map_make(NULL, 0, &arena, &map, &culprit, &t->err), RG_ERR_INVALID,
                "no schemas");
    rg_arena_fini(&arena);
}

int main(int argc, char **argv)
{
    static const struct test_case cases[] = {
        {"schemas_are_united_or_refused_by_name", schemas_are_united_or_refused_by_name},
        {"a_union_is_that_of_its_fields", a_union_is_that_of_its_fields},
        {"ids_that_writers_made_up_are_not_given", ids_that_writers_made_up_are_not_given},
        {"no_schemas_are_no_union", no_schemas_are_no_union},
    };

    return test_main("stitch/schema_map", cases, sizeof cases / sizeof cases[0], argc, argv);
}
