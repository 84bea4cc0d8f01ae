/* SPDX-License-Identifier: Apache-2.0 */

#include "report/report_html.h"

#include <stdio.h>
#include <string.h>

#include "support/test.h"

static const uint64_t ms = 1000000;
/* A name that breaks out of any place where it is not escaped. */
#define HOSTILE "\"'></bdi></td></title></style><script>alert(1)</script>\x1b[2J\xff"
/* What it looks like. */
#define ESCAPED                                                                                    \
    "&quot;&#39;&gt;&lt;/bdi&gt;&lt;/td&gt;&lt;/title&gt;&lt;/style&gt;&lt;script&gt;alert(1)"     \
    "&lt;/script&gt;\xef\xbf\xbd[2J\xef\xbf\xbd"

static bool gather(void *user, const void *data, size_t bytes)
{
    rg_buffer_append(user, data, bytes);
    return true;
}

static bool refuse(void *user, const void *data, size_t bytes)
{
    (void)user;
    (void)data;
    (void)bytes;
    return false;
}

static bool is_void_element(const char *name)
{
    static const char *const names[] = {"meta", "br", "!DOCTYPE"};

    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        if (strcmp(names[i], name) == 0)
            return true;
    return false;
}

/* Every element that is opened is closed, in order; nothing else looks like an element. */
static void check_elements(const char *page)
{
    char open[32][16];
    size_t depth = 0;

    for (const char *at = strchr(page, '<'); at != NULL; at = strchr(at + 1, '<')) {
        const char *end = strchr(at, '>');
        const bool is_end = at[1] == '/';
        char name[16] = "";

        CHECK(end != NULL);
        CHECK(sscanf(at + 1 + is_end, "%15[!a-zA-Z0-9]", name) == 1);
        if (is_end) {
            CHECK(depth > 0);
            CHECK_TEXT(name, open[--depth]);
        } else if (end[-1] != '/' && !is_void_element(name)) {
            CHECK(depth < 32);
            memcpy(open[depth++], name, sizeof name);
        }
    }
    CHECK_U64(depth, 0);
}

static const struct rg_column_moves columns[] = {
    {"id", {.pages = {[RG_VERDICT_COPY] = 10}, .in_bytes = {[RG_VERDICT_COPY] = 1000}}},
    {HOSTILE,
     {.pages = {[RG_VERDICT_COPY] = 5, [RG_VERDICT_REMAP] = 5},
      .in_bytes = {[RG_VERDICT_COPY] = 3000, [RG_VERDICT_REMAP] = 1000},
      .reason_pages = {[RG_REASON_DICTIONARIES_DIFFER] = 4, [RG_REASON_TINY_PAGES] = 1}}},
};

static const struct rg_left_alone alone[] = {{HOSTILE, RG_ERR_CORRUPT, HOSTILE}};

static const struct rg_setting settings[] = {
    {"memory", "512MiB", "flag"},
    {"where", HOSTILE, "environment"},
    {"row-group-rows", NULL, "default"},
    {"codec", "keep", "default"},
};

static struct rg_report report_of_a_job(void)
{
    return (struct rg_report){
        .size = sizeof(struct rg_report),
        .source = HOSTILE,
        .dest = "lake_c",
        .partition_count = 3,
        .partition_written_count = 2,
        .batch_count = 2,
        .file_seen_count = 402,
        .file_alone_count = 1,
        .file_in_count = 401,
        .file_out_count = 2,
        .row_group_in_count = 401,
        .row_group_out_count = 5,
        .row_count = 4010000,
        .in_bytes = UINT64_C(512) << 20,
        .out_bytes = UINT64_C(510) << 20,
        .wall_ns = UINT64_C(3200000000),
        .memory_limit_bytes = UINT64_C(512) << 20,
        .memory_peak_bytes = UINT64_C(98) << 20,
        .moves = {.pages = {[RG_VERDICT_COPY] = 15, [RG_VERDICT_REMAP] = 5},
                  .in_bytes = {[RG_VERDICT_COPY] = 4000, [RG_VERDICT_REMAP] = 1000},
                  .out_bytes = {[RG_VERDICT_COPY] = 4000, [RG_VERDICT_REMAP] = 1100}},
        .columns = columns,
        .column_count = sizeof columns / sizeof columns[0],
        .alone = alone,
        .alone_count = 1,
        .explanation = "CPU limits: " HOSTILE,
    };
}

