/* SPDX-License-Identifier: GPL-3.0-or-later
 * seccomp's allow-list, written as the classic BPF program that seccomp(2) takes. libseccomp would write the same program, for one more
 * library in the process that must hold least, and three times the start of a worker; what it is better at, other processors' numbers, the
 * headers give here as well. Three answers: allowed; refused with EACCES where a library asks but can do without; everything else ends the
 * process. */
#include "seal.h"
#include <errno.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

#if defined(__x86_64__)
#define ARCHITECTURE AUDIT_ARCH_X86_64
#elif defined(__aarch64__)
#define ARCHITECTURE AUDIT_ARCH_AARCH64
#else
#error "the seal's list of system calls is written for x86-64 and arm64; elsewhere build with -Dseal=false"
#endif

/* What a reader and the arithmetic behind it need: bytes of descriptors that they were handed, memory, time, the end. */
static const uint16_t allowed[] = {
    SYS_read,           SYS_readv,        SYS_pread64,       SYS_write,           SYS_writev,       SYS_pwrite64, SYS_lseek,
    SYS_close,          SYS_fstat,        SYS_munmap,        SYS_mremap,          SYS_madvise,      SYS_brk,      SYS_recvmsg,
    SYS_exit,           SYS_exit_group,   SYS_futex,         SYS_getrandom,       SYS_getpid,       SYS_gettid,   SYS_sysinfo,
    SYS_gettimeofday,   SYS_ftruncate,    SYS_clock_gettime, SYS_clock_getres,    SYS_memfd_create, SYS_dup,      SYS_rt_sigreturn,
    SYS_rt_sigprocmask, SYS_rt_sigaction, SYS_sigaltstack,   SYS_restart_syscall, SYS_sched_yield,
};

/* What libraries try on the way and do without. */
static const uint16_t refused[] = {
    SYS_faccessat, SYS_readlinkat, SYS_statx,    SYS_getcwd,    SYS_ioctl, SYS_uname,   SYS_getuid,
    SYS_geteuid,   SYS_getgid,     SYS_getegid,  SYS_prlimit64, SYS_flock, SYS_getppid, SYS_sched_getaffinity,
    SYS_getrusage, SYS_fadvise64,  SYS_fsync,    SYS_unlinkat,
#ifdef SYS_open /* calls that newer processors never had */
    SYS_open,      SYS_access,     SYS_readlink, SYS_stat,      SYS_lstat, SYS_unlink,  SYS_creat,
#endif
};

enum { FILTER_MAX = 256 };

typedef struct bpf_program {
  struct sock_filter step[FILTER_MAX];
  unsigned short n;
} bpf_program;

/* The low half of argument `i`; both processors are little-endian. */
#define ARGUMENT(i) ((uint32_t)(offsetof(struct seccomp_data, args) + sizeof(uint64_t) * (i)))

static void put(bpf_program *program, uint16_t code, uint32_t k, uint8_t if_true, uint8_t if_false) {
  program->step[program->n++] = (struct sock_filter){code, if_true, if_false, k};
}

static void load(bpf_program *program, uint32_t offset) {
  put(program, BPF_LD | BPF_W | BPF_ABS, offset, 0, 0);
}

static void answer(bpf_program *program, uint32_t what) {
  put(program, BPF_RET | BPF_K, what, 0, 0);
}

#define REFUSE (SECCOMP_RET_ERRNO | EACCES)

/* Call `number`, whose number is loaded: `what`. */
static void rule(bpf_program *program, uint32_t number, uint32_t what) {
  put(program, BPF_JMP | BPF_JEQ | BPF_K, number, 0, 1);
  answer(program, what);
}

/* Call `number` is allowed while argument `i` has none of the `forbidden` bits, and refused otherwise. */
static void rule_without(bpf_program *program, uint32_t number, unsigned i, uint32_t forbidden) {
  put(program, BPF_JMP | BPF_JEQ | BPF_K, number, 0, 4);
  load(program, ARGUMENT(i));
  put(program, BPF_JMP | BPF_JSET | BPF_K, forbidden, 0, 1);
  answer(program, REFUSE);
  answer(program, SECCOMP_RET_ALLOW);
}

/* Call `number` is allowed when argument `i` is `value`, and gets `otherwise` when not. */
static void rule_if(bpf_program *program, uint32_t number, unsigned i, uint32_t value, uint32_t otherwise) {
  put(program, BPF_JMP | BPF_JEQ | BPF_K, number, 0, 4);
  load(program, ARGUMENT(i));
  put(program, BPF_JMP | BPF_JEQ | BPF_K, value, 1, 0);
  answer(program, otherwise);
  answer(program, SECCOMP_RET_ALLOW);
}

bool seal_filter(pid_t self, bool opens) {
  bpf_program program = {.n = 0};
  load(&program, (uint32_t)offsetof(struct seccomp_data, arch));
  put(&program, BPF_JMP | BPF_JEQ | BPF_K, ARCHITECTURE, 1, 0);
  answer(&program, SECCOMP_RET_KILL_PROCESS);
  load(&program, (uint32_t)offsetof(struct seccomp_data, nr));
  for (size_t i = 0; i < sizeof allowed / sizeof *allowed; i++) rule(&program, allowed[i], SECCOMP_RET_ALLOW);
  rule_without(&program, SYS_mmap, 2, PROT_EXEC);
  rule_without(&program, SYS_mprotect, 2, PROT_EXEC);
  if (opens) /* a library that opens by name only gets /proc/self/fd/N of a copy in memory */
    rule_without(&program, SYS_openat, 2, O_WRONLY | O_RDWR | O_CREAT | O_TRUNC);
  else
    rule(&program, SYS_openat, REFUSE);
  rule_if(&program, SYS_newfstatat, 3, AT_EMPTY_PATH, REFUSE);                /* fstat of the C library */
  rule_if(&program, SYS_fcntl, 1, F_GETFL, REFUSE);                           /* fdopen */
  rule_if(&program, SYS_tgkill, 0, (uint32_t)self, SECCOMP_RET_KILL_PROCESS); /* abort */
  for (size_t i = 0; i < sizeof refused / sizeof *refused; i++) rule(&program, refused[i], REFUSE);
  answer(&program, SECCOMP_RET_KILL_PROCESS);
  const struct sock_fprog whole = {program.n, program.step};
  return prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &whole, 0, 0) == 0;
}
