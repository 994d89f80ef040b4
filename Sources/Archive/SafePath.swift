/// Turns an untrusted name, of an archive's entry or of a file that a server told, into a relative path that can be joined to a
/// folder or a key prefix and stays below it, on any system.
public enum SafePath {
    public static let maxLength = 1024
    public static let maxComponentLength = 255

    /// The path, with components `.` dropped and everything else left byte for byte: unicode is not normalised. Two names can
    /// give the same path, as a zip can hold the same name twice.
    /// - Throws: `SafePathError` for what no honest export needs: a leading `/` or a drive letter, `..`, an empty component (also a
    ///   trailing `/`), backslashes, control characters, more than 1024 bytes of UTF-8 in all or 255 in a component.
    public static func relative(_ untrusted: String) throws(SafePathError) -> String {
        func refuse(_ reason: SafePathError.Reason) -> SafePathError { SafePathError(reason: reason, path: untrusted) }

        if untrusted.utf8.isEmpty { throw refuse(.empty) }
        if untrusted.utf8.count > maxLength { throw refuse(.tooLong) }
        for scalar in untrusted.unicodeScalars {
            if scalar.properties.generalCategory == .control { throw refuse(.controlCharacter) }
            if scalar == "\\" { throw refuse(.backslash) }
        }
        let bytes = Array(untrusted.utf8)
        if bytes[0] == UInt8(ascii: "/") || isDrive(bytes) { throw refuse(.absolute) }

        var kept: [ArraySlice<UInt8>] = []
        for component in bytes.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false) {
            if component.isEmpty { throw refuse(.emptyComponent) }
            if component.count > maxComponentLength { throw refuse(.tooLong) }
            if component.elementsEqual("..".utf8) { throw refuse(.parent) }
            if !component.elementsEqual(".".utf8) { kept.append(component) }
        }
        if kept.isEmpty { throw refuse(.empty) }
        return String(decoding: Array(kept.joined(separator: "/".utf8)), as: UTF8.self)
    }

    private static func isDrive(_ bytes: [UInt8]) -> Bool {
        guard bytes.count >= 2, bytes[1] == UInt8(ascii: ":") else { return false }
        return (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(bytes[0] | 0x20)
    }
}

/// A name that must not become a path. It is the same the next time: not retriable.
public struct SafePathError: Error, Sendable, Equatable, CustomStringConvertible {
    public enum Reason: String, Sendable {
        case empty = "is empty"
        case tooLong = "is too long"
        case absolute = "is absolute"
        case parent = "holds '..'"
        case emptyComponent = "has an empty component"
        case backslash = "holds a backslash"
        case controlCharacter = "holds a control character"
    }

    public let reason: Reason
    /// The name as it came: untrusted, and of any length.
    public let path: String

    /// Fit for a log: escaped and cut.
    public var description: String { "the name \(String(path.prefix(100)).debugDescription) \(reason.rawValue)" }
}
