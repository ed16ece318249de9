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

#endif
