/* SPDX-License-Identifier: Apache-2.0 */

#include "report/inspect.h"

#include <string.h>

#include "support/test.h"

static bool collect(void *user, const void *data, size_t bytes)
{
    rg_buffer_append(user, data, bytes);
    return true;
}

static const struct rg_column_info columns[] = {
    {.path = "id",
     .type = "INT64",
     .annotation = "",
     .repetition = "REQUIRED",
     .codec = "snappy",
     .encodings = "PLAIN RLE",
     .value_count = 1000,
     .compressed_bytes = 2000,
     .uncompressed_bytes = 8000,
     .offset_index_count = 2,
     .dictionary_count = 1},
    {.path = "name\x1b",
     .type = "BYTE_ARRAY",
     .annotation = "STRING",
     .repetition = "OPTIONAL",
     .codec = "mixed",
     .encodings = "PLAIN",
     .def_max = 1,
     .value_count = 1000,
     .compressed_bytes = 3000,
     .uncompressed_bytes = 3000,
     .has_field_id = true,
     .field_id = -2},
};
static const struct rg_key_value_info pairs[] = {{"short", "value", 5}, {"none", NULL, 0}};
static const struct rg_file_info file = {
    .size = sizeof file,
    .path = "a.parquet",
    .bytes = 6000,
    .footer_bytes = 500,
    .version = 2,
    .created_by = "somebody",
    .row_count = 1000,
    .row_count_said = 1001,
    .compressed_bytes = 5000,
    .uncompressed_bytes = 11000,
    .columns = columns,
    .column_count = 2,
    .row_group_count = 2,
    .key_values = pairs,
    .key_value_count = 2,
};
static const struct rg_chunk_info chunks[] = {
    {.codec = "snappy",
     .encodings = "PLAIN",
     .value_count = 500,
     .compressed_bytes = 1000,
     .uncompressed_bytes = 4000,
     .data_page_offset = 100,
     .has_dictionary = true,
     .dictionary_page_offset = 4,
     .has_null_count = true,
     .min = "1",
     .max = "99",
     .is_min_exact = true,
     .offset_index_bytes = 20},
    {.codec = "none",
     .encodings = "PLAIN",
     .value_count = 500,
     .compressed_bytes = 1500,
     .uncompressed_bytes = 1500,
     .data_page_offset = 1104},
};
static const struct rg_row_group_info group = {.size = sizeof group,
                                               .row_count = 500,
                                               .compressed_bytes = 2500,
                                               .uncompressed_bytes = 5500,
                                               .sorting = "id desc",
                                               .chunks = chunks,
                                               .chunk_count = 2};
static const struct rg_page_info page = {.size = sizeof page,
                                         .kind = "data v2",
                                         .encoding = "PLAIN",
                                         .offset = 100,
                                         .header_bytes = 20,
                                         .compressed_bytes = 900,
                                         .uncompressed_bytes = 4000,
                                         .value_count = 500,
                                         .has_row_count = true,
                                         .row_count = 500,
                                         .has_null_count = true,
                                         .null_count = 3,
                                         .has_crc = true,
                                         .crc = 0xabc,
                                         .is_compressed = true};

/* Shows the file above, of two equal row groups with a page in each chunk. */
static enum rg_status show(struct rg_inspect *inspect, struct rg_error *err)
{
    RG_TRY(rg_inspect_begin(inspect, err));
    for (uint32_t i = 0; i < 2; i++) {
        RG_TRY(rg_inspect_row_group_begin(inspect, i, &group, err));
        for (uint32_t j = 0; j < 2 && rg_inspect_wants_chunks(inspect); j++) {
            RG_TRY(rg_inspect_chunk_begin(inspect, j, err));
            if (inspect->view.has_pages)
                RG_TRY(rg_inspect_page(inspect, &page, err));
            RG_TRY(rg_inspect_chunk_end(inspect, err));
        }
        RG_TRY(rg_inspect_row_group_end(inspect, err));
    }
    return rg_inspect_end(inspect, err);
}

