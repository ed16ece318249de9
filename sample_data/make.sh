#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# Makes every recording of this folder again, bit for bit.
#   PLETH=build/cli/pleth sample_data/make.sh [FOLDER [NAME]]     (FOLDER: this one; NAME: all)
# sh -x shows the commands in full.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
pleth=${PLETH:-$here/../build/cli/pleth}
out=${1:-$here}
only=${2:-}

# leg NAME SEED [option...] -- [parameter=value...]
leg() {
  name=$1 seed=$2
  if [ -n "$only" ] && [ "$only" != "$name" ]; then return; fi
  shift 2
  options=
  while [ "$1" != -- ]; do
    options="$options $1"
    shift
  done
  shift
  for setting in $schedule $disturbances "$@"; do
    options="$options --set sim.apg.stand.$setting"
  done
  # every option is one word
  # shellcheck disable=SC2086
  "$pleth" simulate apg.stand -q -o "$out/$name.csv" --truth "$out/$name.truth.json" --seed "$seed" $options
}

schedule="supine_s=60 stand_s=240 rest_s=150 refill_s=150 lie_s=85 step_jitter_s=0.03 step_variation=0.04 contraction_s=0.55"
disturbances="nuisance=custom pulse_ml=0.6 breath_ml=1.2 vasomotion_ml=0.8 white_ml=0.12 pink_ml=0.1 drift_ml=2.5 drift_tau_s=250
  transient_ml=45 transient_s=2 bulge_ml=18 lsb_ml=0.0625"

leg normal_leg 11 -- phenotype=healthy side=right rate_hz=50 heart_per_min=64 compression=none
leg superficial_reflux 12 -- phenotype=marked_superficial side=left rate_hz=50 heart_per_min=72 cadence_hz=0.95 transient_ml=-35 compression=none
leg deep_reflux 13 -- phenotype=deep_reflux side=left rate_hz=40 heart_per_min=78 cadence_hz=0.9 bulge_ml=-14 compression=none
leg obstructed_leg 14 -- phenotype=obstruction side=right rate_hz=25 heart_per_min=81 breath_ml=0.8 compression=none
leg drift_no_events 15 -- phenotype=mild_superficial side=left rate_hz=25 heart_per_min=69 events=0 drift_ml=14 drift_tau_s=320 linear_ml_s=0.004
leg decimal_comma 16 --decimal-comma -- phenotype=healthy_stocking side=right rate_hz=20 heart_per_min=60 compression=stocking

# vein NAME SEED [parameter=value...]
vein() {
  name=$1 seed=$2
  if [ -n "$only" ] && [ "$only" != "$name" ]; then return; fi
  shift 2
  options=
  for setting in $device $flow $echo "$@"; do
    options="$options --set sim.duplex.reflux.$setting"
  done
  # shellcheck disable=SC2086
  "$pleth" simulate duplex.reflux -q -o "$out/$name.wav" --truth "$out/$name.truth.json" --seed "$seed" $options
}

device="rate_hz=8000 f0_hz=5e6 angle_deg=60 clutter_db=12 clutter_hz=25 snr_db=20 gain_db=0.3 phase_deg=1.5"
flow="trials=1 lead_s=4 cycle_s=8 rest_cm_s=10 phasic=0.6 breath_hz=0.25 augment_cm_s=55 compress_s=0.8 hold_s=0.3 quiet_s=0.6 recover_s=0.6"
echo="profile=3 broadening=0.03"

vein gsv_competent 21 valve=competent closure_cm_s=14 closure_s=0.18 vein=GSV side=right
vein gsv_reflux 22 trials=2 cycle_s=6 prv_cm_s=38 tau_s=2.2 stop_s=2.6 vein=GSV side=left diameter_mm=7.5 kind=separated crosstalk_db=35 variation=0.05
vein popliteal_borderline 23 prv_cm_s=22 tau_s=1.6 stop_s=1.05 vein=PV side=left diameter_mm=9
vein gsv_swapped 24 prv_cm_s=30 tau_s=1.8 stop_s=2.2 vein=GSV side=right diameter_mm=6.5 swap=stated
vein gsv_mono 25 prv_cm_s=30 tau_s=1.8 stop_s=2.2 vein=GSV side=right diameter_mm=6.5 kind=mono

