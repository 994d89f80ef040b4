/// Puts a script behind the files of `Scripts/include` that it includes, each once and behind those that it includes itself.
///
/// Redis runs the whole text with each call, and each function is created by each call. So definitions that the script does not use are left out.
enum ScriptAssembly {
    /// By the names that the line `-- include:` uses.
    private static let includes: [String: [UInt8]] = [
        "clock": PackageResources.clock_lua, "job_keys": PackageResources.job_keys_lua,
        "provider_keys": PackageResources.provider_keys_lua, "download_keys": PackageResources.download_keys_lua,
        "progress": PackageResources.progress_lua,
        "request": PackageResources.request_lua, "history": PackageResources.history_lua, "index": PackageResources.index_lua,
        "outbox": PackageResources.outbox_lua, "job_events": PackageResources.job_events_lua,
        "file_state": PackageResources.file_state_lua, "file_names": PackageResources.file_names_lua,
        "waiting": PackageResources.waiting_lua, "rate": PackageResources.rate_lua,
        "tenant_limits": PackageResources.tenant_limits_lua, "webhooks": PackageResources.webhooks_lua,
    ]

    static func text(of script: String) -> String {
        var included: Set<String> = [], definitions: [Definition] = []
        func include(_ source: String) {
            for name in includedNames(source) where included.insert(name).inserted {
                // Only the program's own files can be wrong here, and a test assembles every script.
                guard let bytes = includes[name] else {
                    preconditionFailure("no file Scripts/include/\(name).lua is known to ScriptAssembly")
                }
                let text = String(decoding: bytes, as: UTF8.self)
                include(text)
                definitions += Definition.all(in: text)
            }
        }
        include(script)
        // What is defined can be used only behind it.
        var words = Definition.words(of: script), needed: [String] = []
        for definition in definitions.reversed() where !words.isDisjoint(with: definition.names) {
            words.formUnion(Definition.words(of: definition.text))
            needed.append(definition.text)
        }
        return needed.reversed().joined() + script
    }

    private static func includedNames(_ source: String) -> [String] {
        let mark = "-- include: "
        guard let line = source.prefix(while: { $0 != "\n" }).split(separator: mark, omittingEmptySubsequences: false).last,
            source.hasPrefix(mark)
        else { return [] }
        return line.split(separator: ", ").map(String.init)
    }

    /// A statement of an included file. It begins with `local` at the first column.
    private struct Definition {
        var text: String
        /// `local function NAME(…)` or `local NAME, NAME = …`
        let names: Set<String>

        init(_ line: Substring) {
            text = line + "\n"
            let named = line.prefix { $0 != "(" && $0 != "=" }.dropFirst("local ".count)
            names = Self.words(of: String(named)).subtracting(["function"])
        }

        static func all(in source: String) -> [Definition] {
            var found: [Definition] = []
            for line in source.split(separator: "\n") where !line.hasPrefix("--") {
                if line.hasPrefix("local ") {
                    found.append(Definition(line))
                } else {
                    precondition(!found.isEmpty, "an included script begins with something else than a definition: \(line)")
                    found[found.count - 1].text += line + "\n"
                }
            }
            return found
        }

        static func words(of text: String) -> Set<String> {
            Set(text.split { !($0.isLetter || $0.isNumber || $0 == "_") }.map(String.init))
        }
    }
}
