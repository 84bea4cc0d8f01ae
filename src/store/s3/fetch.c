/* SPDX-License-Identifier: Apache-2.0 */

#include "store/s3/fetch.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "store/s3/libcurl.h"

static const uint64_t ms = 1000000;

static size_t take_body(char *data, size_t size, size_t count, void *user)
{
    struct rg_buffer *out = user;

    rg_buffer_append(out, data, size * count);
    return out->failed ? 0 : size * count;
}

static CURLcode run(const struct rg_fetch *fetch, CURL *easy, struct curl_slist *headers,
                    struct rg_buffer *out)
{
    const struct rg_libcurl *curl = rg_libcurl();
    (void)curl->easy_setopt(easy, CURLOPT_URL, fetch->url);
    (void)curl->easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
    (void)curl->easy_setopt(easy, CURLOPT_CUSTOMREQUEST, fetch->method);
    (void)curl->easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
    (void)curl->easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 0L);
    (void)curl->easy_setopt(easy, CURLOPT_TIMEOUT_MS, (long)fetch->timeout_ms);
    (void)curl->easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, (long)fetch->timeout_ms);
    (void)curl->easy_setopt(easy, CURLOPT_HTTPHEADER, headers);
    (void)curl->easy_setopt(easy, CURLOPT_USERAGENT, "regroup");
    (void)curl->easy_setopt(easy, CURLOPT_WRITEFUNCTION, take_body);
    (void)curl->easy_setopt(easy, CURLOPT_WRITEDATA, out);
    if (fetch->skips_proxy)
        (void)curl->easy_setopt(easy, CURLOPT_NOPROXY, "*");
    if (fetch->ca_file != NULL)
        (void)curl->easy_setopt(easy, CURLOPT_CAINFO, fetch->ca_file);
    if (fetch->body != NULL) {
        (void)curl->easy_setopt(easy, CURLOPT_POSTFIELDS, fetch->body);
        (void)curl->easy_setopt(easy, CURLOPT_POSTFIELDSIZE, (long)strlen(fetch->body));
    } else if (strcmp(fetch->method, "PUT") == 0) {
        (void)curl->easy_setopt(easy, CURLOPT_UPLOAD, 1L);
        (void)curl->easy_setopt(easy, CURLOPT_INFILESIZE, 0L);
    }
    return curl->easy_perform(easy);
}

enum rg_status rg_fetch_run(const struct rg_fetch *fetch, struct rg_buffer *out,
                            uint32_t *ret_status, struct rg_error *err)
{
    const struct rg_libcurl *curl = rg_libcurl();
    struct curl_slist *headers = NULL;
    long http_status = 0;

    RG_TRY(rg_libcurl_load(err));
    CURL *easy = curl->easy_init();
    bool has_memory = easy != NULL;

    for (uint32_t i = 0; i < fetch->header_count && has_memory; i++) {
        struct curl_slist *longer = curl->slist_append(headers, fetch->headers[i]);

        has_memory = longer != NULL;
        headers = has_memory ? longer : headers;
    }
    enum rg_status status = RG_OK;
    if (!has_memory) {
        status = rg_fail(err, RG_ERR_NOMEM, "no memory for a request");
    } else {
        const CURLcode code = run(fetch, easy, headers, out);

        (void)curl->easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &http_status);
        if (out->failed)
            status = rg_buffer_check(out, "an answer", err);
        else if (code != CURLE_OK && rg_libcurl_proxy_refusal(easy) != 0)
            status = rg_fail(err, RG_ERR_AGAIN, "the proxy answered %ld to CONNECT",
                             rg_libcurl_proxy_refusal(easy));
        else if (code != CURLE_OK)
            status = rg_fail(err, RG_ERR_AGAIN, "%s", curl->easy_strerror(code));
    }
    curl->slist_free_all(headers);
    if (easy != NULL)
        curl->easy_cleanup(easy);
    *ret_status = (uint32_t)http_status;
    return status;
}

/* Reads until the other end closes; false when time is up or the buffer is full. */
static bool read_all(int fd, uint64_t until_ns, struct rg_buffer *out)
{
    uint8_t piece[4096];

    for (;;) {
        const uint64_t now_ns = rg_clock_monotonic_ns();
        struct pollfd wait = {.fd = fd, .events = POLLIN};

        if (now_ns >= until_ns || out->failed)
            return false;
        const int ready = poll(&wait, 1, (int)((until_ns - now_ns) / ms) + 1);
        if (ready < 0 && errno != EINTR)
            return false;
        if (ready <= 0)
            continue;
        const ssize_t got = read(fd, piece, sizeof piece);
        if (got == 0)
            return true;
        if (got < 0 && errno != EINTR)
            return false;
        if (got > 0)
            rg_buffer_append(out, piece, (size_t)got);
    }
}

/* Starts the shell in a group of its own, so that all that it starts can be ended. */
static int start(const char *command, int write_end, pid_t *ret_child)
{
    char *const arguments[] = {(char *)(uintptr_t) "sh", (char *)(uintptr_t) "-c",
                               (char *)(uintptr_t)command, NULL};
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
    sigset_t none;

    (void)sigemptyset(&none);
    (void)posix_spawn_file_actions_init(&actions);
    (void)posix_spawn_file_actions_adddup2(&actions, write_end, STDOUT_FILENO);
    (void)posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    (void)posix_spawnattr_init(&attributes);
    (void)posix_spawnattr_setsigmask(&attributes, &none);
    (void)posix_spawnattr_setpgroup(&attributes, 0);
    (void)posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETPGROUP);
    const int failed = posix_spawn(ret_child, "/bin/sh", &actions, &attributes, arguments, environ);
    (void)posix_spawnattr_destroy(&attributes);
    (void)posix_spawn_file_actions_destroy(&actions);
    return failed;
}

enum rg_status rg_fetch_program(const char *command, uint64_t timeout_ms, struct rg_buffer *out,
                                struct rg_error *err)
{
    const uint64_t until_ns = rg_clock_monotonic_ns() + timeout_ms * ms;
    int ends[2];
    int how = 0;
    pid_t child;

    if (pipe2(ends, O_CLOEXEC) != 0)
        return rg_fail(err, RG_ERR_IO, "no pipe: %s", strerror(errno));
    const int failed = start(command, ends[1], &child);
    (void)close(ends[1]);
    if (failed != 0) {
        (void)close(ends[0]);
        return rg_fail(err, RG_ERR_IO, "/bin/sh: %s", strerror(failed));
    }
    const bool is_whole = read_all(ends[0], until_ns, out);
    (void)close(ends[0]);
    if (!is_whole)
        (void)kill(-child, SIGKILL);
    while (waitpid(child, &how, 0) < 0 && errno == EINTR)
        continue;
    RG_TRY(rg_buffer_check(out, "what it wrote", err));
    if (!is_whole)
        return rg_fail(err, RG_ERR_DENIED, "it did not end within %llu ms",
                       (unsigned long long)timeout_ms);
    if (!WIFEXITED(how) || WEXITSTATUS(how) != 0)
        return rg_fail(err, RG_ERR_DENIED, "it failed with status %d",
                       WIFEXITED(how) ? WEXITSTATUS(how) : -WTERMSIG(how));
    return RG_OK;
}
