#pragma once
#include <hiredis/hiredis.h>

// Swift imports a fixed-size C array as a tuple of 128 elements.
static inline const char *shim_redis_error(const redisContext *context) { return context->errstr; }
