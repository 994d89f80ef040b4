import Glibc
import Instruments

/// The standard process metrics of Prometheus client libraries
/// (https://prometheus.io/docs/instrumenting/writing_clientlibs/#process-metrics), from `/proc/self`.
enum ProcessMetrics: Instrumented {
    private static let cpu = CounterInstrument("process_cpu_seconds_total", help: "User and system CPU time spent, in seconds.")
    private static let descriptors = GaugeInstrument("process_open_fds", help: "Open file descriptors.")
    private static let maxDescriptors = GaugeInstrument("process_max_fds", help: "Maximum number of open file descriptors.")
    private static let resident = GaugeInstrument("process_resident_memory_bytes", help: "Resident memory.")
    private static let virtual = GaugeInstrument("process_virtual_memory_bytes", help: "Virtual memory.")
    private static let start = GaugeInstrument("process_start_time_seconds", help: "Start of the process, in seconds since 1970.")

    static var instruments: [Instrument] {
        [cpu.instrument] + [descriptors, maxDescriptors, resident, virtual, start].map(\.instrument)
    }

    /// Omits values that cannot be read.
    static func samples() -> [MetricSample] {
        var samples: [MetricSample] = []
        if let stat = Stat() {
            samples.append(cpu.sample(value: stat.cpuSeconds))
            samples.append(resident.sample(value: stat.residentBytes))
            samples.append(virtual.sample(value: stat.virtualBytes))
            if let time = stat.startTime { samples.append(start.sample(value: time)) }
        }
        if let count = openDescriptors() { samples.append(descriptors.sample(value: Double(count))) }
        var limit = rlimit()
        if getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 {
            samples.append(maxDescriptors.sample(value: Double(limit.rlim_cur)))
        }
        return samples
    }

    /// Fields of `/proc/self/stat`, see proc(5).
    private struct Stat {
        let cpuSeconds: Double
        let virtualBytes: Double
        let residentBytes: Double
        let startTime: Double?

        init?() {
            // The second field, the program's name in parentheses, may contain anything: parse from its end.
            guard let text = contents(of: "/proc/self/stat"), let nameEnd = text.lastIndex(of: ")") else { return nil }
            let fields = text[nameEnd...].split(separator: " ").dropFirst().map { Double($0) ?? 0 }
            guard fields.count > 21 else { return nil }
            let ticks = Double(sysconf(Int32(_SC_CLK_TCK)))
            cpuSeconds = (fields[11] + fields[12]) / ticks
            virtualBytes = fields[20]
            residentBytes = fields[21] * Double(sysconf(Int32(_SC_PAGESIZE)))
            startTime = bootTime().map { $0 + fields[19] / ticks }
        }
    }

    private static func bootTime() -> Double? {
        contents(of: "/proc/stat")?.split(separator: "\n").first { $0.hasPrefix("btime ") }.flatMap { Double($0.dropFirst(6)) }
    }

    private static func openDescriptors() -> Int? {
        guard let folder = opendir("/proc/self/fd") else { return nil }
        defer { closedir(folder) }
        var entries = 0
        while readdir(folder) != nil { entries += 1 }
        // ".", ".." and the descriptor of the folder itself.
        return entries - 3
    }

    private static func contents(of path: String) -> String? {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return nil }
        defer { close(descriptor) }
        var bytes: [UInt8] = []
        while true {
            let chunk = [UInt8](unsafeUninitializedCapacity: 4096) { buffer, count in
                count = max(0, read(descriptor, buffer.baseAddress, buffer.count))
            }
            if chunk.isEmpty { return String(decoding: bytes, as: UTF8.self) }
            bytes += chunk
        }
    }
}
