/* SPDX-License-Identifier: GPL-3.0-or-later
 * summary.csv and batch.h5 from the records, in the order of the list whatever the order in which they were done. */
#ifndef CLI_BATCH_TABLES_H
#define CLI_BATCH_TABLES_H

#include "batch_list.h"
#include "batch_log.h"

enum { BATCH_WORST = 10 };

/** What the tables tell in sum. */
typedef struct batch_tally {
  size_t n, analysed, flagged, failed, missing, invalid, measures;
  size_t empty; /**< analysed, and not one value is valid */
  struct batch_worst {
    size_t line, flags; /**< flags 0: it failed */
    char text[200];
  } worst[BATCH_WORST];
  size_t n_worst;
} batch_tally;

/** Write both tables into `folder`. Recordings without a record are counted as missing and have no row. An exit status. */
int batch_tables_write(batch_tally *tally, const char *folder, const batch_list *list, const batch_place *places, batch_logs *logs);

/** Remove what a killed process has left of its tables. Only for who has the folder for itself. */
void batch_tables_tidy(const char *folder);

#endif
