/* SPDX-License-Identifier: GPL-3.0-or-later
 * Parameters are rows: the same row checks --set, prints `pleth list parameters`, makes the man page's table and is stored in the report.
 */
#ifndef DSP_PARAMS_H
#define DSP_PARAMS_H

#include <dsp/status.h>
#include <stddef.h>

typedef struct dsp_param_row {
  const char *id;      /**< full name: "apg.stand.plateau_window_s" */
  const char *unit;    /**< UCUM, "" for none */
  double value;        /**< default; for choices the index of the default */
  double min, max;     /**< inclusive; for choices 0 and count - 1 */
  const char *choices; /**< "mean90|fit" or NULL */
  const char *help;    /**< one sentence */
  const char *source;  /**< paper, standard, or "engineering choice" */
} dsp_param_row;

typedef struct dsp_param_table {
  const char *owner; /**< protocol, reader or simulator id */
  const dsp_param_row *rows;
  size_t n;
} dsp_param_table;

/** Effective values of several tables. */
typedef struct dsp_params dsp_params;

/** All tables' defaults. `tables` is NULL-terminated and must outlive the result. NULL when out of memory. */
DSP_API DSP_MUST_USE dsp_params *dsp_params_new(const dsp_param_table *const *tables);
DSP_API void dsp_params_free(dsp_params *params); /**< NULL is legal */

/** Values of one table, in the order of its rows. The table must be one that `params` was made from. */
DSP_API const double *dsp_params_values(const dsp_params *params, const dsp_param_table *table);

/** Set by name from text (C locale number, or a choice's word). DSP_BAD_OPTION with the nearest name or the allowed range otherwise. */
DSP_API DSP_MUST_USE dsp_status dsp_params_set(dsp_params *params, const char *name, const char *text, dsp_error *error);

/** Row i of all tables in order, with its value in *value and its owner in *owner (either may be NULL); NULL past the end. */
DSP_API const dsp_param_row *dsp_params_row(const dsp_params *params, size_t i, double *value, const char **owner);

/** The word for a choice's value, copied into `word` (cut to `size`); "" when the row has no choices. */
DSP_API void dsp_param_choice(const dsp_param_row *row, double value, char *word, size_t size);

#endif
