import AWSSignature
import EventThread
import Glibc
import HTTPClient
import JobStore
import Lifecycle
import Logging
import ObjectStorage
import ProviderAPI
import RabbitMQ
import Redis

extension Settings {
    /// A name for this process, unique among running processes.
    func processName() throws -> String {
        if let name = try text("LONGHAUL_NAME") { return name }
        var host = [CChar](repeating: 0, count: 256)
        guard gethostname(&host, host.count - 1) == 0 else { return "longhaul-\(getpid())" }
        return String(decoding: host.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self) + "-\(getpid())"
    }

    func rabbitMQ(connectionName: String) throws -> RabbitMQConfiguration {
        do {
            var configuration = try RabbitMQConfiguration(url: required("LONGHAUL_RABBITMQ_URL"))
            configuration.connectionName = connectionName
            if configuration.tls != nil {
                configuration.tls?.authorityFile = try text("LONGHAUL_RABBITMQ_CA_FILE")
                configuration.tls?.certificateFile = try text("LONGHAUL_RABBITMQ_CERTIFICATE_FILE")
                configuration.tls?.keyFile = try text("LONGHAUL_RABBITMQ_KEY_FILE")
            }
            return configuration
        } catch let error as RabbitMQError {
            throw Problem.usage("LONGHAUL_RABBITMQ_URL: \(error)")
        }
    }

    func redis(clientName: String) throws -> RedisConfiguration {
        do {
            var configuration = try RedisConfiguration(url: required("LONGHAUL_REDIS_URL"))
            configuration.clientName = clientName
            if configuration.tls != nil {
                configuration.tls?.authorityFile = try text("LONGHAUL_REDIS_CA_FILE")
                configuration.tls?.certificateFile = try text("LONGHAUL_REDIS_CERTIFICATE_FILE")
                configuration.tls?.keyFile = try text("LONGHAUL_REDIS_KEY_FILE")
                guard (configuration.tls?.certificateFile == nil) == (configuration.tls?.keyFile == nil) else {
                    throw Problem.usage("LONGHAUL_REDIS_CERTIFICATE_FILE and LONGHAUL_REDIS_KEY_FILE must be set together")
                }
            }
            return configuration
        } catch let error as RedisError {
            throw Problem.usage("LONGHAUL_REDIS_URL: \(error)")
        }
    }

    func egress() throws -> EgressPolicy {
        let text = try required("LONGHAUL_EGRESS")
        switch text {
        case "public": return .publicOnly
        case "any": return .all
        default:
            let ranges = text.split(separator: ",").map { ($0, AddressRange(String($0))) }
            if let bad = ranges.first(where: { $0.1 == nil })?.0 {
                throw Problem.usage(
                    "LONGHAUL_EGRESS=\(text): \(bad) is not an address range; write public, any, or ranges such as 10.0.0.0/8")
            }
            return .publicAnd(ranges.compactMap(\.1))
        }
    }

    /// A client for provider requests, limited by `egress`, or for the object storage, which the operator has configured.
    /// - Parameter caFile: trusted authorities to use instead of those of `LONGHAUL_CA_FILE`.
    func httpClient(
        _ name: String, egress: EgressPolicy, caFile: String? = nil, on thread: EventThread, logger: Logger
    ) throws -> HTTPClient {
        var configuration = HTTPClientConfiguration()
        configuration.name = name
        configuration.egress = egress
        configuration.caFile = try caFile ?? text("LONGHAUL_CA_FILE")
        configuration.userAgent = "longhaul"
        configuration.proxy = try proxies()
        configuration.propagatesTraces = name == "provider"
        return HTTPClient(configuration, on: thread, logger: logger)
    }

    /// The usual variables, also in small letters.
    private func proxies() throws -> ProxyRules {
        func setting(_ name: String) throws -> String? {
            guard let value = try text(name) ?? environment[name.lowercased()], !value.isEmpty else { return nil }
            return value
        }
        func proxy(_ name: String) throws -> String? {
            guard let value = try setting(name) else { return nil }
            let url = value.contains("://") ? value : "http://\(value)"
            guard url.hasPrefix("http://") || url.hasPrefix("https://") else {
                throw Problem.usage("\(name): write http://HOST:PORT")
            }
            return url
        }
        return ProxyRules(http: try proxy("HTTP_PROXY"), https: try proxy("HTTPS_PROXY"), exceptions: try setting("NO_PROXY") ?? "")
    }

