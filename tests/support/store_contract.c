/* SPDX-License-Identifier: Apache-2.0 */

#include "support/store_contract.h"

#include <stdio.h>
#include <string.h>

#include "base/buffer.h"

enum rg_status store_put_text(struct rg_store *store, const char *key, const char *text,
                              bool must_be_absent, struct rg_error *err)
{
    const struct rg_segment segment = {(const uint8_t *)text, strlen(text)};
    struct rg_store_op op = {
        .verb = RG_STORE_PUT,
        .key = key,
        .must_be_absent = must_be_absent,
        .segments = &segment,
        .segment_count = 1,
    };

    return rg_store_wait(store, &op, err);
}

enum rg_status store_head(struct rg_store *store, const char *key, struct rg_arena *arena,
                          struct rg_object_id *ret_id, struct rg_error *err)
{
    struct rg_store_op op = {.verb = RG_STORE_HEAD, .key = key, .arena = arena};
    const enum rg_status status = rg_store_wait(store, &op, err);

    if (status == RG_OK)
        *ret_id = op.id;
    return status;
}

enum rg_status store_delete(struct rg_store *store, const char *key,
                            const struct rg_object_id *expected, struct rg_error *err)
{
    struct rg_store_op op = {
        .verb = RG_STORE_DELETE, .key = key, .expected = expected, .id_is_strict = true};

    return rg_store_wait(store, &op, err);
}

const char *store_get_text(struct test *t, struct rg_store *store, const char *key,
                           struct rg_arena *arena)
{
    struct rg_object_id id;
    const enum rg_status status = store_head(store, key, arena, &id, &t->err);

    if (status == RG_ERR_ABSENT)
        return NULL;
    CHECK_OK(status);
    uint8_t *text = rg_arena_alloc(arena, (size_t)id.bytes + 1);
    CHECK_MEMORY(text);
    struct rg_store_op op = {
        .verb = RG_STORE_GET, .key = key, .buffer = text, .in_bytes = id.bytes, .arena = arena};
    CHECK_OK(rg_store_wait(store, &op, &t->err));
    CHECK_U64(op.out_bytes, id.bytes);
    text[id.bytes] = '\0';
    return (const char *)text;
}

const char *store_list_text(struct test *t, struct rg_store *store, const char *prefix,
                            struct rg_arena *arena)
{
    struct rg_object *objects;
    size_t count;
    size_t bytes = 1;

    CHECK_OK(rg_store_list_all(store, prefix, arena, &objects, &count, &t->err));
    for (size_t i = 0; i < count; i++)
        bytes += strlen(objects[i].key) + 1;
    char *text = rg_arena_alloc(arena, bytes);
    CHECK_MEMORY(text);
    size_t end = 0;
    for (size_t i = 0; i < count; i++) {
        const size_t length = strlen(objects[i].key);

        CHECK(objects[i].is_prefix == (objects[i].key[length - 1] == '/'));
        if (i > 0)
            text[end++] = ' ';
        memcpy(text + end, objects[i].key, length);
        end += length;
    }
    text[end] = '\0';
    return text;
}

static enum rg_status get(struct rg_store *store, const char *key, uint64_t offset, uint64_t bytes,
                          bool is_suffix, uint8_t *buffer, uint64_t *ret_bytes,
                          struct rg_error *err)
{
    struct rg_store_op op = {
        .verb = RG_STORE_GET,
        .key = key,
        .buffer = buffer,
        .offset = offset,
        .in_bytes = bytes,
        .is_suffix = is_suffix,
    };
    const enum rg_status status = rg_store_wait(store, &op, err);

    *ret_bytes = op.out_bytes;
    return status;
}

