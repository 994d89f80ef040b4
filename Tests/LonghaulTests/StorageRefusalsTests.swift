import ExportCore
import Testing

@testable import longhaul

@Suite("Refusals of the object storage") struct StorageRefusalsTests {
    private static let now: Int64 = 10_000_000

    private static func finding(_ changes: (inout ProviderHealth) -> Void...) -> Finding? {
        let healths = changes.map { change in
            var health = ProviderHealth()
            change(&health)
            return health
        }
        return StorageRefusals(healths, now: now)?.finding
    }

    private static func refused(_ health: inout ProviderHealth, ago: Int64) {
        health.failed(.files, "storage-access-denied", "PUT out/a: denied", now: now - ago)
    }

    @Test("are told with the last of them and the last stored file, of whatever provider") func told() {
        #expect(Self.finding({ $0.failed(.files, "http-403", "no", now: Self.now) }) == nil, "not the storage's")
        let alone = Self.finding({ Self.refused(&$0, ago: 90_000) }, { Self.refused(&$0, ago: 20_000) })
        #expect(alone?.verdict == .doubtful)
        #expect(
            alone?.detail == "the last refusal 20s ago with storage-access-denied: PUT out/a: denied; no file was stored since")
        let mixed = Self.finding({
            Self.refused(&$0, ago: 90_000)
            $0.worked(.files, now: Self.now - 80_000)
            Self.refused(&$0, ago: 20_000)
        })
        #expect(mixed?.verdict == .doubtful && mixed?.detail.hasSuffix("; the last file was stored 1m20s ago") == true)
    }

    @Test("are over with the next stored file, and still told") func over() {
        let finding = Self.finding(
            { Self.refused(&$0, ago: 90_000) },
            {
                Self.refused(&$0, ago: 95_000)
                $0.worked(.files, now: Self.now - 5_000)
            })
        #expect(finding?.verdict == .good)
        #expect(finding?.detail.hasPrefix("the last file was stored 5s ago; the last refusal 1m30s ago with storage-access-denied") == true)
    }
}
