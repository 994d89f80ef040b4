// swift-tools-version: 6.2
import Foundation
import PackageDescription

// Packages are pinned, so that a clone builds today what it built yesterday; CONTRIBUTING.md says how to raise one.
// Floors: a target depends only on targets that stand above it in this file, each floor on the floors below its own.
// ops/docs/architecture.md walks through them.
let package = Package(
    name: "longhaul",
    platforms: [.macOS(.v15)],
    products: [.executable(name: "longhaul", targets: ["longhaul"])],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", exact: "1.8.2"),
        .package(url: "https://github.com/apple/swift-asn1", exact: "1.7.4"),
        .package(url: "https://github.com/apple/swift-collections", exact: "1.6.0"),
        .package(url: "https://github.com/apple/swift-configuration", exact: "1.4.0", traits: ["YAML"]),
        .package(url: "https://github.com/apple/swift-crypto", exact: "4.5.2"),
        .package(url: "https://github.com/apple/swift-distributed-tracing", exact: "1.7.3"),
        .package(url: "https://github.com/apple/swift-log", exact: "1.16.2"),
        .package(url: "https://github.com/apple/swift-metrics", exact: "2.13.0"),
        .package(url: "https://github.com/apple/swift-nio", exact: "2.101.2"),
        .package(url: "https://github.com/apple/swift-protobuf", exact: "1.39.0"),
        .package(url: "https://github.com/apple/swift-system", exact: "1.8.1"),
        .package(url: "https://github.com/hummingbird-project/hummingbird", exact: "2.28.1"),
        .package(url: "https://github.com/jpsim/Yams", exact: "6.2.2"),
        .package(url: "https://github.com/swift-server/swift-service-lifecycle", exact: "2.13.0"),
    ],
    targets: floor0 + floor1 + floor2 + floor3 + floor4 + floor5 + floor6 + tests,
    swiftLanguageModes: [.v6]
)

/// hiredis has TLS since 1.0, in a library of its own; without that library rediss:// is refused. CPATH names folders of headers to
/// the compilers, so it is looked through here too: `CPATH=PREFIX/include swift build -Xlinker -LPREFIX/lib -Xlinker -rpath=PREFIX/lib`
/// takes hiredis from there, unless the linker finds another among the system's libraries first.
/// SwiftPM keeps what it learns here: once another hiredis is installed, `swift package purge-cache`.
var hiredisTLS: [Target] {
    let folders = (Context.environment["CPATH"] ?? "").split(separator: ":").map(String.init) + ["/usr/local/include", "/usr/include"]
    // The first folder that has hiredis is the one that the compilers take.
    let folder = folders.first { FileManager.default.fileExists(atPath: $0 + "/hiredis/hiredis.h") }
    guard let folder, FileManager.default.fileExists(atPath: folder + "/hiredis/hiredis_ssl.h") else { return [] }
    return [.systemLibrary(name: "CHiredisTLS", providers: [.apt(["libhiredis-dev", "libssl-dev"])])]
}

// Floor 0: C as it comes, and the rules without any I/O.
var floor0: [Target] {
    hiredisTLS + [
        .systemLibrary(name: "CEpoll"),
        .systemLibrary(name: "CRabbitMQ", pkgConfig: "librabbitmq", providers: [.apt(["librabbitmq-dev"])]),
        .systemLibrary(name: "CHiredis", providers: [.apt(["libhiredis-dev"])]),
        .systemLibrary(name: "CCurl", pkgConfig: "libcurl", providers: [.apt(["libcurl4-openssl-dev"])]),
        .systemLibrary(name: "CArchive", pkgConfig: "libarchive", providers: [.apt(["libarchive-dev", "zlib1g-dev"])]),
        .systemLibrary(name: "CBrotli", pkgConfig: "libbrotlidec", providers: [.apt(["libbrotli-dev"])]),
        .systemLibrary(name: "CZstd", pkgConfig: "libzstd", providers: [.apt(["libzstd-dev"])]),
        .systemLibrary(name: "CJq", providers: [.apt(["libjq-dev"])]),
        .target(name: "CMemory"),
        .target(name: "Encoding"),
        .target(name: "Retry"),
        .target(name: "Instruments", dependencies: [coreMetrics]),
        .target(name: "ExportCore", dependencies: ["Encoding", "Retry"]),
    ]
}

