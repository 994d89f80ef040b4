import EventThread
import ObjectStorage

/// Checks the output: set, reachable and writable from here; and whether it refused the workers lately.
struct StorageExamination: Sendable {
    let settings: Settings
    let thread: EventThread

    func findings() async -> [Finding] {
        var findings = await output()
        guard let health = await HealthExamination.open(settings, on: thread) else { return findings }
        if let refusals = await health.storage() { findings.append(refusals) }
        await health.close()
        return findings
    }

    private func output() async -> [Finding] {
        do {
            guard let output = try settings.text("LONGHAUL_OUTPUT") else {
                return [.doubtful("output", "LONGHAUL_OUTPUT is not set here; set it for workers")]
            }
            let (storage, http) = try settings.storage(on: thread, logger: Terminal.quietLogger)
            do {
                try await storage.check()
            } catch {
                await http?.shutdown()
                return [.bad("output", "\(output): \(error)")]
            }
            await http?.shutdown()
            return [.good("output", "\(output) is writable")]
        } catch let problem as Problem {
            return [.bad("output", problem.message)]
        } catch {
            return [.bad("output", "\(error)")]
        }
    }
}
