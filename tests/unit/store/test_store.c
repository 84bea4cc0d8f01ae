/* SPDX-License-Identifier: Apache-2.0 */

#include "store/store.h"

#include <pthread.h>
#include <string.h>

#include "base/clock.h"
#include "support/test.h"

/* A store whose listing is a script. */
struct scripted {
    struct rg_store base;
    const struct rg_object *pages[4];
    size_t counts[4];
    const char *tokens[4]; /* What each page returns as its next token. */
    size_t calls;
    const char *seen_token; /* Of the last call. */
    bool is_threaded;       /* Answers come from another thread. */
    pthread_t thread;
};

static void answer(struct scripted *s, struct rg_store_op *op)
{
    static struct rg_object copy[16];
    const size_t call = s->calls++;

    s->seen_token = op->page_token;
    op->status = RG_OK;
    memcpy(copy, s->pages[call], s->counts[call] * sizeof copy[0]);
    /* Each page's own memory. */
    struct rg_object *objects = rg_arena_array(op->arena, s->counts[call], sizeof *objects);
    if (objects == NULL) {
        op->status = rg_fail(&op->err, RG_ERR_NOMEM, "no memory");
    } else {
        memcpy(objects, copy, s->counts[call] * sizeof copy[0]);
        op->objects = objects;
        op->object_count = s->counts[call];
        op->next_page_token = s->tokens[call];
    }
    op->done(op);
}

struct call {
    struct scripted *s;
    struct rg_store_op *op;
};

static struct call threaded_call;

static void *answer_from_thread(void *argument)
{
    (void)argument;
    answer(threaded_call.s, threaded_call.op);
    return NULL;
}

static void start(struct rg_store *store, struct rg_store_op *op)
{
    struct scripted *s = (struct scripted *)store;

    if (!s->is_threaded) {
        answer(s, op);
        return;
    }
    threaded_call = (struct call){s, op};
    CHECK(pthread_create(&s->thread, NULL, answer_from_thread, NULL) == 0);
    CHECK(pthread_detach(s->thread) == 0);
}

static const struct rg_store_driver driver = {.start = start};

static const struct rg_object page_1[] = {{.key = "d/c", .id = {1, 2, ""}},
                                          {.key = "d/p/", .is_prefix = true}};
static const struct rg_object page_2[] = {{.key = "d/p/", .is_prefix = true},
                                          {.key = "d/a", .id = {3, 4, ""}}};

static struct scripted two_pages(void)
{
    return (struct scripted){
        .base = {.driver = &driver, .url = (char *)(uintptr_t) "s3://bucket"},
        .pages = {page_1, page_2},
        .counts = {2, 2},
        .tokens = {"next", NULL},
    };
}

static void check_united(struct test *t, struct scripted *s)
{
    struct rg_arena arena;
    struct rg_object *objects;
    size_t count;

    rg_arena_init(&arena, &t->allocator, SIZE_MAX);
    CHECK_OK(rg_store_list_all(&s->base, "d/", &arena, &objects, &count, &t->err));
    CHECK_U64(s->calls, 2);
    CHECK_TEXT(s->seen_token, "next");
    CHECK_U64(count, 3);
    CHECK_TEXT(objects[0].key, "d/a");
    CHECK_TEXT(objects[1].key, "d/c");
    CHECK_TEXT(objects[2].key, "d/p/");
    rg_arena_fini(&arena);
}

TEST(pages_are_united_and_sorted)
{
    struct scripted s = two_pages();

    check_united(t, &s);
}

TEST(answers_may_come_from_another_thread)
{
    struct scripted s = two_pages();

    s.is_threaded = true;
    check_united(t, &s);
}

TEST(a_listing_that_does_not_advance_is_an_error)
{
    struct scripted s = two_pages();
    struct rg_arena arena;
    struct rg_object *objects;
    size_t count;

    s.tokens[1] = "next";
    rg_arena_init(&arena, &t->allocator, SIZE_MAX);
    CHECK_ERROR(rg_store_list_all(&s.base, "d/", &arena, &objects, &count, &t->err), RG_ERR_IO,
                "s3://bucket/d/: the listing does not advance beyond \"next\"");
    rg_arena_fini(&arena);
}

