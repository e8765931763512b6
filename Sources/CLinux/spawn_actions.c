// glibc 2.29 and 2.34 have these behind _GNU_SOURCE, which a header shared with Swift's Glibc module cannot define.
#define _GNU_SOURCE
#include "CLinux.h"

#include <spawn.h>

int clinux_spawn_actions_close_from(void *actions, int lowest) {
    return -posix_spawn_file_actions_addclosefrom_np(actions, lowest);
}

int clinux_spawn_actions_change_directory(void *actions, const char *directory) {
    return -posix_spawn_file_actions_addchdir_np(actions, directory);
}
