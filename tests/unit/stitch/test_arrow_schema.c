/* SPDX-License-Identifier: Apache-2.0 */

#include "stitch/arrow_schema.h"

#include <string.h>

#include "support/test.h"

/* As pyarrow 26 writes them into "ARROW:schema". */
static const char plain_fields[] =
    "/////6gAAAAQAAAAAAAKAAwABgAFAAgACgAAAAABBAAMAAAACAAIAAAABAAIAAAABAAAAAIAAABAAAAA"
    "BAAAANj///8AAAEUEAAAABgAAAAEAAAAAAAAAAEAAABzAAAABAAEAAQAAAAQABQACAAGAAcADAAAABAA"
    "EAAAAAAAAQIQAAAAHAAAAAQAAAAAAAAAAQAAAGEAAAAIAAwACAAHAAgAAAAAAAABQAAAAAAAAAA=";
static const char dictionary_field[] =
    "/////9AAAAAQAAAAAAAKAAwABgAFAAgACgAAAAABBAAEAAAAuP///wQAAAACAAAAcAAAABQAAAAQABgA"
    "CAAGAAcADAAQABQAEAAAAAAAAQUUAAAAOAAAABwAAAAEAAAAAAAAAAEAAABzAAAACAAIAAAABAAIAAAA"
    "BAAAALz///8AAAABCAAAAAQABAAEAAAAEAAUAAgABgAHAAwAAAAQABAAAAAAAAECEAAAABwAAAAEAAAA"
    "AAAAAAEAAABhAAAACAAMAAgABwAIAAAAAAAAAUAAAAAAAAAA";
static const char nested_dictionary[] =
    "/////yABAAAQAAAAAAAKAAwABgAFAAgACgAAAAABBAAEAAAAZP///wQAAAABAAAABAAAAFD///8AAAEM"
    "FAAAABgAAAAEAAAAAQAAABAAAAABAAAAbAAAAHz///94////AAABDRgAAAAgAAAABAAAAAIAAACAAAAA"
    "JAAAAAQAAABpdGVtAAAAAKz///8QABgACAAGAAcADAAQABQAEAAAAAAAAQUUAAAAOAAAABwAAAAEAAAA"
    "AAAAAAEAAABkAAAACAAIAAAABAAIAAAABAAAALz///8AAAABIAAAAAQABAAEAAAAEAAUAAgABgAHAAwA"
    "AAAQABAAAAAAAAECEAAAABwAAAAEAAAAAAAAAAEAAAB4AAAACAAMAAgABwAIAAAAAAAAASAAAAA=";
static const char nested_plain[] =
    "//////gAAAAQAAAAAAAKAAwABgAFAAgACgAAAAABBAAMAAAACAAIAAAABAAIAAAABAAAAAEAAAAEAAAA"
    "gP///wAAAQwUAAAAGAAAAAQAAAABAAAAEAAAAAEAAABsAAAArP///6j///8AAAENGAAAACAAAAAEAAAA"
    "AgAAAFAAAAAUAAAABAAAAGl0ZW0AAAAA3P///9j///8AAAEFEAAAABgAAAAEAAAAAAAAAAEAAABkAAAA"
    "BAAEAAQAAAAQABQACAAGAAcADAAAABAAEAAAAAAAAQIQAAAAHAAAAAQAAAAAAAAAAQAAAHgAAAAIAAwA"
    "CAAHAAgAAAAAAAABIAAAAA==";

TEST(dictionaries_are_found_at_any_depth)
{
    CHECK(!rg_arrow_schema_may_have_dictionary(rg_span_of(plain_fields)));
    CHECK(rg_arrow_schema_may_have_dictionary(rg_span_of(dictionary_field)));
    CHECK(rg_arrow_schema_may_have_dictionary(rg_span_of(nested_dictionary)));
    CHECK(!rg_arrow_schema_may_have_dictionary(rg_span_of(nested_plain)));
}

TEST(what_cannot_be_made_out_may_have_one)
{
    static const char *const texts[] = {
        "", "A", "AAA", "AAAA", "AAAAAAAA", "!!!!!!!!!!!!!!!!", "/////wAAAAA=", "/////xAAAAD/////"};

    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
        CHECK(rg_arrow_schema_may_have_dictionary(rg_span_of(texts[i])));
    /* Cut anywhere within the first half, some offset points outside. */
    for (size_t bytes = 0; bytes < sizeof nested_plain / 2; bytes += 4)
        CHECK(rg_arrow_schema_may_have_dictionary(
            (struct rg_span){(const uint8_t *)nested_plain, bytes}));
}

/* Whatever is changed, the walk ends, and reads nothing outside. */
static void changed_text_is_survived(struct test *t, struct choices *c)
{
    static const char letters[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/=";
    const size_t bytes = sizeof nested_dictionary - 1;
    uint8_t *text = rg_alloc(&t->allocator, bytes);

    if (text == NULL)
        return;
    memcpy(text, nested_dictionary, bytes);
    for (uint32_t i = choose(c, 20); i > 0; i--)
        text[choose(c, (uint32_t)bytes - 1)] = (uint8_t)letters[choose(c, sizeof letters - 2)];
    (void)rg_arrow_schema_may_have_dictionary((struct rg_span){text, bytes});
    rg_release(&t->allocator, text, bytes);
}

TEST(hostile_flatbuffers_are_survived)
{
    test_property(t, "arrow schema", 20000, changed_text_is_survived);
}

int main(int argc, char **argv)
{
    static const struct test_case cases[] = {
        {"dictionaries_are_found_at_any_depth", dictionaries_are_found_at_any_depth},
        {"what_cannot_be_made_out_may_have_one", what_cannot_be_made_out_may_have_one},
        {"hostile_flatbuffers_are_survived", hostile_flatbuffers_are_survived},
    };

    return test_main("stitch/arrow_schema", cases, sizeof cases / sizeof cases[0], argc, argv);
}
