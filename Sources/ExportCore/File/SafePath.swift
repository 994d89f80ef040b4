/// Converts an untrusted name, of an archive entry or of a file that a server names, into a relative path that stays below the
/// folder or key prefix it is joined to, on any system.
public enum SafePath {
    public static let maxLength = 1024
    public static let maxComponentLength = 255

    /// The path without `.` components, otherwise unchanged byte for byte: Unicode is not normalised. Two names can give the same
    /// path; a zip can also contain the same name twice.
    /// - Throws: `SafePathError` for names that no valid export needs: a leading `/` or a drive letter, `..`, an empty component
    ///   (also a trailing `/`), backslashes, control characters, more than 1024 bytes of UTF-8 in total or 255 in a component.
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

/// A name that must not be used as a path. The same name always fails: not retriable.
public struct SafePathError: Error, Sendable, Equatable, CustomStringConvertible {
    public enum Reason: String, Sendable {
        case empty = "is empty"
        case tooLong = "is too long"
        case absolute = "is absolute"
        case parent = "contains '..'"
        case emptyComponent = "has an empty component"
        case backslash = "contains a backslash"
        case controlCharacter = "contains a control character"
    }

    public let reason: Reason
    /// The original name: untrusted, and of any length.
    public let path: String

    /// Safe for a log: escaped and truncated.
    public var description: String { "the name \(String(path.prefix(100)).debugDescription) \(reason.rawValue)" }
}
