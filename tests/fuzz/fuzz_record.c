/* SPDX-License-Identifier: Apache-2.0 */

/*
 * A document of the ledger. What is accepted has only names that stay in their directory, and
 * outputs that this home minted.
 */

#include <string.h>

#include "fuzz/fuzz.h"
#include "journal/document.h"

/* Its id makes the names in the corpus valid. */
static const struct rg_home home = {.id = {"0123456789abcdef0123456789abcdef"}};

static void check_component(const char *name)
{
    FUZZ_CHECK(name[0] != '\0' && strchr(name, '/') == NULL);
    FUZZ_CHECK(strcmp(name, ".") != 0 && strcmp(name, "..") != 0);
}

static enum rg_status visit_head(void *user, const struct rg_batch *head, struct rg_error *err)
{
    (void)user;
    (void)err;
    FUZZ_CHECK(head->number == 3 && head->options != NULL && head->content != NULL);
    return RG_OK;
}

static enum rg_status visit_input(void *user, const struct rg_batch_input *input,
                                  struct rg_error *err)
{
    (void)user;
    (void)err;
    check_component(input->name);
    FUZZ_CHECK(input->id.tag != NULL && input->rows <= INT64_MAX);
    return RG_OK;
}

static enum rg_status visit_name(void *user, const char *name, struct rg_error *err)
{
    struct rg_minted minted;

    (void)user;
    (void)err;
    FUZZ_CHECK(rg_minted_parse(name, &minted));
    return RG_OK;
}

static enum rg_status visit_output(void *user, const struct rg_batch_output *output,
                                   struct rg_error *err)
{
    struct rg_minted minted;

    (void)user;
    (void)err;
    FUZZ_CHECK(rg_minted_parse(output->name, &minted));
    FUZZ_CHECK(rg_minted_is_of(&minted, &home.id, "p=1/") && minted.number <= 3);
    return RG_OK;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes)
{
    static const struct rg_document_visitor visitor = {
        .head = visit_head,
        .input = visit_input,
        .taken = visit_name,
        .retired = visit_name,
        .output = visit_output,
    };
    static const enum rg_document kinds[] = {RG_DOCUMENT_RECORD, RG_DOCUMENT_INTENT,
                                             RG_DOCUMENT_SNAPSHOT};
    const struct rg_span span = {data, bytes};
    struct rg_document_reader reader;
    struct rg_error err;

    rg_document_reader_init(&reader, &home, "p=1/", &rg_allocator_system);
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        const enum rg_status status =
            rg_document_parse(&reader, "doc", span, kinds[i], 3, &visitor, &err);

        FUZZ_CHECK(status == RG_OK || status == RG_ERR_CORRUPT || status == RG_ERR_UNSUPPORTED ||
                   status == RG_ERR_NOMEM);
    }
    rg_document_reader_fini(&reader);
    return 0;
}
