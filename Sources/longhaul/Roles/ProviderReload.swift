import Dispatch
import Foundation
import Instruments
import JobStore
import Lifecycle
import Logging
import Metrics
import ProviderAPI
import ServiceLifecycle
import Telemetry

/// Reads provider files again when they change, and on SIGHUP; and files with secrets, too.
///
/// A version that is broken changes nothing: the one before stays in use, and the log, a metric and `longhaul doctor` say so.
actor ProviderReload: Service, Instrumented {
    private static let reloads = CounterInstrument(
        "longhaul_provider_reloads_total", "outcome", help: "Versions of provider files taken into use (`used`) or refused (`broken`).")
    private static let brokenFiles = GaugeInstrument(
        "longhaul_provider_files_broken", help: "Provider files whose present version is not in use.")

    static var instruments: [Instrument] { [reloads.instrument, brokenFiles.instrument] }

    private let settings: Settings
    private let files: ProviderFiles
    private let logger: Logger
    private let open: ProviderOpener
    /// The versions in use, by the names of their providers.
    private var versions: [String: String]
    /// The secrets that the files name.
    private var secretNames: Set<String>
    private var seen: [String: FileStamp] = [:]
    private var seenSecrets: [String: FileStamp] = [:]
    /// What was complained about, so that it is said once.
    private var complaints: Set<String> = []
    private let used = ProviderReload.reloads("used"), refused = ProviderReload.reloads("broken")
    private let broken = ProviderReload.brokenFiles()

    /// Between two looks. A change that is half written is seen again at the next one.
    private static let interval = Duration.seconds(2)

    init(settings: Settings, clients: [String: ProviderClient], files: ProviderFiles, logger: Logger, open: @escaping ProviderOpener) {
        self.settings = settings
        self.files = files
        self.logger = logger
        self.open = open
        versions = clients.mapValues(\.definition.version)
        secretNames = Set(clients.values.flatMap(\.definition.secretNames))
    }

    /// Runs until the shutdown.
    func run() async throws {
        broken.record(0)
        seen = stamps()
        seenSecrets = secretStamps()
        let (hangups, continuation) = AsyncStream<Void>.makeStream(bufferingPolicy: .bufferingNewest(1))
        signal(SIGHUP, SIG_IGN)
        let source = DispatchSource.makeSignalSource(signal: SIGHUP, queue: .global())
        source.setEventHandler { continuation.yield() }
        source.activate()
        let ticks = Task {
            // Cancelled at the shutdown.
            while (try? await Task.sleep(for: Self.interval)) != nil { await self.look() }
        }
        await cancelWhenGracefulShutdown { for await _ in hangups { await self.reload(isAsked: true) } }
        ticks.cancel()
        source.cancel()
    }

    private func look() async {
        let now = stamps(), secrets = secretStamps()
        if secrets != seenSecrets {
            seenSecrets = secrets
            logger.notice("files with secrets have changed and are read again")
            await files.reloadSecrets()
        }
        guard now != seen else { return }
        seen = now
        await reload(isAsked: false)
    }

    private func reload(isAsked: Bool) async {
        if isAsked {
            logger.notice("SIGHUP: provider files and secrets are read again")
            await files.reloadSecrets()
        }
        guard let (sources, problems) = try? settings.providerSources() else { return }  // the setting was there at the start
        var faults = problems.map { "\($0)" }
        let faulty = Set(problems.map(\.file))
        for source in sources where versions[source.name] != source.version && !faulty.contains(source.file) {
            do {
                try await use(source)
            } catch let error as JobStoreError {
                logger.warning("a provider file waits for the store: \(error)", metadata: ["provider": "\(source.name)"])
                seen = [:]
            } catch {
                refused.increment()
                faults.append("\(error)")
            }
        }
        // A file that cannot be read is not one that is gone.
        if problems.isEmpty { await retire(Set(versions.keys).subtracting(sources.map(\.name))) }
        complain(faults)
    }

    private func use(_ source: ProviderSource) async throws {
        let client = try await open(source)
        try await files.replace(client)
        let isNew = versions[source.name] == nil
        versions[source.name] = client.definition.version
        secretNames.formUnion(client.definition.secretNames)
        seenSecrets = secretStamps()
        used.increment()
        for problem in client.secretProblems { logger.error("requests that need a missing secret are not sent: \(problem)") }
        for problem in client.webhookProblems { logger.error("webhooks that need a missing secret wait for it: \(problem)") }
        logger.notice(
            "\(isNew ? "a new provider" : "a new version of a provider") is in use: jobs that are created from now on have it",
            metadata: ["provider": "\(source.name)", "version": "\(client.definition.version)"])
    }

    private func retire(_ names: Set<String>) async {
        for name in names.sorted() {
            versions[name] = nil
            await files.retire(name)
            logger.notice("the file of a provider is gone: no jobs are created with it any more", metadata: ["provider": "\(name)"])
        }
    }

    private func complain(_ faults: [String]) {
        broken.record(faults.count)
        for fault in faults where !complaints.contains(fault) {
            logger.error("a provider file is broken, and its last version stays in use: \(fault)")
        }
        complaints = Set(faults)
    }

    private func stamps() -> [String: FileStamp] {
        let paths = (try? settings.required("LONGHAUL_PROVIDERS"))?.split(separator: ",").map(String.init) ?? []
        return FileStamp.all(paths.flatMap(ProviderFolder.candidates))
    }

    private func secretStamps() -> [String: FileStamp] {
        let folders = secretNames.compactMap { settings.environment["\($0)_DIR"] }
        // A folder that cannot be read has no files now; a job that needs one says so.
        let ofAccounts = folders.flatMap { folder in
            ((try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []).map { "\(folder)/\($0)" }
        }
        return FileStamp.all(secretNames.compactMap { settings.environment["\($0)_FILE"] } + ofAccounts)
    }
}

/// Tells whether a file has changed.
private struct FileStamp: Equatable {
    let size: Int64
    let seconds: Int, nanoseconds: Int
    /// A file that replaces another, as the links of a mounted volume do.
    let inode: UInt64

    init?(_ path: String) {
        var info = stat()
        guard stat(path, &info) == 0 else { return nil }
        (size, seconds, nanoseconds, inode) = (Int64(info.st_size), info.st_mtim.tv_sec, info.st_mtim.tv_nsec, UInt64(info.st_ino))
    }

    static func all(_ paths: [String]) -> [String: FileStamp] {
        paths.reduce(into: [:]) { $0[$1] = FileStamp($1) }
    }
}
