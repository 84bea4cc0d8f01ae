/* SPDX-License-Identifier: Apache-2.0 */

#include "api/regroup.h"

#include <string.h>

#include "api/version.h"
#include "base/allocator.h"
#include "base/buffer.h"
#include "parquet/codec.h"
#include "store/s3.h"

static const size_t text_bytes_max = 4096;

const char *rg_version(void)
{
    return RG_VERSION;
}

/* What the processor has of the instructions that the libraries and our kernels choose among. */
static const char *simd_level(void)
{
#if defined(__x86_64__)
    if (__builtin_cpu_supports("avx512bw"))
        return "avx512";
    if (__builtin_cpu_supports("avx2"))
        return "avx2";
    if (__builtin_cpu_supports("sse4.2"))
        return "sse4.2";
    return "sse2";
#elif defined(__aarch64__)
    return "neon";
#else
    return "none";
#endif
}

/* "libcurl/7.88.1 OpenSSL/3.0.22" of the long line that libcurl has; the rest is of no use to S3.
 */
static int s3_version_length(const char *version)
{
    const char *blank = strchr(version, ' ');
    const char *second = blank != NULL ? strchr(blank + 1, ' ') : NULL;

    return second != NULL ? (int)(second - version) : (int)strlen(version);
}

size_t rg_version_describe(char *text, size_t bytes)
{
    char codecs[RG_CODEC_VERSIONS_BYTES];
    struct rg_buffer out;
    const char *s3 = rg_s3_version();
    size_t length = 0;

    rg_buffer_init(&out, &rg_allocator_system, text_bytes_max);
    rg_codec_versions(codecs);
    rg_buffer_printf(&out, "regroup %s (commit %s)\ncodecs: %s\ns3: %.*s\nsimd: %s\n", RG_VERSION,
                     RG_COMMIT, codecs, s3_version_length(s3), s3, simd_level());
    if (!out.failed && bytes > 0) {
        length = out.bytes < bytes - 1 ? out.bytes : bytes - 1;
        memcpy(text, out.data, length);
    }
    if (bytes > 0)
        text[length] = 0;
    rg_buffer_fini(&out);
    return length;
}
