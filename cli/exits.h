/* SPDX-License-Identifier: GPL-3.0-or-later
 * Exit statuses: few, documented, the same for every verb. */
#ifndef CLI_EXITS_H
#define CLI_EXITS_H

enum {
  EXIT_DONE = 0,   /**< done; flagged and null values included, unless --strict */
  EXIT_PART = 1,   /**< some inputs failed, others did not; an invalid measure with --strict; a departure from a schema */
  EXIT_USAGE = 2,  /**< the command line is wrong; nothing was done */
  EXIT_NONE = 3,   /**< none of the inputs could be used */
  EXIT_OUTPUT = 4, /**< the output cannot be written */
  EXIT_RETRY = 75  /**< out of memory or processes: try again later */
};

#endif