static void check(struct test *t, bool is_json, bool has_pages, bool is_verbose, const char *wanted)
{
    const struct rg_file_view view = {sizeof view, is_json, has_pages, is_verbose};
    struct rg_inspect inspect;
    struct rg_buffer out;

    rg_buffer_init(&out, &t->allocator, 100000);
    rg_inspect_init(&inspect, &view, &file, &t->allocator, collect, &out);
    const enum rg_status status = show(&inspect, &t->err);
    rg_inspect_fini(&inspect);
    rg_buffer_append_byte(&out, 0);
    if (status == RG_OK && !out.failed && strstr((const char *)out.data, wanted) == NULL)
        test_fail(__FILE__, __LINE__, "not in:\n%s", (const char *)out.data);
    rg_buffer_fini(&out);
    CHECK_OK(status);
}

TEST(a_file_for_people)
{
    check(t, false, false, false,
          "a.parquet\n"
          "  rows        1,000 in 2 row groups, 2 columns\n"
          "              (the footer says 1,001)\n"
          "  size        5.86 KiB, data 4.88 KiB of 10.7 KiB uncompressed, footer 500 B\n"
          "  created by  somebody\n"
          "  format      version 2\n"
          "  key-values  short = value\n"
          "              none\n"
          "\n"
          "  column  type        annotation  repetition  codec   encodings  values  compressed  "
          "uncompressed  indexes\n"
          "  id      INT64                   REQUIRED    snappy  PLAIN RLE   1,000    1.95 KiB   "
          "   7.81 KiB  dictionary 1/2 offsets\n"
          "  name?   BYTE_ARRAY  STRING      OPTIONAL    mixed   PLAIN       1,000    2.93 KiB   "
          "   2.93 KiB\n"
          "\n"
          "  row group  rows  compressed  uncompressed  sorted by\n"
          "          0   500    2.44 KiB      5.37 KiB  id desc\n"
          "          1   500    2.44 KiB      5.37 KiB  id desc\n");
}

TEST(chunks_and_pages_for_people)
{
    check(t, false, false, true,
          "row group 1: 500 rows, 2.44 KiB compressed, 5.37 KiB uncompressed, sorted by id desc\n"
          "  column  codec   encodings  values  nulls  compressed  uncompressed    at  min  max\n"
          "  id      snappy  PLAIN         500      0      1000 B      3.91 KiB     4  1    99\n"
          "  name?   none    PLAIN         500      ?    1.46 KiB      1.46 KiB  1104\n"
          "\n");
    check(t, false, true, false,
          "row group 0, column name?\n"
          "  page  kind     encoding   at  values  rows  nulls  header  bytes  uncompressed  crc\n"
          "     0  data v2  PLAIN     100     500   500      3      20    900         4,000  "
          "00000abc\n");
}

