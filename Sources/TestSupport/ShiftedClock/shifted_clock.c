// A wall clock of one's own for a tree of processes, for tests of clock steps. Compiled when it is needed, for LD_PRELOAD.
//
// SHIFTED_CLOCK_FILE names a file of eight bytes, the nanoseconds by which the wall clock of the process is off. The file
// may change at any time; the next reading of the clock is already moved, as after a step.
//
// Not libfaketime: it takes a lock and opens its file while it reads the clock, which PostgreSQL does in signal handlers,
// and it names its semaphores by process number, which repeats in the members' process namespaces.
//
// Every other clock is left alone. Waits up to a wall-clock instant look at the moved clock again and again: like a real
// step, one forward ends them and one backward makes them longer.
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

static const int64_t second = 1000000000;
/// How long a wait may go on without a look at the moved clock.
static const int64_t slice = 20000000;
static const int64_t *shift;

__attribute__((constructor)) static void map_shift(void) {
    const char *path = getenv("SHIFTED_CLOCK_FILE");
    int file = path ? open(path, O_RDONLY | O_CLOEXEC) : -1;
    if (file < 0) return;
    void *page = mmap(NULL, sizeof *shift, PROT_READ, MAP_SHARED, file, 0);
    close(file);
    if (page != MAP_FAILED) shift = page;
}

static int64_t nanoseconds(const struct timespec *time) { return time->tv_sec * second + time->tv_nsec; }

static struct timespec timespec_of(int64_t nanoseconds) {
    struct timespec time = {.tv_sec = nanoseconds / second, .tv_nsec = nanoseconds % second};
    return time;
}

int clock_gettime(clockid_t clock, struct timespec *time) {
    if (syscall(SYS_clock_gettime, clock, time) != 0) return -1;
    if (shift && (clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE)) {
        *time = timespec_of(nanoseconds(time) + __atomic_load_n(shift, __ATOMIC_RELAXED));
    }
    return 0;
}

int gettimeofday(struct timeval *restrict time, void *restrict zone) {
    struct timespec now;
    (void)zone;
    if (clock_gettime(CLOCK_REALTIME, &now) != 0) return -1;
    time->tv_sec = now.tv_sec;
    time->tv_usec = now.tv_nsec / 1000;
    return 0;
}

time_t time(time_t *result) {
    struct timespec now;
    if (clock_gettime(CLOCK_REALTIME, &now) != 0) return -1;
    if (result) *result = now.tv_sec;
    return now.tv_sec;
}

/// The instant on the monotonic clock at which to look again.
/// Returns false when the deadline has passed.
static int next_look(const struct timespec *deadline, struct timespec *look) {
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    int64_t left = nanoseconds(deadline) - nanoseconds(&now);
    if (left <= 0) return 0;
    clock_gettime(CLOCK_MONOTONIC, &now);
    *look = timespec_of(nanoseconds(&now) + (left < slice ? left : slice));
    return 1;
}

int sem_timedwait(sem_t *restrict semaphore, const struct timespec *restrict deadline) {
    struct timespec look;
    if (sem_trywait(semaphore) == 0) return 0;
    while (next_look(deadline, &look)) {
        if (sem_clockwait(semaphore, CLOCK_MONOTONIC, &look) == 0) return 0;
        if (errno != ETIMEDOUT) return -1;
    }
    errno = ETIMEDOUT;
    return -1;
}

int pthread_cond_timedwait(
    pthread_cond_t *restrict condition, pthread_mutex_t *restrict mutex, const struct timespec *restrict deadline) {
    // glibc keeps the clock of the condition's attributes here.
    if (condition->__data.__wrefs & 2) return pthread_cond_clockwait(condition, mutex, CLOCK_MONOTONIC, deadline);
    struct timespec look;
    while (next_look(deadline, &look)) {
        int result = pthread_cond_clockwait(condition, mutex, CLOCK_MONOTONIC, &look);
        if (result != ETIMEDOUT) return result;
    }
    return ETIMEDOUT;
}
