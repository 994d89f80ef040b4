import Testing

/// All tests that start unpacking threads, one after the other, because some tests count the threads.
@Suite("Unpacking", .serialized) struct ArchiveSuites {}
