/* SPDX-License-Identifier: GPL-3.0-or-later
 * Caps of every reader, in one place. A count in a header is never trusted for an allocation: what the file can hold is. Engineering
 * choices, each wide enough for any recording of this field. */
#ifndef FMT_CAPS_H
#define FMT_CAPS_H

#include <stddef.h>
#include <stdint.h>

#define FMT_CAP_FILE_BYTES     ((size_t)2 << 30)
#define FMT_CAP_AUDIO_BYTES    ((uint64_t)64 << 30) /**< of audio that is streamed: two days of 44.1 kHz stereo in 64-bit samples */
#define FMT_STREAM_ABOVE_BYTES ((size_t)8 << 20)    /**< larger audio is not taken into memory */
#define FMT_CAP_SIDECAR_BYTES  ((size_t)1 << 20)
#define FMT_CAP_COLUMNS        ((size_t)4096)       /**< of a table of text */
#define FMT_CAP_CHANNELS       ((size_t)256)        /**< of a format that counts its channels */
#define FMT_CAP_SAMPLES        ((size_t)0x7FFFFFFF) /**< of one channel */
#define FMT_CAP_LINE_BYTES     ((size_t)1 << 20)
#define FMT_CAP_TEXT_BYTES     ((size_t)4096) /**< of one text: a name, a comment */
#define FMT_CAP_EVENTS         ((size_t)1000000)
#define FMT_CAP_BLOCKS         ((size_t)100000) /**< header blocks, records or segments that a file is made of */
#define FMT_CAP_NESTING        16               /**< of nested structures in binary formats */
#define FMT_CAP_JSON_NESTING   32
/** Compressed bytes may grow to FMT_CAP_INFLATE_FREE_BYTES in any case, beyond that FMT_CAP_INFLATE_RATIO times, and never beyond
 * FMT_CAP_FILE_BYTES. */
#define FMT_CAP_INFLATE_FREE_BYTES ((size_t)16 << 20)
#define FMT_CAP_INFLATE_RATIO      ((size_t)100)
/** Files that belong to one recording; names that readers may ask for; how often, since an opened header may name more. */
#define FMT_CAP_COMPANIONS       ((size_t)1024)
#define FMT_CAP_COMPANION_NAMES  ((size_t)4096)
#define FMT_CAP_COMPANION_ROUNDS 4
#define FMT_CAP_HEAD_BYTES       ((size_t)1 << 16) /**< what the rule that names companions may look at */
#define FMT_CAP_NAME_BYTES       255
#define FMT_CAP_STEPS_UP         8 /**< folders above the recording's */
/** Of one format. */
#define FMT_CAP_RATE_HZ        1e7               /**< stated by a side-car */
#define FMT_CAP_CELLS_PER_BYTE ((size_t)16)      /**< of tables with short rows: cells of the matrix for each byte of the file, */
#define FMT_CAP_CELLS_FREE     ((size_t)1 << 20) /**< and so many in any case */
#define FMT_CAP_EVENT_COLUMNS  64                /**< BIDS */
#define FMT_CAP_EDF_SIGNALS    4096              /**< of which FMT_CAP_CHANNELS may hold samples */
#define FMT_CAP_WFDB_PER_FRAME 10000
#define FMT_CAP_CHUNKS         10000              /**< RIFF */
#define FMT_CAP_LABELS_BYTES   ((size_t)16 << 20) /**< RIFF: texts of cue points */
#define FMT_CAP_DICOM_ELEMENTS 200000
#define FMT_CAP_MAT_VARIABLES  4096
#define FMT_CAP_MAT_DIMENSIONS 8
/** Of reports that are read again. What is unpacked of one may be FMT_CAP_H5_FREE_BYTES, and FMT_CAP_H5_RATIO times the file more: an
 * index of time reaches 48. More measures or flags than any protocol has would take minutes to pair. */
#define FMT_CAP_H5_FREE_BYTES  ((size_t)64 << 20)
#define FMT_CAP_H5_RATIO       64
#define FMT_CAP_H5_TEXT_BYTES  ((size_t)1 << 16)
#define FMT_CAP_H5_CHUNK_BYTES ((size_t)64 << 20)
#define FMT_CAP_H5_TYPE_BYTES  ((size_t)1 << 20)
#define FMT_CAP_H5_DEPTH       8      /**< of groups */
#define FMT_CAP_H5_BLOCKS      64     /**< of one object header */
#define FMT_CAP_H5_PIECES      200000 /**< that the file is made of */
#define FMT_CAP_H5_TREE_LEVELS 3
#define FMT_CAP_MEASURES       4096
#define FMT_CAP_FLAGS          65536
#define FMT_CAP_PROBLEMS_BYTES ((size_t)64 << 10) /**< told of a broken report; enough to know that it is broken */

#endif