    func storage(on thread: EventThread, logger: Logger) throws -> (storage: any ObjectStorage, http: HTTPClient?) {
        let location: StorageLocation
        do {
            location = try StorageLocation(required("LONGHAUL_OUTPUT"))
        } catch let error as StorageLocationError {
            // The value is not shown, because it may hold a password.
            throw Problem.usage("LONGHAUL_OUTPUT: the value \(error.reason)")
        }
        switch location {
        case .folder(let path):
            return (FolderStorage(path: path, logger: logger), nil)
        case .s3(let bucket, let prefix):
            let http = try httpClient("storage", egress: .all, caFile: text("AWS_CA_BUNDLE"), on: thread, logger: logger)
            let credentials = AWSCredentials(
                accessKeyID: try required("AWS_ACCESS_KEY_ID"), secretAccessKey: try required("AWS_SECRET_ACCESS_KEY"),
                sessionToken: try text("AWS_SESSION_TOKEN"))
            do {
                let configuration = try S3Configuration(
                    bucket: bucket, prefix: prefix, region: required("AWS_REGION"), credentials: credentials,
                    endpoint: text("AWS_ENDPOINT_URL_S3"))
                return (S3Storage(configuration, http: http, logger: logger), http)
            } catch let error as StorageLocationError {
                throw Problem.usage("AWS_ENDPOINT_URL_S3: \(error)")
            }
        }
    }

    /// The provider files, of which only the names have been parsed.
    func providerSources() throws -> (sources: [ProviderSource], problems: [ProviderFileProblem]) {
        ProviderFolder.find(try required("LONGHAUL_PROVIDERS").split(separator: ",").map(String.init))
    }

    /// How provider files are opened: at the start, when they change, and in the older versions that jobs were created with.
    /// - Parameter logger: for what operators should know of odd answers.
    func providerOpener(
        http: HTTPClient, sessions: StoredSessions, name: String, on thread: EventThread, logger: Logger
    ) throws -> ProviderOpener {
        let sharing = try sharing(sessions, name)
        let secrets = secretSource, callbacks = try callbackAddress()
        return { source in
            let client = try await ProviderClient.open(
                source, http: http, on: thread, secrets: secrets, sessions: sharing, callbacks: callbacks, note: { logger.notice("\($0)") })
            guard client.needsSharedSession, sharing == nil else { return client }
            throw Problem.usage(
                "LONGHAUL_SECRETS_KEY is not set: provider \(client.definition.name) changes its refresh token with each use, which must be kept; set it to the output of openssl rand -base64 32"
            )
        }
    }

    /// Every provider file, compiled.
    /// - Parameter logger: for what operators should know of missing secrets.
    func providers(_ open: ProviderOpener, logger: Logger) async throws -> [String: ProviderClient] {
        let paths = try required("LONGHAUL_PROVIDERS")
        var (sources, problems) = try providerSources()
        var clients: [String: ProviderClient] = [:]
        for source in sources {
            do {
                let client = try await open(source)
                clients[client.definition.name] = client
                for problem in client.secretProblems { logger.error("requests that need a missing secret are not sent: \(problem)") }
                for problem in client.webhookProblems { logger.error("webhooks that need a missing secret wait for it: \(problem)") }
            } catch let error as ProviderFileError {
                problems += error.problems
            }
        }
        guard problems.isEmpty else { throw Problem.usage("LONGHAUL_PROVIDERS: \(ProviderFileError(problems))") }
        guard !clients.isEmpty else {
            throw Problem.usage("LONGHAUL_PROVIDERS=\(paths): no provider files (*.yaml) found; add one or correct the path")
        }
        return clients
    }

    /// How sessions are shared; `nil` without a key to encrypt them with.
    func sharing(_ sessions: StoredSessions, _ name: String) throws -> SessionSharing? {
        guard let keys = try text("LONGHAUL_SECRETS_KEY") else { return nil }
        do {
            return SessionSharing(process: name, store: sessions, seal: try SessionSeal(keys: keys))
        } catch {
            throw Problem.usage("LONGHAUL_SECRETS_KEY: \(error)")
        }
    }

    /// Where APIs report that exports have ended; `nil` if that is not set.
    func callbackAddress() throws -> CallbackAddress? {
        guard let url = try text("LONGHAUL_CALLBACK_URL") else { return nil }
        guard let secret = try text("LONGHAUL_CALLBACK_SECRET") else {
            throw Problem.usage(
                "LONGHAUL_CALLBACK_URL is set, LONGHAUL_CALLBACK_SECRET is not; set it to the output of openssl rand -base64 32")
        }
        guard let address = CallbackAddress(base: url, secret: secret) else {
            // The secret is not shown.
            throw Problem.usage(
                "LONGHAUL_CALLBACK_URL must be an http or https URL without a query, and LONGHAUL_CALLBACK_SECRET have "
                    + "\(CallbackAddress.shortestSecret) bytes or more")
        }
        return address
    }

    /// What webhooks of jobs are signed with; empty if that is not set.
    func webhookSecrets() throws -> [WebhookSecret] {
        guard let text = try text("LONGHAUL_WEBHOOK_SECRETS") else { return [] }
        guard let secrets = WebhookSecret.list(text), !secrets.isEmpty else {
            // The value is not shown.
            throw Problem.usage("LONGHAUL_WEBHOOK_SECRETS: write up to \(WebhookSecret.most), each \(WebhookSecret.rule)")
        }
        return secrets
    }

    /// The environment variable NAME, or the content of the file that NAME_FILE names.
    var secretSource: SecretSource { .environment(environment) }
}

/// Compiles a provider file.
typealias ProviderOpener = @Sendable (ProviderSource) async throws -> ProviderClient
