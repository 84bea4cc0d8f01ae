/* SPDX-License-Identifier: Apache-2.0 */

#include "support/test.h"

#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static bool is_torture;
static uint64_t property_seed; /* Of the property that runs; 0: none does. */
static void (*keep_case)(void *user, uint64_t seed);
static void *keep_user;

const char *__lsan_default_suppressions(void)
{
    return "leak:libdeflate.so\n";
}

/* In front of every allocation, so that what a starved test left behind can be given back. */
struct test_block {
    struct test_block *next;
    struct test_block *previous;
    size_t bytes;
    size_t padding;
};

static void *counting_alloc(void *context, size_t bytes)
{
    struct test *t = context;

    if (t->allocations == t->allocations_allowed)
        return NULL;
    struct test_block *block = malloc(sizeof *block + bytes);
    if (block == NULL)
        return NULL;
    *block = (struct test_block){.next = t->blocks, .bytes = bytes};
    if (t->blocks != NULL)
        t->blocks->previous = block;
    t->blocks = block;
    t->allocations++;
    t->live_bytes += bytes;
    return block + 1;
}

/* Called through this, so that no compiler drops what is written to memory just before its end. */
static void *(*const volatile fill)(void *, int, size_t) = memset;

enum {
    SPOILT_BYTES_MAX = 1 << 20,
};

static void counting_release(void *context, void *memory, size_t bytes)
{
    struct test *t = context;

    if (memory == NULL)
        return;
    struct test_block *block = (struct test_block *)memory - 1;
    if (block->bytes != bytes)
        fail_msg("%zu bytes were allocated and %zu are released", block->bytes, bytes);
    if (block->previous != NULL)
        block->previous->next = block->next;
    else
        t->blocks = block->next;
    if (block->next != NULL)
        block->next->previous = block->previous;
    t->live_bytes -= bytes;
    /* Whoever still looks there shall see that it is gone. */
    (void)fill(memory, 0xdd, bytes < SPOILT_BYTES_MAX ? bytes : SPOILT_BYTES_MAX);
    free(block);
}

static void release_all(struct test *t)
{
    while (t->blocks != NULL)
        counting_release(t, t->blocks + 1, t->blocks->bytes);
}

static void start(struct test *t, uint64_t allocations_allowed)
{
    *t = (struct test){.allocations_allowed = allocations_allowed};
    keep_case = NULL;
    t->allocator = (struct rg_allocator){counting_alloc, counting_release, t};
}

/* Where a starved test jumps to: its case's runner. One test at a time. */
static jmp_buf starved;

static void run_once(const struct test_case *test, struct test *t, uint64_t allocations_allowed)
{
    start(t, allocations_allowed);
    if (setjmp(starved) == 0)
        test->run(t);
    /* A starved test jumped out before its own clean-up, so only complete runs can tell leaks. */
    if (!t->is_starved && t->live_bytes != 0)
        fail_msg("%s leaks %zu bytes", test->name, t->live_bytes);
    release_all(t);
}

static void run_case(void **state)
{
    const struct test_case *test = *state;
    struct test t;

    run_once(test, &t, UINT64_MAX);
    if (!is_torture)
        return;
    const uint64_t needed = t.allocations;
    /* Properties allocate without end; the first few hundred failures tell. */
    const uint64_t rounds = needed < 400 ? needed : 400;
    for (uint64_t i = 0; i < rounds; i++)
        run_once(test, &t, i);
}

int test_main(const char *suite, const struct test_case *cases, size_t case_count, int argc,
              char **argv)
{
    struct CMUnitTest *tests = calloc(case_count, sizeof *tests);

    if (tests == NULL)
        return 1;
    is_torture = argc > 1 && strcmp(argv[1], "--torture") == 0;
    for (size_t i = 0; i < case_count; i++) {
        tests[i] = (struct CMUnitTest){
            .name = cases[i].name,
            .test_func = run_case,
            .initial_state = (void *)(uintptr_t)&cases[i],
        };
    }
    const int failed =
        _cmocka_run_group_tests(suite, tests, case_count, (CMFixtureFunction)NULL, NULL);
    free(tests);
    return failed == 0 ? 0 : 1;
}

void test_property(struct test *t, const char *name, uint64_t runs,
                   void (*property)(struct test *t, struct choices *c))
{
    const char *one = getenv("TEST_SEED");
    const char *times = getenv("TEST_TIMES");
    uint64_t first = 1;
    uint64_t last = runs;

    if (times != NULL)
        last = runs * strtoull(times, NULL, 10);
    if (one != NULL) {
        first = strtoull(one, NULL, 10);
        last = first;
    }
    if (is_torture && last > 20)
        last = 20;
    for (uint64_t seed = first; seed <= last; seed++) {
        struct choices c = {.seed = seed * UINT64_C(0x9e3779b97f4a7c15)};

        (void)snprintf(t->err.text, sizeof t->err.text, "property %s, TEST_SEED=%" PRIu64, name,
                       seed);
        property_seed = seed;
        property(t, &c);
        keep_case = NULL;
    }
    property_seed = 0;
}