# limb PROTOCOL NAME SEED [parameter=value...]
limb() {
  protocol=$1 name=$2 seed=$3
  if [ -n "$only" ] && [ "$only" != "$name" ]; then return; fi
  shift 3
  options=
  for setting in "$@"; do
    options="$options --set sim.$protocol.$setting"
  done
  # shellcheck disable=SC2086
  "$pleth" simulate "$protocol" -q -o "$out/$name.csv" --truth "$out/$name.truth.json" --seed "$seed" $options
}

gauge="nuisance=custom pulse=0.05 breath=0.02 vasomotion=0.02 white=0.008 pink=0.004 lsb=0.001953125"
air="nuisance=custom pulse=0.9 breath=0.8 vasomotion=0.5 white=0.1 pink=0.1 lsb=0.03125"
light="nuisance=custom pulse=0.25 breath=0.06 vasomotion=0.04 white=0.02 pink=0.01 lsb=0.0078125"

# shellcheck disable=SC2086
limb sgp.occlusion occlusion_both_calves 31 $gauge rate_hz=20 side=both cuff_channel=1 cycles=2 baseline_s=35 hold_s=100 rest_s=45 artefact=0.1
# shellcheck disable=SC2086
limb apg.outflow outflow_ladder 32 $air rate_hz=20 steps=8 cycles=1 baseline_s=35 hold_s=60 rest_s=45 heart_per_min=66
# shellcheck disable=SC2086
limb ppg.refill refill_with_tourniquet 33 $light rate_hz=10 bouts=2 tourniquet=1 fast_share=0.6 fast_s=3 slow_s=9 refill_s=60 heart_per_min=74
# shellcheck disable=SC2086
limb sgp.inflow resting_inflow 34 nuisance=custom pulse=0.06 breath=0.01 vasomotion=0.004 white=0.008 lsb=0.001953125 rate_hz=25 cycles=6 flow=2.8
# shellcheck disable=SC2086
limb sgp.hyperaemia hyperaemia 35 nuisance=custom pulse=0.06 breath=0.01 white=0.008 lsb=0.001953125 rate_hz=20 cycles=4 cycles_after=10 occlusion_s=180
# shellcheck disable=SC2086
limb pvr pulse_volume 36 nuisance=custom breath=0.1 white=0.01 lsb=0.001953125 rate_hz=100 duration_s=20 side=right
# shellcheck disable=SC2086
limb apg.tilt tilt_table 37 $air rate_hz=10 rest_s=45 up_s=200 down_s=75 swing=12 side=right
gauge_still="nuisance=custom pulse=0.04 breath=0.01 vasomotion=0.008 white=0.008 pink=0.003 lsb=0.001953125"
# shellcheck disable=SC2086
limb sgp.compliance compliance 38 $gauge_still rate_hz=5
# shellcheck disable=SC2086
limb sgp.filtration filtration 39 $gauge_still rate_hz=2
# shellcheck disable=SC2086
limb sgp.refill refill_after_dorsiflexions 40 $gauge rate_hz=10 bouts=2 refill_s=70 slow_s=14 fast_s=4
# shellcheck disable=SC2086
limb sgp.refill supine_pump 43 $gauge rate_hz=5 congested=1 refill_s=80 slow_s=14 fast_s=4
# shellcheck disable=SC2086
limb sgp.stand standing_steps 41 $gauge rate_hz=10 side=right fill_s=15 refill_s=90
limb volume.trend swollen_evening 42 nuisance=custom white=4 lsb=1 other_pct=1.8