static void put_and_get_whole(struct test *t, struct rg_store *s)
{
    struct rg_arena arena;

    rg_arena_init(&arena, &t->allocator, SIZE_MAX);
    CHECK_OK(store_put_text(s, "dir/deep/x.parquet", "some bytes", false, &t->err));
    CHECK_TEXT(store_get_text(t, s, "dir/deep/x.parquet", &arena), "some bytes");
    CHECK(store_get_text(t, s, "dir/deep/y.parquet", &arena) == NULL);
    CHECK(store_get_text(t, s, "dir/deep", &arena) == NULL);
    rg_arena_fini(&arena);
}

static void get_ranges_and_suffixes(struct test *t, struct rg_store *s)
{
    static const struct {
        const char *about;
        uint64_t offset;
        uint64_t bytes;
        bool is_suffix;
        const char *wanted;
    } rows[] = {
        {"begin", 0, 3, false, "abc"},
        {"middle", 3, 4, false, "defg"},
        {"to the end", 7, 3, false, "hij"},
        {"beyond the end", 7, 100, false, "hij"},
        {"from the end", 10, 5, false, ""},
        {"from beyond the end", 11, 5, false, ""},
        {"suffix", 0, 4, true, "ghij"},
        {"whole suffix", 0, 10, true, "abcdefghij"},
        {"longer suffix", 0, 64, true, "abcdefghij"},
    };
    uint8_t buffer[128];
    uint64_t bytes;

    CHECK_OK(store_put_text(s, "x", "abcdefghij", false, &t->err));
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        CHECK_OK(
            get(s, "x", rows[i].offset, rows[i].bytes, rows[i].is_suffix, buffer, &bytes, &t->err));
        buffer[bytes] = '\0';
        CHECK_TEXT((const char *)buffer, rows[i].wanted);
    }
    CHECK_ERROR(get(s, "z", 0, 1, false, buffer, &bytes, &t->err), RG_ERR_ABSENT, "z");
}

static void get_of_an_empty_object(struct test *t, struct rg_store *s)
{
    uint8_t buffer[8];
    uint64_t bytes;

    CHECK_OK(store_put_text(s, "empty", "", false, &t->err));
    CHECK_OK(get(s, "empty", 0, 8, false, buffer, &bytes, &t->err));
    CHECK_U64(bytes, 0);
    CHECK_OK(get(s, "empty", 0, 8, true, buffer, &bytes, &t->err));
    CHECK_U64(bytes, 0);
}

static void get_checks_the_expected_id(struct test *t, struct rg_store *s)
{
    struct rg_arena arena;
    struct rg_object_id id;
    uint8_t buffer[16];

    rg_arena_init(&arena, &t->allocator, SIZE_MAX);
    CHECK_OK(store_put_text(s, "x", "first", false, &t->err));
    CHECK_OK(store_head(s, "x", &arena, &id, &t->err));
    struct rg_store_op op = {
        .verb = RG_STORE_GET, .key = "x", .buffer = buffer, .in_bytes = 16, .expected = &id};
    op.id_is_strict = true;
    CHECK_OK(rg_store_wait(s, &op, &t->err));
    CHECK_U64(op.out_bytes, 5);
    CHECK_U64(op.id.bytes, 5);
    CHECK_OK(store_put_text(s, "x", "other bytes", false, &t->err));
    CHECK_ERROR(rg_store_wait(s, &op, &t->err), RG_ERR_CHANGED, "x");
    rg_arena_fini(&arena);
}

static void head_tells_the_id_or_absent(struct test *t, struct rg_store *s)
{
    struct rg_arena arena;
    struct rg_object_id id;

    rg_arena_init(&arena, &t->allocator, SIZE_MAX);
    CHECK_ERROR(store_head(s, "a/x", &arena, &id, &t->err), RG_ERR_ABSENT, "a/x");
    CHECK_OK(store_put_text(s, "a/x", "12345", false, &t->err));
    CHECK_OK(store_head(s, "a/x", &arena, &id, &t->err));
    CHECK_U64(id.bytes, 5);
    CHECK(id.modified_ns > UINT64_C(1600000000000000000));
    CHECK(id.tag[0] != '\0');
    /* The same body has the same id. */
    struct rg_object_id again;
    CHECK_OK(store_head(s, "a/x", &arena, &again, &t->err));
    CHECK(rg_object_id_equal(&id, &again, true));
    /* Without an arena there is no tag. */
    CHECK_OK(store_head(s, "a/x", NULL, &again, &t->err));
    CHECK_TEXT(again.tag, "");
    CHECK_ERROR(store_head(s, "a", &arena, &id, &t->err), RG_ERR_ABSENT, "/a");
    rg_arena_fini(&arena);
}

