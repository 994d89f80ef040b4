import Foundation
import Testing

/// SwiftPM accepts a target that imports what it does not declare, and one that declares what it does not import.
@Suite("A target's dependencies") struct DependencyTests {
    /// Modules of the toolchain.
    private static let toolchain: Set<String> = [
        "Dispatch", "Foundation", "FoundationEssentials", "FoundationNetworking", "FoundationXML", "Glibc", "Synchronization", "Testing",
    ]

    @Test("are exactly the modules that its files import") func declared() throws {
        let declared = try Manifest(ProjectSources.text("Package.swift")).dependencies
        var imported: [String: Set<String>] = [:]
        for file in ProjectSources.swiftFiles("Sources") + ProjectSources.swiftFiles("Tests") {
            let module = ProjectSources.module(of: file)
            imported[module, default: []].formUnion(try ProjectSources.imports(of: file).subtracting(Self.toolchain))
        }
        #expect(declared.count > 20)
        #expect(Set(declared.keys) == Set(imported.keys).union(["CMemory"]))
        for (module, dependencies) in declared {
            let imports = imported[module] ?? []
            #expect(dependencies.subtracting(imports).sorted() == [], "\(module) declares them, but imports them nowhere")
            #expect(imports.subtracting(dependencies).sorted() == [], "\(module) imports them, but does not declare them")
        }
    }
}

/// The targets of a `Package.swift` that is written like ours: products are computed properties of type `Target.Dependency`.
private struct Manifest {
    /// The modules that each target with Swift or C sources depends on.
    private(set) var dependencies: [String: Set<String>] = [:]

    init(_ text: String) {
        var products: [String: String] = [:]
        for match in text.matches(of: #/var (\w+): Target\.Dependency \{ \.product\(name: "(\w+)"/#) {
            products[String(match.1)] = String(match.2)
        }
        for match in text.matches(of: #/\.(?:target|executableTarget|testTarget)\(\s*name: "(\w+)"/#) {
            // `.target(name: $0.name)` within a list does not match: the name is not a literal.
            let target = Self.call(text[match.range.upperBound...])
            var modules: Set<String> = []
            if let list = target.firstMatch(of: #/dependencies: \[([^\]]*)\]/#) {
                for item in list.1.split(separator: ",") {
                    let item = item.trimmingCharacters(in: .whitespacesAndNewlines)
                    guard !item.isEmpty else { continue }
                    modules.insert(item.hasPrefix("\"") ? item.trimmingCharacters(in: ["\""]) : products[item] ?? item)
                }
            }
            // A target that exists only where hiredis has TLS.
            if target.contains("hiredisTLS.map") { modules.insert("CHiredisTLS") }
            dependencies[String(match.1)] = modules
        }
    }

    /// The text up to the parenthesis that ends the call.
    private static func call(_ text: Substring) -> Substring {
        var depth = 1
        for index in text.indices {
            switch text[index] {
            case "(": depth += 1
            case ")": depth -= 1
            default: break
            }
            if depth == 0 { return text[..<index] }
        }
        return text
    }
}
