/// A fault that is injected on one occasion.
struct InjectedFault: Sendable, Hashable {
    var fault: Fault
    private let turn: UInt64

    /// Successive occasions have successive forms, the first one drawn: a few occasions of an export show all forms.
    init(_ fault: Fault, at point: FaultPoint, key: UInt64, file: Int = 0, occasion: Int) {
        self.fault = fault
        turn = Draw(key, .form, point.ordinal, file).bits >> 1 + UInt64(occasion)
    }

    /// The form of a fault that has several.
    func form<Form: CaseIterable>(_ forms: Form.Type) -> Form where Form.AllCases == [Form] {
        Form.allCases[Int(turn % UInt64(Form.allCases.count))]
    }

    /// For the event log; nil if the fault has only one form.
    var formName: String? {
        switch fault {
        case .oddTooManyRequests: form(OddRetryAfter.self).rawValue
        case .conflict: form(BusyStatus.self).rawValue
        case .processing: form(ProcessingHint.self).rawValue
        case .errorDocument: form(ErrorDocument.self).rawValue
        case .oddCoding: form(OddCoding.self).rawValue
        case .lateLinks: form(LateLinks.self).rawValue
        default: nil
        }
    }
}

/// The forms of the fault `conflict`.
enum BusyStatus: String, Sendable, CaseIterable {
    case conflict = "409"
    case locked = "423"
    case tooEarly = "425"
}

/// The forms of the fault `processing`.
enum ProcessingHint: String, Sendable, CaseIterable {
    case none
    /// `Retry-After: 1`.
    case retryAfter
}

/// The forms of the fault `errorDocument`.
enum ErrorDocument: String, Sendable, CaseIterable {
    case json
    /// As S3 writes it.
    case xml
}

/// The forms of the fault `lateLinks`.
enum LateLinks: String, Sendable, CaseIterable {
    /// No file is listed. A page after the first has `nullURLs` instead.
    case noFiles
    /// All files are listed, with `null` as their URL.
    case nullURLs
}