TEST(a_file_as_data)
{
    check(t, true, false, false,
          "{\"v\":1,\"path\":\"a.parquet\",\"bytes\":6000,\"footer_bytes\":500,"
          "\"format_version\":2,\"created_by\":\"somebody\",\"encrypted\":false,\"rows\":1000,"
          "\"rows_said\":1001,\"compressed_bytes\":5000,\"uncompressed_bytes\":11000,"
          "\"key_values\":[{\"key\":\"short\",\"value\":\"value\"},{\"key\":\"none\","
          "\"value\":null}],\"columns\":[{\"path\":\"id\",\"type\":\"INT64\",");
    check(t, true, false, false,
          "\"field_id\":-2,\"codec\":\"mixed\",\"encodings\":[\"PLAIN\"],\"values\":1000,"
          "\"compressed_bytes\":3000,\"uncompressed_bytes\":3000}],\"row_groups\":[{\"rows\":500,"
          "\"compressed_bytes\":2500,\"uncompressed_bytes\":5500,\"sorted_by\":\"id desc\","
          "\"chunks\":[{\"column\":\"id\",\"codec\":\"snappy\",\"encodings\":[\"PLAIN\"],"
          "\"values\":500,\"compressed_bytes\":1000,\"uncompressed_bytes\":4000,"
          "\"data_page_offset\":100,\"dictionary_page_offset\":4,\"nulls\":0,\"min\":\"1\","
          "\"min_exact\":true,\"max\":\"99\",\"max_exact\":false,\"offset_index_bytes\":20},"
          "{\"column\":\"name\\u001b\",");
    check(t, true, true, false,
          "\"pages\":[{\"kind\":\"data v2\",\"encoding\":\"PLAIN\",\"offset\":100,"
          "\"header_bytes\":20,\"compressed_bytes\":900,\"uncompressed_bytes\":4000,"
          "\"values\":500,\"rows\":500,\"nulls\":3,\"compressed\":true,\"crc\":2748,"
          "\"statistics\":false}]}]}]}\n");
}

/* Shows as far as the first page of the second chunk, which the file does not have. */
static enum rg_status show_half(struct rg_inspect *inspect, struct rg_error *err)
{
    RG_TRY(rg_inspect_begin(inspect, err));
    RG_TRY(rg_inspect_row_group_begin(inspect, 0, &group, err));
    RG_TRY(rg_inspect_chunk_begin(inspect, 0, err));
    RG_TRY(rg_inspect_page(inspect, &page, err));
    RG_TRY(rg_inspect_chunk_end(inspect, err));
    RG_TRY(rg_inspect_chunk_begin(inspect, 1, err));
    return rg_inspect_break(inspect, "it is cut", err);
}

TEST(what_is_cut_ends_in_good_form)
{
    for (int is_json = 0; is_json < 2; is_json++) {
        const struct rg_file_view view = {sizeof view, is_json != 0, true, false};
        const char *wanted = is_json != 0 ? "\"pages\":[]}]}],\"error\":\"it is cut\"}\n"
                                          : "row group 0, column name?\n";
        struct rg_inspect inspect;
        struct rg_buffer out;

        rg_buffer_init(&out, &t->allocator, 100000);
        rg_inspect_init(&inspect, &view, &file, &t->allocator, collect, &out);
        const enum rg_status status = show_half(&inspect, &t->err);
        rg_inspect_fini(&inspect);
        rg_buffer_append_byte(&out, 0);
        if (status == RG_OK && !out.failed && strstr((const char *)out.data, wanted) == NULL)
            test_fail(__FILE__, __LINE__, "not in:\n%s", (const char *)out.data);
        rg_buffer_fini(&out);
        CHECK_OK(status);
    }
}

static bool refuse(void *user, const void *data, size_t bytes)
{
    (void)user;
    (void)data;
    (void)bytes;
    return false;
}

TEST(an_output_that_is_gone_ends_it)
{
    const struct rg_file_view view = {sizeof view, true, true, false};
    struct rg_inspect inspect;

    rg_inspect_init(&inspect, &view, &file, &t->allocator, refuse, NULL);
    const enum rg_status status = show(&inspect, &t->err);
    rg_inspect_fini(&inspect);
    CHECK(status == RG_ERR_IO || status == RG_ERR_NOMEM);
}

int main(int argc, char **argv)
{
    static const struct test_case cases[] = {
        {"a_file_for_people", a_file_for_people},
        {"chunks_and_pages_for_people", chunks_and_pages_for_people},
        {"a_file_as_data", a_file_as_data},
        {"what_is_cut_ends_in_good_form", what_is_cut_ends_in_good_form},
        {"an_output_that_is_gone_ends_it", an_output_that_is_gone_ends_it},
    };

    return test_main("report/inspect", cases, sizeof cases / sizeof cases[0], argc, argv);
}