static void put_replaces_unless_it_must_not(struct test *t, struct rg_store *s)
{
    struct rg_arena arena;

    rg_arena_init(&arena, &t->allocator, SIZE_MAX);
    CHECK_OK(store_put_text(s, "d/x", "one", true, &t->err));
    CHECK_ERROR(store_put_text(s, "d/x", "two", true, &t->err), RG_ERR_EXISTS, "d/x");
    CHECK_TEXT(store_get_text(t, s, "d/x", &arena), "one");
    CHECK_OK(store_put_text(s, "d/x", "three", false, &t->err));
    CHECK_TEXT(store_get_text(t, s, "d/x", &arena), "three");
    CHECK_TEXT(store_list_text(t, s, "d/", &arena), "d/x");
    rg_arena_fini(&arena);
}

static void put_of_many_segments(struct test *t, struct rg_store *s)
{
    enum {
        segment_count = 3000,
        segment_bytes_max = 70
    };
    static struct rg_segment segments[segment_count];
    static uint8_t bytes[segment_count * segment_bytes_max];
    static uint8_t buffer[segment_count * segment_bytes_max];
    size_t end = 0;
    uint64_t got;

    for (size_t i = 0; i < segment_count; i++) {
        /* Empty ones are among them. */
        segments[i] = (struct rg_segment){bytes + end, i % segment_bytes_max};
        for (size_t k = 0; k < segments[i].bytes; k++)
            bytes[end + k] = (uint8_t)(i * 7 + k * 13);
        end += segments[i].bytes;
    }
    struct rg_store_op op = {
        .verb = RG_STORE_PUT, .key = "many", .segments = segments, .segment_count = segment_count};
    CHECK_OK(rg_store_wait(s, &op, &t->err));
    CHECK_U64(op.id.bytes, end);
    CHECK_OK(get(s, "many", 0, sizeof buffer, false, buffer, &got, &t->err));
    const struct rg_span wanted = {bytes, end};
    CHECK_SPAN(((struct rg_span){buffer, (size_t)got}), wanted);
}

static void durable_put_in_new_directories(struct test *t, struct rg_store *s)
{
    static const struct rg_segment segment = {(const uint8_t *)"abc", 3};
    struct rg_arena arena;

    rg_arena_init(&arena, &t->allocator, SIZE_MAX);
    for (int i = 0; i < 3; i++) {
        char key[32];

        (void)snprintf(key, sizeof key, "p/q/r/%d", i);
        struct rg_store_op op = {
            .verb = RG_STORE_PUT,
            .key = key,
            .segments = &segment,
            .segment_count = 1,
            .must_be_absent = true,
            .must_be_durable = true,
            .token = "run",
        };
        CHECK_OK(rg_store_wait(s, &op, &t->err));
    }
    CHECK_TEXT(store_list_text(t, s, "p/q/r/", &arena), "p/q/r/0 p/q/r/1 p/q/r/2");
    rg_arena_fini(&arena);
}

