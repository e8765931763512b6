// syncfs stands behind _GNU_SOURCE, which a header shared with Swift's Glibc module cannot define.
#define _GNU_SOURCE
#include "CLinux.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

int clinux_sync_filesystem(const char *path) {
    int descriptor = open(path, O_RDONLY | O_CLOEXEC);
    if (descriptor < 0) return -errno;
    int result = syncfs(descriptor) == 0 ? 0 : -errno;
    close(descriptor);
    return result;
}
