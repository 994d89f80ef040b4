// Stores small files as a folder output does: writes a temporary file, syncs it, renames it, syncs the folder.
//
// usage: file FOLDER COUNT BYTES
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "measure.h"

static void synced(int descriptor) {
    if (fsync(descriptor) || close(descriptor)) fail("fsync");
}

int main(int argc, char **argv) {
    if (argc != 4) fail("usage: file FOLDER COUNT BYTES");
    long count = whole(argv[2]);
    size_t size = (size_t)whole(argv[3]);
    char *content = malloc(size);
    memset(content, 'x', size);
    struct stopwatch since = start();
    for (long number = 0; number < count; number++) {
        char folder[4096], partial[4200], path[4200];
        snprintf(folder, sizeof folder, "%s/%ld", argv[1], number);
        snprintf(partial, sizeof partial, "%s/.partial", folder);
        snprintf(path, sizeof path, "%s/file", folder);
        if (mkdir(folder, 0777)) fail("mkdir %s", folder);
        int file = open(partial, O_WRONLY | O_CREAT | O_EXCL, 0666);
        if (file < 0 || write(file, content, size) != (ssize_t)size) fail("write %s", partial);
        synced(file);
        if (rename(partial, path)) fail("rename %s", path);
        synced(open(folder, O_RDONLY | O_DIRECTORY));
    }
    report(since, count);
}
