/* SPDX-License-Identifier: Apache-2.0 */

#include "store/s3/digest.h"

#include <string.h>

#include "support/test.h"

TEST(sha256_of_segments_is_that_of_their_joint)
{
    static const struct rg_segment pieces[] = {
        {(const uint8_t *)"a", 1}, {NULL, 0}, {(const uint8_t *)"bc", 2}};
    uint8_t digest[RG_SHA256_BYTES];
    char hex[RG_SHA256_HEX_BYTES];

    /* FIPS 180-2, appendix B.1. */
    rg_sha256_segments(pieces, 3, digest);
    rg_sha256_hex(digest, hex);
    CHECK_TEXT(hex, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    rg_sha256((struct rg_span){NULL, 0}, digest);
    rg_sha256_hex(digest, hex);
    CHECK_TEXT(hex, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
}

TEST(hmac_is_that_of_rfc_4231)
{
    uint8_t digest[RG_SHA256_BYTES];
    char hex[RG_SHA256_HEX_BYTES];

    rg_hmac_sha256(rg_span_of("Jefe"), rg_span_of("what do ya want for nothing?"), digest);
    rg_sha256_hex(digest, hex);
    CHECK_TEXT(hex, "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
}

TEST(crc32c_is_that_of_rfc_3720)
{
    static uint8_t bytes[32];
    char text[9];

    CHECK_U64(rg_crc32c(0, rg_span_of("123456789")), 0xe3069283);
    CHECK_U64(rg_crc32c(0, SPAN(bytes)), 0x8a9136aa);
    memset(bytes, 0xff, sizeof bytes);
    CHECK_U64(rg_crc32c(0, SPAN(bytes)), 0x62a8ab43);
    for (size_t i = 0; i < sizeof bytes; i++)
        bytes[i] = (uint8_t)i;
    CHECK_U64(rg_crc32c(0, SPAN(bytes)), 0x46dd794e);
    CHECK_U64(rg_crc32c(rg_crc32c(0, (struct rg_span){bytes, 11}),
                        (struct rg_span){bytes + 11, sizeof bytes - 11}),
              0x46dd794e);
    rg_crc32c_base64(0x46dd794e, text);
    CHECK_TEXT(text, "Rt15Tg==");
}

int main(int argc, char **argv)
{
    static const struct test_case cases[] = {
        {"sha256_of_segments_is_that_of_their_joint", sha256_of_segments_is_that_of_their_joint},
        {"hmac_is_that_of_rfc_4231", hmac_is_that_of_rfc_4231},
        {"crc32c_is_that_of_rfc_3720", crc32c_is_that_of_rfc_3720},
    };

    return test_main("store/digest", cases, sizeof cases / sizeof cases[0], argc, argv);
}