static void list_shows_one_level_sorted(struct test *t, struct rg_store *s)
{
    static const char *const keys[] = {"b",       "a/x",      "a.c", "a/y/z",
                                       ".hidden", "_under/k", "B",   "a0"};
    struct rg_arena arena;

    rg_arena_init(&arena, &t->allocator, SIZE_MAX);
    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++)
        CHECK_OK(store_put_text(s, keys[i], keys[i], false, &t->err));
    CHECK_TEXT(store_list_text(t, s, "", &arena), ".hidden B _under/ a.c a/ a0 b");
    CHECK_TEXT(store_list_text(t, s, "a/", &arena), "a/x a/y/");
    CHECK_TEXT(store_list_text(t, s, "a/y/", &arena), "a/y/z");
    rg_arena_fini(&arena);
}

static void list_of_nothing_is_empty(struct test *t, struct rg_store *s)
{
    struct rg_arena arena;

    rg_arena_init(&arena, &t->allocator, SIZE_MAX);
    CHECK_TEXT(store_list_text(t, s, "", &arena), "");
    CHECK_TEXT(store_list_text(t, s, "no/such/", &arena), "");
    CHECK_OK(store_put_text(s, "file", "x", false, &t->err));
    CHECK_TEXT(store_list_text(t, s, "file/", &arena), "");
    rg_arena_fini(&arena);
}

static void list_in_pages(struct test *t, struct rg_store *s)
{
    struct rg_arena arena;
    const char *token = NULL;
    char key[32];
    size_t seen = 0;

    rg_arena_init(&arena, &t->allocator, SIZE_MAX);
    for (int i = 0; i < 7; i++) {
        (void)snprintf(key, sizeof key, i % 2 == 0 ? "d/%d" : "d/%d/x", i);
        CHECK_OK(store_put_text(s, key, "x", false, &t->err));
    }
    do {
        struct rg_store_op op = {
            .verb = RG_STORE_LIST,
            .key = "d/",
            .arena = &arena,
            .page_token = token,
            .page_key_max = 2,
        };

        CHECK_OK(rg_store_wait(s, &op, &t->err));
        CHECK(op.object_count <= 2);
        seen += op.object_count;
        token = op.next_page_token;
    } while (token != NULL);
    CHECK_U64(seen, 7);
    CHECK_TEXT(store_list_text(t, s, "d/", &arena), "d/0 d/1/ d/2 d/3/ d/4 d/5/ d/6");
    rg_arena_fini(&arena);
}

static void list_names_ids_that_head_names(struct test *t, struct rg_store *s)
{
    struct rg_arena arena;
    struct rg_object *objects;
    size_t count;
    struct rg_object_id id;

    rg_arena_init(&arena, &t->allocator, SIZE_MAX);
    CHECK_OK(store_put_text(s, "d/a", "1", false, &t->err));
    CHECK_OK(store_put_text(s, "d/b", "22", false, &t->err));
    CHECK_OK(rg_store_list_all(s, "d/", &arena, &objects, &count, &t->err));
    CHECK_U64(count, 2);
    for (size_t i = 0; i < count; i++) {
        CHECK_OK(store_head(s, objects[i].key, &arena, &id, &t->err));
        CHECK(rg_object_id_equal(&id, &objects[i].id, true));
        CHECK_U64(id.bytes, i + 1);
    }
    rg_arena_fini(&arena);
}

static void odd_keys_round_trip(struct test *t, struct rg_store *s)
{
    static const char *const names[] = {
        "plain",
        "with blank",
        "dt=2024-05-01",
        "a+b",
        "100%",
        "%41",
        "a&b",
        "a<b>c",
        "it's \"so\"",
        "q?x=1",
        "#hash",
        "semi;colon",
        "comma,at@colon",
        "back\\slash",
        "tilde~",
        "star*",
        "$money",
        "(paren)",
        "[bracket]",
        "caf\xc3\xa9",
        "\xe6\x97\xa5",
        "\xf0\x9f\x8e\x89",
        "|pipe",
        "=",
    };
    struct rg_arena arena;
    char key[64];

    rg_arena_init(&arena, &t->allocator, SIZE_MAX);
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        (void)snprintf(key, sizeof key, "odd/%s/%s", names[i], names[i]);
        CHECK_OK(store_put_text(s, key, names[i], true, &t->err));
        CHECK_TEXT(store_get_text(t, s, key, &arena), names[i]);
        char prefix[64];
        (void)snprintf(prefix, sizeof prefix, "odd/%s/", names[i]);
        CHECK_TEXT(store_list_text(t, s, prefix, &arena), key);
    }
    struct rg_object *objects;
    size_t count;
    CHECK_OK(rg_store_list_all(s, "odd/", &arena, &objects, &count, &t->err));
    CHECK_U64(count, sizeof names / sizeof names[0]);
    rg_arena_fini(&arena);
}

