// The kernel's struct has what that of the C library lacks.
#include "CLinux.h"

#include <linux/tcp.h>
#include <netinet/in.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

int64_t clinux_bytes_taken_from(int descriptor) {
    struct tcp_info information = {0};
    socklen_t size = sizeof information;
    int waiting = 0;
    if (getsockopt(descriptor, IPPROTO_TCP, TCP_INFO, &information, &size) != 0) return 0;
    if (ioctl(descriptor, FIONREAD, &waiting) != 0) return 0;
    return (int64_t)information.tcpi_bytes_received - waiting;
}
