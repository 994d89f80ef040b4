import Foundation
import TestServers
import Testing

@testable import ProviderAPI

@Suite("The end of a credential") struct CredentialEndTests {
    @Test("is read from a certificate in a PEM file", arguments: [12, 40_000]) func certificate(days: Int) throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: UUID().uuidString)
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let arguments = ["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj", "/CN=x"]
        let before = Int64(Date.now.timeIntervalSince1970)
        let made = try OpenSSL(arguments + ["-days", "\(days)", "-keyout", "key.pem", "-out", "cert.pem"], in: folder, output: "out").wait()
        #expect(made == 0)
        let end = try #require(CredentialEnd.ofCertificate(folder.appending(path: "cert.pem").path))
        #expect((0...120).contains(end - before - Int64(days) * 86_400), "\(end)")
        #expect(CredentialEnd.ofCertificate(folder.appending(path: "key.pem").path) == nil)
        #expect(CredentialEnd.ofCertificate("/no/such/file") == nil)
    }

    @Test(
        "is read from a JSON Web Token, and from nothing else",
        arguments: [
            (#"{"exp":1900000000}"#, 1_900_000_000), (#"{"exp":1900000000.7}"#, 1_900_000_000), (#"{"exp":"1900000000"}"#, nil),
            (#"{"exp":-1}"#, nil), (#"{"exp":1e300}"#, nil), ("{}", nil), ("[]", nil), ("no JSON", nil),
        ] as [(String, Int64?)])
    func token(claims: String, end: Int64?) {
        #expect(CredentialEnd.ofToken("e30." + WebTokenText.base64(Data(claims.utf8)) + ".c2ln") == end)
    }

    @Test("is unknown of other secrets", arguments: ["", "secret", "a.b", "a.b.c", "a.b.c.d", "...", "ä.ö.ü"])
    func other(text: String) { #expect(CredentialEnd.ofToken(text) == nil) }
}