static struct rg_upload *begin(struct test *t, struct rg_store *s, const char *key)
{
    struct rg_store_op op = {.verb = RG_STORE_UPLOAD_BEGIN, .key = key, .token = "run"};

    CHECK_OK(rg_store_wait(s, &op, &t->err));
    return op.upload;
}

static enum rg_status add_part(struct rg_store *s, struct rg_upload *upload, const char *key,
                               uint32_t number, const uint8_t *bytes, size_t count,
                               struct rg_error *err)
{
    const struct rg_segment segments[] = {{bytes, count / 2},
                                          {bytes + count / 2, count - count / 2}};
    struct rg_store_op op = {
        .verb = RG_STORE_UPLOAD_PART,
        .key = key,
        .upload = upload,
        .part_number = number,
        .segments = segments,
        .segment_count = 2,
    };

    return rg_store_wait(s, &op, err);
}

static enum rg_status end_upload(struct rg_store *s, enum rg_store_verb verb,
                                 struct rg_upload *upload, const char *key,
                                 struct rg_object_id *ret_id, struct rg_error *err)
{
    struct rg_store_op op = {
        .verb = verb,
        .key = key,
        .upload = upload,
        .must_be_absent = true,
        .must_be_durable = true,
    };
    const enum rg_status status = rg_store_wait(s, &op, err);

    if (ret_id != NULL)
        *ret_id = op.id;
    return status;
}

static void upload_appears_when_it_is_finished(struct test *t, struct rg_store *s)
{
    struct rg_arena arena;
    struct rg_store_caps caps;
    struct rg_object_id id;
    uint64_t got;

    rg_arena_init(&arena, &t->allocator, SIZE_MAX);
    CHECK_OK(rg_store_probe(s, false, &caps, &t->err));
    const size_t part_bytes = caps.part_bytes_min > 0 ? (size_t)caps.part_bytes_min : 100000;
    const size_t bytes = 2 * part_bytes + 17;
    uint8_t *body = rg_arena_alloc(&arena, bytes);
    uint8_t *back = rg_arena_alloc(&arena, bytes);
    CHECK_MEMORY(body);
    CHECK_MEMORY(back);
    for (size_t i = 0; i < bytes; i++)
        body[i] = (uint8_t)(i * 31 + i / 251);

    struct rg_upload *upload = begin(t, s, "d/big");
    CHECK_OK(add_part(s, upload, "d/big", 1, body, part_bytes, &t->err));
    CHECK_OK(add_part(s, upload, "d/big", 2, body + part_bytes, part_bytes, &t->err));
    CHECK_ERROR(store_head(s, "d/big", &arena, &id, &t->err), RG_ERR_ABSENT, "d/big");
    CHECK_OK(add_part(s, upload, "d/big", 3, body + 2 * part_bytes, 17, &t->err));
    CHECK_OK(end_upload(s, RG_STORE_UPLOAD_FINISH, upload, "d/big", &id, &t->err));
    CHECK_U64(id.bytes, bytes);
    CHECK_OK(get(s, "d/big", 0, bytes, false, back, &got, &t->err));
    CHECK_U64(got, bytes);
    CHECK(memcmp(body, back, bytes) == 0);
    CHECK_TEXT(store_list_text(t, s, "d/", &arena), "d/big");
    rg_arena_fini(&arena);
}

