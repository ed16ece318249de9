/* SPDX-License-Identifier: GPL-3.0-or-later
 * The seal of a worker process: after it, the process can compute, read what it was handed, and answer; nothing else. */
#ifndef CLI_SEAL_H
#define CLI_SEAL_H

#include <stdbool.h>
#include <sys/types.h>

/** False in builds for sanitizers, valgrind and fuzzing (-Dseal=false), which need more than a sealed process may do. */
bool seal_built(void);

/** The layers that this kernel lacks, in words ("Landlock"), or NULL when it has all. NULL in a build without the seal. */
const char *seal_missing(void);

/** Put every layer on the calling process: no core, death with `parent`, no new privileges, Landlock without a rule, seccomp. Layers that
 * the kernel lacks are left out (seal_missing names them). False when a layer that is there could not be put on: do not go on. */
bool seal_enter(pid_t parent);

/** seccomp's allow-list for a process of id `self`; `opens` allows files to be opened for reading, which Landlock must then forbid for
 * every real path. False with errno. */
bool seal_filter(pid_t self, bool opens);

#endif
