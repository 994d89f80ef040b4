import Testing

@testable import longhaul

@Suite("The memory of the start") struct StartupMemoryTests {
    /// The lines of an entry that matter, as Linux prints them.
    private func entry(_ range: String, _ permissions: String, _ path: String, anonymous: Int = 0) -> String {
        """
        \(range) \(permissions) 00002000 fe:00 254163                     \(path)
        Size:                 24 kB
        Rss:                  20 kB
        Anonymous:             \(anonymous) kB
        AnonHugePages:         0 kB
        VmFlags: rd mr mw me

        """
    }

    @Test("is let go of where it is a file's own, and nowhere else") func releasable() {
        let mappings = Mapping.all(
            in: entry("5590f1821000-5590f1827000", "r-xp", "/usr/bin/longhaul")
                + entry("5590f1827000-5590f1828000", "r--p", "/usr/bin/longhaul", anonymous: 4)
                + entry("5590f1828000-5590f1829000", "rw-p", "/usr/bin/longhaul")
                + entry("5590f1829000-5590f182a000", "r--s", "/var/cache/shared")
                + entry("5590f182a000-5590f182b000", "r-xp", "/usr/lib/replaced.so (deleted)")
                + entry("7ffd00000000-7ffd00001000", "r-xp", "[vdso]") + entry("7ffe00000000-7ffe00001000", "r--p", ""))
        #expect(mappings.count == 7)
        #expect(mappings.filter(\.isReleasable).map(\.start) == [0x5590_f182_1000])
        #expect(mappings.first?.end == 0x5590_f182_7000)
    }

    @Test("comes back by itself") func release() {
        StartupMemory.release()
        #expect("\([1, 2, 3].map { $0 * 2 })" == "[2, 4, 6]")
    }
}