static void upload_of_one_small_part(struct test *t, struct rg_store *s)
{
    struct rg_arena arena;
    static const uint8_t body[] = {'a', 'b', 'c'};

    rg_arena_init(&arena, &t->allocator, SIZE_MAX);
    struct rg_upload *upload = begin(t, s, "small");
    CHECK_OK(add_part(s, upload, "small", 1, body, sizeof body, &t->err));
    CHECK_OK(end_upload(s, RG_STORE_UPLOAD_FINISH, upload, "small", NULL, &t->err));
    CHECK_TEXT(store_get_text(t, s, "small", &arena), "abc");
    rg_arena_fini(&arena);
}

static void upload_finish_finds_the_name_taken(struct test *t, struct rg_store *s)
{
    struct rg_arena arena;
    struct rg_store_caps caps;
    static const uint8_t body[] = {'n', 'e', 'w'};

    rg_arena_init(&arena, &t->allocator, SIZE_MAX);
    CHECK_OK(rg_store_probe(s, true, &caps, &t->err));
    struct rg_upload *upload = begin(t, s, "d/x");
    CHECK_OK(add_part(s, upload, "d/x", 1, body, sizeof body, &t->err));
    CHECK_OK(store_put_text(s, "d/x", "old", true, &t->err));
    CHECK_ERROR(end_upload(s, RG_STORE_UPLOAD_FINISH, upload, "d/x", NULL, &t->err), RG_ERR_EXISTS,
                "d/x");
    CHECK_OK(end_upload(s, RG_STORE_UPLOAD_ABORT, upload, "d/x", NULL, &t->err));
    CHECK_TEXT(store_get_text(t, s, "d/x", &arena), "old");
    rg_arena_fini(&arena);
}

static void upload_abort_leaves_nothing(struct test *t, struct rg_store *s)
{
    struct rg_arena arena;
    static const uint8_t body[] = {'a', 'b', 'c'};

    rg_arena_init(&arena, &t->allocator, SIZE_MAX);
    struct rg_upload *upload = begin(t, s, "d/x");
    CHECK_OK(add_part(s, upload, "d/x", 1, body, sizeof body, &t->err));
    CHECK_OK(end_upload(s, RG_STORE_UPLOAD_ABORT, upload, "d/x", NULL, &t->err));
    upload = begin(t, s, "d/x");
    CHECK_OK(end_upload(s, RG_STORE_UPLOAD_ABORT, upload, "d/x", NULL, &t->err));
    CHECK_TEXT(store_list_text(t, s, "d/", &arena), "");
    struct rg_store_op list = {.verb = RG_STORE_LIST_UPLOADS, .key = "d/", .arena = &arena};
    CHECK_OK(rg_store_wait(s, &list, &t->err));
    CHECK_U64(list.object_count, 0);
    rg_arena_fini(&arena);
}

static void uploads_left_behind_are_found(struct test *t, struct rg_store *s)
{
    struct rg_arena arena;
    static const uint8_t body[] = {'a', 'b', 'c'};

    rg_arena_init(&arena, &t->allocator, SIZE_MAX);
    struct rg_upload *upload = begin(t, s, "d/x");
    CHECK_OK(add_part(s, upload, "d/x", 1, body, sizeof body, &t->err));
    CHECK_OK(store_put_text(s, "d/.tmp", "not ours", false, &t->err));
    struct rg_store_op list = {.verb = RG_STORE_LIST_UPLOADS, .key = "d/", .arena = &arena};
    CHECK_OK(rg_store_wait(s, &list, &t->err));
    /* None where a killed process leaves nothing. */
    CHECK(list.object_count <= 1);
    for (size_t i = 0; i < list.object_count; i++) {
        CHECK(list.objects[i].id.modified_ns > UINT64_C(1600000000000000000));
        struct rg_store_op forget = {
            .verb = RG_STORE_ABORT_STALE,
            .key = list.objects[i].key,
            .upload_id = list.objects[i].id.tag,
        };
        CHECK_OK(rg_store_wait(s, &forget, &t->err));
        /* Gone is success. */
        CHECK_OK(rg_store_wait(s, &forget, &t->err));
        const enum rg_status status =
            end_upload(s, RG_STORE_UPLOAD_FINISH, upload, "d/x", NULL, &t->err);
        CHECK_ERROR(status, RG_ERR_CHANGED, "d/x");
    }
    CHECK_OK(rg_store_wait(s, &list, &t->err));
    CHECK_U64(list.object_count, 0);
    CHECK_OK(end_upload(s, RG_STORE_UPLOAD_ABORT, upload, "d/x", NULL, &t->err));
    CHECK_TEXT(store_get_text(t, s, "d/.tmp", &arena), "not ours");
    rg_arena_fini(&arena);
}

