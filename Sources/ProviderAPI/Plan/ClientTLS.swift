import ExportCore
import Foundation
import HTTPClient
import JQ

/// `tls:` — the certificate that the client shows to the hosts of the provider file (mutual TLS).
struct ClientTLS {
    let certificate: String
    let key: String
    let password: Template?

    static let keys = ["certificate", "key", "password"]

    init?(_ field: Field, _ compiler: FilterCompiler) {
        guard let section = field.section(Self.keys) else { return nil }
        let certificate = section.required("certificate", fix: "write the path of a PEM file").flatMap { Self.path($0) }
        let key = section.required("key", fix: "write the path of a PEM file").flatMap { Self.path($0) }
        password = section["password"].flatMap { compiler.requestText($0) }
        guard let certificate, let key else { return nil }
        (self.certificate, self.key) = (certificate, key)
    }

    private static func path(_ field: Field) -> String? {
        guard let path = field.text(fix: "write the path of a PEM file") else { return nil }
        guard FileManager.default.isReadableFile(atPath: path) else {
            field.problem("cannot read \(path)", fix: "correct the path, or give the service read permission")
            return nil
        }
        return path
    }

    var parts: ContextParts { password?.parts ?? [] }

    func certificate(_ context: JQValue) throws(Failure) -> ClientCertificate {
        ClientCertificate(certificateFile: certificate, keyFile: key, keyPassword: try password?.text(context))
    }
}
