/* SPDX-License-Identifier: GPL-3.0-or-later
 * Progress of a batch on stderr. The clock is asked for nothing else: no result depends on it. */
#include "batch_progress.h"
#include "message.h"
#include "worker.h"
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { TERMINAL_MS = 100, PLAIN_MS = 5000, BAR = 24 };

void batch_progress_begin(batch_progress *progress, size_t total, bool wanted) {
  const int64_t now = worker_now_ms();
  *progress = (batch_progress){wanted, isatty(STDERR_FILENO) == 1, total, now, now};
}

static void put_time(char *text, size_t size, double seconds) {
  const unsigned long s = (unsigned long)(seconds + 0.5);
  if (s < 3600)
    (void)snprintf(text, size, "%lu:%02lu", s / 60, s % 60);
  else
    (void)snprintf(text, size, "%lu:%02lu:%02lu", s / 3600, s / 60 % 60, s % 60);
}

void batch_progress_show(batch_progress *progress, size_t done, size_t failed) {
  const int64_t now = worker_now_ms();
  const bool last = done == progress->total;
  if (!progress->wanted || (!last && now - progress->drawn_ms < (progress->terminal ? TERMINAL_MS : PLAIN_MS))) return;
  char line[160], left[32], bar[BAR + 1];
  const double seconds = (double)(now - progress->began_ms) / 1000, rate = seconds > 0 ? (double)done / seconds : 0;
  progress->drawn_ms = now;
  put_time(left, sizeof left, rate > 0 ? (double)(progress->total - done) / rate : 0);
  const size_t full = progress->total > 0 ? done * BAR / progress->total : BAR;
  memset(bar, '.', BAR);
  memset(bar, '#', full);
  bar[BAR] = '\0';
  if (progress->terminal)
    (void)snprintf(line, sizeof line, "[%s] %zu of %zu, %.1f/s, %s left, %zu failed", bar, done, progress->total, rate, left, failed);
  else
    (void)snprintf(line, sizeof line, "%zu of %zu, %.1f/s, %s left, %zu failed\n", done, progress->total, rate, left, failed);
  message_transient(progress->terminal && last ? "" : line, progress->terminal && !last);
}