static void delete_is_idempotent(struct test *t, struct rg_store *s)
{
    struct rg_arena arena;

    rg_arena_init(&arena, &t->allocator, SIZE_MAX);
    CHECK_OK(store_put_text(s, "d/x", "1", false, &t->err));
    CHECK_OK(store_put_text(s, "d/y", "2", false, &t->err));
    CHECK_OK(store_delete(s, "d/x", NULL, &t->err));
    CHECK_OK(store_delete(s, "d/x", NULL, &t->err));
    CHECK_OK(store_delete(s, "no/such/thing", NULL, &t->err));
    CHECK_TEXT(store_list_text(t, s, "d/", &arena), "d/y");
    rg_arena_fini(&arena);
}

static void delete_checks_the_expected_id(struct test *t, struct rg_store *s)
{
    struct rg_arena arena;
    struct rg_object_id id;

    rg_arena_init(&arena, &t->allocator, SIZE_MAX);
    CHECK_OK(store_put_text(s, "d/x", "first", false, &t->err));
    CHECK_OK(store_head(s, "d/x", &arena, &id, &t->err));
    CHECK_OK(store_put_text(s, "d/x", "other body", false, &t->err));
    CHECK_ERROR(store_delete(s, "d/x", &id, &t->err), RG_ERR_CHANGED, "d/x");
    CHECK_TEXT(store_get_text(t, s, "d/x", &arena), "other body");
    CHECK_OK(store_head(s, "d/x", &arena, &id, &t->err));
    CHECK_OK(store_delete(s, "d/x", &id, &t->err));
    CHECK(store_get_text(t, s, "d/x", &arena) == NULL);
    /* Gone is success. */
    CHECK_OK(store_delete(s, "d/x", &id, &t->err));
    rg_arena_fini(&arena);
}

static void delete_of_a_prefix_keeps_objects(struct test *t, struct rg_store *s)
{
    struct rg_arena arena;

    rg_arena_init(&arena, &t->allocator, SIZE_MAX);
    CHECK_OK(store_put_text(s, "d/e/x", "1", false, &t->err));
    CHECK_OK(store_delete(s, "d/e/", NULL, &t->err));
    CHECK_TEXT(store_list_text(t, s, "d/e/", &arena), "d/e/x");
    CHECK_OK(store_delete(s, "d/e/x", NULL, &t->err));
    CHECK_OK(store_delete(s, "d/e/", NULL, &t->err));
    CHECK_TEXT(store_list_text(t, s, "d/", &arena), "");
    CHECK_OK(store_delete(s, "d/e/", NULL, &t->err));
    rg_arena_fini(&arena);
}

