import ExportCore

/// Files and stored objects as JSON, written and read by hand. A whole decoder reads what does not look as we write it.
extension FileTask {
    var json: [UInt8] {
        var text = Array("{".utf8)
        if let bytes { text.append(contentsOf: #""bytes":\#(bytes),"#.utf8) }
        text.append(#""listedName":"#, listedName)
        text.append(#","name":"#, name)
        if let page { text.append(#","page":"#, page) }
        if let sha256 { text.append(#","sha256":"#, sha256) }
        text.append(#","url":"#, url)
        text.append(UInt8(ascii: "}"))
        return text
    }

    init(stored bytes: [UInt8], _ attempted: String) throws(JobStoreError) {
        guard let members = FlatJSON.members(bytes), let name = members["name"]?.string, let url = members["url"]?.string,
            let listedName = members["listedName"]?.string
        else {
            self = try StoredJSON.decode(FileTask.self, bytes, attempted)
            return
        }
        self.init(
            name: name, url: url, bytes: members["bytes"]?.integer, sha256: members["sha256"]?.string, page: members["page"]?.string,
            listedName: listedName)
    }
}

extension StoredObject {
    static func json(_ objects: [StoredObject]) -> [UInt8] {
        var text: [UInt8] = []
        for object in objects {
            text.append(contentsOf: (text.isEmpty ? #"[{"bytes":"# : #",{"bytes":"#).utf8)
            text.append(contentsOf: String(object.bytes).utf8)
            text.append(#","key":"#, object.key)
            text.append(#","name":"#, object.name)
            text.append(#","sha256":"#, object.sha256)
            text.append(#","source":"#, object.source)
            text.append(UInt8(ascii: "}"))
        }
        return text.isEmpty ? Array("[]".utf8) : text + [UInt8(ascii: "]")]
    }

    static func stored(_ bytes: [UInt8], _ attempted: String) throws(JobStoreError) -> [StoredObject] {
        if let objects = FlatJSON.array(bytes)?.map({ StoredObject(members: $0) }), objects.allSatisfy({ $0 != nil }) {
            return objects.compactMap(\.self)
        }
        return try StoredJSON.decode([StoredObject].self, bytes, attempted)
    }

    private init?(members: [String: FlatJSON.Value]) {
        guard let name = members["name"]?.string, let source = members["source"]?.string, let bytes = members["bytes"]?.integer,
            let sha256 = members["sha256"]?.string, let key = members["key"]?.string
        else { return nil }
        self.init(name: name, source: source, bytes: bytes, sha256: sha256, key: key)
    }
}

extension [UInt8] {
    /// - Parameter member: with its quotes and colon, and the comma in front.
    fileprivate mutating func append(_ member: String, _ value: String) {
        append(contentsOf: member.utf8)
        FlatJSON.append(value, to: &self)
    }
}
