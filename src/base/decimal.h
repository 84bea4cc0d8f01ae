/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Numbers with a fraction, printed the same wherever we run: printf() writes the decimal point of
 * the locale that our host program has set ("0,5" in German), and what we write is read by others.
 */

#ifndef BASE_DECIMAL_H
#define BASE_DECIMAL_H

/*
 * Puts a '.' where printf() put the locale's decimal point, which may have several bytes. `text`
 * begins with the number, as "%f", "%e" and "%g" without flags write it; a unit may follow.
 */
void rg_decimal_mend(char *text);

#endif
