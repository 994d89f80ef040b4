import ExportCore
import JQ
import Yams

/// `parameters:` of a provider file: what the parameters of a job must be, in JSON Schema draft-07.
public struct ParameterSchema: Sendable, Equatable {
    /// The schema as JSON.
    public let json: String
    private let root: SchemaNode

    /// The most problems that one set of parameters is reported with.
    private static let mostProblems = 20

    public static func == (left: ParameterSchema, right: ParameterSchema) -> Bool { left.json == right.json }

    /// - Returns: `nil` if the text is no schema that this version can use.
    public init?(json: String) {
        guard let value = try? JQValue(json: json), let root = try? SchemaNode(value, "parameters") else { return nil }
        (self.json, self.root) = (json, root)
    }

    init?(_ field: Field) {
        let json = Self.json(field.node)
        do throws(SchemaError) {
            guard let value = try? JQValue(json: json) else {
                throw SchemaError(path: "", message: "cannot be read as JSON", fix: "check it")
            }
            root = try SchemaNode(value, "parameters")
            self.json = json
        } catch {
            field.report.add(Self.mark(of: error.path, in: field.node), error.path, error.message, fix: error.fix)
            return nil
        }
    }

    /// The position of the deepest node that the path leads to.
    private static func mark(of path: String, in root: Node) -> Mark? {
        var node = root
        var rest = path.dropFirst("parameters".count)
        while rest.hasPrefix("."), let mapping = node.mapping {
            rest = rest.dropFirst()
            // A name may hold dots.
            guard
                let entry = mapping.first(where: { entry in
                    entry.key.scalar.map { rest == $0.string || rest.hasPrefix($0.string + ".") } ?? false
                }), let name = entry.key.scalar?.string
            else { break }
            rest = rest.dropFirst(name.count)
            if rest.isEmpty { return entry.key.mark }
            node = entry.value
        }
        return node.mark
    }

    /// Everything that is wrong with the parameters of a job; empty if they conform.
    /// - Parameter parameters: a JSON object.
    public func problems(in parameters: String) -> [String] {
        guard let value = try? JQValue(json: parameters, largeIntegers: .rounded), value.kind == .object else {
            return ["parameters must be an object"]
        }
        return Array(root.problems(value, "parameters").prefix(Self.mostProblems))
    }

    /// For people.
    public struct Parameter: Sendable {
        public let name: String
        public let type: String
        public let isRequired: Bool
        /// JSON.
        public let standard: String?
        public let description: String?
    }

    /// Whether a job can have no others than `parameters`.
    var isClosed: Bool { !root.allowsOthers }

    public var parameters: [Parameter] {
        root.properties.map { name, schema in
            let type =
                schema.allowed.isEmpty ? schema.kinds.map(\.rawValue).joined(separator: " or ") : schema.allowed.joined(separator: " | ")
            return Parameter(
                name: name, type: type.isEmpty ? "any" : type, isRequired: root.required.contains(name) && schema.standard == nil,
                standard: schema.standard, description: schema.description)
        }
    }

    /// The names of those that can only be text.
    public var textParameters: Set<String> {
        Set(
            root.properties.filter { _, schema in
                schema.allowed.isEmpty ? schema.kinds == [.string] : schema.allowed.allSatisfy { $0.hasPrefix("\"") }
            }.map(\.0))
    }

    /// The defaults of parameters that a job leaves out, by name.
    var defaults: [(name: String, json: String)] {
        root.properties.compactMap { name, schema in schema.standard.map { (name, $0) } }
    }

    /// Plain scalars are typed as in the JSON schema of YAML 1.2.
    private static func json(_ node: Node) -> String {
        switch node {
        case .scalar(let scalar):
            if scalar.style == .plain, let typed = JSONTemplate.typed(scalar.string) { return typed }
            return JQValue(scalar.string).json
        case .mapping(let mapping):
            return "{" + mapping.map { JQValue($0.key.scalar?.string ?? "").json + ":" + json($0.value) }.joined(separator: ",") + "}"
        case .sequence(let sequence): return "[" + sequence.map { json($0) }.joined(separator: ",") + "]"
        case .alias: return "null"
        }
    }
}
