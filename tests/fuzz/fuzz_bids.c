/* SPDX-License-Identifier: GPL-3.0-or-later
 * Any bytes as a BIDS recording: four parts, each behind a line `%%`: the table's facts, its events' facts, the events, the table. */
#include "reader_target.h"

enum { PARTS = 4 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  static const char *const names[PARTS] = {"sub-01_physio.json", "sub-01_physioevents.json", "sub-01_physioevents.tsv", NULL};
  const uint8_t *part[PARTS], *p = data, *end = data + size;
  size_t length[PARTS] = {0}, n = 0;
  fmt_file files[PARTS] = {{0}};
  dsp_error error = {0};
  for (; n < PARTS; n++) {
    const uint8_t *mark = n + 1 < PARTS && p < end ? memmem(p, (size_t)(end - p), "\n%%\n", 4) : NULL;
    part[n] = p;
    length[n] = (size_t)((mark ? mark : end) - p);
    p = mark ? mark + 4 : end;
  }
  for (size_t i = 0; i + 1 < PARTS; i++) {
    files[i].name = names[i];
    if (fmt_source_from_memory(&files[i].source, part[i], length[i], &error) != DSP_OK) abort();
  }
  fuzz_reader("bids", "sub-01_physio.tsv.gz", part[PARTS - 1], length[PARTS - 1], files, PARTS - 1, NULL);
  for (size_t i = 0; i + 1 < PARTS; i++) fmt_source_clear(&files[i].source);
  return 0;
}
