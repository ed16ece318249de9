/* SPDX-License-Identifier: GPL-3.0-or-later
 * A reader gone bad: a file that begins with "probe NAME" makes the program do NAME while it reads it. Linked into a copy of the program in
 * place of fmt_read (-Wl,--wrap), which reads every other file; so is the rule that names companions. What fails politely is told as the
 * file's fault; the rest must be survived.
 */
#include <dsp/memory.h>
#include <errno.h>
#include <fcntl.h>
#include <fmt/reader.h>
#include <fmt/writer.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

/* The linker chooses these names (ld --wrap). NOLINTBEGIN(bugprone-reserved-identifier,cert-dcl37-c,cert-dcl51-cpp) */
dsp_status __real_fmt_read(dsp_recording **recording, const fmt_input *input, const fmt_read_options *options, dsp_error *error);
dsp_status __wrap_fmt_read(dsp_recording **recording, const fmt_input *input, const fmt_read_options *options, dsp_error *error);
dsp_status __real_fmt_companion_names(fmt_names *names, const fmt_input *so_far, const char *format);
dsp_status __wrap_fmt_companion_names(fmt_names *names, const fmt_input *so_far, const char *format);
/* NOLINTEND(bugprone-reserved-identifier,cert-dcl37-c,cert-dcl51-cpp) */

static void try_open(void) {
  (void)open("/etc/passwd", O_RDONLY);
}

static void try_create(void) {
  (void)open("probe-was-here", O_WRONLY | O_CREAT, 0600);
}

static void try_look(void) {
  struct stat facts;
  (void)stat("/etc/passwd", &facts);
}

static void try_socket(void) {
  (void)socket(AF_INET, SOCK_STREAM, 0);
}

static void try_exec(void) {
  (void)execl("/bin/true", "true", (char *)NULL);
}

static void try_fork(void) {
  if (fork() == 0) _exit(0);
}

static void try_kill(void) {
  (void)kill(getppid(), SIGKILL);
}

static void try_code(void) {
  if (mmap(NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) != MAP_FAILED) errno = 0;
}

static void try_raise_limit(void) {
  const struct rlimit all = {RLIM_INFINITY, RLIM_INFINITY};
  (void)setrlimit(RLIMIT_AS, &all);
}

static void try_other_descriptors(void) {
  char byte = 0;
  for (int fd = 6; fd < 1024; fd++)
    if (read(fd, &byte, 1) >= 0) return;
  errno = EBADF;
}

static void try_allocate(void) {
  void *block = malloc((size_t)100 << 30);
  if (block == NULL) errno = ENOMEM;
  free(block);
}

/* In pieces, each of them used. */
static void try_eat(void) {
  size_t eaten = 0;
  while (mmap(NULL, (size_t)1 << 24, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0) != MAP_FAILED) eaten++;
  errno = eaten > 0 ? ENOMEM : EIO;
}

static void try_eat_files(void) {
  static char block[1 << 20];
  for (int made = 0, fd = 0; (fd = memfd_create("probe", 0)) >= 0; made++)
    while (write(fd, block, sizeof block) > 0) {
    }
}

static void try_spin(void) {
  for (volatile unsigned i = 0;; i++) {
  }
}

static void try_spin_deaf(void) {
  (void)signal(SIGXCPU, SIG_IGN);
  try_spin();
}

static void try_sleep(void) {
  (void)sleep(3600);
}

static void try_wait(void) {
  char byte = 0;
  (void)recv(3, &byte, 1, 0); /* the socket of requests: nothing will come */
  struct msghdr nothing = {0};
  for (;;) (void)recvmsg(3, &nothing, 0);
}

/* To every descriptor there may be. */
static void try_write_forever(void) {
  static char block[65536];
  memset(block, 'x', sizeof block);
  for (;;)
    for (int fd = 0; fd < 16; fd++) (void)!write(fd, block, sizeof block);
}

static void try_print_forever(void) {
  for (;;) {
    puts("probe");
    fputs("probe\n", stderr);
  }
}

/* A head that promises more than there can be (its layout: cli/worker.c). */
static void try_promise(void) {
  const unsigned long long head[] = {0x706c657468010a0dULL, 0, 1ULL << 50, 0, 0, 0, 0};
  (void)!write(4, head, sizeof head);
  try_wait();
}

