// dl_iterate_phdr stands behind _GNU_SOURCE, which a header shared with Swift's Glibc module cannot define.
#define _GNU_SOURCE
#include "CLinux.h"

#include <link.h>
#include <stdint.h>
#include <sys/mman.h>
#include <unistd.h>

// One object of the process: the binary itself, a library, or the vDSO, whose pages the kernel refuses to release.
static int release(struct dl_phdr_info *object, size_t size, void *context) {
    (void)size;
    (void)context;
    const uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE);
    for (int index = 0; index < object->dlpi_phnum; index++) {
        const ElfW(Phdr) *segment = &object->dlpi_phdr[index];
        // A segment that may be written, were it only by the loader, would come back as it is in the file.
        if (segment->p_type != PT_LOAD || segment->p_flags & PF_W) continue;
        const uintptr_t start = (uintptr_t)object->dlpi_addr + segment->p_vaddr;
        const uintptr_t first = (start + page - 1) & ~(page - 1), end = (start + segment->p_memsz) & ~(page - 1);
        if (end > first) (void)madvise((void *)first, end - first, MADV_DONTNEED);
    }
    return 0;
}

void clinux_release_code_pages(void) { (void)dl_iterate_phdr(release, 0); }
