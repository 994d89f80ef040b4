#include "memory.h"

// Freed memory goes back to the system after a while also in a process that allocates nothing any more: without a thread of its own
// jemalloc looks at it only while it is called. The environment's MALLOC_CONF overrides this.
const char *malloc_conf = "background_thread:true,dirty_decay_ms:5000,muzzy_decay_ms:0";
