/// `secrets: {by: …}` — jobs use the secrets of different accounts.
struct AccountChoice {
    /// Gives the name of the account of a job.
    let by: Filter
    /// The secrets that differ; `nil`: all.
    let names: Set<String>?
    private let nameFields: [Field]?

    init?(_ field: Field, _ compiler: FilterCompiler) {
        guard let section = field.section(["by", "names"]) else { return nil }
        let by = section.required("by", fix: "write .job.tenant, or another filter over the job and its parameters").flatMap { field in
            compiler.having([.job, .parameters]) { compiler.filter(field) }
        }
        nameFields = section["names"].map { field in field.list(fix: "write [A_SECRET]") }
        names = nameFields.map { fields in Set(fields.compactMap { $0.text(fix: "write the name of a secret") }) }
        if names?.isEmpty ?? false {
            section["names"]?.problem("empty, so all jobs would share all secrets", fix: "name a secret, or leave it out")
        }
        guard let by else { return nil }
        if by.parts.isEmpty {
            section["by"]?.problem("the same for every job", fix: "write .job.tenant, or another filter over the job and its parameters")
        }
        self.by = by
    }

    /// Reports names that no template reads: their secrets would be shared.
    func check(_ used: some Collection<String>) {
        for field in nameFields ?? [] {
            guard let name = field.text(), !used.contains(name) else { continue }
            let fix =
                Spelling.nearest(to: name, in: used.sorted()).map { "did you mean \($0)?" } ?? "remove it, or use {{ .secrets.\(name) }}"
            field.problem("nothing reads .secrets.\(name)", fix: fix)
        }
    }

    /// It becomes the name of a file and part of a key of the store.
    static func isName(_ text: String) -> Bool {
        (1...64).contains(text.utf8.count) && !text.hasPrefix(".")
            && text.utf8.allSatisfy { byte in
                switch byte {
                case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "0")...UInt8(ascii: "9"),
                    UInt8(ascii: "."), UInt8(ascii: "_"), UInt8(ascii: "-"):
                    true
                default: false
                }
            }
    }
}