static void keys_may_count_from_the_top(struct test *t, struct rg_store *s)
{
    static const char local[] = "file:///";
    static const char remote[] = "s3://";
    const bool is_local = strncmp(s->url, local, sizeof local - 1) == 0;
    const char *place = is_local ? s->url + sizeof local - 2 : s->url + sizeof remote - 1;
    const char *root = strchr(place, '/');
    struct rg_arena arena;
    char prefix[4096];
    char key[4096];

    CHECK(root != NULL);
    root++; /* From "/", or from the bucket. */
    rg_arena_init(&arena, &t->allocator, SIZE_MAX);
    CHECK_OK(store_put_text(s, "a/one", "123", false, &t->err));
    CHECK_OK(store_put_text(s, "a/two", "4", false, &t->err));
    (void)snprintf(prefix, sizeof prefix, "%s/a/", root);
    (void)snprintf(key, sizeof key, "%s/a/one", root);

    struct rg_store_op list = {.verb = RG_STORE_LIST,
                               .key = prefix,
                               .arena = &arena,
                               .names_only = true,
                               .page_key_max = 1,
                               .is_from_top = true};
    CHECK_OK(rg_store_wait(s, &list, &t->err));
    CHECK_U64(list.object_count, 1);
    CHECK_TEXT(list.objects[0].key, key);
    CHECK(list.next_page_token != NULL);
    struct rg_store_op head = {.verb = RG_STORE_HEAD, .key = key, .is_from_top = true};
    CHECK_OK(rg_store_wait(s, &head, &t->err));
    CHECK_U64(head.id.bytes, 3);
    head.is_from_top = false;
    CHECK(rg_store_wait(s, &head, &t->err) == RG_ERR_ABSENT);
    list.is_from_top = false;
    list.page_token = NULL;
    CHECK_OK(rg_store_wait(s, &list, &t->err));
    CHECK_U64(list.object_count, 0);
    rg_arena_fini(&arena);
}

static void cancel_ends_operations(struct test *t, struct rg_store *s)
{
    struct rg_upload *upload = begin(t, s, "d/x");
    uint8_t byte;
    uint64_t got;

    CHECK_OK(store_put_text(s, "y", "1", false, &t->err));
    rg_store_cancel(s);
    CHECK_ERROR(get(s, "y", 0, 1, false, &byte, &got, &t->err), RG_ERR_CANCELLED, "cancelled");
    CHECK_ERROR(store_put_text(s, "z", "1", false, &t->err), RG_ERR_CANCELLED, "cancelled");
    /* What is open can still be closed. */
    const enum rg_status status =
        end_upload(s, RG_STORE_UPLOAD_ABORT, upload, "d/x", NULL, &t->err);
    CHECK(status == RG_OK || status == RG_ERR_CANCELLED);
}

#define CONTRACT(name)                                                                             \
    {                                                                                              \
#name, name                                                                                \
    }
const struct store_contract store_contract[] = {
    CONTRACT(put_and_get_whole),
    CONTRACT(get_ranges_and_suffixes),
    CONTRACT(get_of_an_empty_object),
    CONTRACT(get_checks_the_expected_id),
    CONTRACT(head_tells_the_id_or_absent),
    CONTRACT(put_replaces_unless_it_must_not),
    CONTRACT(put_of_many_segments),
    CONTRACT(durable_put_in_new_directories),
    CONTRACT(list_shows_one_level_sorted),
    CONTRACT(list_of_nothing_is_empty),
    CONTRACT(list_in_pages),
    CONTRACT(list_names_ids_that_head_names),
    CONTRACT(odd_keys_round_trip),
    CONTRACT(upload_appears_when_it_is_finished),
    CONTRACT(upload_of_one_small_part),
    CONTRACT(upload_finish_finds_the_name_taken),
    CONTRACT(upload_abort_leaves_nothing),
    CONTRACT(uploads_left_behind_are_found),
    CONTRACT(delete_is_idempotent),
    CONTRACT(delete_checks_the_expected_id),
    CONTRACT(delete_of_a_prefix_keeps_objects),
    CONTRACT(keys_may_count_from_the_top),
    CONTRACT(cancel_ends_operations),
};
const size_t store_contract_count = sizeof store_contract / sizeof store_contract[0];
