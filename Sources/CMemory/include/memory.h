#pragma once

// jemalloc reads this by its name at the program's start (jemalloc(3), "TUNING").
extern const char *malloc_conf;

// Lets go of the pages of program and libraries that are the files' own: they come back by a minor fault when they are touched.
void release_program_pages(void);
