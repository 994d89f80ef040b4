/// A provider file of the catalogue, `ops/providers`, which is part of the program.
struct CatalogueEntry {
    let name: String
    let text: String

    /// What it exports: its first comment.
    var summary: String {
        let line = text.split(separator: "\n").first { $0.hasPrefix("# ") && !$0.hasPrefix("# yaml-language-server") } ?? ""
        let text = line.dropFirst(2)
        let sentence = text.firstRange(of: ". ").map { text[..<$0.lowerBound] } ?? text
        return String(sentence.hasSuffix(".") ? sentence.dropLast() : sentence)
    }

    /// The names of the secrets that it reads, in order.
    var secrets: [String] {
        var seen: Set<String> = []
        return text.matches(of: /\.secrets\.([A-Z_][A-Z0-9_]*)/).map { String($0.1) }.filter { seen.insert($0).inserted }
    }

    static var all: [CatalogueEntry] {
        files.sorted { $0.key < $1.key }.map { CatalogueEntry(name: $0.key, text: String(decoding: $0.value, as: UTF8.self)) }
    }

    static var schema: [UInt8] { PackageResources.schema_json }

    /// The entry that a name, or the start or a part of only one, means.
    static func named(_ name: String) throws -> CatalogueEntry {
        if let entry = all.first(where: { $0.name == name }) { return entry }
        let near = all.filter { $0.name.hasPrefix(name) }
        let candidates = near.isEmpty ? all.filter { $0.name.contains(name) } : near
        if let entry = candidates.first, candidates.count == 1 { return entry }
        let names = (candidates.isEmpty ? all : candidates).map(\.name).joined(separator: ", ")
        throw Problem.usage("--like \(name): \(candidates.isEmpty ? "not in the catalogue, which has" : "write one of") \(names)")
    }

    private static let files: [String: [UInt8]] = [
        "airflow": PackageResources.airflow_yaml,
        "amazon-ads": PackageResources.amazon_ads_yaml,
        "amazon-selling-partner": PackageResources.amazon_selling_partner_yaml,
        "aws-athena": PackageResources.aws_athena_yaml,
        "aws-cloudwatch-logs": PackageResources.aws_cloudwatch_logs_yaml,
        "braze": PackageResources.braze_yaml,
        "fhir-bulk": PackageResources.fhir_bulk_yaml,
        "github-migrations": PackageResources.github_migrations_yaml,
        "google-bid-manager": PackageResources.google_bid_manager_yaml,
        "label-studio": PackageResources.label_studio_yaml,
        "marketo-bulk-extract": PackageResources.marketo_bulk_extract_yaml,
        "meta-insights": PackageResources.meta_insights_yaml,
        "microsoft-graph-reports": PackageResources.microsoft_graph_reports_yaml,
        "openai-batch": PackageResources.openai_batch_yaml,
        "pretix": PackageResources.pretix_yaml,
        "salesforce-bulk": PackageResources.salesforce_bulk_yaml,
        "sandbox": PackageResources.sandbox_yaml,
        "shopify": PackageResources.shopify_yaml,
        "stripe-reports": PackageResources.stripe_reports_yaml,
        "template": PackageResources.template_yaml,
        "zendesk": PackageResources.zendesk_yaml,
        "zoho-analytics": PackageResources.zoho_analytics_yaml,
    ]
}
