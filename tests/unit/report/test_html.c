/* SPDX-License-Identifier: Apache-2.0 */

#include "report/html.h"

#include <string.h>

#include "support/test.h"

static void check(struct test *t, struct rg_buffer *out, const char *wanted)
{
    CHECK_OK(rg_buffer_check(out, "text", &t->err));
    rg_buffer_append_byte(out, 0);
    CHECK_OK(rg_buffer_check(out, "text", &t->err));
    CHECK_TEXT((const char *)out->data, wanted);
    rg_buffer_reset(out);
}

TEST(text_is_escaped)
{
    static const struct {
        const char *text;
        const char *wanted;
    } texts[] = {
        {"", ""},
        {"dt=2024-05-01/a.parquet", "dt=2024-05-01/a.parquet"},
        {"<script>alert(1)</script>", "&lt;script&gt;alert(1)&lt;/script&gt;"},
        {"a&b\"c'd", "a&amp;b&quot;c&#39;d"},
        {"\xc3\xbc\xe2\x82\xac\xf0\x9f\x98\x80", "\xc3\xbc\xe2\x82\xac\xf0\x9f\x98\x80"},
        {"a\tb\nc", "a b c"},
        /* Control characters, one of them in two bytes, and what is not UTF-8. */
        {"\x1b[31m\x7f", "\xef\xbf\xbd[31m\xef\xbf\xbd"},
        {"\xc2\x85x", "\xef\xbf\xbdx"},
        {"\xc2\xa0", "\xc2\xa0"},
        {"\xff<\xc3", "\xef\xbf\xbd&lt;\xef\xbf\xbd"},
        {"\xc0\xbcscript", "\xef\xbf\xbd\xef\xbf\xbdscript"},
    };
    struct rg_buffer out;

    rg_buffer_init(&out, &t->allocator, 100000);
    for (size_t i = 0; i < sizeof texts / sizeof texts[0] && !t->is_starved; i++) {
        rg_html_text(&out, texts[i].text);
        check(t, &out, texts[i].wanted);
    }
    rg_html_name(&out, "a<b");
    check(t, &out, "<bdi>a&lt;b</bdi>");
    rg_buffer_fini(&out);
}

TEST(a_page_loads_and_runs_nothing)
{
    struct rg_buffer out;

    rg_buffer_init(&out, &t->allocator, 100000);
    rg_html_begin(&out, "</title><script>");
    rg_html_end(&out);
    rg_buffer_append_byte(&out, 0);
    CHECK_OK(rg_buffer_check(&out, "text", &t->err));
    const char *page = (const char *)out.data;
    CHECK(strncmp(page, "<!DOCTYPE html>\n", 16) == 0);
    CHECK(strstr(page, "default-src 'none'; style-src 'unsafe-inline'") != NULL);
    CHECK(strstr(page, "<title>&lt;/title&gt;&lt;script&gt;</title>") != NULL);
    CHECK(strstr(page, "<script") == NULL);
    CHECK(strstr(page, "url(") == NULL && strstr(page, "@import") == NULL);
    CHECK(strstr(page, "prefers-color-scheme:dark") != NULL);
    CHECK(strcmp(page + strlen(page) - 16, "</body>\n</html>\n") == 0);
    rg_buffer_fini(&out);
}

