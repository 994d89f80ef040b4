import ExportCore
import ProviderAPI

// What a response says about the provider's health: `nil` if the provider works, whatever the response means for the job.

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
