/* SPDX-License-Identifier: Apache-2.0 */

/* Text from outside need not be UTF-8. */

#ifndef BASE_UTF8_H
#define BASE_UTF8_H

#include <stddef.h>
#include <stdint.h>

/* Length of the sequence at `text`, or 0 where it is none (overlong and surrogates included). */
size_t rg_utf8_sequence_bytes(const uint8_t *text, size_t bytes);

#endif