static void try_leave(void) {
  _exit(0);
}

static void try_crash(void) {
  volatile int *volatile nowhere = NULL;
  *nowhere = 1; /* NOLINT(clang-analyzer-core.NullDereference): that is the attempt */
}

static void try_abort(void) {
  abort();
}

/* NOLINTNEXTLINE(misc-no-recursion): that is the attempt */
static unsigned deep(const volatile unsigned char *above) {
  volatile unsigned char here[65536];
  here[0] = above[0];
  return here[0] > 0 ? deep(here) + here[0] : 0;
}

static void try_recursion(void) {
  unsigned char first = 1;
  (void)deep(&first);
}

/* What must work: a library that opens by name is given a copy in memory. */
static void try_copy(void) {
  char name[64], back[8] = "";
  const int fd = memfd_create("probe", MFD_CLOEXEC);
  if (fd < 0 || write(fd, "copied", 6) != 6) return;
  (void)snprintf(name, sizeof name, "/proc/self/fd/%d", fd);
  FILE *file = fopen(name, "rb");
  if (file == NULL) return;
  errno = fread(back, 1, 6, file) == 6 && strcmp(back, "copied") == 0 ? EUCLEAN : EIO;
}

static const struct probe {
  const char *name;
  void (*attempt)(void);
} probes[] = {{"open", try_open},
              {"create", try_create},
              {"look", try_look},
              {"socket", try_socket},
              {"exec", try_exec},
              {"fork", try_fork},
              {"kill", try_kill},
              {"code", try_code},
              {"raise_limit", try_raise_limit},
              {"other_descriptors", try_other_descriptors},
              {"allocate", try_allocate},
              {"eat", try_eat},
              {"eat_files", try_eat_files},
              {"spin", try_spin},
              {"spin_deaf", try_spin_deaf},
              {"sleep", try_sleep},
              {"wait", try_wait},
              {"write_forever", try_write_forever},
              {"print_forever", try_print_forever},
              {"promise", try_promise},
              {"leave", try_leave},
              {"crash", try_crash},
              {"abort", try_abort},
              {"recursion", try_recursion},
              {"copy", try_copy}};

/* A bare name that is not there, one that is, one that is two folders up, and, past all checks here, one that a worker may not have. */
dsp_status __wrap_fmt_companion_names(fmt_names *names, const fmt_input *so_far, const char *format) {
  if (strncmp((const char *)so_far->source->bytes, "probe companions", 16) == 0) {
    if (fmt_names_add(names, "none.dat", 8) != DSP_OK || fmt_names_add(names, "friend.dat", 10) != DSP_OK) return DSP_NO_MEMORY;
    return so_far->n_companions > 0 ? fmt_names_add(names, "second.dat", 10) : DSP_OK;
  }
  if (strncmp((const char *)so_far->source->bytes, "probe thief", 11) == 0 && names->n == 0) {
    if (fmt_names_add(names, "passwd-----", 11) != DSP_OK) return DSP_NO_MEMORY;
    memcpy(names->rows[0], "/etc/passwd", 11);
  }
  return __real_fmt_companion_names(names, so_far, format);
}

dsp_status __wrap_fmt_read(dsp_recording **recording, const fmt_input *input, const fmt_read_options *options, dsp_error *error) {
  char wanted[32] = "";
  if (sscanf((const char *)input->source->bytes, "probe %31s", wanted) != 1) return __real_fmt_read(recording, input, options, error);
  if (strcmp(wanted, "companions") == 0 && input->n_companions == 2)
    return dsp_fail(error, DSP_BAD_INPUT, "", "", "%.10s, %.10s", (const char *)fmt_companion(input, "friend.dat")->bytes,
                    (const char *)fmt_companion(input, "second.dat")->bytes);
  for (size_t i = 0; i < sizeof probes / sizeof *probes; i++) {
    if (strcmp(probes[i].name, wanted) != 0) continue;
    errno = 0;
    probes[i].attempt();
    if (errno == ENOMEM) return dsp_fail_memory(error);
    return dsp_fail(error, DSP_BAD_INPUT, "", "", "%s: %s", wanted, errno != 0 ? strerror(errno) : "DONE");
  }
  return dsp_fail(error, DSP_BAD_INPUT, "", "", "%zu companions", input->n_companions);
}
