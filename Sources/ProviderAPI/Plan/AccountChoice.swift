/// `secrets: {by: …}` — jobs use the secrets of different accounts.
struct AccountChoice {
    /// Gives the name of the account of a job.
    let by: Filter
    /// The secrets that differ; `nil`: all.
    let names: Set<String>?

    init?(_ field: Field, _ compiler: FilterCompiler) {
        guard let section = field.section(["by", "names"]) else { return nil }
        let by = section.required("by", fix: "write .job.tenant, or another filter over the job and its parameters").flatMap { field in
            compiler.having([.job, .parameters]) { compiler.filter(field) }
        }
        names = section["names"].map { field in Set(field.elements.compactMap { $0.text(fix: "write the name of a secret") }) }
        guard let by else { return nil }
        self.by = by
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
