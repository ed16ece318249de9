/* SPDX-License-Identifier: GPL-3.0-or-later
 * Layers around a process that parses strangers' bytes, each enough against most of what a taken-over parser could do: no new privileges
 * (prctl(2)), Landlock without a rule (landlock(7)): no file, no connection, no signal to others; seccomp's allow-list (seccomp(2)). Limits
 * of memory, time, output and descriptors are set from outside, since a process may not change its own once it is sealed. */
#include "seal.h"
#include <errno.h>
#include <linux/landlock.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

/* The structure as newer kernels know it: the headers' may stop after the first member. A kernel takes the size that it knows. */
typedef struct landlock_rules {
  uint64_t files, network, scopes;
} landlock_rules;

/* What each version of the interface can forbid: all of it is. */
static const struct landlock_version {
  unsigned file_rights, network_rights, scopes;
} versions[] = {{13, 0, 0}, {14, 0, 0}, {15, 0, 0}, {15, 2, 0}, {16, 2, 0}, {16, 2, 2}};

static uint64_t low_bits(unsigned n) {
  return ((uint64_t)1 << n) - 1;
}

/* Version of the kernel's Landlock, 0 without. */
static long landlock_version(void) {
  const long version = syscall(SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_CREATE_RULESET_VERSION);
  return version > 0 ? version : 0;
}

static bool has_seccomp(void) {
  return prctl(PR_GET_SECCOMP, 0, 0, 0, 0) >= 0;
}

static bool enter_landlock(long version) {
  const size_t newest = sizeof versions / sizeof *versions, row = (size_t)version < newest ? (size_t)version - 1 : newest - 1;
  const landlock_rules rules = {low_bits(versions[row].file_rights), low_bits(versions[row].network_rights),
                                low_bits(versions[row].scopes)};
  const size_t size = rules.scopes ? sizeof rules : rules.network ? 2 * sizeof rules.files : sizeof rules.files;
  const int set = (int)syscall(SYS_landlock_create_ruleset, &rules, size, 0);
  if (set < 0) return false;
  const bool done = syscall(SYS_landlock_restrict_self, set, 0) == 0;
  (void)close(set);
  return done;
}

bool seal_built(void) {
  return PLETH_SEAL;
}

const char *seal_missing(void) {
  if (!seal_built()) return NULL;
  const bool landlock = landlock_version() > 0;
  if (has_seccomp()) return landlock ? NULL : "Landlock";
  return landlock ? "seccomp" : "Landlock and seccomp";
}

bool seal_enter(pid_t parent) {
  const struct rlimit no_core = {0, 0};
  (void)prctl(PR_SET_PDEATHSIG, SIGKILL); /* a killed parent must not leave workers behind */
  if (getppid() != parent) return false;
  if (!seal_built()) return true;
  const long version = landlock_version();
  if (setrlimit(RLIMIT_CORE, &no_core) != 0 || prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) return false;
  if (version > 0 && !enter_landlock(version)) return false;
  return !has_seccomp() || seal_filter(getpid(), version > 0);
}
