import Crypto

/// A Lua script, known to the server by the SHA-1 of its source.
public struct RedisScript: Sendable {
    /// For errors and logs.
    public let name: String
    public let source: String
    /// 40 hexadecimal digits.
    public let sha1: String
    /// `EVALSHA` and the digest, encoded: the same in every call.
    let evaluation: [UInt8]

    public init(name: String, source: String) {
        self.name = name
        self.source = source
        let digits = Array("0123456789abcdef".utf8)
        let hexadecimal = Insecure.SHA1.hash(data: Array(source.utf8)).flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }
        sha1 = String(decoding: hexadecimal, as: UTF8.self)
        var evaluation: [UInt8] = []
        evaluation.append(word: .string("EVALSHA"))
        evaluation.append(word: .bytes(hexadecimal))
        self.evaluation = evaluation
    }
}

/// One call of a script: `KEYS` and `ARGV`.
public struct RedisScriptCall: Sendable {
    public var script: RedisScript
    public var keys: [RedisArgument]
    public var arguments: [RedisArgument]

    public init(_ script: RedisScript, keys: [RedisArgument], arguments: [RedisArgument]) {
        self.script = script
        self.keys = keys
        self.arguments = arguments
    }
}
