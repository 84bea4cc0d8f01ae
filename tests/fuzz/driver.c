/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Replays a corpus through a fuzz target without libFuzzer: every file of the directory given, and
 * of the small ones every beginning and every input that differs in one byte from it; and what the
 * target's own mutator makes of it, where it has one.
 *
 *     fuzz_footer_replay tests/fuzz/corpus/footer
 *     fuzz_footer_replay crash-1234             one input
 */

#include <dirent.h>
#include <string.h>
#include <sys/stat.h>

#include "fuzz/fuzz.h"

/* Inputs up to this long are varied; longer ones would take too long. */
static const size_t varied_bytes_max = 1024;

/* Mutations of an input, so many upon one another, and the room that they have. */
enum {
    MUTATIONS = 200,
    MUTATIONS_IN_A_ROW = 5,
    MUTANT_BYTES_MAX = 16384,
};

/* What libFuzzer has under this name, as simple as it can be: a byte is another. */
size_t LLVMFuzzerMutate(uint8_t *data, size_t bytes, size_t bytes_max)
{
    static uint64_t random = 1;

    (void)bytes_max;
    if (bytes > 0) {
        random = random * UINT64_C(6364136223846793005) + 1442695040888963407;
        data[(random >> 33) % bytes] ^= (uint8_t)(1 + (random >> 17) % 255);
    }
    return bytes;
}

/* In memory of exactly its size, so that a sanitizer sees a read behind the end. */
static void run(const uint8_t *data, size_t bytes)
{
    uint8_t *copy = malloc(bytes == 0 ? 1 : bytes);

    if (copy == NULL)
        abort();
    if (bytes > 0)
        memcpy(copy, data, bytes);
    (void)LLVMFuzzerTestOneInput(copy, bytes);
    free(copy);
}

static void run_variants(uint8_t *data, size_t bytes)
{
    static const uint8_t changes[] = {0x01, 0x10, 0x80, 0xff};

    for (size_t cut = 0; cut < bytes; cut++)
        run(data, cut);
    for (size_t i = 0; i < bytes; i++) {
        const uint8_t byte = data[i];

        for (size_t j = 0; j < sizeof changes; j++) {
            data[i] = byte ^ changes[j];
            run(data, bytes);
        }
        data[i] = byte;
    }
}

static void run_mutants(const uint8_t *data, size_t data_bytes)
{
    uint8_t *mutant = malloc(MUTANT_BYTES_MAX);
    size_t bytes = 0;

    if (mutant == NULL)
        abort();
    for (unsigned seed = 0; seed < MUTATIONS; seed++) {
        if (seed % MUTATIONS_IN_A_ROW == 0) {
            bytes = data_bytes;
            memcpy(mutant, data, bytes);
        }
        bytes = LLVMFuzzerCustomMutator(mutant, bytes, MUTANT_BYTES_MAX, seed);
        run(mutant, bytes);
    }
    free(mutant);
}

static void run_file(const char *path)
{
    FILE *file = fopen(path, "rb");
    uint8_t *data = NULL;
    size_t bytes = 0;
    size_t capacity = 0;

    if (file == NULL) {
        perror(path);
        exit(1);
    }
    for (;;) {
        if (bytes == capacity) {
            capacity = capacity * 2 + 4096;
            data = realloc(data, capacity);
            if (data == NULL)
                abort();
        }
        const size_t got = fread(data + bytes, 1, capacity - bytes, file);
        if (got == 0)
            break;
        bytes += got;
    }
    (void)fclose(file);
    (void)printf("%s: %zu bytes\n", path, bytes);
    (void)fflush(stdout); /* A crash comes without further words. */
    run(data, bytes);
    if (bytes <= varied_bytes_max)
        run_variants(data, bytes);
    if (LLVMFuzzerCustomMutator != NULL && bytes <= MUTANT_BYTES_MAX)
        run_mutants(data, bytes);
    free(data);
}

static int run_directory(const char *path)
{
    DIR *directory = opendir(path);
    int count = 0;

    if (directory == NULL) {
        perror(path);
        exit(1);
    }
    for (;;) {
        char name[4096];
        const struct dirent *entry = readdir(directory);

        if (entry == NULL)
            break;
        if (entry->d_name[0] == '.')
            continue;
        (void)snprintf(name, sizeof name, "%s/%s", path, entry->d_name);
        run_file(name);
        count++;
    }
    (void)closedir(directory);
    return count;
}

int main(int argc, char **argv)
{
    int count = 0;

    for (int i = 1; i < argc; i++) {
        struct stat status;

        if (stat(argv[i], &status) == 0 && S_ISDIR(status.st_mode)) {
            count += run_directory(argv[i]);
        } else {
            run_file(argv[i]);
            count++;
        }
    }
    if (count == 0) {
        (void)fprintf(stderr, "no inputs: an empty corpus tests nothing\n");
        return 1;
    }
    (void)printf("%d inputs\n", count);
    return 0;
}