static void add_samples(struct rg_series *series)
{
    struct rg_job_sample sample = {.size = sizeof sample};

    sample.engine.stage_count = 2;
    sample.stages[0].name = "list";
    sample.stages[1].name = "stitch";
    for (uint64_t i = 1; i <= 10; i++) {
        sample.engine.wall_ns = i * 100 * ms;
        sample.in_bytes_moved = i << 20;
        sample.out_bytes = i << 19;
        sample.resident_bytes = (90 + i) << 20;
        sample.engine.data_used = 20 << 20;
        sample.stages[0].state_ns[i < 4 ? WEIR_STATE_RUN : WEIR_STATE_DONE] += 100 * ms;
        sample.stages[1].state_ns[i < 4 ? WEIR_STATE_STARVED : WEIR_STATE_RUN] += 100 * ms;
        rg_series_add(series, &sample);
    }
}

static void add_files(struct rg_census *census, struct rg_arena *arena)
{
    static const struct rg_batch_file inputs[] = {{.path = "a", .bytes = 1000}};
    static const struct rg_batch_file outputs[] = {
        {.path = HOSTILE, .row_count = 77, .bytes = 3 << 20}};

    rg_census_add(census, arena,
                  &(struct rg_report_batch){.record_number = 1,
                                            .inputs = inputs,
                                            .input_count = 1,
                                            .outputs = outputs,
                                            .output_count = 1});
}

/* The page as text in `ret_page`; what it says is left to the caller. */
static void write_page(struct test *t, struct rg_report_html page, struct rg_buffer *ret_page)
{
    struct rg_outlet outlet;

    page.version = "0.1.0";
    page.end_ns = UINT64_C(1700000000000000000);
    rg_buffer_init(ret_page, &t->allocator, 1 << 20);
    rg_outlet_init(&outlet, &t->allocator, gather, ret_page);
    const enum rg_status status = rg_report_html_write(&page, &outlet, &t->err);
    rg_outlet_fini(&outlet);
    rg_buffer_append_byte(ret_page, 0);
    CHECK_OK(status);
    CHECK_OK(rg_buffer_check(ret_page, "page", &t->err));
}

static void check_has(const struct rg_buffer *page, const char *text)
{
    if (strstr((const char *)page->data, text) == NULL)
        test_fail(__FILE__, __LINE__, "the page lacks: %s", text);
}

static void check_lacks(const struct rg_buffer *page, const char *text)
{
    if (strstr((const char *)page->data, text) != NULL)
        test_fail(__FILE__, __LINE__, "the page has: %s", text);
}

TEST(a_page_tells_all_and_trusts_no_name)
{
    static struct rg_series series;
    static struct rg_census census;
    const struct rg_report report = report_of_a_job();
    struct rg_arena arena;
    struct rg_buffer page;

    series = (struct rg_series){.point_count = 0};
    census = (struct rg_census){.file_count = 0};
    rg_arena_init(&arena, &t->allocator, 100000);
    add_samples(&series);
    add_files(&census, &arena);
    write_page(t,
               (struct rg_report_html){
                   .report = &report,
                   .series = &series,
                   .census = &census,
                   .settings = settings,
                   .setting_count = sizeof settings / sizeof settings[0],
               },
               &page);
    check_elements((const char *)page.data);
    check_lacks(&page, "<script");
    check_lacks(&page, "\x1b");
    check_lacks(&page, "\xff");
    /* Nothing is loaded from anywhere. */
    check_lacks(&page, "http:");
    check_lacks(&page, "https:");
    check_lacks(&page, "src=");
    check_lacks(&page, "href=");
    check_lacks(&page, "url(");
    check_has(&page, "<h1><bdi>" ESCAPED "</bdi> \xe2\x86\x92 <bdi>lake_c</bdi></h1>");
    check_has(&page, "1 file was left alone");
    check_has(&page, "ended 2023-11-14 22:13:20 UTC; regroup 0.1.0");
    check_has(&page, "401 \xe2\x86\x92 2");
    check_has(&page, "4,010,000 rows");
    check_has(&page, "402 seen, own outputs aside");
    check_has(&page, "of 512.0 MiB allowed");
    check_has(&page, "CPU limits: " ESCAPED);
    check_has(&page, "throughput over time");
    check_has(&page, "--memory 512.0 MiB");
    check_has(&page, "<td>stitch</td>");
    check_has(&page, "class=\"run\"");
    check_has(&page, "dictionaries differ");
    check_has(&page, "<td class=\"path\"><bdi>" ESCAPED "</bdi></td><td class=\"n\">77</td>");
    check_has(&page, "<tr><td>--where</td><td class=\"path\"><bdi>" ESCAPED "</bdi></td>");
    check_lacks(&page, "--row-group-rows");
    rg_buffer_fini(&page);
    rg_arena_fini(&arena);
}

