/* SPDX-License-Identifier: Apache-2.0 */

#include "store/s3/libcurl.h"

#include <dlfcn.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

/* The name of the interface that <curl/curl.h> describes, unchanged since 7.16.0 (libcurl's ABI).
 */
static const char library_name[] = "libcurl.so.4";

/* Written once, under `once`; constant from then on. */
static pthread_once_t once = PTHREAD_ONCE_INIT;
static struct rg_libcurl functions;
static bool is_loaded;
static char problem[256];

static bool find(void *library, const char *name, void *ret_function)
{
    void *symbol = dlsym(library, name);

    if (symbol == NULL) {
        (void)snprintf(problem, sizeof problem, "%s has no %s: it is too old", library_name, name);
        return false;
    }
    /* POSIX lets a pointer to a function be told by dlsym(); ISO C has no cast for it. */
    memcpy(ret_function, &symbol, sizeof symbol);
    return true;
}

static void load(void)
{
    void *library = dlopen(library_name, RTLD_NOW | RTLD_LOCAL);

    if (library == NULL) {
        const char *reason = dlerror();

        (void)snprintf(problem, sizeof problem, "libcurl is needed for S3: %s",
                       reason != NULL ? reason : library_name);
        return;
    }
#define FIND(name) &&find(library, "curl_" #name, &functions.name)
    is_loaded = true RG_LIBCURL_FUNCTIONS(FIND);
#undef FIND
    if (is_loaded && functions.global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK) {
        is_loaded = false;
        (void)snprintf(problem, sizeof problem, "libcurl cannot be set up");
    }
}

enum rg_status rg_libcurl_load(struct rg_error *err)
{
    (void)pthread_once(&once, load);
    return is_loaded ? RG_OK : rg_fail(err, RG_ERR_ABSENT, "%s", problem);
}

const struct rg_libcurl *rg_libcurl(void)
{
    return &functions;
}

long rg_libcurl_proxy_refusal(CURL *easy)
{
    long status = 0;

    (void)functions.easy_getinfo(easy, CURLINFO_HTTP_CONNECTCODE, &status);
    return status >= 300 ? status : 0;
}
