import Encoding
import ExportCore

/// Files and objects as the store keeps them: JSON with sorted keys, written and read without Foundation where its form allows.
extension FileTask {
    var json: [UInt8] {
        var writer = JSONWriter()
        writer.object { json in
            if let bytes { json.field("bytes", bytes) }
            if let credentials { json.field("credentials", credentials.rawValue) }
            if let itemID { json.field("itemID", itemID) }
            json.field("listedName", listedName)
            json.field("name", name)
            if namedBy != .listing { json.field("namedBy", namedBy.rawValue) }
            if let page { json.field("page", page) }
            if let sha256 { json.field("sha256", sha256) }
            if let unpack { json.field("unpack", unpack) }
            json.field("url", url)
        }
        return writer.bytes
    }

    init(stored bytes: [UInt8], _ attempted: String) throws(JobStoreError) {
        guard let members = FlatJSON.members(bytes), let name = members["name"]?.string, let url = members["url"]?.string,
            let listedName = members["listedName"]?.string,
            let namedBy = NameSource(rawValue: members["namedBy"]?.string ?? NameSource.listing.rawValue)
        else {
            self = try StoredJSON.decode(FileTask.self, bytes, attempted)
            return
        }
        self.init(
            name: name, url: url, bytes: members["bytes"]?.integer, sha256: members["sha256"]?.string, page: members["page"]?.string,
            listedName: listedName, namedBy: namedBy, itemID: members["itemID"]?.string, unpack: members["unpack"]?.string,
            credentials: members["credentials"]?.string.flatMap(CredentialUse.init))
    }
}

extension StoredObject {
    static func json(_ objects: [StoredObject]) -> [UInt8] {
        var writer = JSONWriter()
        writer.array { list in
            for object in objects {
                list.object { json in
                    json.field("bytes", object.bytes)
                    json.field("key", object.key)
                    if let listedName = object.listedName { json.field("listedName", listedName) }
                    json.field("name", object.name)
                    json.field("sha256", object.sha256)
                    json.field("source", object.source)
                }
            }
        }
        return writer.bytes
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
        self.init(name: name, source: source, bytes: bytes, sha256: sha256, key: key, listedName: members["listedName"]?.string)
    }
}