/* Of a run that did nothing only little can be said, but it is a page. */
TEST(a_page_of_nothing)
{
    static struct rg_series series;
    static struct rg_census census;
    const struct rg_report report = {
        .size = sizeof report,
        .source = "lake",
        .status = RG_ERR_IO,
        .error = HOSTILE,
    };
    struct rg_buffer page;

    write_page(t,
               (struct rg_report_html){
                   .report = &report,
                   .series = &series,
                   .census = &census,
               },
               &page);
    check_elements((const char *)page.data);
    check_has(&page, "<bdi>lake</bdi>, in place");
    check_has(&page, "<b>Failed</b>: " ESCAPED);
    check_lacks(&page, "<h2>");
    rg_buffer_fini(&page);
}

TEST(many_columns_are_cut)
{
    static struct rg_series series;
    static struct rg_census census;
    static struct rg_column_moves many[500];
    static char names[500][16];
    struct rg_report report = report_of_a_job();
    struct rg_buffer page;

    for (unsigned i = 0; i < 500; i++) {
        snprintf(names[i], sizeof names[i], "column%u_", i);
        many[i] = (struct rg_column_moves){
            names[i],
            {.pages = {[RG_VERDICT_COPY] = 1}, .in_bytes = {[RG_VERDICT_COPY] = i * 7 % 500}}};
    }
    report.columns = many;
    report.column_count = 500;
    report.lacks_columns = true;
    write_page(t, (struct rg_report_html){.report = &report, .series = &series, .census = &census},
               &page);
    check_elements((const char *)page.data);
    check_has(&page, "and 300 more");
    check_has(&page, "Not of all columns: --memory has no room for more");
    /* The largest: 357 * 7 % 500 = 499; the smallest is cut. */
    check_has(&page, "<bdi>all</bdi>");
    const char *largest = strstr((const char *)page.data, "column357_");
    const char *next = strstr((const char *)page.data, "column214_"); /* 498. */
    CHECK(largest != NULL && next != NULL && largest < next);
    check_lacks(&page, "column0_");
    rg_buffer_fini(&page);
}

TEST(a_page_that_cannot_be_written_fails)
{
    static struct rg_series series;
    static struct rg_census census;
    const struct rg_report report = report_of_a_job();
    struct rg_outlet outlet;
    struct rg_error err;

    rg_outlet_init(&outlet, &t->allocator, refuse, NULL);
    const struct rg_report_html page = {
        .report = &report, .series = &series, .census = &census, .version = ""};
    const enum rg_status status = rg_report_html_write(&page, &outlet, &err);
    rg_outlet_fini(&outlet);
    CHECK(status == RG_ERR_IO || status == RG_ERR_NOMEM);
}

int main(int argc, char **argv)
{
    static const struct test_case cases[] = {
        {"a_page_tells_all_and_trusts_no_name", a_page_tells_all_and_trusts_no_name},
        {"a_page_of_nothing", a_page_of_nothing},
        {"many_columns_are_cut", many_columns_are_cut},
        {"a_page_that_cannot_be_written_fails", a_page_that_cannot_be_written_fails},
    };

    return test_main("report/report_html", cases, sizeof cases / sizeof cases[0], argc, argv);
}
