#include "memory.h"

// With a background thread, freed memory returns to the system after a while even if the process allocates nothing more: otherwise
// jemalloc purges only when it is called. The environment's MALLOC_CONF overrides this.
const char *malloc_conf = "background_thread:true,dirty_decay_ms:5000,muzzy_decay_ms:0";
