/* SPDX-License-Identifier: Apache-2.0 */

#include "base/utf8.h"

#include <stdbool.h>

size_t rg_utf8_read(const uint8_t *text, size_t bytes, uint32_t *ret_point)
{
    size_t length;
    uint32_t code;
    uint32_t code_min;

    if (bytes == 0)
        return 0;
    const uint8_t first = text[0];
    if (first < 0x80) {
        *ret_point = first;
        return 1;
    }
    if (first >= 0xc2 && first < 0xe0) {
        length = 2;
        code = first & 0x1f;
        code_min = 0x80;
    } else if (first >= 0xe0 && first < 0xf0) {
        length = 3;
        code = first & 0x0f;
        code_min = 0x800;
    } else if (first >= 0xf0 && first < 0xf5) {
        length = 4;
        code = first & 0x07;
        code_min = 0x10000;
    } else {
        return 0;
    }
    if (length > bytes)
        return 0;
    for (size_t i = 1; i < length; i++) {
        if ((text[i] & 0xc0) != 0x80)
            return 0;
        code = code << 6 | (text[i] & 0x3f);
    }
    const bool is_surrogate = code >= 0xd800 && code < 0xe000;
    if (code < code_min || code > 0x10ffff || is_surrogate)
        return 0;
    *ret_point = code;
    return length;
}

size_t rg_utf8_sequence_bytes(const uint8_t *text, size_t bytes)
{
    uint32_t point;

    return rg_utf8_read(text, bytes, &point);
}

uint32_t rg_utf8_width(uint32_t point)
{
    /* By blocks of the Unicode Standard, whose characters are W or F in Annex 11 but for a few. */
    static const struct {
        uint32_t first, last;
    } wide[] = {
        {0x1100, 0x115f},   /* Hangul Jamo, leading. */
        {0x2e80, 0x303e},   /* CJK radicals, punctuation. */
        {0x3041, 0xa4cf},   /* Kana, ideographs, Yi. */
        {0xa960, 0xa97f},   /* Hangul Jamo Extended-A. */
        {0xac00, 0xd7a3},   /* Hangul. */
        {0xf900, 0xfaff},   /* CJK Compatibility Ideographs. */
        {0xfe30, 0xfe6f},   /* CJK Compatibility Forms, Small Form Variants. */
        {0xff01, 0xff60},   /* Fullwidth forms. */
        {0xffe0, 0xffe6},   /* The same. */
        {0x1f300, 0x1f64f}, /* Pictographs, emoticons. */
        {0x1f900, 0x1f9ff}, /* More of them. */
        {0x20000, 0x3fffd}, /* Ideographs of planes 2 and 3. */
    };

    for (size_t i = 0; i < sizeof wide / sizeof wide[0]; i++) {
        if (point >= wide[i].first && point <= wide[i].last)
            return 2;
    }
    return 1;
}

uint32_t rg_utf8_cells(const uint8_t *text, size_t bytes, size_t *ret_bytes)
{
    uint32_t point;

    *ret_bytes = rg_utf8_read(text, bytes, &point);
    if (*ret_bytes > 0)
        return rg_utf8_width(point);
    *ret_bytes = 1;
    return (text[0] & 0xc0) != 0x80;
}

size_t rg_utf8_write(uint32_t point, uint8_t *out)
{
    if (point < 0x80) {
        out[0] = (uint8_t)point;
        return 1;
    }
    if (point < 0x800) {
        out[0] = (uint8_t)(0xc0 | point >> 6);
        out[1] = (uint8_t)(0x80 | (point & 0x3f));
        return 2;
    }
    if (point < 0x10000) {
        out[0] = (uint8_t)(0xe0 | point >> 12);
        out[1] = (uint8_t)(0x80 | (point >> 6 & 0x3f));
        out[2] = (uint8_t)(0x80 | (point & 0x3f));
        return 3;
    }
    out[0] = (uint8_t)(0xf0 | point >> 18);
    out[1] = (uint8_t)(0x80 | (point >> 12 & 0x3f));
    out[2] = (uint8_t)(0x80 | (point >> 6 & 0x3f));
    out[3] = (uint8_t)(0x80 | (point & 0x3f));
    return 4;
}
