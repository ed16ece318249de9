/* SPDX-License-Identifier: GPL-3.0-or-later
 * The structure of our own HDF5 files, looked at before the HDF5 library does. */
#ifndef READERS_REPORT_SHAPE_H
#define READERS_REPORT_SHAPE_H

#include <fmt/source.h>

/* DSP_BAD_INPUT at the piece that is not as our writer makes it; its superblock must have been looked at. */
dsp_status report_shape(const fmt_source *source, dsp_error *error);

#endif
