import Crypto
import Encoding

/// A Lua script, identified on the server by the SHA-1 of its source.
public struct RedisScript: Sendable {
    /// The name in errors and logs.
    public let name: String
    public let source: String
    /// 40 hexadecimal digits.
    public let sha1: String
    /// `EVALSHA` and the digest, encoded once for all calls.
    let evaluation: [UInt8]

    public init(name: String, source: String) {
        self.name = name
        self.source = source
        sha1 = Hexadecimal.text(Insecure.SHA1.hash(data: Array(source.utf8)))
        var evaluation: [UInt8] = []
        evaluation.append(word: .string("EVALSHA"))
        evaluation.append(word: .string(sha1))
        self.evaluation = evaluation
    }
}

/// One call of a script: `KEYS` and `ARGV`.
struct RedisScriptCall: Sendable {
    let script: RedisScript
    let keys: [RedisArgument]
    let arguments: [RedisArgument]
}
