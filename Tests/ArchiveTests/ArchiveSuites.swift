import Testing

/// All that starts unpacking threads, one after the other: some tests count them.
@Suite("Unpacking", .serialized) struct ArchiveSuites {}
