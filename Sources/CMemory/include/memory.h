#pragma once

// jemalloc reads this symbol at program start (jemalloc(3), "TUNING").
extern const char *malloc_conf;

// Releases the file-backed pages of the program and its libraries: a minor fault loads them again on access.
void release_program_pages(void);
