import Foundation

/// The arrows of the first diagram under a heading of `ops/docs/state-machine.md`: `FROM --> TO: event`, one for each event.
func transitionsOnThePage(_ heading: String) throws -> Set<String> {
    let page = URL(filePath: #filePath).appending(path: "../../../ops/docs/state-machine.md").standardized
    let lines = try String(contentsOf: page, encoding: .utf8).components(separatedBy: "\n")
    let diagram = lines.drop { $0 != heading }.drop { !$0.hasPrefix("```mermaid") }.dropFirst().prefix { $0 != "```" }
    var transitions: Set<String> = []
    for line in diagram where line.contains(" --> ") {
        let halves = line.trimmingCharacters(in: .whitespaces).components(separatedBy: ": ")
        guard halves.count == 2 else { continue }
        for event in halves[1].components(separatedBy: ", ") { transitions.insert("\(halves[0]): \(event)") }
    }
    return transitions
}
