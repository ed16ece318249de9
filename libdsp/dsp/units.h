/* SPDX-License-Identifier: GPL-3.0-or-later
 * Units in UCUM, from the spellings that devices write. Conversions inside one dimension only; nothing is guessed. */
#ifndef DSP_UNITS_H
#define DSP_UNITS_H

#include <dsp/status.h>
#include <stdbool.h>
#include <stddef.h>

/** Physical dimension of a unit. */
typedef enum dsp_dimension {
  DSP_DIM_NUMBER,      /**< "1", "%", counts that carry no physical unit: "{count}" */
  DSP_DIM_VOLUME,      /**< base mL */
  DSP_DIM_STRAIN,      /**< volume per volume, base mL/100mL */
  DSP_DIM_PRESSURE,    /**< base mm[Hg] */
  DSP_DIM_TIME,        /**< base s */
  DSP_DIM_LENGTH,      /**< base cm */
  DSP_DIM_VELOCITY,    /**< base cm/s */
  DSP_DIM_FREQUENCY,   /**< base Hz */
  DSP_DIM_VOLTAGE,     /**< base V */
  DSP_DIM_FLOW,        /**< base mL/s */
  DSP_DIM_ANGLE,       /**< base deg */
  DSP_DIM_TEMPERATURE, /**< base Cel */
  DSP_DIM_ARBITRARY    /**< perfusion units, arbitrary units */
} dsp_dimension;

/** One row of the unit table. value_in_base = value * factor + offset. */
typedef struct dsp_unit {
  const char *ucum; /**< UCUM code, case sensitive: "mL", "mm[Hg]", "mL/(100.mL)"; what reports carry */
  dsp_dimension dimension;
  double factor;
  double offset; /**< non-zero for temperatures only */
} dsp_unit;

/** The unit that `text` (`length` bytes, UTF-8, blanks around it ignored) spells, or NULL. Accepts UCUM and the common spellings
 * ("ml", "cc", "mmHg", "µV", "ml/100ml", "%", "sec"); "L" and "l" are litres, "ML" is refused. */
DSP_API const dsp_unit *dsp_unit_find(const char *text, size_t length);

/** Factor and offset that take a value in `from` to `to`. False when their dimensions differ. */
DSP_API bool dsp_unit_convert(const dsp_unit *from, const dsp_unit *to, double *factor, double *offset);

#endif
