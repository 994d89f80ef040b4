import Redis

/// A reply of Redis, taken apart. A value of another kind than expected throws and names what was attempted.
struct Reply {
    let value: RESPValue
    let attempted: String
    /// The names that a script's header gives to the elements.
    private let fields: StoreScript.Fields?

    init(_ value: RESPValue, _ attempted: String) {
        self.value = value
        self.attempted = attempted
        fields = nil
    }

    init(_ value: RESPValue, of script: StoreScript) {
        self.value = value
        attempted = script.name
        fields = script.reply
    }

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

    /// `nil` for a null: a field or key that does not exist.
    var optional: Reply? {
        if case .null = value { nil } else { self }
    }

    func element(_ index: Int) throws(JobStoreError) -> Reply {
        let elements = try array
        guard elements.indices.contains(index) else { throw unexpected }
        return Reply(elements[index], attempted)
    }

    /// The elements as replies.
    var elements: [Reply] {
        get throws(JobStoreError) { try array.map { Reply($0, attempted) } }
    }

    /// Field names and values of an HGETALL; of fields with one name the last.
    var hash: [String: String] {
        get throws(JobStoreError) {
            let elements = try array
            var hash: [String: String] = [:]
            hash.reserveCapacity(elements.count / 2)
            for index in stride(from: 0, to: elements.count - 1, by: 2) {
                guard case .string(let name) = elements[index], case .string(let value) = elements[index + 1] else { throw unexpected }
                hash[String(decoding: name, as: UTF8.self)] = String(decoding: value, as: UTF8.self)
            }
            return hash
        }
    }

    var unexpected: JobStoreError {
        JobStoreError(kind: .unexpectedReply(String("\(value)".prefix(200))), attempted: attempted)
    }
}

// MARK: - What the script's header names

extension Reply {
    /// The element that occurs once under this name.
    func element(_ name: String) throws(JobStoreError) -> Reply {
        guard let index = fields?.once.firstIndex(of: name) else { preconditionFailure("\(attempted).lua returns no \(name)") }
        return try element(index)
    }

    /// The items of the list that follows; each holds its values in the order of the header.
    var items: [ArraySlice<RESPValue>] {
        get throws(JobStoreError) {
            guard let fields, !fields.each.isEmpty else { preconditionFailure("\(attempted).lua returns no list") }
            return try Self.chunks(array.dropFirst(fields.once.count), of: fields.each.count, orThrow: unexpected)
        }
    }

    /// An array of items with `size` values each.
    func chunks(of size: Int) throws(JobStoreError) -> [ArraySlice<RESPValue>] {
        try Self.chunks(array[...], of: size, orThrow: unexpected)
    }

    private static func chunks(
        _ values: ArraySlice<RESPValue>, of size: Int, orThrow error: @autoclosure () -> JobStoreError
    ) throws(JobStoreError) -> [ArraySlice<RESPValue>] {
        guard values.count.isMultiple(of: size) else { throw error() }
        return stride(from: values.startIndex, to: values.endIndex, by: size).map { values[$0..<$0 + size] }
    }
}

extension Duration {
    /// Whole milliseconds, rounded up: a timer must not fire early.
    var milliseconds: Int64 {
        let (seconds, attoseconds) = components
        return seconds * 1000 + (attoseconds + 999_999_999_999_999) / 1_000_000_000_000_000
    }
}
