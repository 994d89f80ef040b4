import Foundation
import FoundationXML
import JQ

/// XML as a value for filters.
///
/// An element becomes its text, or an object if it has attributes or elements: `@NAME` for an attribute, `NAME` for a child, a list if
/// several children have the name, and `#text` for text beside them. Prefixes of namespaces are left out. The whole is an object with the
/// name of the root.
enum XMLValue {
    /// - Throws: what is not well-formed, has a document type (its entities could grow without bound) or more than 200 levels.
    static func read(_ bytes: [UInt8]) throws(UnreadableAnswer) -> JQValue {
        guard bytes.firstRange(of: Array("<!DOCTYPE".utf8)) == nil else { throw UnreadableAnswer(message: "it has a document type") }
        let parser = XMLParser(data: Data(withoutDeclaration(bytes)))
        let reader = XMLElementReader()
        parser.delegate = reader
        parser.shouldResolveExternalEntities = false
        guard parser.parse(), reader.problem == nil, let root = reader.root else {
            let place = "line \(parser.lineNumber), column \(parser.columnNumber)"
            throw UnreadableAnswer(message: "\(reader.problem ?? "not well-formed") at \(place)")
        }
        return JQValue(object: [(root.name, root.value)])
    }

    /// The bytes are UTF-8 by now if they were UTF-16, whatever a declaration says.
    private static func withoutDeclaration(_ bytes: [UInt8]) -> ArraySlice<UInt8> {
        guard bytes.starts(with: Array("<?xml".utf8)), let end = bytes.firstRange(of: Array("?>".utf8)),
            bytes[..<end.lowerBound].firstRange(of: Array("UTF-16".utf8)) != nil
        else { return bytes[...] }
        return bytes[end.upperBound...]
    }
}

/// An element that is being read.
private struct XMLElement {
    let name: String
    var attributes: [(String, String)]
    var children: [(name: String, value: JQValue)] = []
    var text = ""

    init(_ name: String, _ attributes: [String: String]) {
        self.name = Self.local(name)
        // `type` comes after `xsi:type`, and replaces it.
        self.attributes = attributes.filter { $0.key != "xmlns" && !$0.key.hasPrefix("xmlns:") }.sorted {
            ($0.key.contains(":") ? 0 : 1, $0.key) < ($1.key.contains(":") ? 0 : 1, $1.key)
        }.map { (Self.local($0.key), $0.value) }
    }

    var value: JQValue {
        let shown = text.trimmingCharacters(in: .whitespacesAndNewlines)
        guard !attributes.isEmpty || !children.isEmpty else { return JQValue(shown) }
        var object = JQObjectBuilder()
        for (name, value) in attributes { object.set("@\(name)", JQValue(value)) }
        for (name, same) in Dictionary(grouping: children, by: \.name) {
            object.set(name, same.count == 1 ? same[0].value : JQValue(same.map(\.value)))
        }
        if !shown.isEmpty { object.set("#text", JQValue(shown)) }
        return object.build()
    }

    private static func local(_ name: String) -> String { name.split(separator: ":").last.map(String.init) ?? name }
}

private final class XMLElementReader: NSObject, XMLParserDelegate {
    private(set) var root: (name: String, value: JQValue)?
    private(set) var problem: String?
    private var open: [XMLElement] = []

    private static let deepest = 200

    func parser(
        _ parser: XMLParser, didStartElement name: String, namespaceURI: String?, qualifiedName: String?, attributes: [String: String]
    ) {
        guard open.count < Self.deepest else {
            problem = "more than \(Self.deepest) levels"
            return parser.abortParsing()
        }
        open.append(XMLElement(name, attributes))
    }

    func parser(_ parser: XMLParser, foundInternalEntityDeclarationWithName name: String, value: String?) { refuse(parser) }

    func parser(_ parser: XMLParser, foundExternalEntityDeclarationWithName name: String, publicID: String?, systemID: String?) {
        refuse(parser)
    }

    private func refuse(_ parser: XMLParser) {
        problem = "it declares entities"
        parser.abortParsing()
    }

    func parser(_ parser: XMLParser, foundCharacters text: String) {
        if !open.isEmpty { open[open.count - 1].text += text }
    }

    func parser(_ parser: XMLParser, foundCDATA block: Data) {
        if !open.isEmpty { open[open.count - 1].text += String(decoding: block, as: UTF8.self) }
    }

    func parser(_ parser: XMLParser, didEndElement name: String, namespaceURI: String?, qualifiedName: String?) {
        guard let element = open.popLast() else { return }
        if open.isEmpty {
            root = (element.name, element.value)
        } else {
            open[open.count - 1].children.append((element.name, element.value))
        }
    }
}
