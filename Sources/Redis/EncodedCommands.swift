/// One or more commands in wire format: arrays of bulk strings (RESP2, "Sending commands to a Redis server").
struct EncodedCommands {
    private(set) var bytes: [UInt8] = []
    /// The end of each command; empty for a single one, which ends with the bytes.
    private var ends: [Int] = []
    private(set) var count = 0

    init(_ command: [RedisArgument]) { append(command) }

    init(all commands: [[RedisArgument]]) {
        ends.reserveCapacity(commands.count)
        for command in commands { append(command) }
    }

    init() {}

    mutating func append(_ command: [RedisArgument]) {
        beginCommand(reserving: command.reduce(16) { $0 + $1.encodedSize })
        bytes.append(header: .array, command.count)
        for argument in command { bytes.append(word: argument) }
        endCommand()
    }

    mutating func append(_ call: RedisScriptCall) {
        beginCommand(reserving: call.arguments.reduce(call.keys.reduce(112) { $0 + $1.encodedSize }) { $0 + $1.encodedSize })
        bytes.append(header: .array, 3 + call.keys.count + call.arguments.count)
        bytes.append(contentsOf: call.script.evaluation)
        bytes.append(word: .integer(Int64(call.keys.count)))
        for key in call.keys { bytes.append(word: key) }
        for argument in call.arguments { bytes.append(word: argument) }
        endCommand()
    }

    private mutating func beginCommand(reserving size: Int) {
        if count == 1 { ends.append(bytes.count) }
        // The capacity at least doubles, so that a pipeline is not copied once for each command.
        if bytes.capacity - bytes.count < size { bytes.reserveCapacity(max(bytes.count + size, 2 * bytes.capacity)) }
    }

    private mutating func endCommand() {
        if count > 0 { ends.append(bytes.count) }
        count += 1
    }

    private func start(of command: Int) -> Int { command == 0 ? 0 : end(of: command - 1) }
    private func end(of command: Int) -> Int { ends.isEmpty ? bytes.count : ends[command] }

    /// The encoded size of one command in bytes.
    func size(of command: Int) -> Int { end(of: command) - start(of: command) }

    /// The size in bytes of a command and all commands after it.
    func size(from command: Int) -> Int { bytes.count - start(of: command) }

    /// At least one command.
    subscript(commands: Range<Int>) -> ArraySlice<UInt8> {
        bytes[start(of: commands.lowerBound)..<end(of: commands.upperBound - 1)]
    }
}

private enum Header: UInt8 {
    case array = 42  // *
    case bulk = 36  // $
}

extension [UInt8] {
    fileprivate mutating func append(header: Header, _ count: Int) {
        append(header.rawValue)
        append(decimal: count)
        append(13)
        append(10)
    }

    mutating func append(word argument: RedisArgument) {
        switch argument {
        case .string(let text):
            append(header: .bulk, text.utf8.count)
            append(contentsOf: text.utf8)
        case .bytes(let bytes):
            append(header: .bulk, bytes.count)
            append(contentsOf: bytes)
        case .integer(let value):
            let text = String(value)
            append(header: .bulk, text.utf8.count)
            append(contentsOf: text.utf8)
        }
        append(13)
        append(10)
    }

    private mutating func append(decimal value: Int) {
        if value >= 10 { append(decimal: value / 10) }
        append(UInt8(48 + value % 10))
    }
}
