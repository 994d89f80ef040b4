import ExportCore
import JobStore
import ProviderAPI

/// The schemas of parameters that orchestrators have reported, read once for all jobs of a submission.
struct ReportedSchemas {
    private var read: [String: ParameterSchema?] = [:]

    /// Everything that is wrong with the parameters of a job; `nil` if they conform, or nothing is known about them.
    mutating func fault(of request: JobRequest, _ providers: KnownProviders?) -> String? {
        guard let json = providers?.parameters[request.provider] else { return nil }
        let known = read[request.provider] ?? ParameterSchema(json: json)
        read[request.provider] = known
        guard let problems = known?.problems(in: request.parameters), !problems.isEmpty else { return nil }
        return problems.joined(separator: "; ") + "; see `longhaul provider show \(request.provider)`"
    }
}
