/* SPDX-License-Identifier: GPL-3.0-or-later
 * Read every file that is named, in this one process: what reading costs without workers. */
#include <fcntl.h>
#include <fmt/reader.h>
#include <stdio.h>
#include <unistd.h>

int main(int argc, char **argv) {
  for (int i = 1; i < argc; i++) {
    fmt_source source = {0};
    dsp_recording *recording = NULL;
    dsp_error error = {0};
    const int fd = open(argv[i], O_RDONLY);
    if (fmt_source_read(&source, fd, FMT_CAP_FILE_BYTES, 1, &error) != DSP_OK ||
        fmt_read(&recording, &(fmt_input){.source = &source}, &(fmt_read_options){0}, &error) != DSP_OK) {
      fprintf(stderr, "%s: %s\n", argv[i], error.found);
      return 1;
    }
    dsp_recording_free(recording);
    fmt_source_clear(&source);
    (void)close(fd);
  }
  return 0;
}
