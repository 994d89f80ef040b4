import ExportCore
import ProviderAPI

// What a request to a provider says of the provider's own health: `nil` when it answered as it should, whatever the answer means
// for the job.

extension CreateOutcome {
    var failure: Failure? { if case .failed(let failure) = self { failure } else { nil } }
}

extension FindOutcome {
    var failure: Failure? { if case .failed(let failure) = self { failure } else { nil } }
}

extension CheckOutcome {
    var failure: Failure? { if case .failure(let failure) = self { failure } else { nil } }
}

extension FilesOutcome {
    var failure: Failure? { if case .failure(let failure) = self { failure } else { nil } }
}

extension CancelOutcome {
    var failure: Failure? { if case .failure(let failure) = self { failure } else { nil } }
}