// Floor 1: where blocking C meets async Swift; the place of work in traces; and checks without an API.
var floor1: [Target] {
    [
        .target(name: "EventThread", dependencies: ["CEpoll", heap]),
        .target(name: "PollSimulation", dependencies: ["ExportCore", heap]),
        .target(name: "TraceContext", dependencies: ["Encoding", crypto, tracing]),
    ]
}

// Floor 2: one C library each, as an async Swift API that knows nothing of exports.
var floor2: [Target] {
    [
        .target(name: "RabbitMQ", dependencies: ["CRabbitMQ", "Encoding", "EventThread", "Instruments", "Retry", deque, logging, metrics]),
        .target(
            name: "Redis",
            dependencies: ["CHiredis", "Encoding", "EventThread", "Instruments", "Retry", deque, logging, metrics, crypto]
                + hiredisTLS.map { .target(name: $0.name) }),
        .target(
            name: "HTTPClient", dependencies: ["Encoding", "CCurl", "EventThread", "Instruments", "TraceContext", deque, logging, metrics]),
        .target(name: "Archive", dependencies: ["CArchive", "CBrotli", "CZstd", "EventThread"]),
        .target(name: "JQ", dependencies: ["CJq"]),
        .target(name: "AWSSignature", dependencies: ["Encoding", crypto]),
    ]
}

// Floor 3: what the services speak to.
var floor3: [Target] {
    [
        .target(
            name: "ProviderAPI",
            dependencies: [
                "AWSSignature", "Encoding", "ExportCore", "EventThread", "HTTPClient", "JQ", "TraceContext", asn1, crypto, cryptoExtras,
                yams,
            ]),
        .target(
            name: "JobStore", dependencies: ["Encoding", "ExportCore", "EventThread", "Redis", "TraceContext"],
            resources: [.embedInCode("Scripts")]),
        .target(name: "JobMessages", dependencies: ["Encoding", "ExportCore", "RabbitMQ", crypto]),
        .target(
            name: "ObjectStorage",
            dependencies: ["AWSSignature", "Encoding", "ExportCore", "EventThread", "HTTPClient", "Retry", "TraceContext", logging, crypto]),
        .target(
            name: "Telemetry",
            dependencies: [
                "Encoding", "Instruments", "TraceContext", logging, coreMetrics, hummingbird, hummingbirdCore, lifecycle, nioPosix,
            ]),
        .target(
            name: "OpenTelemetry",
            dependencies: [
                "Archive", "HTTPClient", "Instruments", "Retry", "TraceContext", deque, lifecycle, logging, metrics, protobuf, tracing,
            ],
            exclude: ["Protocol/README.md"]),
    ]
}

// Floor 4: what becomes of a job or a file, decided, stored, reported and acted upon in one place.
var floor4: [Target] {
    [
        .target(
            name: "Lifecycle",
            dependencies: [
                "ExportCore", "EventThread", "Instruments", "RabbitMQ", "JobMessages", "JobStore", "ProviderAPI", "Retry",
                "Telemetry", "TraceContext",
                logging,
                metrics,
            ]),
        .target(name: "Trail", dependencies: ["Encoding", "ExportCore", "JobStore", "ObjectStorage"]),
    ]
}

