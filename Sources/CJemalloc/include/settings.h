#pragma once
// jemalloc reads this by its name at the program's start (jemalloc(3), "TUNING").
extern const char *malloc_conf;
