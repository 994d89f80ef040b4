import ExportCore
import JQ

/// `download.s3` — the keys that sign links `s3://BUCKET/KEY`.
struct S3Signing {
    let keys: AWSPlan
    /// Of an S3 server of another kind.
    let endpoint: Template?

    /// - Parameter credentials: those of `auth`, whose keys sign if the section has none.
    init?(_ field: Field?, _ credentials: Credentials, _ compiler: FilterCompiler) {
        let section = field.flatMap { Section($0) }
        endpoint = section?["endpoint"].flatMap { compiler.requestText($0) }
        let own: AWSPlan? = if case .aws(let keys) = credentials { keys } else { nil }
        guard let field else {
            guard let own else { return nil }
            keys = own.signing(for: "s3")
            return
        }
        guard let keys = AWSPlan(field, service: "s3", other: ["endpoint"], inheriting: own, compiler) else { return nil }
        self.keys = keys
    }

    var parts: ContextParts { keys.parts.union(endpoint?.parts ?? []) }

    func url(_ link: S3Link, _ context: JQValue) throws(Failure) -> String {
        var endpoint = try endpoint?.text(context)
        while endpoint?.hasSuffix("/") == true { endpoint?.removeLast() }
        return link.url(region: try keys.regionText(context), endpoint: endpoint)
    }
}
