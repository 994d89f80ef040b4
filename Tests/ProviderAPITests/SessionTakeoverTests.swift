import ExportCore
import Testing

@testable import ProviderAPI

@Suite("A sign-in that takes longer than its turn")
struct SessionTakeoverTests {
    private static let refusal = Failure(.unauthorised, code: "sign-in-refused", message: "the refresh token was used")

    /// Whose turn ends as soon as it has begun.
    private static func keeper(_ process: String, _ store: MemorySessionStore, _ seal: SessionSeal) -> SessionKeeper {
        SessionKeeper("p", sharing: SessionSharing(process: process, store: store, seal: seal), turn: .zero, isChained: true)
    }

    @Test("and is refused uses what another process has obtained meanwhile")
    func takenOver() async throws {
        let (store, seal) = (MemorySessionStore(), SessionSeal.ofProcess)
        let (slow, quick) = (Self.keeper("slow", store, seal), Self.keeper("quick", store, seal))
        let session = try await slow.session { _ throws(Failure) in
            _ = try await quick.session { _ throws(Failure) in (#"{"token":"new"}"#, .seconds(60)) }
            throw Self.refusal
        }
        #expect(session.values == #"{"token":"new"}"#)
    }

    @Test("is waited for by another version of the provider file in the same process")
    func otherVersion() async throws {
        let sharing = SessionSharing(process: "p", store: MemorySessionStore(), seal: .ofProcess)
        let keepers = (0..<2).map { _ in SessionKeeper("p", sharing: sharing, turn: .seconds(30), isChained: true) }
        let (begun, begin) = AsyncStream<Void>.makeStream()
        let (ended, end) = AsyncStream<Void>.makeStream()
        async let first = keepers[0].session { _ throws(Failure) in
            begin.finish()
            for await _ in ended {}
            return (#"{"token":"new"}"#, .seconds(60))
        }
        for await _ in begun {}
        async let second = keepers[1].session { _ throws(Failure) in
            return (#"{"token":"other"}"#, .seconds(60))
        }
        end.finish()
        let values = try await [first.values, second.values]
        #expect(values == Array(repeating: #"{"token":"new"}"#, count: 2))
    }

    @Test("and is refused fails if nobody has obtained anything, and the next one begins again")
    func refused() async throws {
        let (store, seal) = (MemorySessionStore(), SessionSeal.ofProcess)
        let slow = Self.keeper("slow", store, seal)
        let failure = await #expect(throws: Failure.self) { try await slow.session { _ throws(Failure) in throw Self.refusal } }
        #expect(failure?.code == "sign-in-refused")
        let session = try await slow.session { _ throws(Failure) in (#"{"token":"new"}"#, .seconds(60)) }
        #expect(session.values == #"{"token":"new"}"#)
    }

    @Test("and is refused does not use the session that it was to replace")
    func oldSession() async throws {
        let (store, seal) = (MemorySessionStore(), SessionSeal.ofProcess)
        let (slow, quick) = (Self.keeper("slow", store, seal), Self.keeper("quick", store, seal))
        let old = try await quick.session { _ throws(Failure) in (#"{"token":"old"}"#, .seconds(60)) }
        let failure = await #expect(throws: Failure.self) {
            try await slow.session(after: old.id) { _ throws(Failure) in throw Self.refusal }
        }
        #expect(failure?.code == "sign-in-refused")
    }
}
