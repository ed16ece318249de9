/* SPDX-License-Identifier: GPL-3.0-or-later
 * How many cases of a table a test takes: all of them, or a few where PLETH_QUICK is set, as valgrind's run and the sanitizers' set it:
 * there each case takes some 40 or 8 times as long, and the same lines run in each. */
#ifndef SUPPORT_CASES_H
#define SUPPORT_CASES_H

#include <stdlib.h>

static inline int cases(int all, int few) {
  return getenv("PLETH_QUICK") && few < all ? few : all;
}

#endif