// Floor 5: the services.
var floor5: [Target] {
    [
        .target(
            name: "Orchestrator",
            dependencies: [
                "Encoding", "ExportCore", "EventThread", "HTTPClient", "Instruments", "RabbitMQ", "JobMessages", "JobStore", "Lifecycle",
                "ProviderAPI", "Retry",
                "Telemetry", "TraceContext", logging, metrics, lifecycle,
            ]),
        .target(
            name: "Worker",
            dependencies: [
                "Encoding", "ExportCore", "EventThread", "Instruments", "RabbitMQ", "JobMessages", "JobStore", "Lifecycle", "ProviderAPI",
                "ObjectStorage", "HTTPClient", "Archive", "Retry", "Telemetry", "TraceContext", "Trail", logging, metrics, lifecycle,
                crypto,
            ]),
        .target(
            name: "Callbacks",
            dependencies: [
                "ExportCore", "Instruments", "JobMessages", "ProviderAPI", "RabbitMQ", hummingbird, hummingbirdCore, lifecycle, logging,
                metrics, nioPosix,
            ]),
        .target(name: "Sandbox", dependencies: ["Archive", "Encoding", heap, logging, crypto, nio, nioPosix, nioHTTP1]),
    ]
}

// Floor 6: the program.
var floor6: [Target] {
    [
        .executableTarget(
            name: "longhaul",
            dependencies: [
                "Orchestrator", "Worker", "Callbacks", "Sandbox", "Archive", "HTTPClient", "JobMessages", "JobStore", "Lifecycle",
                "ObjectStorage",
                "AWSSignature", "ProviderAPI", "RabbitMQ", "Encoding", "Trail",
                "OpenTelemetry", "PollSimulation", "Redis", "Telemetry", "TraceContext", "EventThread", "ExportCore", "Instruments",
                "CMemory",
                argumentParser,
                configuration, crypto,
                hummingbird, lifecycle,
                logging,
                metrics,
                system, tracing, yams,
            ],
            resources: [.embedInCode("Catalogue")],
            // Instead of glibc's malloc: hundreds of requests in flight allocate and free by turns more than its thread cache holds.
            linkerSettings: [.linkedLibrary("jemalloc", .when(platforms: [.linux]))])
    ]
}

// Against real servers, which ops/test starts.
var tests: [Target] {
    [
        .target(name: "TestServers", path: "Tests/TestServers"),
        .testTarget(name: "EncodingTests", dependencies: ["Encoding"]),
        .testTarget(name: "RetryTests", dependencies: ["Retry"]),
        .testTarget(name: "ExportCoreTests", dependencies: ["ExportCore"]),
        .testTarget(name: "PollSimulationTests", dependencies: ["PollSimulation", "ExportCore"]),
        .testTarget(name: "EventThreadTests", dependencies: ["EventThread"]),
        .testTarget(name: "TraceContextTests", dependencies: ["TraceContext"]),
        .testTarget(name: "RabbitMQTests", dependencies: ["RabbitMQ", "CRabbitMQ", "EventThread", "Retry", "TestServers", logging]),
        .testTarget(name: "RedisTests", dependencies: ["Redis", "EventThread", "TestServers", logging]),
        .testTarget(
            name: "HTTPClientTests",
            dependencies: ["TestServers", "HTTPClient", "EventThread", "TraceContext", logging, coreMetrics, metricsTestKit]),
        .testTarget(name: "ArchiveTests", dependencies: ["Archive", "CArchive", "CZstd"]),
        .testTarget(name: "JQTests", dependencies: ["JQ"]),
        .testTarget(
            name: "ProviderAPITests",
            dependencies: [
                "ProviderAPI", "ExportCore", "EventThread", "HTTPClient", "AWSSignature", "Encoding", "TestServers", logging, crypto,
                cryptoExtras, yams,
            ],
            exclude: ["Golden"]),
        .testTarget(name: "JobStoreTests", dependencies: ["JobStore", "ExportCore", "EventThread", "Redis", "TestServers", logging]),
        .testTarget(name: "JobMessagesTests", dependencies: ["JobMessages", "ExportCore", "RabbitMQ"]),
        .testTarget(
            name: "LifecycleTests",
            dependencies: [
                "Lifecycle", "ExportCore", "EventThread", "HTTPClient", "JobMessages", "JobStore", "ProviderAPI", "RabbitMQ", "Redis",
                "TestServers", "TraceContext", logging,
            ]),
        .testTarget(
            name: "ObjectStorageTests",
            dependencies: [
                "AWSSignature", "Encoding", "ExportCore", "ObjectStorage", "TestServers", "HTTPClient", "EventThread", logging,
                crypto,
            ]),
        .testTarget(name: "TrailTests", dependencies: ["ExportCore", "JobStore", "Trail"]),
        .testTarget(
            name: "TelemetryTests", dependencies: ["Instruments", "Telemetry", "TestServers", "TraceContext", logging, metrics, lifecycle]),
        .testTarget(
            name: "OpenTelemetryTests",
            dependencies: [
                "EventThread", "HTTPClient", "OpenTelemetry", "TestServers", "TraceContext", coreMetrics, logging, metricsTestKit, tracing,
            ]),
        .testTarget(name: "SandboxTests", dependencies: ["Encoding", "Sandbox", "TestServers", logging, crypto]),
        .testTarget(
            name: "OrchestratorTests",
            dependencies: [
                "ExportCore", "EventThread", "RabbitMQ", "JobMessages", "JobStore", "Lifecycle", "ProviderAPI", "Orchestrator", "Sandbox",
                "TestServers", "HTTPClient", "Redis", "Telemetry", logging, lifecycle,
            ]),
        .testTarget(
            name: "WorkerTests",
            dependencies: [
                "AWSSignature", "Encoding", "ExportCore", "EventThread", "RabbitMQ", "JobMessages", "JobStore", "Lifecycle", "ProviderAPI",
                "ObjectStorage", "Archive", "Worker", "Sandbox", "TestServers", "Trail", "HTTPClient", "Redis", metrics, logging, lifecycle,
                crypto,
            ]),
        .testTarget(name: "ProjectTests"),
        .testTarget(
            name: "LonghaulTests",
            dependencies: [
                "longhaul", "Archive", "CMemory", "EventThread", "ExportCore", "Instruments", "JobMessages", "JobStore", "ProviderAPI",
                "RabbitMQ",
                "Redis",
                "Sandbox",
                "TestServers", "TraceContext", crypto, yams,
            ]),
    ]
}

