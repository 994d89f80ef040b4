import JobMessages
import RabbitMQ

/// Checks RabbitMQ: reachable, and every queue declared, consumed and free of dead letters.
struct RabbitMQExamination: Sendable {
    let settings: Settings

    func findings() async -> [Finding] {
        let administrator: Administrator
        do {
            administrator = Administrator(try settings.rabbitMQ(connectionName: "longhaul doctor"), logger: Terminal.quietLogger)
        } catch let problem as Problem {
            return [.bad("rabbitmq", problem.message)]
        } catch {
            return [.bad("rabbitmq", "\(error)")]
        }
        var findings: [Finding] = []
        do {
            findings.append(.good("rabbitmq", "reachable, version \(try await administrator.serverVersion())"))
            for queue in Topology.queues { findings.append(await examine(queue.name, administrator).oneOf(.queue)) }
        } catch {
            findings.append(.bad("rabbitmq", "LONGHAUL_RABBITMQ_URL: \(error)"))
        }
        await administrator.shutdown()
        return findings
    }

    private func examine(_ queue: String, _ administrator: Administrator) async -> Finding {
        do {
            let depth = try await administrator.depth(queue)
            let isDead = QueueNames.allDead.contains(queue)
            if isDead {
                return depth.messages == 0
                    ? .good(queue, "empty")
                    : .doubtful(queue, "\(counted(depth.messages, "dead letter")); see `longhaul dead-letters list`")
            }
            return depth.consumers > 0
                ? .good(queue, "\(counted(depth.messages, "message")), \(counted(depth.consumers, "consumer"))")
                : .doubtful(queue, "\(counted(depth.messages, "message")) and no consumer; start \(Self.consumer(of: queue))")
        } catch {
            return .bad(queue, "\(error); run `longhaul setup`")
        }
    }

    private static func consumer(of queue: String) -> String {
        QueueNames.allDownloads.contains(queue) ? "a worker" : "an orchestrator"
    }
}
