import ArgumentParser
import EventThread
import Foundation
import JobMessages

struct ShowLetterCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(commandName: "show", abstract: "Show the reason, headers and body of one dead letter.")

    @OptionGroup var options: SettingsOptions

    @Argument(help: ArgumentHelp("The letter id, or its number in `longhaul dead-letters list` with the same filters.", valueName: "id"))
    var id: String
    @OptionGroup var letters: LetterOptions
    @Flag(help: "Count solved letters too, as `list --all` does.") var all = false
    @Flag(help: "Print one JSON object; the body is text, or Base64 if it is not UTF-8.") var json = false

    func run() async throws {
        // An id has 12 digits; no queue holds that many letters.
        let position = LetterOptions.isID(id) ? nil : Int(id)
        guard LetterOptions.isID(id) || (position ?? 0) > 0 else {
            throw Problem.usage(
                "\"\(id)\" is neither a letter id (12 hexadecimal digits) nor a number in the list; see `longhaul dead-letters list`")
        }
        let filter = try letters.filter()
        let settings = try await options.load()
        let scan = try LetterScan(settings, queues: letters.queues)
        let thread = EventThread(name: "longhaul")
        let connection = try await LetterStore.open(settings, name: "longhaul-letters", on: thread)
        let solved = connection.map { SolvedLetters(store: $0.store) }
        let id = if let position { try await id(at: position, scan, filter, solved) } else { id }
        var found: DeadLetterRecord?
        try await scan.forEach { letter in
            if letter.record.id == id { found = letter.record }
            return found == nil
        }
        guard let found else { throw Self.missing(self.id) }
        // Without the store, the letter is shown without its job's status.
        let state = try? await solved?.state(of: found)
        await connection?.close()
        thread.stop()
        print(json ? Self.json(found, state) : LetterPage(letter: found, now: Date(), state: state).text)
    }

    private func id(at position: Int, _ scan: LetterScan, _ filter: LetterFilter, _ solved: SolvedLetters?) async throws -> String {
        let letters = try await LetterListing.read(scan, filter, solved: solved, showsSolved: all, limit: position, at: Date()).letters
        guard letters.count == position, let letter = letters.last else { throw Self.missing("\(position)") }
        return letter.id
    }

    private static func missing(_ name: String) -> Problem {
        .failed("there is no letter \(name); see `longhaul dead-letters list`")
    }

    private static func json(_ letter: DeadLetterRecord, _ state: SolvedLetters.State?) -> String {
        var members = LetterDescription(letter: letter, now: Date(), state: state).members
        members["bodyBytes"] = letter.body.count
        if let text = String(validating: letter.body, as: UTF8.self) {
            members["body"] = text
        } else {
            members["bodyBase64"] = Data(letter.body).base64EncodedString()
        }
        members["headers"] = letter.properties.headers.mapValues(LetterPage.text)
        return JobDescription.json(members)
    }
}