TEST(ids_are_compared_with_their_tags_only_if_strict)
{
    static const struct rg_object_id a = {1, 2, "x"};
    static const struct rg_object_id other_tag = {1, 2, "y"};
    static const struct rg_object_id other_size = {2, 2, "x"};
    static const struct rg_object_id other_time = {1, 3, "x"};

    CHECK(rg_object_id_equal(&a, &a, true));
    CHECK(rg_object_id_equal(&a, &other_tag, false));
    CHECK(!rg_object_id_equal(&a, &other_tag, true));
    CHECK(!rg_object_id_equal(&a, &other_size, false));
    CHECK(!rg_object_id_equal(&a, &other_time, false));
    CHECK(!rg_object_id_moved(&a, &a));
}

TEST(a_file_of_several_names_is_known_by_its_inode)
{
    static const struct {
        const char *found;
        const char *known;
        bool is_equal;
        bool is_moved;
    } cases[] = {
        {"c1i23", "c1i23", true, true},
        {"c2i23", "c1i23", false, true},
        {"c2i23n", "c1i23n", true, true},
        {"c2i23", "c1i23n", true, true},
        {"c2i23n", "c1i23", false, true},
        {"c2i24n", "c1i23n", false, false},
        {"c2i2n", "c1i23n", false, false},
        {"c2i234n", "c1i23n", false, false},
        {"c1i23n", "c1i23", true, true},
        {"c1i23nn", "c1i23", false, true},
        {"an", "a", false, false},
        {"", "c1i23n", false, false},
        {"c2i23n", "", false, false},
        {"ci", "cin", false, false},
        {"\"c1i2n\"", "\"c2i2n\"", false, false},
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const struct rg_object_id found = {5, 7, cases[i].found};
        const struct rg_object_id known = {5, 7, cases[i].known};
        const struct rg_object_id later = {5, 8, cases[i].found};

        CHECK(rg_object_id_equal(&found, &known, true) == cases[i].is_equal);
        CHECK(rg_object_id_moved(&found, &known) == cases[i].is_moved);
        CHECK(!rg_object_id_equal(&later, &known, true));
        CHECK(!rg_object_id_moved(&later, &known));
    }
}

TEST(the_clock_of_the_place_is_learnt_where_it_is_not_ours)
{
    static const struct {
        const char *about;
        int64_t date_s; /* Less our clock. */
        int64_t offset_s;
    } cases[] = {
        {"an answer of this second", 0, 0}, {"one that took a while", -4, 0},
        {"our clock is behind", 600, 601},  {"our clock is ahead", -86400, -86399},
        {"it was set right", 1, 0},
    };
    const int64_t second_ns = 1000000000;
    struct rg_store store = {.driver = NULL};

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const int64_t before_ns = (int64_t)rg_clock_wall_ns();

        rg_store_note_time(&store, (uint64_t)(before_ns + cases[i].date_s * second_ns));
        const int64_t off_ns = (int64_t)rg_store_now_ns(&store) - before_ns;
        const int64_t wrong_ns = off_ns - cases[i].offset_s * second_ns;
        if (wrong_ns < 0 || wrong_ns > second_ns)
            test_fail(__FILE__, __LINE__, "%s", cases[i].about);
    }
}

int main(int argc, char **argv)
{
    static const struct test_case cases[] = {
        {"pages_are_united_and_sorted", pages_are_united_and_sorted},
        {"answers_may_come_from_another_thread", answers_may_come_from_another_thread},
        {"a_listing_that_does_not_advance_is_an_error",
         a_listing_that_does_not_advance_is_an_error},
        {"ids_are_compared_with_their_tags_only_if_strict",
         ids_are_compared_with_their_tags_only_if_strict},
        {"a_file_of_several_names_is_known_by_its_inode",
         a_file_of_several_names_is_known_by_its_inode},
        {"the_clock_of_the_place_is_learnt_where_it_is_not_ours",
         the_clock_of_the_place_is_learnt_where_it_is_not_ours},
    };

    return test_main("store/store", cases, sizeof cases / sizeof cases[0], argc, argv);
}
