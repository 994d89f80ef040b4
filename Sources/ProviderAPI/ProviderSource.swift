import Crypto
import Encoding
import Foundation

/// The text of a provider file, of which only the name has been parsed.
public struct ProviderSource: Sendable, Equatable {
    /// The value of `provider:`.
    public var name: String
    /// The file path, for messages.
    public var file: String
    public var yaml: String

    /// - Throws: if the text is not a YAML mapping or has no valid `provider:`.
    public init(yaml: String, file: String) throws(ProviderFileError) {
        let report = ProblemReport(file: file)
        let name = YAMLDocument.root(of: yaml, report: report).flatMap(Section.init).flatMap(Self.name)
        try report.throwIfAny()
        guard let name else {
            throw ProviderFileError([
                ProviderFileProblem(file: file, line: 1, column: 1, field: "", message: "not a mapping", fix: "start with provider: NAME")
            ])
        }
        self.name = name
        self.file = file
        self.yaml = yaml
    }

    /// Tells versions of the file: the start of the SHA-256 of its text, in hexadecimal.
    public var version: String { String(Hexadecimal.text(SHA256.hash(data: Data(yaml.utf8))).prefix(8)) }

    static func name(_ root: Section) -> String? {
        let fix = "use 1 to 64 characters of a-z, 0-9 and -, such as acme-reports"
        guard let field = root.required("provider", fix: fix), let name = field.text(fix: fix) else { return nil }
        guard isName(name) else {
            field.problem("\"\(name)\" is not a valid name", fix: fix)
            return nil
        }
        return name
    }

    /// A name becomes part of Redis keys, object keys and metric labels.
    static func isName(_ name: String) -> Bool {
        let allowed = name.utf8.allSatisfy { (0x61...0x7A).contains($0) || (0x30...0x39).contains($0) || $0 == 0x2D }
        return allowed && (1...64).contains(name.utf8.count)
    }
}
