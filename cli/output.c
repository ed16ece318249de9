/* SPDX-License-Identifier: GPL-3.0-or-later
 * Data on stdout. A reader that closes its end (`pleth ... | head`) must not stop files from being written: SIGPIPE is ignored, and the
 * end of stdout is found out when it is closed, as status 4 without a word. */
#include "output.h"
#include "exits.h"
#include "message.h"
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int first_error;

void output_begin(void) {
  /* The wrong direction on purpose: using a descriptor that was closed stays an error. */
  static const int direction[] = {O_WRONLY, O_RDONLY, O_RDONLY};
  for (int fd = 0; fd <= 2; fd++)
    if (fcntl(fd, F_GETFD) < 0 && errno == EBADF && open("/dev/null", direction[fd]) < 0) _exit(EXIT_OUTPUT);
  (void)signal(SIGPIPE, SIG_IGN);
  (void)signal(SIGXFSZ, SIG_IGN); /* a file over the user's limit is an output that cannot be written, said in words */
}

void output_write(const char *bytes, size_t size) {
  if (size == 0 || first_error != 0) return;
  errno = 0;
  if (fwrite(bytes, 1, size, stdout) != size) first_error = errno != 0 ? errno : EIO;
}

bool output_colour(bool refused) {
  const char *no_color = getenv("NO_COLOR"), *term = getenv("TERM");
  if (refused || (no_color != NULL && no_color[0] != '\0') || term == NULL || strcmp(term, "dumb") == 0) return false;
  return isatty(STDOUT_FILENO) == 1;
}

void output_flush(void) {
  errno = 0;
  if (fflush(stdout) != 0 && first_error == 0) first_error = errno != 0 ? errno : EIO;
}

int output_end(void) {
  output_flush();
  if (close(STDOUT_FILENO) != 0 && first_error == 0) first_error = errno;
  if (first_error == 0) return EXIT_DONE;
  if (first_error != EPIPE)
    message_error("stdout", NULL, "an output that takes all bytes", "cannot write: %s", strerrordesc_np(first_error));
  return EXIT_OUTPUT;
}
