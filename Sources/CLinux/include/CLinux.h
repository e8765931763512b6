// What Linux offers and Swift's Glibc module does not: boot-time timers, signalfd, pidfd, sub-reapers and what a
// posix_spawn of today can do.
//
// Every function returns a negative errno on failure. Only plain types here: feature macros such as _GNU_SOURCE
// in a header would clash with the Glibc module.
#pragma once

#include <stdint.h>

/// Nanoseconds since boot, suspend included.
int64_t clinux_boottime_nanoseconds(void);

/// A timer descriptor on boot time: a suspended or frozen process finds it expired as soon as it runs again.
int clinux_timer_open(void);

/// Sets the absolute boot time at which the timer fires; 0 disarms it.
int clinux_timer_set(int descriptor, int64_t nanoseconds);

/// Blocks the signals in the calling thread and returns a descriptor that delivers them.
int clinux_signals_open(const int *signals, int count);

/// The next pending signal's number, 0 when there is none.
int clinux_signals_next(int descriptor);

/// A pipe whose ends are non-blocking and close-on-exec.
int clinux_pipe(int *reading, int *writing);

/// The pipe behind a descriptor, opened anew for writing: non-blocking for who writes to the new one, and for nobody else who
/// has it. Close-on-exec. -EINVAL when it is no pipe.
int clinux_pipe_reopen(int descriptor);

/// A descriptor of the process; readable once it has exited. Close-on-exec by definition.
int clinux_pidfd_open(int process);

/// Signals the process the descriptor was opened for, never one that got its number later.
int clinux_pidfd_send_signal(int descriptor, int signal);

/// Makes orphans of this process's descendants its own children, as PID 1 gets them anyway.
int clinux_become_subreaper(void);

/// The status a shell would report: the exit code, or 128 + signal.
int clinux_exit_code(int status);

/// Adds to a `posix_spawn_file_actions_t`: close every descriptor from `lowest` on.
int clinux_spawn_actions_close_from(void *actions, int lowest);

/// Adds to a `posix_spawn_file_actions_t`: start in this directory.
int clinux_spawn_actions_change_directory(void *actions, const char *directory);

/// Writes everything the file system of this path has not written yet. Blocks.
int clinux_sync_filesystem(const char *path);

/// A file that is nowhere but in memory, with these bytes, to be read from the first of them. Close-on-exec.
int clinux_memory_file(const void *bytes, int64_t count);

/// How many bytes that came over a TCP connection its owner has taken in so far; 0 when the kernel does not say.
int64_t clinux_bytes_taken_from(int descriptor);

/// Takes the pages of code and constants out of this process's resident memory; those still in use come back at their next
/// use, from the page cache. The kernel maps 16 neighbours with each page a start touches, most of which never run.
void clinux_release_code_pages(void);

/// Sets the timeout of a watchdog device in seconds; it restarts the countdown.
///
/// Returns the timeout the driver took, which it may have rounded; -ENOTSUP when it cannot be set or the countdown cannot
/// be ended by the magic close.
int clinux_watchdog_set_timeout(int descriptor, int seconds);
