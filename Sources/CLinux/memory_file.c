#define _GNU_SOURCE
#include "CLinux.h"

#include <errno.h>
#include <sys/mman.h>
#include <unistd.h>

int clinux_memory_file(const void *bytes, int64_t count) {
    int descriptor = memfd_create("input", MFD_CLOEXEC);
    if (descriptor < 0) return -errno;
    for (int64_t done = 0; done < count;) {
        ssize_t written = write(descriptor, (const char *)bytes + done, count - done);
        if (written < 0 && errno == EINTR) continue;
        if (written < 0) {
            int error = errno;
            close(descriptor);
            return -error;
        }
        done += written;
    }
    lseek(descriptor, 0, SEEK_SET);
    return descriptor;
}