var asn1: Target.Dependency { .product(name: "SwiftASN1", package: "swift-asn1") }
var argumentParser: Target.Dependency { .product(name: "ArgumentParser", package: "swift-argument-parser") }
var configuration: Target.Dependency { .product(name: "Configuration", package: "swift-configuration") }
var coreMetrics: Target.Dependency { .product(name: "CoreMetrics", package: "swift-metrics") }
var crypto: Target.Dependency { .product(name: "Crypto", package: "swift-crypto") }
var cryptoExtras: Target.Dependency { .product(name: "CryptoExtras", package: "swift-crypto") }
var hummingbird: Target.Dependency { .product(name: "Hummingbird", package: "hummingbird") }
var deque: Target.Dependency { .product(name: "DequeModule", package: "swift-collections") }
var heap: Target.Dependency { .product(name: "HeapModule", package: "swift-collections") }
var hummingbirdCore: Target.Dependency { .product(name: "HummingbirdCore", package: "hummingbird") }
var lifecycle: Target.Dependency { .product(name: "ServiceLifecycle", package: "swift-service-lifecycle") }
var logging: Target.Dependency { .product(name: "Logging", package: "swift-log") }
var metrics: Target.Dependency { .product(name: "Metrics", package: "swift-metrics") }
var metricsTestKit: Target.Dependency { .product(name: "MetricsTestKit", package: "swift-metrics") }
var nio: Target.Dependency { .product(name: "NIOCore", package: "swift-nio") }
var nioHTTP1: Target.Dependency { .product(name: "NIOHTTP1", package: "swift-nio") }
var nioPosix: Target.Dependency { .product(name: "NIOPosix", package: "swift-nio") }
var protobuf: Target.Dependency { .product(name: "SwiftProtobuf", package: "swift-protobuf") }
var system: Target.Dependency { .product(name: "SystemPackage", package: "swift-system") }
var tracing: Target.Dependency { .product(name: "Tracing", package: "swift-distributed-tracing") }
var yams: Target.Dependency { .product(name: "Yams", package: "Yams") }
