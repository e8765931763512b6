// libpq as Debian's libpq-dev installs it (headers below /usr/include/postgresql).
#pragma once
#if __has_include(<libpq-fe.h>)
#include <libpq-fe.h>
#else
#include <postgresql/libpq-fe.h>
#endif