TEST(bars_are_filled_to_their_end)
{
    static const struct rg_html_share shares[] = {
        {"a<", "run", 1, "1 ms"}, {"none", "cap", 0, "0 ms"}, {"b", "done", 2, NULL}};
    struct rg_buffer out;

    rg_buffer_init(&out, &t->allocator, 100000);
    rg_html_bar(&out, shares, 3, 3);
    check(t, &out,
          "<svg class=\"bar\" viewBox=\"0 0 10000 16\" preserveAspectRatio=\"none\" role=\"img\" "
          "aria-label=\"a&lt; 33.3 %, b 66.7 %\">"
          "<rect class=\"run\" x=\"0\" y=\"0\" width=\"3333\" height=\"16\">"
          "<title>a&lt;: 1 ms</title></rect>"
          "<rect class=\"done\" x=\"3333\" y=\"0\" width=\"6667\" height=\"16\">"
          "<title>b</title></rect></svg>");
    /* Of nothing nothing is drawn, and nothing is divided by it. */
    rg_html_bar(&out, shares, 3, 0);
    check(t, &out,
          "<svg class=\"bar\" viewBox=\"0 0 10000 16\" preserveAspectRatio=\"none\" role=\"img\" "
          "aria-label=\"nothing\"></svg>");
    rg_html_legend(&out, shares, 3);
    CHECK_OK(rg_buffer_check(&out, "text", &t->err));
    rg_buffer_append_byte(&out, 0);
    CHECK_OK(rg_buffer_check(&out, "text", &t->err));
    CHECK(strstr((const char *)out.data, "a&lt;") != NULL);
    CHECK(strstr((const char *)out.data, "none") == NULL);
    rg_buffer_fini(&out);
}

TEST(curves_stay_inside_their_drawing)
{
    static const double x[] = {0, 50, 100};
    static const double y[] = {0, 5, 20}; /* The last is above the axis. */
    static const struct rg_html_curve curve = {"a curve", "c1", y};
    const struct rg_html_chart chart = {
        .title = "a title",
        .x = x,
        .point_count = 3,
        .x_max = 100,
        .y_max = 10,
        .x_text = "100 s",
        .y_text = "10 B",
        .line = 10,
        .line_text = "the limit",
        .curves = &curve,
        .curve_count = 1,
    };
    struct rg_buffer out;

    rg_buffer_init(&out, &t->allocator, 100000);
    rg_html_chart(&out, &chart);
    rg_buffer_append_byte(&out, 0);
    CHECK_OK(rg_buffer_check(&out, "text", &t->err));
    const char *drawn = (const char *)out.data;
    CHECK(strstr(drawn, "points=\"80,1680 3800,950 7520,220\"") != NULL);
    CHECK(strstr(drawn, "class=\"limit\" x1=\"80\" x2=\"7520\" y1=\"220\" y2=\"220\"") != NULL);
    CHECK(strstr(drawn, ">the limit</text>") != NULL);
    CHECK(strstr(drawn, ">100 s</text>") != NULL && strstr(drawn, ">10 B</text>") != NULL);
    rg_buffer_fini(&out);
}

TEST(pairs_stand_side_by_side)
{
    static const struct rg_html_pair pairs[] = {{"1 KiB", 1, 0, {"100 %", "0 %"}},
                                                {"2 KiB", 0, 0.5, {"0 %", "50 %"}}};
    struct rg_buffer out;

    rg_buffer_init(&out, &t->allocator, 100000);
    rg_html_pairs(&out, "sizes", pairs, 2);
    rg_buffer_append_byte(&out, 0);
    CHECK_OK(rg_buffer_check(&out, "text", &t->err));
    const char *drawn = (const char *)out.data;
    CHECK(strstr(drawn, "class=\"before\" x=\"452\" y=\"220\" width=\"1488\" height=\"1460\"") !=
          NULL);
    CHECK(strstr(drawn, "class=\"after\" x=\"5660\" y=\"950\" width=\"1488\" height=\"730\"") !=
          NULL);
    rg_buffer_reset(&out);
    rg_html_pairs(&out, "of nothing", pairs, 0);
    CHECK_OK(rg_buffer_check(&out, "text", &t->err));
    rg_buffer_fini(&out);
}

int main(int argc, char **argv)
{
    static const struct test_case cases[] = {
        {"text_is_escaped", text_is_escaped},
        {"a_page_loads_and_runs_nothing", a_page_loads_and_runs_nothing},
        {"bars_are_filled_to_their_end", bars_are_filled_to_their_end},
        {"curves_stay_inside_their_drawing", curves_stay_inside_their_drawing},
        {"pairs_stand_side_by_side", pairs_stand_side_by_side},
    };

    return test_main("report/html", cases, sizeof cases / sizeof cases[0], argc, argv);
}
