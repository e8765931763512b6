#include "CLinux.h"

#include <errno.h>
#include <linux/watchdog.h>
#include <sys/ioctl.h>

int clinux_watchdog_set_timeout(int descriptor, int seconds) {
    struct watchdog_info info;
    if (ioctl(descriptor, WDIOC_GETSUPPORT, &info) != 0) return -errno;
    // Without the magic close every orderly stop of a leader would end in a reset.
    if (!(info.options & WDIOF_SETTIMEOUT) || !(info.options & WDIOF_MAGICCLOSE)) return -ENOTSUP;
    int timeout = seconds;
    if (ioctl(descriptor, WDIOC_SETTIMEOUT, &timeout) != 0) return -errno;
    if (ioctl(descriptor, WDIOC_GETTIMEOUT, &timeout) != 0) return -errno;
    return timeout;
}
