/* SPDX-License-Identifier: GPL-3.0-or-later
 * The table of simulators. */
#include <dsp/phantom.h>
#include <phantom/apg_outflow.h>
#include <phantom/apg_stand.h>
#include <phantom/compliance.h>
#include <phantom/duplex_reflux.h>
#include <phantom/inflow.h>
#include <phantom/ppg_refill.h>
#include <phantom/pump.h>
#include <phantom/pvr.h>
#include <phantom/sgp_occlusion.h>
#include <phantom/tilt.h>
#include <phantom/volume_trend.h>
#include <string.h>

/* One a line, so that rows of several hands do not meet. */
/* clang-format off */
const dsp_phantom *const dsp_phantoms[] = {
    &dsp_phantom_apg_outflow,
    &dsp_phantom_apg_stand,
    &dsp_phantom_apg_tilt,
    &dsp_phantom_duplex_reflux,
    &dsp_phantom_ppg_refill,
    &dsp_phantom_pvr,
    &dsp_phantom_sgp_compliance,
    &dsp_phantom_sgp_filtration,
    &dsp_phantom_sgp_hyperaemia,
    &dsp_phantom_sgp_inflow,
    &dsp_phantom_sgp_occlusion,
    &dsp_phantom_sgp_refill,
    &dsp_phantom_sgp_stand,
    &dsp_phantom_volume_trend,
    NULL,
};
/* clang-format on */

const dsp_phantom *dsp_phantom_find(const char *id) {
  for (const dsp_phantom *const *row = dsp_phantoms; *row; row++)
    if (strcmp((*row)->id, id) == 0) return *row;
  return NULL;
}
