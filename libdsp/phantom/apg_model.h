/* SPDX-License-Identifier: GPL-3.0-or-later
 * The two-compartment leg. Internal. */
#ifndef DSP_PHANTOM_APG_MODEL_H
#define DSP_PHANTOM_APG_MODEL_H

#include <phantom/apg_plan.h>

/** Pressures in mmHg, volumes in mL, resistances in mmHg s/mL. All members are doubles: the parameter rows mirror them in this order. */
typedef struct dsp_apg_model {
  double vvt_ml;     /**< venous volume of the standing leg */
  double deep;       /**< share of it in the deep compartment */
  double ph;         /**< hydrostatic column of standing */
  double p0;         /**< of the vein's pressure-volume law */
  double pe;         /**< proximal pressure when lying with the leg raised */
  double pa;         /**< arterial, heart level */
  double ra;         /**< arteriolar resistance */
  double rej, rdr;   /**< outflow when standing (ejection) and lying (drainage) */
  double rrd, rrs;   /**< reflux into deep and superficial veins; 1e9 = competent */
  double rp;         /**< perforators */
  double pm;         /**< muscle pressure of a contraction */
  double vc;         /**< collapse volume */
  double as;         /**< share of the inflow that goes to the superficial compartment */
  double hyperaemia; /**< inflow after the series is this many times as large */
} dsp_apg_model;

typedef struct dsp_apg_phenotype {
  const char *name;
  dsp_apg_model leg;
} dsp_apg_phenotype;

#define DSP_APG_PHENOTYPES 10
/** In the order of the words of the parameter `phenotype`. */
extern const dsp_apg_phenotype dsp_apg_phenotypes[DSP_APG_PHENOTYPES];

/** Volume that both compartments together can never exceed. */
double dsp_apg_model_capacity(const dsp_apg_model *leg);

/** Volume of both compartments at every step of the plan (n = dsp_apg_steps). */
void dsp_apg_model_run(double *v, size_t n, const dsp_apg_plan *plan, const dsp_apg_model *leg);

#endif
