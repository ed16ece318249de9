/* SPDX-License-Identifier: GPL-3.0-or-later
 * Did the call work, and why not: the first two of the four answers (the others: a recording's warnings, a measure's flags). */
#ifndef DSP_STATUS_H
#define DSP_STATUS_H

#if defined(__GNUC__)
#define DSP_MUST_USE                __attribute__((warn_unused_result))
#define DSP_PRINTF(fmt_at, args_at) __attribute__((format(printf, fmt_at, args_at)))
#define DSP_API                     __attribute__((visibility("default")))
#else
#define DSP_MUST_USE
#define DSP_PRINTF(fmt_at, args_at)
#define DSP_API
#endif

/** Outcome of a call. A caller's mistake is an assert, never one of these. */
typedef enum dsp_status {
  DSP_OK = 0,         /**< Done */
  DSP_NO_MEMORY,      /**< An allocation failed; nothing was changed */
  DSP_BAD_INPUT,      /**< The data are not what they claim or what is needed */
  DSP_BAD_OPTION,     /**< A parameter, name or value that the user gave is wrong */
  DSP_NOT_APPLICABLE, /**< The method needs something that the recording does not have */
  DSP_LIMIT,          /**< A documented cap was exceeded */
  DSP_IO_ERROR,       /**< The system refused to read or write */
  DSP_NO_SOLUTION     /**< A fit or search found no answer */
} dsp_status;

/** Why a call failed, for people. One line: "place: found; expected". Fields are UTF-8, NUL-terminated, cut to fit. */
typedef struct dsp_error {
  dsp_status status;
  char place[160];    /**< "line 12, column 3", "$.channels[0].unit", "byte 96", or "" */
  char found[320];    /**< What was found */
  char expected[320]; /**< What was expected, or "" */
} dsp_error;

/** Fill `error` (may be NULL) and return `status`, so that a function can `return dsp_fail(...)`.
 * Never overwrites a deeper message: if error->status is already set it stays. `found` is a printf format. */
DSP_API dsp_status dsp_fail(dsp_error *error, dsp_status status, const char *place, const char *expected, const char *found, ...)
    DSP_PRINTF(5, 6);

/** Fill *error, unless NULL, as for want of memory. */
DSP_API void dsp_error_memory(dsp_error *error);

/** Shorthand for DSP_NO_MEMORY with its standard text; in line, so that compilers and analysers know that it never is DSP_OK. */
static inline dsp_status dsp_fail_memory(dsp_error *error) {
  dsp_error_memory(error);
  return DSP_NO_MEMORY;
}

/** A short phrase for a status, lower case, no full stop. */
DSP_API const char *dsp_status_text(dsp_status status);

#endif