/* splitmix64. */
static uint64_t next_random(struct choices *c)
{
    uint64_t z = c->seed += UINT64_C(0x9e3779b97f4a7c15);

    z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
    return z ^ z >> 31;
}

static uint64_t take_bytes(struct choices *c, size_t bytes)
{
    uint64_t value = 0;

    for (size_t i = 0; i < bytes && c->bytes_left > 0; i++) {
        value |= (uint64_t)*c->bytes << (8 * i);
        c->bytes++;
        c->bytes_left--;
    }
    return value;
}

uint32_t choose(struct choices *c, uint32_t max)
{
    const uint64_t range = (uint64_t)max + 1;

    if (c->bytes != NULL)
        return (uint32_t)(take_bytes(c, max < 256 ? 1 : 4) % range);
    return (uint32_t)(next_random(c) % range);
}

uint64_t choose_u64(struct choices *c)
{
    return c->bytes != NULL ? take_bytes(c, 8) : next_random(c);
}

bool choose_bool(struct choices *c)
{
    return choose(c, 1) == 1;
}

void test_on_failure(void (*keep)(void *user, uint64_t seed), void *user)
{
    keep_case = keep;
    keep_user = user;
}

/* Once: what is kept may fail too. */
static void keep_failure(void)
{
    void (*keep)(void *user, uint64_t seed) = keep_case;

    keep_case = NULL;
    if (keep != NULL)
        keep(keep_user, property_seed);
}

void test_fail(const char *file, int line, const char *format, ...)
{
    char text[1024];
    va_list args;

    va_start(args, format);
    (void)vsnprintf(text, sizeof text, format, args);
    va_end(args);
    keep_failure();
    if (property_seed != 0)
        fail_msg("%s:%d: %s (TEST_SEED=%" PRIu64 ")", file, line, text, property_seed);
    fail_msg("%s:%d: %s", file, line, text);
}

static void end_if_starved(struct test *t, bool is_out_of_memory)
{
    if (is_out_of_memory && t->allocations == t->allocations_allowed) {
        t->is_starved = true;
        longjmp(starved, 1);
    }
}

void test_check_status(struct test *t, enum rg_status status, const char *text, const char *file,
                       int line)
{
    if (status == RG_OK)
        return;
    end_if_starved(t, status == RG_ERR_NOMEM);
    test_fail(file, line, "%s: %s: %s", text, rg_status_name(status), t->err.text);
}

void test_check_memory(struct test *t, const void *memory, const char *text, const char *file,
                       int line)
{
    if (memory != NULL)
        return;
    end_if_starved(t, true);
    test_fail(file, line, "%s is NULL", text);
}

void test_check_error(struct test *t, enum rg_status status, enum rg_status wanted,
                      const char *wanted_text, const char *file, int line)
{
    if (status != wanted)
        end_if_starved(t, status == RG_ERR_NOMEM);
    if (status != wanted)
        test_fail(file, line, "status is \"%s\" (%s), not \"%s\"", rg_status_name(status),
                  status == RG_OK ? "" : t->err.text, rg_status_name(wanted));
    if (strstr(t->err.text, wanted_text) == NULL)
        test_fail(file, line, "\"%s\" does not contain \"%s\"", t->err.text, wanted_text);
}

void test_check_u64(uint64_t got, uint64_t wanted, const char *text, const char *file, int line)
{
    if (got != wanted)
        test_fail(file, line, "%s is %" PRIu64 ", not %" PRIu64, text, got, wanted);
}

void test_check_i64(int64_t got, int64_t wanted, const char *text, const char *file, int line)
{
    if (got != wanted)
        test_fail(file, line, "%s is %" PRId64 ", not %" PRId64, text, got, wanted);
}

void test_check_text(const char *got, const char *wanted, const char *text, const char *file,
                     int line)
{
    if (strcmp(got, wanted) != 0)
        test_fail(file, line, "%s is \"%s\", not \"%s\"", text, got, wanted);
}

void test_check_span(struct rg_span got, struct rg_span wanted, const char *text, const char *file,
                     int line)
{
    const size_t common = got.bytes < wanted.bytes ? got.bytes : wanted.bytes;

    for (size_t i = 0; i < common; i++) {
        if (got.data[i] != wanted.data[i])
            test_fail(file, line, "%s: byte %zu is 0x%02x, not 0x%02x", text, i,
                      (unsigned)got.data[i], (unsigned)wanted.data[i]);
    }
    if (got.bytes != wanted.bytes)
        test_fail(file, line, "%s has %zu bytes, not %zu", text, got.bytes, wanted.bytes);
}
