import ExportCore
import Redis

extension StoreScript {
    /// | argument | meaning |
    /// |---|---|
    /// | provider | its name |
    /// | version | of its file, as the caller knows it |
    /// | reason | in words |
    ///
    /// | reply | meaning |
    /// |---|---|
    /// | isDisabled | 1, or 0 when it was disabled before, or has another version |
    static let disableEndpoint = StoreScript(
        "disable_endpoint", PackageResources.disable_endpoint_lua, arguments: "provider, version, reason", reply: "isDisabled")
}

extension JobStore {
    /// Further ends of the provider's jobs make no message, until its file changes or somebody enables the endpoint. If this fails half way,
    /// the partitions that were not reached do it at their next message.
    /// - Returns: whether the endpoint was enabled before.
    public func disableEndpoint(of provider: String, version: String, reason: String) async throws(JobStoreError) -> Bool {
        var isDisabled = false
        for partition in 0..<partitions {
            let arguments: [RedisArgument] = [.string(provider), .string(version), .string(HistoryEntry.line(reason))]
            if try await run(.disableEndpoint, partition: partition, arguments).element("isDisabled").integer == 1 { isDisabled = true }
        }
        return isDisabled
    }

    /// - Returns: whether the endpoint was disabled.
    public func enableEndpoint(of provider: String) async throws(JobStoreError) -> Bool {
        let commands = (0..<partitions).map { partition -> [RedisArgument] in
            ["HDEL", Keys.endpoints(partition), .string("\(provider):off"), .string("\(provider):skipped")]
        }
        var wasDisabled = false
        for reply in try await send("enable endpoint", commands) { if try reply.integer > 0 { wasDisabled = true } }
        return wasDisabled
    }
}
