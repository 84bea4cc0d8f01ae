/* SPDX-License-Identifier: Apache-2.0 */

/*
 * What cmocka lacks: a counting allocator that tells leaks and can run dry, allocation torture, and
 * seeded choices for properties.
 *
 *     TEST(arena_gives_zeroed_arrays)
 *     {
 *         struct rg_arena arena;
 *         rg_arena_init(&arena, &t->allocator, SIZE_MAX);
 *         ...
 *     }
 *
 *     TEST_MAIN("base/arena", arena_gives_zeroed_arrays, ...)
 *
 * Run with --torture, every test is run again with its k-th allocation failing, k = 0, 1, 2, …;
 * each run must end in success or in RG_ERR_NOMEM, and leave nothing allocated. CHECK_OK ends a
 * test that is starved in this way. A property takes its decisions from choose(): PROPERTY(name,
 * runs) makes a test that runs it with `runs` seeds (TEST_SEED=n in the environment runs one).
 *
 * An argument of a CHECK must not be a compound literal that the callee borrows: it dies with the
 * macro's block.
 */

#ifndef SUPPORT_TEST_H
#define SUPPORT_TEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/allocator.h"
#include "base/error.h"
#include "base/span.h"

struct choices {
    const uint8_t *bytes; /* NULL: draw from `seed` instead. */
    size_t bytes_left;
    uint64_t seed;
};

struct test_block;

struct test {
    struct rg_allocator allocator; /* Counts; hand it to the code under test. */
    struct rg_error err;
    uint64_t allocations;
    uint64_t allocations_allowed;
    size_t live_bytes;
    struct test_block *blocks; /* Allocated and not released. */
    bool is_starved;           /* A CHECK_OK met RG_ERR_NOMEM that torture caused. */
};

struct test_case {
    const char *name;
    void (*run)(struct test *t);
};

int test_main(const char *suite, const struct test_case *cases, size_t case_count, int argc,
              char **argv);

/* Runs a property with seeds 1 .. runs; prints the seed of a failure. */
void test_property(struct test *t, const char *name, uint64_t runs,
                   void (*property)(struct test *t, struct choices *c));

/*
 * Called with the seed when the property that runs now fails, before the test ends: to keep what it
 * drew. NULL: nothing to keep any more.
 */
void test_on_failure(void (*keep)(void *user, uint64_t seed), void *user);

/* A number in 0 .. max, both included; 0 when libFuzzer's bytes have run out. */
uint32_t choose(struct choices *c, uint32_t max);
uint64_t choose_u64(struct choices *c);
bool choose_bool(struct choices *c);

/* Give up this test. */
void test_fail(const char *file, int line, const char *format, ...) RG_PRINTF(3, 4);
/* Ends the test early where torture took the memory away. */
void test_check_status(struct test *t, enum rg_status status, const char *text, const char *file,
                       int line);
void test_check_error(struct test *t, enum rg_status status, enum rg_status wanted,
                      const char *wanted_text, const char *file, int line);
void test_check_u64(uint64_t got, uint64_t wanted, const char *text, const char *file, int line);
void test_check_i64(int64_t got, int64_t wanted, const char *text, const char *file, int line);
void test_check_text(const char *got, const char *wanted, const char *text, const char *file,
                     int line);
void test_check_span(struct rg_span got, struct rg_span wanted, const char *text, const char *file,
                     int line);
/* For calls that answer NULL without memory. */
void test_check_memory(struct test *t, const void *memory, const char *text, const char *file,
                       int line);

/*
 * What the leak checker has to let pass (it asks for this by name): libdeflate takes its memory
 * from malloc, and a starved test jumps out without giving it back.
 */
const char *__lsan_default_suppressions(void);

#define TEST(name) static void name(struct test *t __attribute__((unused)))
#define CHECK(condition)                                                                           \
    do {                                                                                           \
        if (!(condition))                                                                          \
            test_fail(__FILE__, __LINE__, "%s", #condition);                                       \
    } while (0)
#define CHECK_OK(call)          test_check_status(t, (call), #call, __FILE__, __LINE__)
#define CHECK_MEMORY(pointer)   test_check_memory(t, (pointer), #pointer, __FILE__, __LINE__)
#define CHECK_U64(got, wanted)  test_check_u64((got), (wanted), #got, __FILE__, __LINE__)
#define CHECK_I64(got, wanted)  test_check_i64((got), (wanted), #got, __FILE__, __LINE__)
#define CHECK_TEXT(got, wanted) test_check_text((got), (wanted), #got, __FILE__, __LINE__)
#define CHECK_SPAN(got, wanted) test_check_span((got), (wanted), #got, __FILE__, __LINE__)
/* The call fails with `status`, and the error's text contains `text`. */
#define CHECK_ERROR(call, status, text)                                                            \
    test_check_error(t, (call), (status), (text), __FILE__, __LINE__)

/* Of static arrays only. */
#define SPAN(array) ((struct rg_span){(const uint8_t *)(array), sizeof(array)})

#endif
