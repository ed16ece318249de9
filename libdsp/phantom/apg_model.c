/* SPDX-License-Identifier: GPL-3.0-or-later
 * Two lumped compartments (deep, inside the muscle; superficial) with P(V) = -P0 ln(1 - V/Vm), outflow that collapses as a compartment
 * empties, valves as resistances that open towards the foot, perforators from superficial to deep, and a muscle pressure that squeezes the
 * deep compartment. Classical Runge-Kutta, 2 ms, after 120 s of settling by forward Euler. */
#include <math.h>
#include <phantom/apg_model.h>

static const double pi = 3.14159265358979323846;
static const double settle_s = 120;

/* In the order of the struct: vvt_ml deep ph p0 pe pa ra rej rdr rrd rrs rp pm vc as hyperaemia. */
const dsp_apg_phenotype dsp_apg_phenotypes[DSP_APG_PHENOTYPES] = {
    {"healthy", {120, 0.75, 70, 35, -15, 95, 130, 0.55, 1.2, 1e9, 1e9, 14, 250, 10, 0.25, 1}},
    {"high_inflow", {120, 0.75, 70, 35, -15, 95, 60, 0.55, 1.2, 1e9, 1e9, 14, 250, 10, 0.25, 1}},
    {"mild_superficial", {150, 0.65, 70, 35, -15, 95, 130, 0.55, 1.2, 1e9, 25, 12, 250, 10, 0.25, 1}},
    {"marked_superficial", {200, 0.5, 70, 35, -15, 95, 130, 0.55, 1.2, 1e9, 8, 8, 250, 10, 0.25, 1}},
    {"deep_reflux", {180, 0.65, 70, 35, -15, 95, 130, 0.55, 1.2, 7, 12, 14, 170, 10, 0.25, 1}},
    {"severe_deep", {170, 0.65, 70, 35, -15, 95, 130, 0.55, 1.2, 3, 6, 14, 150, 10, 0.25, 1}},
    {"weak_pump", {120, 0.75, 70, 35, -15, 95, 130, 0.55, 1.2, 1e9, 1e9, 20, 85, 10, 0.25, 1}},
    {"obstruction", {100, 0.75, 70, 35, -15, 95, 130, 1.8, 6, 1e9, 1e9, 14, 250, 10, 0.25, 1}},
    {"obstruction_deep", {120, 0.65, 70, 35, -15, 95, 130, 1.8, 5, 8, 14, 14, 170, 10, 0.25, 1}},
    {"healthy_stocking", {100, 0.75, 70, 35, -15, 95, 130, 0.5, 1.2, 1e9, 1e9, 14, 250, 10, 0.25, 1}},
};

typedef struct drive {
  double upright; /* 0 .. 1 */
  double muscle;  /* mmHg */
  double inflow;  /* factor */
} drive;

typedef struct volumes {
  double deep, superficial;
} volumes;

static double vein_pressure(double v, double vm, double p0) {
  return -p0 * log(1 - fmin(fmax(v, 0), 0.9999 * vm) / vm);
}

/* Outflow stops as a compartment empties. */
static double open_share(double v, double vc) {
  double filled = fmax(v, 0);
  return filled / (filled + vc);
}

/* `full` is Vm of both compartments together. */
static volumes flow(const dsp_apg_model *leg, double full, volumes v, drive now) {
  double pd = vein_pressure(v.deep, full * leg->deep, leg->p0) + now.muscle;
  double ps = vein_pressure(v.superficial, full * (1 - leg->deep), leg->p0);
  double proximal = leg->ph * now.upright + leg->pe * (1 - now.upright), arterial = leg->pa + proximal;
  double ro = now.upright > 0.5 ? leg->rej : leg->rdr;
  double in_deep = (1 - leg->as) * now.inflow * fmax(0, (arterial - pd) / leg->ra);
  double in_superficial = leg->as * now.inflow * fmax(0, (arterial - ps) / leg->ra);
  double out_deep = open_share(v.deep, leg->vc) * fmax(0, (pd - proximal) / ro);
  double out_superficial = open_share(v.superficial, 0.4 * leg->vc) * fmax(0, (ps - proximal) / (2.5 * leg->rdr));
  double reflux_deep = fmax(0, (proximal - pd) / leg->rrd), reflux_superficial = fmax(0, (proximal - ps) / leg->rrs);
  double perforators = open_share(v.superficial, 0.4 * leg->vc) * fmax(0, (ps - pd) / leg->rp);
  return (volumes){in_deep + reflux_deep - out_deep + perforators, in_superficial + reflux_superficial - out_superficial - perforators};
}

static drive drive_at(const dsp_apg_plan *plan, const dsp_apg_model *leg, double t_s, size_t *next) {
  drive now = {dsp_apg_upright(plan, t_s), 0, plan->n > 0 && t_s >= plan->series_end_s ? leg->hyperaemia : 1};
  while (*next < plan->n && t_s >= plan->start_s[*next]) (*next)++;
  if (*next > 0) {
    double x = (t_s - plan->start_s[*next - 1]) / plan->contraction_s;
    double wave = sin(pi * x);
    if (x < 1) now.muscle = leg->pm * plan->strength[*next - 1] * wave * wave;
  }
  return now;
}

static volumes add(volumes a, double h, volumes b) {
  return (volumes){a.deep + h * b.deep, a.superficial + h * b.superficial};
}

double dsp_apg_model_capacity(const dsp_apg_model *leg) {
  return leg->vvt_ml / (1 - exp(-leg->ph / leg->p0));
}

void dsp_apg_model_run(double *v, size_t n, const dsp_apg_plan *plan, const dsp_apg_model *leg) {
  const double h = DSP_APG_STEP_S, full = dsp_apg_model_capacity(leg);
  volumes at = {1, 0.5};
  for (size_t i = 0; i < dsp_apg_index(settle_s); i++) at = add(at, h, flow(leg, full, at, (drive){0, 0, 1}));
  size_t next = 0;
  drive now = drive_at(plan, leg, 0, &next);
  for (size_t i = 0; i < n; i++) {
    v[i] = at.deep + at.superficial;
    drive middle = drive_at(plan, leg, ((double)i + 0.5) * h, &next), end = drive_at(plan, leg, (double)(i + 1) * h, &next);
    volumes k1 = flow(leg, full, at, now), k2 = flow(leg, full, add(at, h / 2, k1), middle);
    volumes k3 = flow(leg, full, add(at, h / 2, k2), middle), k4 = flow(leg, full, add(at, h, k3), end);
    at.deep += h / 6 * (k1.deep + 2 * k2.deep + 2 * k3.deep + k4.deep);
    at.superficial += h / 6 * (k1.superficial + 2 * k2.superficial + 2 * k3.superficial + k4.superficial);
    now = end;
  }
}
