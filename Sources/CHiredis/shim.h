#pragma once
#include <hiredis/hiredis.h>

// A fixed-size C array comes through as a tuple of 128 elements.
static inline const char *shim_redis_error(const redisContext *context) { return context->errstr; }
