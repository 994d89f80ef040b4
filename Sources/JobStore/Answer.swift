import Redis

/// What scripts return, taken apart. Anything unforeseen throws, naming the script.
struct Answer {
    let value: RESPValue
    let attempted: String

    var array: [RESPValue] {
        get throws(JobStoreError) {
            guard case .array(let elements) = value else { throw unexpected }
            return elements
        }
    }

    var integer: Int64 {
        get throws(JobStoreError) {
            guard case .integer(let integer) = value else { throw unexpected }
            return integer
        }
    }

    var bytes: [UInt8] {
        get throws(JobStoreError) {
            guard case .string(let bytes) = value else { throw unexpected }
            return bytes
        }
    }

    var string: String {
        get throws(JobStoreError) { String(decoding: try bytes, as: UTF8.self) }
    }

    /// `nil` for a null: a field or key that is not there.
    var optional: Answer? {
        if case .null = value { nil } else { self }
    }

    func element(_ index: Int) throws(JobStoreError) -> Answer {
        let elements = try array
        guard elements.indices.contains(index) else { throw unexpected }
        return Answer(value: elements[index], attempted: attempted)
    }

    /// Field names and values of an HGETALL; of fields of one name the last.
    var fields: [String: String] {
        get throws(JobStoreError) {
            let elements = try array
            var fields: [String: String] = [:]
            fields.reserveCapacity(elements.count / 2)
            for index in stride(from: 0, to: elements.count - 1, by: 2) {
                let name = try Answer(value: elements[index], attempted: attempted).string
                fields[name] = try Answer(value: elements[index + 1], attempted: attempted).string
            }
            return fields
        }
    }

    var unexpected: JobStoreError {
        JobStoreError(kind: .unexpectedAnswer(String("\(value)".prefix(200))), attempted: attempted)
    }
}

extension Duration {
    /// Whole milliseconds, rounded up: a timer must not fire early.
    var milliseconds: Int64 {
        let (seconds, attoseconds) = components
        return seconds * 1000 + (attoseconds + 999_999_999_999_999) / 1_000_000_000_000_000
    }
}
